"""Checks of phone numbers, one by one and down the column: a number that looks valid may still be a dragged cell."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from django.utils.translation import gettext as _

from directory.exchange.checks.base import Finding, Incoming, finding

__all__ = ["drag_filled", "format_checks", "personal", "read_numbers", "series", "shared"]

_SCIENTIFIC = re.compile(r"\d([.,]\d+)?[eE]\+?\d{1,3}")
_SEPARATOR = re.compile(r"\s*(?:[/;|\n]|,(?!\d{3}\b)|\b(?:or|ou|ve)\b|\s[yo]\s)\s*")
_EXTENSION = re.compile(r"(?i)\s*(?:ext|extn|poste|int|anexo)\b\.?\s*\d*\s*$")
_LONGEST = 200
"""A longer text is no list of numbers."""
_SHARED_FROM = 3
_RUN = 3
"""So many consecutive rows that count on by a round step are taken as dragged; of any other constant step, one more."""
_MIN_DIGITS = 6
"""Shorter numbers are short codes, which may well follow each other."""


def parts(text: str) -> list[str]:
    """The numbers of one cell: people put several, with /, ;, "or" or a new line between."""
    if _SCIENTIFIC.fullmatch(text) or len(text) > _LONGEST:
        return [text[:_LONGEST]]
    found = [_EXTENSION.sub("", part).strip(" .:") for part in _SEPARATOR.split(text)]
    return [part for part in found if part] if re.search(r"\d", text) else [text]


@lru_cache(maxsize=100_000)
def _read(text: str, country: str) -> tuple[str, str, str]:
    """(rule or '', E.164 or short code or '', words) of one number."""
    text = re.sub(r"\.0$", "", text)
    if _SCIENTIFIC.fullmatch(text):
        return "phone-scientific", "", _("was shortened by a spreadsheet; its last digits are lost")
    digits = "".join(re.findall(r"\d", text))
    letters = bool(re.search(r"[A-Za-z]{3}", text)) and len(digits) >= 1
    typed = phonenumbers.convert_alpha_characters_in_number(text) if letters else text
    plain = "".join(re.findall(r"\d", typed))
    international = text.startswith("+") or digits.startswith("00")
    if not plain:
        return "phone-invalid", "", _("holds no number")
    if not country and not international:
        number = _parse("+" + plain, None)
        if number and phonenumbers.is_valid_number(number) and len(plain) > 9:
            return "phone-country", "", _("has no + and no country; with + it is a number")
        return "phone-country", "", _("has no + and no country is known for it")
    if international and digits.startswith("00"):
        typed = "+" + plain.lstrip("0")
    number = _parse(typed, country or None)
    if number and letters:
        phonenumbers.truncate_too_long_number(number)
    valid = number is not None and phonenumbers.is_valid_number(number)
    if not international and country:
        code = phonenumbers.country_code_for_region(country)
        whole = _parse("+" + plain, None) if code and plain.startswith(str(code)) else None
        if whole and phonenumbers.is_valid_number(whole) and whole.country_code == code:
            same = valid and number is not None and _e164(number) == _e164(whole)
            if not valid or same:
                return "phone-plus", _e164(whole), _("lacks the +")
        if (
            not valid
            and number
            and len(plain) < _MIN_DIGITS + 1
            and phonenumbers.is_valid_short_number_for_region(number, country)
        ):
            return "", plain, ""
    if not valid or number is None:
        return "phone-invalid", "", _("is no number of %(country)s") % {"country": country or _("any country")}
    if letters:
        return "phone-letters", _e164(number), _("has letters, read as digits")
    trunk = phonenumbers.ndd_prefix_for_region(country, True) if country and not international else ""
    if trunk == "0" and not plain.startswith("0") and text.isdigit():
        return "phone-zero", _e164(number), _("may lack its leading zero")
    return "", _e164(number), ""


def _parse(text: str, country: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None


def _e164(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def read_numbers(text: str, country: str) -> list[str]:
    """The valid numbers of a cell as E.164 (or short codes), in the cell's order."""
    return [number for number in (_read(part, country)[1] for part in parts(text)) if number]


