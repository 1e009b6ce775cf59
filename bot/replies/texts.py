"""Every sentence that the bot says, in plain English: the source of the catalogues in `locales/`.

Babel extracts the calls of `_` (see babel.cfg): the first argument is the message context (the key that `Text` carries),
the second the English source. The comment above a text tells a translator where it appears, its limit and its tone.
Placeholders in braces are filled by `catalogue.py`, which also formats dates, distances, lists and numbers.

Rules for the English: at most 15 words a sentence and 3 sentences a text, common words, no jargon; for decisions about
moving, staying or returning only facts and who can advise (safety.md, part B). No number, address or hour of a real
service stands here: those come from records.
"""

from __future__ import annotations

from bot.lookup.categories import CATEGORIES

__all__ = ["TEXTS", "sources"]

TEXTS: dict[str, str] = {}


def _(key: str, english: str) -> None:
    if key in TEXTS:
        raise ValueError(f"two texts with the key {key}")
    TEXTS[key] = english


# --- First contact and notices ------------------------------------------------------------------------------------

# Once, at the first answer. One SMS segment. Warm, short.
_("notice", "I am an automatic, free service. I do not need your name or your papers.")
# Once in each language whose texts nobody who speaks it has read yet. Not said in English.
_("draft_texts", "Native speakers have not yet checked my words in this language.")
# Below every answer that shows records of the sample directory.
_("sample", "SAMPLE DATA, for trying out: these places are not real.")
# The same on SMS (the ending "@sms"): as short as it can be.
_("sample@sms", "SAMPLE DATA, not real.")

# --- Menu -----------------------------------------------------------------------------------------------------------

_("greeting", "Hello. What do you need?")
_("menu", "What do you need? Choose, or write it in your own words.")
_("menu_help", "Which help do you need?")
_("menu_info", "What do you want to know?")
# Buttons of the menu: at most 20 characters where possible, 24 at most.
_("menu:danger", "I am in danger now")
_("menu:more_help", "Other help")
_("menu:info", "Rights and information")
_("menu:language", "Language")
_("menu:person", "Talk to a person")
_("choice:menu", "Menu")
_("choice:more", "More places")
# Button below a result; {n} is the number of the place in the list.
_("choice:details", "Details {n}")
# Behind the numbers of a list on channels without buttons: "1-3: Details".
_("choice:details_range", "{range}: Details")
# The rest of a text, or of the facts about a place, that did not fit into one SMS.
_("choice:read_on", "Read on")
# The rest of a list of choices that did not fit into one message; also the title of that rest.
_("choice:more_options", "More options")
_("choice:other_place", "Another town")
_("choice:none", "None of these")
# Button below the details of a place: something in them is not right.
_("choice:wrong", "This is wrong")
_("choice:delete", "Delete my data")
_("choice:privacy", "Who sees this?")

# --- Topics of information (buttons) -----------------------------------------------------------------------------------

_("topic:info_asylum", "How asylum works")
_("topic:info_rights", "Rights here")
_("topic:info_detention", "If someone is detained")
_("topic:info_documents", "Lost documents")
_("topic:info_family_reunification", "Family joining legally")
_("topic:info_work_rights", "Rights at work")
_("topic:info_return", "Facts about return")
_("topic:info_journey_risks", "Dangers, who to call")
_("topic:info_scams", "Is an offer real?")
_("topic:info_disaster_displacement", "War, flood, earthquake")

# --- Where the person is --------------------------------------------------------------------------------------------

_("ask_place", "Where are you now? Write your town or city.")
# Only on channels with a button that shares the position.
_("ask_place_share", "You can also share your location.")
_("ask_place_again", "I do not know this place. Write a town near you.")
# {country} is a country's name in the reader's language.
_("ask_town", "In which town of {country} are you?")
_("which_place", "Which place do you mean?")
_("did_you_mean_place", "I do not know this place. Did you mean one of these?")
# {place} is a town with its country. Said back so that the person can correct it.
_("place_set", "You are near {place}. What do you need?")

# --- Places of help ----------------------------------------------------------------------------------------------------

