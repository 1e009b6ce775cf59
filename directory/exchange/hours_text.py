"""Opening hours in one cell: `Mon-Fri 09:00-17:00; Sat 10:00-13:00`, written and read back, also with names of days in five languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from babel import Locale

from directory.exchange.columns import key
from directory.fields import format_clock

__all__ = ["Hours", "format_hours", "parse_hours"]

Hours = list[list[object]]
"""[weekday 0 to 6, opens, closes (minutes), by appointment, valid from, valid to] for each interval, sorted."""

SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONGEST = 500
_TO = {"-", "–", "—", "to", "a", "à", "au", "bis", "till", "until", "through", "hasta", "até", "الى", "إلى"}
_AND = {",", "/", "&", "and", "et", "y", "e", "و", ":", "from", "de", "du", "le", "el", "open", "los", "das", "من", "."}
_DAILY = {
    "daily",
    "everyday",
    "every day",
    "quotidien",
    "tous les jours",
    "todos los dias",
    "diario",
    "todos os dias",
    "كل يوم",
    "يوميا",
}
_CLOSED = {"closed", "ferme", "cerrado", "fechado", "مغلق"}
_BY_APPOINTMENT = {
    "by appointment",
    "appointment",
    "sur rendez vous",
    "con cita",
    "cita previa",
    "com hora marcada",
    "بموعد",
}
_TIME = re.compile(r"(\d{1,2})(?:\s*[:.h]\s*(\d{2})|\s*h)?\s*(am|pm|a\.m\.|p\.m\.)?(?![\d:])", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")


@lru_cache(maxsize=1)
def _days() -> dict[str, int]:
    """Names and short names of days (CLDR through Babel) to 0 (Monday) to 6."""
    found: dict[str, int] = {}
    for language in ("ar", "pt", "es", "fr", "en"):
        names = Locale.parse(language).days
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated", "short"):
                found |= {key(name): day for day, name in names[context].get(width, {}).items()}
    return found | {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}


def format_hours(hours: Iterable[Sequence[object]]) -> str:
    """Intervals as text; days with the same times are joined. '' if any of them holds only from or until a date."""
    by_day: dict[int, list[str]] = {}
    for weekday, opens, closes, appointment, first, last in hours:
        if first or last:
            return ""
        times = f"{format_clock(int(str(opens)))}-{format_clock(int(str(closes)))}"
        by_day.setdefault(int(str(weekday)), []).append(times + (" (appointment)" if appointment else ""))
    parts: list[tuple[list[int], str]] = []
    for day, spans in sorted(by_day.items()):
        text = ", ".join(sorted(spans))
        if parts and parts[-1][1] == text and parts[-1][0][-1] == day - 1:
            parts[-1][0].append(day)
        else:
            parts.append(([day], text))
    return "; ".join(
        f"{SHORT[days[0]]}-{SHORT[days[-1]]} {text}" if len(days) > 1 else f"{SHORT[days[0]]} {text}"
        for days, text in parts
    )


def parse_hours(text: str) -> Hours | None:
    """Intervals of a text; None unless every word of it is understood: hours are never half read."""
    found = _parsed(text)
    return [list(one) for one in found] if found else None


@lru_cache(maxsize=20_000)
def _parsed(text: str) -> tuple[tuple[object, ...], ...]:
    plain = unicodedata.normalize("NFKC", text.strip())
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdecimal() else sign for sign in plain)
    if not plain or len(plain) > _LONGEST:
        return ()
    if re.fullmatch(r"(?i)24\s*(?:/|x|-)\s*7|24 ?h(?:ours|rs|oras|eures)?|open 24 hours", plain):
        return tuple((day, 0, 1440, False, None, None) for day in range(7))
    found: set[tuple[int, int, int, bool]] = set()
    days: list[int] = []
    for part in re.split(r"[;\n|]+", plain):
        if part.strip():
            got, days = _part(part, days)
            if got is None:
                return ()
            found |= got
    return tuple((*one, None, None) for one in sorted(found))


def _part(text: str, before: list[int]) -> tuple[set[tuple[int, int, int, bool]] | None, list[int]]:
    """The intervals of one part, and the days that it names; without days it goes on with those before."""
    found: set[tuple[int, int, int, bool]] = set()
    days: list[int] = []
    latest: set[tuple[int, int, int, bool]] = set()
    opens: int | None = None
    reach, timed, closed = "", False, False
    position = 0
    while position < len(text):
        rest = text[position:]
        if match := re.match(r"\(([^)]*)\)", rest):
            if key(match[1]) not in _BY_APPOINTMENT:
                return None, []
            found = (found - latest) | {(day, start, end, True) for day, start, end, _ in latest}
            position += match.end()
            continue
        if match := _TIME.match(rest):
            minutes = _minutes(match[1], match[2], match[3])
            if minutes is None or (opens is not None and reach != "time"):
                return None, []
            if opens is None:
                opens, reach, timed = minutes, "", True
            else:
                chosen = days or before
                bare = not match[2] and not match[3]
                if not chosen or opens == minutes or opens == 1440 or (bare and minutes < opens):  # 9-5: until 17:00?
                    return None, []
                latest = {(day, opens, minutes, False) for day in chosen}
                found |= latest
                opens, reach = None, ""
            position += match.end()
            continue
        match = re.match(r"\s+|[-–—,/&:.]|" + _WORD.pattern, rest)
        if not match:
            return None, []
        word = match[0].casefold().strip()
        position += match.end()
        if not word:
            continue
        if word in _TO and (opens is not None or (days and not timed and not closed)):
            reach = "time" if opens is not None else "day"
        elif key(word) in _days() and opens is None:
            day = _days()[key(word)]
            if timed or closed:
                if reach:  # "Mon to closed Tue": from which day?
                    return None, []
                days, timed, closed = [], False, False
            if reach == "day":
                days += [(days[-1] + step) % 7 for step in range(1, (day - days[-1]) % 7 + 1)]
            else:
                days.append(day)
            reach = ""
        elif key(word) in _DAILY:
            days = list(range(7))
        elif key(word) in _CLOSED:
            closed = True
        elif word not in _AND and key(word) not in {key(other) for other in _AND}:
            return None, []
    return (None, []) if opens is not None or reach else (found, days or before)


def _minutes(hours: str, minutes: str | None, half: str | None) -> int | None:
    value, more = int(hours), int(minutes or 0)
    if half:
        if not 1 <= value <= 12:
            return None
        value = value % 12 + (12 if half[0].lower() == "p" else 0)
    total = value * 60 + more
    return total if more < 60 and total <= 1440 else None
