"""The services as GeoJSON (RFC 7946: WGS 84, longitude before latitude), written piece by piece.

`precision` says what a point is: `exact` (a public place), `city` (the centre of the city of a place that is not public) or
`none` (geometry null: only the phone is told, or there is no place). Addresses are those of public places only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import F

from directory.maps.sites import Filters, freshness, services, sites
from directory.models import Location, Service, ServiceAtLocation, ServiceContact, ServiceText, User

__all__ = ["pieces"]

_CHUNK = 1000
Visibility = Location.Visibility


def pieces(user: User, wanted: Filters) -> Iterator[str]:
    """A FeatureCollection in pieces of a thousand features: first services at their places, then those without a place."""
    yield '{"type": "FeatureCollection", "features": [\n'
    first = True
    for features in _chunks(user, wanted):
        lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
        yield lines if first else f",\n{lines}"
        first = False
    yield "\n]}\n"


def _chunks(user: User, wanted: Filters) -> Iterator[list[dict[str, Any]]]:
    last = 0
    while rows := list(sites(user, wanted).filter(pk__gt=last).select_related("location").order_by("pk")[:_CHUNK]):
        last = rows[-1].pk
        known = _known({row.service_id for row in rows})
        yield [_at_place(row, known[row.service_id]) for row in rows if row.service_id in known]
    if wanted.country:
        return  # services without a place belong to no country
    last = 0
    nowhere = services(user, wanted).filter(sites__isnull=True)
    while keys := list(nowhere.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_CHUNK]):
        last = keys[-1]
        yield [_feature(known["service"], None, {**known, "precision": "none"}) for known in _known(keys).values()]


def _known(keys: Iterable[int]) -> dict[int, dict[str, Any]]:
    """What is said of each of these services, wherever it is. Read as plain rows: objects take three times as long."""
    wanted = list(keys)
    facts = ("pk", "public_id", "organisation__name", "status", "verified_on", "review_due", "hidden_after")
    found: dict[int, dict[str, Any]] = {}
    for row in Service.objects.filter(pk__in=wanted).order_by().values(*facts):
        days = (row["verified_on"], row["review_due"], row["hidden_after"])
        found[row["pk"]] = {
            "service": row["public_id"],
            "name": row["public_id"],
            "organisation": row["organisation__name"],
            "status": row["status"],
            "categories": [],
            "contacts": [],
            "freshness": freshness(*days),
            "checked_on": days[0].isoformat() if days[0] else None,
            "check_again_by": days[1].isoformat() if days[1] else None,
        }
    texts = ServiceText.objects.filter(service__in=wanted).order_by("-pk")
    first = texts.filter(lang=F("service__source_language")).values_list("service_id", "name")
    for service, name in first:
        found[service]["name"] = name
    nameless = set(wanted) - {service for service, _name in first}
    for service, name in texts.filter(service__in=nameless).values_list("service_id", "name") if nameless else ():
        found[service]["name"] = name
    kinds = Service.categories.through.objects.filter(service__in=wanted).order_by("category_id")
    for service, category in kinds.values_list("service_id", "category_id"):
        found[service]["categories"].append(category)
    uses = ServiceContact.objects.filter(service__in=wanted).order_by("position", "pk")
    for service, value in uses.values_list("service_id", "contact__value"):
        found[service]["contacts"].append(value)
    return found


def _at_place(site: ServiceAtLocation, service: dict[str, Any]) -> dict[str, Any]:
    place = site.location
    facts: dict[str, Any] = {"city": place.city, "province": place.admin1, "country": place.country}
    point, precision = None, "none"
    if place.visibility == Visibility.PUBLIC and place.lat is not None and place.lon is not None:
        point, precision = [place.lon, place.lat], "exact"
        facts |= {"place": place.name, "address": place.address, "postcode": place.postcode}
    elif place.visibility == Visibility.AREA_ONLY and place.centre_lat is not None and place.centre_lon is not None:
        point, precision = [place.centre_lon, place.centre_lat], "city"
    return _feature(f"{service['service']}:{place.public_id}", point, {**service, **facts, "precision": precision})


def _feature(identifier: str, point: list[float] | None, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": point} if point else None
    return {"type": "Feature", "id": identifier, "geometry": geometry, "properties": properties}
