"""Complaints of asking for money and of danger: found by protection officers and administrators, by others on no page (safety, A2)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from directory.models import Service, Task, UserReport
from tests.directory.world import World

pytestmark = pytest.mark.django_db

SENTINEL = "ZZCOMPLAINT"
IN_CHARGE = ("protection", "administrator")
OTHERS = ("partner", "viewer", "reviewer", "reviewer_gr", "translator", "coordinator")


@pytest.fixture
def world() -> World:
    made = World()
    UserReport.objects.filter(kind="charged_money").update(note=SENTINEL)
    Task.objects.filter(key__startswith="complaint:").update(details=SENTINEL, note=SENTINEL)
    return made


def pages(world: World) -> dict[str, str]:
    """Every page that tells of reports, by name. Tasks have no page of their own; their rows are in `test_access`."""
    report, service = world["report:money"].pk, world["service:ours"].pk
    return {
        "start": reverse("admin:index"),
        "reports": reverse("admin:directory_userreport_changelist"),
        "report": reverse("admin:directory_userreport_change", args=[report]),
        "history": reverse("admin:directory_userreport_history", args=[report]),
        "entry": reverse("admin:directory_service_change", args=[service]),
        "told": reverse("insight:reports") + "?state=",
        "told of one": reverse("insight:reports") + f"?service={service}&kind=charged_money",
        "dashboard": reverse("insight:dashboard") + "?period=365",
        "file": reverse("insight:csv", args=["reports"]) + "?period=365",
    }


def read(world: World, name: str) -> dict[str, tuple[int, str]]:
    browser = Client()
    browser.force_login(world.people[name])
    answers = {page: browser.get(url) for page, url in pages(world).items()}
    return {page: (answer.status_code, answer.content.decode()) for page, answer in answers.items()}


@pytest.mark.parametrize("name", OTHERS)
def test_others_find_a_complaint_nowhere(world: World, name: str) -> None:
    found = read(world, name)
    assert not [page for page, (_, text) in found.items() if SENTINEL in text]
    assert {found[page][0] for page in ("report", "history")} <= {302, 403, 404}
    assert "asked for money" not in found["file"][1], "not even a count"
    assert found["entry"][1].count("told-panel") <= 1 and "asked for money" not in found["entry"][1]


@pytest.mark.parametrize("name", OTHERS)
def test_others_settle_none(world: World, name: str) -> None:
    browser = Client()
    browser.force_login(world.people[name])
    browser.post(reverse("insight:settle"), {"report": [world["report:money"].pk], "state": "dismissed"})
    assert UserReport.objects.get(pk=world["report:money"].pk).state == "open"


@pytest.mark.parametrize("name", IN_CHARGE)
def test_who_is_in_charge_finds_it(world: World, name: str) -> None:
    found = read(world, name)
    assert found["report"][0] == 200 and SENTINEL in found["report"][1]
    assert "asked for money" in found["told of one"][1] and "asked for money" in found["file"][1]


def test_a_complaint_closes_no_entry_and_is_not_published(world: World) -> None:
    """Nobody outside learns of it from what the bot says."""
    assert not Task.reported_services().filter(service=world["service:ours"]).exists()
    assert Service.objects.get(pk=world["service:ours"].pk).status == "published"
