"""What a message tells beside its need and place: for whom, how many, how old, when, which language.

Words come from `data/words/<lang>.yml`, one file a language that a native speaker can read; languages' names from CLDR and there. Nothing here is ever asked of anybody, and nothing of it shuts anybody out: it puts a better answer first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from bot.nlu.commands import commands
from bot.nlu.normalise import key
from bot.nlu.numerals import number_in_digits
from bot.nlu.words import words_of

__all__ = ["DAYS", "DAYTIMES", "PEOPLE", "EntityWords", "entities", "entity_words", "moment"]

PEOPLE = ("woman", "man", "child", "unaccompanied_child", "family", "pregnant", "disability")
"""Values of the entity `people`. Not what could endanger somebody whose phone is read: `ranking.PEOPLE` has more."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = ("today", "tomorrow", "after_tomorrow", "weekend", *WEEKDAYS)
"""Values of the entity `day`."""
DAYTIMES = {"morning": time(9, 30), "noon": time(12), "afternoon": time(15), "evening": time(18, 30), "night": time(21)}
"""Values of the entity `daytime`, and the hour that stands for each."""
_TIMES = {
    **{day: {"day": day} for day in DAYS},
    "tonight": {"day": "today", "daytime": "night"},
    **{part: {"daytime": part} for part in DAYTIMES},
}
_ONLY_A_DAY = time(10)
"""When a service that is open on a day is most likely open."""
_OFFICE = 7
"""Hours before this one without "morning" are meant after noon: nobody asks whether a service opens at three at night."""
OLDEST, MOST, OF_AGE = 110, 999, 18
_NUMBER = "#"
_GLUED = re.compile(r"^(\d{1,3})(\D+)$")
_CLOCK = re.compile(
    r"(?<![\d:./,-])(?:(\d{1,2})\s?[:h]\s?(\d{2})|(\d{1,2})\s?(h|am|pm|uhr))(?![\d:/]|[^\W\d_])", re.IGNORECASE
)
"""18:30, 18h30, 18h, 6pm, in digits of any script."""

Entity = dict[str, Any]


@dataclass(frozen=True)
class _Word:
    text: str
    """As a key."""
    start: int
    end: int
    """Span in the message."""


@dataclass(frozen=True)
class _Found:
    """A phrase in a message: words `first` to `last` (exclusive), and the number that stood for `#`."""

    first: int
    last: int
    number: int | None


class _Phrases:
    """Phrases with `*` and `#`; finds the longest ones that do not overlap."""

    def __init__(self, phrases: Iterable[str], source: str) -> None:
        self._by_length: dict[int, list[list[str]]] = {}
        for phrase in phrases:
            parts = [_part(part, phrase, source) for part in str(phrase).split()]
            flat = [word for part in parts for word in part]
            if not flat or flat == ["*"] or flat == [_NUMBER]:
                raise ValueError(f"{source}: {phrase!r} would be found everywhere")
            self._by_length.setdefault(len(flat), []).append(flat)
        self._first: dict[int, dict[str, list[list[str]]]] = {}
        self._open: dict[int, list[list[str]]] = {}
        for length, rows in self._by_length.items():
            for row in rows:
                if "*" in row[0] or row[0] == _NUMBER:
                    self._open.setdefault(length, []).append(row)
                else:
                    self._first.setdefault(length, {}).setdefault(row[0], []).append(row)

    def find(self, words: Sequence[_Word], numbers: Mapping[str, int]) -> Iterator[_Found]:
        """All phrases of a message, from left to right."""
        at = 0
        lengths = sorted(self._by_length, reverse=True)
        while at < len(words):
            found = next((hit for length in lengths if (hit := self._at(words, at, length, numbers))), None)
            if found:
                yield found
            at = found.last if found else at + 1

    def _at(self, words: Sequence[_Word], at: int, length: int, numbers: Mapping[str, int]) -> _Found | None:
        if at + length > len(words):
            return None
        for row in (*self._first.get(length, {}).get(words[at].text, ()), *self._open.get(length, ())):
            value: int | None = None
            for part, word in zip(row, words[at:], strict=False):
                if part == _NUMBER:
                    value = _number(word.text, numbers)
                    if value is None:
                        break
                elif not _matches(part, word.text):
                    break
            else:
                return _Found(at, at + length, value)
        return None


