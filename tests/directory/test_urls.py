"""Every address as every role, against one table: an address that is not in it fails, with the line to add."""

from __future__ import annotations

import pytest
from django.test import Client

from directory.publish import publish
from tests.directory.urls_table import FOREIGN, TABLE
from tests.directory.urls_walk import FOREIGN as LABELS
from tests.directory.urls_walk import WHO, WHO_FOREIGN, answer, answers, line, path_of, routes
from tests.directory.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600), pytest.mark.usefixtures("plain_templates")]

OPEN_TO_EVERYBODY = {
    *("", "healthz", "hsds", "i18n/setlang/", "admin/login/", "admin/logout/"),
    *("staff/accounts/code/", "staff/accounts/second-factor/", "staff/accounts/invitation/<str:token>/"),
    *("staff/accounts/password/", "staff/accounts/password/sent/", "staff/accounts/password/chosen/"),
    "staff/accounts/password/<uidb64>/<token>/",
}
"""Addresses, beside hsds/ and check/, at which a stranger is answered anything but a refusal."""
REFUSALS = {"login", "401", "403", "404", "405", "410"}


@pytest.fixture
def world(db: None) -> World:
    """The world, published: HSDS reads the snapshot."""
    made = World()
    publish()
    return made


def test_the_table_holds_all_addresses_and_no_others(world: World) -> None:
    found = set(routes())
    missing = [route for route in routes() if route not in TABLE]
    if missing:
        by_role = {who: answers(world, who, missing) for who in WHO}
        lines = [line(route, {who: by_role[who][route] for who in WHO}) for route in missing]
        pytest.fail("Read these lines and add them to tests/directory/urls_table.py:\n" + "\n".join(lines))
    assert not set(TABLE) - found, "no longer addresses of the project"


@pytest.mark.parametrize("who", WHO)
def test_every_address_answers_as_the_table_says(world: World, who: str) -> None:
    column = WHO.index(who)
    expected = {route: row.split()[column] for route, row in TABLE.items()}
    found = answers(world, who, list(TABLE))
    wrong = {route: (found[route], expected[route]) for route in TABLE if found[route] != expected[route]}
    assert not wrong, "\n".join(f"{route}: {got}, expected {want}" for route, (got, want) in wrong.items())
    assert "500" not in found.values()


@pytest.mark.parametrize("who", WHO_FOREIGN)
def test_what_belongs_to_others_is_refused(world: World, who: str) -> None:
    column = WHO_FOREIGN.index(who)
    found = answers(world, who, list(FOREIGN), labels=LABELS)
    wrong = {
        route: (found[route], row.split()[column])
        for route, row in FOREIGN.items()
        if found[route] != row.split()[column]
    }
    assert not wrong, "\n".join(f"{route}: {got}, expected {want}" for route, (got, want) in wrong.items())


def test_strangers_write_nowhere(world: World) -> None:
    client = Client(raise_request_exception=False)
    closed = [
        route
        for route in routes()
        if route not in OPEN_TO_EVERYBODY and not route.startswith(("hsds/", "check/", "api/"))
    ]
    answered = {route: answer(client, path_of(route, world), "post") for route in closed}
    assert {route: got for route, got in answered.items() if got not in REFUSALS} == {}
