"""Exact places that must not be known stand nowhere but where the table allows it: every address, table, file, letter and log is searched."""

from __future__ import annotations

import gzip
import io
import logging
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.urls import reverse

from directory.freshness import tokens
from directory.models import ConfidentialPlace, ContactPoint, Location, Service
from tests.directory.sentinel import SECRETS, Story, browser, told
from tests.directory.urls_walk import EXAMPLES, WHO, path_of, routes

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]

READERS = frozenset({"protection", "superuser"})
"""Who has the permission `view_confidential`."""
PAGES: dict[str, frozenset[str]] = {
    "admin/directory/location/<path:object_id>/change/": READERS,
    "staff/changes/<int:pk>/": READERS,
}
"""Addresses (as Django writes them) whose answer may hold an exact place, and to whom."""
TABLES = frozenset({"directory_confidentialplace", "directory_confidentialproposal"})
"""Tables that may hold one."""
FILES = ("imports/",)
"""Files of <var> that may hold one: the uploaded file itself, in a folder that only this account reads, for 90 days. A
backup, which is the database, holds them, too: it says so when it is not encrypted (docs/backup.md)."""


@pytest.fixture(scope="module")
def story(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """One story for all tests of this file."""
    var = tmp_path_factory.mktemp("var")
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    own = override_settings(
        VAR=var,
        SNAPSHOT=var / "snapshot" / "snapshot.sqlite",
        TWO_FACTOR_REQUIRED=False,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
    )
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    mail.outbox = []
    with own, django_db_blocker.unblock(), transaction.atomic():
        try:
            made = Story()
            made.var, made.log, made.letters = var, log.getvalue(), list(mail.outbox)
            yield made
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
            transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def of_the_story(story: Story, settings: Any, snapshot_path: Path) -> None:
    """After the settings that every test gets."""
    settings.VAR, settings.SNAPSHOT = story.var, story.var / "snapshot" / "snapshot.sqlite"
    cache.clear()


def body(answer: Any) -> str:
    """All that an answer says: its headers, its text, and what lies in a packed file."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{dict(answer.headers)}\n{unpacked(content)}"


def unpacked(content: bytes) -> str:
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "\n".join(unpacked(archive.read(name)) for name in archive.namelist())
    if content.startswith(b"\x1f\x8b"):
        return unpacked(gzip.decompress(content))
    return content.decode("utf-8", errors="replace")


# --- pages ---------------------------------------------------------------------------------------------------------------------------


def records(story: Story) -> dict[str, list[Any]]:
    """By the beginning of an address, the records that it is asked for."""
    world, places = story.world, [*story.places, Location.objects.get(pk=story.own.pk)]
    services = list(Service.objects.filter(locations__in=places).distinct())
    return {
        "admin/directory/location/": places,
        "admin/directory/service/": services,
        "admin/directory/changerequest/": story.changes,
        "admin/directory/importrun/": story.runs,
        "admin/directory/publication/": story.publications,
        "staff/changes/": story.changes,
        "staff/changes/history/location/": places,
        "staff/changes/history/service/": services,
        "staff/changes/publications/": story.publications,
        "staff/duplicates/": [story.pair],
        "staff/exchange/": story.runs,
        "staff/translations/": services,
        "hsds/services/": services,
        "hsds/organizations/": [world["organisation:ours"], world["organisation:theirs"]],
        "hsds/service_at_locations/": [site for service in services for site in service.sites.all()],
    }


def paths(story: Story) -> Iterator[tuple[str, str]]:
    """(route, address) of everything that can be asked with GET."""
    known = records(story)
    link = urlsplit(tokens.check_link(story.asked)).path
    for route in routes():
        if route in ("admin/logout/", "i18n/setlang/"):
            continue
        for kind in ("location", "service") if "<slug:model>" in route else ("",):
            concrete = route.replace("<slug:model>", kind) if kind else route
            begins = max((begin for begin in known if concrete.startswith(begin)), key=len, default="")
            for record in known.get(begins, []) if re.search(r"[(<]", concrete) else [None]:
                if "history/(" in concrete and hasattr(record, "history"):
                    for version in record.history.all()[:3]:
                        yield route, f"/{concrete.split('^')[0]}{record.pk}/history/{version.history_id}/"
                    continue
                yield route, filled(concrete, record)
            if not known.get(begins) and re.search(r"[(<]", concrete):
                yield route, path_of(route, story.world)
    for name in ("hsds.json", "hsds.zip", "services.xlsx", "services.csv"):
        yield "staff/exchange/export/<str:name>", f"/staff/exchange/export/{name}"
    yield "check/<str:token>/", link
    for query in (
        "bbox=23.6,37.9,24.1,38.3&zoom=18",
        "bbox=23.9,38.1,23.95,38.2&zoom=19",
        "bbox=-180,-90,180,90&zoom=3",
    ):
        yield "staff/maps/points.json", f"/staff/maps/points.json?{query}&status=all"
    yield "staff/maps/services.geojson", "/staff/maps/services.geojson?status=all"
    for figure in ("coverage", "reports"):
        yield "staff/insight/csv/<slug:slug>/", f"/staff/insight/csv/{figure}/"
    for state in ("pending", "sent_back", "approved", "rejected", "all"):
        yield "staff/changes/", f"/staff/changes/?state={state}"
    for by in ("", "by=organisation", "by=region", "state=due"):
        yield "staff/freshness/", f"/staff/freshness/?{by}"
    for version in ("1.2", "2.0"):
        yield "staff/translations/<slug:lang>/export.xlf", f"/staff/translations/ar/export.xlf?version={version}"
    yield "hsds/service_at_locations", "/hsds/service_at_locations?proximity=38.1,23.87,50"
    yield "hsds/services", "/hsds/services?full_service=true&per_page=100"


def filled(route: str, record: Any) -> str:
    """The address with the record's keys."""

    def fill(name: str) -> str:
        if name in ("pk", "object_id"):
            return str(record.pk)
        if name == "id":
            return str(getattr(record, "uuid", record.pk))
        if name in ("public_id", "slug"):
            return str(record.public_id)
        return EXAMPLES.get(name, "0")

    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: fill(found[1]), route)


