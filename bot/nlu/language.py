"""Which language a message is in: rules of script first, then a character model over the languages that the bot serves.

Ready-made identifiers know too few of our languages and fail on the first words of a message (architecture.md, decision 5).
This one is learnt from the training sentences, so it knows Arabic in Latin letters as Arabic. It abstains where a message says
too little, and the language of the conversation decides between what is left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.languages import languages, served
from bot.nlu.familiar import Familiar
from bot.nlu.features import Grams, weigh
from bot.nlu.normalise import letters, tidy
from bot.nlu.scripts import TELLING, main_script, without_links

__all__ = ["Identified", "LanguageModel"]

GRAMS = Grams(characters=(1, 4), bits=15)
SMOOTHING = 0.05
"""Count that every column is given in every language."""
FEWEST_LETTERS = 3
"""A message with fewer letters of a shared script says nothing about its language."""
SURE = 0.6
"""Probability from which a message may leave the language of its conversation."""
LIKELY = 0.4
"""Probability from which the first message of a conversation gets a language at all."""
PRIOR = 3.0
"""How much likelier the conversation's language is before a message is read, divided by its words, is added to 1."""
SCRIPT_SHARE = 0.01
"""Share of a language's sentences that must be in a foreign script for it to be looked for there (Arabic in Latin letters)."""
HELD_OUT = 5
"""Every fifth sentence is kept from a first model to fit the confidence on."""
_LENGTHS = (1, 2, 3, 6)
"""First words on which the confidence is fitted, beside whole sentences."""


@dataclass(frozen=True)
class Identified:
    """What is known about the language of a message."""

    code: str | None
    """The language; where the message says too little that of the conversation, or None."""
    confidence: float
    """Probability that it is right; at most LIKELY where the message decides nothing."""


