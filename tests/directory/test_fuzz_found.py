"""What fuzzing found in files that staff bring (docs/fuzzing.md): each is refused with words, none is an error of ours."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from directory.backup.archive import unpack
from directory.backup.errors import BackupError
from directory.exchange.hours_text import parse_hours
from directory.exchange.hsds_tables import services_of
from directory.exchange.table import TableError, read_table
from directory.translations import xliff
from tests.fuzz.reading import backup


def packed(name: str, text: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return out.getvalue()


WHOLE = packed("services.csv", "id,name\n" + "1,Clinic of the town\n" * 40)
BODY = WHOLE.index(b"services.csv") + len("services.csv")
NAMELESS = packed("x", "y").replace(b"x", b"\0")
"""A name that ends before its first letter is an empty one."""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("f.zip", WHOLE[:BODY] + b"\xff" * 8 + WHOLE[BODY + 8 :]),
        ("f.zip", NAMELESS),
        ("f.json", b"[" * 900 + b"]" * 900),
        ("f.xlsx", WHOLE.replace(b"PK\x03\x04", b"PK\x03\x05", 1)),
    ],
    ids=["damaged member", "member without a name", "lists in lists", "no zip"],
)
def test_damaged_tables(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(TableError):
        read_table(path) if name.endswith("xlsx") else services_of(path)


@pytest.mark.parametrize("at", [0, 4, 8, 26, 30])
def test_a_workbook_whose_members_are_damaged(tmp_path: Path, at: int) -> None:
    """The list at its end is whole, the header of a member is not."""
    whole = packed("xl/workbook.xml", "<workbook/>" * 50) + b""
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK\x03\x04" + whole[4:at] + b"\xff\xff" + whole[max(4, at) + 2 :] if at else whole)
    with pytest.raises(TableError):
        read_table(path)


@pytest.mark.parametrize("root", ["a}xliff", "}}xliff"])
def test_a_brace_in_a_name_of_xliff(root: str) -> None:
    name = f"urn:oasis:names:tc:xliff:document:1.{root}"
    with pytest.raises(xliff.BadFile):
        xliff.read(f'<xliff xmlns="{name}"><file/></xliff>'.encode())


@pytest.mark.parametrize("files", [None, [], "x", {"../x": "y"}, {"rows.jsonl": 1}])
def test_a_manifest_with_other_files(tmp_path: Path, files: object) -> None:
    manifest = {
        "made_at": "",
        "database": "sqlite",
        "migrations": {},
        "rows": {},
        "files": files,
        "keys": False,
        "format": 1,
    }
    archive = tmp_path / "backup.tar.gz"
    archive.write_bytes(backup(json.loads(json.dumps(manifest)), {}))
    (tmp_path / "into").mkdir()
    with pytest.raises(BackupError):
        unpack(archive, tmp_path / "into")


@pytest.mark.parametrize("text", ["Mon to closed Tue 9-17", "Mon : - closed Tue", "daily daily - - closed lundi - h"])
def test_hours_that_reach_from_no_day(text: str) -> None:
    assert parse_hours(text) is None
