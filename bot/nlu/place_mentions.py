"""Finds place names inside a running message, in any script, and leaves everyday words alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import fuzz

from bot.nlu.place_key import key, script_of
from bot.nlu.place_words import PlaceWords, place_words

if TYPE_CHECKING:
    from bot.nlu.places import Gazetteer, Place

__all__ = ["Found", "Mention", "covers", "mentions"]

BY_NAME = 300_000
"""Only a city of this size is understood by a Latin by-name that is unlike its own name."""
LONGEST = 4
"""Words of the longest name that is looked for."""
_MARKS = "".join(c for c in map(chr, range(0x300, 0x10000)) if unicodedata.category(c)[0] == "M")
"""Vowel signs and accents, which `\\w` leaves out."""
_WORD = re.compile(rf"[\w{_MARKS}\u200c\u200d]+")
_JOINT = re.compile(r"[\s'’ʼ‘.\-–]*")
"""What may part the words of one name."""
_BREAK = re.compile(r"[.!?؟።\n]")
_LINK = re.compile(r"[\s,،፣/(\-–]*")
"""What may part a city and its country."""


class Found(NamedTuple):
    """A place that bears a name; `grade` 0: its own name, 1: another name, 2: a machine transliteration."""

    place: Place
    grade: int


@dataclass(frozen=True)
class Mention:
    """A place name in a message."""

    start: int
    end: int
    """Character positions in the text, without a preposition that is written together with the name."""
    text: str
    candidates: tuple[Place, ...]
    """Places of that name, at most 6: staff's aliases alone if there are any, else the largest first."""
    role: str = ""
    """What the word before it says: at, from (an origin), to (a destination), "" if there is none."""


class _Token(NamedTuple):
    start: int
    end: int
    key: str
    capital: bool


class _Span(NamedTuple):
    first: int
    last: int  # tokens, inclusive
    start: int
    end: int
    key: str
    role: str
    joined: bool = False


def _tokens(text: str) -> list[_Token]:
    found = ((m.start(), m.end(), m.group()) for m in _WORD.finditer(text))
    return [_Token(start, end, key(word), word[0].isupper()) for start, end, word in found]


def _cut(word: str, prefix: str) -> int:
    """Characters of `word` that make up `prefix` once folded."""
    for length in range(1, len(word)):
        if key(word[:length]) == prefix:
            return length
    return len(word)


def _stem_end(text: str, start: int, end: int, stem: str) -> int:
    """Where the name ends if what follows is a mere ending: "izmirde", "İstanbul'da"."""
    for stop in range(end - 1, start, -1):
        if text[stop - 1].isalnum() and key(text[start:stop]) == stem:
            return stop
    return end


def _spans(text: str, tokens: list[_Token], words: PlaceWords) -> Iterator[_Span]:
    """Every run of 1 to 4 words as a name, also without joined prepositions and endings; longest runs first."""
    joined = [_JOINT.fullmatch(text, a.end, b.start) is not None for a, b in pairwise(tokens)]
    for count in range(min(LONGEST, len(tokens)), 0, -1):
        for first in range(len(tokens) - count + 1):
            last = first + count - 1
            if not all(joined[first:last]):
                continue
            start, end = tokens[first].start, tokens[last].end
            whole = tokens[first].key if count == 1 else key(text[start:end])
            if len(whole) < 2 or whole.isdigit():
                continue
            yield _Span(first, last, start, end, whole, "")
            forms = [(start, whole, "")]
            if words.prefixes and not whole.isascii():
                word = text[tokens[first].start : tokens[first].end]
                for prefix, role in words.prefixes:
                    if whole.startswith("لل") and prefix == "ل":
                        continue
                    if whole.startswith(prefix) and len(whole) - len(prefix) >= 2:
                        forms.append((start + _cut(word, prefix), whole[len(prefix) :], role))
                if whole.startswith("لل") and len(whole) > 4:  # لل + name stands for ل + ال + name
                    forms.append((start, "ال" + whole[2:], "to"))
                yield from (_Span(first, last, at, end, form, role, True) for at, form, role in forms[1:])
            for suffix, by in words.suffixes:
                for at, form, role in forms:
                    stem = form[: -len(suffix)]
                    if form.endswith(suffix) and len(stem) >= 2 and len(stem + by) >= 4:
                        stop = end if by else _stem_end(text, at, end, stem)
                        yield _Span(first, last, at, stop, stem + by, role or "at", True)


def _role(text: str, tokens: list[_Token], first: int, words: PlaceWords) -> str:
    """Role given by the word or the two or three words before the token `first`, over articles."""
    at = first - 1
    while at >= 0 and first - at <= 3:
        if _BREAK.search(text, tokens[at].end, tokens[first].start):
            return ""
        for count in (3, 2, 1):
            if at - count + 1 >= 0:
                role = words.before.get(" ".join(token.key for token in tokens[at - count + 1 : at + 1]))
                if role:
                    return role
        if tokens[at].key not in words.articles:
            return ""
        at -= 1
    return ""


