"""Every intent, asked in English through the real engine, is answered in messages of at most three sentences."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from bot.intents import INTENTS
from bot.settings import ROOT
from tests.e2e.conftest import Person, Servers
from tests.replies.plain import counted

pytestmark = pytest.mark.e2e

CHANNELS = ("web", "telegram", "whatsapp")
LATER = (
    "1",
    "more",
    "this number is wrong",
    "2",
    "0",
    "xkcjv wqpfz",
    "zzqx bbrt kkp",
    "Tripoli",
    "Greece",
    "français",
    "english",
)
"""What people write behind a need."""
LONG = ("find_legal_aid", "find_family_links", "find_safe_space", "find_health_care")
"""Needs with the longest answers: remarks above the places, who runs them, what staff wrote."""


def examples() -> dict[str, list[str]]:
    """English sentences by intent."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "data/nlu/en").glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            if "intent" in block:
                lines = [line.removeprefix("- ").strip() for line in block["examples"].splitlines()]
                found.setdefault(block["intent"], []).extend(lines)
    return found


@pytest.fixture(scope="module")
def sentences(servers: Servers) -> dict[str, str]:
    """For each intent the first English sentence that is understood as it."""

    def intent(text: str) -> str:
        parsed = servers.client.post("/model/parse", json={"text": text}).json()
        return "" if parsed["asks_back"] else str(parsed["intent"]["name"])

    known = {
        name: next((text for text in texts[:20] if intent(text) == name), "") for name, texts in examples().items()
    }
    assert set(known) == set(INTENTS) and all(known.values())
    return known


def too_long(person: Person, text: str) -> list[tuple[str, str]]:
    """Messages of more than three sentences in what comes back; whatever comes back has its kind in one message of each answer."""
    answers: list[dict[str, Any]] = person.say(text)
    assert any("part_of" not in answer["custom"] for answer in answers)
    return [(text, answer["text"]) for answer in answers if answer["language"] == "en" and counted(answer["text"]) > 3]


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_first_answer_to_anything(servers: Servers, sentences: dict[str, str], channel: str) -> None:
    faults = [fault for text in sentences.values() for fault in too_long(servers.person(channel), text)]
    assert faults == []


@pytest.mark.parametrize(
    ("channel", "place"), [*((channel, "i am in athens") for channel in CHANNELS), ("web", "i am in nairobi")]
)
def test_answers_where_the_place_is_known(
    servers: Servers, sentences: dict[str, str], channel: str, place: str
) -> None:
    faults = []
    for name, text in sentences.items():
        person = servers.person(channel)
        steps = (place, text, *(LATER if name in LONG else ()))
        faults += [fault for said in steps for fault in too_long(person, said)]
    assert faults == []


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Call 112 now. It is not verified. Stay in the boat.\nHelp comes.", 4),
        ("You can ask about these:\n\n1. Is an offer real?\n2. Who sees this?", 0),
        ("You can ask about these:\n\nI am a machine. I give facts.", 3),
        ("Last checked: 12 Nov 2026. It may have changed.", 1),
    ],
)
def test_the_count_can_fail(text: str, count: int) -> None:
    assert counted(text) == count


def test_an_sms_is_still_one_message(servers: Servers, sentences: dict[str, str]) -> None:
    several = {
        name: [answer["text"] for answer in answers]
        for name, text in sentences.items()
        if INTENTS[name].group != "sensitive"
        and len(answers := [a for a in servers.person("sms").say(text) if a["custom"]["kind"] != "services"]) > 1
    }
    assert several == {}
