"""Checks of a translated text against its source. Errors refuse it; warnings are shown, and a person decides."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from bot.languages import Language
from bot.replies.checks import RULES, SCRIPTS
from bot.replies.neutrality import findings
from directory.translations.kinds import Field, Kind

__all__ = ["Note", "check_field", "check_words", "clean", "neutral"]

_LINK = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\S+")
_PHONE = re.compile(r"(?:\+|\b00)?\d(?:[\s().\-/\u2011]?\d){6,}")
_MAIL = re.compile(r"\S+@\S+\.\w+")
_KEPT = "\n\u200c\u200d"
"""Invisible characters that spelling needs: a line's end, and the joiners of Persian and Bengali."""
_SHARE = 0.5
"""Share of its letters that a text has at least in the script of its language; names of organisations stay in theirs."""


@dataclass(frozen=True)
class Note:
    """What is wrong, or doubtful, with one field."""

    field: str
    rule: str
    text: str
    error: bool = False
    """Refused, unlike a warning."""


def clean(text: str) -> str:
    """The text as it is kept: NFC, plain line ends, no spaces around, no invisible marks (the bot sets directions itself)."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    kept = (c for c in text if c in _KEPT or unicodedata.category(c) not in ("Cf", "Cc", "Cs", "Co", "Cn"))
    return "\n".join(line.rstrip() for line in "".join(kept).strip().split("\n"))


def _scripts(text: str) -> dict[str, int]:
    """Letters by the first word of their Unicode names (LATIN, ARABIC), links left out."""
    counts: dict[str, int] = {}
    for letter in _LINK.sub(" ", text):
        if letter.isalpha() and (name := unicodedata.name(letter, "?").split()[0]) != "MODIFIER":
            counts[name] = counts.get(name, 0) + 1
    return counts


def _numbers(text: str) -> Counter[str]:
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in _LINK.sub(" ", text))
    return Counter(re.findall(r"\d+", plain))


_PARTS: dict[str, Callable[[str], Counter[str]]] = {
    "numbers": _numbers,
    "links": lambda text: Counter(re.findall(r"https?://\S+", text)),
    "placeholders": lambda text: Counter(re.findall(r"\{[^{}]*\}?|\}", text)),
}


def _content(field: Field, source: str, text: str, language: Language) -> Iterator[Note]:
    """What must be the same: numbers, links, words in braces; each message says which ones lack and which are too many."""
    said = {
        "numbers": _("The numbers are not those of the source."),
        "links": _("The links are not those of the source."),
        "placeholders": _("The words in braces are not those of the source."),
    }
    for rule, message in said.items():
        if not RULES[rule](source, text, language):
            continue
        ours, theirs = _PARTS[rule](source), _PARTS[rule](text)
        if lacking := ", ".join((ours - theirs).elements()):
            message += " " + _("Missing: %(parts)s.") % {"parts": lacking}
        if odd := ", ".join((theirs - ours).elements()):
            message += " " + _("Not in the source: %(parts)s.") % {"parts": odd}
        yield Note(field.name, rule, message, error=True)


def _script(field: Field, source: str, text: str, language: Language) -> Iterator[Note]:
    counts, wanted = _scripts(text), SCRIPTS[language.script]
    total = sum(counts.values())
    foreign = {name: count for name, count in counts.items() if name != wanted}
    if total and counts.get(wanted, 0) < _SHARE * total and not (field.title and text == source):
        message = _("This is not in the script of %(language)s.")
        yield Note(field.name, "script", message % {"language": language.english}, error=True)
    elif foreign and not (field.title and text == source):
        words = re.findall(r"[^\W\d_]+", _LINK.sub(" ", text))
        odd = [word for word in words if set(_scripts(word)) - {wanted}]
        yield Note(field.name, "script", _("Words of another script: %(words)s.") % {"words": ", ".join(odd[:5])})


def _doubts(field: Field, source: str, text: str, language: Language) -> Iterator[Note]:
    if text == source and not field.title and len(text.split()) > 1:
        yield Note(field.name, "same", _("This is the same as the source."))
    for number in sorted({found.strip() for found in _PHONE.findall(_LINK.sub(" ", text))}):
        message = _(
            "%(fact)s looks like a phone number. Numbers belong to the contacts, where they stay fresh in every language."
        )
        yield Note(field.name, "facts", message % {"fact": number})
    for address in sorted(set(_MAIL.findall(text))):
        message = _("%(fact)s looks like an e-mail address. It belongs to the contacts.")
        yield Note(field.name, "facts", message % {"fact": address})


def neutral(field: Field, text: str, language: Language, *, strict: bool = False) -> Iterator[Note]:
    """Sentences that are not neutral. `strict`: rules that block are errors (before a text goes live), else warnings."""
    for found in findings(text, language.code):
        message = _("Not neutral (%(rule)s): “%(sentence)s”. Say the fact, without advice or judgement.")
        error = strict and found.severity == "block"
        yield Note(field.name, "neutrality", message % {"rule": found.rule, "sentence": found.sentence}, error=error)


def check_field(field: Field, source: str, text: str, language: Language, *, strict: bool = True) -> Iterator[Note]:
    """Everything about one field. `strict`: nothing may be missing, and what is not neutral is refused, because it goes live."""
    if len(text) > field.limit:
        message = _("%(count)d characters; at most %(limit)d fit.")
        yield Note(field.name, "long", message % {"count": len(text), "limit": field.limit}, error=True)
    if not field.long and "\n" in text:
        yield Note(field.name, "lines", _("This must stand on one line."), error=True)
    if not text:
        if source and strict:
            yield Note(field.name, "missing", _("Not translated yet."), error=True)
        return
    if not source:
        yield Note(field.name, "extra", _("The source says nothing here; correct the source first."), error=True)
        return
    yield from _content(field, source, text, language)
    yield from _script(field, source, text, language)
    yield from _doubts(field, source, text, language)
    yield from neutral(field, text, language, strict=strict)


def check_words(
    kind: Kind, source: Mapping[str, str], words: Mapping[str, str], language: Language, *, strict: bool = True
) -> list[Note]:
    """All notes on a wording, in the order of the fields."""
    return [
        note
        for field in kind.fields
        for note in check_field(field, source[field.name], words.get(field.name, ""), language, strict=strict)
    ]
