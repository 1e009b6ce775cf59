"""A service as a person sees it: its facts, and its words in the best language that it has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from bot.lookup.articles import language_order
from bot.lookup.geometry import distance_km
from bot.lookup.hit import Hit
from bot.lookup.hours import OpenState, opening_state, zone
from bot.lookup.ranking import overdue
from bot.lookup.records import Area, Service, Site, Wording
from bot.messages import Card

__all__ = ["card", "wording"]


def wording(service: Service, language: str, second_language: str | None = None) -> Wording | None:
    """The service's words in the reader's language, else their second, English, or any; None if it has none."""
    by_language = {row.lang: row for row in service.wordings}
    for code in language_order(language, second_language):
        if code in by_language:
            return by_language[code]
    return service.wordings[0] if service.wordings else None


def card(
    found: Hit | Service,
    language: str,
    second_language: str | None = None,
    *,
    now: datetime,
    here: tuple[float, float] | None = None,
) -> Card:
    """The card of a hit, or of a service seen from `here` (latitude, longitude); `now` is aware."""
    if isinstance(found, Hit):
        return _card(
            found.service, found.site, found.area, found.distance_km, found.opening, language, second_language, now
        )
    site = _nearest(found.sites, here)
    area = None if site else next(iter(found.areas), None)
    public = site is not None and site.public
    away = distance_km(*here, site.lat, site.lon) if here and public and site else None
    tz = site.tz if site else area.tz if area else "UTC"
    opening = opening_state(found.openings, found.exceptions, tz, now)
    return _card(found, site, area, away, opening, language, second_language, now)


def _nearest(sites: Sequence[Site], here: tuple[float, float] | None) -> Site | None:
    if not sites or here is None:
        return sites[0] if sites else None
    return min(sites, key=lambda site: (distance_km(*here, site.lat, site.lon), site.id))


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="minutes") if moment else None


def _card(
    service: Service,
    site: Site | None,
    area: Area | None,
    away: float | None,
    opening: OpenState,
    language: str,
    second_language: str | None,
    now: datetime,
) -> Card:
    words = wording(service, language, second_language)
    public = site is not None and site.public
    tz = site.tz if site else area.tz if area else "UTC"
    day = now.astimezone(zone(tz)).date().isoformat()
    state = "paused" if service.paused else opening.state
    countries = {service.serves_countries[0]} if len(service.serves_countries) == 1 else set()
    return Card(
        id=service.id,
        name=words.name if words else service.organisation,
        organisation=service.organisation,
        short_text=words.short_text if words else "",
        distance_km=away,
        address=_address(site) if site and public else None,
        city=site.city if site else area.name if area and area.kind == "place" else "",
        open=state,
        open_until=_iso(opening.until) if state in ("open", "appointment") else None,
        opens_at=_iso(opening.opens) if state in ("closed", "appointment") else None,
        hours=tuple(
            {"weekday": o.weekday, "opens": o.opens, "closes": o.closes, "appointment_only": o.appointment_only}
            for o in service.openings
            if (o.valid_from is None or o.valid_from <= day) and (o.valid_to is None or day <= o.valid_to)
        ),
        cost=service.cost,
        cost_note=words.cost_note if words else "",
        delivery=service.delivery,
        booking=service.booking,
        papers=service.papers,
        languages=tuple(row.lang for row in service.spoken if not row.via_interpreter),
        interpreted=tuple(row.lang for row in service.spoken if row.via_interpreter),
        phones=tuple(dict.fromkeys(row.value for row in service.contacts if row.kind == "phone")),
        contacts=tuple({"kind": row.kind, "value": row.value} for row in service.contacts),
        how_to_get_help=words.how_to_get_help if words else "",
        what_to_bring=words.what_to_bring if words else "",
        eligibility=words.eligibility_text if words else "",
        genders=service.genders,
        min_age=service.min_age,
        max_age=service.max_age,
        transport=site.transport if site and public else "",
        wheelchair=site.wheelchair if site else "unknown",
        operator_type=service.operator_type,
        must_report=service.must_report,
        verified_on=service.verified_on,
        overdue=overdue(service.verified_on, service.review_due, now.astimezone(timezone.utc).date()),
        lat=site.lat if site and public else None,
        lon=site.lon if site and public else None,
        country=site.country if site else area.country if area else next(iter(countries), ""),
        text_language=words.lang if words and words.lang != language else "",
        text_state=words.state if words else "",
        sample=service.sample,
        reported=service.reported,
    )


def _address(site: Site) -> str | None:
    parts = [site.name, site.address, " ".join(part for part in (site.postcode, site.city) if part)]
    return ", ".join(part for part in parts if part) if site.address else None