def _part(part: str, phrase: str, source: str) -> list[str]:
    """A word of a phrase as keys; its star stays."""
    if part == _NUMBER:
        return [part]
    before, after = "*" * part.startswith("*"), "*" * part.endswith("*")
    if "*" in part.strip("*"):
        raise ValueError(f"{source}: {phrase!r}: `*` stands only at the beginning or end of a word")
    inner = key(part.strip("*")).split()
    if not inner:
        raise ValueError(f"{source}: {phrase!r} holds no letters")
    inner[0] = before + inner[0]
    inner[-1] += after
    return inner


def _matches(part: str, word: str) -> bool:
    if part.endswith("*"):
        return part[1:-1] in word if part.startswith("*") else word.startswith(part[:-1])
    return word.endswith(part[1:]) if part.startswith("*") else word == part


def _number(word: str, numbers: Mapping[str, int]) -> int | None:
    value = number_in_digits(word)
    return value if value is not None else numbers.get(word)


class EntityWords:
    """The words of one language."""

    def __init__(self, data: Mapping[str, Any], source: str = "entities") -> None:
        """`data` as in `data/words/en.yml`, `source` for messages. Raises ValueError for anything that is not understood."""
        for name, allowed in (("people", PEOPLE), ("times", _TIMES)):
            if unknown := set(data.get(name) or {}) - set(allowed):
                raise ValueError(f"{source}: {name}: no such key: {sorted(unknown)}")
        self.numbers: dict[str, int] = {}
        for value, words in (data.get("numbers") or {}).items():
            for word in words:
                if self.numbers.setdefault(key(str(word)), int(value)) != int(value):
                    raise ValueError(f"{source}: {word!r} is two numbers")

        def phrases(rows: Iterable[str] | None) -> _Phrases:
            return _Phrases(rows or (), source)

        self.people = {name: phrases(rows) for name, rows in (data.get("people") or {}).items()}
        self.times = {name: phrases(rows) for name, rows in (data.get("times") or {}).items()}
        joiners = data.get("number_joiners") or ()
        self._joiners = frozenset(key(str(word)) for word in joiners)
        self._not_times = phrases(data.get("not_times"))
        self._ages = {name: phrases(data.get(name)) for name in ("my_age", "age", "age_months", "not_age")}
        self._group = phrases(data.get("group"))
        self._hour, self._not_hour = phrases(data.get("hour")), phrases(data.get("not_hour"))
        self._noon = {name: phrases(data.get(name)) for name in ("before_noon", "after_noon")}
        self._noon_words = {
            name: half in {key(str(word)) for word in data.get(name) or ()}
            for name, half in (("before_noon", "am"), ("after_noon", "pm"))
        }
        self._starts_at = int(data.get("clock_starts_at") or 0)

    def find(self, text: str) -> list[Entity]:
        """The entities of a message, in Rasa's form."""
        words = self._sums(_words(text, self.numbers))
        days = self._days(text, words)
        return [*self._for_whom(text, words), *self._how_old_and_many(text, words), *days, *self._hours(text, words)]

    def _sums(self, words: Sequence[_Word]) -> list[_Word]:
        """The words with numbers of several words made one: "twenty five", "treinta y cinco", "kumi na tano", "shan iyo toban"."""
        out: list[_Word] = []
        at = 0
        while at < len(words):
            joined = at + 2 < len(words) and words[at + 1].text in self._joiners
            second = at + 2 if joined else at + 1
            total = self._sum(words[at], words[second], joined) if second < len(words) else None
            if total is None:
                out.append(words[at])
                at += 1
            else:
                out.append(_Word(str(total), words[at].start, words[second].end))
                at = second + 1
        return out

    def _sum(self, first: _Word, second: _Word, joined: bool) -> int | None:
        one, other = self.numbers.get(first.text), self.numbers.get(second.text)
        if one is None or other is None:
            return None
        if one >= 10 and one % 10 == 0 and 0 < other < 10:
            return one + other
        return one + other if joined and other >= 10 and other % 10 == 0 and 0 < one < 10 else None

    def _for_whom(self, text: str, words: Sequence[_Word]) -> Iterator[Entity]:
        for name, phrases in self.people.items():
            first = next(phrases.find(words, self.numbers), None)
            if first:
                yield _entity("people", name, text, words, first)

    def _how_old_and_many(self, text: str, words: Sequence[_Word]) -> Iterator[Entity]:
        taken: set[int] = set()
        for found in self._ages["not_age"].find(words, self.numbers):
            taken.update(range(found.first, found.last))
        for name in ("age_months", "my_age", "age"):
            for found in self._ages[name].find(words, self.numbers):
                span = set(range(found.first, found.last))
                if found.number is None or not 0 <= found.number <= OLDEST or span & taken:
                    continue
                taken |= span
                years = found.number // 12 if name == "age_months" else found.number
                own = {"role": "self"} if name == "my_age" else {}
                yield {**_entity("age", years, text, words, found), **own}
        for found in self._group.find(words, self.numbers):
            if (
                found.number is not None
                and 1 <= found.number <= MOST
                and not taken & set(range(found.first, found.last))
            ):
                yield _entity("group_size", found.number, text, words, found)

    def _days(self, text: str, words: Sequence[_Word]) -> list[Entity]:
        hits = [(found, name) for name, phrases in self.times.items() for found in phrases.find(words, self.numbers)]
        hits.sort(key=lambda hit: (hit[0].first - hit[0].last, hit[0].first))  # the longest first
        taken = {at for found in self._not_times.find(words, self.numbers) for at in range(found.first, found.last)}
        rows: dict[str, Entity] = {}
        for found, name in hits:
            span = set(range(found.first, found.last))
            if span & taken:
                continue
            taken |= span
            for entity, value in _TIMES[name].items():
                rows.setdefault(entity, _entity(entity, value, text, words, found))
        return [rows[name] for name in ("day", "daytime") if name in rows]

    def _is_clock(self, found: re.Match[str]) -> bool:
        """Not where "am" is no word for the morning: "3am" begins many Arabic verbs in Latin letters."""
        half = {"am": "before_noon", "pm": "after_noon"}.get((found.group(4) or "").lower())
        return half is None or self._noon_words[half]

    def _from_sunrise(self, hour: int) -> int:
        """The hour on the clock, where people count from sunrise: the third hour is nine."""
        return (hour + self._starts_at - 1) % 12 + 1 if self._starts_at and 1 <= hour <= 12 else hour

    def _hours(self, text: str, words: Sequence[_Word]) -> Iterator[Entity]:
        """The first hour of a message."""
        noon = {name: next(phrases.find(words, self.numbers), None) for name, phrases in self._noon.items()}
        written = next((found for found in _CLOCK.finditer(text) if self._is_clock(found)), None)
        if written:
            digits = number_in_digits(written.group(1) or written.group(3)) or 0
            minutes = (number_in_digits(written.group(2)) or 0) if written.group(2) else 0
            half = {"am": "before_noon", "pm": "after_noon"}.get((written.group(4) or "").lower())
            half = half or next((name for name, found in noon.items() if found), None)
            if digits <= 24 and minutes < 60:
                value = _in_24_hours(self._from_sunrise(digits), half)
                yield {
                    "entity": "hour",
                    "value": f"{value % 24:02d}:{minutes:02d}",
                    "start": written.start(),
                    "end": written.end(),
                    **({} if half or digits > 12 else {"role": "unsure"}),
                }
            return
        taken: set[int] = set()
        for found in self._not_hour.find(words, self.numbers):
            taken.update(range(found.first, found.last))
        for found in self._hour.find(words, self.numbers):
            if found.number is None or not 0 <= found.number <= 24 or taken & set(range(found.first, found.last)):
                continue
            digits = self._from_sunrise(found.number)
            half = next((name for name, other in noon.items() if other), None)
            entity = _entity("hour", f"{_in_24_hours(digits, half) % 24:02d}:00", text, words, found)
            yield {**entity, **({} if half or digits > 12 else {"role": "unsure"})}
            return


