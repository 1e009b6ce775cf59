"""Long texts in parts that a provider takes: cut at ends of paragraphs, sentences and words, never inside a character."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["split", "units"]

_ENDS = (  # best first; a cut in the first half of what fits would only make more messages
    (re.compile(r"(?=\n[^\S\n]*\n)"), 0.5),
    (re.compile(r"(?:(?<=[.!?؟۔。።፧।…])|(?<=[.!?؟۔。።፧।…][\"'”’»)\]]))(?=\s)|(?=\n)"), 0.5),
    (re.compile(r"(?=\s)"), 0.0),
)
_JOINER = "\u200d"
_VIRAMA = 9
"""Combining class of the signs that join two letters in Devanagari, Bengali and their kin."""


def units(text: str) -> int:
    """UTF-16 units of a text, in which the providers count: an emoji has two or more."""
    return len(text) + sum(ord(letter) > 0xFFFF for letter in text)


def split(text: str, most: int) -> list[str]:
    """The text in parts of at most that many UTF-16 units; only white space between parts is lost. At least one part."""
    parts = []
    rest = text.strip()
    while units(rest) > most:
        cut = _cut(rest, _fitting(rest, most))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    if rest or not parts:
        parts.append(rest)
    return parts


def _fitting(text: str, most: int) -> int:
    """How many of the first characters have at most so many units."""
    used = 0
    for position, letter in enumerate(text):
        used += 2 if ord(letter) > 0xFFFF else 1
        if used > most:
            return position
    return len(text)


def _cut(text: str, fitting: int) -> int:
    """Where to cut: at most `fitting` characters, at least one."""
    window = text[: fitting + 1]  # with the next one: a word may end just where the space ends
    for pattern, least in _ENDS:
        found = [end.start() for end in pattern.finditer(window) if fitting * least < end.start() <= fitting]
        if found:
            return found[-1]
    cut = fitting
    while cut > fitting // 2 and _inside(text, cut):
        cut -= 1
    return cut if cut > fitting // 2 else max(1, fitting)


def _inside(text: str, cut: int) -> bool:
    """Whether a cut before that character would tear what a reader sees as one (UAX #29, what occurs in our scripts and emoji)."""
    before, after = text[cut - 1], text[cut]
    if unicodedata.category(after).startswith("M") or after in "\u200c\u200d" or before == _JOINER:
        return True
    if unicodedata.combining(before) == _VIRAMA:  # the next letter is written as one with it
        return True
    if 0x1F3FB <= ord(after) <= 0x1F3FF or 0xE0020 <= ord(after) <= 0xE007F:  # skin tones, tags of flags
        return True
    if _flag_letter(before) and _flag_letter(after):
        run = 0
        while run < cut and _flag_letter(text[cut - 1 - run]):
            run += 1
        return run % 2 == 1
    return False


def _flag_letter(letter: str) -> bool:
    return 0x1F1E6 <= ord(letter) <= 0x1F1FF
