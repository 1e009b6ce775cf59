"""Which rows each role sees, edits and decides on: one table over a small directory, and the admin obeys it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from directory.access import Role, approves, edits, may_edit, may_see, roles, sees, self_publishes
from directory.models import ChoreRun, Location, Organisation, Service, User
from directory.roles import PERMISSIONS, codenames, fill_roles
from tests.directory.world import PEOPLE, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    return World()


def services(*labels: str) -> set[str]:
    return {f"{kind}:{label}" for label in labels for kind in ("service", "hours")} | {
        f"text:{label}:{lang}" for label in labels for lang in ("en", "ar")
    }


def all_of(*kinds: str) -> set[str]:
    return {f"{kind}:*" for kind in kinds}


OURS = services("ours") | {"organisation:ours", "contact:ours", "location:ours", "location:free"}
GREECE = services("ours", "no_region", "nowhere", "hidden") | {
    *("contact:ours", "location:ours", "location:free", "location:shared", "location:hidden"),
    *("report:ours", "task:ours", "task:nothing", "check:ours", "change:ours"),
    *("article:GR", "article_text:GR", "number:GR", "alias:GR"),
}
EVERYWHERE = {"article:everywhere", "article_text:everywhere", "number:everywhere"}
SHARED = all_of("organisation", "region") | {"host", "publication"}
EVERYTHING = all_of(
    *("service", "hours", "text", "organisation", "region", "location", "contact", "report", "task", "check"),
    *("article", "article_text", "number", "alias", "change", "import", "invitation"),
) | {"host", "publication", "import"}
COMPLAINTS = {"report:money", "task:money"}
ORDINARY = EVERYTHING - all_of("report", "task") | {
    *("report:ours", "report:theirs", "task:ours", "task:theirs", "task:nothing"),
}
"""Everything but complaints, which are for protection officers and administrators (safety, A2)."""

SEES: dict[str, set[str]] = {
    "partner": OURS | {"report:ours", "task:ours", "check:ours", "change:ours", "invitation:ours"} | all_of("region"),
    "viewer": OURS | {"report:ours", "task:ours", "check:ours", "change:ours"} | all_of("region"),
    "reviewer": ORDINARY - all_of("invitation"),
    "reviewer_gr": GREECE | EVERYWHERE | SHARED,
    "translator": all_of("service", "text", "article", "article_text", "organisation", "region"),
    "protection": all_of("service", "hours", "text", "article", "article_text", "organisation", "region", "location")
    | all_of("contact", "report", "task", "check", "change", "confidential")
    | {"publication"},
    "coordinator": GREECE | EVERYWHERE | SHARED | {"import:coordinator"},
    "administrator": EVERYTHING,
    "superuser": EVERYTHING | all_of("confidential"),
}
HIDDEN = services("hidden") | {"location:hidden", "confidential:hidden"}
EDITS: dict[str, set[str]] = {
    "partner": OURS | {"task:ours", "check:ours", "change:ours", "invitation:ours"},
    "viewer": set(),
    "reviewer": ORDINARY - all_of("invitation", "region") - {"publication"},
    "reviewer_gr": GREECE | {"organisation:ours", "organisation:theirs", "organisation:empty", "host"},
    "translator": {f"text:{label}:ar" for label in ("ours", "theirs", "no_region", "nowhere", "hidden")}
    | all_of("article_text"),
    "protection": HIDDEN | {"report:money"} | all_of("task"),
    "coordinator": GREECE
    | {"organisation:ours", "organisation:theirs", "organisation:empty", "host", "import:coordinator"},
    "administrator": EVERYTHING,
    "superuser": EVERYTHING | all_of("confidential"),
}


def expand(wanted: set[str], world: World) -> set[str]:
    kinds = {label[:-2] for label in wanted if label.endswith(":*")}
    plain = {label for label in wanted if not label.endswith(":*")}
    return plain | {label for label in world.records if label.split(":")[0] in kinds}


def found(user: User, world: World, question: Any) -> set[str]:
    return {
        label
        for label, record in world.records.items()
        if question(user, type(record)._default_manager.filter(pk=record.pk)).exists()
    }


def test_the_table_names_every_person() -> None:
    assert set(SEES) == set(EDITS) == set(PEOPLE)


def test_complaints_are_for_protection_officers_and_administrators(world: World) -> None:
    """Nobody else finds one, or a task that rests on one; who is both gets what either gets (safety, A2)."""
    able = {name for name, user in world.people.items() if all(may_see(user, world[label]) for label in COMPLAINTS)}
    some = {name for name, user in world.people.items() if any(may_see(user, world[label]) for label in COMPLAINTS)}
    assert able == some == {"protection", "administrator", "superuser"}
    both = world.people["reviewer"]
    both.groups.add(Group.objects.get(name="protection"))
    both = User.objects.get(pk=both.pk)
    assert all(may_see(both, world[label]) and may_edit(both, world[label]) for label in COMPLAINTS)


@pytest.mark.parametrize("name", PEOPLE)
def test_rows_that_are_seen(world: World, name: str) -> None:
    user = world.people[name]
    assert found(user, world, sees) == expand(SEES[name], world)
    assert {label for label, record in world.records.items() if may_see(user, record)} == expand(SEES[name], world)


@pytest.mark.parametrize("name", PEOPLE)
def test_rows_that_are_edited(world: World, name: str) -> None:
    user = world.people[name]
    assert found(user, world, edits) == expand(EDITS[name], world)
    assert {label for label, record in world.records.items() if may_edit(user, record)} == expand(EDITS[name], world)


@pytest.mark.parametrize("name", PEOPLE)
def test_history_follows_its_record(world: World, name: str) -> None:
    seen = set(sees(world.people[name], Service.history.all()).values_list("id", flat=True))
    own = {
        record.pk
        for label, record in world.records.items()
        if label in expand(SEES[name], world) and label.startswith("service:")
    }
    mine = {record.pk for label, record in world.records.items() if label.startswith("service:")}
    assert seen & mine == own


def test_a_model_that_no_table_names(world: World) -> None:
    ChoreRun.objects.create(name="x", started_at="2026-01-01T00:00Z")
    counts = {name: sees(user, ChoreRun.objects.all()).count() for name, user in world.people.items()}
    assert {name for name, count in counts.items() if count} == {"administrator", "superuser"}


APPROVES = [
    ("service:ours", {"reviewer", "reviewer_gr", "coordinator", "administrator", "superuser"}),
    ("service:theirs", {"reviewer", "administrator", "superuser"}),
    ("text:ours:ar", {"reviewer", "reviewer_gr", "coordinator", "administrator", "superuser"}),
    ("location:ours", {"reviewer", "reviewer_gr", "coordinator", "administrator", "superuser"}),
    ("location:hidden", {"protection", "superuser"}),
    ("confidential:hidden", {"protection", "superuser"}),
    ("article:everywhere", {"reviewer", "administrator", "superuser"}),
]


@pytest.mark.parametrize(("label", "who"), APPROVES, ids=[label for label, _who in APPROVES])
def test_who_decides(world: World, label: str, who: set[str]) -> None:
    assert {name for name, user in world.people.items() if approves(user, world[label])} == who


def test_a_place_that_was_confidential_is_still_the_protection_officers(world: World) -> None:
    place = Location.objects.get(pk=world["location:hidden"].pk)
    place.visibility = "public"
    assert not approves(world.people["reviewer"], place) and approves(world.people["protection"], place)


@pytest.mark.parametrize(("region", "answer"), [("athens", True), ("nairobi", False), (None, True)])
def test_something_new_of_a_region(world: World, region: str | None, answer: bool) -> None:
    new = Service(organisation=world["organisation:ours"], region=world[f"region:{region}"] if region else None)
    assert approves(world.people["reviewer_gr"], new) is answer
    assert approves(world.people["reviewer"], new) and not approves(world.people["partner"], new)


def test_who_publishes_for_a_trusted_organisation(world: World) -> None:
    label_of = ("organisation:ours", "service:ours", "contact:ours", "hours:ours", "service:theirs")
    assert not any(self_publishes(world.people["partner"], world[label]) for label in label_of)
    Organisation.objects.update(trusted_level="trusted")
    world = reloaded(world)
    allowed = {
        name: {label for label in label_of if self_publishes(user, world[label])} for name, user in world.people.items()
    }
    assert {name: labels for name, labels in allowed.items() if labels} == {"partner": set(label_of[:4])}


def reloaded(world: World) -> World:
    world.records = {label: type(record)._default_manager.get(pk=record.pk) for label, record in world.records.items()}
    return world


def test_several_roles_add_up_without_lending_each_other_rows(world: World) -> None:
    user = world.people["partner"]
    user.groups.add(Group.objects.get(name="translator"))
    user = User.objects.get(pk=user.pk)
    User.objects.filter(pk=user.pk).update(languages=["ar"])
    assert may_see(user, world["service:theirs"]) and not may_edit(user, world["service:theirs"])
    assert user.has_perm("directory.change_service") and may_edit(user, world["service:ours"])


def test_nobody_without_a_membership_or_in_use(world: World) -> None:
    alone = User.objects.create_user("alone", is_staff=True)
    alone.groups.add(Group.objects.get(name="partner"))
    assert not sees(alone, Service.objects.all()).exists()
    gone = world.people["reviewer"]
    gone.is_active = False
    assert roles(gone) == frozenset() and not sees(gone, Service.objects.all()).exists()
    assert not approves(gone, world["service:ours"])


def test_a_membership_without_a_role_counts_as_a_partner(world: World) -> None:
    user = world.people["partner"]
    user.groups.clear()
    user = User.objects.get(pk=user.pk)
    assert may_edit(user, world["service:ours"]) and not may_see(user, world["service:theirs"])


@pytest.mark.parametrize("role", Role.values)
def test_every_permission_of_a_role_exists_and_its_group_has_it(role: str) -> None:
    group = Group.objects.get(name=role)
    held = set(group.permissions.filter(content_type__app_label="directory").values_list("codename", flat=True))
    assert held == codenames(role)


def test_groups_are_brought_back_in_line() -> None:
    group = Group.objects.get(name="partner")
    before = set(group.permissions.all())
    group.permissions.set(Permission.objects.filter(codename="publish"))
    fill_roles()
    assert set(group.permissions.all()) == before


def test_only_protection_officers_see_exact_places() -> None:
    holders = {role for role in Role.values if "view_confidential" in codenames(role)}
    assert holders == {"protection"} and set(PERMISSIONS) | {"administrator"} == set(Role.values)


# The admin obeys.


def log_in(client: Client, world: World, name: str) -> Client:
    client.force_login(world.people[name])
    return client


def address(record: Any, page: str = "change", *args: Any) -> str:
    return reverse(f"admin:directory_{record._meta.model_name}_{page}", args=args or (record.pk,))


@pytest.mark.parametrize(
    ("name", "label", "status", "writable"),
    [
        ("partner", "service:ours", 200, True),
        ("partner", "service:theirs", 302, False),
        ("partner", "location:ours", 200, True),
        ("partner", "location:shared", 302, False),
        ("partner", "contact:theirs", 302, False),
        ("partner", "organisation:theirs", 302, False),
        ("partner", "article:GR", 403, False),
        ("viewer", "service:ours", 200, False),
        ("reviewer_gr", "service:ours", 200, True),
        ("reviewer_gr", "service:theirs", 302, False),
        ("reviewer_gr", "organisation:theirs", 200, True),
        ("reviewer_gr", "number:KE", 302, False),
        ("reviewer_gr", "number:everywhere", 200, False),
        ("translator", "service:theirs", 200, False),
        ("protection", "location:hidden", 200, True),
        ("protection", "location:ours", 200, False),
        ("administrator", "service:theirs", 200, True),
    ],
)
def test_pages_of_records(world: World, client: Client, name: str, label: str, status: int, writable: bool) -> None:
    browser, record = log_in(client, world, name), world[label]
    answer = browser.get(address(record))
    assert answer.status_code == status
    if status == 302:
        assert answer.headers["Location"] == reverse("admin:index")
    if status == 200:
        assert ('name="_save"' in answer.content.decode()) is writable
    assert browser.post(address(record), {}).status_code == (302 if status == 302 else 200 if writable else 403)
    if hasattr(record, "history"):
        assert (browser.get(address(record, "history")).status_code == 200) is (status == 200)
        version = record.history.latest().pk
        form = browser.get(address(record, "simple_history", record.pk, version))
        assert (form.status_code == 200) is (status == 200)


def test_lists_and_choices_hold_only_own_rows(world: World, client: Client) -> None:
    browser = log_in(client, world, "partner")
    page = browser.get(reverse("admin:directory_service_changelist"))
    assert {service.pk for service in page.context["cl"].result_list} == {world["service:ours"].pk}
    for model, field, own in (
        ("service", "organisation", "organisation:ours"),
        ("serviceatlocation", "location", "location:ours"),
    ):
        query = f"?term=World&app_label=directory&model_name={model}&field_name={field}"
        offered = browser.get(reverse("admin:autocomplete") + query).json()["results"]
        assert str(world[own].pk) in {row["id"] for row in offered}
        assert not {str(world[other].pk) for other in ("organisation:theirs", "location:theirs")} & {
            row["id"] for row in offered if model != "serviceatlocation" or "Nairobi" in row["text"]
        }


def test_a_partner_makes_nothing_for_another_organisation(world: World, client: Client) -> None:
    browser = log_in(client, world, "partner")
    fields = {"kind": "email", "value": "x@example.org", "languages": ""}
    url = reverse("admin:directory_contactpoint_add")
    other = browser.post(url, {**fields, "organisation": world["organisation:theirs"].pk})
    assert other.status_code == 200 and "organisation" in other.context["adminform"].form.errors
    own = browser.post(url, {**fields, "organisation": world["organisation:ours"].pk})
    assert own.status_code == 302 or "organisation" not in own.context["adminform"].form.errors


def test_an_action_works_only_on_rows_that_the_person_edits(world: World, client: Client) -> None:
    before = world["service:ours"].verified_on
    assert before is not None
    world["service:ours"].verifications.all().delete()
    Service.objects.filter(pk=world["service:ours"].pk).update(verified_on=None)
    data = {"action": "still_correct", "_selected_action": [world["service:ours"].pk]}
    log_in(client, world, "viewer").post(reverse("admin:directory_service_changelist"), data)
    assert not world["service:ours"].verifications.exists()
    log_in(client, world, "partner").post(reverse("admin:directory_service_changelist"), data)
    assert world["service:ours"].verifications.count() == 1


def test_a_partner_does_not_raise_the_trust_in_its_organisation(world: World, client: Client) -> None:
    page = log_in(client, world, "partner").get(address(world["organisation:ours"])).content.decode()
    assert 'name="name"' in page and 'name="trusted_level"' not in page


@pytest.mark.parametrize(
    ("name", "target", "field", "offered"),
    [
        ("administrator", "partner", "is_superuser", False),
        ("administrator", "partner", "groups", True),
        ("administrator", "administrator", "groups", False),
        ("superuser", "partner", "is_superuser", True),
        ("administrator", "superuser", "email", False),
    ],
)
def test_nobody_rises_above_their_own_rights(
    world: World, client: Client, name: str, target: str, field: str, offered: bool
) -> None:
    page = log_in(client, world, name).get(address(world.people[target])).content.decode()
    assert (f'name="{field}"' in page) is offered


def test_only_superusers_write_passwords_of_others(world: World, client: Client) -> None:
    url = reverse("admin:auth_user_password_change", args=[world.people["partner"].pk])
    assert log_in(client, world, "administrator").get(url).status_code == 403
    assert log_in(client, world, "superuser").get(url).status_code == 200


@pytest.mark.parametrize("allowed", [False, True])
def test_exact_places_need_the_permission_also_without_a_role(world: World, allowed: bool) -> None:
    user = User.objects.create_user("bare", is_staff=True)
    names = ["view_confidentialplace", *(["view_confidential"] if allowed else [])]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    place = world["confidential:hidden"]
    assert sees(user, type(place).objects.filter(pk=place.pk)).exists() is allowed
    assert may_see(user, place) is may_edit(user, place) is allowed
