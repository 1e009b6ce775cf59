"""The 60 intents of the service: one registry for training data, rules, texts and tests. Intents are language-free."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GROUPS", "INTENTS", "Intent", "category_of"]

GROUPS = ("needs", "information", "sensitive", "advice", "conversation")
"""Groups of intents, each a file name in `data/nlu/<lang>/`."""


@dataclass(frozen=True)
class Intent:
    """One thing that a message can mean."""

    name: str
    group: str
    """One of GROUPS."""
    meaning: str
    """One line for those who write or review sentences."""
    example: str
    """How a person may write it, in English."""
    answer: str
    """The action that answers it (actions/)."""
    care: str = "normal"
    """normal; careful: worded with protection staff; neutral: only approved neutral texts; risk: a person at risk, answered number first."""


_ROWS = (
    Intent(
        "find_shelter",
        "needs",
        "somewhere to sleep tonight, housing, camp place, housing problem",
        "we need a place to sleep tonight",
        "action_find_services",
    ),
    Intent(
        "find_food",
        "needs",
        "food, meals, food parcels, baby milk",
        "my baby has had nothing since yesterday",
        "action_find_services",
    ),
    Intent(
        "find_water_hygiene",
        "needs",
        "drinking water, toilets, shower, laundry, soap, sanitary pads",
        "where can i wash my kids",
        "action_find_services",
    ),
    Intent(
        "find_health_care",
        "needs",
        "doctor, hospital, medicine, vaccine, dentist, pain, sick child (not life-threatening)",
        "my son has fever, where is a doctor",
        "action_find_services",
    ),
    Intent(
        "find_mental_health",
        "needs",
        "cannot sleep, sad, trauma, nightmares, wants to talk to a psychologist (no self-harm)",
        "i cannot sleep, bad dreams every night",
        "action_find_services",
    ),
    Intent(
        "find_maternal_care",
        "needs",
        "pregnancy, birth, contraception, gynaecologist",
        "my wife is 7 months pregnant",
        "action_find_services",
    ),
    Intent(
        "find_child_protection",
        "needs",
        "help for children/minors in general, guardian, child-friendly place (the writer is not the child alone)",
        "who helps children here without school or home",
        "action_find_services",
        "careful",
    ),
    Intent(
        "find_safe_space",
        "needs",
        "safe place for women / LGBT people, women's centre (no violence disclosed)",
        "is there a place only for women",
        "action_find_services",
        "careful",
    ),
    Intent(
        "find_legal_aid",
        "needs",
        "lawyer, legal advice, help with papers/appeal",
        "i need a lawyer for free",
        "action_find_services",
    ),
    Intent(
        "find_asylum_office",
        "needs",
        "where to register, apply for asylum, immigration office, renew card: WHERE/WHICH OFFICE",
        "where do i register for asylum",
        "action_find_services",
    ),
    Intent(
        "find_family_links",
        "needs",
        "lost contact with / searching for a missing relative, send a message to family",
        "i lost my brother at the border",
        "action_find_services",
    ),
    Intent(
        "find_education",
        "needs",
        "school for children, language course, university, recognition of diploma",
        "school for my daughter",
        "action_find_services",
    ),
    Intent(
        "find_work",
        "needs",
        "job, training, how to find work",
        "my hand is strong, i do any work",
        "action_find_services",
    ),
    Intent(
        "find_cash_assistance",
        "needs",
        "money, cash card, financial help, rent help",
        "no money for the rent this month",
        "action_find_services",
    ),
    Intent(
        "find_clothing",
        "needs",
        "clothes, blankets, shoes, diapers, stroller",
        "it is cold and we have no blankets",
        "action_find_services",
    ),
    Intent(
        "find_phone_internet",
        "needs",
        "SIM card, wifi, charging, phone broken",
        "where can i charge my phone",
        "action_find_services",
    ),
    Intent(
        "find_disability_support",
        "needs",
        "wheelchair, deaf, blind, special needs child, elderly person who cannot walk",
        "my father cannot walk, we need a wheelchair",
        "action_find_services",
    ),
    Intent(
        "find_interpreter",
        "needs",
        "translator/interpreter, translate a document",
        "someone to translate my paper",
        "action_find_services",
    ),
    Intent(
        "find_community",
        "needs",
        "meet people, activities, church/mosque, sport, integration, volunteers",
        "i want to meet people, play football",
        "action_find_services",
    ),
    Intent(
        "find_return_support",
        "needs",
        "WHERE to get help/counselling about going back to the country of origin (the person has decided or asks for an organisation)",
        "which organisation helps people who go back",
        "action_find_services",
        "careful",
    ),
    Intent(
        "info_asylum",
        "information",
        "how asylum works, steps, interview, how long, Dublin",
        "how does asylum work here",
        "action_article",
    ),
    Intent(
        "info_rights",
        "information",
        "what rights do I have here, without papers too; can police do that; health care rights",
        "can the police ask my papers in the street",
        "action_article",
    ),
    Intent(
        "info_detention",
        "information",
        "what happens in detention, how long can they hold, rights of detained",
        "how long can they hold a person",
        "action_article",
        "careful",
    ),
    Intent(
        "info_documents",
        "information",
        "lost passport, birth certificate, travel document, expired card",
        "i lost my passport",
        "action_article",
    ),
    Intent(
        "info_family_reunification",
        "information",
        "bring my wife/children here legally, join family abroad",
        "can my wife come here legally",
        "action_article",
    ),
    Intent(
        "info_work_rights",
        "information",
        "am I allowed to work, unpaid wages, contract, minimum wage",
        "my boss did not pay me",
        "action_article",
    ),
    Intent(
        "info_return",
        "information",
        "what happens / what are my options if I return; voluntary return programme (information)",
        "what happens if i go back",
        "action_article",
        "careful",
    ),
    Intent(
        "info_journey_risks",
        "information",
        "what are the dangers on the way/at sea/in the desert; information on risks",
        "what are the dangers at sea",
        "action_article",
        "careful",
    ),
    Intent(
        "info_scams",
        "information",
        "is this message/offer/agent real; someone asked money for visa; rumours",
        "a man asks 500 for a visa, is it real",
        "action_article",
    ),
    Intent(
        "info_disaster_displacement",
        "information",
        "displaced inside own country by war/flood/earthquake; preparedness; help for my village",
        "our village is under water",
        "action_article",
    ),
    Intent(
        "emergency_danger",
        "sensitive",
        "violence, fire, serious injury, someone dying, being chased NOW",
        "they are shooting",
        "action_crisis",
        "risk",
    ),
    Intent(
        "emergency_sea",
        "sensitive",
        "boat in distress, sinking, people in water (self or relatives)",
        "boat is sinking we are 30",
        "action_crisis",
        "risk",
    ),
    Intent(
        "disclose_self_harm", "sensitive", "wants to die, suicide, self-harm", "i want to die", "action_crisis", "risk"
    ),
    Intent(
        "disclose_gbv",
        "sensitive",
        "raped, beaten by husband, sexual harassment, forced marriage",
        "my husband hits me",
        "action_protection",
        "risk",
    ),
    Intent(
        "disclose_trafficking",
        "sensitive",
        "held, forced to work, passport taken by employer, debt to smugglers, forced prostitution",
        "they took my passport and lock the door",
        "action_protection",
        "risk",
    ),
    Intent(
        "disclose_detained",
        "sensitive",
        "I am/my relative is arrested or detained now",
        "police took my brother now",
        "action_crisis",
        "risk",
    ),
    Intent(
        "disclose_child_alone",
        "sensitive",
        "writer is under 18 and alone, or found a child alone",
        "i am 15 and alone",
        "action_crisis",
        "risk",
    ),
    Intent(
        "ask_migration_advice",
        "advice",
        "should I go / stay / return / which country is better / is it worth it",
        "should i go to germany",
        "action_neutral",
        "neutral",
    ),
    Intent(
        "ask_irregular_route",
        "advice",
        "which route, how to cross the border, smuggler contact or price, fake papers",
        "which way to cross",
        "action_neutral",
        "neutral",
    ),
    Intent(
        "ask_outcome_prediction",
        "advice",
        "will I get asylum / will they deport me / how likely",
        "will they deport me",
        "action_neutral",
        "neutral",
    ),
    Intent("greet", "conversation", "says hello", "hello", "action_greet"),
    Intent("goodbye", "conversation", "ends the conversation politely", "bye", "action_goodbye"),
    Intent("thanks", "conversation", "says thank you", "thank you", "action_thanks"),
    Intent("affirm", "conversation", "yes", "yes", "action_affirm"),
    Intent("deny", "conversation", "no", "no", "action_deny"),
    Intent("ask_menu", "conversation", "what can you do, help, start, menu", "what can you do", "action_menu"),
    Intent(
        "change_language",
        "conversation",
        "speak X please (in either language)",
        "speak arabic please",
        "action_change_language",
    ),
    Intent(
        "give_location",
        "conversation",
        "I am in <place>, near <place> (no need stated)",
        "i am in athens",
        "action_set_place",
    ),
    Intent(
        "more_results",
        "conversation",
        "show more, others, next, another one further",
        "show more",
        "action_more_results",
    ),
    Intent(
        "ask_service_details",
        "conversation",
        "phone/address/opening hours/how do I get there of a service just shown",
        "when do they open",
        "action_service_details",
    ),
    Intent(
        "give_feedback",
        "conversation",
        "complaint or praise about a service or staff or the bot",
        "the woman at the clinic was very kind",
        "action_feedback",
    ),
    Intent(
        "report_wrong_information",
        "conversation",
        "the number/address/hours you gave is wrong or the place is closed",
        "this number does not work",
        "action_report_wrong",
    ),
    Intent(
        "talk_to_human",
        "conversation",
        "real person please, call me",
        "i want to speak to a person",
        "action_talk_to_human",
    ),
    Intent(
        "ask_privacy",
        "conversation",
        "who sees my messages, do you tell the police, is it safe to write here",
        "who reads my messages",
        "action_privacy",
    ),
    Intent(
        "delete_my_data",
        "conversation",
        "erase my messages/forget me",
        "delete everything about me",
        "action_delete_my_data",
    ),
    Intent(
        "subscribe_alerts",
        "conversation",
        "tell me when there is news/warnings for my area",
        "tell me when there is a warning here",
        "action_subscribe",
    ),
    Intent("unsubscribe", "conversation", "stop sending, stop", "stop sending me messages", "action_unsubscribe"),
    Intent("ask_identity", "conversation", "are you a robot, who runs this", "are you a robot", "action_identity"),
    Intent(
        "out_of_scope",
        "conversation",
        "anything unrelated (weather, football, jokes, recipes)",
        "who won the match",
        "action_out_of_scope",
    ),
    Intent("insult", "conversation", "abuse at the bot", "you are useless", "action_insult"),
)

INTENTS: dict[str, Intent] = {intent.name: intent for intent in _ROWS}


def category_of(intent: str) -> str | None:
    """The directory category that answers a need (`find_food` -> `food`); None for every other intent."""
    return intent[len("find_") :] if intent.startswith("find_") and intent in INTENTS else None
