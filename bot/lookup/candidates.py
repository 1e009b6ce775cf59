"""Services that may answer a search: near a point, in a country, by phone or online."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.lookup.geometry import distance_km
from bot.lookup.index import LocalArea, Spot
from bot.lookup.reading import Facts
from bot.lookup.snapshot import Snapshot

__all__ = ["Candidate", "Finder"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service as it is seen from where somebody is."""

    facts: Facts
    km: float | None
    """To its site or to the centre of its area; None if it serves a whole country: by phone, online, or anywhere."""
    tz: str
    site: str | None = None
    """Id of its nearest site."""
    area: LocalArea | None = None


_Seen = tuple[str, float | None, str, str | None, LocalArea | None]


class Finder:
    """Finds the services of one category for somebody at a point. Each service comes once, with its nearest site."""

    def __init__(
        self, snapshot: Snapshot, category: str, today: str, lat: float, lon: float, country: str | None
    ) -> None:
        """`today` is an ISO date: services that are hidden by then do not count."""
        self._index, self._reader = snapshot.index, snapshot.reader
        self._category, self._today, self._lat, self._lon, self._country = category, today, lat, lon, country or ""

    def _candidates(self, seen: Iterable[_Seen]) -> list[Candidate]:
        nearest: dict[str, _Seen] = {}
        for row in seen:
            known = nearest.get(row[0])
            if known is None or (row[1] or 0.0) < (known[1] or 0.0):
                nearest[row[0]] = row
        facts = self._reader.facts(list(nearest))
        return [
            Candidate(facts[service], km, tz, site, area)
            for service, km, tz, site, area in nearest.values()
            if facts[service].hidden_after >= self._today
        ]

    def _site(self, km: float, spot: Spot) -> _Seen:
        return spot.service, km, spot.tz, spot.site, None

    def _areas(self) -> list[tuple[float, LocalArea]]:
        areas = self._index.areas(self._category, self._country)
        return [(distance_km(self._lat, self._lon, area.lat, area.lon), area) for area in areas]

    def within(self, radius_km: float) -> list[Candidate]:
        """Services with a site within the radius, and those whose area holds the point and has its centre within it."""
        sites = self._index.within(self._category, self._lat, self._lon, radius_km)
        seen = [self._site(km, spot) for km, spot in sites]
        for km, area in self._areas():
            if km <= min(radius_km, area.radius_km):
                seen.append((area.service, km, area.tz, None, area))
        return self._candidates(seen)

    def in_country(self) -> list[Candidate]:
        """All services with a site or a local area in the country."""
        spots = self._index.in_country(self._category, self._country)
        seen = [self._site(distance_km(self._lat, self._lon, spot.lat, spot.lon), spot) for spot in spots]
        seen += [(area.service, km, area.tz, None, area) for km, area in self._areas()]
        return self._candidates(seen)

    def more_in_country(self, seen: set[str]) -> bool:
        """Whether the country may have others than those; cheaper than `in_country`."""
        spots = self._index.in_country(self._category, self._country)
        areas = self._index.areas(self._category, self._country)
        return any(spot.service not in seen for spot in spots) or any(area.service not in seen for area in areas)

    def everywhere(self) -> list[Candidate]:
        """Services for the whole country."""
        found = self._index.everywhere(self._category, self._country)
        return self._candidates((service, None, tz, None, None) for service, tz in found.items())
