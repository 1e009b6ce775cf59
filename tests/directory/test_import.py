"""Files that come in: what the dry run says of each row, what is written, and that all of it can be undone."""

from __future__ import annotations

import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from openpyxl import load_workbook

from directory.exchange import change as changing
from directory.exchange import create, files, runs
from directory.exchange.hours_text import format_hours, parse_hours
from directory.models import (
    ConfidentialPlace,
    ContactPoint,
    ImportRow,
    ImportRun,
    Location,
    Membership,
    Organisation,
    Region,
    Service,
    ServiceSearch,
    ServiceText,
    Task,
    Verification,
)
from tests.directory.importing import (
    HEADERS,
    OTHER,
    ROW,
    checked,
    go,
    outcomes,
    person,
    row,
    rules,
    source,
    table,
    upload,
)

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path


def ours() -> Any:
    """The services of the tests' source."""
    return Service.objects.filter(external_ids__has_key="open-door").order_by("pk")


def counts() -> tuple[int, ...]:
    return tuple(
        model.objects.count() for model in (Service, Organisation, Location, ContactPoint, ServiceText, Verification)
    )


# --- the dry run ---------------------------------------------------------------------------------------------------------------


def test_a_dry_run_writes_nothing_but_its_report() -> None:
    before = counts()
    run = checked(table(ROW, OTHER))
    assert (run.state, run.rows_new, outcomes(run)) == ("checked", 2, {2: "new", 3: "new"})
    assert counts() == before
    kept = files.path_of(run)
    assert kept and stat.S_IMODE(os.stat(kept).st_mode) == 0o600


REFUSED: dict[str, tuple[dict[str, str], str, str]] = {
    "number": ({"phone": "+30 999"}, "phone-invalid", "E"),
    "swapped": ({"latitude": "23.73001", "longitude": "37.98001"}, "coordinates-swapped", "J"),
    "far": ({"latitude": "52.5", "longitude": "13.4"}, "coordinates-country", "J"),
    "no name": ({"name": ""}, "name-missing", "B"),
    "e-mail": ({"email": "office at home"}, "email-invalid", "F"),
    "organisation": ({"organisation": ""}, "organisation-missing", ""),
}


@pytest.mark.parametrize(("cells", "rule", "column"), REFUSED.values(), ids=REFUSED)
def test_refused_rows_say_row_column_and_reason(cells: dict[str, str], rule: str, column: str) -> None:
    run = checked(table(row(**cells), OTHER))
    assert outcomes(run) == {2: "refused", 3: "new"}
    found = next(f for f in run.rows.get(number=2).findings if f["rule"] == rule)
    assert (found["column"], found["severity"]) == (column, "error")
    assert found["words"]
    assert go(run, "to_apply").state == "applied"
    assert [s.external_ids for s in ours()] == [{"open-door": "A2"}]


def test_two_rows_with_one_key_and_rows_without_an_id() -> None:
    assert outcomes(checked(table(ROW, row(OTHER, id="A1")))) == {2: "new", 3: "refused"}
    run = go(checked(table(row(id=""))), "to_apply")
    assert run.state == "applied"
    assert outcomes(checked(table(row(id="", phone="+30 21 0321 0009")))) == {2: "changed"}


def test_the_marked_workbook_tells_the_result_and_evaluates_nothing() -> None:
    run = checked(table(row(phone="+30 999", description="=1+1"), OTHER))
    book = load_workbook(files.marked_path(run))
    rows = list(book["Checked"].iter_rows())
    assert [cells[len(HEADERS)].value for cells in rows] == ["result", "refused", "new"]
    assert all(cell.data_type != "f" for cells in rows for cell in cells)


def test_what_cannot_be_read_ends_the_run_with_words() -> None:
    run = checked(b"\x00\x01", ".csv")
    assert (run.state, run.rows.count()) == ("failed", 0)
    assert "table" in run.error


def test_every_trap_of_the_public_sample_is_reported() -> None:
    path = SHARED / "ifrc_local_units_sample.csv"
    if not path.is_file():
        pytest.skip("the public samples are not on this machine")
    run = checked(path, of=source("ifrc", operator_type="rcrc"))
    told = {f["rule"] for r in run.rows.all() for f in r.findings}
    assert {
        "phone-drag-filled",
        "coordinates-swapped",
        "phone-plus",
        "phone-zero",
        "date-ambiguous",
        "row-duplicate",
    } <= told
    assert (run.rows_new, run.rows_duplicate, run.rows_bad) == (37, 1, 53)
    refused = {r.number for r in run.rows.filter(outcome="refused")}
    dragged = {r.number for r in run.rows.all() if any(f["rule"] == "phone-drag-filled" for f in r.findings)}
    assert len(dragged) == 42 and dragged <= refused


