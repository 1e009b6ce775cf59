"""Bundles: what is taken can be put back, at any moment of the history, and only differences are written."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from directory.bundles import (
    BUNDLED,
    Bundle,
    Change,
    Gone,
    apply_changes,
    changes,
    conflicts,
    put,
    take,
)
from directory.models import ConfidentialPlace, ContactPoint, Location, Service, ServiceContact, ServiceText

pytestmark = pytest.mark.django_db


def phone_of(bundle: Bundle) -> str:
    """The key of the first phone."""
    return next(path.split("/")[1] for path, value in bundle.items() if path.endswith("/kind") and value == "phone")


@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.__name__)
def test_putting_back_what_was_taken_writes_nothing(model: Any) -> None:
    records = list(model.objects.all()[:300])
    assert records
    for record in records:
        before = record.history.count()
        assert put(record, take(record)) == []
        assert record.history.count() == before


EDITS: dict[str, Any] = {
    "a field": lambda b, p: {"cost": "low" if b["cost"] != "low" else "paid"},
    "no age": lambda b, p: {"min_age": 18},
    "codes": lambda b, p: {"audiences": ["family"]},
    "categories": lambda b, p: {"categories": ["food", "shelter"]},
    "fewer hours": lambda b, p: {"hours": b["hours"][1:]},
    "other hours": lambda b, p: {"hours": [{**b["hours"][0], "opens": 600}, *b["hours"][1:]]},
    "a holiday": lambda b, p: {
        "exceptions": [{"date": "2027-01-01", "opens": None, "closes": None, "note": "holiday"}]
    },
    "spoken": lambda b, p: {"spoken": [{"lang": "so", "via_interpreter": True}]},
    "a name": lambda b, p: {"texts/en/name": "Another name"},
    "a number": lambda b, p: {f"contacts/{p}/value": "+302100000077"},
    "no text": lambda b, p: dict.fromkeys([path for path in b if path.startswith("texts/ar/")], ...),
    "no phone": lambda b, p: dict.fromkeys([path for path in b if path.startswith(f"contacts/{p}/")], ...),
    "a new phone": lambda b, p: {
        "contacts/another-1/kind": "phone",
        "contacts/another-1/value": "+302100000055",
        "contacts/another-1/position": 3,
        "contacts/another-1/languages": ["en"],
        "contacts/another-1/toll_free": True,
        "contacts/another-1/reachable_from_abroad": None,
        "contacts/another-1/hours": "",
    },
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_made_and_undone(service: Service, edit: str) -> None:
    before, then = take(service), timezone.now()
    wanted = dict(before)
    for path, value in EDITS[edit](before, phone_of(before)).items():
        if value is ...:
            del wanted[path]
        else:
            wanted[path] = value
    done = put(service, wanted)
    assert {change.path for change in done} == {change.path for change in changes(before, wanted)}
    service.refresh_from_db()
    assert take(service) == wanted
    assert take(service, at=then) == before
    put(service, take(service, at=then))
    assert take(Service.objects.get(pk=service.pk)) == before


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "a status that does not exist": ({"status": "open"}, "status"),
    "an organisation that does not exist": ({"organisation": "nobody"}, "organisation"),
    "ages the wrong way round": ({"min_age": 60, "max_age": 18}, "max_age"),
    "hours without an end": ({"hours": [{"weekday": 1, "opens": 540, "closes": None}]}, "hours/0/closes"),
    "a text without a name": ({"texts/en/name": ""}, "texts/en/name"),
    "a place that does not exist": ({"sites/nowhere/note": ""}, "sites/nowhere/"),
    "a phone that is none": ({"contacts/{phone}/value": "ring me"}, "contacts/{phone}/value"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_values_are_named_and_nothing_is_written(service: Service, case: str) -> None:
    before = take(service)
    values, path = BAD[case]
    phone = phone_of(before)
    wanted = {**before, "cost": "paid", **{key.format(phone=phone): value for key, value in values.items()}}
    with pytest.raises(ValidationError) as error:
        put(service, wanted)
    assert path.format(phone=phone) in error.value.message_dict
    assert take(Service.objects.get(pk=service.pk)) == before


def test_a_change_of_the_source_text_puts_translations_out_of_date(service: Service) -> None:
    other = service.texts.exclude(lang=service.source_language).first()
    assert isinstance(other, ServiceText)
    before, version = take(service), service.version
    put(service, {**before, "texts/en/name": "Small"}, minor=True)
    assert other.public_state(Service.objects.get(pk=service.pk).version) != "outdated"
    put(service, {**before, "texts/en/name": "Large"})
    now = Service.objects.get(pk=service.pk)
    assert now.version == version + 1
    assert other.public_state(now.version) == "outdated"
    assert service.texts.get(lang="en").public_state(now.version) != "outdated"


@pytest.mark.parametrize(
    ("base", "live", "mine", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"a": 2}, []),
        ({"a": 1}, {"a": 3}, {"a": 2}, ["a"]),
        ({"a": 1}, {"a": 2}, {"a": 2}, []),
        ({"a": 1, "b": 1}, {"a": 1, "b": 9}, {"a": 2, "b": 1}, []),
        ({"a": 1}, {}, {"a": 2}, ["a"]),
        ({}, {"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"a": 5}, {}, ["a"]),
        ({"a": None}, {"a": None}, {"a": 0}, []),
    ],
)
def test_conflicts(base: Bundle, live: Bundle, mine: Bundle, expected: list[str]) -> None:
    wanted = [Change.from_json(change.as_json()) for change in changes(base, mine)]
    assert [change.path for change in conflicts(live, wanted)] == expected
    if not expected:
        assert changes(apply_changes(live, wanted), mine) == changes(
            {**live, **{c.path: c.after for c in wanted if c.has}}, mine
        )


def test_confidential_parts_are_taken_only_if_asked_for() -> None:
    place = ConfidentialPlace.objects.select_related("location").first()
    if place is None:
        location = Location.objects.exclude(visibility="public").first()
        assert location is not None
        place = ConfidentialPlace.objects.create(location=location, address="Sentinel street 1")
    assert not any(path.startswith("confidential/") for path in take(place.location))
    whole = take(place.location, confidential=True)
    assert whole["confidential/address"] == place.address
    put(place.location, {**whole, "confidential/address": "Elsewhere 2"})
    place.refresh_from_db()
    assert place.address == "Elsewhere 2"


def test_what_did_not_exist_then_is_said(service: Service) -> None:
    with pytest.raises(Gone):
        take(service, at=timezone.now().replace(year=2001))


def test_a_number_is_corrected_for_all_services_of_the_organisation() -> None:
    contact = ContactPoint.objects.filter(kind="phone", service_contacts__isnull=False)[0]
    first = contact.services.all()[0]
    second = Service.objects.exclude(pk=first.pk)[0]
    ServiceContact.objects.create(service=second, contact=contact)
    path = f"contacts/{contact.public_id}/value"
    put(first, {**take(first), path: "+302100000099"})
    assert take(second)[path] == "+302100000099"


def test_a_small_correction_of_an_outdated_translation_leaves_it_outdated(service: Service) -> None:
    put(service, {**take(service), "texts/en/name": "Another"})
    other = service.texts.exclude(lang="en").first()
    assert isinstance(other, ServiceText)
    path, bundle = f"texts/{other.lang}/name", take(service)
    for minor, state in ((True, "outdated"), (False, "approved")):
        put(service, {**bundle, path: f"{minor}", f"texts/{other.lang}/state": "approved"}, minor=minor)
        other.refresh_from_db()
        assert other.public_state(Service.objects.get(pk=service.pk).version) == state
