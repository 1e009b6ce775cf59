"""What an SMS costs: GSM-7 and UCS-2 segments (3GPP TS 23.038 and 23.040), and cutting to a number of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = [
    "GSM7",
    "GSM7_EXTENSION",
    "encoding",
    "plain",
    "segments",
    "split",
    "trim",
    "units",
    "whole_words",
    "without_marks",
]

GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters of one septet."""

GSM7_EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters of two septets."""

_SINGLE = {"gsm7": 160, "ucs2": 70}
_PART = {"gsm7": 153, "ucs2": 67}
_PLAIN = str.maketrans(
    {
        "…": "...",
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "‑": "-",
        "·": "-",
        "•": "-",
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u00ad": "",
        "\u200b": "",
    }
)


def plain(text: str) -> str:
    """The text with typographic quotes, dashes, dots and spaces made plain; letters are never touched."""
    return text.translate(_PLAIN)


_BASE = {"ı": "i", "ß": "ss", "œ": "oe", "Œ": "OE", "đ": "d", "ł": "l"}


def without_marks(text: str) -> str:
    """Latin text in letters that GSM-7 has ("açık" -> "acik", "ção" -> "cao"), as people of these languages write SMS: a message costs a
    third. Unchanged if it holds anything else that GSM-7 lacks."""
    if encoding(text) == "gsm7":
        return text
    folded = "".join(c if c in GSM7 else _BASE.get(c, unicodedata.normalize("NFD", c)[0]) for c in text)
    return folded if encoding(folded) == "gsm7" else text


def encoding(text: str) -> str:
    """`gsm7` if every character is in the GSM 7-bit alphabet or its extension, else `ucs2`."""
    return "gsm7" if all(c in GSM7 or c in GSM7_EXTENSION for c in text) else "ucs2"


def _sizes(text: str) -> Iterator[int]:
    """The units of each character: septets in GSM-7, 16-bit units in UCS-2."""
    if encoding(text) == "gsm7":
        yield from (2 if c in GSM7_EXTENSION else 1 for c in text)
    else:
        yield from (2 if ord(c) > 0xFFFF else 1 for c in text)


def units(text: str) -> int:
    """Septets (GSM-7) or 16-bit units (UCS-2) of a text."""
    return sum(_sizes(text))


def segments(text: str) -> int:
    """Parts that the network charges for. A character of two units is never cut in half, so it may open a new part."""
    if not text:
        return 0
    kind = encoding(text)
    if units(text) <= _SINGLE[kind]:
        return 1
    parts, used = 1, 0
    for size in _sizes(text):
        if used + size > _PART[kind]:
            parts, used = parts + 1, 0
        used += size
    return parts


_SENTENCE_END = re.compile(r"[.!?؟。።।…](?=\s|$)|\n")


def trim(text: str, most: int) -> str:
    """The text cut to at most that many segments, after a sentence if one ends in the last half, else after a word."""
    if segments(text) <= most:
        return text
    low, high = 0, len(text)
    while low < high:  # longest prefix that fits
        middle = (low + high + 1) // 2
        if segments(text[:middle].rstrip()) <= most:
            low = middle
        else:
            high = middle - 1
    return whole_words(text, low)


def whole_words(text: str, length: int) -> str:
    """The first `length` characters, back to the end of a sentence if one is in their last half, else of a word."""
    cut = text[:length]
    if length >= len(text):
        return text
    ends = [end.end() for end in _SENTENCE_END.finditer(text) if length // 2 <= end.end() <= length]
    if ends:
        return cut[: ends[-1]].rstrip()
    if not text[length].isspace() and " " in cut:
        cut = cut[: cut.rindex(" ")]
    return cut.rstrip()


def split(text: str, most: int) -> list[str]:
    """The text in messages of at most that many segments each, cut as `trim` does; nothing but white space is lost."""
    parts = []
    rest = text.strip()
    while rest:
        part = trim(rest, most) or rest[:1]
        parts.append(part)
        rest = rest[len(part) :].lstrip()
    return parts
