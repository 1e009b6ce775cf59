"""Weekly hours and dated exceptions as HSDS schedules: one row for an interval, with the days on which it is the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from directory.hsds.taxonomy import derived

__all__ = ["offset_hours", "schedules"]

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WHOLE_DAY = (0, 1440)


def offset_hours(zone: str, at: datetime) -> float | None:
    """Hours that local time in the zone is ahead of UTC at that moment; None for a zone that is not known."""
    try:
        offset = ZoneInfo(zone).utcoffset(at.astimezone(timezone.utc).replace(tzinfo=ZoneInfo(zone)))
    except (KeyError, ValueError, OSError):
        return None
    return None if offset is None else offset.total_seconds() / 3600


def _clock(minutes: int, *, closing: bool = False) -> str:
    """HH:MM; HSDS has no 24:00, so midnight as the end of a day is 23:59."""
    if closing and minutes == 24 * 60:
        return "23:59"
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _times(opens: int, closes: int) -> tuple[dict[str, Any], list[str]]:
    found = {"opens_at": _clock(opens), "closes_at": _clock(closes, closing=True)}
    notes = ["Open all day."] if (opens, closes) == WHOLE_DAY else []
    return found, [*notes, "Closes on the next day."] if closes > 24 * 60 else notes


def schedules(
    service: str, weekly: Iterable[sqlite3.Row], dated: Iterable[sqlite3.Row], zone: str, at: datetime, *, since: str
) -> list[dict[str, Any]]:
    """HSDS schedules of a service (its UUID). Times are local; `timezone` is the zone's offset at `at`.

    `since` (ISO date) is the first day of hours that have none: the day on which they were checked.
    """
    base: dict[str, Any] = {}
    local = f"Local time of {zone}; the offset changes with daylight saving time." if zone else ""
    if zone and (hours := offset_hours(zone, at)) is not None:
        base["timezone"] = hours
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row in weekly:
        key = (row["opens"], row["closes"], row["appointment_only"], row["valid_from"], row["valid_to"])
        groups.setdefault(key, []).append(row["weekday"])
    found = []
    for key, weekdays in sorted(groups.items(), key=lambda item: (min(item[1]), item[0][0], str(item[0]))):
        opens, closes, appointment, first, last = key
        byday = ",".join(DAYS[day] for day in sorted(set(weekdays)))
        times, notes = _times(opens, closes)
        schedule = {
            "id": derived("schedule", service, byday, *key),
            "freq": "WEEKLY",
            "interval": 1,
            "wkst": "MO",
            "byday": byday,
            "dtstart": first or since,
            **times,
            **base,
        }
        schedule |= {"valid_from": first} if first else {}
        schedule |= {"valid_to": last, "until": last} if last else {}
        schedule |= {"description": "By appointment only."} if appointment else {}
        found.append(schedule | {"notes": " ".join([*notes, local]).strip()})
    return found + [_exception(service, row, base, local) for row in dated]


def _exception(service: str, row: sqlite3.Row, base: dict[str, Any], local: str) -> dict[str, Any]:
    """One date, in place of the weekly hours; without times it is closed."""
    day, opens, closes = row["date"], row["opens"], row["closes"]
    schedule = {
        "id": derived("exception", service, day, opens, closes),
        "dtstart": day,
        "until": day,
        "valid_from": day,
        "valid_to": day,
        "count": 1,
        **base,
    }
    if opens is None or closes is None:
        return schedule | {
            "description": f"Closed on {date.fromisoformat(day):%Y-%m-%d}, whatever the weekly hours say."
        }
    times, notes = _times(opens, closes)
    words = f"On {date.fromisoformat(day):%Y-%m-%d} these hours, instead of the weekly ones."
    return {**schedule, **times, "description": words, "notes": " ".join([*notes, local]).strip()}