class _Judge:
    """Decides whether a name in this message means a place."""

    def __init__(self, gazetteer: Gazetteer, text: str, tokens: list[_Token], language: str) -> None:
        self.gazetteer, self.tokens, self.language, self.words = gazetteer, tokens, language, place_words(language)
        letters = [char for char in text if char.isalpha()]
        self.mixed = any(char.isupper() for char in letters) and any(char.islower() for char in letters)
        self.no_capitals = not any(char.isupper() for char in letters)

    def _capital(self, span: _Span) -> bool:
        """Written with a capital where that tells something: not in a message of capitals, not at its beginning."""
        return self.mixed and self.tokens[span.last].capital and self.tokens[span.first].capital and span.first > 0

    def accepts(self, span: _Span, rows: list[Found], role: str) -> bool:
        """Whether the name of `span` means a place here; `role` is that of a separate word before it."""
        place, grade = rows[0]
        words = self.words
        if place.kind == "alias":
            return bool(role or span.role) or span.key not in words.never
        parts = span.key.split()
        if span.key in words.never or all(part in words.around for part in parts):
            return False
        latin = script_of(span.key) in ("Latn", "")
        capital = self._capital(span)
        if span.key in words.weak:
            return bool(role) and (capital or not latin or (self.no_capitals and place.population >= 300_000))
        if place.kind == "country":
            return self._country(span, latin)
        if span.key in words.places:
            return True
        if span.joined:
            return self._joined(span, place.population)
        common = all(self.gazetteer.is_common(part) or part in words.around for part in parts)
        if latin:
            if grade and fuzz.ratio(span.key, key(place.name)) < 50 and not (role and place.population >= BY_NAME):
                return False  # "La Calle" is also El Kala
            return self._latin(span, place.population, grade, capital, common, bool(role))
        if common:
            return place.population >= (300_000 if role else 1_000_000)
        if len(span.key) <= 3:
            return place.population >= (50_000 if role else 500_000)
        return place.population >= (3_000 if role else 100_000)

    def _country(self, span: _Span, latin: bool) -> bool:
        if span.key in self.words.countries:  # names that CLDR does not give, such as UK
            return len(span.key) > 2 or self.tokens[span.first].capital
        if any(span.key in self.gazetteer.country_keys(code) for code in {self.language, "en", "fr", "es"} - {""}):
            return True
        if not latin:
            return not self.language and not self.gazetteer.is_common(span.key)
        foreign = self.language in ("", "ar")  # Arabic in Latin letters: "almanya", "fransa"
        return foreign and len(span.key) >= 5 and not self.gazetteer.is_common(span.key)

    def _joined(self, span: _Span, population: int) -> bool:
        """A name written together with a preposition: many words begin with these letters by chance."""
        if span.role and len(span.key) >= 4:
            return population >= (15_000 if len(span.key) >= 5 else 50_000) and (
                population >= 500_000 or not self.gazetteer.is_common(span.key)
            )
        return len(span.key) >= 5 and population >= 500_000 and not self.gazetteer.is_common(span.key)

    @staticmethod
    def _latin(span: _Span, population: int, grade: int, capital: bool, common: bool, role: bool) -> bool:
        if common and span.first == span.last:
            return role and capital and population >= 50_000
        if common:
            return population >= (5_000 if capital else 300_000) and (capital or (role and grade == 0))
        if len(span.key) <= 3:
            return role and population >= (50_000 if capital else 300_000)
        needed = ((2_000, 15_000) if role else (50_000, 250_000))[grade]
        return population >= needed / (10 if capital and not role else 2 if capital else 1)


def mentions(gazetteer: Gazetteer, text: str, language: str) -> list[Mention]:
    """See `Gazetteer.mentions`."""
    tokens = _tokens(text)
    words = place_words(language)
    spans = list(_spans(text, tokens, words))
    found = gazetteer.find({span.key for span in spans})
    judge = _Judge(gazetteer, text, tokens, language)
    real = {span: [f for f in found[span.key] if f.grade < 2] for span in spans if span.key in found}
    countries = {
        span.first for span, rows in real.items() if rows and rows[0].place.kind == "country" and not rows[0].grade
    }
    taken: set[int] = set()
    chosen: list[tuple[_Span, list[Found], str]] = []
    for span, rows in real.items():
        covered = range(span.first, span.last + 1)
        if not rows or not taken.isdisjoint(covered):
            continue
        before = _role(text, tokens, span.first, words)
        following = span.last + 1 in countries and _LINK.fullmatch(text, span.end, tokens[span.last + 1].start)
        if judge.accepts(span, rows, before or ("at" if following else "")):
            taken.update(covered)
            chosen.append((span, rows, span.role or before))
    chosen.sort(key=lambda item: item[0].start)
    return _merged(text, [_mention(text, span, rows, role) for span, rows, role in chosen])


def _mention(text: str, span: _Span, rows: list[Found], role: str) -> Mention:
    if role == "of":
        role = "from" if rows[0].place.kind == "country" else "at"
    return Mention(span.start, span.end, text[span.start : span.end], tuple(f.place for f in rows[:6]), role)


def _merged(text: str, found: list[Mention]) -> list[Mention]:
    """A city and the country beside it are one mention: "Tripoli, Lebanon"."""
    result: list[Mention] = []
    for mention in found:
        before = result[-1] if result else None
        if before is not None and _LINK.fullmatch(text, before.end, mention.start):
            for city, country in ((before, mention), (mention, before)):
                lands = {p.country for p in country.candidates if p.kind == "country"}
                inside = tuple(p for p in city.candidates if p.kind != "country" and p.country in lands)
                if inside:
                    span = (before.start, mention.end)
                    result[-1] = Mention(*span, text[slice(*span)], inside, before.role or mention.role)
                    break
            else:
                result.append(mention)
        else:
            result.append(mention)
    return result


def covers(text: str, mention: Mention, language: str) -> bool:
    """See `bot.nlu.places.covers`."""
    words = place_words(language)
    joined = {prefix for prefix, _ in words.prefixes}
    rest = [token.key for token in _tokens(text[: mention.start])] + [
        token.key for token in _tokens(text[mention.end :])
    ]
    return all(word in words.around or word in joined for word in rest)
