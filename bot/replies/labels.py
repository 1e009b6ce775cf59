"""What the words on one of our buttons mean, whatever list it once stood in: for buttons of old messages."""

from __future__ import annotations

from bot.messages import Text
from bot.nlu.normalise import key as comparable
from bot.replies.catalogue import wording
from bot.replies.texts import sources

__all__ = ["MEANS", "intent_of_label"]

MEANS = {
    "menu:danger": "emergency_danger",
    "menu:more_help": "ask_menu",
    "menu:info": "ask_menu",
    "menu:language": "change_language",
    "menu:person": "talk_to_human",
    "choice:menu": "ask_menu",
    "choice:none": "ask_menu",
    "choice:privacy": "ask_privacy",
    "choice:delete": "delete_my_data",
}
"""Intent of each button that means the same in every message."""


def intent_of_label(label: str, languages: list[str]) -> str | None:
    """The intent of a button whose words, in one of these languages, do not depend on the message that it stood in."""
    wanted = comparable(label)
    if not wanted:
        return None
    for key in sources():
        kind, _, name = key.partition(":")
        intent = {"category": f"find_{name}", "topic": name}.get(kind) or MEANS.get(key)
        if intent and any(comparable(wording(Text(key), language)) == wanted for language in languages):
            return intent
    return None
