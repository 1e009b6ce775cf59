"""What goes out: valid HSDS, spreadsheets without formulas, nothing confidential, and all of it can come in again unchanged."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import load_workbook

from directory.exchange.export import HEADERS, TABLES, hsds_json, hsds_zip, safe, services_csv, services_xlsx
from directory.exchange.hsds_tables import unsafe
from directory.models import Service, ServiceText
from directory.publish import publish
from tests.directory.importing import checked, go
from tests.directory.test_hsds import SECRETS, check, hide

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path


MAKERS: dict[str, Any] = {
    ".json": hsds_json,
    ".zip": hsds_zip,
    ".csv": lambda: services_csv(Service.objects.all()),
    ".xlsx": lambda: services_xlsx(Service.objects.all()),
}


@pytest.mark.parametrize("ending", MAKERS)
def test_what_went_out_comes_in_without_a_difference(ending: str) -> None:
    publish()
    run = checked(MAKERS[ending](), ending)
    different = [(row.name, row.diff, row.findings) for row in run.rows.exclude(outcome="unchanged")]
    assert different == []
    assert run.rows_unchanged > 100


@pytest.mark.parametrize("ending", MAKERS)
def test_an_edit_in_between_is_put_back(ending: str, service: Service) -> None:
    publish()
    data = MAKERS[ending]()
    text = service.texts.get(lang="en")
    before = text.name
    text.name = "Another name"
    text.save()
    run = checked(data, ending)
    changed = run.rows.get(outcome="changed")
    assert (changed.service, changed.diff) == (service, {"texts/en/name": ["Another name", before]})
    go(run, "to_apply")
    text.refresh_from_db()
    assert text.name == before


def test_the_json_is_valid_hsds() -> None:
    publish()
    services = json.loads(hsds_json())
    assert len(services) > 100
    for one in services:
        check("service", one)


def _tables() -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(io.BytesIO(hsds_zip())) as archive:
        package = json.loads(archive.read("datapackage.json"))
        assert [resource["name"] for resource in package["resources"]] == list(TABLES)
        return {
            name: list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode(), newline=""))) for name in TABLES
        }


def test_rows_of_the_tables_refer_to_each_other() -> None:
    publish()
    tables = _tables()
    ids = {name: {row["id"] for row in rows} for name, rows in tables.items()}
    for name, column, parent in (
        ("services", "organization_id", "organizations"),
        ("service_at_locations", "service_id", "services"),
        ("service_at_locations", "location_id", "locations"),
        ("addresses", "location_id", "locations"),
        ("phones", "service_id", "services"),
        ("schedules", "service_id", "services"),
        ("attributes", "link_id", "services"),
        ("attributes", "taxonomy_term_id", "taxonomy_terms"),
        ("taxonomy_terms", "taxonomy_id", "taxonomies"),
    ):
        assert tables[name], name
        assert {row[column] for row in tables[name]} <= ids[parent], (name, column)
    assert len(ids["services"]) == len(tables["services"])


@pytest.mark.parametrize("visibility", ["area_only", "contact_only"])
def test_nothing_confidential_goes_out(service: Service, visibility: str) -> None:
    hide(service, visibility)
    publish()
    book = load_workbook(io.BytesIO(services_xlsx(Service.objects.all())))
    told = [hsds_json().decode(), str(_tables()), services_csv(Service.objects.all()).decode()]
    told.append(str([[cell.value for cell in row] for row in book.active.iter_rows()]))  # type: ignore[union-attr]
    for text in told:
        assert service.organisation.name in text
        assert not [secret for secret in SECRETS if secret in text and secret != "ZZNAME"], visibility
    for text in told[:2]:
        assert "ZZNAME" not in text


CELLS: dict[str, str] = {
    "=1+1": "'=1+1",
    "@SUM(A1)": "'@SUM(A1)",
    "-1+cmd|' /C calc'!A0": "'-1+cmd|' /C calc'!A0",
    "+cmd": "'+cmd",
    "\t=1": "'\t=1",
    "+30 21 0321 0001": "+30 21 0321 0001",
    "-4.25": "-4.25",
    "plain = text": "plain = text",
}


@pytest.mark.parametrize(("text", "written"), CELLS.items())
def test_no_cell_is_a_formula(text: str, written: str) -> None:
    assert (safe(text), unsafe(written)) == (written, text)


def test_formulas_in_texts_survive_the_round_trip_as_text(service: Service) -> None:
    ServiceText.objects.filter(service=service, lang="en").update(short_text="=HYPERLINK(1)", name="@home")
    rows = list(
        csv.reader(io.StringIO(services_csv(Service.objects.filter(pk=service.pk)).decode("utf-8-sig"), newline=""))
    )
    assert rows[1][HEADERS.index("name")] == "'@home"
    book = load_workbook(io.BytesIO(services_xlsx(Service.objects.filter(pk=service.pk))))
    assert {cell.data_type for row in book.active.iter_rows() for cell in row} <= {"s", "n"}  # type: ignore[union-attr]
    for ending in (".csv", ".xlsx"):
        data = (
            services_csv(Service.objects.filter(pk=service.pk))
            if ending == ".csv"
            else services_xlsx(Service.objects.filter(pk=service.pk))
        )
        assert checked(data, ending).rows.get().outcome == "unchanged"


def test_the_command(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("exporthsds", str(tmp_path / "out.json"))
    publish()
    for name in ("out.json", "out.zip"):
        call_command("exporthsds", str(tmp_path / name))
        assert (tmp_path / name).stat().st_size > 1000
    with pytest.raises(CommandError):
        call_command("exporthsds", str(tmp_path / "out.txt"))


def test_the_pages(staff: Client) -> None:
    assert staff.get("/staff/exchange/export/hsds.json").status_code == 302
    publish()
    for name in ("hsds.json", "hsds.zip", "services.xlsx", "services.csv"):
        answer = staff.get(f"/staff/exchange/export/{name}")
        assert (answer.status_code, "attachment" in answer["Content-Disposition"]) == (200, True)
    assert staff.get("/staff/exchange/export/other").status_code == 404
    assert Client().get("/staff/exchange/export/services.csv").status_code == 302
