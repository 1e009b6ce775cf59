"""Distances, dates, times, lists, names of languages and countries, phone numbers: as people of a language write them.

Everything comes from CLDR through Babel, with plain spaces (narrow and no-break ones would force UCS-2 on SMS) and
without CLDR's own direction marks. Digits are those of the language's CLDR numbering system, ASCII in phone numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime as DateTime
from functools import lru_cache

import phonenumbers
from babel import Locale
from babel.dates import format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit

from bot.languages import language as language_of
from bot.languages import languages
from bot.replies.bidi import isolate, strip_marks

__all__ = [
    "Reader",
    "clock",
    "country_name",
    "date",
    "distance",
    "full_stop",
    "joined",
    "language_name",
    "local_digits",
    "number",
    "phone",
    "separator",
    "tel",
    "weekday",
]

_MILES = frozenset({"US", "GB", "LR", "PR", "VI", "GU", "AS", "MP"})
"""Where road distances are in miles: CLDR supplemental unit preferences, usage "road"."""

_KM_PER_MILE = 1.609344
_LOCALES = {"en": "en_001"}
"""CLDR locale of formats, where it is another than that of the language: world English writes "24 Nov 2026"."""

_DIGITS = {"arab": "٠١٢٣٤٥٦٧٨٩", "arabext": "۰۱۲۳۴۵۶۷۸۹", "beng": "০১২৩৪৫৬৭৮৯"}
_SEPARATORS = {"Arab": "، ", "Ethi": "፣ "}
_FULL_STOPS = {"ur": "۔", "bn": "।", "am": "።", "ti": "።"}


@dataclass(frozen=True)
class Reader:
    """For whom a reply is worded."""

    language: str
    """Waypost's code."""
    channel: str = ""
    """Name of the channel whose limits count; "sms" is the one with its own forms."""
    country: str | None = None
    """ISO 3166-1 alpha-2 of where the person is: decides miles and national phone numbers."""
    second_language: str | None = None
    """Tried before English where a text is missing."""
    now: DateTime | None = None
    """The time for "today" and "tomorrow": aware, or naive in the local time of the services."""


@lru_cache(maxsize=64)
def _locale(language: str) -> Locale:
    return Locale.parse(_LOCALES.get(language, language_of(language).locale))


def _plain(text: str) -> str:
    return strip_marks(text.replace("\u202f", " ").replace("\u00a0", " "))


def local_digits(text: str, language: str) -> str:
    """The text with ASCII digits replaced by those of the language (Persian, Bengali, Sorani ...)."""
    digits = _DIGITS.get(_locale(language).default_numbering_system)
    return text.translate({ord(str(i)): digit for i, digit in enumerate(digits)}) if digits else text


def number(value: float, language: str) -> str:
    """A count or measure with the language's digits and separators."""
    return local_digits(_plain(format_decimal(value, locale=_locale(language), numbering_system="default")), language)


def distance(km: float, language: str, country: str | None = None) -> str:
    """A distance in miles or kilometres by country; under one kilometre in metres, rounded to 50."""
    if country in _MILES:
        miles = km / _KM_PER_MILE
        amount, unit = (max(round(miles, 1), 0.1), "mile") if miles < 10 else (float(round(miles)), "mile")
    elif km < 0.975:  # rounds to less than 1000 m
        amount, unit = float(max(round(km * 1000 / 50) * 50, 50)), "meter"
    else:
        amount, unit = (round(km, 1) if km < 10 else float(round(km))), "kilometer"
    value: float = int(amount) if amount == int(amount) else amount
    text = format_unit(value, unit, length="short", locale=_locale(language), numbering_system="default")
    return local_digits(_plain(text), language)


def clock(hours_minutes: str, language: str) -> str:
    """A time of day in 24 hours from "HH:MM". Raises ValueError for anything else."""
    moment = DateTime.strptime(hours_minutes, "%H:%M")
    return local_digits(f"{moment:%H:%M}", language)


def date(iso: str, language: str, *, numeric: bool = False) -> str:
    """A day from ISO `YYYY-MM-DD` (a time behind it is ignored): "24 Nov 2026", or day/month/year in digits."""
    day = Date.fromisoformat(iso[:10])
    if numeric:
        return local_digits(f"{day:%d/%m/%Y}", language)
    skeleton = format_skeleton("yMMMd", DateTime(day.year, day.month, day.day), locale=_locale(language))
    return local_digits(_plain(skeleton), language)


def weekday(index: int, language: str) -> str:
    """The name of a weekday, Monday = 0, as it stands within a sentence."""
    # the format names, not the stand-alone ones: those are aliases in CLDR, which Babel 2.18 mixes up between locales
    return _plain(str(_locale(language).days["format"]["wide"][index]))


def separator(language: str) -> str:
    """Comma and space in the script of the language."""
    return _SEPARATORS.get(language_of(language).script, ", ")


def full_stop(language: str) -> str:
    """What ends a sentence in the language."""
    return _FULL_STOPS.get(language, ".")


def joined(items: list[str], language: str) -> str:
    """A list in words: "a, b and c"."""
    marks = [f"\ue000{i}\ue001" for i in range(len(items))]  # so that nothing within an item is touched
    text = _plain(format_list(marks, locale=_locale(language)))
    for mark, item in zip(marks, items):
        text = text.replace(mark, item)
    return text


def language_name(code: str, language: str) -> str:
    """The name of a language in the reader's language; its own name where CLDR has none; at last the code."""
    known = languages().get(code)
    candidates = [code, known.locale if known else code]
    for candidate in candidates:
        name = _locale(language).languages.get(candidate)
        if name:
            return _plain(str(name))
    if known:
        return known.name
    english = Locale.parse("en").languages.get(code)
    return str(english) if english else code


def country_name(code: str, language: str) -> str:
    """The name of a country in the reader's language; in English where CLDR has none; the code as the last resort."""
    for locale in (_locale(language), Locale.parse("en")):
        name = locale.territories.get(code.upper())
        if name:
            return _plain(str(name))
    return code


def phone(value: str, country: str | None = None) -> str:
    """A number as people dial it: international, or national within its own country; short codes as they are."""
    if not value.startswith("+"):
        return value
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    home = country is not None and phonenumbers.region_code_for_number(parsed) == country.upper()
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(parsed, form)


def tel(value: str) -> str:
    """The `tel:` link of a number or short code."""
    return "tel:" + "".join(character for character in value if character.isdigit() or character in "+*#")


def phone_in_text(value: str, reader: Reader) -> str:
    """A number as `phone` shows it, isolated for the reader's text."""
    return isolate(phone(value, reader.country), reader.language, reader.channel)
