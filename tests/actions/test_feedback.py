"""What a person says about a place is passed on once in a month, with its kind, and without a word or an identity."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any, cast

import pytest

from actions.feedback import WRONG, Feedback, ReportWrong
from actions.turn import Turn

NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)
ROW = {"service": "a", "language": "en", "day": "2026-11-24"}


def turn(memory: dict[str, Any], days: int = 0, **entities: Any) -> Turn:
    return Turn(
        text="", intent="report_wrong_information", ranking=[], route="choice", entities=entities, told=[], candidates=[],
        language="en", switched_from=None, channel="web", location=None, media="", old_button=False, memory=memory,
        now=NOW + timedelta(days=days), directory=cast(Any, SimpleNamespace(service=lambda name: None)), places=cast(Any, None),
    )  # fmt: skip


def say(
    memory: dict[str, Any], action: Any = None, days: int = 0, **entities: Any
) -> tuple[list[dict[str, str]], Turn]:
    """One message; the reports that are passed on, and the turn. The memory goes on."""
    here = turn(memory, days, **entities)
    (action or ReportWrong()).answer(here)
    memory.update({name: value for name, value in here.changes.items() if name != "reports"})
    return list(here.changes.get("reports", ())), here


def test_it_is_noted_at_once_and_asked_what_is_wrong() -> None:
    memory: dict[str, Any] = {"service": "a"}
    noted, here = say(memory)
    assert noted == [{"kind": "wrong", **ROW}]
    (reply,) = here.replies
    assert [text.key for text in reply.texts] == ["report", "report_what"]
    assert [choice.entities.get("wrong") for choice in reply.choices] == [*WRONG, None]
    assert {choice.entities["service"] for choice in reply.choices[:-1]} == {"a"}


@pytest.mark.parametrize("kind", WRONG)
def test_a_kind_takes_the_place_of_what_was_noted(kind: str) -> None:
    memory: dict[str, Any] = {"service": "a"}
    say(memory)
    noted, here = say(memory, days=1, service="a", wrong=kind)
    assert noted == [{"kind": f"wrong:{kind}", **ROW}], "under the day of the first"
    assert here.replies[0].data == {"topic": "wrong", "service": "a", "wrong": kind}
    assert here.replies[0].texts[0].key == "feedback", "help is free, whatever was wrong"


@pytest.mark.parametrize(
    ("kind", "intents"),
    [
        ("unsafe", ["emergency_danger", "talk_to_human", "ask_menu"]),
        ("charged_money", ["talk_to_human", "ask_menu"]),
        ("closed", ["more_results", "ask_menu"]),
    ],
)
def test_what_is_offered_then(kind: str, intents: list[str]) -> None:
    _, here = say({}, service="a", wrong=kind)
    assert [choice.intent for choice in here.replies[0].choices] == intents


@pytest.mark.parametrize(
    ("messages", "kinds"),
    [
        ([{}, {}], ["wrong"]),
        ([{}, {"wrong": "closed"}, {}], ["wrong", "wrong:closed"]),
        ([{}, {"wrong": "closed"}, {"wrong": "moved"}], ["wrong", "wrong:closed"]),
        ([{"wrong": "closed"}, {"wrong": "closed"}], ["closed"]),
        ([{"wrong": "closed"}, {}, {"wrong": "moved"}], ["closed"]),
        ([{"service": "a"}, {"service": "b"}], ["wrong", "wrong"]),
        ([{"wrong": "closed"}, {"wrong": "closed", "days": 29}], ["closed"]),
        ([{"wrong": "closed"}, {"wrong": "closed", "days": 31}], ["closed", "closed"]),
        ([{}, {"wrong": "closed", "days": 31}], ["wrong", "closed"]),
        ([{}, {"wrong": "a free text"}], ["wrong"]),
    ],
)
def test_a_conversation_counts_once_in_a_month(messages: list[dict[str, Any]], kinds: list[str]) -> None:
    memory: dict[str, Any] = {"said": ["notice"]}
    noted = [row["kind"] for message in messages for row in say(memory, **{"service": "a", **message})[0]]
    assert noted == kinds and "notice" in memory["said"]


def test_praise_counts_once_too_and_beside_a_report() -> None:
    memory: dict[str, Any] = {"service": "a"}
    rows = [say(memory, action)[0] for action in (Feedback(), Feedback(), ReportWrong())]
    assert [[row["kind"] for row in noted] for noted in rows] == [["feedback"], [], ["wrong"]]


def test_what_is_remembered_is_the_place_and_the_day_only() -> None:
    memory: dict[str, Any] = {}
    say(memory, service="gr:a-1", wrong="unsafe")
    assert memory["said"] == ["told:wrong:gr:a-1:2026-11-24"], "not what was wrong"