@pytest.mark.usefixtures("plain_templates")
@pytest.mark.parametrize("who", [*WHO, "viewer"])
def test_no_answer_tells_an_exact_place(story: Story, who: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client(raise_request_exception=False) if who == "anonymous" else browser(story.people[who])
    leaks: dict[str, set[str]] = {}
    broken, read, asked = [], set(), 0
    for route, path in paths(story):
        if route.startswith(("hsds", "check")):
            cache.clear()  # how many requests there may be is another test's matter
        answer = client.get(path)
        asked += 1
        if answer.status_code >= 500:
            broken.append(path)
        found = told(body(answer))
        if who in PAGES.get(route, ()):
            read |= {route} if found else set()
        elif found:
            leaks[path] = found
    assert (leaks, broken) == ({}, [])
    assert asked > 200
    assert read == (set(PAGES) if who in READERS else set()), "who may read it must find it"
    assert told(caplog.text) == set()


# --- searching -----------------------------------------------------------------------------------------------------------------------

WORDS = [
    SECRETS["approved"].facts["address"],
    SECRETS["own"].facts["postcode"],
    SECRETS["was_public"].facts["address"],
    str(SECRETS["approved"].lat),
]


def searches() -> Iterator[str]:
    """Addresses that look for a word, which stands for `{}`."""
    for model, page in admin.site._registry.items():
        opts = model._meta
        listed = f"/admin/{opts.app_label}/{opts.model_name}/?"
        yield listed + "q={}"
        if model is Location:
            yield from (
                f"{listed}{field}__startswith={{}}" for field in ("address", "postcode", "confidential__address")
            )
        if model is Service:
            yield from (
                f"{listed}{field}__contains={{}}"
                for field in ("locations__address", "locations__confidential__address")
            )
        for field in page.autocomplete_fields:
            query = f"app_label={opts.app_label}&model_name={opts.model_name}&field_name={field}"
            yield f"/admin/autocomplete/?term={{}}&{query}"
        for inline in page.inlines:
            for field in inline.autocomplete_fields:
                query = f"app_label={inline.model._meta.app_label}&model_name={inline.model._meta.model_name}&field_name={field}"
                yield f"/admin/autocomplete/?term={{}}&{query}"
    yield from (
        "/staff/freshness/?q={}",
        "/staff/translations/ar/?q={}",
        "/staff/translations/?q={}",
        "/staff/duplicates/?q={}",
    )
    yield from ("/hsds/services?search={}", "/hsds/organizations?search={}", "/hsds/service_at_locations?search={}")


def without_echo(answer: Any, word: str) -> str:
    """What is found, without the word that was looked for, and without what changes with each request."""
    text = f"{answer.status_code} {unpacked(answer.content)}"
    for echo in (word, word.replace(" ", "+"), word.replace(" ", "%20")):
        text = text.replace(echo, "")
    return re.sub(r'csrfmiddlewaretoken" value="\w+"|[?&]\w+=[\w.%+]*', "", text)


@pytest.mark.usefixtures("plain_templates")
@pytest.mark.parametrize("who", ["partner", "reviewer", "translator", "coordinator", "administrator", "anonymous"])
def test_searching_for_an_exact_place_finds_what_nonsense_finds(story: Story, who: str) -> None:
    """Not even whether it is right: otherwise one could guess it letter by letter."""
    client = Client() if who == "anonymous" else browser(story.people[who])
    for address in searches():
        cache.clear()
        expected: dict[int, str] = {}
        for word in WORDS:
            nonsense = re.sub(r"[a-z]", "x", word) if not word[0].isdigit() else "38.555555"
            found = without_echo(client.get(address.format(word)), word)
            if len(word) not in expected:
                expected[len(word)] = without_echo(client.get(address.format(nonsense)), nonsense)
            assert found == expected[len(word)], f"{address.format(word)} as {who}"


# --- what is kept ---------------------------------------------------------------------------------------------------------------------


def test_no_other_table_holds_an_exact_place(story: Story) -> None:
    leaks = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(name)}")
            columns = [column[0] for column in cursor.description]
            for line in cursor.fetchall():
                held = [
                    bytes(cell).decode("utf-8", "replace") if isinstance(cell, (bytes, memoryview)) else str(cell)
                    for cell in line
                ]
                for column, text in zip(columns, held):
                    if found := told(text):
                        leaks.setdefault(name, {}).setdefault(column, set()).update(found)
    assert set(leaks) >= TABLES, "they are kept where they belong"
    assert {name: found for name, found in leaks.items() if name not in TABLES} == {}
    sessions = [told(str(session.get_decoded())) for session in Session.objects.all()]
    assert sessions and set().union(*sessions) == set(), "a session is packed: its messages are read"


