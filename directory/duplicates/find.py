"""Finds services that look like one: near each other with a similar name or the same number (design: directory.md 4.6).

Two services are suggested if a public place of one lies less than 200 m from one of the other and
  - their names are alike (token_set_ratio of 90 or more), or
  - they share a number, or
  - two organisations of the same name offer the same kind of help there (one organisation that was entered twice);
or, wherever they are, if they share a number, their city and a similar name (services by phone, confidential places).

Measured on 1,535 real rows: 29 pairs, some of them real and some not (an office and a blood centre in one building, a
hotline of eleven units). So pairs are suggested and never merged by a machine. Coordinates of confidential places are
not read here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import cos, floor, radians

from anyascii import anyascii
from django.db import transaction
from rapidfuzz import fuzz, utils

from directory.geography import distance_km
from directory.models import (
    ContactPoint,
    DuplicatePair,
    Location,
    Service,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
)

__all__ = ["ALIKE", "NEAR_M", "Entry", "Found", "entries", "pairs", "refresh"]

NEAR_M = 200.0
"""Metres between two places of one service."""
ALIKE = 90.0
"""token_set_ratio of two names of one service, 0 to 100."""
HOTLINE = 10
"""A number that more services than this share is a hotline, and says nothing about any two of them."""
CROWD = 200
"""More services than this in one cell of the grid are places put at the centre of their city: only equal names count there."""
_CELL = 0.0018
"""Degrees of latitude in 200 m: an edge of the grid's cells."""
_NUMBERS = (ContactPoint.Kind.PHONE, ContactPoint.Kind.SMS, ContactPoint.Kind.WHATSAPP, ContactPoint.Kind.SIGNAL)
_CHUNK = 5000
Reason = DuplicatePair.Reason


@dataclass(slots=True)
class Entry:
    """What is compared of one service."""

    pk: int
    organisation: int
    organisation_name: str
    names: dict[str, str] = field(default_factory=dict)
    """Plain lower-case name by language."""
    points: list[tuple[float, float]] = field(default_factory=list)
    """Latitude and longitude of its public places."""
    cities: set[tuple[str, str]] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Found:
    """How two services are alike."""

    score: int
    reasons: list[str]
    distance_m: int | None = None


def plain(text: str) -> str:
    """Lower-case Latin letters and digits with single blanks, in which names are compared whatever their script."""
    return str(utils.default_process(anyascii(text)))


def entries(services: Iterable[int] | None = None) -> dict[int, Entry]:
    """The services that may be compared (all but archived ones; or those named by primary key), by primary key."""
    live = Service.objects.exclude(status=Service.Status.ARCHIVED)
    if services is not None:
        live = live.filter(pk__in=list(services))
    rows = live.order_by().values_list("pk", "organisation_id", "organisation__name")
    plain_of: dict[str, str] = {}
    found: dict[int, Entry] = {}
    for pk, organisation, name in rows.iterator(_CHUNK):
        if name not in plain_of:
            plain_of[name] = plain(name)
        found[pk] = Entry(pk, organisation, plain_of[name])
    texts = ServiceText.objects.filter(service__in=live).order_by().values_list("service_id", "lang", "name")
    for service, lang, name in texts.iterator(_CHUNK):
        if service in found:
            found[service].names[lang] = plain(name)
    sites = ServiceAtLocation.objects.filter(service__in=live).order_by()
    places = sites.values_list(
        "service_id", "location__visibility", "location__lat", "location__lon", "location__country", "location__city"
    )
    for service, visibility, lat, lon, country, city in places.iterator(_CHUNK):
        if service in found:
            found[service].cities.add((country, plain(city)))
            if visibility == Location.Visibility.PUBLIC and lat is not None and lon is not None:
                found[service].points.append((lat, lon))
    uses = ServiceContact.objects.filter(service__in=live, contact__kind__in=_NUMBERS).order_by()
    for service, number in uses.values_list("service_id", "contact__value").iterator(_CHUNK):
        if service in found and number.startswith("+"):
            found[service].numbers.add(number)
    kinds = Service.categories.through.objects.filter(service__in=live).values_list("service_id", "category_id")
    for service, category in kinds.iterator(_CHUNK):
        if service in found:
            found[service].categories.add(category)
    return found


def _likeness(a: Entry, b: Entry) -> float:
    """The best likeness of their names in a common language, else in any (0 to 100; 0 below ALIKE)."""
    common = a.names.keys() & b.names.keys()
    if common:
        compared = {(a.names[lang], b.names[lang]) for lang in common}
    else:
        compared = {(one, other) for one in a.names.values() for other in b.names.values()}
    return max(
        (fuzz.token_set_ratio(one, other, score_cutoff=ALIKE) for one, other in compared if one and other), default=0.0
    )


def _width(row: int) -> float:
    """Degrees of longitude of the cells in a row of the grid: never less than 200 m anywhere in the row."""
    furthest = max(abs(row), abs(row + 1)) * _CELL
    return _CELL / max(0.01, cos(radians(min(furthest, 89.0))))


_Cell = list[tuple[Entry, float, float]]


def _cells(found: dict[int, Entry]) -> dict[tuple[int, int], _Cell]:
    """The places in a grid of about 200 m by 200 m. (Nobody looks across the line of 180 degrees.)"""
    cells: dict[tuple[int, int], _Cell] = defaultdict(list)
    for entry in found.values():
        for lat, lon in entry.points:
            row = floor(lat / _CELL)
            cells[row, floor(lon / _width(row))].append((entry, lat, lon))
    return dict(cells)


