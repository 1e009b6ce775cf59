"""Reads whole services and parts of them from an open snapshot."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.lookup.categories import CATEGORIES
from bot.lookup.records import Area, Contact, DatedOpening, Opening, Service, Site, Spoken, Wording

__all__ = ["Facts", "Hours", "ServiceReader"]

_SITE = "id, visibility, name, address, city, admin1, postcode, country, lat, lon, tz, transport, wheelchair"
_AREA = "kind, country, name, lat, lon, radius_km, tz"
_MANY = 200_000
"""Services whose hours and facts are remembered."""
_SERVICE = (
    "s.id, o.name, o.kind, o.website, s.paused, s.delivery, s.urgency, s.papers, s.shares_data, s.genders, s.min_age,"
    " s.max_age, s.audiences, s.nationalities, s.cost, s.booking, s.serves_countries, s.operator_type, s.must_report,"
    " s.verified_on, s.review_due, s.hidden_after, s.source, s.sample, s.reported"
)
_CATEGORIES = ",".join("?" * len(CATEGORIES))
Hours = tuple[tuple[Opening, ...], tuple[DatedOpening, ...]]
"""Weekly hours and dates that differ."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What ranking needs to know of a service beside its hours."""

    id: str
    paused: int
    papers: str
    genders: str
    min_age: int | None
    max_age: int | None
    audiences: frozenset[str]
    booking: str
    verified_on: str
    review_due: str
    hidden_after: str
    spoken: frozenset[str]
    """Languages, also through an interpreter."""


def _maybe(flag: int | None) -> bool | None:
    return None if flag is None else bool(flag)


