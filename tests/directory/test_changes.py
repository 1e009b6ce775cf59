"""Proposed changes: the old text stays live, the reviewer sees what changes, conflicts are shown, confidential places need two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.bundles import take
from directory.changes import proposals
from directory.changes.history import events
from directory.chores import run_due
from directory.models import (
    ChangeRequest,
    ConfidentialPlace,
    ConfidentialProposal,
    EmergencyNumber,
    Location,
    Membership,
    Organisation,
    Publication,
    Service,
    ServiceAtLocation,
    User,
)
from tests.directory.test_admin import form_of

pytestmark = pytest.mark.django_db
SENTINEL = "Sentinelstreet 77"


@pytest.fixture
def partner(service: Service) -> User:
    """Edits for the organisation of the sample service."""
    user = User.objects.create_user("partner", password="a long pass phrase", is_staff=True)
    user.groups.add(Group.objects.get(name="partner"))
    Membership.objects.create(user=user, organisation=service.organisation, role="editor")
    return user


@pytest.fixture
def reviewer(db: None) -> User:
    user = User.objects.create_user("reviewer", password="a long pass phrase", is_staff=True)
    user.groups.add(Group.objects.get(name="reviewer"))
    return user


@pytest.fixture
def protection(db: None) -> Callable[[str], User]:
    """Protection officers by name."""

    def make(name: str) -> User:
        user = User.objects.create_user(name, password="a long pass phrase", is_staff=True)
        user.groups.add(Group.objects.get(name="protection"))
        return user

    return make


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(record: Any) -> str:
    return reverse(f"admin:directory_{record._meta.model_name}_change", args=(record.pk,))


def edit(user: User, record: Any, **values: Any) -> Any:
    """What the person sends from the record's page with some values changed."""
    client = browser(user)
    data = form_of(client, page_of(record))
    assert set(values) <= set(data) | {"minor_edit", "min_age", "max_age"}, sorted(set(values) - set(data))
    return client.post(page_of(record), {**data, **values}, follow=True)


def text_field(service: Service, user: User, lang: str = "en", name: str = "name") -> str:
    data = form_of(browser(user), page_of(service))
    prefix = next(
        key.rsplit("-", 1)[0]
        for key, value in data.items()
        if key.endswith("-lang") and value == lang and "texts" in key
    )
    return f"{prefix}-{name}"


def decide(user: User, change: ChangeRequest, action: str = "approve", **data: Any) -> Any:
    """The reviewer opens the page and sends its form."""
    client, url = browser(user), reverse("changes:change", args=(change.pk,))
    page = client.get(url)
    assert page.status_code == 200
    taken = [row.path for row in page.context["rows"] if row.chosen]
    return client.post(url, {"seen": page.context["seen"], "take": taken, "action": action, **data})


def test_a_partners_edit_waits_while_the_old_text_stays_live(
    service: Service, partner: User, reviewer: User, published: Any
) -> None:
    before = take(service)
    answer = edit(partner, service, **{text_field(service, partner): "A new name", "cost": "paid"})
    assert "waits for a reviewer" in answer.content.decode()
    assert take(Service.objects.get(pk=service.pk)) == before
    change = ChangeRequest.objects.get()
    assert {row["path"] for row in change.diff} == {"texts/en/name", "cost"}
    names = {row["name"] for row in published().execute("SELECT name FROM service_text")}
    assert before["texts/en/name"] in names and "A new name" not in names

    page = browser(reviewer).get(reverse("changes:change", args=(change.pk,)))
    html = page.content.decode()
    assert "A new name" in html and before["texts/en/name"] in html
    said = page.context["said"][0]["texts"]
    assert {text.channel for text in said} == {"web", "telegram", "whatsapp", "sms"}
    assert all("A new name" in text.text and text.changed for text in said if text.language == "en")

    assert decide(reviewer, change, publish="1").status_code == 302
    now = take(Service.objects.get(pk=service.pk))
    assert now["texts/en/name"] == "A new name" and now["cost"] == "paid"
    assert service.texts.exclude(lang="en")[0].public_state(Service.objects.get(pk=service.pk).version) == "outdated"
    change.refresh_from_db()
    assert (change.state, change.reviewer) == ("approved", reviewer)
    run_due()
    assert Publication.objects.latest("pk").by == reviewer
    names = {row["name"] for row in published().execute("SELECT name FROM service_text")}
    assert "A new name" in names


