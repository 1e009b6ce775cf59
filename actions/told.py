"""What people told beside their need ("for my daughter, tomorrow evening"): kept as long as the need, to put better answers first.

It is never asked for. Kept are values of `bot.nlu.entities`, no words of the message; a new need forgets them, except a need
that was picked because the bot asked what the message meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from actions.turn import Turn
from bot.lookup.hours import zone
from bot.nlu.entities import OF_AGE, moment

__all__ = ["heard", "keep_for_the_choice", "told_with", "wishes"]

_ASKED_BACK = "asked_back"
KEPT = ("age", "day", "daytime", "hour")
STALE = timedelta(hours=12)
"""So long after it was said "tomorrow evening" no longer counts."""


def heard(rows: Sequence[Mapping[str, Any]], now: datetime) -> dict[str, Any]:
    """What a message told, from its entities, as it is kept: {"people": [...], "spoken": [...], "age": 15, "said": ISO, ...}."""
    told: dict[str, Any] = {}
    for row in rows:
        name, value = row["entity"], row.get("value")
        if name == "people":
            told.setdefault("people", []).append(value)
        elif name == "language":
            told.setdefault("spoken", []).append(value)
        elif name in KEPT and name not in told:
            told[name] = value
            if name == "age" and row.get("role") == "self":
                told["own_age"] = True
            if name == "hour" and row.get("role") == "unsure":
                told["hour_unsure"] = True
    return {**told, "said": now.isoformat(timespec="minutes")} if told else {}


def keep_for_the_choice(turn: Turn) -> None:
    """The bot asks what a message meant: what it told holds for the need that is picked next."""
    turn.set(told={**heard(turn.told, turn.now), _ASKED_BACK: True})


def told_with(turn: Turn) -> dict[str, Any]:
    """What holds for the need of this message: what it told, or the one that the bot asked back about."""
    before: Mapping[str, Any] = turn.get("told", {})
    if turn.route == "choice" and before.get(_ASKED_BACK):
        return {name: value for name, value in before.items() if name != _ASKED_BACK}
    return heard(turn.told, turn.now)


def wishes(turn: Turn, tz: str) -> dict[str, Any]:
    """What the kept says of a search in that zone: `people`, `mentioned`, `spoken` and `at` of `search.Query`."""
    told: Mapping[str, Any] = turn.get("told", {})
    people: set[str] = set()
    mentioned = set(told.get("people", ()))
    if "age" in told and told["age"] < OF_AGE:
        (people if told.get("own_age") else mentioned).add("child")
    return {
        "people": frozenset(people),
        "mentioned": frozenset(mentioned),
        "spoken": frozenset(told.get("spoken", ())),
        "at": _at(turn, told, tz),
    }


def _at(turn: Turn, told: Mapping[str, Any], tz: str) -> datetime | None:
    """The moment that is wished for; None for now, and for what lies behind."""
    if not told.get("said") or turn.now - datetime.fromisoformat(told["said"]) > STALE:
        return None
    at = moment(told, datetime.fromisoformat(told["said"]).astimezone(zone(tz)))
    return at if at is not None and at > turn.now else None
