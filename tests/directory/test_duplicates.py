"""Duplicates: which pairs are suggested, the decision by hand, and that a merge keeps both identities and can be undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core import serializers
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bot.lookup.snapshot import Directory
from directory.duplicates.compare import compare, confidential
from directory.duplicates.find import CROWD, HOTLINE, entries, pairs, refresh
from directory.duplicates.identity import survivor_of
from directory.duplicates.merge import MergeError, merge, undo
from directory.models import (
    Category,
    ChangeRequest,
    ContactPoint,
    DuplicatePair,
    FormerId,
    Location,
    Organisation,
    Service,
    ServiceText,
    Task,
    UserReport,
    Verification,
)

pytestmark = pytest.mark.django_db
State = DuplicatePair.State
METRE = 1 / 111_195
"""Degrees of latitude."""


def make(
    id: str,
    name: str = "",
    *,
    organisation: str = "Helpers",
    at: tuple[float, float] | None = (0.0, 0.0),
    city: str = "Sea",
    phone: str = "",
    categories: tuple[str, ...] = ("shelter",),
    lang: str = "en",
    **facts: Any,
) -> Service:
    """A published service. Organisations are told apart by their name up to a # (two of one name: "Helpers#1", "Helpers#2")."""
    owner, _ = Organisation.objects.get_or_create(
        public_id=organisation.lower().replace("#", "-").replace(" ", "-"),
        defaults={"name": organisation.split("#")[0], "kind": "ngo"},
    )
    service = Service.objects.create(
        **{"public_id": id, "organisation": owner, "status": "published", "operator_type": "ngo", **facts}
    )
    service.categories.set(Category.objects.filter(pk__in=categories))
    ServiceText.objects.create(service=service, lang=lang, name=name or id, state="approved")
    point = {"lat": at[0], "lon": at[1]} if at else {"visibility": "area_only", "centre_lat": 0.0, "centre_lon": 0.0}
    place = Location.objects.create(organisation=owner, city=city, country="GH", tz="UTC", name=id, **point)
    service.sites.create(location=place)
    if phone:
        contact, _ = ContactPoint.objects.get_or_create(organisation=owner, kind="phone", value=phone)
        service.service_contacts.create(contact=contact)
    return service


def found(*services: Service) -> dict[tuple[str, str], list[str]]:
    """The suggestions among these services, by public ids."""
    names = {service.pk: service.public_id for service in services}
    return {(names[a], names[b]): facts.reasons for (a, b), facts in pairs(entries(names)).items()}


NAME, OTHER = "Night shelter for women", "Legal advice on asylum"
P1, P2 = "+233302123456", "+233302123457"


