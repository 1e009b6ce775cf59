"""The pages of staff: each answers, editing reaches the snapshot, and exact places stay with those who may see them."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import models
from django.forms import CheckboxInput
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.models import (
    Article,
    ChangeRequest,
    CheckRequest,
    ConfidentialPlace,
    ContactPoint,
    EmergencyNumber,
    ImportRun,
    Location,
    NoLetters,
    OrganisationContact,
    Publication,
    Service,
    UserReport,
    Verification,
)

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model.__name__)
NO_ADD = {"Group", "Category", "ChangeRequest", "CheckRequest", "ImportRun", "Publication"}
EXACT = "ZZSENTINEL Street 99"


def address(model: type[models.Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


def errors(answer: Any) -> list[Any]:
    """What a form that was posted complains of; empty after a redirect."""
    return list(answer.context["errors"]) if answer.context and "errors" in answer.context else []


def form_of(client: Client, url: str) -> dict[str, Any]:
    """The fields of a change form with their values, as a browser would post them unchanged."""
    context = client.get(url).context
    data: dict[str, Any] = {}
    formsets = [inline.formset for inline in context["inline_admin_formsets"]]
    forms = [context["adminform"].form, *(form for formset in formsets for form in formset.forms)]
    for form in (*forms, *(formset.management_form for formset in formsets)):
        for name in form.fields:
            value = form[name].value()
            unticked = value is False and isinstance(form.fields[name].widget, CheckboxInput)
            if value is not None and not unticked and value != "":
                data[form.add_prefix(name)] = value if isinstance(value, list) else str(value)
    return data


@pytest.fixture
def one_of_each(service: Service) -> None:
    """Records of those kinds that the sample directory does not hold."""
    author = get_user_model().objects.create_user("author")
    UserReport.objects.create(service=service, kind="closed", lang="ar")
    ImportRun.objects.create(file_name="list.xlsx")
    Publication.objects.create(state="published", counts={"service": 3}, warnings=["<b>one</b>"])
    ChangeRequest.objects.create(kind="edit", target=service, author=author)
    OrganisationContact.objects.create(organisation=service.organisation, email="desk@example.org")
    CheckRequest.objects.create(organisation=service.organisation, email="desk@example.org")
    NoLetters.objects.create(email="silent@example.org")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_page_answers(staff: Client, one_of_each: None, model: type[models.Model]) -> None:
    assert staff.get(address(model, "changelist")).status_code == 200
    assert staff.get(address(model, "add")).status_code == (403 if model.__name__ in NO_ADD else 200)
    record = model._default_manager.first()
    if record is None:
        assert model.__name__ == "Group"
        return
    page = staff.get(address(model, "change", record.pk))
    assert page.status_code == 200 and "<b>one</b>" not in page.content.decode()
    if hasattr(record, "history"):
        assert staff.get(address(model, "history", record.pk)).status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=%22Sample+Legal+Desk+Athens%22", {"gr-athens-legal-1"}),
        ("q=مكتب+المساعدة+القانونية+في+أثينا", {"gr-athens-legal-1"}),
        ("q=no+such+thing", set()),
        ("country=GR&categories__code__exact=legal_aid&q=gr-athens-legal-1", {"gr-athens-legal-1"}),
        ("country=RS&q=gr-athens-legal-1", set()),
        ("review=current&q=gr-athens-legal-1", {"gr-athens-legal-1"}),
        ("review=never", set()),
        ("visibility=public&q=gr-athens-legal-1", {"gr-athens-legal-1"}),
        ("visibility=contact_only&q=gr-athens-legal-1", set()),
        ("status__exact=archived", set()),
    ],
)
def test_search_and_filters_of_services(staff: Client, query: str, expected: set[str]) -> None:
    page = staff.get(address(Service, "changelist") + "?" + query)
    assert {service.public_id for service in page.context["cl"].result_list} == expected


@pytest.mark.parametrize("review", ["due", "soon", "current", "hidden", "never"])
def test_filter_of_review_agrees_with_the_state(staff: Client, review: str) -> None:
    states = {
        "due": {"due", "call_first", "hidden"},
        "soon": {"current"},
        "current": {"current"},
        "hidden": {"hidden"},
        "never": {"never"},
    }
    page = staff.get(address(Service, "changelist") + f"?review={review}&all=")
    assert {service.review_state() for service in page.context["cl"].result_list} <= states[review]


def test_a_changed_hour_reaches_the_snapshot(staff: Client, service: Service, snapshot_path: Path) -> None:
    url = address(Service, "change", service.pk)
    data = form_of(staff, url)
    assert (data["hours-0-weekday"], data["hours-0-opens"], data["hours-0-closes"]) == ("0", "09:00", "17:00")
    data["hours-0-opens"], data["hours-0-closes"] = "0730", "13h15"
    assert errors(staff.post(url, data)) == []
    answer = staff.post(reverse("admin:publish"), {"next": address(Service, "changelist")}, follow=True)
    assert answer.redirect_chain[0][0] == address(Service, "changelist")
    told = [str(message) for message in answer.context["messages"]]
    assert any(re.search(r"Publication \d+: \d+ services", line) for line in told)
    with sqlite3.connect(snapshot_path) as snapshot:
        query = "SELECT opens, closes FROM opening WHERE service_id = ? ORDER BY weekday"
        assert snapshot.execute(query, (service.public_id,)).fetchall() == [(450, 795), *[(540, 1020)] * 4]
    assert service.hours.get(weekday=0).history.latest().history_user.username == "administrator"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hours-0-opens": "nine"}, "“nine” is not a time of day"),
        ({"service_contacts-0-value": "0210 123456"}, "must begin with +"),
        ({"service_contacts-1-kind": "phone", "service_contacts-1-value": "+441632960101"}, "listed twice"),
        ({"min_age": "40", "max_age": "3"}, "below the lower one"),
        ({"nationalities": "Syria"}, "country code"),
        ({"operator_type": ""}, "required"),
    ],
)
def test_mistakes_are_explained_and_nothing_is_saved(
    staff: Client, service: Service, changes: dict[str, str], message: str
) -> None:
    url = address(Service, "change", service.pk)
    before = service.history.count()
    page = staff.post(url, {**form_of(staff, url), **changes})
    assert page.status_code == 200 and message in page.content.decode()
    assert service.history.count() == before


def test_one_correction_of_a_shared_number_reaches_every_service(staff: Client, service: Service) -> None:
    contact = ContactPoint.objects.get(services=service, kind="phone")
    other = Service.objects.get(public_id="gr-athens-legal-2")
    other.service_contacts.create(contact=contact)
    url = address(Service, "change", service.pk)
    page = staff.get(url).content.decode()
    assert "also for 1 other services" in page
    data = form_of(staff, url)
    index = next(n for n in range(9) if data.get(f"service_contacts-{n}-kind") == "phone")
    assert errors(staff.post(url, {**data, f"service_contacts-{index}-value": "+44 1632 960999"})) == []
    contact.refresh_from_db()
    assert contact.value == "+441632960999" and other.contacts.filter(value="+441632960999").exists()


@pytest.mark.parametrize(("minor", "state"), [(False, "outdated"), (True, "needs_review")])
def test_editing_the_source_text(staff: Client, service: Service, minor: bool, state: str) -> None:
    url = address(Service, "change", service.pk)
    data = form_of(staff, url)
    index = next(n for n in range(9) if data.get(f"texts-{n}-lang") == "en")
    data |= {f"texts-{index}-short_text": "Other words."} | ({"minor_edit": "on"} if minor else {})
    assert errors(staff.post(url, data)) == []
    service.refresh_from_db()
    assert service.texts.get(lang="en").public_state(service.version) == "approved"
    assert service.texts.get(lang="fr").public_state(service.version) == state


def test_still_correct_in_bulk(staff: Client) -> None:
    overdue = Service.objects.filter(review_due__lt=timezone.localdate())[:3]
    chosen = [service.pk for service in overdue]
    assert len(chosen) == 3
    data = {"action": "still_correct", "_selected_action": chosen}
    page = staff.post(address(Service, "changelist"), data, follow=True)
    assert "3 services were checked today" in page.content.decode()
    assert {service.review_state() for service in Service.objects.filter(pk__in=chosen)} == {"current"}
    assert Verification.objects.filter(service__in=chosen, by__username="administrator").count() == 3


def test_still_correct_from_the_page_of_a_service(staff: Client, service: Service) -> None:
    url = address(Service, "change", service.pk)
    assert errors(staff.post(url, {**form_of(staff, url), "_still_correct": "1"})) == []
    service.refresh_from_db()
    assert service.verified_on == timezone.localdate()


def test_services_are_archived_and_not_deleted(staff: Client, service: Service) -> None:
    staff.post(address(Service, "changelist"), {"action": "archive", "_selected_action": [service.pk]})
    service.refresh_from_db()
    assert service.status == "archived"
    assert staff.post(address(Service, "delete", service.pk), {"post": "yes"}).status_code == 403


def test_a_number_is_verified_only_with_its_operator(staff: Client) -> None:
    number = EmergencyNumber.objects.get(country="GR", number="112")
    data = {"action": "verified_today", "_selected_action": [number.pk]}
    page = staff.post(address(EmergencyNumber, "changelist"), data, follow=True)
    assert "first say who answers it" in page.content.decode()
    EmergencyNumber.objects.filter(pk=number.pk).update(operator="State", operator_type="government")
    staff.post(address(EmergencyNumber, "changelist"), data)
    number.refresh_from_db()
    assert number.is_verified()


def test_an_article_is_checked_again(staff: Client) -> None:
    article = Article.objects.latest("checked_on")
    staff.post(address(Article, "changelist"), {"action": "still_correct", "_selected_action": [article.pk]})
    article.refresh_from_db()
    assert article.checked_on == timezone.localdate() and (article.review_due - article.checked_on).days == 180


@pytest.fixture
def hidden(service: Service) -> Location:
    """A place that has just become confidential, with sentinels in its exact fields."""
    place = service.locations.get()
    place.address, place.visibility = EXACT, Location.Visibility.CONTACT_ONLY
    place.save()
    ConfidentialPlace.objects.filter(location=place).update(lat=37.98765431, note="ZZNOTE")
    return place


ALL_BUT_CONFIDENTIAL = (
    "view_location",
    "change_location",
    "view_service",
    "change_service",
    "view_confidentialplace",
    "change_confidentialplace",
    "view_organisation",
)


@pytest.mark.parametrize(
    ("permissions", "shown"),
    [(ALL_BUT_CONFIDENTIAL, False), ((*ALL_BUT_CONFIDENTIAL, "view_confidential"), True)],
)
def test_exact_places_are_shown_only_with_the_permission(
    editor: Callable[..., Client], hidden: Location, service: Service, permissions: tuple[str, ...], shown: bool
) -> None:
    browser = editor(*permissions)
    page = browser.get(address(Location, "change", hidden.pk)).content.decode()
    assert (EXACT in page, "37.98765431" in page, "ZZNOTE" in page) == (shown, shown, shown)
    for url in (
        address(Location, "changelist"),
        address(Location, "changelist") + "?q=ZZSENTINEL",
        address(Location, "history", hidden.pk),
        address(Location, "history", hidden.pk) + f"{hidden.history.earliest().pk}/",
        address(Service, "change", service.pk),
        address(Service, "changelist"),
        reverse("admin:autocomplete")
        + "?term=Athens&app_label=directory&model_name=serviceatlocation&field_name=location",
        reverse("admin:index"),
    ):
        answer = browser.get(url)
        assert answer.status_code == 200, url
        assert not {word for word in (EXACT, "37.98765431", "ZZNOTE") if word in answer.content.decode()}, url


def test_somebody_without_the_permission_cannot_overwrite_an_exact_place(
    editor: Callable[..., Client], hidden: Location
) -> None:
    browser = editor(*ALL_BUT_CONFIDENTIAL)
    url = address(Location, "change", hidden.pk)
    data = form_of(browser, url) | {
        "confidential-TOTAL_FORMS": "1",
        "confidential-INITIAL_FORMS": "1",
        "confidential-0-id": str(hidden.confidential.pk),
        "confidential-0-location": str(hidden.pk),
        "confidential-0-address": "overwritten",
    }
    browser.post(url, data)
    assert ConfidentialPlace.objects.get(location=hidden).address == EXACT


def test_making_a_place_confidential_on_its_page_moves_its_address(staff: Client, service: Service) -> None:
    place = service.locations.get()
    url, old = address(Location, "change", place.pk), place.address
    data = form_of(staff, url) | {"visibility": "area_only"}
    assert old and errors(staff.post(url, data)) == []
    place.refresh_from_db()
    assert (place.address, place.confidential.address) == ("", old)


@pytest.mark.parametrize(("permissions", "count"), [(("view_service",), 0), (("view_service", "publish"), 1)])
def test_publishing_needs_its_permission(
    editor: Callable[..., Client], permissions: tuple[str, ...], count: int
) -> None:
    browser = editor(*permissions)
    page = browser.get(address(Service, "changelist")).content.decode()
    assert ("Publish now" in page) is bool(count)
    browser.post(reverse("admin:publish"))
    assert Publication.objects.count() == count


def test_publishing_is_a_post_with_a_token_and_comes_back_here(staff: Client, settings: Any) -> None:
    url = reverse("admin:publish")
    assert staff.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get(username="administrator"))
    assert strict.post(url).status_code == 403
    assert staff.post(url, {"next": "https://evil.example/"}).headers["Location"] == reverse("admin:index")


def test_a_failed_publication_is_explained(staff: Client, hidden: Location, service: Service) -> None:
    service.texts.filter(lang="en").update(how_to_get_help=f"Come to {EXACT}.")
    answer = staff.post(reverse("admin:publish"), follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert told[0].startswith("Nothing was published") and service.public_id in told[1]
    page = answer.content.decode()
    assert "Nothing was published" in page and service.public_id in page


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ar", "rtl"), ("fr", "ltr"), ("es", "ltr")])
def test_the_pages_speak_the_languages_of_staff(staff: Client, language: str, direction: str) -> None:
    staff.post(reverse("set_language"), {"language": language, "next": "/admin/"})
    page = staff.get(reverse("admin:index")).content.decode()
    assert re.search(rf'<html lang="{language}"[^>]*dir="{direction}"', page)


@pytest.mark.parametrize(
    ("url", "status"),
    [("/", 302), ("/healthz", 200), ("/admin/", 302), ("/admin/login/", 200), ("/admin/directory/service/", 302)],
)
def test_strangers(client: Client, url: str, status: int) -> None:
    answer = client.get(url)
    assert answer.status_code == status
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"


def test_health_fails_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import DatabaseError

    from directory import views

    def broken() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(views.connection, "cursor", broken)
    assert client.get("/healthz").status_code == 503
