"""What somebody may try with a browser: fields that no form shows, keys of others' rows, requests from other sites, addresses that
lead away, formulas in files, names of files that climb out of their folder."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core import serializers
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from directory.exchange import files
from directory.models import (
    ChangeRequest,
    ImportRun,
    Membership,
    Organisation,
    Region,
    Service,
    TranslationFile,
    User,
    Verification,
)
from directory.publish import publish
from tests.directory.importing import HEADERS as COLUMNS
from tests.directory.importing import checked, row, table
from tests.directory.test_admin import form_of
from tests.directory.urls_walk import FOREIGN, WHO, answers, path_of, routes
from tests.directory.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]


@pytest.fixture
def world(db: None, settings: Any, tmp_path: Path) -> World:
    settings.VAR = tmp_path
    return World()


def browser(user: User, **facts: Any) -> Client:
    client = Client(raise_request_exception=False, **facts)
    client.force_login(user)
    return client


def page_of(record: Any) -> str:
    return reverse(f"admin:directory_{record._meta.model_name}_change", args=(record.pk,))


def fields_of(record: Any) -> dict[str, Any]:
    stored = type(record)._base_manager.get(pk=record.pk)
    return dict(serializers.serialize("python", [stored])[0]["fields"])


# --- fields that no form shows -------------------------------------------------------------------------------------------------------

FORGED = [
    (
        "partner",
        "service:ours",
        {"sample": "on", "version": "9", "verified_on": "2099-01-01", "hidden_after": "2099-01-01", "uuid": "x"},
    ),
    ("partner", "service:ours", {"organisation": "organisation:theirs", "public_id": "taken"}),
    ("partner", "location:ours", {"sample": "on", "organisation": "organisation:theirs", "uuid": "x"}),
    (
        "partner",
        "organisation:ours",
        {"trusted_level": "trusted", "parent": "organisation:theirs", "sample": "on", "external_ids": '{"a": "b"}'},
    ),
    ("partner", "contact:ours", {"organisation": "organisation:theirs", "sample": "on", "last_check": "ok"}),
    ("viewer", "service:ours", {"status": "archived", "sample": "on"}),
    ("viewer", "location:ours", {"visibility": "contact_only"}),
    ("translator", "service:ours", {"status": "archived", "sample": "on"}),
    ("protection", "service:ours", {"status": "archived", "sample": "on"}),
    ("protection", "organisation:ours", {"trusted_level": "trusted"}),
    ("reviewer", "region:athens", {"name": "Elsewhere", "validators": "reviewer"}),
    ("coordinator", "service:theirs", {"status": "archived"}),
    ("coordinator", "organisation:theirs", {"trusted_level": "nonsense"}),
]


@pytest.mark.parametrize(
    ("who", "label", "forged"), FORGED, ids=[f"{who}-{label}-{'-'.join(f)}" for who, label, f in FORGED]
)
def test_fields_that_a_form_does_not_show_stay(world: World, who: str, label: str, forged: dict[str, str]) -> None:
    """A value that names a record stands for its key. Nothing is written, nor proposed."""
    record, before = world[label], fields_of(world[label])
    client = browser(world.people[who])
    page = client.get(page_of(record))
    data = form_of(client, page_of(record)) if page.status_code == 200 else {}
    values = {name: str(world[value].pk) if value in world.records else value for name, value in forged.items()}
    client.post(page_of(record), {**data, **values})
    after = fields_of(record)
    assert {name: after.get(name) for name in (*forged, "status")} == {
        name: before.get(name) for name in (*forged, "status")
    }
    proposed = {line["path"] for change in ChangeRequest.objects.all() for line in change.diff}
    assert not proposed & set(forged)


def test_an_account_does_not_raise_itself(world: World) -> None:
    boss, colleague = world.people["administrator"], world.people["reviewer"]
    above = {"is_superuser": "on", "user_permissions": ["1", "2"], "is_staff": "on", "is_active": "on"}
    for user in (boss, colleague):
        client = browser(boss)
        client.post(
            page_of(user),
            {
                **form_of(client, page_of(user)),
                **above,
                "groups": [str(g.pk) for g in boss.groups.model.objects.all()] if hasattr(boss.groups, "model") else [],
            },
        )
        stored = User.objects.get(pk=user.pk)
        assert not stored.is_superuser and not stored.user_permissions.exists()
    assert list(User.objects.get(pk=boss.pk).groups.values_list("name", flat=True)) == ["administrator"]
    top = world.people["superuser"]
    assert browser(boss).post(page_of(top), {"username": "mine"}).status_code == 403
    assert User.objects.get(pk=top.pk).username == "superuser"


# --- keys of others' rows ------------------------------------------------------------------------------------------------------------


def inline(prefix: str, count: int, **values: str) -> dict[str, str]:
    return {
        f"{prefix}-TOTAL_FORMS": str(count),
        f"{prefix}-INITIAL_FORMS": str(count),
        **{f"{prefix}-0-{name}": value for name, value in values.items()},
    }


def test_rows_of_others_are_not_reached_over_a_form_of_ones_own(world: World) -> None:
    """Keys of rows of another service, and links to places of others."""
    ours, theirs, client = world["service:ours"], world["service:theirs"], browser(world.people["partner"])
    text, use, site = theirs.texts.get(lang="en"), theirs.service_contacts.get(), theirs.sites.get()
    contact, hours = world["contact:theirs"], theirs.hours.get()
    rows = [theirs, text, use, site, contact, hours, world["location:theirs"]]
    before = [fields_of(one) for one in rows]
    data = form_of(client, page_of(ours))
    parent = {"service": str(ours.pk)}
    attacks = [
        inline("texts", 1, id=str(text.pk), lang="en", name="Taken over", state="approved", **parent),
        inline("service_contacts", 1, id=str(use.pk), kind="email", value="mine@example.org", position="0", **parent),
        inline("hours", 1, id=str(hours.pk), weekday="1", opens="00:00", closes="01:00", **parent),
        inline("sites", 1, id=str(site.pk), location=str(world["location:ours"].pk), DELETE="on", **parent),
        inline("sites", 1, id=str(ours.sites.first().pk), location=str(world["location:theirs"].pk), **parent),
        inline(
            "verifications",
            1,
            at="2099-01-01",
            method="call",
            outcome="confirmed",
            by=str(world.people["reviewer"].pk),
            **parent,
        ),
    ]
    for attack in attacks:
        client.post(page_of(ours), {**data, **attack})
    assert [fields_of(one) for one in rows] == before
    assert not ours.sites.filter(location=world["location:theirs"]).exists()
    assert not any("location-theirs" in str(change.diff) for change in ChangeRequest.objects.all())
    assert not Verification.objects.filter(service=ours, by=world.people["reviewer"]).exists()


def test_a_place_is_given_to_a_service_only_on_the_page_of_the_service(world: World) -> None:
    """There the change waits for a reviewer; the page of the place shows the services and no more."""
    client, place = browser(world.people["partner"]), world["location:free"]
    before = list(world["service:ours"].sites.values_list("pk", "location", "note"))
    new = {
        "sites-TOTAL_FORMS": "1",
        "sites-INITIAL_FORMS": "0",
        "sites-0-service": str(world["service:ours"].pk),
        "sites-0-note": "new",
    }
    client.post(page_of(place), {**form_of(client, page_of(place)), **new, "sites-0-location": str(place.pk)})
    own = world["location:ours"]
    site = own.sites.get()
    gone = inline("sites", 1, id=str(site.pk), service=str(world["service:ours"].pk), location=str(own.pk), DELETE="on")
    client.post(page_of(own), {**form_of(client, page_of(own)), **gone})
    assert list(world["service:ours"].sites.values_list("pk", "location", "note")) == before


def test_nobody_makes_themselves_a_member(world: World) -> None:
    for who, label in (
        ("viewer", "organisation:ours"),
        ("partner", "organisation:ours"),
        ("coordinator", "organisation:ours"),
        ("reviewer", "organisation:theirs"),
    ):
        before = set(Membership.objects.values_list("user", "organisation", "role"))
        client, record = browser(world.people[who]), world[label]
        page = client.get(page_of(record))
        data = form_of(client, page_of(record)) if page.status_code == 200 else {}
        new = {"membership_set-TOTAL_FORMS": "9", "membership_set-INITIAL_FORMS": "0", "membership_set-0-role": "owner"}
        new |= {"membership_set-0-user": str(world.people[who].pk), "membership_set-0-organisation": str(record.pk)}
        client.post(page_of(record), {**data, **new})
        assert set(Membership.objects.values_list("user", "organisation", "role")) == before, who


@pytest.mark.usefixtures("plain_templates")
@pytest.mark.parametrize("who", ["viewer", "partner", "translator", "reviewer_gr", "coordinator"])
def test_an_empty_post_changes_nothing_of_others(world: World, who: str) -> None:
    publish()
    theirs = [
        record for label, record in world.records.items() if label.split(":")[1:2] in (["theirs"], ["KE"], ["nairobi"])
    ]
    theirs += [record for label, record in world.extra.items() if label.endswith(":theirs")]
    before = [fields_of(record) for record in theirs]
    keyed = [route for route in routes() if re.search(r"[(<]", route) and not route.startswith(("check/", "hsds/"))]
    found = answers(world, who, keyed, labels=FOREIGN, method="post")
    assert "500" not in found.values(), {route: got for route, got in found.items() if got == "500"}
    assert [fields_of(record) for record in theirs] == before


@pytest.mark.parametrize(
    "who", ["viewer", "partner", "translator", "protection", "reviewer", "coordinator", "administrator"]
)
def test_an_earlier_version_is_not_saved_over_the_page_that_shows_it(world: World, who: str) -> None:
    """The page of django-simple-history would, for whoever may look, and past the review."""
    service = world["service:ours"]
    first = service.history.latest().pk
    Service.objects.get(pk=service.pk).save()
    service.status, service.cost = "paused", "paid"
    service.save()
    client = browser(world.people[who])
    url = f"/admin/directory/service/{service.pk}/history/{first}/"
    shown = client.get(url)
    data = {}
    if shown.status_code == 200:
        form = shown.context["adminform"].form
        data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    assert client.post(url, data).status_code in (302, 403, 405)
    assert fields_of(service)["cost"] == "paid"
    region = world["region:athens"]
    version = region.history.earliest().pk
    Region.objects.filter(pk=region.pk).update(name="New name")
    client.post(f"/admin/directory/region/{region.pk}/history/{version}/", {"name": "x", "country": "GR"})
    if who != "administrator":
        assert Region.objects.get(pk=region.pk).name == "New name"


# --- requests from other sites -------------------------------------------------------------------------------------------------------

WITHOUT_TOKEN = {
    "api/reports": "the bot's own token",
    "api/counts": "the bot's own token",
    "check/stop/<str:token>/": "mail programs post here (RFC 8058); the link is the secret",
    "check/<str:token>/": "no cookie is read; the link is the secret",
}
"""Addresses that take a POST without Django's token, and why. HSDS takes none at all."""


