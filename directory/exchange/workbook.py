"""Reads a sheet of an XLSX file as text, and refuses what could harm: nothing in it is ever evaluated."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from xml.etree import ElementTree

from django.utils.translation import gettext as _

from directory.exchange.table import MAX_COLUMNS, MAX_ROWS, Remark, Table, TableError, build

__all__ = ["read_workbook"]

_MAX_UNPACKED = 200 * 1024 * 1024
_MAX_RATIO = 200
"""A part that unpacks to more than 10 MB and to more than so many times its size is taken for a zip bomb."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def _open(data: bytes) -> zipfile.ZipFile:
    """The zip file, if it is harmless. Its declared sizes can be relied on: zipfile never unpacks more than declared."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise TableError(_("The workbook is damaged: open it in a spreadsheet program and save it anew.")) from error
    parts = archive.infolist()
    if len(parts) > 2000 or sum(part.file_size for part in parts) > _MAX_UNPACKED:
        raise TableError(_("The workbook unpacks to more than %(limit)d MB.") % {"limit": _MAX_UNPACKED // 1024**2})
    for part in parts:
        if part.file_size > 10 * 1024**2 and part.file_size > _MAX_RATIO * max(1, part.compress_size):
            raise TableError(_("The workbook unpacks to far more than it holds and is refused."))
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as stream:
                if b"<!DOCTYPE" in stream.read(2000):
                    raise TableError(
                        _("The workbook holds definitions that no spreadsheet program writes; it is refused.")
                    )
    if "xl/workbook.xml" not in archive.namelist():
        raise TableError(_("This is a zip file but no Excel workbook (.xlsx)."))
    return archive


def _hidden(archive: zipfile.ZipFile, title: str) -> tuple[list[int], int]:
    """Hidden columns of a sheet (from 0) and how many of its rows are hidden; openpyxl does not tell when it streams."""
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    wanted = next((s.get(_RELATION) for s in sheets.iter(f"{_MAIN}sheet") if s.get("name") == title), None)
    relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next((r.get("Target", "") for r in relations if r.get("Id") == wanted), "")
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    if path not in archive.namelist():
        return [], 0
    text = archive.read(path)
    columns: list[int] = []
    for tag in re.findall(rb"<col [^>]*>", text[: text.find(b"<sheetData")]):
        if re.search(rb'hidden="(1|true)"', tag):
            bounds = [int(re.search(rb'%s="(\d+)"' % side, tag)[1]) for side in (b"min", b"max")]  # type: ignore[index]
            columns.extend(range(bounds[0] - 1, min(bounds[1], MAX_COLUMNS)))
    return columns, len(re.findall(rb'<row [^>]*hidden="(?:1|true)"', text))


def _number(value: float, pattern: str) -> str:
    """A number as a person sees it, but never rounded: with the zeros and signs of a format like 0000 or +00 000."""
    if isinstance(value, float) and (not value.is_integer() or abs(value) >= 1e15):
        return repr(value)
    digits = str(abs(int(value)))
    shape = re.sub(r'\\(.)|"([^"]*)"', lambda m: m[1] or m[2] or "", pattern.split(";")[0])
    if "0" not in shape or not re.fullmatch(r"[0#\s()+/-]+", shape) or shape == "0":
        return str(int(value))
    places = [i for i, sign in enumerate(shape) if sign in "0#"]
    padded = digits.rjust(len(places), "#")
    out = list(shape)
    extra, padded = padded[: len(padded) - len(places)], padded[len(padded) - len(places) :]
    for at, digit in zip(places, padded):
        out[at] = ("0" if shape[at] == "0" else "") if digit == "#" else digit
    out[places[0]] = extra + out[places[0]]
    return ("-" if value < 0 else "") + "".join(out).strip()


def _text(value: Any, pattern: str) -> str:
    """One value as text: dates in ISO form, times as 09:00."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return _number(value, pattern or "General")
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds() // 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return str(value)


def read_workbook(name: str, data: bytes, first: int = MAX_ROWS + 1) -> Table:
    """The first visible sheet that holds anything. Formulas give an empty cell and a remark. Raises TableError."""
    from openpyxl import load_workbook

    remarks: list[Remark] = []
    try:
        archive = _open(data)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        visible = []
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                visible.append(sheet)
            else:
                words = _("the sheet “%(sheet)s” is hidden; it is not read, but whoever gets the file can read it")
                remarks.append(Remark("sheet-hidden", words % {"sheet": sheet.title}))
        for at, sheet in enumerate(visible):
            sheet.reset_dimensions()
            found: list[Remark] = []
            try:
                table = build(name, "xlsx", _records(sheet, found), found, sheet.title, first)
            except TableError:
                if at + 1 < len(visible) and not any(True for _row in _records(sheet, []) if any(_row[1])):
                    continue
                raise
            columns, rows = _hidden(archive, sheet.title)
            break
        else:
            raise TableError(_("The workbook has no visible sheet."))
    except TableError:
        raise
    except Exception as error:  # zipfile and openpyxl raise whatever their parsers do
        raise TableError(_("The workbook is damaged: open it in a spreadsheet program and save it anew.")) from error
    for column in columns:
        if column < len(table.headers):
            words = _("is hidden; it is read, and whoever gets the file can read it")
            remarks.append(Remark("column-hidden", words, table.header_row, column))
    if rows:
        remarks.append(
            Remark("row-hidden", _("%(rows)d rows are hidden (a filter?); they are read too") % {"rows": rows})
        )
    for sheet in visible:
        if sheet.title != table.sheet:
            remarks.append(Remark("sheet-unread", _("the sheet “%(sheet)s” is not read") % {"sheet": sheet.title}))
    table.remarks = remarks + found
    return table


def _records(sheet: Any, remarks: list[Remark]) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = []
        for at, cell in enumerate(cells):
            value, kind = cell.value, getattr(cell, "data_type", "n")
            if kind == "f" or not isinstance(value, (str, int, float, date, time, timedelta, type(None))):
                words = _("holds a formula; formulas are not evaluated. Copy the column and paste it as values")
                remarks.append(Remark("cell-formula", words, number, at))
                value = None
            elif kind == "e":
                remarks.append(Remark("cell-error", _("holds an error of a formula"), number, at, str(value)))
                value = None
            texts.append(_text(value, getattr(cell, "number_format", "") or ""))
        yield number, texts