# --- applying ------------------------------------------------------------------------------------------------------------------


def test_new_rows_come_in_as_drafts_with_everything_they_say() -> None:
    run = go(checked(table(ROW, OTHER)), "to_apply")
    assert (run.state, run.report["problems"]) == ("applied", 0)
    made = ours().first()
    text = made.texts.get()
    assert (made.status, made.organisation.name, text.name, text.short_text) == (
        "draft",
        "Open Door",
        "Open Door Legal",
        "Free legal advice.",
    )
    assert [c.pk for c in made.categories.all()] == ["legal_aid"]
    assert sorted(made.contacts.values_list("kind", "value")) == [
        ("email", "office@open-door.example.org"),
        ("phone", "+302103210001"),
    ]
    place = made.locations.get()
    assert (place.address, place.city, place.lat, place.lon, place.tz, place.visibility) == (
        "Street 1",
        "Athens",
        37.98001,
        23.73001,
        "Europe/Athens",
        "public",
    )
    assert (made.hours.count(), made.hours.first().opens) == (5, 540)
    assert sorted(made.spoken.values_list("lang", flat=True)) == ["ar", "en"]
    past = made.history.get()
    assert (past.history_change_reason, past.history_user) == (f"import {run.pk}", person())
    assert [row_.category_id for row_ in past.categories.all()] == ["legal_aid"]
    assert "open door legal" in ServiceSearch.objects.get(service=made).words
    assert ours()[1].organisation == made.organisation


def test_the_same_file_again_is_unchanged_and_one_changed_cell_is_one_change() -> None:
    go(checked(table(ROW, OTHER)), "to_apply")
    assert outcomes(checked(table(ROW, OTHER))) == {2: "unchanged", 3: "unchanged"}
    run = checked(table(row(hours="Mon-Thu 10:00-16:00", phone="+30 21 0321 0002"), OTHER))
    changed = run.rows.get(number=2)
    assert (changed.outcome, set(changed.diff)) == ("changed", {"hours", "contact/phone"})
    assert changed.diff["contact/phone"] == [["+302103210001"], ["+302103210002"]]
    assert go(run, "to_apply").report["problems"] == 0
    made = ours().first()
    assert (
        format_hours(
            h_
            for h_ in made.hours.values_list("weekday", "opens", "closes", "appointment_only", "valid_from", "valid_to")
        )
        == "Mon-Thu 10:00-16:00"
    )
    assert list(made.contacts.filter(kind="phone").values_list("value", flat=True)) == ["+302103210002"]
    assert made.contacts.filter(kind="email").exists()


def test_empty_cells_and_columns_that_are_not_there_change_nothing() -> None:
    go(checked(table(ROW)), "to_apply")
    run = checked(table(("A1", "Open Door Legal", ""), headers=("id", "name", "phone")), of=source())
    assert outcomes(run) == {2: "unchanged"}


FIELDS: dict[str, tuple[dict[str, str], str, Any]] = {
    "name": ({"name": "Open Door Law"}, "texts/en/name", "Open Door Law"),
    "sentence": ({"description": "Advice."}, "texts/en/short_text", "Advice."),
    "category": ({"category": "work"}, "categories", ["legal_aid", "work"]),
    "languages": ({"languages": "en, fa (interpreter)"}, "spoken", [["en", False], ["fa", True]]),
    "street": ({"address": "Street 2"}, "place//address", "Street 2"),
    "point": ({"latitude": "37.98500"}, "place//lat", 37.985),
    "e-mail": ({"email": "new@open-door.example.org"}, "contact/email", ["new@open-door.example.org"]),
}


@pytest.mark.parametrize(("cells", "field", "value"), FIELDS.values(), ids=FIELDS)
def test_each_field_is_changed_and_put_back(cells: dict[str, str], field: str, value: Any) -> None:
    from directory.exchange.current import read

    go(checked(table(ROW)), "to_apply")
    before = read([ours().first().pk])[ours().first().pk]
    run = go(checked(table(row(**cells))), "to_apply")
    after = read([ours().first().pk])[ours().first().pk]
    assert (after[field], run.report["problems"]) == (value, 0)
    run = go(run, "to_undo")
    assert (run.state, run.report["kept"]) == ("undone", 0)
    assert read([ours().first().pk])[ours().first().pk] == before


