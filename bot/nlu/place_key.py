"""One spelling for all spellings of a name: the key under which a place is stored and looked up."""

from __future__ import annotations

import unicodedata

__all__ = ["key", "script_of"]

_DROPPED = (
    (0x0300, 0x036F),  # accents of Latin, Greek and Cyrillic
    (0x0591, 0x05C7),  # Hebrew points
    (0x0610, 0x061A),
    (0x064B, 0x065F),  # Arabic vowel signs, hamza above and below
    (0x0670, 0x0670),
    (0x06D6, 0x06ED),
    (0x200B, 0x200F),  # zero-width characters and directional marks
    (0x202A, 0x202E),
    (0x2060, 0x2069),
)
_LETTERS = {
    "ى": "ي", "ی": "ي", "ې": "ي", "ے": "ي", "ێ": "ي", "ک": "ك", "ڪ": "ك", "ة": "ه", "ہ": "ه", "ھ": "ه", "ە": "ه",
    "ۃ": "ه", "ٱ": "ا", "ۆ": "و", "ۇ": "و", "ٺ": "ت", "ـ": "", "ء": "",
    "ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ħ": "h", "ґ": "г",
    "'": "", "’": "", "‘": "", "`": "", "´": "", "ʻ": "", "ʼ": "", "ʿ": "", "ʾ": "", "ʹ": "", "ʺ": "", "ˈ": "", "“": "",
    "”": "", '"': "",
}  # fmt: skip
_ETHIOPIC = {  # letters that are read alike and written either way: U+1210 for U+1200 and so on
    **{0x1210 + i: 0x1200 + i for i in range(8)},
    **{0x1280 + i: 0x1200 + i for i in range(8)},
    **{0x1220 + i: 0x1230 + i for i in range(8)},
    **{0x12D0 + i: 0x12A0 + i for i in range(7)},
    **{0x1340 + i: 0x1338 + i for i in range(7)},
}
_ETHIOPIC_A = {0x1203: 0x1200, 0x12A3: 0x12A0}  # ሃ and ኣ are read like the first form of their row


def _fold(code: int) -> str:
    """What one character becomes in a key: "" if it is dropped, " " if it parts words."""
    if code in _ETHIOPIC or code in _ETHIOPIC_A:
        code = _ETHIOPIC.get(code, code)
        return chr(_ETHIOPIC_A.get(code, code))
    folded = []
    for char in unicodedata.normalize("NFKD", chr(code).casefold()).casefold():
        if char in _LETTERS:
            folded.append(_LETTERS[char])
        elif any(low <= ord(char) <= high for low, high in _DROPPED):
            continue
        elif char.isalnum() or unicodedata.category(char)[0] == "M":  # vowel signs of Brahmic scripts carry meaning
            folded.append(char)
        else:
            folded.append(" ")
    return "".join(folded)


class _Table(dict[int, str]):
    """Character table for `str.translate` that fills itself."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(code)
        return folded


_TABLE = _Table()


def key(text: str) -> str:
    """`text` without case, accents, apostrophes and joiners, one form for each letter, words parted by one blank.

    Folds Latin, Greek and Cyrillic accents, final sigma, Arabic vowel signs and letter forms (alef, yeh, kaf, heh,
    hamza), Ethiopic letters that are read alike. Vowel signs of Brahmic scripts stay.
    """
    return " ".join(text.translate(_TABLE).split())


_SCRIPTS = (
    (0x0041, 0x024F, "Latn"), (0x1E00, 0x1EFF, "Latn"), (0x0370, 0x03FF, "Grek"), (0x1F00, 0x1FFF, "Grek"),
    (0x0400, 0x052F, "Cyrl"), (0x0530, 0x058F, "Armn"), (0x0590, 0x05FF, "Hebr"), (0x0600, 0x06FF, "Arab"),
    (0x0750, 0x077F, "Arab"), (0xFB50, 0xFDFF, "Arab"), (0xFE70, 0xFEFC, "Arab"), (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"), (0x0E00, 0x0E7F, "Thai"), (0x1000, 0x109F, "Mymr"), (0x10A0, 0x10FF, "Geor"),
    (0x1200, 0x139F, "Ethi"), (0x1780, 0x17FF, "Khmr"), (0x3040, 0x30FF, "Kana"), (0x4E00, 0x9FFF, "Hani"),
    (0xAC00, 0xD7AF, "Hang"),
)  # fmt: skip


def script_of(text: str) -> str:
    """ISO 15924 code of the first letter's script ("" without a letter of a script that is told apart here)."""
    for char in text:
        if char.isalpha():
            code = ord(char)
            for low, high, script in _SCRIPTS:
                if low <= code <= high:
                    return script
            return ""
    return ""