def test_a_reviewers_own_edit_counts_at_once(service: Service, reviewer: User) -> None:
    edit(reviewer, service, cost="paid")
    assert Service.objects.get(pk=service.pk).cost == "paid"
    assert not ChangeRequest.objects.exists()


def test_a_draft_is_edited_freely_and_published_by_somebody_else(
    service: Service, partner: User, reviewer: User
) -> None:
    Service.objects.filter(pk=service.pk).update(status="draft")
    edit(partner, service, cost="paid")
    assert Service.objects.get(pk=service.pk).cost == "paid"
    edit(partner, service, status="published")
    assert Service.objects.get(pk=service.pk).status == "draft"
    change = ChangeRequest.objects.get()
    assert change.kind == "new"
    decide(reviewer, change)
    assert Service.objects.get(pk=service.pk).status == "published"


def test_mistakes_are_explained_before_anything_is_proposed(service: Service, partner: User) -> None:
    answer = edit(partner, service, min_age="60", max_age="18")
    assert answer.status_code == 200 and "The upper age is below the lower one." in answer.content.decode()
    assert not ChangeRequest.objects.exists()


def test_a_second_edit_is_added_to_the_first_and_the_way_back_withdraws_it(service: Service, partner: User) -> None:
    cost = service.cost
    edit(partner, service, cost="paid")
    edit(partner, service, booking="appointment")
    change = ChangeRequest.objects.get()
    assert {row["path"]: row["after"] for row in change.diff} == {"cost": "paid", "booking": "appointment"}
    client = browser(partner)
    client.post(
        reverse("changes:change", args=(change.pk,)), {"action": "resubmit", "take": ["booking"], "note": "why"}
    )
    change.refresh_from_db()
    assert [row["path"] for row in change.diff] == ["booking"] and change.reason == "why"
    client.post(reverse("changes:change", args=(change.pk,)), {"action": "withdraw"})
    change.refresh_from_db()
    assert change.state == "withdrawn"
    assert Service.objects.get(pk=service.pk).cost == cost


@pytest.mark.parametrize(
    ("action", "note", "status", "state"),
    [
        ("send_back", "Which hours?", 302, "sent_back"),
        ("send_back", "", 400, "pending"),
        ("reject", "Not true", 302, "rejected"),
        ("reject", " ", 400, "pending"),
        ("withdraw", "", 403, "pending"),
        ("resubmit", "", 403, "pending"),
        ("nonsense", "x", 403, "pending"),
    ],
)
def test_decisions(
    service: Service, partner: User, reviewer: User, action: str, note: str, status: int, state: str
) -> None:
    edit(partner, service, cost="paid")
    change = ChangeRequest.objects.get()
    assert decide(reviewer, change, action, note=note).status_code == status
    change.refresh_from_db()
    assert change.state == state
    assert Service.objects.get(pk=service.pk).cost != "paid"
    if state == "sent_back":
        assert note in browser(partner).get(page_of(service)).content.decode()
        assert decide(reviewer, change).status_code == 302
        change.refresh_from_db()
        assert change.state == "sent_back"  # it waits for the author, not for the reviewer
        edit(partner, service, cost="low")
        change.refresh_from_db()
        assert change.state == "pending"


def test_approved_with_changes(service: Service, partner: User, reviewer: User) -> None:
    field = text_field(service, partner)
    edit(partner, service, **{field: "A nwe name", "cost": "paid"})
    change = ChangeRequest.objects.get()
    decide(reviewer, change, take=["texts/en/name"], **{"value:texts/en/name": "A new name"})
    now = Service.objects.get(pk=service.pk)
    assert now.texts.get(lang="en").name == "A new name" and now.cost != "paid"
    change.refresh_from_db()
    assert [row["path"] for row in change.decided] == ["texts/en/name"]