@pytest.mark.parametrize(
    ("name", "category"), [("Night Roof", "shelter"), ("Corner Two", "safe_space"), ("Refuge for women", "food")]
)
def test_a_reviewer_may_publish_at_once_but_no_vague_or_confidential_place(name: str, category: str) -> None:
    vague = row(OTHER, id="A3", name="Corner House", latitude="", longitude="", phone="")
    shelter = row(
        OTHER,
        id="A4",
        name=name,
        category=category,
        address="Secret Street 7",
        latitude="37.97",
        longitude="23.72",
        phone="",
    )
    run = go(checked(table(ROW, vague, shelter), publish=True), "to_apply")
    assert run.report["problems"] == 0
    status = {s.external_ids["open-door"]: s.status for s in ours()}
    assert status == {"A1": "published", "A3": "draft", "A4": "draft"}
    hidden = ours().get(external_ids={"open-door": "A4"}).locations.get()
    assert (hidden.visibility, hidden.address, hidden.lat) == ("area_only", "", None)
    assert ConfidentialPlace.objects.get(location=hidden).address == "Secret Street 7"
    for told in (run.report, list(run.rows.values()), list(Location.history.values()), list(Service.history.values())):
        assert "Secret Street" not in str(told)


def test_a_file_never_changes_a_confidential_place() -> None:
    go(checked(table(ROW)), "to_apply")
    place = ours().first().locations.get()
    place.visibility = "area_only"
    place.save()
    run = checked(table(row(address="Elsewhere 3", latitude="37.99")))
    assert outcomes(run) == {2: "unchanged"}
    assert "place-kept" in rules(run, 2)


def _book(run: ImportRun) -> str:
    book = load_workbook(files.marked_path(run))
    return str([[cell.value for cell in cells] for sheet in book for cells in sheet.iter_rows()])


def test_what_becomes_confidential_goes_from_imports_too() -> None:
    run = go(checked(table(row(address="Secret Street 7"))), "to_apply")
    later = go(checked(table(row(address="Secret Street 8"))), "to_apply")
    place = ours().first().locations.get()
    assert (
        "Secret" in str(list(run.rows.values()))
        and "Secret" in str(list(later.rows.values()))
        and "Secret" in _book(run)
    )
    place.visibility = "area_only"
    place.save()
    assert "Secret" not in str(list(ImportRow.objects.values()))
    assert not files.marked_path(run).exists() and not files.marked_path(later).exists()
    again = checked(table(row(address="Secret Street 9")))
    assert "Secret" not in str(list(again.rows.values())) + str(again.report) + _book(again)
    go(later, "to_undo")
    assert (
        ConfidentialPlace.objects.get(location=place).address,
        place.history.filter(address__contains="Secret").count(),
    ) == ("Secret Street 8", 0)


def test_the_marked_workbook_tells_no_new_shelter() -> None:
    run = checked(table(row(name="Roof", category="safe_space", address="Secret Street 7"), OTHER))
    assert "Secret" not in _book(run) and "Street 9" in _book(run)


def test_an_entry_that_was_edited_since_the_check_is_left_alone() -> None:
    go(checked(table(ROW, OTHER)), "to_apply")
    run = checked(table(row(description="From the file."), row(OTHER, description="Also from the file.")))
    text = ours().first().texts.get()
    text.short_text = "By hand."
    text.save()
    run = go(run, "to_apply")
    assert run.report["problems"] == 1
    assert "since the check" in run.rows.get(number=2).problem
    assert [s.texts.get().short_text for s in ours()] == ["By hand.", "Also from the file."]


def test_all_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    run = checked(table(ROW, row(OTHER, phone="+30 999")), all_or_nothing=True)
    assert go(run, "to_apply").state == "failed"
    assert not ours().exists()
    go(checked(table(ROW)), "to_apply")
    before = counts()
    run = checked(table(row(description="Changed."), OTHER), all_or_nothing=True)
    monkeypatch.setattr(runs, "change", lambda *args: ({}, "a problem"))
    run = go(run, "to_apply")
    assert (run.state, "a problem" in run.error) == ("failed", True)
    assert counts() == before
    monkeypatch.setattr(runs, "change", changing.change)
    assert go(run, "to_apply").state == "applied"
    assert ours().count() == 2


