"""Checks of coordinates: can they be read, are they swapped, and do they lie in the country and near the named city?

Findings show coordinates rounded to a tenth of a degree (about 11 km): reports are passed on, and a place may be confidential.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from django.utils.translation import gettext as _

from directory import geography
from directory.exchange.checks.base import Finding, Incoming, Locate, finding
from directory.exchange.checks.towns import in_country, named
from directory.exchange.columns import Columns

__all__ = ["coarse", "place_checks", "read_degrees", "read_point", "reading_checks", "shared_points"]

CITY_KM = 50.0
"""Farther from every place of the city's name than this is reported (design of the directory, part 4)."""
_SHARED_FROM = 3
_DECIMAL = re.compile(r"[+-]?\d{1,3}(?:[.,]\d+)?")
_DMS = re.compile(
    r"""(?P<front>[NSEWO])?\s*(?P<sign>-)?(?P<d>\d{1,3})\s*[°ºd\s:]\s*(?:(?P<m>\d{1,2}(?:[.,]\d+)?)\s*(?:['′’m:]|\s|$)\s*)?
    (?:(?P<s>\d{1,2}(?:[.,]\d+)?)\s*(?:["″”s]|''|$)?\s*)?(?P<back>[NSEWO])?""",
    re.VERBOSE | re.IGNORECASE,
)
_LETTERED = re.compile(r"(?i)(?P<front>[NSEWO])?\s*(?P<d>\d{1,3}(?:[.,]\d+)?)\s*[°º]?\s*(?P<back>[NSEWO])?")


@lru_cache(maxsize=100_000)
def read_degrees(text: str) -> tuple[float, str] | None:
    """Degrees and how they were written (decimal, comma, dms) of 37.98, 37,98, 37.98° N or 37°58'48" N; None if unreadable.

    W, O (oeste, ouest) and S are negative.
    """
    typed = text.strip().replace("−", "-").replace("–", "-")
    if len(typed) > 40:
        return None
    if _DECIMAL.fullmatch(typed):
        return float(typed.replace(",", ".")), "comma" if "," in typed else "decimal"
    match = _LETTERED.fullmatch(typed)
    minutes = seconds = 0.0
    if not match:
        match = _DMS.fullmatch(typed)
        if not match:
            return None
        minutes, seconds = (float((match[part] or "0").replace(",", ".")) for part in ("m", "s"))
        if minutes >= 60 or seconds >= 60:
            return None
    degrees = float(match["d"].replace(",", ".")) + minutes / 60 + seconds / 3600
    letter = (match["front"] or match["back"] or "").upper()
    negative = letter in ("S", "W", "O") or (match.re is _DMS and bool(match["sign"]))
    return (-degrees if negative else degrees), "dms"


def _texts(columns: Columns, cells: Sequence[str]) -> tuple[str, str]:
    lat, lon = columns.first(cells, "latitude"), columns.first(cells, "longitude")
    if not lat and not lon and (both := columns.first(cells, "coordinates")[:100]):
        halves = re.split(r"\s*[;|]\s*|,\s+|(?<=\.\d)(?:,)|\s{1,}(?=[-+]?\d+[.,]\d+$)", both, maxsplit=1)
        if len(halves) != 2:
            halves = both.split(",") if both.count(",") == 1 else [both, ""]
        return halves[0].strip(), halves[1].strip()
    return lat, lon


def read_point(columns: Columns, cells: Sequence[str]) -> tuple[float, float] | None:
    """Latitude and longitude of a row in degrees, in range or not; None if it has none that can be read."""
    lat, lon = _texts(columns, cells)
    first, second = read_degrees(lat), read_degrees(lon)
    return (first[0], second[0]) if first and second else None


def _column(incoming: Incoming, name: str) -> int:
    return next(iter(incoming.columns.of(name, "coordinates")), -1)


def _rough(value: float) -> str:
    return f"{value:.1f}"


