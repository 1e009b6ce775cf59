"""Incoming files: each trap of real files in small, and the report that staff read."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from datetime import date, datetime, time
from pathlib import Path

import phonenumbers
import pytest
from django.core.management import CommandError, call_command
from openpyxl import Workbook, load_workbook

from directory.exchange import table as tables
from directory.exchange.checks import RULES, Incoming, run
from directory.exchange.checks.base import country_code
from directory.exchange.checks.coordinates import read_degrees
from directory.exchange.checks.phones import drag_filled
from directory.exchange.columns import FIELDS, MappingError, guess, with_mapping
from directory.exchange.marked import write_marked
from directory.exchange.report import Report, column_letter
from directory.exchange.table import Table, TableError, read_table

FIXTURES = Path(__file__).parent / "exchange"
SAMPLE = Path("../shared/samples/ifrc_local_units_sample.csv")
TODAY = date(2026, 11, 24)


def incoming(table: Table, country: str = "", **mapping: object) -> Incoming:
    return Incoming(table, with_mapping(table.headers, mapping), country, TODAY)


def table_of(tmp_path: Path, *rows: list[str]) -> Table:
    path = tmp_path / "file.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return read_table(path)


def rules(tmp_path: Path, header: str, *values: str, country: str = "") -> list[set[str]]:
    """The rules found in each row of a file with one column beside the name."""
    rows = [[f"Place {'abcdefghijklmnop'[i]}", value] for i, value in enumerate(values)]
    findings = run(incoming(table_of(tmp_path, ["name", header], *rows), country))
    return [{one.rule for one in findings if one.row == number} for number in range(2, len(values) + 2)]


# reading


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_forms(tmp_path: Path, encoding: str, delimiter: str) -> None:
    lines = [["Nom", "Téléphone"], ["Café, l'aide; ici", "0123"], ["deux\nlignes", "+33 1"], [], ["Été", "0044"]]
    path = tmp_path / "x.csv"
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(lines)
    table = read_table(path)
    assert table.headers == ("Nom", "Téléphone")
    assert [(row.number, row.cells) for row in table.rows] == [
        (2, ("Café, l'aide; ici", "0123")),
        (3, ("deux\nlignes", "+33 1")),
        (5, ("Été", "0044")),
    ]
    assert [remark.rule for remark in table.remarks] == (["file-encoding"] if encoding == "cp1252" else [])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n,,\n", "empty"),
        (b"a,b\n\x00\x01", "neither CSV nor XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "old Excel"),
        (b'name,phone\nx,"open\n', "quotation mark"),
        (b"name," + b"x," * 300 + b"y\n", "at most 200"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"name\n" + b"x\n" * 50_001, "more than 50000 rows"),
        (b"x" * (tables.MAX_BYTES + 1), "at most 20 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_files(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(data)
    with pytest.raises(TableError, match=words):
        read_table(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot be opened"):
        read_table(tmp_path / "none.csv")


def test_titles_and_long_rows(tmp_path: Path) -> None:
    table = table_of(tmp_path, ["List of services 2026"], ["name", "phone"], ["A", "112", "moved"], ["B"])
    assert (table.headers, table.header_row) == (("name", "phone"), 2)
    assert [(row.number, row.cells) for row in table.rows] == [(3, ("A", "112")), (4, ("B", ""))]
    assert {(r.rule, r.row) for r in table.remarks} == {("row-above-header", 1), ("row-too-long", 3)}


def workbook(tmp_path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = "Services"
    sheet.append(["name", "phone", "date checked", "opens", "secret", "sum"])
    sheet.append(["A", 2105550100, datetime(2026, 1, 15), time(9, 0), "x", "=1+1"])
    sheet.append(["B", 105550100, date(2026, 1, 16), 0.1, "y", "#N/A"])
    sheet.append([])
    sheet.append(["C", 447700900123, "03/04/2026", True, None, None])
    sheet["B3"].number_format = "0000000000"
    sheet["F3"].data_type = "e"
    sheet.column_dimensions["E"].hidden = True
    sheet.row_dimensions[3].hidden = True
    book.create_sheet("Old").sheet_state = "hidden"
    book.create_sheet("More")
    path = tmp_path / "file.xlsx"
    book.save(path)
    return path


def test_workbook(tmp_path: Path) -> None:
    table = read_table(workbook(tmp_path))
    assert [(row.number, row.cells) for row in table.rows] == [
        (2, ("A", "2105550100", "2026-01-15", "09:00", "x", "")),
        (3, ("B", "0105550100", "2026-01-16", "0.1", "y", "")),
        (5, ("C", "447700900123", "03/04/2026", "TRUE", "", "")),
    ]
    assert {(r.rule, r.row, r.column) for r in table.remarks} == {
        ("cell-formula", 2, 5),
        ("cell-error", 3, 5),
        ("sheet-hidden", 0, -1),
        ("sheet-unread", 0, -1),
        ("column-hidden", 1, 4),
        ("row-hidden", 0, -1),
    }


def test_first_sheet_that_holds_anything(tmp_path: Path) -> None:
    book = Workbook()
    book.create_sheet("Filled").append(["name", "phone"])
    book.save(tmp_path / "x.xlsx")
    table = read_table(tmp_path / "x.xlsx")
    assert (table.sheet, table.headers, table.rows) == ("Filled", ("name", "phone"), [])


@pytest.mark.parametrize(
    "header", ["name", "phone", "hours", "latitude", "coordinates", "date checked", "email", "website"]
)
@pytest.mark.parametrize(
    "text", [" " * 60_000 + "x", "1 " * 30_000, "1:" * 30_000, "a@" * 30_000, "9-" * 30_000], ids=range(5)
)
@pytest.mark.timeout(20)
def test_endless_cells_stay_quick(tmp_path: Path, header: str, text: str) -> None:
    rows = [["x", f"{text}{i}"] for i in range(20)]
    run(incoming(table_of(tmp_path, ["kind of row", header], *rows), "GR"))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("xl/worksheets/big.xml", b"0" * (12 * 1024 * 1024), "far more than it holds"),
        ("xl/workbook.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a/>', "definitions"),
        ("readme.txt", b"hello", "no Excel workbook"),
        ("xl/workbook.xml", b"<broken", "damaged"),
    ],
)
def test_harmful_workbooks(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    with pytest.raises(TableError, match=words):
        read_table(path)


# columns


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Service name", "name"),
        ("NAME_LOC", "name"),
        ("Nom du service", "name"),
        ("اسم الخدمة", "name"),
        ("NATIONAL_SOCIETY", "organisation"),
        ("Organisation phone", "phone"),
        ("Teléfono", "phone"),
        ("Téléphone", "phone"),
        ("رقم الهاتف", "phone"),
        ("Telefone", "phone"),
        ("E-mail", "email"),
        ("Correo electrónico", "email"),
        ("Web site", "website"),
        ("Dirección", "address"),
        ("Ville", "city"),
        ("ISO3", "country"),
        ("Latitud", "latitude"),
        ("خط الطول", "longitude"),
        ("OpeningHours", "hours"),
        ("Heures d'ouverture", "hours"),
        ("Horário de funcionamento", "hours"),
        ("DATEOFUPDATE", "date_checked"),
        ("Date of last update", "date_checked"),
        ("Contact person", "contact_person"),
        ("Contact person phone", "contact_person"),
        ("Persona de contacto", "contact_person"),
        ("Responsable", "contact_person"),
        ("Favourite colour", None),
        ("", None),
    ],
)
def test_guess(header: str, field: str | None) -> None:
    assert guess([header]).fields == (field,)


def test_one_column_wins() -> None:
    assert guess(["Lattitude", "Latitude", "Phone", "Telephone 2"]).fields == (None, "latitude", "phone", "phone")


def test_mapping() -> None:
    headers = ("name", "tel", "who", "town")
    columns = with_mapping(headers, {"columns": {"name": "who", "city": ["town"]}, "ignore": ["tel"], "country": "AR"})
    assert columns.fields == (None, None, "name", "city")
    assert columns.options == {"country": "AR"}


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"colums": {}}, "unknown keys: colums"),
        ({"columns": {"fax": "name"}}, "the field “fax”"),
        ({"columns": {"name": "Name"}}, "“Name”, which the file has 0 times"),
        ({"columns": {"name": "name", "city": "name"}}, "for two fields"),
        ({"columns": {"name": "name"}, "ignore": ["name"]}, "both uses and ignores"),
        ({"columns": ["name"]}, "one line for each field"),
        ({"date_order": "year"}, "day_first"),
    ],
)
def test_wrong_mappings(mapping: dict[str, object], words: str) -> None:
    with pytest.raises(MappingError, match=words):
        with_mapping(("name", "phone"), mapping)


# checks


@pytest.mark.parametrize(
    ("value", "country", "found"),
    [
        ("+30 210 555 0100", "", set()),
        ("0030 210 5550100", "", set()),
        ("2105550100", "GR", set()),
        ("112", "GR", set()),
        ("2105550100", "", {"phone-country"}),
        ("302105550100", "", {"phone-country"}),
        ("302105550100", "GR", {"phone-plus"}),
        ("(967) (1) 278103", "YE", {"phone-plus"}),
        ("717898330", "KE", {"phone-zero"}),
        ("0717898330", "KE", set()),
        ("1-800-RED CROSS", "US", {"phone-letters"}),
        ("4.47E+11", "GB", {"phone-scientific"}),
        ("4,47711E+11", "GB", {"phone-scientific"}),
        ("0", "BD", {"phone-invalid"}),
        ("12345", "GR", {"phone-invalid"}),
        ("n/a", "GR", {"phone-invalid"}),
        ("7952-1459 / 7951-3876", "GT", {"phone-several"}),
        ("2105550100 ext. 12", "GR", set()),
    ],
)
def test_phones(tmp_path: Path, value: str, country: str, found: set[str]) -> None:
    assert rules(tmp_path, "phone", value, country=country) == [found]


@pytest.mark.parametrize(
    ("values", "dragged"),
    [
        (["+302105550100", "+302105550101", "+302105550102"], [0, 1, 2]),
        (["+302105550102", "+302105550101", "+302105550100"], [0, 1, 2]),
        (["0344 871 11 11", "345 871 11 11", "346 871 11 11", "+442079460018"], [0, 1, 2]),
        (["+442079460018", "0344 871 11 11", "345 871 11 11", "346 871 11 11"], [1, 2, 3]),
        (["2105550100", "2105550137", "2105550174"], []),
        (["2105550100", "2105550137", "2105550174", "2105550211"], [0, 1, 2, 3]),
        (["2105550100", "2105550101"], []),
        (["2105550100", "2105550101", "", "2105550102"], []),
        (["2105550100", "2105550100", "2105550100"], []),
        (["112", "113", "114", "115"], []),
        (["2105550100", "2105550101", "2105550102", "2105550202", "2105550302"], [0, 1, 2, 3, 4]),
    ],
)
def test_dragged_numbers(tmp_path: Path, values: list[str], dragged: list[int]) -> None:
    found = rules(tmp_path, "phone", *values, country="GR")
    assert [at for at, here in enumerate(found) if "phone-drag-filled" in here] == dragged


def test_dragged_then_sorted(tmp_path: Path) -> None:
    values = [f"21055501{n:02d}" for n in (3, 0, 5, 1, 4, 2)]
    assert all("phone-series" in found for found in rules(tmp_path, "phone", *values, country="GR"))


def test_the_long_drag_of_a_real_file(tmp_path: Path) -> None:
    """490 numbers: the first one true, 489 counted on, many of which exist in the numbering plan."""
    numbers = ["0344 871 11 11", *(f"{n} 871 11 11" for n in range(345, 834))]
    table = table_of(tmp_path, ["name", "phone"], *([f"Unit {i}", text] for i, text in enumerate(numbers)))
    assert len({one.row for one in drag_filled(incoming(table, "GB"))}) == 490
    valid = sum(phonenumbers.is_valid_number(phonenumbers.parse(text, "GB")) for text in numbers[1:])
    assert 100 < valid < 200, "so a check of the format alone lets many through"


def test_shared_number(tmp_path: Path) -> None:
    found = rules(tmp_path, "phone", "+302105550100", "+30 210 5550100", "00302105550100", "+302105550199")
    assert ["phone-shared" in here for here in found] == [True, True, True, False]


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("37.98", (37.98, "decimal")),
        ("-58,391", (-58.391, "comma")),
        ("37.98° S", (-37.98, "dms")),
        ("37°58'48\" N", (37.98, "dms")),
        ("W 90 30 00", (-90.5, "dms")),
        ("90°30′O", (-90.5, "dms")),
        ("-0° 30' 0\"", (-0.5, "dms")),
        ("37°75'00\"", None),
        ("north of the river", None),
        ("1.234.567", None),
    ],
)
def test_degrees(text: str, degrees: tuple[float, str] | None) -> None:
    read = read_degrees(text)
    assert read == (pytest.approx(degrees[0]), degrees[1]) if degrees else read is None


@pytest.mark.parametrize(
    ("lat", "lon", "country", "city", "rule"),
    [
        ("37.9838", "23.7275", "GR", "Athens", ""),
        ("23.7275", "37.9838", "GR", "", "coordinates-swapped"),
        ("-58.3911", "-34.7994", "ARG", "", "coordinates-swapped"),
        ("-99.1332", "19.4326", "MX", "", "coordinates-swapped"),
        ("0", "0.0", "GR", "", "coordinates-zero"),
        ("37.9838", "", "GR", "", "coordinates-half"),
        ("37.9838", "x", "GR", "", "coordinates-unreadable"),
        ("37.9838", "200", "GR", "", "coordinates-range"),
        ("48.8566", "2.3522", "Greece", "", "coordinates-country"),
        ("17.7224", "-64.7455", "USA", "", ""),
        ("40.6401", "22.9444", "اليونان", "Athens", "coordinates-city"),
        ("40.6401", "22.9444", "GR", "No Such Town", ""),
        ("37.98", "23.72", "GR", "Athens", "coordinates-coarse"),
    ],
)
def test_places(tmp_path: Path, lat: str, lon: str, country: str, city: str, rule: str) -> None:
    table = table_of(tmp_path, ["name", "latitude", "longitude", "country", "city"], ["A", lat, lon, country, city])
    assert {one.rule for one in run(incoming(table)) if one.row} == ({rule} if rule else set())


def test_place_in_one_column(tmp_path: Path) -> None:
    for text in ("23.7275, 37.9838", "23.7275,37.9838", "23.7275; 37.9838", "23,7275 37,9838"):
        assert rules(tmp_path, "coordinates", text, country="GR")[0] >= {"coordinates-swapped"}, text


def test_another_gazetteer(tmp_path: Path) -> None:
    table = table_of(tmp_path, ["name", "lat", "lon", "city"], ["A", "37.9838", "23.7275", "Example Camp"])
    file = incoming(table, "GR")
    file.locate = lambda city, country: [(41.0, 23.0)] if (city, country) == ("Example Camp", "GR") else []
    assert [one.rule for one in run(file) if one.row] == ["coordinates-city"]


def test_swapped_file() -> None:
    findings = run(incoming(read_table(FIXTURES / "swapped.csv")))
    assert [one.row for one in findings if one.rule == "coordinates-swapped"] == [2, 3, 4]


@pytest.mark.parametrize(
    ("header", "value", "found"),
    [
        ("email", "info@example.org", set()),
        ("email", "info@example", {"email-invalid"}),
        ("email", "a@example.org; b@example.org", set()),
        ("website", "https://example.org/x", set()),
        ("website", "http://example.org", {"link-http"}),
        ("website", "example.org/x", {"link-scheme"}),
        ("website", "javascript:alert(1)", {"link-invalid"}),
        ("website", "ask us", {"link-invalid"}),
        ("website", "https://someone@example.org", {"link-invalid"}),
        ("date checked", "2026-03-31", set()),
        ("date checked", "7-Sep-23", set()),
        ("date checked", "3 de marzo de 2025", set()),
        ("date checked", "March 3rd, 2025", set()),
        ("date checked", "31/02/2026", {"date-invalid"}),
        ("date checked", "2026-02-31", {"date-invalid"}),
        ("date checked", "soon", {"date-invalid"}),
        ("date checked", "March 2026", {"date-invalid"}),
        ("date checked", "2027-01-01", {"date-future"}),
        ("date checked", "03/04/2026", {"date-ambiguous"}),
        ("date checked", "04/04/2026", set()),
        ("date checked", "45000", {"date-serial"}),
        ("hours", "Mon-Fri 09:00-17:00", set()),
        ("hours", "L-V 9h à 17h30", set()),
        ("hours", "9 am to 5 pm", set()),
        ("hours", "24/7", set()),
        ("hours", "٠٩:٠٠-١٧:٠٠", set()),
        ("hours", "Mon 9:75-17:00", {"hours-invalid"}),
        ("hours", "25:00-26:00", {"hours-invalid"}),
        ("hours", "09:00-09:00", {"hours-invalid"}),
        ("hours", "by appointment", {"hours-words"}),
        ("country", "Ελλάδα", {"country-unknown"}),
        ("country", "Grèce", set()),
        ("description", "Ask for Mrs Example", {"person-name"}),
        ("description", "CafÃ© for all", {"text-mojibake"}),
        ("description", "Ù…Ø±ÙƒØ²", {"text-mojibake"}),
        ("description", "Café, Ãœber, naïve, São, À la carte", {"text-mojibake"}),
        ("description", "Café, São Paulo, À la carte, ÑANDÚ, Ø, مركز", set()),
        ("description", "two  blanks", {"text-space"}),
        ("city", "AMSTERDAM", {"name-capitals"}),
        ("organisation", "UNHCR", set()),
    ],
)
def test_cells(tmp_path: Path, header: str, value: str, found: set[str]) -> None:
    assert rules(tmp_path, header, value) == [found]


def test_order_of_dates_from_the_column(tmp_path: Path) -> None:
    assert rules(tmp_path, "date checked", "03/04/2026", "31/03/2026") == [set(), set()]
    assert rules(tmp_path, "date checked", "03/04/2026", "31/03/2026", "03/31/2026")[0] == {"date-ambiguous"}
    table = table_of(tmp_path, ["name", "date checked"], ["A", "12/10/2026"])
    for order, found in (("day_first", []), ("month_first", ["date-future"])):
        assert [one.rule for one in run(incoming(table, date_order=order)) if one.row] == found


def test_columns_of_one_text(tmp_path: Path) -> None:
    rows = [[f"Place {i}", "+302105550100", ""] for i in range(5)]
    findings = run(incoming(table_of(tmp_path, ["name", "phone", "city"], *rows)))
    assert {(one.rule, one.column) for one in findings if not one.row} == {("column-constant", 1), ("column-empty", 2)}


def test_no_name_column(tmp_path: Path) -> None:
    findings = run(incoming(table_of(tmp_path, ["phone", "colour"], ["112", "red"])))
    assert {one.rule for one in findings} == {"name-column-missing", "column-unknown", "phone-country"}


def test_many_rows_on_one_spot_stay_quick(tmp_path: Path) -> None:
    rows = [[f"Place {i}", "+302105550100", "37.98381", "23.72751"] for i in range(3000)]
    counts = Counter(
        one.rule for one in run(incoming(table_of(tmp_path, ["name", "phone", "lat", "lon"], *rows), "GR"))
    )
    assert counts["coordinates-shared"] == counts["phone-shared"] == 3000
    assert counts["row-duplicate"] == 0


MESSY = {
    2: set(),
    3: {
        "phone-scientific", "email-invalid", "link-scheme", "coordinates-zero", "hours-invalid", "date-invalid",
    },
    4: {
        "name-capitals", "link-http", "coordinates-comma", "coordinates-city", "hours-words", "date-future",
    },
    5: {
        "phone-personal", "email-personal", "coordinates-dms", "date-ambiguous", "place-confidential",
    },
    6: {"text-mojibake", "phone-invalid", "link-invalid", "coordinates-half", "date-serial"},
    7: {"name-missing", "country-unknown"},
    8: {"row-duplicate", "text-space"},
    9: {"row-repeated"},
    10: {"person-name", "coordinates-swapped"},
}  # fmt: skip


def test_messy_file() -> None:
    findings = run(incoming(read_table(FIXTURES / "messy.csv"), date_order=None))
    shared = {"phone-shared"}
    for row, expected in MESSY.items():
        assert {one.rule for one in findings if one.row == row} - shared == expected, row
    assert {(one.rule, one.column) for one in findings if not one.row} == {
        ("person-column", 12),
        ("column-empty", 13),
        ("column-unknown", 13),
    }
    assert {one.row for one in findings if one.rule == "phone-shared"} == {2, 8, 9, 10}


def test_nothing_personal_or_exact_is_repeated(tmp_path: Path) -> None:
    file = incoming(read_table(FIXTURES / "messy.csv"))
    report = Report(file, run(file))
    told = "\n".join(report.text()) + json.dumps(report.data(), ensure_ascii=False)
    for text in ("Exemplou", "exemplou", "6945550123", "Example Street", "37.9838", "40,6401", "58'48"):
        assert text not in told, text
    write_marked(report, tmp_path / "m.xlsx")
    marked = str([list(sheet.values) for sheet in load_workbook(tmp_path / "m.xlsx")])
    for text in ("Exemplou", "exemplou", "6945550123", "4 Example Street", "58'48"):
        assert text not in marked, text
    assert "1 Example Street" in marked and "(left out)" in marked


@pytest.mark.parametrize(
    ("name", "header", "value", "found", "kept_back"),
    [
        ("Shelter for women", "Public view", "Yes", True, True),
        ("Albergue Ejemplo", "Public view", "", True, True),
        ("دار إيواء", "Visibility", "public", True, True),
        ("Shelter for women", "Confidential", "yes", False, True),
        ("Shelter for women", "Visibility", "area only", False, True),
        ("Help point", "Confidential", "x", False, True),
        ("Help point", "Confidential", "no", False, False),
        ("Help point", "Visibility", "public", False, False),
    ],
)
def test_restricted_places(tmp_path: Path, name: str, header: str, value: str, found: bool, kept_back: bool) -> None:
    rows = [["name", header, "address", "city", "lat", "lon", "contact person"]]
    rows.append([name, value, "9 Example Street", "Patras", "17.98765", "23.71234", "Maria Exemplou"])
    file = incoming(table_of(tmp_path, *rows), "GR")
    report = Report(file, run(file))
    assert ("place-confidential" in report.by_rule) == found
    assert "coordinates-country" in report.by_rule
    write_marked(report, tmp_path / "m.xlsx")
    sheets = load_workbook(tmp_path / "m.xlsx")
    told = str([list(sheet.values) for sheet in sheets]) + json.dumps(report.data()) + "".join(report.text())
    assert "Exemplou" not in told
    assert [text in told for text in ("9 Example Street", "17.98765", "18.0, 23.7")] == [not kept_back] * 3


def test_rules_and_fields() -> None:
    assert {severity for severity, _advice in RULES.values()} == {"error", "warning", "note"}
    assert len({column_letter(at) for at in range(1000)}) == 1000
    assert [column_letter(at) for at in (-1, 0, 25, 26, 701, 702)] == ["", "A", "Z", "AA", "ZZ", "AAA"]
    assert [country_code(text) for text in ("gr", "GRC", "Grecia", "México", "", "x")] == [
        "GR",
        "GR",
        "GR",
        "MX",
        "",
        "",
    ]
    assert {"name", "phone", "contact_person"} < set(FIELDS)


# the command


def test_command_text(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(CommandError, match="has errors") as error:
        call_command(
            "checkfile", FIXTURES / "dragged.csv", out=tmp_path / "marked.xlsx", stdout=out, stderr=io.StringIO()
        )
    assert error.value.returncode == 1
    assert "phone-drag-filled: 4" in out.getvalue()
    assert "row 2, column B (Telephone): counts on by +10,000,000 from row 2 to row 5 (4 rows)" in out.getvalue()
    book = load_workbook(tmp_path / "marked.xlsx")
    cell = book["Checked"]["B3"]
    assert cell.value == "345 496 01 23" and cell.fill.start_color.rgb == "FFF4B6B6"
    assert "phone-drag-filled" in cell.comment.text
    assert book["Checked"]["B6"].comment is None
    assert book["Findings"].max_row > 4


def test_command_json_and_mapping(tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(
        "source: Example\ncountry: AR\ncolumns:\n  longitude: Latitud\n  latitude: Longitud\n"
    )
    out = io.StringIO()
    with pytest.raises(CommandError):
        call_command("checkfile", FIXTURES / "swapped.csv", mapping=tmp_path / "m.yml", format="json", stdout=out)
    data = json.loads(out.getvalue())
    assert data["rows"] == {"all": 4, "error": 1, "warning": 0, "clean": 3}
    assert [one["row"] for one in data["findings"] if one["rule"] == "coordinates-swapped"] == [5]


def test_command_without_errors(tmp_path: Path) -> None:
    path = tmp_path / "good.csv"
    path.write_text("name,phone\nHelp point,+302105550100\n")
    out = io.StringIO()
    call_command("checkfile", path, stdout=out)
    assert "0 refused, 0 to be checked, 1 clean" in out.getvalue()


@pytest.mark.parametrize(
    "options",
    [
        {"file": "none.csv"},
        {"country": "Narnia"},
        {"mapping": Path("none.yml")},
        {"out": Path("marked.csv")},
    ],
)
def test_command_refuses(options: dict[str, object]) -> None:
    file = options.pop("file", FIXTURES / "dragged.csv")
    with pytest.raises(CommandError) as error:
        call_command("checkfile", file, **options, stdout=io.StringIO())
    assert error.value.returncode == 2


def test_marked_workbook_holds_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('name,phone\n"=HYPERLINK(""https://example.org"")",+302105550100\n=1+1,+302105550101\n')
    call_command("checkfile", path, out=tmp_path / "m.xlsx", stdout=io.StringIO(), stderr=io.StringIO())
    book = load_workbook(tmp_path / "m.xlsx")
    assert {cell.data_type for sheet in book for row in sheet for cell in row if cell.value} <= {"s", "n"}
    assert book["Checked"]["A3"].value == "=1+1"


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample of real files is not on this machine")
def test_real_sample() -> None:
    findings = run(incoming(read_table(SAMPLE)))
    rows = {rule: sorted({one.row for one in findings if one.rule == rule}) for rule in RULES}
    assert rows["coordinates-swapped"] == list(range(85, 93)), "all Argentine rows"
    dragged = [*range(2, 12), *range(37, 57), *range(65, 77)]
    assert rows["phone-drag-filled"] == dragged, "GB, YE, NL, NG, HN"
    assert len(rows["phone-plus"]) > 20 and len(rows["phone-zero"]) > 10