def test_one_row_that_the_database_refuses_keeps_no_other_out(monkeypatch: pytest.MonkeyPatch) -> None:
    run = checked(table(ROW, OTHER))
    real = create.Creator._build

    def build(self: Any, planned: Any, batch: Any) -> Service:
        service = real(self, planned, batch)
        if planned.entry.key == "A1":
            service.public_id = Service.objects.first().public_id  # type: ignore[union-attr]
        return service

    monkeypatch.setattr(create.Creator, "_build", build)
    run = go(run, "to_apply")
    assert (run.report["problems"], bool(run.rows.get(number=2).problem)) == (1, True)
    assert [s.external_ids["open-door"] for s in ours()] == ["A2"]


def test_a_run_that_stood_still_is_taken_up_again() -> None:
    run = upload(table(ROW))
    ImportRun.objects.filter(pk=run.pk).update(state="checking", seen_at=timezone.now() - timedelta(minutes=4))
    assert go(run).state == "checking"
    ImportRun.objects.filter(pk=run.pk).update(seen_at=timezone.now() - timedelta(minutes=6))
    assert go(run).state == "checked"


# --- duplicates, persons -------------------------------------------------------------------------------------------------------


def test_possible_duplicates_wait_for_a_decision() -> None:
    go(checked(table(ROW)), "to_apply")
    near = row(id="B1", name="Open Door legal", phone="+30 21 0321 0001", description="The same?")
    other = source("another")
    run = checked(table(near), of=other)
    found = run.rows.get()
    assert (found.outcome, found.service) == ("duplicate", ours().first())
    assert go(run, "to_apply").report["problems"] == 0
    assert not Service.objects.filter(external_ids__has_key="another").exists()
    ImportRow.objects.filter(pk=found.pk).update(decision="same")
    run = go(run, "to_apply")
    assert ours().first().external_ids == {"open-door": "A1", "another": "B1"}
    assert ours().first().texts.get().short_text == "The same?"
    go(run, "to_undo")
    assert ours().first().external_ids == {"open-door": "A1"}


def test_a_duplicate_may_be_new() -> None:
    go(checked(table(ROW)), "to_apply")
    run = checked(table(row(id="B1")), of=source("another"))
    run.rows.update(decision="new")
    go(run, "to_apply")
    assert Service.objects.filter(external_ids__has_key="another").count() == 1


def test_persons_are_left_out_unless_a_reviewer_ticks() -> None:
    headers = (*HEADERS, "Contact person")
    data = table(
        (*row(phone="+30 694 000 0001", email="maria@gmail.com", description="Ask Mrs Rivera."), "Maria Rivera"),
        headers=headers,
    )
    run = checked(data)
    assert {"phone-personal", "phone-left-out", "person-name", "text-left-out"} <= rules(run, 2)
    go(run, "to_apply")
    made = ours().first()
    assert (made.contacts.count(), made.texts.get().short_text) == (0, "")
    for told in (
        run.report,
        list(run.rows.values()),
        list(Service.history.values()),
        list(ServiceText.history.values()),
    ):
        assert "Rivera" not in str(told) and "6940000001" not in str(told)
    run = go(checked(data, personal_phones=True), "to_apply")
    assert sorted(made.contacts.values_list("value", flat=True)) == ["+306940000001", "maria@gmail.com"]


# --- what a later file no longer holds -----------------------------------------------------------------------------------------


def test_rows_that_are_gone_become_tasks_and_are_closed_when_they_return() -> None:
    go(checked(table(ROW, OTHER)), "to_apply")
    run = checked(table(ROW))
    assert run.report["missing"]["count"] == 1
    run = go(run, "to_apply")
    task = Task.objects.get(kind="missing_from_source")
    assert (task.key, task.state, task.service) == ("open-door:A2", "open", ours()[1])
    assert ours()[1].status == "draft"
    go(checked(table(ROW)), "to_apply")
    assert Task.objects.filter(kind="missing_from_source").count() == 1
    go(checked(table(ROW, OTHER)), "to_apply")
    task.refresh_from_db()
    assert task.state == "done"
    go(checked(table(ROW), complete=False), "to_apply")
    assert not Task.objects.filter(kind="missing_from_source", state="open").exists()


# --- undoing -------------------------------------------------------------------------------------------------------------------


def test_undo_leaves_nothing_of_new_rows() -> None:
    before = counts()
    run = go(checked(table(ROW, OTHER)), "to_apply")
    assert counts() != before
    run = go(run, "to_undo")
    assert (run.state, run.report["kept"], counts()) == ("undone", 0, before)


