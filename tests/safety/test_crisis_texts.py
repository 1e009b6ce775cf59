"""What is said in a crisis: nine classes, all languages, all channels (S2 to S5, S10, S14, S15, S18)."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from actions.crisis import Crisis, Protection
from actions.turn import Turn
from bot.lookup.snapshot import Directory
from bot.messages import Outbound
from bot.replies import sms
from bot.replies.guard import guard
from bot.replies.render import word
from bot.replies.samples import CHANNELS, LANGUAGES
from tests.lookup.builder import build, number

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=timezone.utc)
CLASSES = {
    "sea": "emergency_sea",
    "land": "emergency_danger",
    "border violence": "emergency_danger",
    "medical": "emergency_danger",
    "violence": "emergency_danger",
    "self-harm": "disclose_self_harm",
    "child alone": "disclose_child_alone",
    "detained": "disclose_detained",
    "trafficking": "disclose_trafficking",
    "gender-based violence": "disclose_gbv",
}
"""The nine classes of S1 and the tenth of S6, by the intent that answers."""
NUMBERS = {
    "GR": {"general": "112", "sea": "108", "child": "116111", "gbv": "15900", "trafficking": "1109"},
    "TR": {"general": "112", "sea": "158"},
}
COUNTRIES = ("GR", "TR", "TN", None)
"""One with numbers of every kind, one with few, one without any, and none known."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    rows = [
        number(f"{country}-{kind}", country, kind, value, verified_on="2026-11-01" if kind == "sea" else None)
        for country, kinds in NUMBERS.items()
        for kind, value in kinds.items()
    ]
    path: Path = tmp_path_factory.mktemp("snapshot") / "snapshot.sqlite"
    return Directory(build(path, numbers=[*rows, number("any", "", "general", "112")]))


def turn_in(directory: Directory, intent: str, language: str, channel: str, country: str | None) -> Turn:
    """A turn in which somebody says so, in a place of that country."""
    place = {
        "id": "1", "name": "Somewhere", "country": country, "admin1": "", "lat": 10.0, "lon": 10.0, "population": 1, "tz": "UTC",
        "kind": "city",
    }  # fmt: skip
    empty: dict[str, Any] = {
        "text": "", "intent": intent, "ranking": [], "route": "classifier", "entities": {}, "told": [], "candidates": [],
        "language": language, "switched_from": None, "channel": channel, "location": None, "media": "", "old_button": False,
        "told_too_much": False, "memory": {"place": place} if country else {}, "now": NOW, "directory": directory, "places": None,
    }  # fmt: skip
    known = {field.name for field in dataclasses.fields(Turn)}
    return Turn(**{name: value for name, value in empty.items() if name in known})


def said(directory: Directory, name: str, language: str, channel: str, country: str | None) -> list[Outbound]:
    """The answers in words, after the guard."""
    intent = CLASSES[name]
    turn = turn_in(directory, intent, language, channel, country)
    action = Protection() if intent in ("disclose_gbv", "disclose_trafficking") else Crisis()
    action.answer(turn)
    turn._announce()
    return [
        guard(word(reply, language, channel=channel, now=NOW, country=country), reply, ()) for reply in turn.replies
    ]


def digits(text: str) -> str:
    return "".join(char for char in sms.without_marks(text) if char.isdecimal())


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CLASSES)
def test_the_number_stands_first(directory: Directory, name: str, language: str, channel: str) -> None:
    for country in COUNTRIES:
        answers = said(directory, name, language, channel, country)
        first = answers[0]
        line = first.text.splitlines()[0]
        rows = first.custom["numbers"]
        told = NUMBERS.get(country or "", {"general": "112"})
        assert [row["country"] for row in rows] == [country if country in NUMBERS else ""], (country, rows)
        assert rows[0]["number"] in told.values() and rows[0]["number"] in digits(line), (country, line)
        if channel == "sms":
            assert sms.segments(line) == 1, line
        assert not {*"?؟;፧"} & {*line}, "no question before the number"
        if first.kind == "crisis":
            assert channel != "sms" or sms.segments(first.text) == 1, first.text
        assert sum(answer.kind in ("crisis", "protection") for answer in answers) == 1, "once for one event"
        assert not any(answer.ask_location for answer in answers)


@pytest.mark.parametrize("name", CLASSES)
def test_what_is_said_of_whom(directory: Directory, name: str) -> None:
    turn = turn_in(directory, CLASSES[name], "en", "web", "GR")
    (Protection() if "trafficking" in name or "gender" in name else Crisis()).answer(turn)
    keys = {text.key for reply in turn.replies for text in reply.texts}
    if turn.replies[0].kind == "crisis":
        assert "crisis:not_rescue" in keys, "never that help is coming (S3)"
    row = turn.replies[0].data["numbers"][0]
    assert ("crisis:unverified" in keys) is not row["verified"]


WHO = [
    # (operator_type, must_report, texts behind the number on the web, on SMS)
    ("police", "all", ["operator:police", "report:all"], ["report:all"]),
    ("rcrc", "none", ["operator:rcrc", "report:none"], ["report:none"]),
    ("", "unknown", ["report:unknown"], []),
    ("something new", "", ["report:unknown"], []),
]


@pytest.mark.parametrize("name", ["violence", "self-harm", "gender-based violence", "trafficking"])
@pytest.mark.parametrize(("operator", "report", "web", "short"), WHO)
def test_who_answers_and_what_they_report(
    tmp_path: Path, name: str, operator: str, report: str, web: list[str], short: list[str]
) -> None:
    """S9, N24: directly behind the number; what a record does not say is said to be not known."""
    row = number("GR-general", "GR", "general", "112", operator_type=operator, must_report=report)
    directory = Directory(build(tmp_path / "snapshot.sqlite", numbers=[row]))
    for channel, wanted in (("web", web), ("sms", short)):
        turn = turn_in(directory, CLASSES[name], "en", channel, "GR")
        (Protection() if CLASSES[name] in ("disclose_gbv", "disclose_trafficking") else Crisis()).answer(turn)
        keys = [text.key for reply in turn.replies for text in reply.texts]
        assert keys[0] in ("crisis:call", "protection:call") and keys[1] == "crisis:unverified"
        assert keys[2 : 2 + len(wanted)] == wanted
        assert [key for key in keys if key.startswith(("operator:", "report:"))] == wanted


def test_at_sea_what_they_will_ask(directory: Directory) -> None:
    text = "\n".join(answer.text for answer in said(directory, "sea", "en", "web", "GR"))
    assert "108" in text.splitlines()[0] and "GPS" in text  # S4


@pytest.mark.parametrize("country", ["GR", "TR"])
def test_no_number_of_another_country(directory: Directory, country: str) -> None:
    others = {value for land, kinds in NUMBERS.items() if land != country for value in kinds.values()}
    for name in CLASSES:
        rows = said(directory, name, "en", "web", country)[0].custom["numbers"]
        assert {row["number"] for row in rows} <= {*NUMBERS[country].values()}, rows
        assert not {row["number"] for row in rows} & (others - {*NUMBERS[country].values()})
