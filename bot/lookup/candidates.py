"""Services that may answer a search, from the snapshot: near a point, in a country, by phone or online."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.lookup.geometry import boxes, distance_km
from bot.lookup.reading import AREA, SITE
from bot.lookup.records import Area, Site
from bot.lookup.snapshot import Snapshot

__all__ = ["Candidate", "Finder"]

_FACTS = (
    "s.id, s.paused, s.papers, s.genders, s.min_age, s.max_age, s.audiences, s.booking, s.verified_on, s.review_due"
)
_UNDERSTOOD = {"prs": ("prs", "fa"), "fa": ("fa", "prs")}
"""Languages whose speakers understand each other."""


@dataclass(slots=True)
class Candidate:
    """A service with the facts that its rank needs."""

    id: str
    paused: int
    papers: str
    genders: str
    min_age: int | None
    max_age: int | None
    audiences: str
    """JSON."""
    booking: str
    verified_on: str
    review_due: str
    spoken: int | None
    """0: the asked language is spoken; 1: through an interpreter; None: neither."""
    km: float | None
    """To its site or to the centre of its area; None if it serves a whole country: by phone, online, or anywhere."""
    tz: str
    site_row: Sequence[Any] | None = None
    area: Area | None = None

    @property
    def site(self) -> Site | None:
        """The site at which it was found."""
        return Site(*self.site_row) if self.site_row is not None else None

    def audience(self) -> frozenset[str]:
        """For whom the service is meant above all."""
        return frozenset(json.loads(self.audiences))


def _prefixed(columns: str, table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in columns.split(", "))


_SITE_NAMES = SITE.split(", ")
_LAT, _LON, _TZ = (_SITE_NAMES.index(name) for name in ("lat", "lon", "tz"))
_SITE_COUNT, _AREA_COUNT = len(_SITE_NAMES), len(AREA.split(", "))


def _nearest(rows: Iterable[Candidate]) -> list[Candidate]:
    """One candidate a service: that of its nearest site."""
    found: dict[str, Candidate] = {}
    for row in rows:
        known = found.get(row.id)
        if known is None or (row.km or 0.0) < (known.km or 0.0):
            found[row.id] = row
    return list(found.values())


class Finder:
    """Finds the services of one category for somebody at a point. Each service comes once, with its nearest site."""

    def __init__(
        self, snapshot: Snapshot, category: str, language: str, today: str, lat: float, lon: float, country: str | None
    ) -> None:
        """`today` is an ISO date: services that are hidden by then do not count."""
        self._db, self._remote_ids = snapshot.db, snapshot.remote.get((category, country or ""), ())
        self._category, self._today, self._lat, self._lon, self._country = category, today, lat, lon, country
        self._spoken = _UNDERSTOOD.get(language, (language,))
        marks = ",".join("?" * len(self._spoken))
        self._facts = (
            f"{_FACTS}, (SELECT min(via_interpreter) FROM spoken_language l"
            f" WHERE l.service_id = s.id AND l.lang IN ({marks}))"
        )
        self._areas = list(self._read_areas()) if country else []

    def _sites(self, source: str, *values: Any) -> Iterator[Candidate]:
        columns = _prefixed(SITE, "t")
        for row in self._db.execute(f"SELECT {columns}, {self._facts} {source}", (*self._spoken, *values)):
            km = distance_km(self._lat, self._lon, row[_LAT], row[_LON])
            yield Candidate(*row[_SITE_COUNT:], km, row[_TZ], row[:_SITE_COUNT])

    def _read_areas(self) -> Iterator[Candidate]:
        columns = _prefixed(AREA, "a")
        rows = self._db.execute(
            f"SELECT {columns}, {self._facts} FROM service_area a CROSS JOIN service_category c"
            " ON c.category = ? AND c.service_id = a.service_id CROSS JOIN service s ON s.id = a.service_id"
            " WHERE a.country = ? AND s.hidden_after >= ?",
            (*self._spoken, self._category, self._country, self._today),
        )
        for row in rows:
            area = Area(*row[:_AREA_COUNT])
            km = None
            if area.kind == "place":
                if area.lat is None or area.lon is None:
                    continue
                km = distance_km(self._lat, self._lon, area.lat, area.lon)
            yield Candidate(*row[_AREA_COUNT:], km, area.tz, None, area)

    def within(self, radius_km: float) -> list[Candidate]:
        """Services with a site within the radius, and those whose area holds the point and has its centre within it."""

        def rows() -> Iterator[Candidate]:
            # CROSS JOIN keeps the order of tables: the index on (lat, lon) first, not all services of the category.
            source = (
                "FROM site t CROSS JOIN service_category c ON c.category = ? AND c.service_id = t.service_id"
                " CROSS JOIN service s ON s.id = t.service_id"
                " WHERE t.lat BETWEEN ? AND ? AND t.lon BETWEEN ? AND ? AND s.hidden_after >= ?"
            )
            for box in boxes(self._lat, self._lon, radius_km):
                found = self._sites(source, self._category, *box, self._today)
                yield from (row for row in found if row.km is not None and row.km <= radius_km)
            for row in self._areas:
                if row.km is not None and row.area and row.km <= min(radius_km, row.area.radius_km or 0.0):
                    yield row

        return _nearest(rows())

    def _in_country(self, columns: str) -> str:
        return (
            f"SELECT {columns} FROM service_category c CROSS JOIN site t ON t.service_id = c.service_id AND t.country = ?"
            " CROSS JOIN service s ON s.id = c.service_id WHERE c.category = ? AND s.hidden_after >= ?"
        )

    def in_country(self) -> list[Candidate]:
        """All services with a site or a local area in the country."""
        if not self._country:
            return []
        source = self._in_country("").removeprefix("SELECT ").strip()
        sites = self._sites(source, self._country, self._category, self._today)
        return _nearest([*sites, *(row for row in self._areas if row.km is not None)])

    def more_in_country(self, seen: set[str]) -> bool:
        """Whether the country has others than those; cheaper than `in_country`."""
        if not self._country:
            return False
        sites = self._db.execute(self._in_country("c.service_id"), (self._country, self._category, self._today))
        if any(identifier not in seen for (identifier,) in sites):
            return True
        return any(row.km is not None and row.id not in seen for row in self._areas)

    def remote(self) -> list[Candidate]:
        """Services for a whole country: by phone or online, or of an area that is the country."""
        found = {row.id: row for row in self._areas if row.km is None}
        missing = [identifier for identifier in self._remote_ids if identifier not in found]
        for start in range(0, len(missing), 500):
            part = missing[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._db.execute(
                f"SELECT {self._facts}, (SELECT tz FROM service_area a WHERE a.service_id = s.id ORDER BY country)"
                f" FROM service s WHERE s.id IN ({marks}) AND s.hidden_after >= ?",
                (*self._spoken, *part, self._today),
            )
            for *facts, tz in rows:
                found[facts[0]] = Candidate(*facts, None, tz or "UTC")
        return list(found.values())