def test_every_post_needs_a_token_of_this_site(world: World) -> None:
    client = browser(world.people["superuser"], enforce_csrf_checks=True)
    open_ones = {}
    for route in routes():
        answer = client.post(path_of(route, world))
        refused = answer.status_code == 403 and b"CSRF" in answer.content
        if not refused and route not in WITHOUT_TOKEN:
            open_ones[route] = answer.status_code
    assert {route: code for route, code in open_ones.items() if not route.startswith("hsds")} == {}
    assert set(open_ones.values()) <= {403, 404, 405}
    assert set(WITHOUT_TOKEN) <= set(routes())


OPEN_PAGES = ("staff/accounts/password/", "admin/jsi18n/", "admin/password_change/")
"""Pages that hold nothing of the directory (Django lets the last two be kept); others are kept by no browser and no proxy."""
HEADERS = {"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff"}


@pytest.mark.usefixtures("plain_templates")
@pytest.mark.parametrize("who", ["anonymous", "superuser"])
def test_every_answer_has_the_headers_that_browsers_obey(world: World, who: str) -> None:
    publish()
    missing = {}
    for route in routes():
        client = Client(raise_request_exception=False) if who == "anonymous" else browser(world.people[who])
        answer = client.get(path_of(route, world))
        found = {name: answer.headers.get(name) for name in HEADERS}
        policy = answer.headers.get("Content-Security-Policy", "")
        referrer = answer.headers.get("Referrer-Policy", "")
        kept_back = (
            route.startswith(("staff/", "admin/")) and not route.startswith(OPEN_PAGES) and answer.status_code < 300
        )
        private = not kept_back or "private" in answer.headers.get("Cache-Control", "")
        if (
            found != HEADERS
            or "frame-ancestors 'none'" not in policy
            or "script-src 'unsafe" in policy
            or not referrer
            or not private
        ):
            missing[route] = (answer.status_code, found, policy, referrer, answer.headers.get("Cache-Control"))
    assert sorted(missing) == [], missing


