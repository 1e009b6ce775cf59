"""What is wrong with the sentences of a language: too few, twice, in two intents, or learnt and measured on alike."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.intents import INTENTS
from bot.nlu.near_duplicates import near_duplicates
from bot.nlu.normalise import key
from bot.nlu.sentences import DEVELOPMENT, TESTS, TRAINING, Sentence, read

__all__ = ["HARD", "LEAST", "few", "missing", "nearly_learnt", "problems", "twice"]

HARD = frozenset({"needs", "sensitive", "advice"})
"""Groups of which more sentences are needed than of the others."""
LEAST = {TRAINING: (25, 15), DEVELOPMENT: (4, 2), TESTS: (6, 4)}
"""Fewest sentences of an intent: of the HARD groups, of the others."""


def missing(folder: Path, sentences: Sequence[Sentence]) -> dict[str, int]:
    """By intent, how many sentences the folder, one of LEAST, still lacks of these of one language."""
    hard, others = LEAST[folder]
    counts = Counter(sentence.intent for sentence in sentences)
    lacking = {name: (hard if row.group in HARD else others) - counts[name] for name, row in INTENTS.items()}
    return {name: count for name, count in lacking.items() if count > 0}


def few(code: str) -> Iterator[str]:
    """Intents that have too few sentences."""
    for folder in LEAST:
        lacking = missing(folder, read(folder, [code]))
        if lacking:
            names = ", ".join(f"{name} {count}" for name, count in lacking.items())
            yield f"data/{folder.name}/{code}: {sum(lacking.values())} sentences are missing: {names}"


def twice(code: str) -> Iterator[str]:
    """Sentences that stand in two places, and such of no intent."""
    found: dict[str, list[str]] = defaultdict(list)
    for folder in LEAST:
        for sentence in read(folder, [code]):
            if sentence.intent not in INTENTS:
                yield f"data/{folder.name}/{code}: no intent {sentence.intent!r}"
            found[key(sentence.text)].append(f"{folder.name}/{sentence.intent}")
    for text, places in found.items():
        if len(places) > 1:
            yield f"{code}: {text!r} stands in {', '.join(places)}"


def nearly_learnt(code: str) -> Iterator[str]:
    """Sentences of data/tests that are nearly learnt, and such of data/dev that are nearly in data/nlu."""
    learnt = read(TRAINING, [code])
    judges = read(DEVELOPMENT, [code])
    for folder, asked, known in ((DEVELOPMENT, judges, learnt), (TESTS, read(TESTS, [code]), [*learnt, *judges])):
        for row, near in near_duplicates([s.text for s in asked], [s.text for s in known]):
            yield f"data/{folder.name}/{code}: {asked[row].text!r} is nearly {known[near].text!r} ({known[near].intent})"


def problems(code: str) -> Iterator[str]:
    """Everything that is wrong with the sentences of a language."""
    yield from few(code)
    yield from twice(code)
    yield from nearly_learnt(code)
