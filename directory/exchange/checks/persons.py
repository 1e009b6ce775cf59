"""Finds what should not be published: names of persons, and the exact place of shelters. What it finds is not repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from directory.exchange.checks.base import Finding, Incoming, finding
from directory.exchange.columns import key
from directory.exchange.table import Row

__all__ = ["confidential_places", "person_columns", "restricted_rows", "titled_names"]

_TITLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Dra|Prof|Sr|Sra|Srta|Mme|Mlle|Lic|Licda|Ing|Don|Doña|Monsieur|Madame|Señora?|Senhora?)\b\.?\s+(?:[A-ZÀ-Þ]\.\s*)?[A-ZÀ-Þ][a-zà-ÿ]{2,}"
    r"|(?:السيد|السيدة|الأستاذ|الأستاذة|الدكتور|الدكتورة)\s+\S{3,}"
)
_SHELTER = {
    "shelter", "shelters", "refuge", "safehouse", "safe house", "women s house", "abri", "foyer", "hebergement", "maison d accueil",
    "albergue", "refugio", "casa de acogida", "casa refugio", "abrigo", "casa abrigo", "casa de acolhimento", "ماوي", "ملجا", "دار ايواء", "ايواء",
}  # fmt: skip
_YES = {"yes", "y", "true", "1", "x", "public", "open", "oui", "si", "sim", "publico", "نعم", "عام"}
_SHELTER_WORDS = re.compile(rf"\b(?:{'|'.join(sorted(map(key, _SHELTER), key=len, reverse=True))})\b")


def person_columns(incoming: Incoming) -> Iterator[Finding]:
    """One finding for each column of persons' names that holds any: such columns are never taken over."""
    for at in incoming.columns.of("contact_person"):
        rows = sum(1 for row in incoming.rows if row.cells[at].strip())
        if rows:
            words = _("holds names of persons in %(count)d rows; it is never published") % {"count": rows}
            yield finding("person-column", 0, at, words)


def titled_names(incoming: Incoming) -> Iterator[Finding]:
    """A title and a name (Mrs Rivera) in a text that would be published. Streets named after persons are addresses."""
    for row, at, text in incoming.cells("name", "description", "hours", "phone", "eligibility"):
        if _TITLED.search(text):
            yield finding("person-name", row.number, at, _("seems to name a person"))


def restricted_rows(incoming: Incoming) -> set[int]:
    """Rows whose exact place is not repeated anywhere: the file says so, or they look like a shelter.

    A column with "confidential" in its header says so with yes; a column like "visibility" or "public view" with anything
    but public or yes.
    """
    rows = {one.row for one in confidential_places(incoming)}
    return rows | {row.number for row in incoming.rows if _says_restricted(incoming, row)}


def _says_restricted(incoming: Incoming, row: Row) -> bool:
    for at in incoming.columns.of("visibility"):
        text, header = key(row.cells[at]), key(incoming.table.headers[at])
        if text and (text in _YES) == ("confiden" in header or "سري" in header):
            return True
    return False


def confidential_places(incoming: Incoming) -> Iterator[Finding]:
    """A shelter by its name, category or description, with an address or a point, that the file does not keep back."""
    for row in incoming.rows:
        if _says_restricted(incoming, row) or not (
            row.number in incoming.points or incoming.columns.first(row.cells, "address")
        ):
            continue
        texts = " ".join(row.cells[at] for at in incoming.columns.of("name", "category", "description"))
        if _SHELTER_WORDS.search(key(texts)):
            at = next(iter(incoming.columns.of("address", "latitude", "coordinates")), -1)
            yield finding(
                "place-confidential", row.number, at, _("may be a shelter, and its exact place is in the file")
            )
