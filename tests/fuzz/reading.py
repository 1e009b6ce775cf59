"""Targets: files that staff bring and letters that partners answer: spreadsheets, HSDS, XLIFF, backups, hours, phones, secrets."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import django
from django.apps import apps

if not apps.ready:  # outside pytest-django
    django.setup()

import contextlib

from django.core.exceptions import ValidationError
from hypothesis import strategies as st

from bot.settings import ROOT
from directory import fields, validators
from directory.backup.archive import unpack
from directory.backup.errors import BackupError
from directory.exchange import checks, hours_text
from directory.exchange.checks.base import Incoming
from directory.exchange.columns import with_mapping
from directory.exchange.hsds_in import read_hsds
from directory.exchange.table import Table, TableError, read_table
from directory.freshness.tokens import Forged, email_of
from directory.models import ImportSource
from directory.translations import xliff
from tests.fuzz.registry import from_bytes, invented, within
from tests.fuzz.strategies import JSON, TEXTS, damaged

__all__: list[str] = []

_SEEDS = ROOT / "tests" / "directory" / "exchange"
_FOLDER = tempfile.TemporaryDirectory(prefix="waypost-fuzz-")
SLOW = 10.0
"""Seconds that a whole file may take: the checks compare every row with every other."""


def _file(name: str, data: bytes) -> Path:
    path = Path(_FOLDER.name) / name
    path.write_bytes(data)
    return path


def _checked(table: Table) -> None:
    """What the dry run does with a table before it looks into the directory."""
    assert all(len(row.cells) == len(table.headers) for row in table.rows)
    if table.rows:
        found = checks.run(Incoming(table, with_mapping(table.headers, {}), "GR"))
        json.dumps([[one.row, one.column, one.rule, str(one.words), one.value] for one in found])


# --- spreadsheets -------------------------------------------------------------------------------------------------------


def _csv_seeds() -> Iterable[bytes]:
    yield from (path.read_bytes()[:3000] for path in sorted(_SEEDS.glob("*.csv")))
    yield b"name;phone;lat;lon;hours\nClinic;+30 210 1234567;37.9;23.7;Mon-Fri 09:00-17:00\n"
    yield "sep=;\nname;email\nعيادة;a@b.example\n".encode()
    yield "name\tdate\nx\t31/03/2026\n".encode("utf-16")


@from_bytes(
    "csv",
    "a table and its findings, or words for staff",
    _csv_seeds,
    share=2.0,
    words=("sep=", "lat", "phone", "hours", "website"),
)
def csv_file(data: bytes) -> None:
    with within(SLOW):
        try:
            table = read_table(_file("f.csv", data))
        except TableError:
            return
        _checked(table)


def workbook(rows: list[list[Any]]) -> bytes:
    """An XLSX file with these rows."""
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _xlsx_seeds() -> Iterable[bytes]:
    yield workbook([["name", "phone", "lat"], ["Clinic", "+302101234567", 37.9], ["=1+1", 123456789, None]])


def repacked(whole: bytes, name: str, content: bytes) -> bytes:
    """A zip with one of its members replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info.filename, old.read(info))
        new.writestr(name, content)
    return out.getvalue()


@from_bytes("xlsx bytes", "a table, or words for staff", _xlsx_seeds, longest=16_000)
def xlsx_bytes(data: bytes) -> None:
    with within(SLOW):
        try:
            table = read_table(_file("f.xlsx", b"PK\x03\x04" + data[4:]))
        except TableError:
            return
        _checked(table)


def _sheet_seeds() -> Iterable[bytes]:
    with zipfile.ZipFile(io.BytesIO(next(iter(_xlsx_seeds())))) as packed:
        for number, part in enumerate(_PARTS):
            yield bytes([number]) + packed.read(part)


_PARTS = ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml")


@from_bytes(
    "xlsx parts",
    "a workbook with any part damaged is a table, or words for staff",
    _sheet_seeds,
    longest=12_000,
    words=("<!DOCTYPE", '<c t="s">', 'hidden="1"', "<col ", "<row ", 't="e"', 'r="XFD1048576"'),
)
def xlsx_parts(data: bytes) -> None:
    part = _PARTS[data[0] % len(_PARTS)] if data else _PARTS[0]
    whole = repacked(next(iter(_xlsx_seeds())), part, data[1:])
    with within(SLOW):
        try:
            table = read_table(_file("f.xlsx", whole))
        except TableError:
            return
        _checked(table)


_CELLS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    st.integers(),
    st.floats(),
    TEXTS,
    st.sampled_from(("37,98", "98.1.2", "31/02/2026", "45231", "٣٧.٩", "N 37 58", "12:00-11:00")),
)
_HEADERS = st.sampled_from(
    (
        "name",
        "phone",
        "lat",
        "lon",
        "hours",
        "website",
        "email",
        "date",
        "country",
        "city",
        "contact person",
        "visibility",
        "coordinates",
        "category",
        "x",
    )
)


