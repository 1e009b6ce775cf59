"""Writes the marked workbook: the file's rows as text, found cells coloured and commented, and a sheet with all findings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from directory.exchange.checks import PERSONAL
from directory.exchange.checks.base import ERROR, NOTE, WARNING, Finding
from directory.exchange.checks.persons import restricted_rows
from directory.exchange.report import Report, column_letter

__all__ = ["MAX_COMMENTS", "text_cell", "write_marked"]

MAX_COMMENTS = 5_000
"""Spreadsheet programs grow slow with many comments: beyond so many, cells are only coloured; the second sheet has all."""
EXACT = ("address", "postcode", "latitude", "longitude", "coordinates")
"""Fields that tell where exactly a place is."""
_COLOURS = {ERROR: "FFF4B6B6", WARNING: "FFFCE5A8", NOTE: "FFDCE9F7"}
_RANK = {ERROR: 0, WARNING: 1, NOTE: 2}


def write_marked(
    report: Report, path: Path, outcomes: Mapping[int, str] | None = None, hidden: Iterable[int] = ()
) -> None:
    """Writes a new XLSX file; rows keep their numbers. All cells are text, so that nothing is evaluated. Raises OSError.

    `outcomes` (by row number) get a column of their own at the end; `hidden` are more rows whose places are not told. Findings about a whole row mark its first cell, those
    about a column its header. Other sheets of the file are left out, and so is what is personal and the exact places of
    restricted rows: the workbook is passed on.
    """
    from openpyxl import Workbook
    from openpyxl.styles import PatternFill

    table, columns = report.incoming.table, report.incoming.columns
    persons, places = set(columns.of("contact_person")), set(columns.of(*EXACT))
    restricted = restricted_rows(report.incoming) | set(hidden)
    marks: dict[tuple[int, int], list[Finding]] = defaultdict(list)
    for one in report.findings:
        marks[one.row or table.header_row, max(one.column, 0)].append(one)
    commented = set(sorted(marks, key=lambda at: (min(_RANK[one.severity] for one in marks[at]), at))[:MAX_COMMENTS])
    fills = {severity: PatternFill("solid", start_color=colour) for severity, colour in _COLOURS.items()}
    book = Workbook(write_only=True)
    sheet = book.create_sheet(_("Checked"))
    sheet.freeze_panes = f"A{table.header_row + 1}"
    number = 0
    for row, cells in [(table.header_row, table.headers), *((row.number, row.cells) for row in table.rows)]:
        while (number := number + 1) < row:
            sheet.append([])
        written: list[Any] = []
        for at, text in enumerate(cells):
            found = marks.get((row, at), [])
            personal = at in persons or any(one.rule in PERSONAL for one in found)
            if text and row != table.header_row and (personal or (at in places and row in restricted)):
                text = _("(left out)")
            if not found:
                written.append(text_cell(sheet, text) if text else None)
                continue
            cell = text_cell(sheet, text)
            cell.fill = fills[min((one.severity for one in found), key=_RANK.__getitem__)]
            if (row, at) in commented:
                cell.comment = _comment(found)
            written.append(cell)
        if outcomes:
            written += [None] * (len(table.headers) - len(written))
            written.append(text_cell(sheet, _("result") if row == table.header_row else outcomes.get(row, "")))
        sheet.append(written)
    listing = book.create_sheet(_("Findings"))
    listing.append([_("row"), _("column"), _("header"), _("severity"), _("rule"), _("what was found"), _("value")])
    for one in report.findings:
        header = table.headers[one.column] if 0 <= one.column < len(table.headers) else ""
        place = [one.row or None, column_letter(one.column)]
        texts = (header, one.severity, one.rule, one.words, one.value)
        listing.append([*place, *(text_cell(listing, text) if text else None for text in texts)])
    book.save(path)


def text_cell(sheet: Any, text: str, *, as_text: bool = False) -> Any:
    """A cell of text; never a formula, even if it begins with =. `as_text`: stays text when somebody edits it."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)[:32_000])
    cell.data_type = "s"
    if as_text:
        cell.number_format = "@"
    return cell


def _comment(found: list[Finding]) -> Any:
    from openpyxl.comments import Comment

    words = "\n".join(f"{one.rule}: {one.words}" for one in found)
    return Comment(words[:2000], "Waypost", height=90, width=320)