def _in_24_hours(hour: int, half: str | None) -> int:
    if half == "after_noon" and hour < 12:
        return hour + 12
    return 0 if half == "before_noon" and hour == 12 else hour


def _words(text: str, numbers: Mapping[str, int]) -> list[_Word]:
    """The words of a message as keys, with their spans; a number that is glued to a word (3kids, 15yo) is split off."""
    words = []
    for chunk in re.finditer(r"\S+", text):
        for part in key(chunk.group()).split():
            glued = _GLUED.match(part) if part not in numbers else None
            pieces = glued.groups() if glued else (part,)
            words += [_Word(piece, chunk.start(), chunk.end()) for piece in pieces]
    return words


def _entity(name: str, value: Any, text: str, words: Sequence[_Word], found: _Found) -> Entity:
    start, end = words[found.first].start, words[found.last - 1].end
    while end > start + 1 and not text[end - 1].isalnum() and not text[end - 1].isspace() and ord(text[end - 1]) < 128:
        end -= 1
    return {"entity": name, "value": value, "start": start, "end": end}


@lru_cache(maxsize=64)
def entity_words(language: str) -> EntityWords | None:
    """The words of a language, or None if it has none."""
    words = words_of().get(language)
    return EntityWords(words, f"{language}.yml") if words is not None else None


