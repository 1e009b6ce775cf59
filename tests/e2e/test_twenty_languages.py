"""The same conversation in every language through the real gateway gives the same facts: ids, numbers, hours, dates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.languages import languages, served
from bot.replies import sms
from tests.e2e.conftest import Person, Servers

pytestmark = pytest.mark.e2e

CONVERSATION = yaml.safe_load(Path(__file__).with_name("conversation.yml").read_text(encoding="utf-8"))
SMS_STEPS = ("need", "place", "more", "danger", "decision", "more", "forget")
"""The second "more" is for the other choices of the decision."""
CODES = [language.code for language in served()]


def facts(answers: list[dict[str, Any]]) -> dict[str, Any]:
    """What each service of some answers is said to be, by id, without its words."""
    found = {}
    for answer in answers:
        for row in answer["custom"].get("services", ()):
            found[row["id"]] = {key: row[key] for key in ("distance_km", "open", "phones", "verified_on")}
    return found


def numbers(text: str) -> list[str]:
    """Phone numbers of a text, in ASCII digits in every language."""
    return sorted(re.sub(r"\D", "", found) for found in re.findall(r"\+?\d[\d ]{6,}\d", text) if found.isascii())


def spoken_with(servers: Servers, code: str) -> dict[str, Any]:
    """The conversation in one language: facts of each step."""
    said = CONVERSATION[code]
    person: Person = servers.person()
    asked = person.say(said["need"])
    found = person.say(said["place"])
    details = person.one("1")
    first = details["custom"]["services"][0]
    more = person.say(said["more"])
    danger = person.say(said["danger"])
    decision = person.say(said["decision"])
    english = person.say("English")
    back = person.say(languages()[code].name)
    forgotten = person.say(said["forget"])
    return {
        "languages": {a["language"] for step in (asked, found, [details], more, danger, decision, back) for a in step},
        "question": [a["custom"].get("slot") for a in asked if a["custom"]["kind"] == "question"],
        "services": facts([*found, *more]),
        "details": (first["id"], numbers(details["text"]), first["phones"]),
        "danger": [(a["custom"]["class"], [row["number"] for row in a["custom"]["numbers"]]) for a in danger if a["custom"]["kind"] == "crisis"],
        "danger_first": danger[0]["text"].splitlines()[0],
        "decision": [a["custom"]["kind"] for a in decision if "part_of" not in a["custom"]],
        "english": {a["language"] for a in english},
        "forgotten": [(a["custom"]["kind"], a["custom"].get("topic")) for a in forgotten if "part_of" not in a["custom"]],
    }  # fmt: skip


@pytest.fixture(scope="module")
def english(servers: Servers) -> dict[str, Any]:
    return spoken_with(servers, "en")


@pytest.mark.parametrize("code", CODES)
def test_the_same_facts_in_every_language(servers: Servers, english: dict[str, Any], code: str) -> None:
    own = spoken_with(servers, code)
    assert own["languages"] == {code}
    assert own["english"] == {"en"}
    for step in ("question", "services", "danger", "decision", "forgotten"):
        assert own[step] == english[step], step
    assert len(own["services"]) >= 3 and own["danger"]
    number = own["danger"][0][1][0]
    assert re.sub(r"\D", "", number) in re.sub(r"\D", "", own["danger_first"]), "the number is in the first line"
    identifier, shown, phones = own["details"]
    assert phones and {re.sub(r"\D", "", phone)[-8:] for phone in phones} <= {found[-8:] for found in shown}
    assert identifier in own["services"]


def test_every_language_has_its_conversation() -> None:
    assert list(CONVERSATION) == CODES
    assert all(
        set(row) == {"need", "danger", "decision", "forget", "place", "more"} and all(row.values())
        for row in CONVERSATION.values()
    )


@pytest.mark.parametrize("code", CODES)
def test_every_sms_of_the_conversation_costs_at_most_three_segments(servers: Servers, code: str) -> None:
    said = CONVERSATION[code]
    person = servers.person("sms")
    person.say("i need a doctor in athens")  # the next answer is in another language, and offers the way back
    answers = [(step, answer) for step in SMS_STEPS for answer in person.say(said[step])]
    costs = {(step, answer["text"]): sms.segments(answer["text"]) for step, answer in answers}
    assert not {step: parts for step, parts in costs.items() if parts > 3}
    after = next(n for n, (_, answer) in enumerate(answers) if answer["custom"]["kind"] == "neutral") + 1
    decision, more = answers[after - 1][1]["text"], answers[after][1]["custom"]["kind"]
    paged = not re.search(r"^8\. ", decision, re.MULTILINE)
    assert more == "choices" if paged else more in ("services", "text"), "what did not fit comes with more"