def _comparable(here: _Cell, there: _Cell) -> Iterator[tuple[tuple[Entry, float, float], tuple[Entry, float, float]]]:
    """Each place of one cell with each of the other; in a crowd only those with an equal name or number."""
    if len(here) <= CROWD and len(there) <= CROWD:
        yield from combinations(here, 2) if here is there else ((one, other) for one in here for other in there)
        return
    shared: dict[str, tuple[_Cell, _Cell]] = defaultdict(lambda: ([], []))
    for side, cell in enumerate((here, there)):
        for place in cell:
            for key in {*place[0].names.values(), *place[0].numbers}:
                shared[key][side].append(place)
    for ours, theirs in shared.values():
        if len(ours) <= HOTLINE and len(theirs) <= HOTLINE:
            yield from ((one, other) for one in ours for other in theirs if one is not other)


def _near(cells: dict[tuple[int, int], _Cell]) -> Iterator[tuple[Entry, Entry, float]]:
    """(service, service, metres) of places less than 200 m apart; a pair comes once for each two such places."""
    for (row, column), here in cells.items():
        beside = floor((column + 0.5) * _width(row) / _width(row + 1))
        others = [here, cells.get((row, column + 1), [])]
        others += [cells.get((row + 1, beside + step), []) for step in (-2, -1, 0, 1, 2)]
        for there in others:
            for (one, lat1, lon1), (other, lat2, lon2) in _comparable(here, there):
                if one is not other and abs(lat1 - lat2) <= _CELL:
                    metres = 1000 * distance_km(lat1, lon1, lat2, lon2)
                    if metres <= NEAR_M:
                        yield one, other, metres


def _judged(one: Entry, other: Entry, hotlines: set[str], metres: float | None) -> Found | None:
    """How alike two services are, or None if that is no reason to look at them."""
    alike = _likeness(one, other)
    phone = bool((one.numbers & other.numbers) - hotlines)
    same = one.organisation == other.organisation
    namesake = bool(one.organisation_name) and one.organisation_name == other.organisation_name
    common_kind = bool(one.categories & other.categories)
    if metres is None:
        wanted = bool(alike and phone)
    elif same and not common_kind and not alike:
        wanted = False  # one organisation offers different kinds of help in one house
    else:
        wanted = bool(alike or phone or (namesake and not same and common_kind))
    if not wanted:
        return None
    reasons = {
        Reason.NEAR: metres is not None,
        Reason.CITY: metres is None,
        Reason.NAME: bool(alike),
        Reason.PHONE: phone,
    }
    reasons[Reason.ORGANISATION] = namesake
    score = 0.4 * alike + 20 * phone + 10 * namesake + (10 if metres is None else 30 * (1 - metres / (2 * NEAR_M)))
    distance = None if metres is None else round(metres)
    return Found(round(score), [reason.value for reason, given in reasons.items() if given], distance)


def pairs(found: dict[int, Entry]) -> dict[tuple[int, int], Found]:
    """The pairs to suggest, by their primary keys, the lower one first."""
    users: dict[str, list[Entry]] = defaultdict(list)
    for entry in found.values():
        for number in entry.numbers:
            users[number].append(entry)
    hotlines = {number for number, entries in users.items() if len(entries) > HOTLINE}
    suggested: dict[tuple[int, int], Found] = {}

    def suggest(one: Entry, other: Entry, metres: float | None) -> None:
        key = (min(one.pk, other.pk), max(one.pk, other.pk))
        known = suggested.get(key)
        if known is not None and (metres is None or (known.distance_m or 0) <= metres):
            return
        judged = _judged(one, other, hotlines, metres)
        if judged is not None:
            suggested[key] = judged

    for one, other, metres in _near(_cells(found)):
        suggest(one, other, metres)
    for number, entries in users.items():
        if number not in hotlines:
            for one, other in combinations(entries, 2):
                if one.cities & other.cities:
                    suggest(one, other, None)
    return suggested


def refresh() -> tuple[int, int]:
    """Look through the whole directory. Returns how many open suggestions there are now, and how many of them are new.

    What people decided stays; an open suggestion that no longer holds goes.
    """
    suggested = pairs(entries())
    known = {(pair.a_id, pair.b_id): pair for pair in DuplicatePair.objects.iterator(_CHUNK)}
    undecided = DuplicatePair.State.OPEN
    gone = [pair.pk for key, pair in known.items() if pair.state == undecided and key not in suggested]
    new, changed, still = [], [], 0
    for (a, b), facts in suggested.items():
        pair = known.get((a, b))
        values = {"score": facts.score, "reasons": facts.reasons, "distance_m": facts.distance_m}
        if pair is None:
            new.append(DuplicatePair(a_id=a, b_id=b, **values))
        elif pair.state == undecided:
            still += 1
            if any(getattr(pair, name) != value for name, value in values.items()):
                for name, value in values.items():
                    setattr(pair, name, value)
                changed.append(pair)
    with transaction.atomic():
        for start in range(0, len(gone), 500):
            DuplicatePair.objects.filter(pk__in=gone[start : start + 500], state=undecided).delete()
        DuplicatePair.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
        DuplicatePair.objects.bulk_update(changed, ["score", "reasons", "distance_m"], batch_size=200)
    return still + len(new), len(new)
