"""Codes of countries and languages: which exist, and what staff read for them (names from CLDR through Babel)."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from bot.languages import languages

__all__ = [
    "country_name",
    "country_names",
    "language_name",
    "language_names",
    "validate_country",
    "validate_language",
    "validate_topic",
    "validate_waypost_language",
    "waypost_languages",
]

_NOT_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}
_SPOKEN_ON_THE_WAY = ("bal", "byn", "din", "luo", "nus", "quc", "rom", "tig", "zgh")
"""Languages with a three-letter code that people on the move speak; CLDR has their names."""
_NOT_IN_CLDR = {
    "aii": "Assyrian Neo-Aramaic",
    "cak": "Kaqchikel",
    "haz": "Hazaragi",
    "kek": "Q’eqchi’",
    "mam": "Mam",
    "rhg": "Rohingya",
    "ase": "American Sign Language",
    "csr": "Costa Rican Sign Language",
    "eth": "Ethiopian Sign Language",
    "gsm": "Guatemalan Sign Language",
    "gss": "Greek Sign Language",
    "hds": "Honduran Sign Language",
    "lbs": "Libyan Sign Language",
    "mfs": "Mexican Sign Language",
    "tse": "Tunisian Sign Language",
    "xki": "Kenyan Sign Language",
    "ysl": "Yugoslavian Sign Language",
}
"""ISO 639-3 codes and names of more languages that are spoken or signed at services."""
_ADMIN_LOCALES = {"en", "fr", "es", "ar"}


def _locale() -> str:
    code = (get_language() or "en").split("-")[0]
    return code if code in _ADMIN_LOCALES else "en"


@lru_cache(maxsize=8)
def _countries(locale: str) -> dict[str, str]:
    names = Locale.parse(locale).territories
    found = {
        code: name for code, name in names.items() if re.fullmatch("[A-Z]{2}", code) and code not in _NOT_COUNTRIES
    }
    return dict(sorted(found.items(), key=lambda item: item[1].casefold()))


@lru_cache(maxsize=8)
def _languages(locale: str) -> dict[str, str]:
    """Languages by code: Waypost's own first, then those with a two-letter code and some that people on the move speak."""
    names = Locale.parse(locale).languages
    ours = {code: f"{known.english} ({known.name})" for code, known in languages().items()}
    others = {code: name for code, name in names.items() if re.fullmatch("[a-z]{2}", code)}
    others |= {code: names[code] for code in _SPOKEN_ON_THE_WAY if code in names}
    others |= {code: names.get(code, name) for code, name in _NOT_IN_CLDR.items()}
    return ours | dict(
        sorted(((c, n) for c, n in others.items() if c not in ours), key=lambda item: item[1].casefold())
    )


def country_names() -> list[tuple[str, str]]:
    """(code, name) of every country in the reader's language, by name."""
    return list(_countries(_locale()).items())


def country_name(code: str) -> str:
    """Name of a country in the reader's language; the code itself if it has none."""
    return _countries(_locale()).get(code, code)


def language_names() -> list[tuple[str, str]]:
    """(code, name) of the languages that staff can pick as spoken at a service."""
    return list(_languages(_locale()).items())


def language_name(code: str) -> str:
    """Name of a language in the reader's language; the code itself if it has none."""
    return _languages(_locale()).get(code) or Locale.parse(_locale()).languages.get(code, code)


def waypost_languages() -> list[tuple[str, str]]:
    """(code, name) of the languages that Waypost writes in."""
    return [(code, f"{known.english} ({known.name})") for code, known in languages().items()]


def validate_country(code: str) -> None:
    """Raises ValidationError unless the code is an ISO 3166-1 alpha-2 code that CLDR knows."""
    if code not in _countries("en"):
        raise ValidationError(
            _("“%(code)s” is not a country code (like GR or HN)."), code="country", params={"code": code}
        )


def validate_language(code: str) -> None:
    """Raises ValidationError unless the code is Waypost's own or an ISO 639 code that CLDR knows."""
    if code not in _languages("en") and code not in Locale.parse("en").languages:
        raise ValidationError(
            _("“%(code)s” is not a language code (like en or prs)."), code="language", params={"code": code}
        )


def validate_waypost_language(code: str) -> None:
    """Raises ValidationError unless Waypost writes in this language."""
    if code not in languages():
        raise ValidationError(
            _("“%(code)s” is not a language of Waypost (see locales/languages.yml)."),
            code="language",
            params={"code": code},
        )


def validate_topic(topic: str) -> None:
    """Raises ValidationError unless it is the name of an information intent."""
    if not re.fullmatch("info_[a-z_]+", topic):
        raise ValidationError(
            _("“%(topic)s” is not a topic (like info_asylum)."), code="topic", params={"topic": topic}
        )