class LanguageModel:
    """A linear model (naive Bayes) over characters and words; one for each script that several languages share."""

    def __init__(
        self,
        writers: Mapping[str, Sequence[str]],
        weights: Mapping[str, np.ndarray],
        sharpness: Sequence[float],
        familiar: Familiar,
    ) -> None:
        """`writers`: by script, codes of the languages whose sentences use it; `weights`: by script that more than one uses,
        float32 (columns + 1, languages), the last row for how common each is; `sharpness`: one factor for messages of 1, 2, 3,
        up to 6, and more words; `familiar`: what texts of these languages look like."""
        self.writers = {script: list(codes) for script, codes in writers.items()}
        self._weights = dict(weights)
        self._sharpness = list(sharpness)
        self.familiar = familiar

    @classmethod
    def train(cls, sentences: Iterable[tuple[str, str]]) -> LanguageModel:
        """Learns from (text, language) pairs; languages that are not served are left out."""
        wanted = {language.code for language in served()}
        rows = [
            (text, code, main_script(text) or "")
            for text, code in ((_plain(t), c) for t, c in sentences if c in wanted)
        ]
        writers = _writers(rows)
        fitting = [row for position, row in enumerate(rows) if position % HELD_OUT]
        held_out = [row for position, row in enumerate(rows) if position % HELD_OUT == 0]
        familiar = Familiar.train(text for text, _, _ in rows)
        first = cls(writers, _weights(fitting, writers), [1.0] * (len(_LENGTHS) + 1), familiar)
        return cls(writers, _weights(rows, writers), first._fit_sharpness(held_out), familiar)

    def identify(self, text: str, conversation: str | None = None) -> Identified:
        """The language of a message. `conversation`: the language of the conversation so far."""
        text = _plain(text)
        script = main_script(text) or ""
        candidates = self.writers.get(script, [])
        told = {code for code, telling in TELLING.items() if any(char in telling for char in text)}
        if told:
            candidates = [code for code in candidates if code in told]
        if not candidates:
            return Identified(conversation, 0.0)
        if len(candidates) == 1:
            return Identified(candidates[0], 0.99)
        probabilities = self._probabilities(text, script, candidates, conversation)
        best = int(probabilities.argmax())
        needed = SURE if conversation else LIKELY
        if letters(text) >= FEWEST_LETTERS and probabilities[best] >= needed:
            return Identified(candidates[best], float(probabilities[best]))
        share = float(probabilities[candidates.index(conversation)]) if conversation in candidates else 0.0
        return Identified(conversation, min(share, LIKELY))

    def _probabilities(self, text: str, script: str, candidates: Sequence[str], conversation: str | None) -> np.ndarray:
        columns = [self.writers[script].index(code) for code in candidates]
        count = len(text.split())
        scores = self._score(text, script)[columns] * self._sharpness[_length(count)]
        if conversation in candidates:
            scores[candidates.index(conversation)] += np.log1p(PRIOR / count)
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum())

    def _score(self, text: str, script: str) -> np.ndarray:
        """What `_scores` gives for one text, without the cost of a sparse matrix."""
        weights = self._weights[script]
        found, counts = GRAMS.indices(text)
        values = 1.0 + np.log(counts)
        length = np.sqrt(values @ values)
        return np.asarray((values / length if length else values) @ weights[found] + weights[-1])

    def _scores(self, texts: Sequence[str], script: str) -> np.ndarray:
        weights = self._weights[script]
        return np.asarray(weigh(GRAMS.counts(texts)) @ weights[:-1]) + weights[-1]

    def _fit_sharpness(self, rows: Sequence[tuple[str, str, str]]) -> list[float]:
        """By number of words, the factor under which probabilities fit sentences that were not learnt best."""
        fitted = []
        factors = np.geomspace(0.2, 20, 40)
        for length in (*_LENGTHS, None):
            losses = np.zeros(len(factors))
            for script in self._weights:
                chosen = [(" ".join(text.split()[:length]), code) for text, code, of in rows if of == script]
                scores = self._scores([text for text, _ in chosen], script)
                right = np.array([self.writers[script].index(code) for _, code in chosen], dtype=int)
                for position, factor in enumerate(factors):
                    logits = (scores - scores.max(axis=1, keepdims=True)) * factor
                    losses[position] += np.sum(
                        np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(right)), right]
                    )
            fitted.append(float(factors[int(losses.argmin())]))
        return fitted

    def to_npz(self) -> dict[str, np.ndarray]:
        """Arrays for `numpy.savez`; read back by `from_npz`."""
        about = json.dumps({"writers": self.writers, "sharpness": self._sharpness})
        return {
            "about": np.array(about),
            "familiar": self.familiar.runs,
            **{f"weights_{script}": found for script, found in self._weights.items()},
        }

    @classmethod
    def from_npz(cls, arrays: Mapping[str, Any]) -> LanguageModel:
        """A model from the arrays of `to_npz`. Raises ValueError if it knows a language that the project does not."""
        about = json.loads(str(arrays["about"]))
        unknown = {code for codes in about["writers"].values() for code in codes} - set(languages())
        if unknown:
            raise ValueError(f"the language model knows {sorted(unknown)}, locales/languages.yml does not")
        weights = {s: np.asarray(arrays[f"weights_{s}"]) for s, codes in about["writers"].items() if len(codes) > 1}
        return cls(about["writers"], weights, about["sharpness"], Familiar(np.asarray(arrays["familiar"])))


def _plain(text: str) -> str:
    return tidy(without_links(text))


def _length(words: int) -> int:
    """Which entry of `sharpness` serves a message of so many words."""
    return next((entry for entry, most in enumerate(_LENGTHS) if words <= most), len(_LENGTHS))


def _writers(rows: Sequence[tuple[str, str, str]]) -> dict[str, list[str]]:
    """By script, the languages that use it: their own, and any in which a fair share of their sentences is written."""
    counts: dict[str, dict[str, int]] = {}
    for _, code, script in rows:
        scripts = counts.setdefault(code, {})
        scripts[script] = scripts.get(script, 0) + 1
    found: dict[str, list[str]] = {}
    for code, scripts in sorted(counts.items()):
        fair = SCRIPT_SHARE * sum(scripts.values())
        for script in {
            languages()[code].script,
            *(script for script, count in scripts.items() if script and count >= fair),
        }:
            found.setdefault(script, []).append(code)
    return found


def _weights(rows: Sequence[tuple[str, str, str]], writers: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
    """By script, logarithms of the smoothed shares of the columns in each language, and of its share of the sentences."""
    weights = {}
    for script, codes in writers.items():
        if len(codes) == 1:
            continue
        chosen = [(text, codes.index(code)) for text, code, of in rows if of == script and code in codes]
        features = weigh(GRAMS.counts(text for text, _ in chosen))
        member = np.eye(len(codes), dtype=np.float32)[[code for _, code in chosen]]
        sums = np.asarray(features.T @ member) + SMOOTHING
        common = np.log((member.sum(axis=0) + 1) / len(chosen))
        weights[script] = np.vstack([np.log(sums / sums.sum(axis=0)), common]).astype(np.float32)
    return weights
