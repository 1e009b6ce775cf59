"""Taking out of a message what says who somebody is, before it is stored or logged anywhere: it is never needed (safety.md, P7).

Phone numbers, e-mail addresses, numbers of documents, dates of birth, and the name after "my name is" (data/words/names.yml)
become "…"; a position is rounded to about 1 km, since that somebody is at sea must still be understood.

It is the second line of defence: a message is sealed while it waits, and deleted with its answer (bot/mailbox/sealing.py).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import yaml

from bot.languages import served
from bot.messages import Inbound, pressed
from bot.settings import ROOT

__all__ = ["NAMES", "PLACEHOLDER", "Redacted", "redact", "redact_line", "redacted"]

log = logging.getLogger(__name__)

PLACEHOLDER = "…"
NAMES = ROOT / "data" / "words" / "names.yml"
_LONGEST_NAME = 4
"""Words of a name at most, where each begins with a capital letter."""


@dataclass(frozen=True)
class Redacted:
    """A text without what was taken out of it."""

    text: str
    kinds: frozenset[str] = frozenset()
    """What was found: email, phone, document, birth, name, position, link."""


# --- positions and links ------------------------------------------------------------------------------------------------

_DEGREES = r"[NSEWnsew]?\s?[-+−]?\d{1,3}[.,٫]\d{3,}\s?°?\s?[NSEWnsew]?"
_PAIR = re.compile(rf"(?<![\w.,]){_DEGREES}[\s,;/،|]{{1,4}}{_DEGREES}(?![\w])")
_SINGLE = re.compile(r"(?<![\w.,])[-+−]?\d{1,3}[.,٫]\d{4,}(?!\w)")
_LONG = re.compile(r"(\d{1,3}[.,٫]\d{2})\d+")
_MINUTES = re.compile(
    r"(?P<degrees>\d{1,3})\s?(?:°|º|deg|d)\s?(?P<minutes>\d{1,2})(?:[.,٫]\d+)?\s?['’′m]?\s?"
    r"(?:\d{1,2}(?:[.,٫]\d+)?\s?(?:\"|”|″|''|s)?)?(?=\s?[NSEWnsew]\b|\W|$)"
)
_PLUS = re.compile(
    r"(?<![\w+])(?P<area>[23456789CFGHJMPQRVWX]{6})[23456789CFGHJMPQRVWX]{2}\+[23456789CFGHJMPQRVWX]{2,7}(?!\w)", re.I
)
_PLUS_LOCAL = re.compile(r"(?<![\w+])[23456789CFGHJMPQRVWX]{4}\+[23456789CFGHJMPQRVWX]{2,3}(?!\w)")
_THREE_WORDS = re.compile(r"///\w+(?:\.\w+){2}")
_LINK = re.compile(r"(?P<host>\bhttps?://[^\s/?#]+|\b(?:www\.)[^\s/?#]+)(?P<rest>[/?#]\S*)", re.I)

# --- who somebody is ----------------------------------------------------------------------------------------------------

_MAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]+\s?(?:@|\(at\)|\[at\]|＠)\s?[\w-]+(?:\s?(?:\.|\(dot\)|\[dot\]|。)\s?[\w-]+)+", re.I
)
_HANDLE = re.compile(r"(?<![\w@/.])@[A-Za-z][A-Za-z0-9_.]{3,31}(?!\w)")
_MACHINE_READABLE = re.compile(r"[A-Z0-9]{1,3}<[A-Z0-9<]{8,}")
_BIRTH = re.compile(
    r"(?<!\w)(?:(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|1[0-2])|(?:0?[1-9]|1[0-2])[./-](?:0?[1-9]|[12]\d|3[01]))[./-]"
    r"(?:19\d\d|200\d|201\d)(?!\w)|(?<!\w)(?:19\d\d|200\d|201\d)[./-](?:0?[1-9]|1[0-2])[./-](?:0?[1-9]|[12]\d|3[01])(?!\w)"
)
_DATE = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{2,4}")
_BETWEEN = r"[\s().\-–—/‑·\u2066-\u2069\u200b-\u200f]{0,3}"
_NUMBER = re.compile(
    rf"(?<![\w.,+])(?:(?:[^\W\d_]{{1,3}}[-.]?|[A-ZА-Я]{{1,3}}\s)(?=\d))?[+＋(]*\d(?:{_BETWEEN}\d){{6,40}}[^\W\d_]?(?![\w])"
)
_MIXED = re.compile(r"(?<![\w-])(?=(?:[A-Za-z-]*\d){5,})(?=\d*-?[A-Za-z])[A-Za-z0-9-]{7,20}(?!\w)")
_FEWEST_DIGITS = 7
"""A number of fewer digits may be a price, a year, a number to call in danger."""


def redact(text: str) -> Redacted:
    """The text without phone numbers, addresses, numbers of documents and names, its positions rounded to about 1 km."""
    kinds: set[str] = set()

    def put(kind: str, instead: str = PLACEHOLDER) -> Any:
        def replaced(_: re.Match[str]) -> str:
            kinds.add(kind)
            return instead

        return replaced

    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        """A rounded position, out of reach of what looks for numbers."""
        kinds.add("position")
        kept.append(_LONG.sub(r"\1", found.group()))
        return f"\0{len(kept) - 1}\0"

    def minutes(found: re.Match[str]) -> str:
        kinds.add("position")
        kept.append(f"{found['degrees']}°{found['minutes']}'")
        return f"\0{len(kept) - 1}\0"

    def area(found: re.Match[str]) -> str:
        kinds.add("position")
        kept.append(f"{found['area']}00+")
        return f"\0{len(kept) - 1}\0"

    def number(found: re.Match[str]) -> str:
        shown = found.group().strip()
        if _DATE.fullmatch(shown) or sum(c.isdigit() for c in shown) < _FEWEST_DIGITS:
            return found.group()
        kinds.add("document" if shown[0].isalpha() or shown[-1].isalpha() else "phone")
        return PLACEHOLDER

    text = text.replace("\0", "")
    text = _MAIL.sub(put("email"), text)
    text = _PAIR.sub(keep, text)
    text = _LINK.sub(lambda m: _link(m, kinds), text)
    text = _MINUTES.sub(minutes, text)
    text = _SINGLE.sub(keep, text)
    text = _PLUS.sub(area, text)
    text = _PLUS_LOCAL.sub(put("position"), text)
    text = _THREE_WORDS.sub(put("position"), text)
    text = _HANDLE.sub(put("email"), text)
    text = _MACHINE_READABLE.sub(put("document"), text)
    text = _BIRTH.sub(put("birth"), text)
    text = _NUMBER.sub(number, text)
    text = _MIXED.sub(put("document"), text)
    text = _without_names(text, kinds)
    text = re.sub("\0(\\d+)\0", lambda m: kept[int(m[1])], text)
    return Redacted(text, frozenset(kinds))


def _link(found: re.Match[str], kinds: set[str]) -> str:
    """A link without what stands behind the host, which may name a person or a place; a position in it is kept out there."""
    kinds.add("link")
    position = re.search("\0\\d+\0", found["rest"])
    return f"{found['host']}/{position.group() if position else PLACEHOLDER}"


# --- names --------------------------------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_][^\s!-&(-,./:-@\[-`{-~¡¿«»“”„،؛؟۔।॥።፡፣፤፥፦፧…\0]*")
"""To the next blank or punctuation: the vowel signs of many scripts are no letters for `\\w`."""
_GAP = re.compile(r"[ \t\u00a0\u200b-\u200f\u2066-\u2069]+")


@lru_cache(maxsize=1)
def _names() -> tuple[re.Pattern[str], frozenset[str], frozenset[str]]:
    """What stands before a name; words that are no name; words that may stand between ("is", "e", "ነው") or end it."""
    rows: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load(NAMES.read_text(encoding="utf-8"))
    codes = {language.code for language in served()}
    before = sorted({str(w) for code in codes for w in rows.get(code, {}).get("before", ())}, key=len, reverse=True)
    no_name = {_bare(str(w)) for code in codes for w in rows.get(code, {}).get("no_name", ())}
    between = {_bare(str(w)) for code in codes for w in rows.get(code, {}).get("between", ())}
    phrases = "|".join(r"\s+".join(map(_loose, phrase.split())) for phrase in before)
    return re.compile(rf"(?<!\w)(?:{phrases})(?!\w)\s*[:=,\-–]?\s*", re.I), frozenset(no_name), frozenset(between)


def _loose(word: str) -> str:
    return re.escape(word).replace("'", "['’ʼ`´]?")


def _bare(word: str) -> str:
    return word.casefold().replace("’", "'")


def _without_names(text: str, kinds: set[str]) -> str:
    pattern, no_name, between = _names()
    pieces: list[str] = []
    at = known = 0
    for found in pattern.finditer(text):
        if found.start() < max(at, known):
            continue
        start, end = _name_span(text, found.end(), no_name, between)
        if start == end and (word := _WORD.match(text, found.end())):
            known = word.end()  # "adım adım": step by step
        if end > start:
            kinds.add("name")
            pieces += [text[at:start], PLACEHOLDER]
            at = end
    return "".join(pieces) + text[at:]


def _name_span(text: str, at: int, no_name: frozenset[str], between: frozenset[str]) -> tuple[int, int]:
    """Where a name begins and ends in `text` from `at` on; equal if none is there.

    The first word is one unless it is known not to be. Further ones belong to it if they begin with a capital as it does, or,
    in small letters and in scripts without capitals, if one more ends the sentence: "my name is omar haddad. i need ..."."""
    words: list[re.Match[str]] = []
    position = at
    while len(words) < _LONGEST_NAME + 2:
        word = _WORD.match(text, position)
        if not word:
            break
        words.append(word)
        gap = _GAP.match(text, word.end())
        if not gap:
            break
        position = gap.end()
    while words and _bare(words[0].group()) in between:
        words.pop(0)
    if not words or _bare(words[0].group()) in no_name:
        return at, at
    first = words[0].group()
    end = words[0].end()
    if first[0].isupper():
        for word in words[1:_LONGEST_NAME]:
            if not word.group()[0].isupper() or _bare(word.group()) in no_name:
                break
            end = word.end()
    elif len(words) > 1 and _ends(words, 2, no_name, between) and _bare(words[1].group()) not in no_name | between:
        end = words[1].end()
    return words[0].start(), end


def _ends(words: list[re.Match[str]], count: int, no_name: frozenset[str], between: frozenset[str]) -> bool:
    return len(words) == count or _bare(words[count].group()) in no_name | between


# --- messages and lines of logs -----------------------------------------------------------------------------------------


def redacted(message: Inbound) -> Inbound:
    """The message as it may be stored. Its `metadata` says what was taken out: {"redacted": ["name", "phone"]}.

    Never raises: a message that cannot be read is stored as it is, since somebody may be in danger. What a button sends, and
    what is only parsed (the inspection contract), stays."""
    if not message.text or pressed(message.text) or message.channel == "parse":
        return message
    try:
        found = redact(message.text)
    except Exception as error:
        log.error("a message was not redacted: %s", type(error).__name__)
        return message
    if not found.kinds:
        return message
    metadata = {**message.metadata, "redacted": sorted(found.kinds)}
    return replace(message, text=found.text, metadata=metadata)


_LINE_NUMBER = re.compile(rf"(?<![\w.,:-])(?:\+|00)\d(?:{_BETWEEN}\d){{6,14}}(?!\w)|(?<![\w.:/-])\d{{9,15}}(?![\w.:-])")


def redact_line(line: str) -> str:
    """A line of a log without phone numbers and e-mail addresses, should one have come into it."""
    return _LINE_NUMBER.sub(PLACEHOLDER, _MAIL.sub(PLACEHOLDER, line) if "@" in line else line)