@pytest.mark.parametrize(
    ("first", "second", "reasons"),
    [
        ({"name": NAME}, {"name": NAME, "at": (150 * METRE, 0.0)}, ["near", "name", "organisation"]),
        ({"name": NAME}, {"name": NAME, "at": (0.0, 199 * METRE)}, ["near", "name", "organisation"]),
        ({"name": NAME}, {"name": NAME, "at": (0.0, 201 * METRE)}, None),
        ({"name": NAME}, {"name": NAME, "at": (201 * METRE, 0.0)}, None),
        ({"name": NAME, "organisation": "One"}, {"name": "Women, night shelter for", "organisation": "Two"}, ["near", "name"]),
        ({"name": NAME, "organisation": "One"}, {"name": "NIGHT SHELTER FOR WOMEN (new)", "organisation": "Two"}, ["near", "name"]),
        ({"name": NAME, "organisation": "One"}, {"name": OTHER, "organisation": "Two"}, None),
        ({"name": NAME, "organisation": "One", "phone": P1}, {"name": OTHER, "organisation": "Two", "phone": P1}, ["near", "phone"]),
        ({"name": NAME, "organisation": "One", "phone": P1}, {"name": OTHER, "organisation": "Two", "phone": P2}, None),
        ({"name": NAME, "organisation": "Same#1"}, {"name": OTHER, "organisation": "Same#2"}, ["near", "organisation"]),
        ({"name": NAME, "organisation": "Same#1"}, {"name": OTHER, "organisation": "Same#2", "categories": ("food",)}, None),
        ({"name": NAME, "phone": P1}, {"name": OTHER, "phone": P1, "categories": ("food",)}, None),
        ({"name": NAME, "phone": P1}, {"name": OTHER, "phone": P1}, ["near", "phone", "organisation"]),
        ({"name": NAME, "status": "archived"}, {"name": NAME}, None),
        ({"name": "مأوى ليلي للنساء", "lang": "ar", "organisation": "One"}, {"name": "مأوى ليلي للنساء", "lang": "ar", "organisation": "Two"}, ["near", "name"]),
        ({"name": NAME, "at": None, "phone": P1}, {"name": NAME, "at": None, "phone": P1}, ["name", "phone", "organisation", "city"]),
        ({"name": NAME, "at": None, "phone": P1}, {"name": NAME, "at": None, "phone": P2}, None),
        ({"name": NAME, "at": None, "phone": P1}, {"name": NAME, "at": None, "phone": P1, "city": "Land"}, None),
        ({"name": NAME, "at": (69.99991, 20.0)}, {"name": NAME, "at": (70.0009, 20.0005)}, ["near", "name", "organisation"]),
        ({"name": NAME, "at": (-37.8, 144.9)}, {"name": NAME, "at": (-37.8 + 150 * METRE, 144.9)}, ["near", "name", "organisation"]),
    ],
)  # fmt: skip
def test_which_pairs_are_suggested(first: dict[str, Any], second: dict[str, Any], reasons: list[str] | None) -> None:
    suggested = found(make("one", **first), make("two", **second))
    assert {key: sorted(value) for key, value in suggested.items()} == (
        {("one", "two"): sorted(reasons)} if reasons else {}
    )


def test_no_pair_is_lost_to_the_grid() -> None:
    """Two places 180 m apart in any direction, wherever they lie in a cell, are found."""
    from math import cos, radians, sin

    services, wanted = [], set()
    for n in range(60):
        lat, lon = -60 + 2 * n + 0.00037 * n, 5 * n - 170 + 0.00071 * n
        turn = radians(6 * n)
        there = lat + 180 * METRE * cos(turn), lon + 180 * METRE * sin(turn) / cos(radians(lat))
        services += [make(f"a{n}", NAME, at=(lat, lon)), make(f"b{n}", NAME, at=there)]
        wanted.add((f"a{n}", f"b{n}"))
    assert set(found(*services)) == wanted


def test_a_hotline_of_many_is_no_reason() -> None:
    few = [make(f"few{n}", f"{n} {'xyzuvw'[n] * 9}", organisation=f"O{n}", phone=P1) for n in range(3)]
    many = [
        make(f"many{n}", "abcdefghijkl"[n] * 9, organisation=f"M{n}", phone=P2, at=(1.0, 1.0))
        for n in range(HOTLINE + 1)
    ]
    assert set(found(*few, *many)) == {("few0", "few1"), ("few0", "few2"), ("few1", "few2")}


def test_in_a_crowd_at_one_point_only_equal_names_count() -> None:
    crowd = [make(f"c{n}", f"Point {n} helps with bread") for n in range(CROWD + 1)]
    twins = [make("t1", NAME, organisation="One"), make("t2", NAME, organisation="Two")]
    assert set(found(*crowd, *twins)) == {("t1", "t2")}


@pytest.fixture
def pair() -> DuplicatePair:
    """Two services that differ in most respects; of one there is everything twice."""
    a = make("first", NAME, organisation="One", phone=P1, cost="free", external_ids={"ifrc": "1"}, min_age=18)
    b = make(
        "second",
        NAME,
        organisation="Two",
        phone=P2,
        cost="paid",
        external_ids={"ifrc": "2", "ocha": "x"},
        at=(50 * METRE, 0.0),
    )
    b.categories.add(Category.objects.get(pk="food"))
    b.hours.create(weekday=0, opens=540, closes=600)
    b.exceptions.create(date=date(2030, 1, 1))
    a.hours.create(weekday=0, opens=600, closes=660)
    b.spoken.create(lang="ar")
    b.areas.create(kind="country", country="GH", tz="UTC")
    ServiceText.objects.create(service=b, lang="fr", name="Abri de nuit", state="approved")
    ServiceText.objects.create(service=a, lang="ar", name="مأوى", state="approved")
    UserReport.objects.create(service=b, kind="closed")
    Task.found("other", "k", service=b)
    Verification.objects.create(service=b, method="call", at=timezone.localdate() - timedelta(days=3))
    refresh()
    return DuplicatePair.objects.get(a=a, b=b)


