"""Scripts of texts: which writing system a message uses, and letters that only one language has."""

from __future__ import annotations

import re
from bisect import bisect_right

__all__ = ["TELLING", "letters_by_script", "main_script", "script_of"]

_RANGES = sorted(
    (first, last, script)
    for script, spans in {
        "Latn": "0041-005A 0061-007A 00AA-00AA 00BA-00BA 00C0-00D6 00D8-00F6 00F8-02AF 1E00-1EFF FF21-FF3A FF41-FF5A",
        "Grek": "0370-03FF 1F00-1FFF",
        "Cyrl": "0400-052F 1C80-1C8F 2DE0-2DFF A640-A69F",
        "Armn": "0531-058F",
        "Hebr": "0590-05FF FB1D-FB4F",
        "Arab": "0600-06FF 0750-077F 0870-08FF FB50-FDFF FE70-FEFC",
        "Deva": "0900-097F A8E0-A8FF",
        "Beng": "0980-09FF",
        "Guru": "0A00-0A7F",
        "Taml": "0B80-0BFF",
        "Thai": "0E00-0E7F",
        "Mymr": "1000-109F",
        "Geor": "10A0-10FF",
        "Ethi": "1200-139F 2D80-2DDF AB00-AB2F",
        "Hans": "3040-30FF 3400-4DBF 4E00-9FFF",
        "Hang": "1100-11FF AC00-D7AF",
    }.items()
    for first, last in (tuple(int(end, 16) for end in span.split("-")) for span in spans.split())
)
"""Blocks of letters (Unicode 15, Blocks.txt), ISO 15924 codes; Chinese and Japanese are one here."""
_FIRSTS = [first for first, _, _ in _RANGES]

TELLING: dict[str, str] = {
    "ur": "ٹڈڑںے",
    "ps": "ټډړښځڅېۍ",
    "ckb": "ڵۆێ",
    "uk": "іїєґІЇЄҐ",
    "ru": "ыэъёЫЭЪЁ",
}
"""Letters that, among the languages of locales/languages.yml, only one writes."""

_LINKS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+|[@#]\w+")


def script_of(char: str) -> str | None:
    """ISO 15924 code of a letter's script; None for what is no letter or of a script that nobody here writes."""
    if not char.isalpha():
        return None
    code = ord(char)
    at = bisect_right(_FIRSTS, code) - 1
    return _RANGES[at][2] if at >= 0 and code <= _RANGES[at][1] else None


def without_links(text: str) -> str:
    """The text without addresses of pages, mail addresses and handles, which are of no language."""
    return _LINKS.sub(" ", text)


def letters_by_script(text: str) -> dict[str, int]:
    """How many letters of each script a text has."""
    counts: dict[str, int] = {}
    for char in text:
        script = script_of(char)
        if script:
            counts[script] = counts.get(script, 0) + 1
    return counts


def main_script(text: str) -> str | None:
    """The script that a message is written in. Latin counts half: names and "wifi" stand in sentences of every script."""
    counts = letters_by_script(text)
    return max(counts, key=lambda script: counts[script] * (1 if script == "Latn" else 2)) if counts else None