# Heading above results. {category} is a label such as "Legal help", {place} a town with its country.
_("results", "{category}, near {place}:")
# The same on SMS: the person knows what was asked.
_("results@sms", "Near {place}:")
# {distance} is "25 km".
_("results_wider", "Nothing closer than {distance}. These are farther away.")
_("results_country", "Nothing near you. These are the nearest in the country.")
_("results_national", "You can also reach these by phone or online:")
# Below the heading where people asked for another time. {when} is "tomorrow 18:30" or "Monday 10:00".
_("results_when", "{when}: open places come first.")
_("results_more", "More places, farther away:")
_("no_more", "I know no more places for this.")
_("nothing_found", "I know no place for this near {place}.")
_("nothing_found_next", "Try another town or another kind of help.")
_("directory_unavailable", "My list of places cannot be read now. Please try again later.")
# Above results of a search for lost family. The Red Cross / Red Crescent service is called Restoring Family Links.
_("family_links", "The Red Cross and Red Crescent help to find lost family, for free.")
_("family_links_safety", "Do not send names or photos here. Tell them to the staff.")
_("which_service", "Which place do you mean? Choose a number.")
_("no_service_yet", "Tell me first what you need and where you are.")

# Lines of one place. Short: they stand in a list, and cost money on SMS.
_("card:distance", "{distance} away")
_("card:by_phone", "By phone or online")
_("card:mobile", "Comes to different places")
_("card:open_until", "Open now, until {time}")
_("card:open_always", "Open day and night")
# {when} is a time, with its day if it is not today: "Monday 09:00", "tomorrow 09:00".
_("card:opens", "Closed now, opens {when}")
_("card:closed", "Closed now")
_("card:appointment", "With appointment, {when}")
# Open now, but only for people with an appointment.
_("card:appointment_now", "With appointment, until {time}")
_("card:hours_unknown", "Opening hours not known")
_("card:paused", "Closed for some time")
_("card:free", "Free")
_("card:low", "Low cost")
_("card:paid", "Costs money")
_("card:cost_unknown", "Ask if it costs money")
_("card:walk_in", "You can just come")
_("card:call_first", "Call first")
_("card:appointment_needed", "Appointment needed")
_("card:referral", "Another service must send you")
_("card:no_papers", "No papers needed")
_("card:any_id", "Bring any identity paper")
_("card:status_required", "They ask for certain papers")
# {languages} is a list of language names.
_("card:languages", "Languages: {languages}")
_("card:interpreted", "With interpreter: {languages}")
_("card:phone", "Phone: {phone}")
_("card:phone@sms", "{phone}")
_("card:whatsapp", "WhatsApp: {phone}")
# Ways to reach a service; the names of the programs stay as they are.
_("card:text_message", "SMS: {phone}")
_("card:telegram", "Telegram: {name}")
_("card:signal", "Signal: {phone}")
_("card:address", "Address: {address}")
_("card:address@sms", "{address}")
_("card:address_hidden", "The address is not public. Call them.")
# In place of a hidden address: the town alone.
_("card:city", "In {place}")
_("card:map", "Map: {link}")
_("card:web", "Web: {link}")
_("card:email", "E-mail: {email}")
_("card:transport", "How to get there: {text}")
# Before words that the staff of the service wrote themselves.
_("card:cost_note", "Cost: {text}")
_("card:how_to_get_help", "How to get help: {text}")
_("card:what_to_bring", "Bring: {text}")
_("card:eligibility", "For whom: {text}")
_("card:checked", "Last checked: {date}")
_("card:checked_old", "Last checked: {date}. It may have changed.")
_("card:checked_very_old", "Last checked: {date}. Call before you go there.")
# Several people reported the entry, and staff have not settled it yet.
_("card:reported", "People told us that this may have changed. Call first.")
_("card:women", "Only for women")
_("card:men", "Only for men")
_("card:min_age", "From {age} years")
_("card:max_age", "Up to {age} years")
_("card:step_free", "Works with a wheelchair")
_("card:not_step_free", "Not made for wheelchairs")
_("card:hours", "Opening hours:")
# {days} is "Monday to Friday" or "Monday", {times} is "09:00-12:00, 13:00-17:00".
_("card:hours_line", "{days}: {times}")
_("card:whole_day", "day and night")
_("card:hours_appointment", "{times}, with appointment")
# {language} is the name of a language; the service's text exists only in that one.
_("card:text_language", "Text only in {language}")
# The source of a text that staff wrote has changed since it was translated; the facts beside it are of today.
_("card:text_old", "This text may be out of date.")
_("card:text_machine", "A machine translated this text. It may be wrong.")
_("day:today", "today {time}")
_("day:tomorrow", "tomorrow {time}")
_("day:weekday", "{day} {time}")
_("days:range", "{first} to {last}")
# Who runs a service: people decide with it whether they want to go there.
_("operator:rcrc", "Run by: Red Cross / Red Crescent")
_("operator:un", "Run by: United Nations")
_("operator:ngo", "Run by: an aid organisation")
_("operator:health", "Run by: a health service")
_("operator:government", "Run by: the government")
_("operator:police", "Run by: the police")
_("operator:immigration_authority", "Run by: the immigration authority")
# What they have to report to the authorities.
_("report:none", "They do not have to report people to the authorities.")
_("report:child", "They may have to report when a child is in danger.")
_("report:child@sms", "They may report a child in danger.")
_("report:danger", "They may have to report when a life is in danger.")
_("report:danger@sms", "They may report a life in danger.")
_("report:all", "They may have to tell the authorities about you.")
_("report:unknown", "We do not know if they must tell the authorities.")