def state_of(service: Service) -> Any:
    """Everything of a service that a person can see, without the keys of its rows."""
    service = Service.objects.get(pk=service.pk)
    rows: list[Any] = [service]
    for relation in (
        "texts",
        "hours",
        "exceptions",
        "service_contacts",
        "sites",
        "areas",
        "spoken",
        "verifications",
        "reports",
        "tasks",
    ):
        rows += getattr(service, relation).all()
    facts = [{**row["fields"], "of": row["model"]} for row in serializers.serialize("python", rows)]
    return sorted(
        json.dumps(
            {k: v for k, v in fact.items() if k not in ("updated_at", "created_at")}, default=str, sort_keys=True
        )
        for fact in facts
    )


TAKE_ALL = dict.fromkeys(
    ("part:hours", "part:contacts", "part:places", "part:categories", "field:cost", "text:en", "text:fr"), "b"
)


@pytest.mark.parametrize("kept", ["a", "b"])
@pytest.mark.parametrize(
    "choices",
    [
        {},
        TAKE_ALL,
        dict.fromkeys(TAKE_ALL, "a"),
        {"work": "move"},
        {**TAKE_ALL, "work": "move"},
        {"part:contacts": "both"},
    ],
)
def test_a_merge_keeps_both_identities_and_can_be_undone(
    pair: DuplicatePair, staff: Client, kept: str, choices: dict[str, str]
) -> None:
    survivor, loser = (pair.a, pair.b) if kept == "a" else (pair.b, pair.a)
    before = state_of(pair.a), state_of(pair.b)
    user = pair_user(staff)
    merge(pair, survivor, choices, user)
    pair.refresh_from_db()
    loser.refresh_from_db()
    survivor.refresh_from_db()
    assert (pair.state, pair.survivor, pair.decided_by) == (State.MERGED, survivor, user)
    assert loser.status == "archived" and survivor.status == "published"
    former = FormerId.objects.get(service=survivor)
    assert (former.public_id, former.uuid, former.external_ids) == (loser.public_id, loser.uuid, loser.external_ids)
    assert survivor.external_ids["ocha"] == "x" and survivor.external_ids["ifrc"] == {"a": "1", "b": "2"}[kept]
    for id in (loser.public_id, loser.uuid, loser):
        assert survivor_of(id) == survivor
    assert survivor_of(survivor) is None
    assert survivor.history.first().history_change_reason == f"merged with {loser.public_id}"
    assert undo(pair, user) == []
    assert (state_of(pair.a), state_of(pair.b)) == before
    assert not FormerId.objects.exists() and survivor_of(loser) is None
    pair.refresh_from_db()
    assert pair.state == State.OPEN


def pair_user(client: Client) -> Any:
    from django.contrib.auth import get_user

    return get_user(client)  # type: ignore[arg-type]