def entities(text: str, language: str | None) -> list[Entity]:
    """What a message tells, as Rasa entities with their spans in the message.

    people: one of PEOPLE · group_size: so many people · age: years, with "role" self where it is the writer's · day: one of
    DAYS · daytime: one of DAYTIMES · hour: HH:MM, with "role" unsure where it may be meant before or after noon · language: a
    code. Languages' names are known in every language, the rest in that of the message.
    """
    words = entity_words(language or "")
    named = [
        {"entity": "language", "value": code, "start": word.start, "end": word.end}
        for word in _words(text, {})
        if (code := commands().language_named(word.text))
    ]
    return [*(words.find(text) if words else ()), *named]


def moment(told: Mapping[str, Any], now: datetime) -> datetime | None:
    """The moment that `day`, `daytime` and `hour` (with `hour_unsure`) mean, said at `now`; None if they say nothing, or now.

    `now` and the result are wall-clock times of the place, aware or naive alike.
    """
    day, daytime, hour = told.get("day"), told.get("daytime"), told.get("hour")
    if hour:
        at = time.fromisoformat(hour)
        late = daytime in ("afternoon", "evening", "night") or (daytime is None and at.hour < _OFFICE)
        if told.get("hour_unsure") and late and at.hour < 12:
            at = at.replace(hour=at.hour + 12)
    elif daytime:
        at = DAYTIMES[daytime]
    elif day and day != "today":
        at = _ONLY_A_DAY
    else:
        return None
    wanted = now.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
    if day == "weekend" or day in WEEKDAYS:
        weekday = WEEKDAYS.index("saturday" if day == "weekend" else day)
        wanted += timedelta(days=(weekday - now.weekday()) % 7)
    elif day in ("tomorrow", "after_tomorrow"):
        wanted += timedelta(days=1 if day == "tomorrow" else 2)
    if wanted > now:
        return wanted
    if day in WEEKDAYS:
        return wanted + timedelta(days=7)
    return wanted + timedelta(days=1) if day is None else None
