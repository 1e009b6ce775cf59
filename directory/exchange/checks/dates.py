"""Checks of dates: impossible, in the future, or read in two ways; and of opening hours, as far as their times go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from babel import Locale
from django.utils.translation import gettext as _

from directory.exchange.checks.base import Finding, Incoming, finding
from directory.exchange.columns import key

__all__ = ["date_checks", "hours_checks", "read_date"]

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?")
_NUMBERS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?: \d{1,2}:\d{2}.*)?")
_EARLIEST = date(1990, 1, 1)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year if year > 99 else 2000 + year, month, day)
    except ValueError:
        return None


def _order(incoming: Incoming, at: int) -> str:
    """day_first or month_first, if the mapping file or other rows of the column say; otherwise ''."""
    if given := incoming.columns.options.get("date_order"):
        return str(given)
    firsts, seconds = False, False
    for row in incoming.rows:
        if match := _NUMBERS.fullmatch(row.cells[at].strip()):
            firsts, seconds = firsts or int(match[1]) > 12, seconds or int(match[2]) > 12
    return "" if firsts == seconds else "day_first" if firsts else "month_first"


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Names and short names of months in five languages (CLDR through Babel) to 1 to 12."""
    months: dict[str, int] = {}
    for language in ("en", "fr", "es", "pt", "ar"):
        names = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                months |= {key(name): number for number, name in names[context][width].items()}
    return months | {"sept": 9}


def _words(text: str) -> date | None:
    """A date with the month in words, like 7-Sep-23, March 3, 2025 or 3 de marzo de 2025; None without all three."""
    words = [word for word in key(text).split() if word not in ("de", "of", "del", "le", "the")]
    if len(words) != 3:
        return None
    day, month, year = words if words[0][0].isdigit() else (words[1], words[0], words[2])
    day = re.sub(r"(?<=\d)(st|nd|rd|th|er)$", "", day)
    if not re.fullmatch(r"\d{1,2}", day) or not re.fullmatch(r"\d{2}|\d{4}", year) or month not in _months():
        return None
    return _date(int(year), _months()[month], int(day))


def date_checks(incoming: Incoming) -> Iterator[Finding]:
    """Dates of the last check. A column whose other rows show the order of day and month is read by it."""
    for at in incoming.columns.of("date_checked"):
        order = _order(incoming, at)
        for row in incoming.rows:
            text = row.cells[at].strip()
            if text:
                yield from _one(incoming, row.number, at, text, order)


def _one(incoming: Incoming, number: int, at: int, text: str, order: str) -> Iterator[Finding]:
    if re.fullmatch(r"[34]\d{4}(\.\d+)?", text):
        yield finding("date-serial", number, at, _("looks like a spreadsheet's number of a day"), text)
        return
    if match := _ISO.fullmatch(text):
        readings = [_date(int(match[1]), int(match[2]), int(match[3]))]
    elif match := _NUMBERS.fullmatch(text):
        one, two, year = int(match[1]), int(match[2]), int(match[3])
        by_order = {"day_first": _date(year, two, one), "month_first": _date(year, one, two)}
        readings = [by_order[order]] if order else list(dict.fromkeys(by_order.values()))
    else:
        readings = [_words(text)]
    dates = [reading for reading in readings if reading]
    if not dates or max(dates) < _EARLIEST:
        yield finding("date-invalid", number, at, _("is no date that can be read"), text)
    elif min(dates) > incoming.today:
        yield finding("date-future", number, at, _("lies in the future"), text)
    elif len(dates) > 1:
        words = _("either %(first)s or %(second)s") % {"first": dates[0], "second": dates[1]}
        yield finding("date-ambiguous", number, at, words, text)


def read_date(incoming: Incoming, at: int, text: str) -> date | None:
    """The day that a cell of a column of dates means; None if it cannot be read, or in two ways."""
    order = incoming.date_orders.setdefault(at, None)
    if order is None:
        order = incoming.date_orders[at] = _order(incoming, at)
    if match := _ISO.fullmatch(text):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(text):
        one, two, year = int(match[1]), int(match[2]), int(match[3])
        by_order = {"day_first": _date(year, two, one), "month_first": _date(year, one, two)}
        readings = {by_order[order]} if order else set(by_order.values()) - {None}
        return readings.pop() if len(readings) == 1 else None
    return _words(text)


_TIME = re.compile(r"(?<![\d:.])(\d{1,2})(?:\s*[:h.]\s*(\d{2})|\s*h)?\s*(am|pm|a\.m\.|p\.m\.)?(?![\d:])", re.IGNORECASE)
_RANGE = re.compile(rf"{_TIME.pattern}\s*(?:-|–|—|to|à|a|hasta|até|إلى|الى)\s*{_TIME.pattern}", re.IGNORECASE)
_ALWAYS = re.compile(r"(?i)24\s*(?:/|x|-)\s*7|24 ?h(?:ours|oras|eures|rs)?\b|٢٤")


def hours_checks(incoming: Incoming) -> Iterator[Finding]:
    """Only whether times stand there and exist: hours are entered into the schedule by staff. 24/7 is fine."""
    for row, at, text in incoming.cells("hours"):
        ascii_text = "".join(str(int(c)) if c.isdigit() and not c.isascii() and c.isdecimal() else c for c in text)
        if len(text) > 500:
            yield finding("hours-words", row.number, at, _("is too long for hours"), text)
            continue
        if _ALWAYS.search(ascii_text):
            continue
        ranges = list(_RANGE.finditer(ascii_text))
        times = [time for found in ranges for time in (found.groups()[:3], found.groups()[3:])]
        loose = [found.groups() for found in re.finditer(r"(?<!\d)(\d{1,2}):(\d{2})(?!\d)", ascii_text)]
        if any(not _exists(*time) for time in times) or any(not _exists(hour, minute, None) for hour, minute in loose):
            yield finding("hours-invalid", row.number, at, _("holds a time that does not exist"), text)
        elif any(_same(found.groups()) for found in ranges):
            yield finding("hours-invalid", row.number, at, _("closes when it opens"), text)
        elif not times:
            yield finding("hours-words", row.number, at, _("holds no times from … to …"), text)


def _exists(hour: str, minute: str | None, half: str | None) -> bool:
    return int(minute or 0) < 60 and (
        1 <= int(hour) <= 12 if half else int(hour) < 24 or (int(hour) == 24 and not int(minute or 0))
    )


def _same(groups: tuple[str | None, ...]) -> bool:
    opens, closes = groups[:3], groups[3:]
    return (int(opens[0] or 0), int(opens[1] or 0), opens[2]) == (int(closes[0] or 0), int(closes[1] or 0), closes[2])