def test_undo_keeps_what_somebody_has_edited_and_archives_what_was_public() -> None:
    run = go(checked(table(ROW, OTHER), publish=True), "to_apply")
    text = ours().first().texts.get()
    text.short_text = "By hand."
    text.save()
    run = go(run, "to_undo")
    assert (run.report["kept"], [s.status for s in ours()]) == (1, ["published", "archived"])
    assert "edited" in run.rows.get(number=2).problem
    changed = go(checked(table(row(name="Another name", hours="Fri 09:00-10:00"))), "to_apply")
    text.refresh_from_db()
    text.name = "A third name"
    text.save()
    changed = go(changed, "to_undo")
    assert changed.report["kept"] == 1
    assert "texts/en/name" in changed.rows.get(number=2).problem


# --- who may ---------------------------------------------------------------------------------------------------------------------


def test_a_person_imports_only_their_own_organisation() -> None:
    go(checked(table(ROW, OTHER)), "to_apply")
    own = Organisation.objects.create(name="Their Own", kind="ngo")
    partner = person("partner", is_superuser=False)
    partner.groups.add(Group.objects.get(name="partner"))
    Membership.objects.create(user=partner, organisation=own, role="editor")
    mine = row(OTHER, id="C1", name="Their Desk", organisation="Their Own", phone="", latitude="38.0", longitude="23.8")
    unknown = row(
        OTHER, id="C2", name="A Desk", organisation="Nobody Knows", phone="", latitude="38.1", longitude="23.8"
    )
    run = checked(table(row(description="Taken over!"), mine, unknown), by=partner)
    assert outcomes(run) == {2: "refused", 3: "new", 4: "refused"}
    assert "organisation-other" in rules(run, 2) & rules(run, 4)


def test_a_coordinator_imports_only_into_their_regions() -> None:
    coordinator = person("coordinator", is_superuser=False)
    coordinator.groups.add(Group.objects.get(name="coordinator"))
    Region.objects.create(name="Somewhere", country="HN").validators.add(coordinator)
    run = checked(table(row(organisation="New in Honduras")), by=coordinator)
    assert outcomes(run) == {2: "refused"}
    assert "organisation-other" in rules(run, 2)


# --- files, hours ----------------------------------------------------------------------------------------------------------------


def test_files_go_after_ninety_days() -> None:
    run = checked(table(ROW))
    assert files.remove_old() == 0 and files.path_of(run)
    ImportRun.objects.filter(pk=run.pk).update(created_at=timezone.now() - timedelta(days=91))
    files.remove_old()
    run.refresh_from_db()
    assert (files.path_of(run), files.marked_path(run).exists(), list(files.folder().iterdir())) == (None, False, [])
    assert go(run, "queued").state == "failed"


HOURS: dict[str, str | None] = {
    "Mon-Fri 09:00-17:00; Sat 10:00-13:00": "Mon-Fri 09:00-17:00; Sat 10:00-13:00",
    "lunes a viernes 9:00 a 17:00": "Mon-Fri 09:00-17:00",
    "Lun-Ven: 9h-12h, 14h-17h30": "Mon-Fri 09:00-12:00, 14:00-17:30",
    "Monday, Wednesday and Friday 9am to 5pm": "Mon 09:00-17:00; Wed 09:00-17:00; Fri 09:00-17:00",
    "24/7": "Mon-Sun 00:00-24:00",
    "Daily 08:00-20:00": "Mon-Sun 08:00-20:00",
    "Tue 22:00-06:00 (appointment)": "Tue 22:00-06:00 (appointment)",
    "Sun closed, Mon 9:00-12:00": "Mon 09:00-12:00",
    "من الاثنين إلى الجمعة 9:00-17:00": "Mon-Fri 09:00-17:00",
    "Fri-Mon 10:00-12:00": "Mon 10:00-12:00; Fri-Sun 10:00-12:00",
    "Mon-Fri 9-5": None,
    "Mon-Fri 9:00-17:00 except holidays": None,
    "9:00-17:00": None,
    "Mon 9:00": None,
    "Mon 09:00-09:00": None,
    "on request": None,
}


@pytest.mark.parametrize(("text", "meaning"), HOURS.items())
def test_hours_are_read_wholly_or_not_at_all(text: str, meaning: str | None) -> None:
    hours = parse_hours(text)
    assert (format_hours(hours) if hours else None) == meaning
    if meaning:
        assert parse_hours(meaning) == hours
