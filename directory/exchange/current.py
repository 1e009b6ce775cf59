"""What the directory says of many services at once, in the same form in which incoming rows say it, so that the two compare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from directory.models import (
    Location,
    OpeningException,
    OpeningInterval,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
    SpokenLanguage,
)

__all__ = ["CODED", "EXACT", "KINDS", "PLACE", "PLAIN", "Values", "area_row", "hours_row", "read"]

Values = dict[str, Any]
"""JSON values by field: the names of PLAIN and LISTS, `texts/<lang>/<field>`, `contact/<kind>`, `place/<location>/<field>`."""

CODED = ("delivery", "urgency", "papers", "shares_data", "genders", "cost", "booking", "operator_type", "must_report")
PLAIN = (*CODED, "min_age", "max_age", "audiences", "nationalities", "serves_countries")
"""Fields of a service that a file may hold as they are."""
KINDS = ("phone", "sms", "whatsapp", "telegram", "signal", "email", "web")
EXACT = ("name", "address", "postcode", "transport", "lat", "lon")
"""Fields of a place that a file never changes once the place is confidential."""
PLACE = ("name", "address", "postcode", "city", "admin1", "country", "lat", "lon", "transport", "wheelchair")
"""Fields of a place. Those of `Location.EXACT` are there only for public places."""


def hours_row(weekday: int, opens: int, closes: int, appointment: bool, first: Any, last: Any) -> list[Any]:
    """One interval; closing at 23:59 counts as 24:00, because HSDS has no 24:00."""
    day = [value.isoformat() if hasattr(value, "isoformat") else value for value in (first, last)]
    return [weekday, opens, 1440 if closes == 1439 else closes, bool(appointment), *day]


def area_row(
    kind: str, country: str, name: str, lat: float | None, lon: float | None, radius: float | None
) -> list[Any]:
    """One area."""
    return [kind, country, name, lat, lon, radius]


def _listed(rows: Iterable[list[Any]]) -> list[list[Any]]:
    return sorted(rows, key=lambda row: [(value is None, str(value).rjust(8)) for value in row])


def read(services: Iterable[int]) -> dict[int, Values]:
    """The values of these services by primary key: a fixed number of queries. Confidential places are never queried."""
    wanted = list(services)
    records = Service.objects.filter(pk__in=wanted).select_related("organisation").prefetch_related("categories")
    found = {record.pk: _service(record) for record in records}
    _texts(found, wanted)
    _contacts(found, wanted)
    _places(found, wanted)
    lists: Mapping[str, dict[int, list[list[Any]]]] = {
        name: defaultdict(list) for name in ("hours", "exceptions", "spoken", "areas")
    }
    for h in OpeningInterval.objects.filter(service__in=wanted).order_by():
        row = hours_row(h.weekday, h.opens, h.closes, h.appointment_only, h.valid_from, h.valid_to)
        lists["hours"][h.service_id].append(row)
    for e in OpeningException.objects.filter(service__in=wanted, date__gte=timezone.localdate()).order_by():
        closes = 1440 if e.closes == 1439 else e.closes
        lists["exceptions"][e.service_id].append([e.date.isoformat(), e.opens, closes])
    for s in SpokenLanguage.objects.filter(service__in=wanted).order_by():
        lists["spoken"][s.service_id].append([s.lang, s.via_interpreter])
    for a in ServiceArea.objects.filter(service__in=wanted).order_by():
        lists["areas"][a.service_id].append(area_row(a.kind, a.country, a.name, a.lat, a.lon, a.radius_km))
    for pk, values in found.items():
        for name, rows in lists.items():
            values[name] = _listed(rows.get(pk, []))
    return found


def _service(record: Service) -> Values:
    values: Values = {name: getattr(record, name) for name in PLAIN}
    for name in ("audiences", "nationalities", "serves_countries"):
        values[name] = sorted(values[name])
    return values | {
        "organisation": record.organisation.name,
        "status": record.status,
        "categories": sorted(category.pk for category in record.categories.all()),
        "verified_on": record.verified_on.isoformat() if record.verified_on else None,
    }


def _texts(found: dict[int, Values], wanted: list[int]) -> None:
    for text in ServiceText.objects.filter(service__in=wanted).order_by():
        for field in ServiceText.WORDING:
            found[text.service_id][f"texts/{text.lang}/{field}"] = getattr(text, field)


def _contacts(found: dict[int, Values], wanted: list[int]) -> None:
    uses = ServiceContact.objects.filter(service__in=wanted).select_related("contact").order_by("position", "pk")
    for use in uses:
        found[use.service_id].setdefault(f"contact/{use.contact.kind}", []).append(use.contact.value)


def _places(found: dict[int, Values], wanted: list[int]) -> None:
    """Each place under its UUID; the only place of a service also under no name."""
    sites: dict[int, list[Location]] = defaultdict(list)
    for site in ServiceAtLocation.objects.filter(service__in=wanted).select_related("location").order_by("pk"):
        sites[site.service_id].append(site.location)
    for pk, places in sites.items():
        for place in places:
            facts = {name: getattr(place, name) for name in PLACE}
            if place.visibility != Location.Visibility.PUBLIC:
                facts = {
                    "city": place.city,
                    "admin1": place.admin1,
                    "country": place.country,
                    "wheelchair": place.wheelchair,
                }
            for name in (str(place.uuid), *([""] if len(places) == 1 else [])):
                found[pk] |= {f"place/{name}/{field}": value for field, value in facts.items()}
                found[pk][f"place/{name}/visibility"] = place.visibility