def test_cookies_are_closed_to_scripts_and_to_other_sites(world: World, settings: Any) -> None:
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    client = Client()
    page = client.get(reverse("admin:login"))
    done = client.post(reverse("admin:login"), {"username": "superuser", "password": "a long pass phrase"})
    session, token = done.cookies["waypost_directory"], page.cookies["waypost_directory_csrf"]
    assert session["httponly"] and session["secure"] and session["samesite"] == "Lax" and not session["domain"]
    assert token["secure"] and token["samesite"] == "Lax"


ELSEWHERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "http:evil.example",
    "/\\evil.example",
)


@pytest.mark.parametrize("where", ELSEWHERE)
def test_no_address_leads_away(world: World, where: str) -> None:
    client = browser(world.people["superuser"])
    answers_ = [
        client.post("/i18n/setlang/", {"language": "fr", "next": where}),
        client.get("/i18n/setlang/", {"next": where}),
        client.post(reverse("insight:settle"), {"state": "done", "report": "0", "next": where}),
        client.get(reverse("admin:login"), {"next": where}),
        Client().post(
            f"{reverse('admin:login')}?next={where}",
            {"username": "superuser", "password": "a long pass phrase", "next": where},
        ),
        client.post(reverse("admin:publish"), {"next": where}),
        client.post(f"{reverse('admin:logout')}?next={where}", {"next": where}),
    ]
    for answer in answers_:
        assert not re.search(r"evil|javascript", answer.headers.get("Location", "").split("?")[0]), answer.headers