def numbers(service: Service) -> set[str]:
    return {use.contact.value for use in service.service_contacts.all()}


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"field:cost": "b"}, {"cost": "paid"}),
        ({"field:cost": "a"}, {"cost": "free"}),
        ({"field:min_age": "a"}, {"min_age": 18}),
        ({"field:min_age": "b"}, {"min_age": None}),
        ({"part:contacts": "a"}, {"numbers": {P1}}),
        ({"part:contacts": "b"}, {"numbers": {P2}}),
        ({"part:contacts": "both"}, {"numbers": {P1, P2}}),
        ({"part:categories": "both"}, {"categories": {"shelter", "food"}}),
        ({"part:categories": "a"}, {"categories": {"shelter"}}),
        ({"part:categories": "b"}, {"categories": {"shelter", "food"}}),
        ({"part:hours": "a"}, {"hours": [(600, 660)], "exceptions": 0}),
        ({"part:hours": "b"}, {"hours": [(540, 600)], "exceptions": 1}),
        ({"part:places": "both"}, {"places": 2}),
        ({"text:fr": "b"}, {"fr": "Abri de nuit"}),
        ({"text:fr": "a"}, {"fr": None}),
        ({"text:ar": "b"}, {"ar": None}),
        ({"work": "move"}, {"reports": 1, "tasks": 1, "checks": 1}),
        ({"work": "stay"}, {"reports": 0, "tasks": 0, "checks": 0}),
        ({"field:cost": "nonsense"}, {"cost": "free"}),
    ],
)
def test_what_was_chosen_is_kept(
    pair: DuplicatePair, staff: Client, choices: dict[str, str], expected: dict[str, Any]
) -> None:
    untouched = state_of(pair.b)
    merge(pair, pair.a, choices, pair_user(staff))
    kept = Service.objects.get(pk=pair.a_id)
    texts = {text.lang: text.name for text in kept.texts.all()}
    actual = {
        "cost": kept.cost,
        "min_age": kept.min_age,
        "numbers": numbers(kept),
        "categories": set(kept.categories.values_list("pk", flat=True)),
        "hours": [(row.opens, row.closes) for row in kept.hours.all()],
        "exceptions": kept.exceptions.count(),
        "places": kept.sites.count(),
        "fr": texts.get("fr"),
        "ar": texts.get("ar"),
        "reports": kept.reports.count(),
        "tasks": kept.tasks.count(),
        "checks": kept.verifications.count(),
    }
    assert {name: actual[name] for name in expected} == expected
    if choices.get("work") != "move":  # the archived one stays whole, but for its state
        changed = set(state_of(pair.b)) ^ set(untouched)
        assert len(changed) == 2 and all('"of": "directory.service"' in line for line in changed)
    if choices == {"work": "move"}:
        assert kept.verified_on == timezone.localdate() - timedelta(days=3)


def test_translations_of_another_source_text_are_out_of_date(pair: DuplicatePair, staff: Client) -> None:
    merge(pair, pair.a, {"text:fr": "b", "text:en": "a"}, pair_user(staff))
    text = ServiceText.objects.get(service=pair.a, lang="fr")
    assert (text.state, text.public_state(Service.objects.get(pk=pair.a_id).version)) == ("needs_review", "outdated")


def test_a_source_text_taken_over_leaves_older_translations_behind(pair: DuplicatePair, staff: Client) -> None:
    ServiceText.objects.filter(service=pair.b, lang="en").update(name="Night shelter for women and girls")
    merge(pair, pair.a, {"text:fr": "b", "text:en": "b"}, pair_user(staff))
    kept = Service.objects.get(pk=pair.a_id)
    states = {text.lang: text.public_state(kept.version) for text in kept.texts.all()}
    assert states == {"en": "approved", "fr": "approved", "ar": "outdated"}


def test_an_undo_leaves_what_was_edited_since(pair: DuplicatePair, staff: Client) -> None:
    user = pair_user(staff)
    merge(pair, pair.a, {"field:cost": "b", "text:fr": "b", "part:hours": "b"}, user)
    Service.objects.filter(pk=pair.a_id).update(cost="low")
    ServiceText.objects.filter(service=pair.a, lang="fr").update(name="Refuge")
    assert undo(pair, user) == ["cost", "text"]
    kept = Service.objects.get(pk=pair.a_id)
    assert kept.cost == "low" and kept.texts.get(lang="fr").name == "Refuge"
    assert [row.opens for row in kept.hours.all()] == [600]


def test_of_a_chain_the_last_one_answers_and_only_the_last_merge_is_undone_first(
    pair: DuplicatePair, staff: Client
) -> None:
    user, third = pair_user(staff), make("third", NAME, organisation="Three")
    refresh()
    merge(pair, pair.a, {}, user)
    assert not DuplicatePair.objects.filter(b=third, a=pair.b).exists()
    second = DuplicatePair.objects.get(a=pair.a, b=third)
    merge(second, third, {}, user)
    assert survivor_of("second") == survivor_of("first") == third
    with pytest.raises(MergeError, match="chain"):
        undo(pair, user)
    undo(second, user)
    assert survivor_of("second") == pair.a and survivor_of("first") is None
    undo(pair, user)


