"""The pages of import and export: upload, columns, rows, decisions, and who may press which button."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from directory.models import ImportRun, ImportSource, Service
from tests.directory.importing import HEADERS, OTHER, ROW, checked, go, person, row, source, table

pytestmark = pytest.mark.django_db
PAGES = "/staff/exchange/"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path


def send(client: Client, data: bytes, name: str = "units.csv", **fields: str) -> Any:
    return client.post(
        PAGES, {"file": SimpleUploadedFile(name, data), "new_source": "Open Door", "complete": "on", **fields}
    )


def columns(client: Client, run: ImportRun, **changes: Any) -> Any:
    """The page of columns as it was shown, sent with other choices in some fields."""
    page = client.get(f"{PAGES}{run.pk}/columns/").content.decode()
    chosen = re.findall(r'<select name="(column-\d+)".*?</select>', page, re.DOTALL)
    fields = dict.fromkeys(chosen, "")
    for block in re.findall(r'<select name="column-\d+".*?</select>', page, re.DOTALL):
        name = re.search(r'name="([^"]+)"', block)[1]  # type: ignore[index]
        if found := re.search(r'value="([^"]*)" selected', block):
            fields[name] = found[1]
    rest = {
        "language": "en",
        "operator_type": "ngo",
        "must_report": "unknown",
        "country": "",
        "category": "",
        "organisation": "",
    }
    return client.post(f"{PAGES}{run.pk}/columns/", {**fields, **rest, **changes})


def test_from_upload_to_undo(staff: Client) -> None:
    answer = send(staff, table(ROW, row(OTHER, phone="+30 999")))
    run = ImportRun.objects.get()
    assert answer["Location"] == f"{PAGES}{run.pk}/columns/"
    assert staff.get(f"{PAGES}{run.pk}/").status_code == 302
    assert columns(staff, run)["Location"] == f"{PAGES}{run.pk}/"
    page = staff.get(f"{PAGES}{run.pk}/").content.decode()
    assert 'http-equiv="refresh"' in page and "<progress" in page
    go(run)
    page = staff.get(f"{PAGES}{run.pk}/").content.decode()
    assert 'http-equiv="refresh"' not in page
    assert "<strong>1</strong> new" in page and "<strong>1</strong> refused" in page
    refused = staff.get(f"{PAGES}{run.pk}/?outcome=refused").content.decode()
    assert "Green House" in refused and "phone-invalid" in refused and "Open Door Legal" not in refused
    assert staff.get(f"{PAGES}{run.pk}/marked.xlsx").content[:2] == b"PK"
    staff.post(f"{PAGES}{run.pk}/apply/")
    assert go(run).state == "applied"
    page = staff.get(f"{PAGES}{run.pk}/").content.decode()
    assert "Undo this import" in page and "Apply this import" not in page
    staff.post(f"{PAGES}{run.pk}/undo/")
    assert go(run).state == "undone"
    assert not Service.objects.filter(external_ids__has_key="open-door").exists()


def test_columns_are_remembered_for_the_source(staff: Client) -> None:
    data = table(("1", "Desk", "warm", "Open Door", "Ana Rivera"), headers=("nr", "what", "sort", "who", "boss"))
    send(staff, data)
    run = ImportRun.objects.get()
    answer = columns(staff, run)
    assert "which column holds the name" in answer.content.decode()
    chosen = {
        "column-0": "external_id",
        "column-1": "name",
        "column-2": "category",
        "column-3": "organisation",
        "column-4": "contact_person",
    }
    answer = columns(staff, run, **chosen)
    of = ImportSource.objects.get()
    assert of.mapping["columns"] == {
        "external_id": ["nr"],
        "name": ["what"],
        "category": ["sort"],
        "organisation": ["who"],
        "contact_person": ["boss"],
    }
    columns(staff, run)
    ImportRun.objects.filter(pk=run.pk).update(state="checked")
    page = staff.get(f"{PAGES}{run.pk}/columns/").content.decode()
    assert "Ana Rivera" not in page and ">warm<" in page
    columns(staff, run, **chosen, word=["warm"], **{"category-0": "clothing"}, key=["name"])
    of.refresh_from_db()
    assert (of.mapping["categories"], of.key_fields) == ({"warm": "clothing"}, ["name"])
    run = go(run)
    assert run.rows.get().diff["categories"] == [None, ["clothing"]]
    send(staff, data, new_source="", source=str(of.pk))
    again = ImportRun.objects.order_by("-pk")[0]
    page = staff.get(f"{PAGES}{again.pk}/columns/").content.decode()
    assert re.search(r'name="column-1".*?value="name" selected', page, re.DOTALL)


BAD: dict[str, tuple[str, bytes, str]] = {
    "kind": ("units.doc", b"x", "neither"),
    "no ending": ("units", b"x", "neither"),
    "empty": ("units.csv", b"", "empty"),
    "a zip as csv": ("units.csv", b"PK\x03\x04", "does not fit"),
    "no zip": ("units.xlsx", b"PK\x03\x04 broken", "does not fit"),
    "text as xlsx": ("units.xlsx", b"a,b", "does not fit"),
}


@pytest.mark.parametrize(("name", "data", "words"), BAD.values(), ids=BAD)
def test_uploads_that_are_refused(staff: Client, name: str, data: bytes, words: str) -> None:
    answer = send(staff, data, name)
    assert (answer.status_code, words in answer.content.decode(), ImportRun.objects.count()) == (200, True, 0)
    assert 'value="Open Door"' in answer.content.decode()


def test_too_large_and_without_a_source(staff: Client) -> None:
    assert "larger than" in send(staff, b"a" * (20 * 1024**2 + 1)).content.decode()
    assert "give a new one a name" in send(staff, table(ROW), new_source="").content.decode()
    source("taken")
    assert "There is a source with this name" in send(staff, table(ROW), new_source="taken").content.decode()


def test_decisions_and_all_or_nothing(staff: Client) -> None:
    go(checked(table(ROW)), "to_apply")
    run = checked(table(row(id="B1")), of=source("another"))
    found = run.rows.get()
    answer = staff.post(f"{PAGES}{run.pk}/apply/", {"all_or_nothing": "on"}, follow=True)
    assert "decide on the possible duplicates" in answer.content.decode()
    assert ImportRun.objects.get(pk=run.pk).state == "checked"
    page = staff.get(f"{PAGES}{run.pk}/?outcome=duplicate").content.decode()
    assert f'name="row-{found.pk}"' in page
    staff.post(f"{PAGES}{run.pk}/decide/", {f"row-{found.pk}": "same", "row-999999": "same", "row-x": "same"})
    found.refresh_from_db()
    assert found.decision == "same"
    staff.post(f"{PAGES}{run.pk}/decide/", {f"row-{found.pk}": "nonsense"})
    found.refresh_from_db()
    assert found.decision == "same"


def test_a_click_too_late_does_nothing(staff: Client) -> None:
    run = go(checked(table(ROW)), "to_apply")
    for action in ("apply", "check", "decide"):
        answer = staff.post(f"{PAGES}{run.pk}/{action}/", follow=True)
        assert answer.status_code == 200
        assert ImportRun.objects.get(pk=run.pk).state == "applied", action
    assert staff.get(f"{PAGES}{run.pk}/apply/").status_code == 405


def test_personal_numbers_are_checked_anew_before_they_are_written(staff: Client) -> None:
    headers = (*HEADERS, "Contact person")
    run = checked(table((*row(phone="+30 694 000 0001"), "Ana Rivera"), headers=headers))
    staff.post(f"{PAGES}{run.pk}/apply/", {"personal_phones": "on"})
    run = go(run)
    assert (run.state, run.rows.get().diff["contact/phone"]) == ("checked", [None, ["+306940000001"]])


ROLES: dict[str, tuple[int, int, int]] = {
    "administrator": (200, 302, 302),
    "coordinator": (200, 302, 302),
    "reviewer": (200, 403, 403),
    "partner": (403, 403, 403),
    "translator": (403, 403, 403),
    "protection": (403, 403, 403),
}
"""By role: the list, an upload, the button that applies (404: no such import for this person)."""


@pytest.mark.parametrize(("role", "answers"), ROLES.items(), ids=ROLES)
def test_who_may(client: Client, role: str, answers: tuple[int, int, int]) -> None:
    user = person(role, is_superuser=False)
    user.groups.add(Group.objects.get(name=role))
    run = checked(table(ROW), by=user)
    ImportRun.objects.filter(pk=run.pk).update(state="checked")
    client.force_login(user)
    found = (
        client.get(PAGES).status_code,
        send(client, table(ROW)).status_code,
        client.post(f"{PAGES}{run.pk}/apply/").status_code,
    )
    assert found == answers


def test_the_list_of_a_stranger_is_the_login(client: Client) -> None:
    run = checked(table(ROW))
    for path in ("", f"{run.pk}/", f"{run.pk}/columns/", f"{run.pk}/marked.xlsx"):
        assert client.get(PAGES + path)["Location"].startswith("/admin/login/")


def test_searching_and_filtering_rows(staff: Client) -> None:
    run = checked(table(ROW, row(OTHER, phone="+30 999")))
    for query, there, away in (
        ("?q=green", "Green House", "Open Door Legal"),
        ("?rule=phone-invalid", "Green House", "Open Door Legal"),
        ("?outcome=new", "Open Door Legal", "Green House"),
        ("?outcome=nonsense", "Open Door Legal", "nonsense"),
    ):
        rows = staff.get(f"{PAGES}{run.pk}/{query}").content.decode().split("<tbody>")[-1]
        assert there in rows and away not in rows, query
