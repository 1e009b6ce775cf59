"""The conversation itself: greeting, menu, language, privacy, a way to a person, and not having understood."""

from __future__ import annotations

from actions.find_services import menu_choice, set_place
from actions.told import keep_for_the_choice
from actions.turn import Turn, WaypostAction
from actions.where import learn_place
from bot.intents import INTENTS, category_of
from bot.languages import language, languages, served
from bot.lookup.categories import CATEGORIES
from bot.messages import Choice, Text
from bot.replies.labels import MEANS
from bot.settings import settings

__all__ = ["language_choices", "menu_choices"]

MAIN_MENU = ("shelter", "food", "health_care", "legal_aid", "family_links")
"""Categories on the first page of the menu; all others are behind "Other help"."""

_INFORMATION = [name for name, intent in INTENTS.items() if intent.group == "information"]


def menu_choices(turn: Turn, page: str = "main") -> tuple[Choice, ...]:
    """The choices of one page of the menu: main, help, info."""
    if page == "help":
        rest = [code for code in CATEGORIES if code not in MAIN_MENU]
        return (*(_category_choice(code) for code in rest), menu_choice())
    if page == "info":
        return (*(Choice(Text(f"topic:{name}"), name) for name in _INFORMATION), menu_choice())
    return (
        *(_category_choice(code) for code in MAIN_MENU),
        Choice(Text("menu:danger"), "emergency_danger"),
        Choice(Text("menu:more_help"), "ask_menu", {"page": "help"}),
        Choice(Text("menu:info"), "ask_menu", {"page": "info"}),
        Choice(Text("menu:person"), "talk_to_human"),
        Choice(Text("menu:language"), "change_language"),
    )


def _category_choice(code: str) -> Choice:
    return Choice(Text(f"category:{code}"), f"find_{code}")


def language_choices() -> tuple[Choice, ...]:
    """All languages that the bot speaks, by their own names."""
    return tuple(Choice(known.name, "change_language", {"language": known.code}) for known in served())


class Greet(WaypostAction):
    action = "action_greet"

    def answer(self, turn: Turn) -> None:
        turn.say("menu", "greeting", choices=menu_choices(turn))


class Menu(WaypostAction):
    action = "action_menu"

    def answer(self, turn: Turn) -> None:
        page = turn.entities.get("page", "main")
        text = {"help": "menu_help", "info": "menu_info"}.get(page, "menu")
        turn.set(question=None)
        turn.say("menu", text, choices=menu_choices(turn, page), data={"page": page})


class ChangeLanguage(WaypostAction):
    """change_language: switches, or shows the languages that there are."""

    action = "action_change_language"

    def answer(self, turn: Turn) -> None:
        wanted = turn.entities.get("language")
        known = languages().get(wanted) if isinstance(wanted, str) else None
        if known is None:
            turn.say("choices", "language_pick", choices=language_choices(), data={"slot": "language"})
        elif not known.served:
            text = Text("language_not_served", {"language": {"language": known.code}})
            turn.say("choices", text, choices=language_choices(), data={"slot": "language"})
        else:
            turn.language, turn.switched_from = known.code, None
            turn.set(chosen_language=True)
            text = Text("language_changed", {"language": language(known.code).name})
            turn.say("menu", text, "menu", choices=menu_choices(turn), data={"language": known.code})


class Thanks(WaypostAction):
    action = "action_thanks"

    def answer(self, turn: Turn) -> None:
        turn.say("text", "thanks")


class Goodbye(WaypostAction):
    action = "action_goodbye"

    def answer(self, turn: Turn) -> None:
        turn.say("text", "goodbye")


class Affirm(WaypostAction):
    """affirm without something that yes could mean: asks what is needed."""

    action = "action_affirm"

    def answer(self, turn: Turn) -> None:
        turn.say("menu", "menu", choices=menu_choices(turn))


class Deny(WaypostAction):
    action = "action_deny"

    def answer(self, turn: Turn) -> None:
        turn.set(question=None)
        turn.say("text", "deny", choices=(menu_choice(),))


class Identity(WaypostAction):
    """ask_identity: a machine, who keeps the list, who answers for this service."""

    action = "action_identity"

    def answer(self, turn: Turn) -> None:
        operator = settings().operator
        who = Text("identity_operator", {"operator": operator}) if operator else Text("identity_demo")
        choices = (
            Choice(Text("choice:privacy"), "ask_privacy"),
            Choice(Text("menu:person"), "talk_to_human"),
            menu_choice(),
        )
        turn.say("text", "identity", who, choices=choices, data={"topic": "identity"})