def test_decisions_stay_and_suggestions_that_no_longer_hold_go(pair: DuplicatePair, staff: Client) -> None:
    third = make("third", NAME, organisation="Three")
    refresh()
    staff.post(reverse("duplicates:decide", args=[pair.pk]), {"action": "not_duplicate"})
    Location.objects.filter(sites__service=third).update(lat=5.0)
    refresh()
    mine = DuplicatePair.objects.filter(a__public_id__in=("first", "second", "third"))
    assert [(row.pk, row.state) for row in mine] == [(pair.pk, State.NOT_DUPLICATE)]
    assert refresh()[1] == 0


def post(client: Client, pair: DuplicatePair, action: str = "merge", **data: str) -> Any:
    page = client.get(reverse("duplicates:pair", args=[pair.pk]))
    fingerprint = page.context["compared"].fingerprint
    typed = {"action": action, "survivor": "a", "work": "move", "fingerprint": fingerprint, **data}
    return client.post(reverse("duplicates:decide", args=[pair.pk]), typed, follow=True)


def test_a_person_merges_and_undoes_on_the_pages(pair: DuplicatePair, staff: Client) -> None:
    listed = staff.get(reverse("duplicates:list"))
    assert pair.pk in {row["pair"].pk for row in listed.context["rows"]}
    answer = post(staff, pair, **{"field:cost": "b"})
    assert answer.status_code == 200 and "second" in str(next(iter(answer.context["messages"])))
    assert Service.objects.get(pk=pair.a_id).cost == "paid"
    assert "Undo the merge" in answer.content.decode()
    for record, said in ((pair.b, "was merged into another one"), (pair.a, "<code>second</code>")):
        assert said in staff.get(reverse("admin:directory_service_change", args=[record.pk])).content.decode()
    post(staff, pair, "undo")
    assert Service.objects.get(pk=pair.a_id).cost == "free" and Service.objects.get(pk=pair.b_id).status == "published"


def test_what_changed_meanwhile_is_shown_and_what_was_chosen_is_kept(pair: DuplicatePair, staff: Client) -> None:
    page = staff.get(reverse("duplicates:pair", args=[pair.pk])).context["compared"].fingerprint
    pair.b.hours.create(weekday=3, opens=1, closes=2)
    answer = post(staff, pair, fingerprint=page, **{"field:cost": "b", "survivor": "b"})
    assert (
        answer.status_code == 409
        and Service.objects.filter(status="archived", pk__in=[pair.a_id, pair.b_id]).count() == 0
    )
    assert answer.context["survivor"] == "b"
    assert {row.key: row.chosen for row in answer.context["compared"].rows}["field:cost"] == "b"
    assert post(staff, pair, survivor="").status_code == 400


def test_a_second_decision_changes_nothing(pair: DuplicatePair, staff: Client) -> None:
    post(staff, pair)
    for action in ("not_duplicate", "merge", "withdraw", "reopen", "nonsense"):
        assert post(staff, pair, action).status_code == 409
    pair.refresh_from_db()
    assert pair.state == State.MERGED


def test_a_confidential_place_needs_two_people(pair: DuplicatePair, client: Client, django_user_model: Any) -> None:
    Location.objects.filter(sites__service=pair.b).update(
        visibility="area_only", lat=None, lon=None, centre_lat=0, centre_lon=0
    )
    assert confidential(pair.b)
    one, two = (
        django_user_model.objects.create_superuser(name, password="a long pass phrase") for name in ("one", "two")
    )
    client.force_login(one)
    post(client, pair, **{"field:cost": "b"})
    post(client, pair, **{"field:cost": "b"})
    pair.refresh_from_db()
    assert (pair.state, pair.proposed_by) == (State.PROPOSED, one)
    client.force_login(two)
    page = client.get(reverse("duplicates:pair", args=[pair.pk]))
    assert {row.key: row.chosen for row in page.context["compared"].rows}["field:cost"] == "b"
    post(client, pair, **{"field:cost": "b"})
    pair.refresh_from_db()
    assert (pair.state, pair.decided_by) == (State.MERGED, two)


