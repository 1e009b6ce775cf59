"""Where the services of each category are: a small index in memory, read once from a snapshot (about 10 MB per 100,000)."""

from __future__ import annotations

import json
import sqlite3
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.lookup.geometry import boxes, distance_km

__all__ = ["Index", "LocalArea", "Spot"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A site of a service."""

    service: str
    site: str
    tz: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class LocalArea:
    """A part of a country in which a service without a public place can be used: a circle."""

    service: str
    name: str
    tz: str
    lat: float
    lon: float
    radius_km: float


@dataclass(slots=True)
class _Category:
    lats: list[float] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)  # by latitude, like `lats`
    by_country: dict[str, list[Spot]] = field(default_factory=dict)
    areas: dict[str, list[LocalArea]] = field(default_factory=dict)
    everywhere: dict[str, dict[str, str]] = field(default_factory=dict)  # country: {service: time zone}


class Index:
    """Services by category and place."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._categories: dict[str, _Category] = {}
        for category, service, site, tz, lat, lon, country in db.execute(
            "SELECT c.category, t.service_id, t.id, t.tz, t.lat, t.lon, t.country FROM site t"
            " JOIN service_category c ON c.service_id = t.service_id ORDER BY t.lat, t.lon, t.id"
        ):
            here = self._of(category)
            spot = Spot(service, site, sys.intern(tz), lat, lon)
            here.lats.append(lat)
            here.spots.append(spot)
            here.by_country.setdefault(country, []).append(spot)
        for category, service, kind, country, name, tz, lat, lon, radius in db.execute(
            "SELECT c.category, a.service_id, a.kind, a.country, a.name, a.tz, a.lat, a.lon, a.radius_km"
            " FROM service_area a JOIN service_category c ON c.service_id = a.service_id ORDER BY a.service_id, a.name"
        ):
            here = self._of(category)
            if kind == "country":
                here.everywhere.setdefault(country, {})[service] = sys.intern(tz)
            elif lat is not None and lon is not None:
                area = LocalArea(service, name, sys.intern(tz), lat, lon, radius or 0.0)
                here.areas.setdefault(country, []).append(area)
        for category, service, countries, tz in db.execute(
            "SELECT c.category, s.id, s.serves_countries, (SELECT min(tz) FROM service_area a WHERE a.service_id = s.id)"
            " FROM service s JOIN service_category c ON c.service_id = s.id"
            " WHERE s.delivery IN ('phone', 'online') AND s.serves_countries <> '[]' ORDER BY s.id"
        ):
            for country in json.loads(countries):
                self._of(category).everywhere.setdefault(country, {}).setdefault(service, tz or "UTC")

    def _of(self, category: str) -> _Category:
        return self._categories.setdefault(category, _Category())

    def within(self, category: str, lat: float, lon: float, radius_km: float) -> Iterator[tuple[float, Spot]]:
        """(km, site) of all sites within the radius."""
        here = self._categories.get(category)
        if here is None:
            return
        for south, north, west, east in boxes(lat, lon, radius_km):
            for at in range(bisect_left(here.lats, south), bisect_right(here.lats, north)):
                spot = here.spots[at]
                if west <= spot.lon <= east:
                    km = distance_km(lat, lon, spot.lat, spot.lon)
                    if km <= radius_km:
                        yield km, spot

    def in_country(self, category: str, country: str) -> list[Spot]:
        """All sites in the country."""
        here = self._categories.get(category)
        return here.by_country.get(country, []) if here else []

    def areas(self, category: str, country: str) -> list[LocalArea]:
        """Areas in the country that are not all of it."""
        here = self._categories.get(category)
        return here.areas.get(country, []) if here else []

    def everywhere(self, category: str, country: str) -> dict[str, str]:
        """Services for all of the country, by phone, online, or wherever people are, with their time zone."""
        here = self._categories.get(category)
        return here.everywhere.get(country, {}) if here else {}
