"""Time zone of a point, and the middle of a named town: from GeoNames' towns of 5,000 inhabitants and more, offline."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from directory.exchange.checks.towns import _cities
from directory.exchange.columns import key
from directory.geography import distance_km

__all__ = ["Town", "nearest", "town", "zone"]

_DOMINANT = 10
"""Of several towns of one name the largest is taken if it has so many times the inhabitants of the next (directory.md, part 7)."""


class Town(NamedTuple):
    """A town's middle in degrees, and its IANA time zone."""

    lat: float
    lon: float
    tz: str


@lru_cache(maxsize=300)
def _by_name(country: str) -> dict[str, list[tuple[int, Town]]]:
    found: dict[str, list[tuple[int, Town]]] = {}
    for city in _cities().get(country, ()):
        fact = (int(city["population"]), Town(city["latitude"], city["longitude"], city["timezone"]))
        for name in {key(name) for name in (city["name"], *city["alternatenames"])}:
            found.setdefault(name, []).append(fact)
    return {name: sorted(facts, reverse=True) for name, facts in found.items()}


@lru_cache(maxsize=50_000)
def town(name: str, country: str) -> Town | None:
    """The town of that name in the country; None if there is none, or several that could be meant."""
    named = _by_name(country).get(key(name), []) or _by_name(country).get(key(name.split(",")[0]), [])
    if not named:
        return None
    if len(named) > 1 and named[0][0] < _DOMINANT * max(1, named[1][0]):
        return None
    return named[0][1]


@lru_cache(maxsize=300)
def _zones(country: str) -> tuple[str, ...]:
    return tuple({city["timezone"] for city in _cities().get(country, ())})


@lru_cache(maxsize=50_000)
def _nearest(lat: float, lon: float, country: str) -> str:
    cities = _cities().get(country, ())
    return str(min(cities, key=lambda city: distance_km(lat, lon, city["latitude"], city["longitude"]))["timezone"])


def zone(lat: float | None, lon: float | None, country: str) -> str:
    """IANA time zone of the nearest town of the country; '' if the country's towns are not known, or need a point."""
    zones = _zones(country)
    if len(zones) == 1:
        return zones[0]
    if not zones or lat is None or lon is None:
        return ""
    return _nearest(round(lat, 1), round(lon, 1), country)


@lru_cache(maxsize=50_000)
def nearest(lat: float, lon: float, country: str) -> tuple[str, Town] | None:
    """Name and place of the nearest town of the country to a point (rounded to 0.1 degrees by the caller); None without towns."""
    cities = _cities().get(country, ())
    if not cities:
        return None
    best = min(cities, key=lambda city: distance_km(lat, lon, city["latitude"], city["longitude"]))
    return str(best["name"]), Town(best["latitude"], best["longitude"], best["timezone"])
