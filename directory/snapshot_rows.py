"""The rows of a snapshot, table by table, from the records that are public. Confidential places are never queried here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from directory.models import (
    AllowedHost,
    Article,
    ArticleText,
    EmergencyNumber,
    FormerId,
    Location,
    OpeningException,
    OpeningInterval,
    Organisation,
    PlaceAliasName,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
    SpokenLanguage,
    Task,
)
from directory.models.base import TranslatedText
from directory.models.schedules import interval_minutes

__all__ = [
    "Row",
    "public_articles",
    "public_services",
    "published_states",
    "return_alone",
    "service_tables",
    "tables",
    "wanted_services",
]

Row = tuple[Any, ...]
CHUNK = 2000
AREA_RADIUS_KM = 25.0
"""Radius around the city's centre of a service whose place is confidential and that names no area itself."""


def published_states() -> tuple[str, ...]:
    """States of texts that go out: a machine's only where the setting MACHINE_TEXTS allows it."""
    states = TranslatedText.PUBLISHED_STATES
    return (
        states if settings.MACHINE_TEXTS else tuple(state for state in states if state != TranslatedText.State.MACHINE)
    )


def wanted_services(*, samples: bool) -> QuerySet[Service]:
    """Services that staff have marked as published or temporarily closed."""
    wanted = Service.objects.filter(status__in=Service.PUBLIC_STATUSES)
    return wanted if samples else wanted.filter(sample=False)


def public_services(*, samples: bool) -> QuerySet[Service]:
    """Those of the wanted services that can be published: checked at least once, with a category and a public text; about return
    only beside legal aid or asylum."""
    texts = ServiceText.objects.filter(service=OuterRef("pk"), state__in=published_states())
    categories = Service.categories.through.objects.filter(service=OuterRef("pk"))
    found = wanted_services(samples=samples).filter(Exists(texts), Exists(categories), verified_on__isnull=False)
    return found.exclude(pk__in=return_alone(found, samples=samples))


RETURN, BESIDE_RETURN, ASYLUM = "return_support", ("legal_aid", "asylum_office"), "info_asylum"


def return_alone(services: QuerySet[Service], *, samples: bool) -> list[int]:
    """Keys of services about return in a country where these services hold no legal aid, and no article explains asylum.

    Information about return never stands alone (safety, decision 9 and N25). A service in several countries needs it in each; one
    that names no country is left alone: nobody finds it.
    """
    returning = _countries(services.filter(categories=RETURN))
    if not returning:
        return []
    beside = set().union(*_countries(services.filter(categories__in=BESIDE_RETURN)).values())
    beside |= set(public_articles(samples=samples).filter(topic=ASYLUM).values_list("country", flat=True)) - {""}
    return [pk for pk, countries in returning.items() if countries - beside]


def _countries(services: QuerySet[Service]) -> dict[int, set[str]]:
    """Countries in which each of the services can be used: of its places, its areas, and those it serves by phone."""
    found: dict[int, set[str]] = {}
    rows = services.order_by().values_list("pk", "serves_countries", "sites__location__country", "areas__country")
    for pk, served, place, area in rows:
        found.setdefault(pk, set()).update(code for code in (*served, place, area) if code)
    return found


