"""Checks of an incoming file: each a pure function from the file to findings. `run` does all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from directory.exchange.checks import coordinates, dates, duplicates, links, persons, phones, texts
from directory.exchange.checks.base import RULES, Finding, Incoming, finding

__all__ = ["CHECKS", "PERSONAL", "RULES", "Finding", "Incoming", "run"]

PERSONAL = {"phone-personal", "email-personal", "person-name"}
"""Rules whose cells are not repeated by any finding."""

Check = Callable[[Incoming], Iterable[Finding]]

CHECKS: dict[str, Check] = {
    "columns": texts.columns_known,
    "use of columns": texts.columns_used,
    "names": texts.missing,
    "capitals": texts.capitals,
    "letters": texts.letters,
    "countries": texts.unknown_countries,
    "persons' names": persons.person_columns,
    "names in texts": persons.titled_names,
    "phone numbers": phones.format_checks,
    "dragged numbers": phones.drag_filled,
    "series of numbers": phones.series,
    "shared numbers": phones.shared,
    "personal numbers": phones.personal,
    "coordinates": coordinates.reading_checks,
    "places": coordinates.place_checks,
    "shared places": coordinates.shared_points,
    "coarse places": coordinates.coarse,
    "confidential places": persons.confidential_places,
    "e-mail": links.email_checks,
    "links": links.link_checks,
    "dates": dates.date_checks,
    "hours": dates.hours_checks,
    "repeated rows": duplicates.repeated_rows,
    "duplicates": duplicates.likely_duplicates,
}


def run(
    incoming: Incoming, progress: Callable[[str], None] = lambda _name: None, names: Iterable[str] = tuple(CHECKS)
) -> list[Finding]:
    """All findings, the remarks of reading among them, by row and column; or those of the checks of these `names`.

    `progress` is told each check's name before it.
    """
    found = [finding(r.rule, r.row, r.column, r.words, r.value) for r in incoming.table.remarks]
    for name in names:
        progress(name)
        found.extend(CHECKS[name](incoming))
    return sorted(_private(incoming, found))


def _private(incoming: Incoming, found: list[Finding]) -> list[Finding]:
    """The findings without the text of personal cells, of addresses, and of anything that tells where a restricted row is.

    Coordinates of other rows are already rounded where a check shows them.
    """
    columns = set(incoming.columns.of("contact_person", "address"))
    places = columns | set(incoming.columns.of("latitude", "longitude", "coordinates", "city", "postcode"))
    cells = {(one.row, one.column) for one in found if one.rule in PERSONAL}
    restricted = persons.restricted_rows(incoming)

    personal = {column for _row, column in cells}

    def hidden(one: Finding) -> bool:
        if not one.row:
            return one.column in personal
        return one.column in (places if one.row in restricted else columns) or (one.row, one.column) in cells

    return [replace(one, value="") if one.value and hidden(one) else one for one in found]
