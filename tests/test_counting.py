"""What is counted of a turn: how many, never who, and of people at risk no more than the country."""

from __future__ import annotations

from typing import Any

import pytest

from bot.counting import BUCKETS, bucket, counts, day
from bot.engine.engine import Turn
from bot.mailbox import Claim, Count
from bot.messages import Inbound, Outbound

PLACE = {"country": "GR", "admin1": "ESYE31", "name": "ZZSENTINEL", "lat": 37.98, "lon": 23.72}
AT = {"country": "GR", "admin1": "ESYE31", "language": "ar", "channel": "sms"}
SAID = {"language": "ar", "channel": "sms"}


def counted(
    memory: dict[str, Any] | None, *facts: dict[str, Any], before: dict[str, Any] | None = None, **more: Any
) -> set[Count]:
    """The counts beside "answered" and "seconds"."""
    claim = Claim(1, Inbound("sms", "ZZSENTINEL", "1", text="ZZSENTINEL"), before or {}, 1)
    answers = tuple(Outbound(fact["kind"], "ar", "ZZSENTINEL", custom=fact) for fact in facts)
    turn = Turn(answers, memory, failed=more.pop("failed", False))
    found = counts(claim, before or {}, turn, 0.3, begun=more.pop("begun", False))
    assert "ZZSENTINEL" not in str(found) and "37.9" not in str(found)
    return {row for row in found if row.event not in ("answered", "seconds")}


LISTED = {"place": PLACE, "need": "food", "shown": 3, "results": ["a", "b", "c"]}
SERVICES = {"kind": "services", "services": []}


@pytest.mark.parametrize(
    ("memory", "facts", "expected"),
    [
        (LISTED, [SERVICES], {Count("need", "food", **AT)}),
        ({**LISTED, "shown": 6}, [SERVICES], set()),  # a further page
        (LISTED, [{**SERVICES, "details": True}], set()),
        ({**LISTED, "question": "place"}, [{"kind": "question"}, SERVICES], set()),  # lines of help while the town is asked
        (LISTED, [{**SERVICES, "scope": "national"}], {Count("need", "food", **AT), Count("nothing", "food", **AT)}),
        (
            {"place": PLACE, "need": "work"},
            [{"kind": "text", "results": 0, "category": "work"}],
            {Count("need", "work", **AT), Count("nothing", "work", **AT)},
        ),
        ({"place": PLACE, "need": "work"}, [{"kind": "text", "results": 0}], set()),  # no more of them
        (
            {"place": PLACE, "need": "safe_space"},
            [{"kind": "text", "results": 0, "category": "safe_space"}],
            {Count("need", "safe_space", "GR"), Count("nothing", "safe_space", "GR")},
        ),
        ({"place": PLACE}, [{"kind": "info", "topic": "info_asylum", "found": True}], {Count("topic", "info_asylum", "GR", **SAID)}),
        (
            {},
            [{"kind": "info", "topic": "info_asylum", "found": False}],
            {Count("topic", "info_asylum", **SAID), Count("no_article", "info_asylum", **SAID)},
        ),
        ({}, [{"kind": "handoff"}], {Count("person", **SAID)}),
        ({"misses": 1}, [{"kind": "choices"}], {Count("asked_back", **SAID)}),
        ({"misses": 1}, [{"kind": "menu"}], {Count("not_understood", **SAID)}),
        ({**LISTED, "misses": 1}, [SERVICES], {Count("need", "food", **AT)}),  # was the name of a place after all
        (
            {"place": PLACE},
            [{"kind": "crisis", "class": "sea"}, {"kind": "text", "class": "sea"}],
            {Count("crisis", "sea", "GR")},
        ),
        ({}, [{"kind": "protection", "class": "gbv"}], {Count("crisis", "gbv")}),
        (None, [{"kind": "privacy"}], set()),
    ],
)  # fmt: skip
def test_what_a_turn_counts(memory: dict[str, Any] | None, facts: list[dict[str, Any]], expected: set[Count]) -> None:
    assert counted(memory, *facts) == expected


def test_a_miss_is_counted_when_it_happens() -> None:
    assert counted({"misses": 1}, {"kind": "menu"}, before={"misses": 1}) == set()


def test_a_broken_answer_counts_as_nothing_else() -> None:
    assert counted(LISTED, SERVICES, failed=True) == {Count("failed", **SAID)}


def test_a_conversation_begins() -> None:
    assert counted({"misses": 0}, {"kind": "menu"}, begun=True) == {Count("begun", **SAID)}


def test_nothing_finer_than_an_area_and_a_day() -> None:
    assert Count._fields == ("event", "value", "country", "admin1", "language", "channel")
    assert day(1795564799.0) == "2026-11-24" and day(1795564800.0) == "2026-11-25"


@pytest.mark.parametrize(
    ("seconds", "limit"), [(0.0, "0.1"), (0.1, "0.1"), (0.11, "0.2"), (59, "60"), (299, "300"), (301, "inf")]
)
def test_buckets(seconds: float, limit: str) -> None:
    assert bucket(seconds) == limit and list(BUCKETS) == sorted(BUCKETS)