def format_checks(incoming: Incoming) -> Iterator[Finding]:
    """Each number by the numbering plan of the row's country (phonenumbers)."""
    for row, at, text in incoming.cells("phone"):
        numbers = parts(text)
        if len(numbers) > 1:
            yield finding("phone-several", row.number, at, _("holds %(count)d numbers") % {"count": len(numbers)}, text)
        for part in numbers:
            rule, number, words = _read(part, incoming.countries[row.number])
            if rule:
                yield finding(rule, row.number, at, words, f"{part} → {number}" if number else part)


def _round(step: int) -> bool:
    return re.fullmatch(r"-?[1-9]0*", str(step)) is not None


def drag_filled(incoming: Incoming) -> Iterator[Finding]:
    """Runs down a column in which numbers rise by one constant step: a spreadsheet counts on when a cell is dragged.

    The digits of the whole cell are compared: 0344 871 11 11, 345 871 11 11, ... rise by 10,000,000.
    """
    for at in incoming.columns.of("phone"):
        run: list[tuple[int, int, str]] = []
        step = 0
        for number, value, text in _column(incoming, at):
            if run and value is not None and value != run[-1][1] and (len(run) == 1 or value - run[-1][1] == step):
                step = value - run[-1][1]
                run.append((number, value, text))
                continue
            yield from _run(run, step, at)
            if value is None:
                run = []
            elif len(run) > 1 and value != run[-1][1]:  # the last of one run may be the first of the next
                step = value - run[-1][1]
                run = [run[-1], (number, value, text)]
            else:
                run = [(number, value, text)]
        yield from _run(run, step, at)


def _column(incoming: Incoming, at: int) -> Iterator[tuple[int, int | None, str]]:
    """(row, digits as one figure or None, text) down a column."""
    for row in incoming.rows:
        text = row.cells[at].strip()
        digits = "".join(re.findall(r"\d", text))
        yield row.number, int(digits) if _MIN_DIGITS <= len(digits) <= 40 else None, text


def _run(run: list[tuple[int, int, str]], step: int, at: int) -> Iterator[Finding]:
    if len(run) < (_RUN if _round(step) else _RUN + 1):
        return
    words = _("counts on by %(step)s from row %(first)d to row %(last)d (%(count)d rows)") % {
        "step": f"{step:+,}",
        "first": run[0][0],
        "last": run[-1][0],
        "count": len(run),
    }
    for number, _value, text in run:
        yield finding("phone-drag-filled", number, at, words, text)


def series(incoming: Incoming) -> Iterator[Finding]:
    """Five and more numbers of a column that count on by one round step when sorted, though not from row to row."""
    for at in incoming.columns.of("phone"):
        dragged = {found.row for found in drag_filled(incoming) if found.column == at}
        rows: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for number, value, text in _column(incoming, at):
            if value is not None and number not in dragged:
                rows[value].append((number, text))
        for run in _progressions(sorted(rows)):
            words = _("is one of %(count)d numbers that follow each other when sorted") % {"count": len(run)}
            for value in run:
                for number, text in rows[value]:
                    yield finding("phone-series", number, at, words, text)


def _progressions(values: list[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for value in values:
        if len(run) >= 2 and value - run[-1] != run[1] - run[0]:
            if len(run) >= 5 and _round(run[1] - run[0]):
                yield run
            run = [run[-1]]
        run.append(value)
    if len(run) >= 5 and _round(run[1] - run[0]):
        yield run


def shared(incoming: Incoming) -> Iterator[Finding]:
    """One number in three rows or more."""
    uses: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for (number, at), phones in incoming.phones.items():
        for phone in dict.fromkeys(phones):
            uses[phone].append((number, at))
    for places in uses.values():
        rows = len({number for number, _at in places})
        if rows >= _SHARED_FROM:
            words = _("the same number stands in %(count)d rows, first in row %(first)d") % {
                "count": rows,
                "first": places[0][0],
            }
            for number, at in places:
                yield finding("phone-shared", number, at, words)


@lru_cache(maxsize=100_000)
def _mobile(e164: str) -> bool:
    number = _parse(e164, None) if e164.startswith("+") else None
    return number is not None and phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def personal(incoming: Incoming) -> Iterator[Finding]:
    """A mobile number in a row that names a person: likely that person's own. The number is not repeated."""
    if not incoming.columns.of("contact_person"):
        return
    persons = {row.number for row, _at, _text in incoming.cells("contact_person")}
    for (number, at), phones in incoming.phones.items():
        if number in persons and any(_mobile(phone) for phone in phones):
            yield finding("phone-personal", number, at, _("a mobile number beside a person's name"))
