"""The words around and instead of place names in each language, read from `place_words.yml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.place_key import key

__all__ = ["WORDS_FILE", "PlaceWords", "place_words"]

WORDS_FILE = Path(__file__).with_name("place_words.yml")


@dataclass(frozen=True)
class PlaceWords:
    """What one language says about places; all words as keys (`bot.nlu.place_key.key`)."""

    before: dict[str, str]
    """Words that stand before a place, with the role that they give it: at, from, to, of."""
    articles: frozenset[str]
    """Words that may stand between such a word and the place."""
    prefixes: tuple[tuple[str, str], ...]
    """Letters joined to the front of a place with their role, shortest first."""
    suffixes: tuple[tuple[str, str], ...]
    """Endings of a place with what takes their place ("афинах" -> "афины"), longest first."""
    around: frozenset[str]
    """Words that may stand beside a place when the message says nothing but where somebody is."""
    never: frozenset[str]
    """Names of places that are ordinary words here: never taken as places."""
    weak: frozenset[str]
    """Names that are places only behind a word of `before`, written with a capital where there are capitals."""
    places: frozenset[str]
    """Names that are places here although they are everyday words of another language, or short."""
    countries: frozenset[str]
    """Names of countries that CLDR does not give, of all languages."""


def _load(row: dict[str, Any], common: dict[str, Any], countries: frozenset[str]) -> PlaceWords:
    def keys(name: str) -> frozenset[str]:
        return frozenset(key(str(word)) for word in [*row.get(name, ()), *common.get(name, ())])

    before = {key(word): role for role in ("of", "to", "from", "at") for word in row.get(role, ())}
    prefixes = [(key(p), role) for role, list_ in (row.get("prefixes") or {}).items() for p in list_]
    suffixes = [(key(str(e)), key(str(by))) for e, by in (row.get("suffixes") or ())]
    return PlaceWords(
        before=before,
        articles=keys("articles"),
        prefixes=tuple(sorted(prefixes, key=lambda pair: len(pair[0]))),
        suffixes=tuple(sorted(suffixes, key=lambda pair: -len(pair[0]))),
        around=keys("around") | keys("articles") | frozenset(word for phrase in before for word in phrase.split()),
        never=keys("never"),
        weak=keys("weak"),
        places=keys("places"),
        countries=countries,
    )


@lru_cache(maxsize=1)
def _all() -> dict[str, PlaceWords]:
    data = yaml.load(WORDS_FILE.read_text(encoding="utf-8"), yaml.BaseLoader)  # "on" and "no" are words here
    common = data["every_language"]
    rows: dict[str, Any] = data["languages"]
    countries = frozenset(key(name) for names in data["countries"].values() for name in names)
    return {code: _load(row or {}, common, countries) for code, row in [("", {}), *rows.items()]}


def place_words(language: str) -> PlaceWords:
    """The words of that language; an empty set for one without a list."""
    return _all().get(language) or _all()[""]
