"""The staff's search: what is found by which words, that the index follows every edit, and that it holds no address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from directory.models import ContactPoint, Location, Service, ServiceContact, ServiceSearch, ServiceText
from directory.search import flush, fold, found, mend, rebuild, refresh

pytestmark = pytest.mark.django_db


def ids(query: str) -> set[str]:
    return set(found(Service.objects.all(), query).values_list("public_id", flat=True))


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Médecins du Monde", "medecins du monde"),
        ("ΑΘΉΝΑ Άθηνας", "αθηνα αθηνασ"),
        ("İstanbul", "istanbul"),
        ("Straße", "strasse"),
        ("أثينا", "اثينا"),
        ("عِيَادَة", "عياده"),
        ("کابل", "كابل"),
        ("Львів", "львів"),
        ("খাদ্য সহায়তা", "খাদ্য সহায়তা"),
        ("አዲስ አበባ", "አዲስ አበባ"),
        ("guest-house, (no. 5)", "guest-house no 5"),
        ("  ", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed) == fold(folded) and (fold(typed).isascii() is False or fold(typed) == folded)


@pytest.fixture
def clinic(service: Service) -> Service:
    """A service with names in three scripts, in Athens, with a phone."""
    for lang, name in (("en", "Médecins' Open Door"), ("ar", "عيادة الأمل"), ("uk", "Клініка Надія")):
        ServiceText.objects.update_or_create(service=service, lang=lang, defaults={"name": name, "state": "approved"})
    contact = ContactPoint.objects.create(organisation=service.organisation, kind="phone", value="+302105550123")
    ServiceContact.objects.create(service=service, contact=contact)
    return service


@pytest.mark.parametrize(
    "query",
    [
        "medecins",
        "MÉDECINS open",
        "door médec",
        "عياده",
        "الامل",
        "клініка",
        "klinika",
        "athens",
        "gr-athens-legal-1",
        "legal-1 athens",
        '"Open Door" athens',
        "+30 210 555 0123",
        "210-5550123",
        "{organisation}",
    ],
)
def test_finds(clinic: Service, query: str) -> None:
    assert clinic.public_id in ids(query.format(organisation=clinic.organisation.name))


@pytest.mark.parametrize(
    "query", ["medecins berlin", '"door open" athens', "%", "_", "xyzzy", "+30 210 555 0124", "'; --", "\0", "door\0x"]
)
def test_does_not_find(clinic: Service, query: str) -> None:
    assert clinic.public_id not in ids(query)


def test_an_empty_query_finds_all(clinic: Service) -> None:
    assert found(Service.objects.all(), "  ").count() == Service.objects.count()


EDITS: dict[str, Callable[[Service], Any]] = {
    "text": lambda s: s.texts.get(lang="en"),
    "organisation": lambda s: s.organisation,
    "place": lambda s: s.locations.get(),
    "contact": lambda s: s.contacts.get(value="+302105550123"),
}


@pytest.mark.parametrize(
    ("what", "field", "value", "query"),
    [
        ("text", "name", "Quokka house", "quokka"),
        ("organisation", "name", "Quokka trust", "quokka"),
        ("place", "city", "Quokkaville", "quokkaville"),
        ("contact", "value", "+302105550999", "5550999"),
    ],
)
def test_follows_an_edit(clinic: Service, what: str, field: str, value: str, query: str) -> None:
    assert clinic.public_id not in ids(query)
    record = EDITS[what](clinic)
    setattr(record, field, value)
    record.save()
    assert clinic.public_id in ids(query)


def test_follows_what_is_taken_away(clinic: Service) -> None:
    assert clinic.public_id in ids("klinika")
    clinic.texts.filter(lang="uk").delete()
    clinic.service_contacts.get(contact__value="+302105550123").delete()
    assert clinic.public_id not in ids("klinika") | ids("5550123")


def test_is_brought_in_when_the_transaction_commits(clinic: Service, django_capture_on_commit_callbacks: Any) -> None:
    flush()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        text = clinic.texts.get(lang="en")
        text.name = "Quokka house"
        text.save()
    assert "quokka" in ServiceSearch.objects.get(service=clinic).words


def test_bulk_writes_are_mended(clinic: Service) -> None:
    flush()
    clinic.texts.filter(lang="en").update(name="Quokka house")
    ServiceSearch.objects.filter(service__public_id="gr-athens-legal-2").delete()
    assert ids("quokka") == set()
    assert refresh([clinic.pk]) == 1 and clinic.public_id in ids("quokka")
    assert "1 rows" in (mend() or "")
    assert rebuild() == 0 and mend() is None
    call_command("rebuildsearch", verbosity=0)


@pytest.mark.parametrize("visibility", ["area_only", "contact_only"])
def test_a_confidential_address_is_not_found(clinic: Service, visibility: str) -> None:
    place = clinic.locations.get()
    place.address, place.transport = "Zzsentinel Street 99", "zzbus"
    place.save()
    place.visibility, place.centre_lat, place.centre_lon = visibility, 37.5, 23.25
    place.save()
    rebuild()
    assert Location.objects.get(pk=place.pk).address == ""
    assert not ServiceSearch.objects.filter(words__contains="zz").exists() and not ids("zzsentinel")


@pytest.mark.parametrize("query", ["", "?q=athens", "?q=medecins+door", "?country=GR", "?visibility=public&q=a"])
def test_the_list_asks_few_questions(staff: Client, clinic: Service, query: str) -> None:
    staff.get("/admin/directory/service/" + query)
    with CaptureQueriesContext(connection) as asked:
        answer = staff.get("/admin/directory/service/" + query)
    assert answer.status_code == 200 and len(asked) <= 20
    assert not any("DISTINCT" in q["sql"] and "directory_servicetext" in q["sql"] for q in asked)
