"""The order of services: simple and explainable; every hit carries the parts of its score.

Order: services that can be used before paused and long unchecked ones; for urgent needs those that are near and open first;
then by bucket of distance, by score, by distance, by id. The weights are start values, to be tuned with staff on a golden
list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from bot.lookup import hours
from bot.lookup.candidates import Candidate
from bot.lookup.reading import Hours, ServiceReader

__all__ = ["BUCKETS_KM", "PEOPLE", "WEIGHTS", "Ranked", "Ranking", "contradicts", "overdue", "usable"]

BUCKETS_KM = (2.0, 5.0, 15.0, 50.0, 150.0, 500.0)
"""Within a bucket distance does not matter more than the score."""
NEAR = 4
"""Buckets that people reach within a day; services for a whole country come behind them, before what is farther."""

WEIGHTS = {
    "language": 3.0,  # the person's language is spoken
    "open_now": 2.0,
    "opens_today": 1.0,  # is open, or opens later today
    "eligibility": 2.0,  # says explicitly that people like these, or people without papers, may come
    "fresh": 1.0,  # checked within half its review period
    "past_due": -2.0,
    "referral": -1.0,  # somebody else has to send people
    "for_others": -2.0,  # says explicitly that it is not for those of whom people wrote
}

PEOPLE = frozenset(
    {"woman", "man", "child", "adult", "unaccompanied_child", "family", "pregnant", "gbv_survivor", "trafficking_survivor",
     "disability", "lgbtqi"}
)  # fmt: skip
"""What a person may have said of themselves; nothing of it is ever asked."""

_UNDERSTOOD = {"prs": ("prs", "fa"), "fa": ("fa", "prs")}
"""Languages whose speakers understand each other."""
_WOMEN = frozenset({"woman", "pregnant"})
_CHILDREN = frozenset({"child", "unaccompanied_child"})
_OF_AGE = 18
_OPEN = {True: 0, None: 1, False: 2}
_FAR = 3


@dataclass(frozen=True)
class Ranked:
    """A candidate with its place in the order."""

    candidate: Candidate
    overdue: int
    """0: checked in time; 1: past its review date; 2: past twice the period."""
    parts: dict[str, float] = field(default_factory=dict)
    """Parts of the score that are not zero, by name."""
    order: tuple[int, int, int, float, float, str] = (0, 0, 0, 0.0, 0.0, "")

    @property
    def score(self) -> float:
        return sum(self.parts.values())


@lru_cache(maxsize=10_000)
def _checked(verified_on: str, review_due: str, today: date) -> tuple[int, bool]:
    """(overdue, fresh)."""
    verified, due = date.fromisoformat(verified_on), date.fromisoformat(review_due)
    late = 0 if today <= due else 2 if today > verified + 2 * (due - verified) else 1
    return late, 2 * (today - verified) <= due - verified


def overdue(verified_on: str, review_due: str, today: date) -> int:
    """0 until the review date, 1 after it, 2 after twice the review period."""
    return _checked(verified_on, review_due, today)[0]


def usable(candidate: Candidate, today: date) -> bool:
    """Neither paused nor so long unchecked that it comes last."""
    facts = candidate.facts
    return not facts.paused and overdue(facts.verified_on, facts.review_due, today) < 2


def contradicts(candidate: Candidate, people: Collection[str]) -> bool:
    """Whether the service is expressly not for such people. What is not known does not exclude anybody."""
    if not people:
        return False
    said, facts = set(people), candidate.facts
    women, men = bool(said & _WOMEN), "man" in said
    if facts.genders == "women" and men and not women:
        return True
    if facts.genders == "men" and women and not men:
        return True
    children, adults = bool(said & _CHILDREN), "adult" in said
    alone = children and not adults and "family" not in said
    if alone and facts.min_age is not None and facts.min_age >= _OF_AGE:
        return True
    return adults and not children and facts.max_age is not None and facts.max_age < _OF_AGE


def _meant_for(candidate: Candidate, people: Collection[str]) -> bool:
    """Whether the service is expressly for women or for children, and such were named."""
    facts, said = candidate.facts, set(people)
    if facts.genders == "women" and said & _WOMEN:
        return True
    return facts.max_age is not None and facts.max_age <= _OF_AGE and bool(said & _CHILDREN)


class Ranking:
    """Puts candidates in order for one search, no more of them than are asked for."""

    def __init__(
        self,
        reader: ServiceReader,
        languages: Iterable[str],
        people: Collection[str],
        at: datetime,
        today: date,
        *,
        urgent: bool,
        mentioned: Collection[str] = (),
    ) -> None:
        """`languages`: those that help the person; `at`: when they want to come, aware; `today`: the date by which records are
        judged; `urgent`: near open places first; `mentioned`: of whom they wrote."""
        self._reader, self._at, self._today, self._urgent = reader, at, today, urgent
        self._mentioned = frozenset(mentioned)
        self._people = frozenset(people) | self._mentioned
        self._languages = frozenset(code for language in languages for code in _UNDERSTOOD.get(language, (language,)))

    def _bucket(self, candidate: Candidate) -> int:
        """0 to 3 near, 4 for a whole country, 5 and more beyond."""
        if candidate.km is None:
            return NEAR
        for number, km in enumerate(BUCKETS_KM):
            if candidate.km < km:
                return number if number < NEAR else number + 1
        return len(BUCKETS_KM) + 1

    def ordered(self, found: Iterable[Candidate]) -> Iterator[Ranked]:
        """The candidates in their order; hours and scores are read group by group."""
        groups: dict[tuple[int, int, int], list[Candidate]] = {}
        for candidate in found:
            late = 0 if usable(candidate, self._today) else 1
            bucket = self._bucket(candidate)
            # what is urgent and near has to be compared as a whole: is it open?
            group = (late, 0, 0) if self._urgent and bucket <= NEAR else (late, 1, bucket)
            groups.setdefault(group, []).append(candidate)
        for group in sorted(groups):
            hours_of = self._reader.hours([candidate.facts.id for candidate in groups[group]])
            ranked = [self._rank(candidate, hours_of[candidate.facts.id]) for candidate in groups[group]]
            yield from sorted(ranked, key=lambda row: row.order)

    def _rank(self, candidate: Candidate, opening: Hours) -> Ranked:
        facts = candidate.facts
        open_now, opens_today = hours.today(*opening, hours.wall(candidate.tz, self._at))
        if facts.paused:
            open_now, opens_today = False, False
        late, fresh = _checked(facts.verified_on, facts.review_due, self._today)
        welcome = facts.papers == "none_needed"
        if not welcome and self._people:
            welcome = bool(facts.audiences & self._people) or _meant_for(candidate, self._people)
        holds = {
            "language": not self._languages.isdisjoint(facts.spoken),
            "open_now": open_now is True,
            "opens_today": opens_today,
            "eligibility": welcome,
            "fresh": fresh,
            "past_due": late > 0,
            "referral": facts.booking == "referral_only",
            "for_others": contradicts(candidate, self._mentioned),
        }
        parts = {name: WEIGHTS[name] for name, true in holds.items() if true}
        bucket = self._bucket(candidate)
        order = (
            1 if facts.paused or late == 2 else 0,
            (_OPEN[open_now] if bucket <= NEAR else _FAR) if self._urgent else 0,
            bucket,
            -sum(parts.values()),
            candidate.km or 0.0,
            facts.id,
        )
        return Ranked(candidate, late, parts, order)