def test_exact_confidential_places_are_on_no_page(pair: DuplicatePair, staff: Client) -> None:
    location = pair.b.locations.get()
    location.address, location.lat, location.lon = "ZZSENTINEL Street 99", 37.8642975, 23.8913579
    location.save()
    location.visibility, location.centre_lat, location.centre_lon = "contact_only", 0.0, 0.0
    location.save()
    texts = [
        staff.get(reverse("duplicates:pair", args=[pair.pk])),
        post(staff, pair),
        staff.get(reverse("duplicates:list")),
    ]
    pair.refresh_from_db()
    everything = "".join(text.content.decode() for text in texts) + json.dumps([pair.undo, pair.choices])
    assert not [figure for figure in ("ZZSENTINEL", "37.864", "23.891") if figure in everything]
    refresh()
    assert not DuplicatePair.objects.filter(b=pair.b, distance_m__isnull=False, state=State.OPEN).exists()


def test_who_sees_and_who_decides(
    pair: DuplicatePair, client: Client, editor: Callable[..., Client], django_user_model: Any
) -> None:
    address = reverse("duplicates:pair", args=[pair.pk])
    assert client.get(address).status_code == 302
    assert editor().get(address).status_code == 403
    reader = django_user_model.objects.create_user("reader", password="a long pass phrase", is_staff=True)
    reader.user_permissions.set(Permission.objects.filter(codename="view_service"))
    client.force_login(reader)
    page = client.get(address)
    assert page.status_code == 200 and not page.context["may_decide"] and "Merge these two" not in page.content.decode()
    assert (
        client.post(reverse("duplicates:decide", args=[pair.pk]), {"action": "merge", "survivor": "a"}).status_code
        == 403
    )
    assert client.post(reverse("duplicates:look")).status_code == 403
    partner = django_user_model.objects.create_user("partner", password="a long pass phrase", is_staff=True)
    partner.user_permissions.set(Permission.objects.filter(codename__in=("view_service", "change_service")))
    partner.membership_set.create(organisation=pair.a.organisation)
    client.force_login(partner)
    assert client.get(address).status_code == 404  # one of the two is not theirs
    assert pair.pk not in {row["pair"].pk for row in client.get(reverse("duplicates:list")).context["rows"]}
    pair.refresh_from_db()
    assert pair.state == State.OPEN


def test_a_pending_change_is_told(pair: DuplicatePair, staff: Client) -> None:
    ChangeRequest.objects.create(kind="edit", target=pair.a, author=pair_user(staff))
    assert compare(pair.a, pair.b).pending == [pair.a]
    assert "waits for a decision" in staff.get(reverse("duplicates:pair", args=[pair.pk])).content.decode()


def test_the_button_looks_through_the_directory(pair: DuplicatePair, staff: Client) -> None:
    DuplicatePair.objects.all().delete()
    staff.post(reverse("duplicates:look"))
    assert DuplicatePair.objects.filter(a=pair.a, b=pair.b, state=State.OPEN).count() == 1


def test_the_old_id_still_answers_in_the_bot(
    pair: DuplicatePair, staff: Client, published: Callable[..., Any], snapshot_path: Path
) -> None:
    user, third = pair_user(staff), make("third", NAME, organisation="Three")
    Verification.objects.create(service=third, method="call")
    refresh()
    merge(pair, pair.a, {}, user)
    merge(DuplicatePair.objects.get(a=pair.a, b=third), third, {}, user)
    published()
    directory = Directory(snapshot_path)
    found = [directory.service(id) for id in ("third", "first", "second", "fourth")]
    assert [service and service.id for service in found] == ["third", "third", "third", None]


def test_the_old_id_still_answers_in_the_api(
    pair: DuplicatePair, staff: Client, client: Client, published: Callable[..., Any]
) -> None:
    Verification.objects.create(service=pair.a, method="call")
    merge(pair, pair.a, {}, pair_user(staff))
    published()
    answer = client.get(f"/hsds/services/{pair.b.uuid}")
    assert answer.status_code == 200 and answer.json()["id"] == str(pair.a.uuid)
    assert answer["Content-Location"] == f"/hsds/services/{pair.a.uuid}"