def test_no_file_holds_an_exact_place(story: Story) -> None:
    files = [path for path in story.var.rglob("*") if path.is_file()]
    found = {str(path.relative_to(story.var)): told(unpacked(path.read_bytes())) for path in files}
    assert len([name for name in found if name.startswith("snapshot/snapshot-")]) >= 2
    uploads = {f"imports/{name}" for name in story.uploads}
    assert all(found[name] for name in uploads), "the file that was uploaded is what it was"
    assert {name: words for name, words in found.items() if words and name not in uploads} == {}


def test_the_snapshots_hold_no_exact_point(story: Story) -> None:
    """SQLite stores numbers in binary: each is read."""
    snapshots = sorted((story.var / "snapshot").glob("*.sqlite"))
    assert len(snapshots) >= 2
    for path in snapshots:
        snapshot = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
        names = [row[0] for row in snapshot.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [str(snapshot.execute(f'SELECT * FROM "{name}"').fetchall()) for name in names]
        assert [told(row) for row in rows] == [set() for _row in rows], path.name


def test_letters_logs_and_what_people_were_shown(story: Story) -> None:
    letters = [f"{letter.subject}\n{letter.body}\n{getattr(letter, 'alternatives', '')}" for letter in story.letters]
    assert letters and all(not told(letter) for letter in letters)
    assert story.log and told(story.log) == set()
    shown = {f"{who}: {answer.status_code}": told(body(answer)) for who, answer in story.answers if who not in READERS}
    assert {where: found for where, found in shown.items() if found} == {}


def test_a_backup_says_that_it_holds_them(story: Story, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if connection.vendor == "sqlite":
        call_command("backup", str(tmp_path / "copy.tar.gz"))
        assert told(unpacked((tmp_path / "copy.tar.gz").read_bytes())), "a backup is the whole database"
        assert "confidential" in capsys.readouterr().out


def test_nothing_was_lost_on_the_way(story: Story) -> None:
    """What became confidential is still known to those who may."""
    exact = {place.location_id: place.address for place in ConfidentialPlace.objects.all()}
    wanted = {
        story.hidden.pk: SECRETS["approved"],
        story.own.pk: SECRETS["own"],
        story.was_public.pk: SECRETS["was_public"],
        story.listed.pk: SECRETS["listed_again"],
    }
    assert {pk: exact.get(pk) for pk in wanted} == {pk: secret.facts["address"] for pk, secret in wanted.items()}
    assert not ContactPoint.objects.filter(value__icontains="zzq").exists()
    assert reverse("changes:list") == "/staff/changes/"