def test_a_correction_that_is_not_valid_changes_nothing_and_is_explained(
    service: Service, partner: User, reviewer: User
) -> None:
    before = take(service)
    edit(partner, service, **{text_field(service, partner): "A new name", "cost": "paid"})
    change = ChangeRequest.objects.get()
    answer = decide(reviewer, change, **{"value:texts/en/name": ""})
    assert answer.status_code == 400
    assert next(row.error for row in answer.context["rows"] if row.path == "texts/en/name")
    assert take(Service.objects.get(pk=service.pk)) == before
    change.refresh_from_db()
    assert change.state == "pending"


def test_conflicts_are_shown_and_never_overwritten(service: Service, partner: User, reviewer: User) -> None:
    edit(partner, service, cost="paid", booking="appointment")
    change = ChangeRequest.objects.get()
    url = reverse("changes:change", args=(change.pk,))
    seen = browser(reviewer).get(url).context["seen"]
    Service.objects.filter(pk=service.pk).update(cost="low")

    late = browser(reviewer).post(url, {"seen": seen, "take": ["cost", "booking"], "action": "approve"})
    assert late.status_code == 409  # what the reviewer saw is not true any more
    assert Service.objects.get(pk=service.pk).cost == "low"
    row = next(row for row in late.context["rows"] if row.path == "cost")
    assert row.live == ["low cost"]

    page = browser(reviewer).get(url).context
    assert [row.chosen for row in page["rows"] if row.path == "cost"] == [False]
    blind = {"seen": page["seen"], "take": ["cost", "booking"], "action": "approve"}
    assert browser(reviewer).post(url, blind).status_code == 409
    assert Service.objects.get(pk=service.pk).booking != "appointment"
    assert browser(reviewer).post(url, {**blind, "over": ["cost"]}).status_code == 302
    now = Service.objects.get(pk=service.pk)
    assert (now.cost, now.booking) == ("paid", "appointment")


def test_two_reviewers_at_once(service: Service, partner: User, reviewer: User) -> None:
    edit(partner, service, cost="paid")
    change = ChangeRequest.objects.get()
    other = User.objects.create_superuser("other", password="a long pass phrase")
    seen = browser(reviewer).get(reverse("changes:change", args=(change.pk,))).context["seen"]
    decide(other, change, "reject", note="no")
    with pytest.raises(proposals.Conflict):
        proposals.approve(change, reviewer, seen=seen)
    assert Service.objects.get(pk=service.pk).cost != "paid"


def test_nobody_decides_on_their_own_or_on_what_is_not_theirs(service: Service, partner: User) -> None:
    edit(partner, service, cost="paid")
    change = ChangeRequest.objects.get()
    url = reverse("changes:change", args=(change.pk,))
    page = browser(partner).get(url)
    assert not page.context["decides"]
    assert (
        browser(partner).post(url, {"seen": page.context["seen"], "take": ["cost"], "action": "approve"}).status_code
        == 403
    )
    stranger = User.objects.create_user("stranger", password="a long pass phrase", is_staff=True)
    stranger.groups.add(Group.objects.get(name="partner"))
    Membership.objects.create(user=stranger, organisation=Organisation.objects.exclude(pk=service.organisation_id)[0])
    assert browser(stranger).get(url).status_code == 404


TRUSTED = {
    "hours": ({"hours-0-opens": "11:11"}, {"hours"}, set()),
    "a closure": ({"status": "paused"}, {"status"}, set()),
    "closed for good": ({"status": "closed"}, set(), {"status"}),
    "papers": ({"papers": "status_required"}, set(), {"papers"}),
    "both": ({"hours-0-opens": "11:11", "papers": "status_required"}, {"hours"}, {"papers"}),
}


@pytest.mark.parametrize("case", TRUSTED)
@pytest.mark.parametrize("trusted", [True, False])
def test_trusted_partners_publish_hours_and_closures_at_once(
    service: Service, partner: User, snapshot_path: Any, case: str, trusted: bool
) -> None:
    Service.objects.filter(pk=service.pk).update(papers="none_needed")
    level = "trusted" if trusted else "reviewed"
    Organisation.objects.filter(pk=service.organisation_id).update(trusted_level=level)
    before = take(Service.objects.get(pk=service.pk))
    values, at_once, waits = TRUSTED[case]
    edit(partner, service, **values)
    after = take(Service.objects.get(pk=service.pk))
    changed = {path for path in before if before[path] != after[path]}
    proposed = {row["path"] for change in ChangeRequest.objects.all() for row in change.diff}
    assert changed == (at_once if trusted else set())
    assert proposed == (waits if trusted else at_once | waits)
    assert Publication.objects.filter(state="queued").exists() == (trusted and bool(at_once))


