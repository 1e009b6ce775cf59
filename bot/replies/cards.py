"""A service in words: the lines of its card, short for a list and complete for the details.

Order: distance, open now or next opening, cost and booking, papers, limits, languages, phone, last checked; the details
add what else the record holds. Nothing is said that the record does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from bot.messages import Card, Text
from bot.replies import formats
from bot.replies.bidi import foreign, isolate
from bot.replies.catalogue import Ready, say, when
from bot.replies.formats import Reader

__all__ = [
    "DOT",
    "SHARED_ROWS",
    "TEXT_STATES",
    "Line",
    "hours_lines",
    "lines",
    "map_link",
    "minimum",
    "open_now",
    "opening_state",
    "rows",
    "worded",
]

DOT = " · "
"""Between short facts on one row."""

_LIST_LANGUAGES = 4
"""Languages named in a list; the details name all."""
_LIST_PHONES = 2

_COST = {"free": "card:free", "low": "card:low", "paid": "card:paid", "unknown": "card:cost_unknown"}
_BOOKING = {
    "walk_in": "card:walk_in",
    "call_first": "card:call_first",
    "appointment": "card:appointment_needed",
    "referral_only": "card:referral",
}
_PAPERS = {"none_needed": "card:no_papers", "any_id": "card:any_id", "status_required": "card:status_required"}
_GENDERS = {"women": "card:women", "men": "card:men"}
_CHECKED = ("card:checked", "card:checked_old", "card:checked_very_old")
_CONTACTS = {
    "phone": "card:phone",
    "sms": "card:text_message",
    "whatsapp": "card:whatsapp",
    "telegram": "card:telegram",
    "signal": "card:signal",
    "email": "card:email",
    "web": "card:web",
}
SHARED_ROWS = frozenset({0, 1, 3})
"""Rows of short facts: distance and opening; cost, booking and papers; limits. Every other fact has its own row."""

DISCLOSED = frozenset({"police", "immigration_authority"})
"""Operators that are named already in the list: people decide with it whether they call (safety.md, decision 5)."""
_WHOLE_DAY = 1440


TEXT_STATES = {
    "outdated": ("card:text_old",),
    "machine": ("card:text_machine",),
    "machine_outdated": ("card:text_machine", "card:text_old"),
}
"""What is said of texts of staff in some states; the facts beside them have no language and are always of today."""


@dataclass(frozen=True)
class Line:
    """One fact of a card in words."""

    fact: str
    """Which fact: name of a field, or of a group of them; SMS drops lines by it."""
    text: str
    row: int
    """Facts with the same number share a row where there is room."""


def open_now(card: Card) -> bool | None:
    """Whether people can come now: True, False, or None if it is not known or needs an appointment."""
    return {"open": True, "closed": False, "paused": False}.get(card.open)


def map_link(card: Card) -> str | None:
    """A map of the place, or None if its place is not public."""
    if card.lat is None or card.lon is None:
        return None
    lat, lon = f"{card.lat:.5f}", f"{card.lon:.5f}"
    return f"https://www.openstreetmap.org/?mlat={lat}&mlon={lon}#map=17/{lat}/{lon}"


def opening_state(card: Card, reader: Reader) -> str:
    """Whether it is open now, and until or from when."""

    def text(key: str, **values: Any) -> str:
        return say(Text(key, values), reader)

    if card.open == "open":
        if card.open_until is None:
            return text("card:open_always")
        return text("card:open_until", time=_until(card.open_until, reader))
    if card.open == "closed":
        return text("card:opens", when={"when": card.opens_at}) if card.opens_at else text("card:closed")
    if card.open == "appointment":
        if card.opens_at:
            return text("card:appointment", when={"when": card.opens_at})
        if card.open_until:
            return text("card:appointment_now", time=_until(card.open_until, reader))
        return text("card:appointment_needed")
    return text("card:paused" if card.open == "paused" else "card:hours_unknown")


def _until(moment: str, reader: Reader) -> str:
    """A closing time: alone if it is today or in the coming night, else with its day."""
    at = datetime.fromisoformat(moment)
    if reader.now is not None:
        now = reader.now.astimezone(at.tzinfo) if at.tzinfo and reader.now.tzinfo else reader.now
        days = (at.date() - now.date()).days
        if days > 1 or (days == 1 and at.hour >= now.hour):
            return when(moment, reader)
    return formats.clock(f"{at:%H:%M}", reader.language, reader.country, both=reader.channel != "sms")


def _minutes(minutes: int, reader: Reader) -> str:
    text = f"{minutes % _WHOLE_DAY // 60:02d}:{minutes % 60:02d}"
    return formats.clock(text, reader.language, reader.country, both=reader.channel != "sms")


def _times(intervals: tuple[tuple[int, int, bool], ...], reader: Reader) -> str:
    """The intervals of one day: "09:00-12:00, 13:00-17:00"."""
    parts = []
    for opens, closes, appointment in intervals:
        if (opens, closes) == (0, _WHOLE_DAY):
            part = say(Text("card:whole_day"), reader)
        else:
            part = Ready(f"{_minutes(opens, reader)}-{_minutes(closes, reader)}")
        parts.append(say(Text("card:hours_appointment", {"times": part}), reader) if appointment else part)
    return formats.separator(reader.language).join(parts)


def hours_lines(hours: tuple[Mapping[str, Any], ...], reader: Reader) -> list[str]:
    """Weekly hours, equal days together: "Monday to Friday: 09:00-17:00". Days without hours are closed."""
    by_day: list[tuple[int, tuple[tuple[int, int, bool], ...]]] = []
    for day in range(7):
        rows = (row for row in hours if row["weekday"] == day)
        by_day.append((day, tuple(sorted({(r["opens"], r["closes"], bool(r.get("appointment_only"))) for r in rows}))))
    result = []
    for intervals, group in groupby(by_day, key=lambda row: row[1]):
        if not intervals:
            continue
        days = [day for day, _ in group]
        first, last = (formats.weekday(day, reader.language) for day in (days[0], days[-1]))
        text = first if len(days) == 1 else say(Text("days:range", {"first": first, "last": last}), reader)
        line = say(Text("card:hours_line", {"days": text, "times": Ready(_times(intervals, reader))}), reader)
        result.append(line[:1].upper() + line[1:])
    return result


def _where(card: Card, reader: Reader) -> str:
    if card.distance_km is not None:
        return say(Text("card:distance", {"distance": {"km": card.distance_km}}), reader)
    if card.delivery in ("phone", "online"):
        return say(Text("card:by_phone"), reader)
    return say(Text("card:mobile"), reader) if card.delivery == "mobile" else ""


def _booking(card: Card) -> str | None:
    if card.open == "appointment" or (card.booking == "walk_in" and card.delivery in ("phone", "online")):
        return None  # said already, or nothing that one could walk into
    return _BOOKING.get(card.booking)


def _language_lines(card: Card, reader: Reader, details: bool) -> Iterator[Line]:
    def names(codes: tuple[str, ...]) -> Ready:
        ordered = sorted(codes, key=lambda code: code not in (reader.language, reader.second_language))
        shown = ordered if details else ordered[:_LIST_LANGUAGES]
        known = (formats.language_name(code, reader.language) for code in shown)
        words = [isolate(name, reader.language, reader.channel) for name in known]
        return Ready(formats.separator(reader.language).join(words))

    spoken = tuple(code for code in card.languages if code not in card.interpreted)
    for fact, codes in (("languages", spoken), ("interpreted", card.interpreted)):
        if codes:
            yield Line(fact, say(Text(f"card:{fact}", {"languages": names(codes)}), reader), 4)


def _contact(kind: str, value: str, reader: Reader) -> str:
    key = _CONTACTS[kind]
    if kind in {"phone", "sms", "whatsapp", "signal"}:
        return say(Text(key, {"phone": {"phone": value}}), reader)
    field = {"web": "link", "email": "email", "telegram": "name"}[kind]
    return say(Text(key, {field: value}), reader)


def _contact_lines(card: Card, reader: Reader, details: bool) -> Iterator[Line]:
    phones = card.phones if details else card.phones[:_LIST_PHONES]
    for value in phones:
        yield Line("phone", _contact("phone", value, reader), 5)
    others = [row for row in card.contacts if row["kind"] in _CONTACTS and not _repeats_phone(row, card)]
    for row in others if details else ([] if phones else others[:1]):
        yield Line("phone" if not phones else "contacts", _contact(row["kind"], row["value"], reader), 5)


def _repeats_phone(row: Mapping[str, str], card: Card) -> bool:
    return row["kind"] == "phone" and row["value"] in card.phones


def _checked(card: Card, reader: Reader) -> Iterator[Line]:
    """When it was checked, and what warns: that people reported it, else that the check is old. SMS drops no warning."""
    late = 0 if card.reported else min(max(card.overdue, 0), 2)
    if card.verified_on:
        said = say(Text(_CHECKED[late], {"date": {"date": card.verified_on}}), reader)
        yield Line("overdue" if late else "checked", said, 6)
    if card.reported:
        yield Line("reported", say(Text("card:reported"), reader), 8)


def _head(card: Card, reader: Reader, details: bool) -> Iterator[Line]:
    """The facts by which people choose: the same in list and details."""

    def line(fact: str, key: str | None, row: int, **values: Any) -> Iterator[Line]:
        if key is not None:
            yield Line(fact, say(Text(key, values), reader), row)

    where = _where(card, reader)
    if where:
        yield Line("distance", where, 0)
    yield Line("open", opening_state(card, reader), 0)
    yield from line("cost", _COST.get(card.cost), 1)
    yield from line("booking", _booking(card), 1)
    yield from line("papers", _PAPERS.get(card.papers), 2 if details else 1)
    yield from line("limits", _GENDERS.get(card.genders), 3)
    if card.min_age is not None:
        yield from line("limits", "card:min_age", 3, age=card.min_age)
    if card.max_age is not None:
        yield from line("limits", "card:max_age", 3, age=card.max_age)
    if details or card.operator_type in DISCLOSED:
        yield from line("operator", f"operator:{card.operator_type}" if card.operator_type else None, 3)
    if details or card.must_report == "all":
        yield from line("must_report", f"report:{card.must_report}", 7)
    yield from _language_lines(card, reader, details)


def _rest(card: Card, reader: Reader) -> Iterator[Line]:
    """What only the details show, each on its own row."""
    row = 10

    def line(fact: str, text: str) -> Iterator[Line]:
        nonlocal row
        if text:
            row += 1
            yield Line(fact, text, row)

    def said(key: str, **values: Any) -> str:
        return say(Text(key, values), reader)

    def staff(key: str, text: str) -> str:
        """Free text of the record behind its heading."""
        text = " ".join(text.split())
        return said(key, text=Ready(foreign(text, reader.language, reader.channel))) if text else ""

    if card.address:
        yield from line("address", said("card:address", address=_address(card)))
    elif card.city:
        yield from line("city", said("card:city", place=card.city))
        yield from line("address", said("card:address_hidden"))
    link = map_link(card)
    if link and card.address:
        yield from line("map", said("card:map", link=link))
    yield from line("transport", staff("card:transport", card.transport))
    if card.wheelchair in {"yes", "no"}:
        yield from line("wheelchair", said("card:step_free" if card.wheelchair == "yes" else "card:not_step_free"))
    hours = hours_lines(card.hours, reader)
    if hours:
        yield from line("hours", said("card:hours"))
        for text in hours:
            yield from line("hours", text)
    yield from line("cost_note", staff("card:cost_note", card.cost_note))
    yield from line("how_to_get_help", staff("card:how_to_get_help", card.how_to_get_help))
    yield from line("what_to_bring", staff("card:what_to_bring", card.what_to_bring))
    yield from line("eligibility", staff("card:eligibility", card.eligibility))


def _address(card: Card) -> str:
    address = card.address or ""
    return address if not card.city or card.city.casefold() in address.casefold() else f"{address}, {card.city}"


def lines(card: Card, reader: Reader, *, details: bool = False) -> list[Line]:
    """The facts of a card in words, without its name, in the order in which people read them."""
    found: list[Line] = []
    if details and card.organisation and card.organisation != card.name:
        found.append(Line("organisation", isolate(card.organisation, reader.language, reader.channel), -3))
    if details and card.short_text:
        text = " ".join(card.short_text.split())
        found.append(Line("short_text", foreign(text, reader.language, reader.channel), -2))
    if card.text_language and card.text_language != reader.language:
        text = say(Text("card:text_language", {"language": {"language": card.text_language}}), reader)
        found.append(Line("text_language", text, -1))
    if details and any((card.short_text, card.cost_note, card.how_to_get_help, card.what_to_bring, card.eligibility)):
        found += [Line("text_state", say(Text(key), reader), -1) for key in TEXT_STATES.get(card.text_state, ())]
    found += _head(card, reader, details)
    found += _contact_lines(card, reader, details)
    if details:
        found += _rest(card, reader)
    found += _checked(card, reader)
    return found


def rows(found: list[Line]) -> list[str]:
    """Lines of a screen: neighbouring short facts of one row together."""
    result: list[tuple[int, str]] = []
    for line in found:
        if result and result[-1][0] == line.row and line.row in SHARED_ROWS:
            result[-1] = (line.row, result[-1][1] + DOT + line.text)
        else:
            result.append((line.row, line.text))
    return [text for _, text in result]


def worded(card: Card, reader: Reader, *, number: int | None, details: bool = False) -> dict[str, Any]:
    """A card for `Outbound.cards`: {"id", "number", "title", "lines", "phones": [{"display", "tel"}], "map"}."""
    link = map_link(card)
    return {
        "id": card.id,
        "number": number,
        "title": isolate(card.name, reader.language, reader.channel),
        "lines": rows(lines(card, reader, details=details)),
        "phones": _phones(card, reader),
        "map": link if card.address else None,
    }


def _phones(card: Card, reader: Reader) -> list[dict[str, str]]:
    return [{"display": formats.phone(value, reader.country), "tel": formats.tel(value)} for value in card.phones]


def minimum(card: Card, reader: Reader, *, number: int | None) -> dict[str, Any]:
    """A card of name and phone numbers alone, for when its other facts cannot be said."""
    phones = _phones(card, reader)
    return {
        "id": card.id,
        "number": number,
        "title": isolate(card.name, reader.language, reader.channel),
        "lines": [isolate(row["display"], reader.language, reader.channel) for row in phones],
        "phones": phones,
        "map": None,
    }
