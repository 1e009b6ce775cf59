"""The report of a dry run: what was found in a file, as text for staff, as JSON, and for each row whether it could go in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from directory.exchange.checks.base import ERROR, NOTE, RULES, WARNING, Finding, Incoming

__all__ = ["EXAMPLES", "Report", "column_letter"]

EXAMPLES = 3
"""So many cells are shown for each rule in the text."""


def column_letter(column: int) -> str:
    """Letter of a column counted from 0, as spreadsheets name it: 0 is A, 26 is AA; '' for -1."""
    letters = ""
    column += 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


@dataclass
class Report:
    """Findings about one file. Nothing of it was stored."""

    incoming: Incoming
    findings: list[Finding]
    by_rule: dict[str, list[Finding]] = field(init=False)

    def __post_init__(self) -> None:
        order = {ERROR: 0, WARNING: 1, NOTE: 2}
        groups: dict[str, list[Finding]] = defaultdict(list)
        for one in self.findings:
            groups[one.rule].append(one)
        ranked = sorted(groups, key=lambda rule: (order[RULES[rule][0]], -len(groups[rule]), rule))
        self.by_rule = {rule: groups[rule] for rule in ranked}

    @property
    def failed(self) -> bool:
        """Whether anything is an error."""
        return any(one.severity == ERROR for one in self.findings)

    def rows(self) -> dict[str, int]:
        """Number of rows by the gravest finding: error (refused), warning, clean (notes do not count)."""
        gravest: dict[int, str] = {}
        for one in self.findings:
            if one.row and one.severity != NOTE and gravest.get(one.row) != ERROR:
                gravest[one.row] = one.severity
        inside = {row.number for row in self.incoming.rows}
        counts = Counter(severity for number, severity in gravest.items() if number in inside)
        return {ERROR: counts[ERROR], WARNING: counts[WARNING], "clean": len(inside) - counts[ERROR] - counts[WARNING]}

    def where(self, one: Finding) -> str:
        """As in: row 12, column K (TELEPHONE); without what the finding does not have."""
        parts = [_("row %(row)d") % {"row": one.row}] if one.row else []
        if one.column >= 0:
            header = self.incoming.table.headers[one.column] if one.column < len(self.incoming.table.headers) else ""
            letter = column_letter(one.column)
            parts.append((_("column %(letter)s") % {"letter": letter}) + (f" ({header})" if header else ""))
        return ", ".join(parts) or _("the file")

    def text(self) -> Iterator[str]:
        """Lines for a terminal."""
        table = self.incoming.table
        rows = self.rows()
        sheet = _(", sheet “%(sheet)s”") % {"sheet": table.sheet} if table.sheet else ""
        yield _("%(name)s%(sheet)s: %(rows)d rows, %(columns)d columns, header in row %(header)d") % {
            "name": table.name,
            "sheet": sheet,
            "rows": len(table.rows),
            "columns": len(table.headers),
            "header": table.header_row,
        }
        yield _("Rows: %(error)d refused, %(warning)d to be checked, %(clean)d clean. Nothing was stored.") % rows
        yield ""
        yield _("Columns:")
        for at, (header, name) in enumerate(zip(table.headers, self.incoming.columns.fields)):
            yield f"  {column_letter(at):>3}  {header or '–'} → {name or '–'}"
        titles = {ERROR: _("ERRORS (these rows are refused)"), WARNING: _("WARNINGS (look at them)"), NOTE: _("NOTES")}
        severity = ""
        for rule, found in self.by_rule.items():
            if RULES[rule][0] != severity:
                severity = RULES[rule][0]
                yield ""
                yield titles[severity]
            yield f"  {rule}: {len(found)}"
            yield f"    {RULES[rule][1]}"
            for one in found[:EXAMPLES]:
                yield f"    - {self.where(one)}: {one.words}" + (f" [{one.value}]" if one.value else "")
            if len(found) > EXAMPLES:
                yield "    - " + _("and %(count)d more") % {"count": len(found) - EXAMPLES}

    def data(self) -> dict[str, Any]:
        """For JSON: file, columns, rows by gravest finding, counts by rule, and each finding (columns counted from 0)."""
        table = self.incoming.table
        return {
            "file": table.name,
            "sheet": table.sheet,
            "header_row": table.header_row,
            "rows": {"all": len(table.rows), **self.rows()},
            "columns": [
                {"letter": column_letter(at), "header": header, "field": name, "score": score}
                for at, (header, name, score) in enumerate(
                    zip(table.headers, self.incoming.columns.fields, self.incoming.columns.scores)
                )
            ],
            "rules": {
                rule: {"severity": RULES[rule][0], "count": len(found), "what_to_do": str(RULES[rule][1])}
                for rule, found in self.by_rule.items()
            },
            "findings": [
                {
                    "row": one.row or None,
                    "column": one.column if one.column >= 0 else None,
                    "rule": one.rule,
                    "severity": one.severity,
                    "words": one.words,
                    "value": one.value,
                }
                for one in self.findings
            ],
        }
