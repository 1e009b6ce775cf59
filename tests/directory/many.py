"""Invents a large directory in Django's database: services spread like the world's people, one in twenty of them in Athens."""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from anyascii import anyascii
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.text import slugify

from bot.lookup.categories import CATEGORIES
from directory.models import (
    ContactPoint,
    Location,
    OpeningInterval,
    Organisation,
    Region,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
    SpokenLanguage,
    Verification,
)

__all__ = ["ATHENS", "Town", "fill", "towns"]

Town = tuple[str, float, float, str, str]
"""Name, latitude, longitude, country, time zone."""
ATHENS: Town = ("Athens", 37.98376, 23.72784, "GR", "Europe/Athens")
LANGUAGES = ("en", "ar", "fr", "es", "fa", "uk", "so", "el", "it", "de")
BATCH = 5000
PER_ORGANISATION = 50
"""Services of one organisation."""
WORDS = {
    "en": (
        "Help desk",
        "Centre",
        "Clinic",
        "House of hope",
        "Advice office",
        "Open door",
        "Community kitchen",
        "Night shelter",
    ),
    "ar": (
        "مكتب المساعدة",
        "مركز",
        "عيادة",
        "بيت الأمل",
        "مكتب الاستشارات",
        "الباب المفتوح",
        "مطبخ المجتمع",
        "مأوى ليلي",
    ),
}


def towns(places: Path, count: int, chance: random.Random) -> list[Town]:
    """So many towns, drawn by population from the gazetteer."""
    with sqlite3.connect(f"file:{places}?mode=ro", uri=True) as db:
        rows = db.execute(
            "SELECT name, lat, lon, country, tz, population FROM place WHERE kind = 'city' AND population > 0"
        ).fetchall()
    return [row[:5] for row in chance.choices(rows, [row[5] for row in rows], k=count)]


def _store(rows: Iterable[models.Model], tell: Callable[[str], None], what: str) -> None:
    iterator: Iterator[models.Model] = iter(rows)
    done = 0
    while batch := list(islice(iterator, BATCH)):
        type(batch[0])._default_manager.bulk_create(batch, batch_size=BATCH)
        done += len(batch)
    tell(f"{what}: {done}")


def fill(where: list[Town], seed: int = 1, tell: Callable[[str], None] = lambda line: None) -> None:
    """One published service in each town, with two texts, categories, hours, languages, a contact, a place and a check.

    Every tenth is by phone; every twentieth has an area instead of a place. No history is written. The ids of an empty database
    are taken for granted.
    """
    chance = random.Random(seed)
    today = timezone.localdate()
    countries = sorted({town[3] for town in where})
    organisations = [
        Organisation(
            id=n + 1,
            public_id=f"org-{n}",
            name=f"{chance.choice(WORDS['en'])} {where[n * PER_ORGANISATION][0]} {n}",
            kind="ngo",
        )
        for n in range(max(1, len(where) // PER_ORGANISATION))
    ]
    regions = [Region(id=n + 1, public_id=f"region-{c.lower()}", name=c, country=c) for n, c in enumerate(countries)]
    checked = [today - timedelta(days=chance.randrange(1, 200)) for _ in where]
    with transaction.atomic():
        _store(organisations, tell, "organisations")
        _store(regions, tell, "regions")
        _store(
            (_service(n, where[n], checked[n], countries, len(organisations), chance) for n in range(len(where))),
            tell,
            "services",
        )
        _store(_texts(where, chance), tell, "texts")
        _store(_categories(len(where), chance), tell, "categories")
        _store((_location(n, town, chance) for n, town in enumerate(where) if n % 10), tell, "locations")
        _store(
            (ServiceAtLocation(service_id=n + 1, location_id=n + 1) for n in range(len(where)) if n % 10),
            tell,
            "places",
        )
        _store((_area(n, town) for n, town in enumerate(where) if n % 20 == 0), tell, "areas")
        _store(_hours(len(where), chance), tell, "opening hours")
        _store(
            (
                SpokenLanguage(service_id=n + 1, lang=lang)
                for n in range(len(where))
                for lang in chance.sample(LANGUAGES, 3)
            ),
            tell,
            "spoken languages",
        )
        _store((_contact(n, len(organisations)) for n in range(len(where))), tell, "contact points")
        _store((ServiceContact(service_id=n + 1, contact_id=n + 1) for n in range(len(where))), tell, "contacts")
        _store(
            (
                Verification(
                    service_id=n + 1, at=at, method=Verification.Method.CALL, outcome=Verification.Outcome.CONFIRMED
                )
                for n, at in enumerate(checked)
            ),
            tell,
            "checks",
        )
        used = [Organisation, Region, Service, Location, ContactPoint]
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), used):
                cursor.execute(statement)