# --- People at risk: number first. Each first text with its number: 160 characters in Latin letters, 70 in others ------

# {number} comes from a record. The first line of every crisis answer.
_("crisis:call", "Call {number} now.")
# In the same line where the record is not verified.
_("crisis:unverified", "Not yet verified by our staff.")
_("crisis:not_rescue", "I am a machine and cannot send help.")
_("crisis:not_rescue@sms", "I cannot send help.")
_("crisis:no_number", "Call the emergency number of the country where you are.")
_("crisis:sea", "Tell them: GPS position, how many people, children, sick people, state of the boat.")
_("crisis:sea_stay", "Stay in the boat. Save your phone's battery.")
_("crisis:danger", "Tell them where you are and what is happening.")
_("crisis:self_harm", "I am glad that you wrote. You are not alone with this.")
_("crisis:self_harm_next", "Talk now with someone you trust, or with one of these.")
_("crisis:child", "Stay where there are other people and light. You do not have to write your name here.")
_("crisis:detained", "A lawyer can help a detained person, often for free.")
_("crisis:detained_family", "The Red Cross and Red Crescent can help to contact family.")
# {phone} and {name} come from a record of free legal aid.
_("crisis:legal_phone", "{phone}: {name}")
# Protection: on SMS no word that tells the topic. The person decides.
_("protection:call", "Call {number} if you are in danger now.")
_("protection:no_number", "In danger now? Call the emergency number of the country where you are.")
_("protection:believe", "Thank you for telling. It is not your fault. You decide what happens next.")
_("protection:help", "These people can listen and help, if you want:")
_("protection:erase", "If others use this phone, delete this chat.")
_("protection:trafficking", "You decide what happens next. No one needs to know that you wrote.")

# --- Decisions: we inform and never advise -------------------------------------------------------------------------------

_("neutral:migration", "We do not tell people to go, to stay or to return. That is your decision.")
_("neutral:migration_options", "You can read checked facts on each of these:")
# The same on SMS, so short that the first page holds a choice of each side.
_("neutral:migration_options@sms", "Checked facts on each:")
_("neutral:route", "We give no information on crossing borders or on people who transport others.")
_("neutral:route_safety", "If someone holds you, your papers or your family, call {number}.")
_("neutral:route_safety_no_number", "If someone holds you, your papers or your family, call the emergency number.")
_("neutral:route_options", "You can ask about these:")
_("neutral:outcome", "Nobody can know this from here.")
_("neutral:outcome_options", "You can read what the law says, or ask a lawyer for free:")

# --- Information -----------------------------------------------------------------------------------------------------------

# {source} is the name of an official body, {link} its page, {date} when staff checked the text.
_("info:source", "Source: {source}, {link}. Checked: {date}.")
_("info:general", "This is general information. Your case can be different.")
_("info:missing", "I have no checked text on this yet. These people can advise you:")

# --- Conversation ----------------------------------------------------------------------------------------------------------

