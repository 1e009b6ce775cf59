"""Keeps phone numbers, links and foreign names readable inside text of the other direction (Unicode UAX #9).

Isolates (U+2066..U+2069) are used where the channel shows them; SMS phones of the people we serve often do not know
them, so SMS gets U+200E on both sides, and only in right-to-left text, which is UCS-2 anyway (it would turn a GSM-7
message into UCS-2 and double its price). A run of plain ASCII digits needs no mark.
"""

from __future__ import annotations

import re
import unicodedata

from bot.languages import language as language_of

__all__ = [
    "LRI",
    "LRM",
    "MARKS",
    "PDI",
    "RLM",
    "directed",
    "foreign",
    "isolate",
    "isolate_runs",
    "strip_marks",
    "unprotected",
]

LRM, RLM, LRI, RLI, FSI, PDI = "\u200e", "\u200f", "\u2066", "\u2067", "\u2068", "\u2069"
MARKS = frozenset("\u061c\u202a\u202b\u202c\u202d\u202e" + LRM + RLM + LRI + RLI + FSI + PDI)
"""Invisible characters that only steer direction."""

LINK = r"https?://[^\s<>\"'\u2066-\u2069\u200e\u200f\u060c]+"
EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
PHONE = r"\+[0-9][0-9 ().\-\u00a0]*[0-9]|(?<![0-9:.])[0-9]{2,}(?:[ \-\u00a0()]+[0-9]{2,})+(?![0-9:])"
_RUN = re.compile(f"{LINK}|{EMAIL}|{PHONE}", re.ASCII)


def _directions(text: str) -> set[str]:
    """The strong directions in a text: a subset of {"L", "R"}."""
    found = set()
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            found.add("L")
        elif kind in {"R", "AL"}:
            found.add("R")
    return found


def strip_marks(text: str) -> str:
    """The text without invisible marks of direction."""
    return "".join(character for character in text if character not in MARKS)


def isolate(value: str, language: str, channel: str = "") -> str:
    """A name, number or link made safe to stand inside a text of that language; unchanged where that is not needed."""
    if not value or any(mark in value for mark in MARKS):
        return value
    directions = _directions(value)
    if language_of(language).rtl:
        if "R" in directions and "L" not in directions and not _needs_order(value):
            return value
        if not directions and not _needs_order(value):
            return value
        if channel == "sms":
            return value if "R" in directions else f"{LRM}{value}{LRM}"
        return f"{FSI if 'R' in directions else LRI}{value}{PDI}"
    if "R" in directions and channel != "sms":
        return f"{FSI if 'L' in directions else RLI}{value}{PDI}"
    return value


def foreign(text: str, language: str, channel: str = "") -> str:
    """A line of free text for a reader of that language: isolated whole if none of it is in the reader's direction."""
    if language_of(language).rtl and "R" in _directions(text):
        return isolate_runs(text, language, channel)
    return isolate(text, language, channel)


def directed(text: str, language: str) -> str:
    """A whole message for a reader of that language, with U+200F before it if it begins with a name of the other direction:
    programs take the direction of a message from its first letter, and not all of them skip isolated ones."""
    if not language_of(language).rtl:
        return text
    first = next((kind for kind in map(unicodedata.bidirectional, text) if kind in {"L", "R", "AL"}), "R")
    return RLM + text if first == "L" else text


def _needs_order(value: str) -> bool:
    """Whether parts of it would change places in right-to-left text: phone numbers with a plus or with gaps."""
    return bool(re.fullmatch(PHONE, value.strip(), re.ASCII))


def _protected(text: str, start: int, end: int) -> bool:
    depth = 0
    for character in text[:start]:
        if character in {LRI, RLI, FSI}:
            depth += 1
        elif character == PDI and depth:
            depth -= 1
    return depth > 0 or (text[start - 1 : start] == LRM and text[end : end + 1] == LRM)


def unprotected(text: str, language: str) -> list[str]:
    """Phone numbers, links and e-mail addresses that stand in right-to-left text without isolation."""
    if not language_of(language).rtl:
        return []
    return [
        run.group()
        for line in text.splitlines()
        for run in _RUN.finditer(line)
        if "R" in _directions(line) and not _protected(line, *run.span())
    ]


def isolate_runs(text: str, language: str, channel: str = "") -> str:
    """The text with every unprotected phone number, link and e-mail address isolated (right-to-left languages only)."""
    if not language_of(language).rtl:
        return text
    opening, closing = (LRM, LRM) if channel == "sms" else (LRI, PDI)
    lines = []
    for line in text.split("\n"):
        if "R" in _directions(line):
            for run in reversed(list(_RUN.finditer(line))):
                start, end = run.span()
                if not _protected(line, start, end):
                    line = f"{line[:start]}{opening}{line[start:end]}{closing}{line[end:]}"
        lines.append(line)
    return "\n".join(lines)