def public_articles(*, samples: bool) -> QuerySet[Article]:
    """Published articles that have a public text."""
    texts = ArticleText.objects.filter(article=OuterRef("pk"), state__in=published_states())
    articles = Article.objects.filter(Exists(texts), status=Article.Status.PUBLISHED)
    return articles if samples else articles.filter(sample=False)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def _flag(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _service_rows(services: QuerySet[Service]) -> Iterator[Row]:
    reported = set(Task.reported_services())
    for s in services.select_related("organisation").iterator(CHUNK):
        yield (
            s.public_id,
            s.organisation.public_id,
            int(s.status == Service.Status.PAUSED),
            s.delivery,
            s.urgency,
            s.papers,
            s.shares_data,
            s.genders,
            s.min_age,
            s.max_age,
            _json(s.audiences),
            _json(s.nationalities),
            s.cost,
            s.booking,
            _json(s.serves_countries),
            s.operator_type,
            s.must_report,
            _day(s.verified_on),
            _day(s.review_due),
            _day(s.hidden_after),
            s.source,
            int(s.sample),
            int(s.pk in reported),
        )


def _text_rows(services: QuerySet[Service]) -> Iterator[Row]:
    texts = ServiceText.objects.filter(service__in=services, state__in=published_states())
    ours = texts.annotate(
        public=F("service__public_id"), current=F("service__version"), first=F("service__source_language")
    )
    for t in ours.iterator(CHUNK):
        state = t.state if t.lang == t.first else t.public_state(t.current)
        yield (t.public, t.lang, *(getattr(t, field) for field in ServiceText.WORDING), state)


def _site_rows(services: QuerySet[Service]) -> Iterator[Row]:
    """Public places as they are; of an `area_only` place no more than its city and the centre of that."""
    sites = ServiceAtLocation.objects.filter(service__in=services).exclude(
        location__visibility=Location.Visibility.CONTACT_ONLY
    )
    for site in sites.select_related("service", "location").iterator(CHUNK):
        place, public = site.location, site.location.visibility == Location.Visibility.PUBLIC
        yield (
            site.public_id,
            site.service.public_id,
            place.visibility,
            place.name if public else "",
            (place.address or None) if public else None,
            place.city,
            place.admin1,
            (place.postcode or None) if public else None,
            place.country,
            place.lat if public else place.centre_lat,
            place.lon if public else place.centre_lon,
            place.tz,
            place.transport if public else "",
            place.wheelchair,
        )


def _area_rows(services: QuerySet[Service]) -> Iterator[Row]:
    """The areas that staff named; for a service with only a `contact_only` place, the surroundings of its city."""
    for area in ServiceArea.objects.filter(service__in=services).select_related("service").iterator(CHUNK):
        yield (area.service.public_id, area.kind, area.country, area.name, area.lat, area.lon, area.radius_km, area.tz)
    hidden = ServiceAtLocation.objects.filter(
        service__in=services, location__visibility=Location.Visibility.CONTACT_ONLY, service__areas__isnull=True
    )
    columns = ("service__public_id", "location__country", "location__city", "location__tz")
    seen = set()
    for site in hidden.select_related("service", "location").order_by(*columns, "pk").iterator(CHUNK):
        place = site.location
        if (key := (site.service_id, place.country, place.city)) not in seen:
            seen.add(key)
            centre = (place.centre_lat, place.centre_lon, AREA_RADIUS_KM)
            yield (site.service.public_id, ServiceArea.Kind.PLACE.value, place.country, place.city, *centre, place.tz)


def _contact_rows(services: QuerySet[Service]) -> Iterator[Row]:
    uses = ServiceContact.objects.filter(service__in=services).select_related("contact")
    for use in uses.annotate(public=F("service__public_id")).iterator(CHUNK):
        contact = use.contact
        yield (
            f"{use.public}:{contact.public_id}",
            use.public,
            use.position,
            contact.kind,
            contact.value,
            _json(contact.languages),
            _flag(contact.toll_free),
            _flag(contact.reachable_from_abroad),
            _day(contact.verified_on),
        )


def _opening_rows(services: QuerySet[Service], today: date) -> Iterator[Row]:
    hours = OpeningInterval.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today), service__in=services)
    columns = ("service__public_id", "weekday", "opens", "closes", "appointment_only", "valid_from", "valid_to")
    for service, day, opens, closes, appointment, first, last in hours.values_list(*columns).iterator(CHUNK):
        yield (service, day, *interval_minutes(opens, closes), int(appointment), _day(first), _day(last))


def _exception_rows(services: QuerySet[Service], today: date) -> Iterator[Row]:
    days = OpeningException.objects.filter(service__in=services, date__gte=today)
    for e in days.select_related("service").iterator(CHUNK):
        times = (None, None) if e.opens is None or e.closes is None else interval_minutes(e.opens, e.closes)
        yield (e.service.public_id, _day(e.date), *times)


