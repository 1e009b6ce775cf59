"""Distances, dates, times, lists, names of languages and countries, phone numbers: as people of a language write them.

Everything comes from CLDR through Babel, corrected by `locales/formats.yml`, with plain spaces (narrow and no-break ones would force UCS-2 on SMS) and
without CLDR's own direction marks. Digits are those of the language's CLDR numbering system, ASCII in phone numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime as DateTime
from functools import lru_cache
from typing import Any

import phonenumbers
import yaml
from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.units import format_unit
from convertdate import coptic, persian

from bot.languages import LOCALES, languages
from bot.languages import language as language_of
from bot.replies.bidi import isolate, strip_marks

__all__ = [
    "Reader",
    "clock",
    "country_name",
    "date",
    "distance",
    "full_stop",
    "in_calendar",
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

_TWELVE_HOURS = frozenset(
    [
        "AE",
        "AG",
        "AU",
        "BB",
        "BD",
        "BH",
        "BM",
        "BS",
        "CA",
        "CO",
        "DM",
        "DO",
        "EG",
        "FJ",
        "GD",
        "GM",
        "GU",
        "GY",
        "IN",
        "IQ",
        "JM",
        "JO",
        "KI",
        "KN",
        "KW",
        "KY",
        "LB",
        "LC",
        "LR",
        "LY",
        "MH",
        "MP",
        "MW",
        "NZ",
        "OM",
        "PA",
        "PH",
        "PK",
        "PR",
        "PS",
        "QA",
        "SA",
        "SB",
        "SD",
        "SG",
        "SL",
        "SS",
        "SY",
        "SZ",
        "TC",
        "TO",
        "TT",
        "US",
        "VC",
        "VE",
        "VG",
        "VI",
        "VU",
        "WS",
        "YE",
        "ZM",
    ]
)
"""Where people read clocks of twelve hours: CLDR supplemental time data, preferred "h", without CY and GR, which write twenty-four."""

_KM_PER_MILE = 1.609344
_LOCALES = {"en": "en_001"}
"""CLDR locale of formats, where it is another than that of the language: world English writes "24 Nov 2026"."""

_COPTIC_TO_ETHIOPIAN = 276

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


@lru_cache(maxsize=1)
def _corrections() -> dict[str, Any]:
    rows: dict[str, Any] = yaml.safe_load((LOCALES / "formats.yml").read_text(encoding="utf-8"))
    return rows


def _own(language: str, what: str) -> Any:
    """What `locales/formats.yml` says for a language, or None."""
    return _corrections().get(language, {}).get(what)


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
    own = _own(language, {"kilometer": "km", "meter": "m"}.get(unit, unit))
    if own:
        return f"{number(value, language)} {own}"
    text = format_unit(value, unit, length="short", locale=_locale(language), numbering_system="default")
    return local_digits(_plain(text), language)


def clock(hours_minutes: str, language: str, country: str | None = None, *, both: bool = True) -> str:
    """A time of day from "HH:MM": in 24 hours, in 12 where the country does so; `both`: in Amharic and Tigrinya with the hour as it is
    counted from sunrise, in words. Raises ValueError for anything else."""
    moment = DateTime.strptime(hours_minutes, "%H:%M")
    if country in _TWELVE_HOURS and not _own(language, "clock"):
        return local_digits(_plain(format_skeleton("hm", moment, locale=_locale(language))), language)
    text = local_digits(f"{moment:%H:%M}", language)
    return f"{text} ({_from_sunrise(moment, language)})" if both and _own(language, "clock") else text


def _from_sunrise(moment: DateTime, language: str) -> str:
    """ "morning 3:00" for 09:00: hours are counted from six, in the morning and in the evening."""
    parts = _own(language, "clock")
    part = (
        "night"
        if moment.hour < 6
        else "morning"
        if moment.hour < 12
        else "afternoon"
        if moment.hour < 18
        else "evening"
    )
    return f"{parts[part]} {(moment.hour - 7) % 12 + 1}:{moment:%M}"


def date(iso: str, language: str, *, numeric: bool = False, both: bool = False) -> str:
    """A day from ISO `YYYY-MM-DD` (a time behind it is ignored): "24 Nov 2026", or day/month/year in digits; `both`: with the day in
    the calendar that speakers of the language keep, if it is another."""
    day = Date.fromisoformat(iso[:10])
    if numeric:
        return local_digits(f"{day:%d/%m/%Y}", language)
    pattern, months = _own(language, "date"), _own(language, "months")
    if months:
        text = f"{day.day} {months[day.month - 1]} {day.year}"
    elif pattern:
        text = str(format_date(day, pattern, locale=_locale(language)))
    else:
        text = str(format_skeleton("yMMMd", DateTime(day.year, day.month, day.day), locale=_locale(language)))
    text = local_digits(_plain(text), language)
    other = in_calendar(day, language) if both else None
    return f"{text} ({other})" if other else text


def in_calendar(day: Date, language: str) -> str | None:
    """A day in the Persian or Ethiopian calendar, if speakers of the language keep that, else None."""
    kept = _own(language, "calendar")
    if kept is None:
        return None
    if kept == "persian":
        year, month, of_month = persian.from_gregorian(day.year, day.month, day.day)
    else:  # the Ethiopian calendar is the Coptic one, counted from another year
        year, month, of_month = coptic.from_gregorian(day.year, day.month, day.day)
        year += _COPTIC_TO_ETHIOPIAN
    return local_digits(f"{of_month} {_own(language, 'calendar_months')[month - 1]} {year}", language)


def weekday(index: int, language: str) -> str:
    """The name of a weekday, Monday = 0, as it stands within a sentence."""
    own = _own(language, "days")
    if own:
        return str(own[index])
    # the format names, not the stand-alone ones: those are aliases in CLDR, which Babel 2.18 mixes up between locales
    return _plain(str(_locale(language).days["format"]["wide"][index]))


def separator(language: str) -> str:
    """Comma and space in the script of the language."""
    own = _own(language, "comma")
    if own:
        return str(own)
    return _SEPARATORS.get(language_of(language).script, ", ")


def full_stop(language: str) -> str:
    """What ends a sentence in the language."""
    return _FULL_STOPS.get(language, ".")


def joined(items: list[str], language: str) -> str:
    """A list in words: "a, b and c"."""
    own = _own(language, "and")
    if own:
        return own.join([separator(language).join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)
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
