"""The place of an incoming row as a `Location`: what it lacks is taken from the named town, and shelters keep their address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from directory.exchange.current import PLACE, Values
from directory.exchange.geodesy import nearest, town, zone
from directory.models import Location

__all__ = ["CONFIDENTIAL_CATEGORIES", "Place", "must_be_confidential", "of_entry", "settle"]

CONFIDENTIAL_CATEGORIES = frozenset({"shelter", "safe_space"})
"""New places of these are told as their town only; a protection officer may open them (safety.md, decision 8)."""


@dataclass(frozen=True)
class Place:
    """Facts for a new location, for its confidential part if it has one, and the rule to tell staff ('' for none)."""

    facts: Mapping[str, Any]
    confidential: Mapping[str, Any] | None
    rule: str


def must_be_confidential(categories: Iterable[str]) -> bool:
    """Whether a new place of these categories is told as its town only."""
    return not CONFIDENTIAL_CATEGORIES.isdisjoint(categories)


def of_entry(values: Values) -> dict[str, dict[str, Any]]:
    """The facts of each place that a row names, by its reference ('' in spreadsheets)."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        if name.startswith("place/"):
            _place, ref, field = name.split("/", 2)
            found.setdefault(ref, {})[field] = value
    return found


def settle(given: Mapping[str, Any], *, confidential: bool) -> Place | None:
    """A valid place from what the row says; None if neither point nor town is known, or no country."""
    country = str(given.get("country") or "")
    lat, lon = given.get("lat"), given.get("lon")
    if not country:
        return None
    named = town(str(given["city"]), country) if given.get("city") else None
    rule = ""
    if lat is None or lon is None:
        if named is None:
            return None
        lat, lon, rule = named.lat, named.lon, "place-no-point"
    near = nearest(round(lat, 1), round(lon, 1), country)
    centre = named or (near[1] if near else None)
    city = str(given.get("city") or (near[0] if near else ""))
    tz = zone(lat, lon, country) or (centre.tz if centre else "")
    if not city or not tz or centre is None:
        return None
    facts: dict[str, Any] = {name: given.get(name) or "" for name in PLACE if name not in ("lat", "lon", "wheelchair")}
    facts |= {"city": city, "country": country, "tz": tz, "centre_lat": centre.lat, "centre_lon": centre.lon}
    facts |= {"wheelchair": given.get("wheelchair") or "unknown", "lat": lat, "lon": lon, "visibility": "public"}
    if not confidential:
        return Place(facts, None, rule)
    secret = {name: facts[name] for name in ("address", "postcode", "transport", "lat", "lon")}
    if rule:
        secret |= {"lat": None, "lon": None}
    hidden = {"name": "", "address": "", "postcode": "", "transport": "", "lat": None, "lon": None}
    return Place({**facts, **hidden, "visibility": Location.Visibility.AREA_ONLY.value}, secret, "")