@invented(
    "checks of rows",
    "every cell has findings, never an error",
    headers=st.lists(_HEADERS, min_size=1, max_size=8, unique=True),
    rows=st.lists(st.lists(_CELLS, max_size=8), min_size=1, max_size=8),
    share=2.0,
)
def rows_checked(headers: list[str], rows: list[list[Any]]) -> None:
    import csv as csv_module

    out = io.StringIO()
    writer = csv_module.writer(out, quoting=csv_module.QUOTE_ALL)
    writer.writerows([headers, *([str(cell).replace("\0", "") for cell in row] for row in rows)])
    csv_file(out.getvalue().encode("utf-8", "replace"))


# --- HSDS ---------------------------------------------------------------------------------------------------------------

_SERVICE = {
    "id": "1", "name": "Clinic", "status": "active", "description": "Doctors", "url": "https://help.example.org",
    "organization": {"id": "2", "name": "Org"}, "phones": [{"number": "+302101234567", "type": "voice", "extension": 1}],
    "schedules": [{"freq": "WEEKLY", "byday": "MO,TU", "opens_at": "09:00", "closes_at": "17:00", "valid_from": "2026-01-01", "interval": 1}],
    "languages": [{"code": "ar", "name": "Arabic"}], "service_areas": [{"name": "Athens", "extent": "37.9,23.7", "extent_type": "circle"}],
    "cost_options": [{"option": "free", "amount": 0, "currency": "EUR"}], "contacts": [{"name": "A", "email": "a@b.example"}],
    "attributes": [{"link_type": "taxonomy", "taxonomy_term": {"id": "3", "code": "health", "name": "Health"}}],
    "eligibility_description": "All", "minimum_age": 3, "maximum_age": 99, "assured_date": "2026-01-01",
    "service_at_locations": [{"id": "4", "location": {"id": "5", "location_type": "physical", "latitude": 37.9, "longitude": 23.7,
        "addresses": [{"address_1": "Street 1", "city": "Athens", "country": "GR", "address_type": "physical"}]}, "schedules": []}],
}  # fmt: skip
_WHOLE = (
    [_SERVICE],
    {"contents": [_SERVICE]},
    {"services.csv": [{"id": "1", "name": "x"}], "phones.csv": [{"number": "1", "service_id": "1"}]},
    {"name": "Org", "services": [_SERVICE]},
)


def _hsds(path: Path) -> None:
    source = ImportSource(name="x", country="GR")
    with within(SLOW):
        try:
            table, columns, made = read_hsds(path, source)
        except TableError:
            return
        incoming = Incoming(table, columns, "GR")
        entries = made(incoming, checks.run(incoming))
    json.dumps([[entry.name, entry.values, entry.raw] for entry in entries], default=str)


@invented("hsds", "services, or words for staff", data=st.one_of(damaged(_WHOLE, 6), JSON), share=2.0)
def hsds_objects(data: Any) -> None:
    _hsds(_file("f.json", json.dumps(data).encode()))


@from_bytes("hsds bytes", "services, or words for staff", lambda: [json.dumps(one).encode() for one in _WHOLE])
def hsds_bytes(data: bytes) -> None:
    _hsds(_file("f.json", data))


