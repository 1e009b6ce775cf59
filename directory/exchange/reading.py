"""A kept file as the rows that the dry run compares: spreadsheets by the columns of their source, HSDS as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from directory.exchange.checks.base import Finding, Incoming
from directory.exchange.columns import with_mapping
from directory.exchange.entries import Entry, entries
from directory.exchange.table import TableError, read_table
from directory.models import ImportSource

__all__ = ["HSDS_ENDINGS", "SPREADSHEETS", "Reading", "read_file"]

SPREADSHEETS = (".csv", ".xlsx")
HSDS_ENDINGS = (".json", ".zip")


@dataclass
class Reading:
    """The table that the checks look at, and how its rows become entries once the checks have found what they find."""

    incoming: Incoming
    entries: Callable[[Iterable[Finding]], list[Entry]]


def read_file(path: Path, name: str, source: ImportSource) -> Reading:
    """The file as a reading. Raises TableError and MappingError with words for staff."""
    if path.suffix in HSDS_ENDINGS:
        from directory.exchange.hsds_in import read_hsds

        table, columns, made = read_hsds(path, source)
        table.name = name
        incoming = Incoming(table, columns, source.country)
        return Reading(incoming, lambda found: made(incoming, found))
    table = read_table(path)
    table.name = name
    mapping = {k: source.mapping[k] for k in ("columns", "ignore") if source.mapping.get(k)}
    if source.date_order:
        mapping["date_order"] = source.date_order
    if not table.rows:
        raise TableError("The file has no rows below its header.")
    incoming = Incoming(table, with_mapping(table.headers, fitting(mapping, table.headers)), source.country)
    return Reading(incoming, lambda found: entries(incoming, source, found))


def fitting(mapping: dict[str, object], headers: Iterable[str]) -> dict[str, object]:
    """The mapping without headers that this file lacks or has twice: a later file of a source may have other columns."""
    listed = list(headers)
    once = {header for header in listed if listed.count(header) == 1}
    columns = mapping.get("columns")
    if not isinstance(columns, dict):
        columns = {}
    kept = {
        field: [h for h in (given if isinstance(given, list) else [given]) if h in once]
        for field, given in columns.items()
    }
    ignored = mapping.get("ignore")
    return {
        **mapping,
        "columns": {field: given for field, given in kept.items() if given},
        "ignore": [header for header in (ignored if isinstance(ignored, list) else []) if header in once],
    }