def test_a_trusted_partner_corrects_its_own_phone(service: Service, partner: User) -> None:
    Organisation.objects.filter(pk=service.organisation_id).update(trusted_level="trusted")
    data = form_of(browser(partner), page_of(service))
    field = next(
        key[: -len("kind")] + "value" for key, value in data.items() if key.endswith("-kind") and value == "phone"
    )
    edit(partner, service, **{field: "+302100000066"})
    assert service.contacts.filter(value="+302100000066").exists()


@pytest.fixture
def shelter(service: Service) -> Location:
    """A confidential place of the organisation, behind a live service."""
    place = Location.objects.create(
        organisation=service.organisation, name="House", visibility="contact_only", city="Athens", country="GR",
        centre_lat=37.98, centre_lon=23.73, tz="Europe/Athens",
    )  # fmt: skip
    ConfidentialPlace.objects.create(location=place, address=SENTINEL, lat=37.9771, lon=23.7212)
    ServiceAtLocation.objects.create(service=service, location=place)
    return place


def test_a_confidential_place_needs_two_people(
    shelter: Location, partner: User, reviewer: User, protection: Callable[[str], User]
) -> None:
    first, second = protection("first"), protection("second")
    field = "confidential-0-address"
    edit(first, shelter, **{field: f"{SENTINEL} b"})
    shelter.confidential.refresh_from_db()
    assert shelter.confidential.address == SENTINEL
    change = ChangeRequest.objects.get()
    assert change.confidential and change.diff == []
    assert ConfidentialProposal.objects.get().diff[0]["after"] == f"{SENTINEL} b"
    url = reverse("changes:change", args=(change.pk,))
    for person in (reviewer, partner, User.objects.create_superuser("root", password="a long pass phrase")):
        page = browser(person).get(url)
        if person.username != "root":  # a superuser may see everything, as in all of Django
            assert SENTINEL not in page.content.decode()
    assert SENTINEL in browser(second).get(url).content.decode()
    assert not browser(first).get(url).context["decides"]  # not their own
    seen = browser(first).get(url).context["seen"]
    assert (
        browser(first).post(url, {"seen": seen, "take": ["confidential/address"], "action": "approve"}).status_code
        == 403
    )
    assert browser(reviewer).post(url, {"seen": seen, "action": "approve"}).status_code in (403, 404)
    assert decide(second, change).status_code == 302
    shelter.confidential.refresh_from_db()
    assert shelter.confidential.address == f"{SENTINEL} b"
    assert not ConfidentialProposal.objects.exists()  # decided: forgotten
    change.refresh_from_db()
    assert SENTINEL not in str(change.decided)


def test_even_an_administrator_does_not_open_a_confidential_place_alone(shelter: Location) -> None:
    root = User.objects.create_superuser("root", password="a long pass phrase")
    edit(root, shelter, visibility="area_only")
    shelter.refresh_from_db()
    assert shelter.visibility == "contact_only"
    change = ChangeRequest.objects.get()
    assert change.confidential and not proposals.decides(root, change)


def test_to_close_a_place_off_is_never_held_up(service: Service, partner: User) -> None:
    place = service.locations.filter(visibility="public")[0]
    Location.objects.filter(pk=place.pk).update(organisation=service.organisation)
    edit(partner, place, visibility="contact_only", centre_lat="37.98", centre_lon="23.73")
    place.refresh_from_db()
    assert (place.visibility, place.address, place.lat) == ("contact_only", "", None)
    assert not ChangeRequest.objects.exists()


