"""What messages tell beside their need, in every language: `tests/nlu/entities/<lang>.yml`; a new case is a new line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.languages import served
from bot.lookup.ranking import PEOPLE as RANKED
from bot.nlu.entities import PEOPLE, EntityWords, entities, entity_words, moment

CASES = Path(__file__).parent / "entities"
FIELDS = ("people", "group_size", "age", "day", "daytime", "hour")


def cases() -> list[Any]:
    return [
        pytest.param(file.stem, row, id=f"{file.stem}-{row['text']}")
        for file in sorted(CASES.glob("*.yml"))
        for row in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


def told(text: str, code: str) -> dict[str, Any]:
    """The entities of a message in the form of the cases."""
    found: dict[str, Any] = {}
    for row in entities(text, code):
        assert 0 <= row["start"] < row["end"] <= len(text)
        if row["entity"] in ("people", "group_size"):
            found.setdefault(row["entity"], []).append(row["value"])
        elif row["entity"] == "age":
            found.setdefault("age", {"value": row["value"], **({"own": True} if row.get("role") == "self" else {})})
        elif row["entity"] != "language":
            found.setdefault(row["entity"], row["value"])
    return found


@pytest.mark.parametrize(("code", "case"), cases())
def test_messages(code: str, case: dict[str, Any]) -> None:
    found = told(case["text"], code)
    for field in FIELDS:
        wanted, given = case.get(field), found.get(field)
        if isinstance(wanted, list):
            wanted, given = sorted(wanted, key=str), sorted(given or [], key=str)
        assert given == wanted, f"{field} of {case['text']!r}"


@pytest.mark.parametrize("code", [language.code for language in served()])
def test_every_language_has_words_and_cases(code: str) -> None:
    words = entity_words(code)
    assert words is not None and len(words.numbers) >= 20
    for field in ("people", "times"):
        assert getattr(words, field), f"{code}: {field}"
    assert len(yaml.safe_load((CASES / f"{code}.yml").read_text(encoding="utf-8"))) >= 20


def test_values_are_those_of_the_directory() -> None:
    assert set(PEOPLE) <= RANKED


@pytest.mark.parametrize(
    ("text", "codes"),
    [("someone who speaks tigrinya", ["ti"]), ("interprete de arabe o francés", ["ar", "fr"]), ("i need a doctor", [])],
)
def test_names_of_languages(text: str, codes: list[str]) -> None:
    assert [row["value"] for row in entities(text, "en") if row["entity"] == "language"] == codes


TUESDAY = datetime(2026, 11, 24, 17, 0)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, None),
        ({"day": "today"}, None),
        ({"day": "tomorrow"}, datetime(2026, 11, 25, 10)),
        ({"day": "tomorrow", "daytime": "evening"}, datetime(2026, 11, 25, 18, 30)),
        ({"day": "after_tomorrow", "hour": "09:15"}, datetime(2026, 11, 26, 9, 15)),
        ({"day": "tuesday", "daytime": "morning"}, datetime(2026, 12, 1, 9, 30)),
        ({"day": "tuesday", "daytime": "evening"}, datetime(2026, 11, 24, 18, 30)),
        ({"day": "sunday"}, datetime(2026, 11, 29, 10)),
        ({"day": "weekend"}, datetime(2026, 11, 28, 10)),
        ({"day": "today", "daytime": "night"}, datetime(2026, 11, 24, 21)),
        ({"day": "today", "daytime": "morning"}, None),
        ({"daytime": "morning"}, datetime(2026, 11, 25, 9, 30)),
        ({"hour": "06:00", "hour_unsure": True}, datetime(2026, 11, 24, 18)),
        ({"hour": "08:00", "hour_unsure": True}, datetime(2026, 11, 25, 8)),
        ({"hour": "08:00", "hour_unsure": True, "daytime": "evening"}, datetime(2026, 11, 24, 20)),
        ({"day": "tomorrow", "hour": "18:00"}, datetime(2026, 11, 25, 18)),
    ],
)
def test_moments(said: dict[str, Any], wanted: datetime | None) -> None:
    assert moment(said, TUESDAY) == wanted


@pytest.mark.parametrize(
    "data",
    [
        {"people": {"enemy": ["x"]}},
        {"times": {"someday": ["x"]}},
        {"age": ["#"]},
        {"people": {"child": ["*"]}},
        {"people": {"child": ["ki*d"]}},
        {"people": {"child": ["!"]}},
        {"numbers": {1: ["one"], 2: ["one"]}},
    ],
)
def test_damaged_files_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="entities"):
        EntityWords(data)