def _organisation(n: int, count: int) -> int:
    return n // PER_ORGANISATION % count + 1


def _service(
    n: int, town: Town, checked: date, countries: list[str], organisations: int, chance: random.Random
) -> Service:
    days = chance.choice((30, 90, 180))
    phone = n % 10 == 0
    return Service(
        id=n + 1,
        uuid=uuid.UUID(int=chance.getrandbits(128), version=4),
        public_id=f"{slugify(anyascii(town[0]))[:40]}-{n:06d}",
        organisation_id=_organisation(n, organisations),
        region_id=countries.index(town[3]) + 1,
        status=chance.choices(("published", "draft", "paused", "closed", "archived"), (90, 4, 2, 2, 2))[0],
        delivery="phone" if phone else "place",
        papers=chance.choice(("none_needed", "unknown")),
        cost="free",
        booking=chance.choice(("walk_in", "walk_in", "call_first", "appointment")),
        serves_countries=[town[3]] if phone else [],
        operator_type="ngo",
        must_report="none",
        source="invented",
        sample=True,
        verified_on=checked,
        review_due=checked + timedelta(days=days),
        hidden_after=checked + timedelta(days=3 * days),
    )


def _texts(where: list[Town], chance: random.Random) -> Iterator[ServiceText]:
    for n, town in enumerate(where):
        at = chance.randrange(8)
        for lang in ("en", "ar"):
            yield ServiceText(
                service_id=n + 1,
                lang=lang,
                name=f"{WORDS[lang][at]} {town[0]} {n}",
                short_text="An invented service that answers everybody who asks.",
                how_to_get_help="Come on a weekday morning, or call first.",
                state="approved" if lang == "en" else "machine",
            )


def _categories(count: int, chance: random.Random) -> Iterator[Any]:
    codes = sorted(CATEGORIES)
    through = Service.categories.through
    for n in range(count):
        for code in chance.sample(codes, chance.choice((1, 1, 1, 2))):
            yield through(service_id=n + 1, category_id=code)


def _location(n: int, town: Town, chance: random.Random) -> Location:
    name, lat, lon, country, tz = town
    lat, lon = lat + chance.gauss(0, 0.03), (lon + chance.gauss(0, 0.03) + 180) % 360 - 180
    return Location(
        id=n + 1,
        public_id=f"place-{n:06d}",
        name=f"House {n}",
        visibility="public",
        address=f"{chance.randrange(1, 200)} Invented Street",
        city=name[:120],
        country=country,
        lat=max(-90.0, min(90.0, lat)),
        lon=lon,
        tz=tz,
    )


def _area(n: int, town: Town) -> ServiceArea:
    name, lat, lon, country, tz = town
    return ServiceArea(
        service_id=n + 1, kind="place", country=country, name=name[:120], lat=lat, lon=lon, radius_km=25.0, tz=tz
    )


def _hours(count: int, chance: random.Random) -> Iterator[OpeningInterval]:
    for n in range(count):
        opens = chance.choice((480, 540, 600))
        for day in range(5):
            yield OpeningInterval(service_id=n + 1, weekday=day, opens=opens, closes=opens + 480)


def _contact(n: int, organisations: int) -> ContactPoint:
    return ContactPoint(
        id=n + 1,
        public_id=f"contact-{n:06d}",
        organisation_id=_organisation(n, organisations),
        kind="phone",
        value=f"+3021{n:08d}",
        toll_free=False,
        sample=True,
    )