def test_how_far_the_pin_moves(service: Service, partner: User, reviewer: User) -> None:
    place = service.locations.filter(visibility="public")[0]
    Location.objects.filter(pk=place.pk).update(organisation=service.organisation)
    place.refresh_from_db()
    edit(partner, place, lat=str(place.lat + 0.01))
    change = ChangeRequest.objects.get()
    page = browser(reviewer).get(reverse("changes:change", args=(change.pk,)))
    assert page.context["moved_m"] == pytest.approx(1112, abs=2)
    assert page.context["said"]


def test_archiving_from_the_list_waits_too(service: Service, partner: User) -> None:
    url = reverse("admin:directory_service_changelist")
    answer = browser(partner).post(url, {"action": "archive", "_selected_action": [service.pk]}, follow=True)
    assert "waits for a reviewer" in answer.content.decode()
    assert Service.objects.get(pk=service.pk).status == "published"
    assert ChangeRequest.objects.get().kind == "close"


def test_the_list_of_changes(service: Service, partner: User, reviewer: User) -> None:
    edit(partner, service, cost="paid")
    url = reverse("changes:list")
    for person, query, count in (
        (partner, "", 1), (partner, "?mine=1", 1), (reviewer, "", 1), (reviewer, "?mine=1", 0), (reviewer, "?state=approved", 0),
        (reviewer, "?state=all", 1), (reviewer, "?page=99", 1),
    ):  # fmt: skip
        assert len(browser(person).get(url + query).context["rows"]) == count, query


# --- history -------------------------------------------------------------------------------------------------------------


def test_history_says_who_changed_what_and_goes_back(service: Service, reviewer: User, partner: User) -> None:
    before = take(service)
    edit(reviewer, service, **{"cost": "paid", text_field(service, reviewer): "A new name"})
    found = list(events(Service.objects.get(pk=service.pk)))
    assert found[0].user == reviewer
    assert {change.path for change in found[0].changes} == {"cost", "texts/en/name"}
    url = reverse("changes:history", args=("service", service.pk))
    page = browser(partner).get(url)
    assert "A new name" in page.content.decode() and "reviewer" not in page.context["events"][0]["who"]
    assert browser(reviewer).get(url).context["events"][0]["who"] == "you"
    root = User.objects.create_superuser("root", password="a long pass phrase")
    assert browser(root).get(url).context["events"][0]["who"] == "reviewer"
    at = found[0].before
    assert at is not None
    browser(partner).post(url, {"at": at.isoformat(), "path": ["cost"]})
    assert ChangeRequest.objects.get().diff == [{"path": "cost", "before": "paid", "after": before["cost"]}]
    browser(reviewer).post(url, {"at": at.isoformat(), "path": ["cost"]})
    assert take(Service.objects.get(pk=service.pk)) == {**before, "texts/en/name": "A new name"}
    browser(reviewer).post(url, {"at": at.isoformat()})
    assert take(Service.objects.get(pk=service.pk)) == before


@pytest.mark.parametrize("at", ["", "yesterday", "2026-01-01T00:00:00"])
def test_bad_moments(service: Service, reviewer: User, at: str) -> None:
    url = reverse("changes:history", args=("service", service.pk))
    assert browser(reviewer).post(url, {"at": at}).status_code == 404


def test_a_whole_publication_comes_back(service: Service, reviewer: User, published: Any) -> None:
    published()
    wanted = Publication.objects.latest("pk")
    Publication.objects.filter(pk=wanted.pk).update(at=timezone.now())
    before = take(service)
    edit(reviewer, service, cost="paid", status="paused")
    number = EmergencyNumber.objects.exclude(country="")[0]
    original = take(number)
    number.operator = "Somebody else"
    number.save()
    newer = Service.objects.create(organisation=service.organisation, operator_type="ngo", status="published")
    url = reverse("changes:publication", args=(wanted.pk,))
    assert browser(reviewer).get(url).status_code == 403
    root = User.objects.create_superuser("root", password="a long pass phrase")
    page = browser(root).get(url)
    assert page.context["count"] == 3
    browser(root).post(url)
    assert take(Service.objects.get(pk=service.pk)) == before
    assert take(EmergencyNumber.objects.get(pk=number.pk)) == original
    newer.refresh_from_db()
    assert newer.status == "archived"
    assert Publication.objects.filter(state="queued").exists()