class ServiceReader:
    """Reads services by id and remembers what it has read: a snapshot never changes."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.service = lru_cache(maxsize=5_000)(self._service)
        self._known_hours: dict[str, Hours] = {}
        self._known_facts: dict[str, Facts] = {}

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        return self._db.execute(sql, values).fetchall()

    def hours(self, identifiers: Sequence[str]) -> dict[str, Hours]:
        """Weekly hours and dated exceptions of services, by id."""
        if len(self._known_hours) > _MANY:
            self._known_hours = {}
        known = self._known_hours
        for part, marks in _parts([identifier for identifier in identifiers if identifier not in known]):
            weekly: dict[str, list[Opening]] = {}
            dated: dict[str, list[DatedOpening]] = {}
            for identifier, day, opens, closes, by, first, last in self._rows(
                "SELECT service_id, weekday, opens, closes, appointment_only, valid_from, valid_to FROM opening"
                f" WHERE service_id IN ({marks})",
                *part,
            ):
                weekly.setdefault(identifier, []).append(_opening(day, opens, closes, by, first, last))
            for identifier, *row in self._rows(
                f"SELECT service_id, date, opens, closes FROM opening_exception WHERE service_id IN ({marks})", *part
            ):
                dated.setdefault(identifier, []).append(DatedOpening(*row))
            for identifier in part:
                rows = sorted(weekly.get(identifier, ()), key=lambda row: (row.weekday, row.opens))
                dates = sorted(dated.get(identifier, ()), key=lambda row: (row.date, row.opens or 0))
                known[identifier] = (tuple(rows), tuple(dates))
        return {identifier: known[identifier] for identifier in identifiers}

    def facts(self, identifiers: Sequence[str]) -> dict[str, Facts]:
        """What ranking needs to know, by id."""
        if len(self._known_facts) > _MANY:
            self._known_facts = {}
        known = self._known_facts
        for part, marks in _parts([identifier for identifier in identifiers if identifier not in known]):
            spoken: dict[str, set[str]] = {}
            for identifier, lang in self._rows(
                f"SELECT service_id, lang FROM spoken_language WHERE service_id IN ({marks})", *part
            ):
                spoken.setdefault(identifier, set()).add(lang)
            for row in self._rows(
                "SELECT id, paused, papers, genders, min_age, max_age, audiences, booking, verified_on, review_due,"
                f" hidden_after FROM service WHERE id IN ({marks})",
                *part,
            ):
                identifier, paused, papers, genders, youngest, oldest, audiences, booking, verified, due, hidden = row
                known[identifier] = Facts(
                    identifier, paused, papers, genders, youngest, oldest, frozenset(_list(audiences)), booking,
                    verified, due, hidden, frozenset(spoken.get(identifier, ())),
                )  # fmt: skip
        return {identifier: known[identifier] for identifier in identifiers}

    def _service(self, identifier: str) -> Service | None:
        """The service of that id, or the one that it was merged into; None if there is none."""
        rows = self._rows(
            f"SELECT {_SERVICE} FROM service s JOIN organisation o ON o.id = s.organisation_id WHERE s.id = ?",
            identifier,
        )
        if not rows:
            merged = self._rows("SELECT service_id FROM former_service WHERE id = ?", identifier)
            return self._service(merged[0][0]) if merged else None
        (
            found, organisation, kind, website, paused, delivery, urgency, papers, shares, genders, youngest, oldest,
            audiences, nationalities, cost, booking, serves, operator, report, verified, due, hidden, source, sample,
            reported,
        ) = rows[0]  # fmt: skip
        weekly, dated = self.hours([identifier])[identifier]
        return Service(
            id=found,
            organisation=organisation,
            organisation_kind=kind,
            website=website,
            paused=bool(paused),
            delivery=delivery,
            urgency=urgency,
            papers=papers,
            shares_data=shares,
            genders=genders,
            min_age=youngest,
            max_age=oldest,
            audiences=_list(audiences),
            nationalities=_list(nationalities),
            cost=cost,
            booking=booking,
            serves_countries=_list(serves),
            operator_type=operator,
            must_report=report,
            verified_on=verified,
            review_due=due,
            hidden_after=hidden,
            source=source,
            sample=bool(sample),
            reported=bool(reported),
            categories=tuple(
                row[0]
                for row in self._rows(  # the key begins with the category: each of the few is looked up
                    f"SELECT category FROM service_category WHERE category IN ({_CATEGORIES}) AND service_id = ?",
                    *CATEGORIES,
                    identifier,
                )
            ),
            wordings=tuple(
                Wording(*row)
                for row in self._rows(
                    "SELECT lang, name, short_text, how_to_get_help, what_to_bring, eligibility_text, cost_note, state"
                    " FROM service_text WHERE service_id = ? AND state <> 'draft' ORDER BY lang",
                    identifier,
                )
            ),
            spoken=tuple(
                Spoken(lang, bool(via))
                for lang, via in self._rows(
                    "SELECT lang, via_interpreter FROM spoken_language WHERE service_id = ?"
                    " ORDER BY via_interpreter, lang",
                    identifier,
                )
            ),
            sites=tuple(
                Site(*row)
                for row in self._rows(f"SELECT {_SITE} FROM site WHERE service_id = ? ORDER BY id", identifier)
            ),
            areas=tuple(
                Area(*row) for row in self._rows(f"SELECT {_AREA} FROM service_area WHERE service_id = ?", identifier)
            ),
            contacts=tuple(
                Contact(kind, value, _list(languages), _maybe(free), _maybe(abroad), verified)
                for kind, value, languages, free, abroad, verified in self._rows(
                    "SELECT kind, value, languages, toll_free, reachable_from_abroad, verified_on FROM contact_point"
                    " WHERE service_id = ? ORDER BY position, id",
                    identifier,
                )
            ),
            openings=weekly,
            exceptions=dated,
        )


def _parts(identifiers: Sequence[str]) -> Iterator[tuple[Sequence[str], str]]:
    """Ids by the five hundred, with as many question marks."""
    for start in range(0, len(identifiers), 500):
        part = identifiers[start : start + 500]
        yield part, ",".join("?" * len(part))


@lru_cache(maxsize=20_000)
def _opening(weekday: int, opens: int, closes: int, by: int, first: str | None, last: str | None) -> Opening:
    """One object for all services with the same hours."""
    return Opening(weekday, opens, closes, bool(by), first, last)


def _list(text: str) -> tuple[str, ...]:
    value: Sequence[str] = json.loads(text)
    return tuple(value)
