"""Opening hours: tables, and a walk minute by minute as the judge."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.lookup.hours import OpenState, opening_state, today
from bot.lookup.hours import wall as clock
from bot.lookup.records import DatedOpening, Opening

ATHENS = "Europe/Athens"
OFFICE = tuple(Opening(day, 540, 1020) for day in range(5))
SPLIT = tuple(Opening(day, start, end) for day in range(5) for start, end in ((540, 720), (780, 1020)))
NIGHT = tuple(Opening(day, 1320, 1800) for day in range(7))  # 22:00 to 06:00
ALWAYS = tuple(Opening(day, 0, 1440) for day in range(7))
APPOINTMENT = (Opening(1, 600, 720, appointment_only=True),)
MIXED = (Opening(0, 540, 720), Opening(0, 720, 900, appointment_only=True))
SUMMER = tuple(Opening(day, 540, 1020, valid_from="2026-06-01", valid_to="2026-08-31") for day in range(7))
SUNDAY_NIGHT = (Opening(6, 1380, 1560),)  # Sunday 23:00 to Monday 02:00


def at(text: str, zone: str = ATHENS) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def wall(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else None


# 2026-11-23 is a Monday.
@pytest.mark.parametrize(
    ("hours", "dates", "moment", "state", "until", "opens"),
    [
        (OFFICE, (), "2026-11-23 10:00", "open", "2026-11-23 17:00", None),
        (OFFICE, (), "2026-11-23 09:00", "open", "2026-11-23 17:00", None),
        (OFFICE, (), "2026-11-23 17:00", "closed", None, "2026-11-24 09:00"),
        (OFFICE, (), "2026-11-23 08:59", "closed", None, "2026-11-23 09:00"),
        (OFFICE, (), "2026-11-27 18:00", "closed", None, "2026-11-30 09:00"),
        (SPLIT, (), "2026-11-23 12:30", "closed", None, "2026-11-23 13:00"),
        (SPLIT, (), "2026-11-23 11:00", "open", "2026-11-23 12:00", None),
        (NIGHT, (), "2026-11-23 23:30", "open", "2026-11-24 06:00", None),
        (NIGHT, (), "2026-11-23 03:00", "open", "2026-11-23 06:00", None),
        (NIGHT, (), "2026-11-23 12:00", "closed", None, "2026-11-23 22:00"),
        (SUNDAY_NIGHT, (), "2026-11-23 01:30", "open", "2026-11-23 02:00", None),
        (SUNDAY_NIGHT, (), "2026-11-23 02:00", "closed", None, "2026-11-29 23:00"),
        (ALWAYS, (), "2026-11-23 03:00", "open", None, None),
        (ALWAYS, (DatedOpening("2026-11-25", None, None),), "2026-11-23 03:00", "open", "2026-11-25 00:00", None),
        (ALWAYS, (DatedOpening("2026-11-25", None, None),), "2026-11-25 03:00", "closed", None, "2026-11-26 00:00"),
        (OFFICE, (DatedOpening("2026-11-23", None, None),), "2026-11-23 10:00", "closed", None, "2026-11-24 09:00"),
        (OFFICE, (DatedOpening("2026-11-23", 600, 660),), "2026-11-23 09:30", "closed", None, "2026-11-23 10:00"),
        (OFFICE, (DatedOpening("2026-11-23", 600, 660),), "2026-11-23 10:30", "open", "2026-11-23 11:00", None),
        (OFFICE, (DatedOpening("2026-11-28", 600, 660),), "2026-11-28 10:30", "open", "2026-11-28 11:00", None),
        (NIGHT, (DatedOpening("2026-11-24", None, None),), "2026-11-24 03:00", "open", "2026-11-24 06:00", None),
        (NIGHT, (DatedOpening("2026-11-24", None, None),), "2026-11-24 23:00", "closed", None, "2026-11-25 22:00"),
        (APPOINTMENT, (), "2026-11-23 10:00", "appointment", None, "2026-11-24 10:00"),
        (APPOINTMENT, (), "2026-11-24 10:30", "appointment", "2026-11-24 12:00", None),
        (MIXED, (), "2026-11-23 10:00", "open", "2026-11-23 12:00", None),
        (MIXED, (), "2026-11-23 13:00", "appointment", "2026-11-23 15:00", None),
        (MIXED, (), "2026-11-23 16:00", "closed", None, "2026-11-30 09:00"),
        (SUMMER, (), "2026-11-23 10:00", "closed", None, None),
        (SUMMER, (), "2026-05-30 10:00", "closed", None, "2026-06-01 09:00"),
        (SUMMER, (), "2026-08-31 10:00", "open", "2026-08-31 17:00", None),
        (SUMMER, (), "2026-09-01 10:00", "closed", None, None),
        ((), (), "2026-11-23 10:00", "unknown", None, None),
        ((), (DatedOpening("2026-12-25", None, None),), "2026-11-23 10:00", "unknown", None, None),
        ((), (DatedOpening("2026-12-25", None, None),), "2026-12-25 10:00", "closed", None, None),
        # the night in which the clock goes back (25 October 2026, 04:00 to 03:00) is an hour longer
        (NIGHT, (), "2026-10-24 23:00", "open", "2026-10-25 06:00", None),
        # and the one in which it goes forward (29 March 2026, 03:00 to 04:00) has no 03:30
        ((Opening(6, 210, 360),), (), "2026-03-29 02:59", "closed", None, "2026-03-29 04:30"),
    ],
)  # fmt: skip
def test_state(
    hours: tuple[Opening, ...],
    dates: tuple[DatedOpening, ...],
    moment: str,
    state: str,
    until: str | None,
    opens: str | None,
) -> None:
    found = opening_state(hours, dates, ATHENS, at(moment))
    assert (found.state, wall(found.until), wall(found.opens)) == (state, until, opens)


def test_the_moment_is_read_in_the_sites_zone() -> None:
    moment = datetime(2026, 11, 23, 7, 30, tzinfo=timezone.utc)
    assert opening_state(OFFICE, (), ATHENS, moment).state == "open"
    assert opening_state(OFFICE, (), "Europe/London", moment).state == "closed"
    assert opening_state(OFFICE, (), "America/Bogota", moment).opens == at("2026-11-23 09:00", "America/Bogota")


def test_a_night_is_as_long_as_it_really_is() -> None:
    state = opening_state(NIGHT, (), ATHENS, at("2026-10-24 22:00"))
    assert state.until is not None
    assert state.until.astimezone(timezone.utc) - at("2026-10-24 22:00").astimezone(timezone.utc) == timedelta(hours=9)


def test_a_naive_moment_is_an_error() -> None:
    with pytest.raises(ValueError, match="zone"):
        opening_state(OFFICE, (), ATHENS, datetime(2026, 11, 23))


def test_an_unknown_zone_is_read_as_utc() -> None:
    assert opening_state(OFFICE, (), "Mars/Base", datetime(2026, 11, 23, 9, tzinfo=timezone.utc)).state == "open"


openings = st.lists(
    st.builds(
        lambda weekday, opens, length, appointment, validity: Opening(
            weekday, opens, opens + length, appointment, *validity
        ),
        st.integers(0, 6),
        st.integers(0, 1439),
        st.integers(15, 1440),
        st.booleans(),
        st.sampled_from(
            [(None, None), (None, None), ("2026-11-20", None), (None, "2026-11-25"), ("2026-11-22", "2026-11-26")]
        ),
    ),
    max_size=8,
)
exceptions = st.lists(
    st.tuples(st.integers(15, 30), st.one_of(st.none(), st.tuples(st.integers(0, 1439), st.integers(15, 1440)))).map(
        lambda pair: DatedOpening(
            f"2026-11-{pair[0]:02d}", *((pair[1][0], pair[1][0] + pair[1][1]) if pair[1] else (None, None))
        )
    ),
    max_size=3,
)


def by_walking(weekly: list[Opening], dated: list[DatedOpening], minute: datetime) -> str:
    """The state at one local minute, by looking at every row: no zone, no clock change in November."""
    kinds = set()
    for back in (0, 1):
        day = minute.date() - timedelta(days=back)
        wall_minutes = minute.hour * 60 + minute.minute + 1440 * back
        special = [e for e in dated if e.date == day.isoformat()]
        if special:
            rows = [(e.opens, e.closes, False) for e in special if e.opens is not None and e.closes is not None]
        else:
            rows = [
                (o.opens, o.closes, o.appointment_only)
                for o in weekly
                if o.weekday == day.weekday() and (o.valid_from or "") <= day.isoformat() <= (o.valid_to or "9999")
            ]
        kinds |= {appointment for opens, closes, appointment in rows if opens <= wall_minutes < closes}
    return "open" if False in kinds else "appointment" if True in kinds else "closed"


@settings(max_examples=60, deadline=None)
@given(openings, exceptions, st.integers(0, 7 * 1440))
def test_against_a_walk_minute_by_minute(weekly: list[Opening], dated: list[DatedOpening], offset: int) -> None:
    start = datetime(2026, 11, 18) + timedelta(minutes=offset)
    moment = start.replace(tzinfo=ZoneInfo(ATHENS))
    found = opening_state(weekly, dated, ATHENS, moment)
    if not weekly and start.date().isoformat() not in {e.date for e in dated}:
        assert found.state in ("unknown", "open")
        return
    state = by_walking(weekly, dated, start)
    days = 9

    def first(wanted: str) -> datetime | None:
        steps = (start + timedelta(minutes=n) for n in range(1, days * 1440))
        return next((minute for minute in steps if by_walking(weekly, dated, minute) == wanted), None)

    def naive(value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=None) if value else None

    if state == "closed":
        opening, appointment = first("open"), first("appointment")
        if opening is not None:
            assert found == OpenState("closed", opens=opening.replace(tzinfo=ZoneInfo(ATHENS)))
        elif appointment is not None and found.state == "appointment":
            assert naive(found.opens) == appointment
        else:  # nothing in these days
            assert found.opens is None or found.opens >= (start + timedelta(days=days)).replace(tzinfo=ZoneInfo(ATHENS))
    else:
        assert found.state == state
        kept = (start + timedelta(minutes=n) for n in range(1, days * 1440))
        end = next((m for m in kept if not _holds(weekly, dated, m, state)), None)
        assert end is None or naive(found.until) == end
    if weekly:
        open_now, later = today(weekly, dated, clock(ATHENS, moment))
        assert (open_now is True) is (state == "open")
        assert later or state != "open"


def _holds(weekly: list[Opening], dated: list[DatedOpening], minute: datetime, state: str) -> bool:
    """Whether hours of that kind go on, even where the other kind overlaps them."""
    one_kind = [o for o in weekly if o.appointment_only is (state == "appointment")]
    special = dated if state == "open" else [DatedOpening(e.date, None, None) for e in dated]
    return by_walking(one_kind, special, minute) == state