# --- files -----------------------------------------------------------------------------------------------------------------------------

FORMULAS = ("=HYPERLINK(1)", "+1+cmd|'/c calc'!A0", "-2+3+cmd", "@SUM(1)", "\t=1+1", "=1+1\n=2")


def dangerous(text: str) -> bool:
    return bool(re.match(r"[=+\-@\t\r\n]", text)) and not re.fullmatch(r"[+-]?[\d .()/-]+", text)


def cells(content: bytes, name: str) -> list[Any]:
    """The cells of a file; of a workbook those that are formulas are marked by `=`."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return [
                cell for one in archive.namelist() if one.endswith(".csv") for cell in cells(archive.read(one), one)
            ]
    if name.endswith(".csv"):
        return [cell for line in csv.reader(io.StringIO(content.decode("utf-8-sig"))) for cell in line]
    book = load_workbook(io.BytesIO(content))
    return ["=formula" for sheet in book for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_file_holds_a_formula(world: World, formula: str) -> None:
    """Names of services, organisations, regions and columns come from outside; a spreadsheet program evaluates what begins like a formula."""
    service = world["service:ours"]
    service.categories.add("food")
    Verification.objects.create(service=service, method="call", outcome="confirmed")
    service.texts.update(name=formula, short_text=formula)
    Organisation.objects.filter(pk=service.organisation_id).update(name=formula)
    Region.objects.filter(pk=service.region_id).update(name=formula)
    service.locations.update(name=formula, address=formula)
    publish()
    client = browser(world.people["superuser"])
    made = {
        name: client.get(f"/staff/exchange/export/{name}") for name in ("services.csv", "services.xlsx", "hsds.zip")
    }
    made |= {f"{slug}.csv": client.get(f"/staff/insight/csv/{slug}/") for slug in ("coverage", "reports")}
    made["translations.csv"] = client.get(reverse("translations:csv"))
    run = checked(
        table(
            row(name=formula, description=formula),
            headers=[formula if header == "phone" else header for header in COLUMNS],
        ),
        by=world.people["superuser"],
    )
    made["marked.xlsx"] = client.get(f"/staff/exchange/{run.pk}/marked.xlsx")
    found = {}
    for name, answer in made.items():
        assert answer.status_code == 200, name
        bad = [cell for cell in cells(answer.content, name) if dangerous(str(cell))]
        if bad:
            found[name] = bad[:3]
    assert found == {}
    texts = "".join(map(str, cells(made["services.csv"].content, "x.csv")))
    assert formula.strip()[1:6] in texts, "the text itself is there"


NAMES = (
    "../../outside.csv",
    "/etc/cron.d/outside.csv",
    "..\\..\\outside.csv",
    "a/../../outside.csv",
    "outside.csv\x00.exe.csv",
    "x" * 300 + ".csv",
)


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_the_name_of_a_file_leads_nowhere(world: World, tmp_path: Path, name: str) -> None:
    client = browser(world.people["coordinator"])
    sent = SimpleUploadedFile("x.csv", table(row()))
    sent._name = name  # past the check of Django's own class, as a crafted request
    sent.name = Path(name.replace("\\", "/")).name or "x.csv"
    before = set(tmp_path.parent.rglob("*outside*"))
    client.post(reverse("exchange:list"), {"file": sent, "new_source": "Somebody", "complete": "on"})
    for run in ImportRun.objects.filter(source__name="Somebody"):
        assert re.fullmatch(r"\d{8}-[0-9a-f]{16}\.csv", run.stored_as)
        assert "/" not in run.file_name and "\\" not in run.file_name
        assert files.path_of(run).parent == files.folder()  # type: ignore[union-attr]
    body = table(row())
    boundary = "xXx"
    raw = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="new_source"\r\n\r\nRaw\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
        ).encode()
        + body
        + f"\r\n--{boundary}--\r\n".encode()
    )
    answer = client.post(reverse("exchange:list"), raw, content_type=f"multipart/form-data; boundary={boundary}")
    assert answer.status_code in (200, 302, 400)
    for run in ImportRun.objects.filter(source__name="Raw"):
        assert re.fullmatch(r"\d{8}-[0-9a-f]{16}\.csv", run.stored_as) and "/" not in run.file_name
    client = browser(world.people["translator"])
    client.post(reverse("translations:import"), {"file": sent})
    assert all("/" not in file.name for file in TranslationFile.objects.all())
    assert set(tmp_path.parent.rglob("*outside*")) == before


def test_the_roles_of_the_walk_are_those_of_the_project() -> None:
    from directory.access import Role

    assert set(WHO) >= set(Role.values)
