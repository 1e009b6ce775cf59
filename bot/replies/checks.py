"""Checks of a translation against the English source: nothing missing, nothing changed that must not change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.languages import Language
from bot.replies.catalogue import placeholders
from bot.replies.po import BotCatalog

__all__ = ["RULES", "SCRIPTS", "Problem", "check", "check_text"]

_LINK = re.compile(r"https?://\S+")
_WORD = re.compile(r"[^\W\d_]+")
_BRACES = re.compile(r"\{\w*\}")

_NAMES = frozenset({"Waypost", "WhatsApp", "Telegram", "Signal", "SMS", "JavaScript", "GPS", "Web", "Menu", "Details"})
"""Words that may stand unchanged in every language: names, and words that some languages share with English."""

_ENGLISH = frozenset(
    """the you your this that these they them their and with from what which where when here there not are is was have
    has help people place places write need number call tell want know can cannot about other more""".split()  # noqa: SIM905
)
"""Words that only English has: one of them in a translation is a piece that was left over."""

SCRIPTS = {"Latn": "LATIN", "Arab": "ARABIC", "Beng": "BENGALI", "Cyrl": "CYRILLIC", "Ethi": "ETHIOPIC"}
"""ISO 15924 code to the first word of the Unicode names of its letters."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one text of one language."""

    language: str
    key: str
    rule: str
    detail: str

    def __str__(self) -> str:
        return f"{self.language}: {self.key}: {self.rule}: {self.detail}"


def _digits(text: str) -> list[str]:
    folded = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in _LINK.sub(" ", text))
    return sorted(re.findall(r"\d+", folded))


def _same_placeholders(source: str, text: str, language: Language) -> str:
    ours, theirs = placeholders(source), placeholders(text)
    loose = _BRACES.sub("", text)
    if "{" in loose or "}" in loose:
        return "a brace that is no placeholder"
    return "" if ours == theirs else f"{theirs} where the source has {ours}"


def _same_numbers(source: str, text: str, language: Language) -> str:
    ours, theirs = _digits(source), _digits(text)
    return "" if ours == theirs else f"{theirs} where the source has {ours}"


def _same_links(source: str, text: str, language: Language) -> str:
    ours, theirs = sorted(_LINK.findall(source)), sorted(_LINK.findall(text))
    return "" if ours == theirs else f"{theirs} where the source has {ours}"


def _own_script(source: str, text: str, language: Language) -> str:
    wanted = SCRIPTS[language.script]
    for word in _WORD.findall(_BRACES.sub(" ", text)):
        scripts = {unicodedata.name(letter, "?").split()[0] for letter in word if letter.isalpha()}
        if scripts - {wanted, "MODIFIER"} and word not in _NAMES:
            return f"letters of {', '.join(sorted(scripts - {wanted}))} in {word!r}"
    return ""


def _no_english(source: str, text: str, language: Language) -> str:
    words = [word for word in _WORD.findall(_BRACES.sub(" ", text)) if word not in _NAMES]
    if words and text == source:
        return "the same as the English source"
    left = sorted({word for word in words if word.lower() in _ENGLISH})
    return f"English words {', '.join(left)}" if left else ""


def _no_marks(source: str, text: str, language: Language) -> str:
    bad = sorted({f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in {"Cf", "Cc"} and c not in "\n\u200c"})
    return f"invisible characters {', '.join(bad)}" if bad else ""


RULES: Mapping[str, Callable[[str, str, Language], str]] = {
    "placeholders": _same_placeholders,
    "numbers": _same_numbers,
    "links": _same_links,
    "script": _own_script,
    "english": _no_english,
    "marks": _no_marks,
}
"""Name of a rule and its function of source, translation and language: what is wrong, or an empty text."""


def check_text(source: str, text: str, language: Language) -> Iterator[tuple[str, str]]:
    """(rule, detail) of everything that is wrong with one translation."""
    for rule, find in RULES.items():
        detail = find(source, text, language)
        if detail:
            yield rule, detail


def check(catalog: BotCatalog, sources: Mapping[str, str], language: Language) -> Iterator[Problem]:
    """Everything that is wrong with the catalogue of a language; `sources` is the English by key."""
    if catalog.state != language.review:
        detail = f"X-Waypost-State is {catalog.state}, locales/languages.yml says {language.review}"
        yield Problem(language.code, "header", "state", detail)
    found = {message.context: message for message in catalog if message.id}
    for key in sorted(set(found) - set(sources), key=str):
        yield Problem(language.code, str(key), "extra", "no such text in the source")
    for key, source in sources.items():
        message = found.get(key)
        if message is None or message.id != source:
            detail = "not in the catalogue" if message is None else "the English has changed"
            yield Problem(language.code, key, "missing", f"{detail}; run update")
        elif not message.string:
            yield Problem(language.code, key, "untranslated", source)
        elif message.fuzzy:
            yield Problem(language.code, key, "fuzzy", "a guess that nobody confirmed")
        else:
            for rule, detail in check_text(source, str(message.string), language):
                yield Problem(language.code, key, rule, detail)
