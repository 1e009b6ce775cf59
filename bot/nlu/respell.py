"""Writes dialect, SMS and Latin-letter spelling the way the sentence encoder knows it (data/nlu/spelling.yml)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.normalise import normalise, tidy
from bot.nlu.scripts import main_script
from bot.settings import ROOT

__all__ = ["SPELLING", "Spelling", "spelling"]

SPELLING = ROOT / "data" / "nlu" / "spelling.yml"
_EDGES = '.,;:!?¿¡()"«»“”…-*،؛؟'

_ARABIZI = sorted(
    {
        "3'": "غ", "7'": "خ", "9'": "ض", "6'": "ظ",
        "ch": "ش", "sh": "ش", "kh": "خ", "gh": "غ", "th": "ث", "dh": "ذ", "ou": "و", "oo": "و", "ee": "ي", "ei": "ي", "ai": "ي", "aa": "ا",
        "2": "ء", "3": "ع", "5": "خ", "6": "ط", "7": "ح", "8": "غ", "9": "ق",
        "b": "ب", "t": "ت", "j": "ج", "d": "د", "r": "ر", "z": "ز", "s": "س", "f": "ف", "q": "ق", "k": "ك", "l": "ل", "m": "م",
        "n": "ن", "h": "ه", "w": "و", "y": "ي", "g": "ج", "v": "ف", "p": "ب", "x": "كس", "c": "ك", "u": "و", "o": "و", "i": "ي",
        "a": "ا", "e": "",
    }.items(),
    key=lambda pair: -len(pair[0]),
)  # fmt: skip
"""Latin letters and digits that stand for Arabic ones, longest first."""


class Spelling:
    """Standard forms of words by language; `ar-Latn` is Arabic in Latin letters."""

    def __init__(self, table: Mapping[str, Mapping[str | None, Any]]) -> None:
        """`table`: by language {standard form: [variants]}; a variant that stands twice keeps its first form."""
        self._forms: dict[str, dict[str, str]] = {}
        for code, rows in table.items():
            forms = self._forms.setdefault(code, {})
            for standard, variants in rows.items():
                for variant in variants:
                    forms.setdefault(normalise(str(variant)), standard or "")

    @classmethod
    def read(cls, path: Path = SPELLING) -> Spelling:
        """Reads a file."""
        return cls(yaml.safe_load(path.read_text(encoding="utf-8")))

    def standard(self, text: str, language: str | None) -> str:
        """The text, tidy and in small letters, with every word that has a standard form in it."""
        plain = tidy(text).lower()
        latin_arabic = language == "ar" and main_script(plain) == "Latn"
        forms = self._forms.get("ar-Latn" if latin_arabic else language or "", {})
        if not forms:
            return plain
        words = []
        for word in plain.split():
            bare = word.strip(_EDGES)
            form = forms.get(normalise(bare)) if bare else None
            if form is not None:
                word = word.replace(bare, form) if form else ""
            elif latin_arabic and bare:
                word = transliterated(bare)
            words.append(word)
        return " ".join(filter(None, words)) or plain


def transliterated(word: str) -> str:
    """A word of Arabic in Latin letters, in Arabic ones as a reader would guess: `bi7eb` -> `بيحب`."""
    out = []
    rest = normalise(word)
    while rest:
        for latin, arabic in _ARABIZI:
            if rest.startswith(latin):
                out.append(arabic)
                rest = rest[len(latin) :]
                break
        else:
            out.append(rest[0])
            rest = rest[1:]
    return "".join(out)


@lru_cache(maxsize=1)
def spelling() -> Spelling:
    """The spellings of the project."""
    return Spelling.read()
