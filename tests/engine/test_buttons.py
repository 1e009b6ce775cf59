"""A button of an old message must not pick from a new list: its token tells, and then the words on it count."""

from __future__ import annotations

from typing import Any

import pytest

from bot.engine.engine import resolved
from bot.messages import Inbound, choices_token

OPEN = [
    {"label": "Details 1", "intent": "ask_service_details", "entities": {"service": "a"}},
    {"label": "Menu", "intent": "ask_menu", "entities": {}},
]
TOKEN = choices_token(OPEN)


@pytest.mark.parametrize(
    ("text", "label", "gives"),
    [
        (f"choice:1:{TOKEN}", "Details 1", {"text": f"choice:1:{TOKEN}", "intent": "", "old": False}),
        ("choice:1", "Details 1", {"text": "choice:1", "intent": "", "old": False}),
        ("choice:1:000000", "Details 1", {"text": "Details 1", "intent": "", "old": True}),
        ("choice:6:000000", "I am in danger now", {"text": "I am in danger now", "intent": "emergency_danger", "old": True}),
        ("choice:2:000000", "A place to sleep", {"text": "A place to sleep", "intent": "find_shelter", "old": True}),
        ("choice:2:000000", "Rights here", {"text": "Rights here", "intent": "info_rights", "old": True}),
        ("choice:1:000000", "Refugio", {"text": "Refugio", "intent": "", "old": True}),  # not a word of ours
        ("choice:2:000000", "المأوى", {"text": "المأوى", "intent": "", "old": True}),
        ("choice:2:000000", "القائمة", {"text": "القائمة", "intent": "ask_menu", "old": True}),
        ("choice:2:000000", "", {"text": "choice:2:000000", "intent": "", "old": True}),
        ("choice:2:zzzzzz", "Menu", {"text": "choice:2:zzzzzz", "intent": "", "old": False}),
        ("is it choice:2:000000", "", {"text": "is it choice:2:000000", "intent": "", "old": False}),
    ],
)  # fmt: skip
def test_old_buttons(text: str, label: str, gives: dict[str, Any]) -> None:
    memory = {"open_choices": OPEN, "language": "en", "second_language": "ar"}
    message = resolved(Inbound("telegram", "c", "1", text=text, label=label), memory)
    assert {"text": message.text, "intent": message.intent, "old": bool(message.metadata.get("old_button"))} == gives
