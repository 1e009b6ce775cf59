"""What records refuse, what they derive, and that a place which becomes confidential leaves nothing behind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from directory.models import (
    Article,
    Category,
    ConfidentialPlace,
    EmergencyNumber,
    Location,
    OpeningException,
    OpeningInterval,
    Organisation,
    PlaceAlias,
    Region,
    Service,
    ServiceArea,
    ServiceText,
    Verification,
)
from directory.models.schedules import interval_minutes

pytestmark = pytest.mark.django_db

PUBLIC = {"city": "Athens", "country": "GR", "tz": "Europe/Athens", "lat": 37.98, "lon": 23.73, "address": "Odos 1"}
HIDDEN = {"city": "Athens", "country": "GR", "tz": "Europe/Athens", "centre_lat": 37.98, "centre_lon": 23.73}
NUMBER = {"country": "GR", "number": "112", "source": "law", "source_date": date(2026, 1, 1)}


@pytest.mark.parametrize(
    ("model", "values", "message"),
    [
        (Location, PUBLIC, None),
        (Location, {**PUBLIC, "lat": None, "lon": None}, "needs its coordinates"),
        (Location, {**PUBLIC, "lat": None}, "Give both"),
        (Location, {**PUBLIC, "lat": 23.73, "lon": 37.98}, "swapped"),
        (Location, {**PUBLIC, "country": "RS"}, "50 km"),
        (Location, {**PUBLIC, "country": "RS", "point_confirmed": True}, None),
        (Location, {**PUBLIC, "tz": "Athens"}, "time zone"),
        (Location, {**HIDDEN, "visibility": "area_only"}, None),
        (Location, {**HIDDEN, "visibility": "contact_only", "address": "Odos 1"}, "not public"),
        (Location, {**HIDDEN, "visibility": "area_only", "lat": 37.98, "lon": 23.73}, "not public"),
        (Location, {**HIDDEN, "visibility": "area_only", "transport": "Metro"}, "not public"),
        (Location, {**HIDDEN, "visibility": "area_only", "centre_lat": None, "centre_lon": None}, "centre of the city"),
        (Location, {**HIDDEN, "visibility": "secret"}, "not a valid choice"),
        (OpeningInterval, {"weekday": 0, "opens": "9:00", "closes": "17h30"}, None),
        (OpeningInterval, {"weekday": 0, "opens": "22:00", "closes": "06:00"}, None),
        (OpeningInterval, {"weekday": 7, "opens": 540, "closes": 600}, "not a valid choice"),
        (OpeningInterval, {"weekday": 0, "opens": 1440, "closes": 600}, "24:00"),
        (OpeningInterval, {"weekday": 0, "opens": 540, "closes": 1441}, "between 00:00 and 24:00"),
        (
            OpeningInterval,
            {"weekday": 0, "opens": 540, "closes": 600, "valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)},
            "before the first",
        ),
        (OpeningException, {"date": date(2026, 1, 1)}, None),
        (OpeningException, {"date": date(2026, 1, 1), "opens": 540}, "Give both"),
        (ServiceArea, {"kind": "country", "country": "GR", "tz": "Europe/Athens"}, None),
        (ServiceArea, {"kind": "place", "country": "GR", "tz": "Europe/Athens"}, "needs its name"),
        (
            ServiceArea,
            {
                "kind": "place",
                "country": "GR",
                "tz": "Europe/Athens",
                "name": "A",
                "lat": 38,
                "lon": 23.7,
                "radius_km": 900,
            },
            "0 and 500",
        ),
        (PlaceAlias, {"label": "Moria", "country": "GR", "lat": 39.13, "lon": 26.5}, None),
        (PlaceAlias, {"label": "Moria", "country": "XX", "lat": 39.13, "lon": 26.5}, "country code"),
        (PlaceAlias, {"label": "Moria", "country": "GR", "lat": 39.13, "lon": 26.5, "radius_km": 0}, "radius"),
        (Region, {"name": "Attica", "country": "GR", "admin_codes": ["GR-I"]}, None),
        (Region, {"name": "Attica", "country": "Greece"}, "country"),
        (EmergencyNumber, NUMBER, None),
        (EmergencyNumber, {**NUMBER, "number": "one one two"}, "not a number"),
        (EmergencyNumber, {**NUMBER, "dialable_from": ["UK"]}, "country code"),
        (EmergencyNumber, {**NUMBER, "languages": ["klingon"]}, "language code"),
        (EmergencyNumber, {**NUMBER, "verified_on": date(2026, 1, 2)}, "needs the person"),
        (Organisation, {"name": "A", "kind": "ngo", "website": "https://example.org/"}, None),
        (Organisation, {"name": "A", "kind": "ngo", "website": "example.org"}, "link"),
        (Organisation, {"name": "A", "kind": "club"}, "not a valid choice"),
        (
            Article,
            {
                "topic": "info_asylum",
                "source_name": "A",
                "source_url": "https://example.org/",
                "checked_on": date(2026, 1, 2),
                "review_due": date(2026, 1, 2),
            },
            "after the last one",
        ),
        (ServiceText, {"lang": "el", "name": "A"}, "language of Waypost"),
    ],
)
def test_what_records_refuse(model: Any, values: dict[str, Any], message: str | None) -> None:
    record = model(**values)
    checks = {field.name for field in model._meta.fields if field.is_relation}
    if message is None:
        record.full_clean(exclude=checks | {"public_id"}, validate_unique=False, validate_constraints=False)
        return
    with pytest.raises(ValidationError) as caught:
        record.full_clean(exclude=checks | {"public_id"}, validate_unique=False, validate_constraints=False)
    assert message in " ".join(caught.value.messages)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_age": 18, "max_age": 12}, "below the lower"),
        ({"delivery": "phone", "serves_countries": []}, "which countries"),
        ({"audiences": ["everyone"]}, "not one of the choices"),
        ({"nationalities": ["Syria"]}, "country code"),
        ({"operator_type": ""}, "blank"),
        ({"must_report": "maybe"}, "not a valid choice"),
    ],
)
def test_what_a_service_refuses(service: Service, changes: dict[str, Any], message: str) -> None:
    for name, value in changes.items():
        setattr(service, name, value)
    with pytest.raises(ValidationError) as caught:
        service.full_clean()
    assert message in " ".join(caught.value.messages)


@pytest.mark.parametrize(
    ("opens", "closes", "stored"),
    [
        (540, 1020, (540, 1020)),
        (1320, 360, (1320, 1800)),
        (0, 1440, (0, 1440)),
        (0, 0, (0, 1440)),
        (540, 540, (540, 1980)),
    ],
)
def test_intervals_that_run_past_midnight(opens: int, closes: int, stored: tuple[int, int]) -> None:
    assert interval_minutes(opens, closes) == stored


def test_the_database_itself_refuses_an_address_of_a_confidential_place() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Location.objects.bulk_create([Location(**HIDDEN, public_id="x", visibility="area_only", address="Odos 1")])


def test_a_place_that_becomes_confidential_leaves_no_trace(service: Service) -> None:
    place = service.locations.get()
    exact = {field: getattr(place, field) for field in Location.EXACT}
    assert exact["address"] and exact["lat"]
    place.visibility = Location.Visibility.CONTACT_ONLY
    place.full_clean()
    place.save()
    kept = ConfidentialPlace.objects.get(location=place)
    assert {field: getattr(kept, field) for field in Location.EXACT} == exact
    place.refresh_from_db()
    for row in (place, *place.history.all()):
        assert [getattr(row, field) for field in Location.EXACT] == ["", "", "", None, None]
    assert place.history.count() >= 2


def test_confidential_places_keep_no_history() -> None:
    assert not hasattr(ConfidentialPlace, "history")


@pytest.mark.parametrize(
    ("days_ago", "state"),
    [
        (0, "current"),
        (90, "current"),
        (91, "due"),
        (180, "due"),
        (181, "call_first"),
        (270, "call_first"),
        (271, "hidden"),
    ],
)
def test_review_follows_the_latest_check(service: Service, today: date, days_ago: int, state: str) -> None:
    service.verifications.all().delete()
    service.categories.set([Category.objects.get(code="legal_aid")])
    for days in (days_ago, days_ago + 10):
        at = today - timedelta(days=days)
        Verification.objects.create(service=service, at=at, method="call", outcome="confirmed")
    Verification.objects.create(service=service, at=today, method="call", outcome="not_reached")
    service.refresh_from_db()
    assert service.verified_on == today - timedelta(days=days_ago)
    assert service.review_due == today - timedelta(days=days_ago - 90)
    assert service.hidden_after == today - timedelta(days=days_ago - 270)
    assert service.review_state(today) == state


def test_the_shortest_period_of_its_categories_counts(service: Service) -> None:
    service.categories.set(Category.objects.filter(code__in=["shelter", "asylum_office"]))
    assert service.review_days == 30


def test_a_service_that_nobody_checked_has_no_dates(service: Service) -> None:
    service.verifications.all().delete()
    service.refresh_review()
    service.refresh_from_db()
    assert (service.verified_on, service.review_due, service.review_state()) == (None, None, "never")


def test_a_verified_number_expires(today: date, django_user_model: Any) -> None:
    number = EmergencyNumber.objects.get(country="GR", number="112")
    assert not number.is_verified()
    by = django_user_model.objects.create_user("checker")
    Verification.objects.create(emergency_number=number, by=by, method="call", outcome="confirmed")
    number.refresh_from_db()
    assert number.verified_by == by and number.verified_on == today
    assert number.is_verified(today + timedelta(days=90)) and not number.is_verified(today + timedelta(days=91))


@pytest.mark.parametrize("targets", [(), ("service", "article")])
def test_a_check_is_about_one_record(service: Service, targets: tuple[str, ...]) -> None:
    records = {"service": service, "article": Article.objects.first()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Verification.objects.bulk_create([Verification(method="call", **{name: records[name] for name in targets})])


def test_a_change_of_the_source_text_puts_translations_out_of_date(service: Service) -> None:
    french = service.texts.get(lang="fr")
    assert french.public_state(service.version) == "needs_review"
    service.source_changed()
    assert french.public_state(service.version) == "outdated"
    french.written_by(None, service.version)
    assert french.public_state(service.version) == "needs_review"


def test_public_ids_are_made_once_and_readable() -> None:
    organisation = Organisation.objects.create(name="Ελπίδα & الأمل", kind="ngo")
    made = organisation.public_id
    assert made.startswith("elpida-")
    organisation.name = "Another"
    organisation.save()
    assert organisation.public_id == made


def test_an_organisation_cannot_belong_to_itself() -> None:
    above = Organisation.objects.create(name="A", kind="ngo")
    below = Organisation.objects.create(name="B", kind="ngo", parent=above)
    above.parent = below
    with pytest.raises(ValidationError):
        above.clean()