def _packed(tables: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in tables.items():
            packed.writestr(name, text)
    return out.getvalue()


@from_bytes(
    "hsds zip",
    "services, or words for staff",
    lambda: [
        _packed(
            {
                "services.csv": "id,name,organization_id\n1,Clinic,2\n",
                "organizations.csv": "id,name\n2,Org\n",
                "phones.csv": "id,number,service_id\n1,123,1\n",
            }
        )
    ],
    words=("services.csv", "../", "PK\x03\x04"),
)
def hsds_zip(data: bytes) -> None:
    _hsds(_file("f.zip", data))


@from_bytes(
    "hsds tables",
    "services, or words for staff",
    lambda: [b'id,name,organization_id,taxonomy_ids,languages\n1,Clinic,2,3,"en,ar"\n'],
)
def hsds_tables(data: bytes) -> None:
    name = ("services.csv", "a/services.csv", "../services.csv", "C:\\services.csv")[
        len(data) % 4 if data[-1:] == b"!" else 0
    ]
    _hsds(_file("f.zip", _packed({name: data.decode("utf-8", "replace"), "phones.csv": "number,service_id\n123,1\n"})))


# --- XLIFF, backups -----------------------------------------------------------------------------------------------------


def _xliff_seeds() -> Iterable[bytes]:
    unit = xliff.Unit("service.1.name", "Food", "طعام", 40, True, ("note",), {"version": "3", "base": "ab"})
    for version in xliff.VERSIONS:
        yield xliff.write(xliff.File("en", "ar", (unit,)), version)


@from_bytes(
    "xliff",
    "units, or a reason",
    _xliff_seeds,
    longest=6000,
    share=2.0,
    words=(
        "<!DOCTYPE",
        "<!ENTITY",
        "<segment>",
        "<unit id=",
        "<trans-unit",
        'maxwidth="9"',
        "<mrk>",
        "<x/>",
        'approved="yes"',
        "xml:space",
        "<group>",
        "<note",
    ),
)
def xliff_file(data: bytes) -> None:
    with within():
        try:
            found = xliff.read(data)
        except xliff.BadFile:
            return
    assert found.source_language and found.target_language
    json.dumps([[unit.id, unit.source, unit.target, unit.limit, list(unit.notes), unit.facts] for unit in found.units])


def backup(manifest: Any, members: dict[str, bytes]) -> bytes:
    """An archive with that manifest (JSON, or bytes) and these members."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        first = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        for name, content in {"manifest.json": first, **members}.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


_ROWS = b'{"model": "x"}\n'
_MANIFEST = {
    "made_at": "2026-11-24T10:00:00+00:00", "database": "sqlite", "migrations": {"directory": ["0001"]}, "rows": {"x": 1},
    "files": {"rows.jsonl": hashlib.sha256(_ROWS).hexdigest()}, "keys": False, "format": 1,
}  # fmt: skip


def _unpacked(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder, within():
        place = Path(folder) / "into"
        place.mkdir()
        archive = Path(folder) / "backup.tar.gz"
        archive.write_bytes(data)
        with contextlib.suppress(BackupError):
            unpack(archive, place, "a passphrase of five words")
        assert {path.name for path in Path(folder).iterdir()} == {"into", "backup.tar.gz"}, "a file beside its folder"


@from_bytes("backup bytes", "unpacked into its folder, or a reason", lambda: [backup(_MANIFEST, {"rows.jsonl": _ROWS})])
def backup_bytes(data: bytes) -> None:
    if not data.startswith(b"waypost backup"):  # scrypt takes its time by design
        _unpacked(data)


@invented(
    "backup",
    "unpacked into its folder, or a reason",
    manifest=st.one_of(damaged((_MANIFEST,)), JSON),
    members=st.dictionaries(
        st.sampled_from(("rows.jsonl", "snapshot.sqlite", "../x", "/tmp/x", "secret.key", "x")),
        st.just(_ROWS),
        max_size=3,
    ),
)
def backup_members(manifest: Any, members: dict[str, bytes]) -> None:
    _unpacked(backup(manifest, members))


# --- fields of forms ----------------------------------------------------------------------------------------------------


@invented(
    "hours",
    "hours of the day or nothing; what is written is read back",
    text=st.one_of(
        TEXTS,
        st.lists(
            st.sampled_from(
                (
                    "Mon",
                    "Tue",
                    "lundi",
                    "الأحد",
                    "-",
                    "to",
                    " ",
                    "9",
                    "09:00",
                    "5pm",
                    "24:00",
                    ";",
                    ",",
                    "(appointment)",
                    "daily",
                    "closed",
                    "24/7",
                    ":",
                    "h",
                )
            ),
            max_size=14,
        ).map(" ".join),
    ),
)
def hours(text: str) -> None:
    with within():
        found = hours_text.parse_hours(text)
    if found:
        assert all(
            0 <= int(str(day)) <= 6 and 0 <= int(str(a)) <= 1440 and 0 <= int(str(b)) <= 1440 for day, a, b, *_ in found
        )
        written = hours_text.format_hours(found)
        assert hours_text.parse_hours(written) == found, f"{written!r} is read back as something else"


@invented(
    "contacts and times",
    "one stored form, or words for staff",
    kind=st.sampled_from(("phone", "sms", "whatsapp", "signal", "telegram", "email", "web", "x")),
    text=st.one_of(
        TEXTS,
        st.text(alphabet="htps:/@.[]%?#+0123456789abxn", max_size=40),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20).map(lambda rest: "https://" + rest),
    ),
    lat=st.floats(),
    lon=st.floats(),
)
def contacts_and_times(kind: str, text: str, lat: float, lon: float) -> None:
    with within():
        for check in (
            lambda: validators.clean_contact(kind, text),
            lambda: fields.parse_clock(text),
            lambda: validators.validate_host(text),
            lambda: validators.validate_link(text),
            lambda: validators.validate_timezone(text),
            lambda: validators.validate_dialable(text),
            lambda: validators.validate_coordinates(lat, lon, "GR"),
        ):
            try:
                check()
            except ValidationError as error:
                assert error.messages


@invented(
    "secrets of letters",
    "a secret that is not ours is no secret",
    token=st.one_of(TEXTS, st.text(max_size=80), st.text(alphabet="abcXYZ019-_.:", max_size=80)),
)
def secrets_of_letters(token: str) -> None:
    from directory.freshness import tokens

    for read in (email_of, lambda given: tokens._CHECK.unsign(given, max_age=60)):
        try:
            read(token)
        except (Forged, tokens.BadSignature):
            continue
        raise AssertionError("a forged secret was taken")
