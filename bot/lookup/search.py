"""Finds the nearest usable services for a need, in an order that can be explained.

Nearness is widened only as far as needed: 5, 25, 100 km until three services are found, then the country. Services for the
whole country (by phone, online) always belong to the answer. Nobody is left out for what they did not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timezone
from itertools import chain, islice

from bot.lookup.candidates import Candidate, Finder
from bot.lookup.cards import card
from bot.lookup.categories import CATEGORIES
from bot.lookup.hit import Hit
from bot.lookup.hours import opening_state
from bot.lookup.ranking import PEOPLE, Ranked, Ranking, contradicts, usable
from bot.lookup.snapshot import Directory, Snapshot
from bot.messages import Card

__all__ = ["ENOUGH", "PAGE", "RADII_KM", "Hit", "Query", "Result", "national_services", "search"]

RADII_KM = (5.0, 25.0, 100.0)
ENOUGH = 3
"""So many usable services within a radius are enough not to look farther."""
PAGE = 3


@dataclass(frozen=True)
class Query:
    """What is looked for, and where from. Raises ValueError for what cannot be a query."""

    category: str
    lat: float
    lon: float
    country: str | None
    """Where the person is, ISO 3166-1 alpha-2."""
    now: datetime
    """Aware."""
    language: str
    people: frozenset[str] = frozenset()
    """What people have said of themselves, of `ranking.PEOPLE`; empty as a rule, since it is never asked."""
    mentioned: frozenset[str] = frozenset()
    """Of whom else they wrote ("my daughter"): puts what is for those first, and leaves nothing out."""
    spoken: frozenset[str] = frozenset()
    """Codes of languages that were asked for beside `language` ("who speaks Tigrinya")."""
    at: datetime | None = None
    """When they want to come, if another time than now; aware."""
    offset: int = 0
    limit: int = PAGE

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now: a moment without a zone")
        if not (-90 <= self.lat <= 90 and -180 <= self.lon <= 180):
            raise ValueError(f"no position: {self.lat}, {self.lon}")
        if self.category not in CATEGORIES:
            raise ValueError(f"no category: {self.category}")
        if self.at is not None and self.at.tzinfo is None:
            raise ValueError("at: a moment without a zone")
        if unknown := (self.people | self.mentioned) - PEOPLE:
            raise ValueError(f"no such people: {sorted(unknown)}")
        if self.offset < 0 or self.limit < 1:
            raise ValueError("offset and limit count from 0 and 1")


@dataclass(frozen=True)
class Result:
    """One page of what was found."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    """Services found so far: more than `offset` + hits as long as there is a further page."""
    scope: str = "none"
    """near: services around; country: none around, but elsewhere in the country; national: only such for the whole
    country; none: nothing at all."""
    radius_km: float | None = None
    """Radius that held the first page; None for the country."""
    widened: bool = False
    """It had to be wider than the first one."""
    wider_than_km: float | None = None
    """Largest radius in which there is nothing, if the nearest service lies beyond the first one."""


class _Search:
    def __init__(self, snapshot: Snapshot, query: Query) -> None:
        self.reader, self.query = snapshot.reader, query
        self.today: date = query.now.astimezone(timezone.utc).date()
        self.finder = Finder(snapshot, query.category, self.today.isoformat(), query.lat, query.lon, query.country)
        urgent = CATEGORIES[query.category].urgent
        self.ranking = Ranking(
            snapshot.reader,
            {query.language, *query.spoken},
            query.people,
            query.at or query.now,
            self.today,
            urgent=urgent,
            mentioned=query.mentioned,
        )
        self.seen: set[str] = set()

    def fresh(self, found: list[Candidate]) -> list[Candidate]:
        """Those that were not seen before and are not expressly for other people."""
        people = self.query.people
        rows = [row for row in found if row.facts.id not in self.seen and not contradicts(row, people)]
        self.seen.update(row.facts.id for row in found)
        return rows

    def hit(self, row: Ranked) -> Hit:
        found = row.candidate
        service = self.reader.service(found.facts.id)
        if service is None:
            raise LookupError(f"{found.facts.id}: in a category, but not a service")
        site = next((site for site in service.sites if site.id == found.site), None)
        local, country = found.area, self.query.country
        if local is not None:
            area = next(
                (a for a in service.areas if (a.kind, a.country, a.name) == ("place", country, local.name)), None
            )
        else:
            area = next((a for a in service.areas if a.country == country), None) if site is None else None
        return Hit(
            service=service,
            site=site,
            area=area,
            distance_km=found.km if site is not None and site.public else None,
            opening=opening_state(service.openings, service.exceptions, found.tz, self.query.now),
            overdue=row.overdue,
            score=row.score,
            parts=row.parts,
            national=found.km is None,
        )


def search(directory: Directory, query: Query) -> Result:
    """The page of services that `query` asks for. Nothing at all is found while there is no snapshot."""
    snapshot = directory.current
    if snapshot is None:
        return Result()
    looking = _Search(snapshot, query)
    everywhere = looking.fresh(looking.finder.everywhere())
    wanted = query.offset + query.limit
    near: list[Candidate] = []
    radius: float | None = None
    wider = list(RADII_KM)
    while wider and sum(usable(row, looking.today) for row in near) < ENOUGH:
        radius = wider.pop(0)
        near += looking.fresh(looking.finder.within(radius))
    local = near or looking.fresh(looking.finder.in_country())
    # A farther ring comes behind the nearer ones as a whole, so that pages do not change while people turn them.
    rings = [[*local, *everywhere]]
    total = len(rings[0])
    while wider and total <= wanted:
        rings.append(looking.fresh(looking.finder.within(wider.pop(0))))
        total += len(rings[-1])
    if near and total < wanted:
        rings.append(looking.fresh(looking.finder.in_country()))
        total += len(rings[-1])
    elif near and total == wanted:
        total += looking.finder.more_in_country(looking.seen)
    order = chain.from_iterable(looking.ranking.ordered(ring) for ring in rings)
    nearest = min((row.km for row in local if row.km is not None), default=None)
    empty = [km for km in RADII_KM if nearest is not None and nearest > km]
    return Result(
        hits=tuple(looking.hit(row) for row in islice(order, query.offset, wanted)),
        total=total,
        scope="near" if near else "country" if local else "national" if everywhere else "none",
        radius_km=radius if near else None,
        widened=bool(local) and (not near or radius != RADII_KM[0]),
        wider_than_km=empty[-1] if empty else None,
    )


def national_services(
    directory: Directory,
    category: str,
    country: str,
    language: str,
    now: datetime,
    second_language: str | None = None,
) -> list[Card]:
    """At most a page of services for that whole country, best first: what can be said before the town is known."""
    snapshot = directory.current
    if snapshot is None:
        return []
    looking = _Search(snapshot, Query(category, 0.0, 0.0, country, now, language))
    rows = islice(looking.ranking.ordered(looking.fresh(looking.finder.everywhere())), PAGE)
    return [card(looking.hit(row), language, second_language, now=now) for row in rows]