class TalkToHuman(WaypostAction):
    """talk_to_human: nobody reads along; places where a person answers."""

    action = "action_talk_to_human"

    def answer(self, turn: Turn) -> None:
        choices = tuple(_category_choice(code) for code in ("family_links", "legal_aid", "mental_health", "community"))
        turn.say("handoff", "handoff", "handoff_next", choices=(*choices, menu_choice()), data={"on_duty": False})


class Privacy(WaypostAction):
    """ask_privacy: what is kept and how long, what is not, and what others can see."""

    action = "action_privacy"

    def answer(self, turn: Turn) -> None:
        others = "privacy:web" if turn.channel == "web" else "privacy:phone"
        turn.say(
            "privacy",
            "privacy:not_keep",
            Text("privacy:keep", {"days": settings().retention_days}),
            "privacy:police",
            others,
            choices=(Choice(Text("choice:delete"), "delete_my_data"), menu_choice()),
            data={"topic": "privacy"},
        )


class DeleteMyData(WaypostAction):
    """delete_my_data: everything kept about the conversation goes, in the step that stores this answer."""

    action = "action_delete_my_data"

    def answer(self, turn: Turn) -> None:
        turn.set(forget=True, said=["notice"])
        turn.say("privacy", "privacy:deleted", "privacy:deleted_phone", data={"topic": "deleted"})


class Subscribe(WaypostAction):
    action = "action_subscribe"

    def answer(self, turn: Turn) -> None:
        turn.say("text", "subscribe", choices=(menu_choice(),), data={"topic": "alerts"})


class Unsubscribe(WaypostAction):
    action = "action_unsubscribe"

    def answer(self, turn: Turn) -> None:
        turn.set(said=sorted({*turn.get("said", ()), "notice"}))
        turn.say("privacy", "unsubscribe", data={"topic": "unsubscribed"})


class OutOfScope(WaypostAction):
    action = "action_out_of_scope"

    def answer(self, turn: Turn) -> None:
        turn.say("menu", "out_of_scope", "menu", choices=menu_choices(turn))


class Insult(WaypostAction):
    action = "action_insult"

    def answer(self, turn: Turn) -> None:
        choices = (
            Choice(Text("menu:danger"), "emergency_danger"),
            Choice(Text("menu:person"), "talk_to_human"),
            menu_choice(),
        )
        turn.say("menu", "insult", choices=choices)


class Clarify(WaypostAction):
    """Not sure what was meant: offers the likely meanings once, then the menu and the way to a person."""

    action = "action_clarify"

    def answer(self, turn: Turn) -> None:
        misses = int(turn.get("misses", 0)) + 1
        turn.set(misses=misses)
        if turn.media:
            turn.say("text", "media", choices=(menu_choice(),))
        elif turn.get("question") == "place" and turn.route != "empty" and misses == 1:
            set_place(turn)
        elif turn.old_button:
            turn.set(misses=0)
            turn.say("menu", "old_button", choices=menu_choices(turn))
        elif misses > 1:
            turn.say("menu", "not_understood_menu", choices=menu_choices(turn))
        elif turn.route == "empty":
            turn.say("menu", "empty", choices=menu_choices(turn))
        else:
            likely = _likely(turn)
            if likely:
                keep_for_the_choice(turn)
                if turn.place is None:
                    learn_place(turn)
                turn.say("choices", "clarify", choices=(*likely, Choice(Text("choice:none"), "ask_menu")))
            else:
                turn.say("menu", "not_understood", choices=menu_choices(turn))


def _likely(turn: Turn) -> tuple[Choice, ...]:
    """The two or three most likely meanings; a person at risk among them is offered first and never guessed."""
    choices: list[Choice] = []
    risk = False
    for name, confidence in turn.ranking[:4]:
        group = INTENTS[name].group if name in INTENTS else ""
        if confidence < 0.05:
            break
        if group == "sensitive":
            risk = True
        elif group == "needs":
            choices.append(_category_choice(str(category_of(name))))
        elif group == "information":
            choices.append(Choice(Text(f"topic:{name}"), name))
        elif name in ("talk_to_human", "ask_privacy", "change_language"):
            key = next(key for key, intent in MEANS.items() if intent == name)
            choices.append(Choice(Text(key), name))
    if risk:
        choices.insert(0, Choice(Text("menu:danger"), "emergency_danger"))
    return tuple(choices[:3])
