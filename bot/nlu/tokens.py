"""Splits a text into words: spaCy's rules where it has some for the language, else runs of letters with their marks.

Only Rasa's tools read these tokens (`rasa test`, entity evaluation); the classifier has its own features. spaCy is imported at
first use: where TensorFlow is installed it pulls that in, which costs seconds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from bot.languages import languages

__all__ = ["prepare", "tokens"]

_JOINERS = "'\u2019\u200c\u200d"
"""Stand inside words: apostrophes, the zero-width joiners of Persian and of Indic scripts."""


@lru_cache(maxsize=32)
def _tokenizer(code: str) -> Any:
    """spaCy's tokenizer of a language, or None if there is none or spaCy cannot be imported."""
    known = languages().get(code)
    if known is None or known.spacy is None:
        return None
    try:
        import spacy

        return spacy.blank(known.spacy).tokenizer
    except ImportError:  # spaCy, or what a language of it needs, is not installed
        return None


def prepare(codes: Iterable[str]) -> None:
    """Load the rules of languages before the first message needs them: spaCy's French ones take seconds."""
    for code in codes:
        _tokenizer(code)


def tokens(text: str, language: str | None) -> list[tuple[str, int]]:
    """Tokens of a text with the position at which each begins; white space is none."""
    tokenizer = _tokenizer(language or "")
    if tokenizer is None:
        return _plain(text)
    return [(token.text, token.idx) for token in tokenizer(text) if not token.is_space]


def _plain(text: str) -> list[tuple[str, int]]:
    """Runs of letters, marks and digits; every other visible character alone."""
    found: list[tuple[str, int]] = []
    start: int | None = None
    for position, char in enumerate(text):
        inside = unicodedata.category(char)[0] in "LMN" or (
            char in _JOINERS and start is not None and position + 1 < len(text) and text[position + 1].isalpha()
        )
        if inside:
            start = position if start is None else start
            continue
        if start is not None:
            found.append((text[start:position], start))
            start = None
        if not char.isspace() and unicodedata.category(char)[0] != "C":
            found.append((char, position))
    if start is not None:
        found.append((text[start:], start))
    return found
