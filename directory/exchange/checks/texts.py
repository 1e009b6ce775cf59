"""Checks of columns and letters: empty and constant columns, broken letters, stray blanks, names in capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from directory.exchange.checks.base import Finding, Incoming, country_code, finding

__all__ = ["capitals", "columns_known", "columns_used", "letters", "missing", "unknown_countries"]

_MOJIBAKE = re.compile(
    r"\ufffd|Ã[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œŸ]|Â[\u00a0-\u00bf]|à[¤-¿]|â€.|ðŸ|[ØÙ][\u0080-\u00bf§†ˆ‰„…][ØÙ]|(?:[ÐÑ][\u0080-\u00bf€-™]){2}"
)
_STRAY = re.compile(r"^\s|\s$|\s{2,}|[\u00a0\u200b\u2060\ufeff\u00ad]")
_PRIVATE = ("address", "contact_person", "latitude", "longitude", "coordinates")
"""Fields whose text is never repeated in a finding."""
_EACH_ITS_OWN = ("name", "phone", "email", "address", "latitude", "longitude", "coordinates", "hours")
_CONSTANT_FROM = 5


def columns_known(incoming: Incoming) -> Iterator[Finding]:
    """Columns that are taken for something only by likeness, and those that are not known at all."""
    for at, (name, score) in enumerate(zip(incoming.columns.fields, incoming.columns.scores)):
        header = incoming.table.headers[at]
        if name and score < 100:
            words = _("is taken for “%(field)s” (likeness %(score)d of 100)") % {"field": name, "score": score}
            yield finding("column-guess", 0, at, words, header)
        elif not name and header and score < 100:
            yield finding("column-unknown", 0, at, _("is not used"), header)
    if "name" not in incoming.columns.fields:
        yield finding("name-column-missing", 0, -1, _("no column is known to hold the name"))


def columns_used(incoming: Incoming) -> Iterator[Finding]:
    """Columns without any text, and (from 5 rows on) columns of names, phones and places with one text in every row."""
    for at, name in enumerate(incoming.columns.fields):
        texts = {row.cells[at].strip() for row in incoming.rows}
        if texts <= {""}:
            if incoming.table.headers[at]:
                yield finding("column-empty", 0, at, _("is empty"))
        elif len(texts) == 1 and len(incoming.rows) >= _CONSTANT_FROM and name in _EACH_ITS_OWN:
            value = "" if name in _PRIVATE else next(iter(texts))
            yield finding("column-constant", 0, at, _("holds the same in every row"), value)


def missing(incoming: Incoming) -> Iterator[Finding]:
    """Rows without a name."""
    columns = incoming.columns.of("name")
    for row in incoming.rows if columns else ():
        if not incoming.columns.first(row.cells, "name"):
            yield finding("name-missing", row.number, columns[0], _("the row has no name"))


def unknown_countries(incoming: Incoming) -> Iterator[Finding]:
    """A country that is neither a code nor a known name."""
    for row, at, text in incoming.cells("country"):
        if not country_code(text):
            yield finding("country-unknown", row.number, at, _("is no country that is known"), text)


def letters(incoming: Incoming) -> Iterator[Finding]:
    """Letters of a file that was read or saved in the wrong encoding, and stray blanks."""
    for row in incoming.rows:
        for at, cell in enumerate(row.cells):
            if not cell:
                continue
            value = "" if incoming.columns.fields[at] in _PRIVATE else cell
            if not cell.isascii() and _MOJIBAKE.search(cell):
                yield finding("text-mojibake", row.number, at, _("holds broken letters"), value)
            elif incoming.columns.fields[at] and _STRAY.search(cell):
                yield finding("text-space", row.number, at, _("has stray or doubled blanks"), value)


def capitals(incoming: Incoming) -> Iterator[Finding]:
    """Names of services, organisations and cities all in capitals; short ones (UNHCR) may be abbreviations."""
    for row, at, text in incoming.cells("name", "organisation", "city"):
        if text.isupper() and sum(1 for sign in text if sign.isalpha()) > 6:
            yield finding("name-capitals", row.number, at, _("all in capitals"), text)