def _article_rows(articles: QuerySet[Article]) -> Iterator[Row]:
    for a in articles.iterator(CHUNK):
        who = a.adviser_category_id or ""
        dates = (_day(a.checked_on), _day(a.review_due))
        yield (a.public_id, a.topic, a.country, who, a.source_name, a.source_url, *dates, int(a.sample))


def _article_text_rows(articles: QuerySet[Article]) -> Iterator[Row]:
    texts = ArticleText.objects.filter(article__in=articles, state__in=published_states())
    for t in texts.select_related("article").iterator(CHUNK):
        state = t.state if t.lang == t.article.source_language else t.public_state(t.article.version)
        yield (t.article.public_id, t.lang, t.title, t.body, state)


def _emergency_rows(samples: bool) -> Iterator[Row]:
    """Ids begin with country, kind and order, so that rows sorted by id come in the order that staff have chosen."""
    numbers = EmergencyNumber.objects.all() if samples else EmergencyNumber.objects.filter(sample=False)
    for n in numbers.iterator(CHUNK):
        yield (
            f"{(n.country or 'gsm').lower()}-{n.kind}-{n.position:03d}-{n.number}",
            n.country,
            n.kind,
            n.number,
            _json(n.dialable_from),
            n.operator,
            n.operator_type,
            n.must_report,
            _flag(n.free),
            _flag(n.without_sim),
            n.hours,
            _json(n.languages),
            n.source,
            _day(n.source_date),
            _day(n.verified_on),
            _day(n.expires_on),
        )


def _alias_rows(samples: bool) -> Iterator[Row]:
    names = PlaceAliasName.objects.select_related("alias")
    for name in (names if samples else names.filter(alias__sample=False)).iterator(CHUNK):
        place = name.alias
        yield (name.name, name.lang, place.label, place.country, place.lat, place.lon, place.radius_km)


def _former_rows(services: QuerySet[Service]) -> Iterator[Row]:
    """Ids of merged services with the one that stands for them now, which may itself have been merged into another since."""
    merged = dict(FormerId.objects.values_list("public_id", "service__public_id"))
    public = set(services.filter(former_ids__isnull=False).values_list("public_id", flat=True))
    for former, kept in sorted(merged.items()):
        seen = {former}
        while kept in merged and kept not in seen:
            seen.add(kept)
            kept = merged[kept]
        if kept in public:
            yield (former, kept)


def service_tables(services: QuerySet[Service], today: date) -> Iterator[tuple[str, Iterable[Row]]]:
    """(table, rows) of these services and all that belongs to them. `today` leaves out what has passed."""
    organisations = Organisation.objects.filter(services__in=services).distinct().order_by()
    yield "organisation", ((o.public_id, o.name, o.kind, o.website or None) for o in organisations.iterator(CHUNK))
    yield "service", _service_rows(services)
    categories = Service.categories.through.objects.filter(service__in=services)
    yield "service_category", categories.values_list("category_id", "service__public_id").iterator(CHUNK)
    yield "service_text", _text_rows(services)
    spoken = SpokenLanguage.objects.filter(service__in=services).values_list(
        "service__public_id", "lang", "via_interpreter"
    )
    yield "spoken_language", ((service, lang, int(via)) for service, lang, via in spoken.iterator(CHUNK))
    yield "site", _site_rows(services)
    yield "service_area", _area_rows(services)
    yield "contact_point", _contact_rows(services)
    yield "opening", _opening_rows(services, today)
    yield "opening_exception", _exception_rows(services, today)


def tables(today: date, *, samples: bool) -> Iterator[tuple[str, Iterable[Row]]]:
    """(table, rows) in an order in which every row finds those that it refers to. `today` leaves out what has passed."""
    services, articles = public_services(samples=samples), public_articles(samples=samples)
    yield from service_tables(services, today)
    yield "former_service", _former_rows(services)
    yield "article", _article_rows(articles)
    yield "article_text", _article_text_rows(articles)
    yield "emergency_number", _emergency_rows(samples)
    yield "place_alias", _alias_rows(samples)
    hosts = AllowedHost.objects.all() if samples else AllowedHost.objects.filter(sample=False)
    yield "allowed_host", hosts.values_list("host").iterator(CHUNK)