_("thanks", "You are welcome. Write again any time.")
_("goodbye", "Take care. Write again any time.")
_("deny", "All right. Write to me when you need something.")
_("clarify", "I am not sure. Which of these do you mean?")
_("not_understood", "I did not understand. Can you say it in other words?")
_("not_understood_menu", "I still did not understand. Here is what I can do.")
_("empty", "I got no words. Write what you need, in any language.")
_("media", "I can only read text. Please write it in words.")
_("error", "Something went wrong on our side. Please write it again.")
# A button of an old message was pressed; the menu follows.
_("old_button", "This button is from an older message. Please choose again.")
# The provider of SMS or of the app was out of order for so long that the answer may not be true any more.
_("late", "Our answer could not reach you in time. Please write again.")
_("out_of_scope", "I only know about help and rights for people on the move.")
_("insult", "I am sorry that this is hard. I can show places of help, or how to reach a person.")
_("identity", "I am a machine. Aid workers keep my list of places. I give facts, no advice.")
_("identity_demo", "This copy is for trying out. No organisation answers for it yet.")
_("identity_operator", "This service is run by {operator}.")
_("handoff", "I am a machine. No person reads this chat now.")
_("handoff_next", "You can talk to people at these places. Which do you want?")
_("feedback", "Thank you for telling us. Our help is free. Nobody may ask you for money or favours.")
_("feedback_next", "You can also tell it to a person.")
_("report", "Thank you. I noted that this entry may be wrong, for staff to check.")
_("report_which", "Which place is wrong? Choose a number.")
_("report_none", "Thank you. I do not know which place you mean.")
# Below the thanks for a report about a place; the buttons that follow are at most 24 characters. No word of the answer is kept.
_("report_what", "What is wrong?")
_("wrong:closed", "It is closed")
_("wrong:wrong_number", "Wrong number")
_("wrong:moved", "It has moved")
_("wrong:charged_money", "They asked for money")
_("wrong:unsafe", "It is not safe")
_("wrong:other", "Something else")
_("subscribe", "I cannot send alerts yet. You can ask me any time.")
_("unsubscribe", "I only write when you write first. You will get nothing more from me.")

# --- Language --------------------------------------------------------------------------------------------------------------

# {language} is the name of the language in that language.
_("language_changed", "I write in {language} now.")
# The button that follows bears the name of the language before.
_("language_switched", "I answer in {language} now. To go back, choose:")
_("language_pick", "Which language do you want?")
_("language_not_served", "I do not speak {language} yet. I speak these:")

# --- Privacy ---------------------------------------------------------------------------------------------------------------

# {days} is a number of days.
_(
    "privacy:keep",
    "I keep your language, your town, what you asked for and your last results. I delete them after {days} days.",
)
_("privacy:not_keep", "I do not keep your messages, your name or your number.")
_("privacy:web", "Your internet provider can see that you opened this page.")
_("privacy:phone", "Your phone company, WhatsApp or Telegram can see that you wrote, and when.")
_("privacy:police", "I do not give your messages to the police. I cannot say what phone companies do.")
_("privacy:deleted", "Done. I deleted what I kept about you.")
_("privacy:deleted_phone", "The messages on your phone stay. Delete them there if you want.")

# --- Web page ------------------------------------------------------------------------------------------------------------------

_("web:title", "Waypost: help and information for people on the move")
_("web:placeholder", "Write what you need")
_("web:send", "Send")
_("web:share_location", "Share my location")
_("web:language", "Language")
_("web:sending", "Sending…")
_("web:not_sent", "Not sent. Tap to try again.")
_("web:offline", "No connection. I will try again.")
_("web:no_location", "Your phone did not give a location. Write your town.")
_("web:my_location", "My location")
_("web:you", "You")
_("web:bot", "Waypost")
_("web:new_messages", "New answer")
_("web:clear", "Clear this page")
_("web:emergency", "In danger? Write what is happening.")
_("web:details", "Details")
_("web:call", "Call")
_("web:map", "Map")
_("web:no_script", "This page needs JavaScript. You can also write by SMS where it is offered.")


def sources() -> dict[str, str]:
    """The English of everything that is worded, by key: TEXTS and the labels of the categories (`category:<code>`)."""
    return {**TEXTS, **{f"category:{code}": category.label for code, category in CATEGORIES.items()}}
