"""What the bot says about a service now, in short, for the person who is asked whether it is still true: public facts only."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from directory.codes import country_name
from directory.fields import format_clock
from directory.models import Location, OpeningInterval, Service, ServiceText

__all__ = ["Summary", "prepared", "summary"]


@dataclass(frozen=True)
class Summary:
    """One service in words of the language that is active. `digest` changes with any of the facts, not with the language."""

    pk: int
    name: str
    places: tuple[str, ...]
    hours: tuple[str, ...]
    contacts: tuple[tuple[str, str], ...]
    """(kind in words, value)"""
    checked: date | None
    due: date | None
    digest: str


def prepared(services: QuerySet[Service]) -> QuerySet[Service]:
    """The services with all that a summary reads."""
    parts = ("texts", "hours", "service_contacts__contact", "locations", "areas")
    return services.select_related("organisation").prefetch_related(*parts)


def summary(service: Service, language: str, today: date) -> Summary:
    """Name, city, weekly hours and contacts. Of a place that is not public no more than what people are told."""
    texts = {t.lang: t.name for t in service.texts.all() if t.state in ServiceText.PUBLISHED_STATES}
    name = texts.get(language) or texts.get(service.source_language) or next(iter(texts.values()), service.public_id)
    hours = [h for h in service.hours.all() if h.valid_to is None or h.valid_to >= today]
    uses = service.service_contacts.all()
    places = [(location, _place(location)) for location in service.locations.all()]
    areas = [(area.kind, area.country, area.name) for area in service.areas.all()]
    facts = (
        texts.get(service.source_language),
        service.status,
        [(h.weekday, h.opens, h.closes, h.appointment_only) for h in hours],
        [(use.contact.kind, use.contact.value) for use in uses],
        [(place.visibility, place.city, place.country, place.name, place.address) for place, _text in places],
        areas,
    )
    return Summary(
        pk=service.pk,
        name=name,
        places=tuple(text for _location, text in places)
        or tuple(", ".join(filter(None, (area, country_name(country)))) for _kind, country, area in areas),
        hours=(_("temporarily closed"),) if service.status == Service.Status.PAUSED else tuple(_hours(hours)),
        contacts=tuple((str(capfirst(use.contact.get_kind_display())), use.contact.value) for use in uses),
        checked=service.verified_on,
        due=service.review_due,
        digest=hashlib.sha256(repr(facts).encode()).hexdigest()[:16],
    )


def _place(location: Location) -> str:
    if location.visibility == Location.Visibility.CONTACT_ONLY:
        return _("place not told, only the contacts")
    town = f"{location.city}, {country_name(location.country)}"
    if location.visibility == Location.Visibility.AREA_ONLY:
        return town
    return ", ".join(part for part in (location.name, location.address, town) if part)


def _hours(hours: Iterable[OpeningInterval]) -> Iterable[str]:
    """One line for days in a row with the same hours: `Monday–Friday 09:00–12:00, 13:00–17:00`."""
    days: dict[int, list[str]] = {}
    for h in sorted(hours, key=lambda h: (h.weekday, h.opens)):
        note = f" ({_('by appointment')})" if h.appointment_only else ""
        days.setdefault(h.weekday, []).append(f"{format_clock(h.opens)}–{format_clock(h.closes)}{note}")
    runs: list[tuple[int, int, str]] = []
    for day, spans in sorted(days.items()):
        text = ", ".join(spans)
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == text:
            runs[-1] = (runs[-1][0], day, text)
        else:
            runs.append((day, day, text))
    for first, last, text in runs:
        yield f"{WEEKDAYS[first]}{f'–{WEEKDAYS[last]}' if last > first else ''} {text}"