def reading_checks(incoming: Incoming) -> Iterator[Finding]:
    """Half a pair, unreadable, out of range, 0, 0; commas and degrees with minutes as notes."""
    lat_at, lon_at = _column(incoming, "latitude"), _column(incoming, "longitude")
    for row in incoming.rows:
        lat, lon = _texts(incoming.columns, row.cells)
        if not lat and not lon:
            continue
        if not lat or not lon:
            yield finding("coordinates-half", row.number, lon_at if lat else lat_at, _("one of the two is missing"))
            continue
        read = [(at, read_degrees(text)) for at, text in ((lat_at, lat), (lon_at, lon))]
        for at, one in read:
            if one is None:
                yield finding("coordinates-unreadable", row.number, at, _("is not a latitude or longitude"))
            elif one[1] in ("comma", "dms"):
                words = _("decimal comma") if one[1] == "comma" else _("degrees, minutes and seconds")
                yield finding(f"coordinates-{one[1]}", row.number, at, words, _rough(one[0]))
        (_lat_at, first), (_lon_at, second) = read
        if not first or not second:
            continue
        if first[0] == 0 and second[0] == 0:
            yield finding("coordinates-zero", row.number, lat_at, _("0, 0 lies in the sea"), "0, 0")
        elif abs(second[0]) > 180 or (abs(first[0]) > 90 and abs(second[0]) > 90):
            yield finding("coordinates-range", row.number, lat_at, _("no such place on earth"))
        elif abs(first[0]) > 90:
            yield finding(
                "coordinates-swapped", row.number, lat_at, _("this can only be a longitude"), _rough(first[0])
            )


def place_checks(incoming: Incoming) -> Iterator[Finding]:
    """Swapped or outside the country of the row; if inside, more than 50 km from every place of the city's name there."""
    lat_at = _column(incoming, "latitude")
    cities = {row.number: (at, text) for row, at, text in reversed(list(incoming.cells("city")))}
    locate: Locate = incoming.locate or named
    for number, (lat, lon) in incoming.points.items():
        country = incoming.countries[number]
        if not country:
            continue
        value = f"{_rough(lat)}, {_rough(lon)}"
        if in_country(lat, lon, country) is False:
            if abs(lon) <= 90 and in_country(lon, lat, country):
                words = _("swapped: the other way round the point lies in %(country)s") % {"country": country}
                yield finding("coordinates-swapped", number, lat_at, words, value)
            else:
                words = _("more than 50 km outside %(country)s") % {"country": country}
                yield finding("coordinates-country", number, lat_at, words, value)
        elif number in cities:
            at, city = cities[number]
            known = locate(city, country)
            if known and (away := min(geography.distance_km(lat, lon, *place) for place in known)) > CITY_KM:
                words = _("about %(km)d km from the point of this row") % {"km": round(away, -1)}
                yield finding("coordinates-city", number, at, words, city)


def shared_points(incoming: Incoming) -> Iterator[Finding]:
    """Three rows and more on one point."""
    rows: dict[tuple[float, float], list[int]] = defaultdict(list)
    for number, (lat, lon) in incoming.points.items():
        rows[round(lat, 5), round(lon, 5)].append(number)
    for numbers in rows.values():
        if len(numbers) >= _SHARED_FROM:
            words = _("%(count)d rows have this point, first row %(first)d") % {
                "count": len(numbers),
                "first": numbers[0],
            }
            for number in numbers:
                yield finding("coordinates-shared", number, _column(incoming, "latitude"), words)


def coarse(incoming: Incoming) -> Iterator[Finding]:
    """Decimal degrees with fewer than three decimals in both figures."""
    for row in incoming.rows:
        pair = _texts(incoming.columns, row.cells)
        if (
            all(pair)
            and row.number in incoming.points
            and all(re.fullmatch(r"[+-]?\d+([.,]\d{0,2})?", text) for text in pair)
        ):
            yield finding(
                "coordinates-coarse", row.number, _column(incoming, "latitude"), _("fewer than three decimals")
            )
