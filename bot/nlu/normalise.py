"""Brings what people type to one form for matching: code points, case, vowel signs, repeated letters, homophones.

Two forms are used. `tidy` keeps spelling, case and accents and only removes what nobody sees: it is what the sentence encoder and
the script rules read. `normalise` folds everything in which two people may differ who mean the same word; it is for matching only
and is never shown. `Normalised` also remembers where each character came from, so that a match can be given as a span of the
message. Combining marks of Brahmic and Ethiopic scripts are part of the letter and are never removed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Normalised", "key", "letters", "normalise", "tidy", "trace"]

_INVISIBLE: dict[int, None] = dict.fromkeys(
    [
        0x00AD,  # soft hyphen
        0x034F,  # combining grapheme joiner
        0x061C,  # Arabic letter mark
        0x180E,
        *range(0x200B, 0x2010),  # zero-width space, joiners, marks of direction
        *range(0x202A, 0x202F),  # embeddings and overrides of direction
        *range(0x2060, 0x2070),  # word joiner, isolates
        0xFEFF,
        *range(0xFE00, 0xFE10),  # variation selectors (emoji style)
        *range(0xFFF9, 0xFFFC),
    ]
)
_TATWEEL = "\u0640"
_ARABIC_MARKS = frozenset(
    chr(c)
    for c in (*range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670, *range(0x06D6, 0x06DD), *range(0x06DF, 0x06E9))
) | frozenset("\u06ea\u06eb\u06ec\u06ed")
_APOSTROPHES = dict.fromkeys(
    map(ord, "\u2018\u2019\u201a\u201b\u02bc\u02bb\u02b9\u02bd\u02be\u02bf\u02c8\u2032\u0060\u00b4\uff07"), "'"
)
_UNSEEN = {**_INVISIBLE, **_APOSTROPHES}
_DROPPED = _ARABIC_MARKS | {_TATWEEL, *map(chr, _INVISIBLE)}
_LETTERS = {
    # Arabic-script keyboards: one letter, several code points (Unicode 15, chapter 9.2)
    **dict.fromkeys("أإآٱٲٳ", "ا"),
    **dict.fromkeys("ىیېۍئێ", "ي"),
    **dict.fromkeys("کڪ", "ك"),
    **dict.fromkeys("ةەۀۂہھۃ", "ه"),
    **dict.fromkeys("ؤۆ", "و"),  # ۆ ێ ڕ ڵ ڤ: Sorani, whose marks many leave out
    "ڕ": "ر",
    "ڵ": "ل",
    "ڤ": "ف",
    "ګ": "گ",
    # Latin letters that have no decomposition
    "ı": "i",
    "œ": "oe",
    "æ": "ae",
    "ø": "o",
    "đ": "d",
    "ł": "l",
}


def _ethiopic() -> dict[str, str]:
    """Series that Amharic speakers write for one another because they sound alike: ሐ ኀ ኸ as ሀ, ሠ as ሰ, ዐ as አ, ፀ as ጸ."""
    series = {0x1210: 0x1200, 0x1280: 0x1200, 0x12B8: 0x1200, 0x1220: 0x1230, 0x12D0: 0x12A0, 0x1340: 0x1338}
    folded = {chr(start + order): chr(to + order) for start, to in series.items() for order in range(7)}
    first_order = {"\u1203": "\u1200", "\u12a3": "\u12a0", "\u12c9": "\u12cd"}  # ሃ sounds like ሀ, ኣ like አ, ዉ like ው
    return {**{letter: first_order.get(to, to) for letter, to in folded.items()}, **first_order}


_LETTERS |= _ethiopic()
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_RUN2 = re.compile(r"([^\W\d_])\1+")


def tidy(text: str) -> str:
    """The text in NFKC without invisible characters and tatweel, apostrophes unified, white space single."""
    text = unicodedata.normalize("NFKC", text.translate(_UNSEEN)).replace(_TATWEEL, "")
    return " ".join(text.split())


@lru_cache(maxsize=1 << 15)
def _fold(cluster: str) -> str:
    """One letter with its marks in matching form; may become several characters or none."""
    composed = unicodedata.normalize("NFKC", cluster.translate(_UNSEEN))
    out: list[str] = []
    for char in unicodedata.normalize("NFKC", composed.casefold()).translate(_UNSEEN):
        if char in _ARABIC_MARKS or char == _TATWEEL:
            continue
        if "\u00c0" <= char <= "\u024f" or "\u1e00" <= char <= "\u1eff":  # Latin with accents
            char = unicodedata.normalize("NFD", char)[0]
        elif "\u0300" <= char <= "\u036f" and out and (out[-1].isascii() or out[-1].isspace()):
            continue  # an accent that did not compose
        elif not char.isascii() and char.isdecimal():
            char = str(unicodedata.decimal(char))
        out.append(_LETTERS.get(char, char))
    return "".join(out)


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans of base characters with the marks that follow them, also behind what is not seen."""
    spans: list[tuple[int, int]] = []
    for position, char in enumerate(text):
        if spans and not char.isascii() and (unicodedata.category(char)[0] == "M" or char in _DROPPED):
            spans[-1] = (spans[-1][0], position + 1)
        else:
            spans.append((position, position + 1))
    return spans


@dataclass(frozen=True)
class Normalised:
    """A text in matching form that knows where each of its characters came from."""

    text: str
    """Matching form: what `normalise` returns."""
    original: str
    starts: tuple[int, ...]
    """For each character of `text`, where the original letter begins."""
    ends: tuple[int, ...]
    """For each character of `text`, where the original letter (with its marks and repetitions) ends."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the original. Raises IndexError for an empty or outlying span."""
        if not 0 <= start < end <= len(self.text):
            raise IndexError(f"no span {start}:{end} in {len(self.text)} characters")
        return self.starts[start], self.ends[end - 1]


def trace(text: str) -> Normalised:
    """`normalise`, keeping for each character its place in `text`."""
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(text):
        for char in _fold(text[start:end]):
            if char.isspace():
                if not chars or chars[-1] == " ":
                    continue
                char = " "
            chars.append(char)
            starts.append(start)
            ends.append(end)
    if chars and chars[-1] == " ":
        chars.pop()
    folded = "".join(chars)
    kept = list(range(len(chars)))
    last = {position: position for position in kept}
    for run in _RUN.finditer(folded):
        dropped = set(range(run.start() + 1, run.end()))
        kept = [position for position in kept if position not in dropped]
        last[run.start()] = run.end() - 1
    return Normalised(
        "".join(chars[position] for position in kept),
        text,
        tuple(starts[position] for position in kept),
        tuple(ends[last[position]] for position in kept),
    )


def normalise(text: str) -> str:
    """The text in matching form: `NÉÉÉCESSITÉ` -> `necessite`, `الطّـــعام` -> `الطعام`, `٢` -> `2`."""
    folded = "".join(_fold(text[start:end]) for start, end in _clusters(text))
    return _RUN.sub(r"\1", " ".join(folded.split()))


def key(text: str) -> str:
    """What a whole message is compared by: matching form without punctuation, no letter twice in a row.

    `¡¡Holaaa!!` -> `hola`, `Hello.` -> `helo`; both sides of a comparison must be keys.
    """
    spaced = "".join(c if c == "'" or unicodedata.category(c)[0] in "LMN" else " " for c in normalise(text))
    return _RUN2.sub(r"\1", " ".join(spaced.replace("'", "").split()))


def letters(text: str) -> int:
    """How many letters a text has."""
    return sum(char.isalpha() for char in text)
