"""Numbers as people send them: digits of any script, keycap and circled digits, Ethiopic numerals, number words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from bot.nlu.normalise import key, tidy
from bot.nlu.words import words_of

__all__ = ["Numerals", "number_in_digits", "numerals"]

_KEYCAP = "\u20e3"
_BRACKETS = re.compile(r"^[\s(\[#*.:\-\u060c]*(.*?)[\s)\].,;:!\-\u060c\u06d4\u0964\u1362]*$", re.DOTALL)
_LONGEST = 9
"""Digits beyond which a figure is a phone number and not a choice."""


def _ethiopic(text: str) -> int | None:
    """Value of an Ethiopic numeral: tens and units added, multiplied by a following hundred or ten thousand."""
    total = part = 0
    for char in text:
        if not "\u1369" <= char <= "\u137c":
            return None
        value = int(unicodedata.numeric(char))
        if value < 100:
            part += value
        else:
            total = total + max(part, 1) * value if value == 100 else max(total + part, 1) * value
            part = 0
    return total + part if text else None


def number_in_digits(text: str) -> int | None:
    """The whole number that a text is, in digits of any one script, or None: `2`, `(٢)`, `২.`, `፪`, `2️⃣`, `②`, `🔟`."""
    text = text.strip()
    if text.startswith("\N{KEYCAP TEN}"):
        text = "10" + text[1:]
    match = _BRACKETS.match(tidy(text).replace(_KEYCAP, ""))
    inner = match.group(1) if match else ""
    if not inner or len(inner) > _LONGEST:
        return None
    if inner.isdecimal():
        return int("".join(str(unicodedata.decimal(char)) for char in inner))
    return _ethiopic(inner)


class Numerals:
    """Number words of some languages."""

    def __init__(self, table: Mapping[str, Mapping[str, Any]]) -> None:
        """`table`: by language {"before": [words that stand before a number], "words": {1: [words], ...}}. Raises ValueError if a
        word of one language stands for two numbers."""
        self._words: dict[str, dict[str, int]] = {}
        before: set[str] = set()
        for code, rows in table.items():
            before.update(key(str(word)) for word in rows.get("before") or ())
            for value, words in (rows.get("words") or {}).items():
                for word in words or ():
                    known = self._words.setdefault(key(str(word)), {}).setdefault(code, int(value))
                    if known != int(value):
                        raise ValueError(f"{code}: choices: {word!r} means {known} and {value}")
        self._before = tuple(sorted(filter(None, before), key=len, reverse=True))

    def number(self, text: str, language: str | None = None) -> int | None:
        """The number that a whole message is, or None: `3)`, `nr 2`, `option 2`, `the second one`, `الثاني`, `رقم ٤`.

        `language`, that of the conversation, decides about a word that is different numbers in two languages."""
        value = number_in_digits(text)
        if value is not None:
            return value
        bare = key(text)
        if bare in self._words:
            return self._value(bare, language)
        for word in self._before:
            if bare.startswith(word) and len(bare) > len(word):
                rest = bare[len(word) :]
                inner = number_in_digits(rest)
                if inner is not None:
                    return inner
                if rest[0] == " " and rest[1:] in self._words:
                    return self._value(rest[1:], language)
        return None

    def _value(self, word: str, language: str | None) -> int | None:
        meanings = self._words[word]
        values = {meanings[language]} if language in meanings else set(meanings.values())
        return values.pop() if len(values) == 1 else None


@lru_cache(maxsize=1)
def numerals() -> Numerals:
    """The number words of the project."""
    return Numerals({code: words.get("choices") or {} for code, words in words_of().items()})
