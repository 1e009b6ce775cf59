"""Reads a CSV or XLSX file as a table of text, with the row numbers that staff see in their spreadsheet program."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from django.utils.translation import gettext as _

__all__ = ["MAX_BYTES", "MAX_COLUMNS", "MAX_ROWS", "Remark", "Row", "Table", "TableError", "build", "read_table"]

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200
_HEADER_WITHIN = 10
"""Titles may stand above the header, but it is looked for only in so many rows."""
_DELIMITERS = (",", ";", "\t")


class TableError(Exception):
    """The file cannot be read as a table; the message says to staff why, and what to do."""


@dataclass(frozen=True)
class Remark:
    """What reading alone has noticed: a code of `checks.base.RULES`, and where. Row 0 is the file, column -1 a whole row."""

    rule: str
    words: str
    row: int = 0
    column: int = -1
    value: str = ""


@dataclass(frozen=True)
class Row:
    """One row below the header. `cells` has as many texts as the table has columns; an empty cell is ''."""

    number: int
    """As the spreadsheet program counts, the first row is 1."""
    cells: tuple[str, ...]


@dataclass
class Table:
    """A file as text. No value was changed, apart from line ends in CSV and the forms of dates and numbers in XLSX."""

    name: str
    kind: str
    """csv or xlsx"""
    headers: tuple[str, ...]
    header_row: int
    rows: list[Row]
    remarks: list[Remark] = field(default_factory=list)
    sheet: str = ""


def read_table(path: Path, first: int = MAX_ROWS + 1) -> Table:
    """The table in that file, or its `first` rows. Raises TableError."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            message = _("The file has %(size)d MB; at most %(limit)d MB are read. Please split it.")
            raise TableError(message % {"size": -(-size // 1024**2), "limit": MAX_BYTES // 1024**2})
        data = path.read_bytes()
    except OSError as error:
        raise TableError(_("The file cannot be opened: %(why)s") % {"why": error.strerror or error}) from error
    if data[:4] == b"PK\x03\x04":
        from directory.exchange.workbook import read_workbook  # openpyxl takes a while to import

        return read_workbook(path.name, data, first)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise TableError(_("This is an old Excel file (.xls) or one with a password: save it as .xlsx without one."))
    return _read_csv(path.name, data, first)


def build(
    name: str,
    kind: str,
    records: Iterable[tuple[int, list[str]]],
    remarks: list[Remark],
    sheet: str = "",
    first: int = MAX_ROWS + 1,
) -> Table:
    """A table from numbered records: the header is found, limits are kept, empty rows left out. Raises TableError."""
    waiting: list[tuple[int, list[str]]] = []
    numbered = _filled(records)
    for record in numbered:
        waiting.append(record)
        if sum(1 for cell in record[1] if cell.strip()) > 1 or len(waiting) == _HEADER_WITHIN:
            break
    if not waiting:
        raise TableError(_("The file is empty."))
    header_row, headers = waiting[-1]
    if len(headers) == 1 or sum(1 for cell in headers if cell.strip()) == 1:  # one column only: no titles to skip
        header_row, headers = waiting[0]
        below = waiting[1:]
    else:
        below = []
        for number, _cells in waiting[:-1]:
            remarks.append(Remark("row-above-header", _("stands above the header and is not read"), number))
    rows: list[Row] = []
    width = len(headers)
    for number, cells in chain(below, numbered):
        if len(rows) == first:
            break
        if len(rows) == MAX_ROWS:
            raise TableError(_("The file has more than %(limit)d rows. Please split it.") % {"limit": MAX_ROWS})
        if any(cell.strip() for cell in cells[width:]):
            words = _("has %(cells)d cells but the header %(columns)d: cells may have moved to other columns")
            remarks.append(Remark("row-too-long", words % {"cells": len(cells), "columns": width}, number))
        rows.append(Row(number, tuple(cells[:width]) + ("",) * (width - len(cells))))
    return Table(name, kind, tuple(header.strip()[:200] for header in headers), header_row, rows, remarks, sheet)


def _filled(records: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    """Records that hold anything, without empty cells at their end. Raises TableError for too many columns."""
    for number, record in records:
        cells = record[: max((at + 1 for at, cell in enumerate(record) if cell.strip()), default=0)]
        if len(cells) > MAX_COLUMNS:
            message = _("Row %(row)d has %(columns)d columns; at most %(limit)d are read.")
            raise TableError(message % {"row": number, "columns": len(cells), "limit": MAX_COLUMNS})
        if cells:
            yield number, cells


def _decode(data: bytes, remarks: list[Remark]) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise TableError(_("The file begins like UTF-16 but is not. Please save it as “CSV UTF-8”.")) from error
    if b"\x00" in data:
        raise TableError(_("This is not a table: neither CSV nor XLSX."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError as error:
        raise TableError(_("The letters of this file cannot be read. Please save it as “CSV UTF-8”.")) from error
    words = _("is not UTF-8; it was read as Windows-1252. Look at accents and other scripts, or save it as “CSV UTF-8”")
    remarks.append(Remark("file-encoding", words))
    return text


def _delimiter(text: str) -> str:
    """The delimiter that gives the most columns which the first records agree on."""

    def columns(delimiter: str) -> tuple[float, int]:
        counts = []
        try:
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
                if record:
                    counts.append(len(record))
                if len(counts) == 50:
                    break
        except csv.Error:
            return 0.0, 0
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) / len(counts) if usual > 1 else 0.0), usual

    return max(_DELIMITERS, key=lambda d: (columns(d)[0] > 0.5, columns(d)[1]))


def _read_csv(name: str, data: bytes, most: int) -> Table:
    remarks: list[Remark] = []
    text = _decode(data, remarks)
    if text[:4].lower() == "sep=":  # Excel's own hint
        first, _newline, rest = text.partition("\n")
        delimiter, text, offset = (first.rstrip("\r")[4:] or ","), rest, 1
        if len(delimiter) != 1:
            raise TableError(_("The first line, “sep=”, names no delimiter of one sign."))
    else:
        delimiter, offset = _delimiter(text), 0
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    def records() -> Iterator[tuple[int, list[str]]]:
        try:
            yield from enumerate(reader, start=1 + offset)
        except csv.Error as error:
            message = _("Line %(line)d cannot be read (a quotation mark that is not closed?): %(why)s")
            raise TableError(message % {"line": reader.line_num, "why": error}) from error

    return build(name, "csv", records(), remarks, first=most)
