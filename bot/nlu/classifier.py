"""The intent classifier: kernel ridge regression over the encoder's vectors and hashed characters, with calibrated probabilities.

A message is compared with every training sentence: by the meaning that the encoder sees (a Gaussian kernel on its vectors, across
languages) and by characters and words in common (a linear kernel, the only one for languages that the encoder does not know).
docs/decisions/0007-intent-classifier.md holds what else was tried. Training solves one linear system; at run time the character part
is folded into one weight a column, so that only numpy and scipy are needed: a look at all sentences takes about a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from bot.intents import INTENTS
from bot.nlu.features import Features, rarity, weigh
from bot.nlu.thresholds import Thresholds, fit_sharpness, fit_thresholds, softmax

__all__ = ["Classified", "IntentClassifier"]

FORMAT = 2
"""Of the arrays that are stored; raised with every change of them."""
RANK = 256
"""Directions of the encoder's vectors that are kept: those in which the training sentences differ most lose no accuracy."""
WIDTH = 1.0
"""Width of the Gaussian kernel: exp(-WIDTH * squared distance) of unit vectors."""
CHARACTERS = 0.25
"""Weight of the character kernel beside the Gaussian one."""
RIDGE = 0.1
"""Added to the diagonal of the kernel."""
FOLDS = 5
JUDGED = 2
"""Of so many parts of the training sentences, so many are judged by a model of the others, to fit probabilities and thresholds."""
_BLOCK = 1000
"""Rows of the kernel that are computed at once: a block in sparse form takes three times its memory."""
_SHOWN = 5
"""Length of the ranking."""


@dataclass(frozen=True)
class Classified:
    """What the classifier makes of one message."""

    intent: str
    confidence: float
    """Probability of the intent; where a sensitive intent won, that of all sensitive ones together."""
    ranking: tuple[tuple[str, float], ...]
    """The likeliest intents with their probabilities; `intent` is first."""
    sure: bool
    """False: better to ask back. Always True where a sensitive intent won: nobody is asked to choose among those."""


class IntentClassifier:
    """Learns with `train`, then `classify`; survives as arrays (`to_npz`)."""

    def __init__(
        self,
        intents: Sequence[str],
        axes: np.ndarray,
        sentences: np.ndarray,
        duals: np.ndarray,
        columns: np.ndarray,
        rare: np.ndarray,
        thresholds: Mapping[str, Thresholds],
    ) -> None:
        """`axes`: directions that are kept, float32 (512, rank); `sentences`: vectors along them of those training sentences
        that have one, float32 (n, rank); `duals`: their weights, (n, intents);
        `columns`: weights of the hashed columns, (columns, intents); `rare`: rarity of each column; `thresholds`: by language,
        and for any other under the empty code."""
        self.intents = list(intents)
        self.thresholds = dict(thresholds)
        self._axes = axes
        self._sentences = sentences
        self._lengths = _squares(sentences)
        self._duals = duals
        self._columns = columns
        self._rare = rare
        self._sensitive = np.array([_is_sensitive(intent) for intent in self.intents])

    @classmethod
    def train(cls, features: Features, intents: Sequence[str], languages: Sequence[str]) -> IntentClassifier:
        """Learns from sentences with their intents and languages, one for each row of `features`."""
        names = sorted(set(intents))
        target = np.array([names.index(intent) for intent in intents])
        spoken = np.array(languages)
        rare = rarity(features.counts)
        has_vector = _has_vector(features.vectors)
        axes = _axes(features.vectors[has_vector])
        sentences = features.vectors[has_vector] @ axes
        kernel = _kernel(features, rare, has_vector, sentences)
        out_of_fold = np.zeros((len(target), len(names)), dtype=np.float32)
        fold = _folds(target, spoken)
        for held_out in range(JUDGED):
            test, rest = np.flatnonzero(fold == held_out), np.flatnonzero(fold != held_out)
            duals = _solve(kernel[np.ix_(rest, rest)], target[rest], len(names))
            out_of_fold[test] = kernel[np.ix_(test, rest)] @ duals
        duals = _solve(kernel, target, len(names))
        columns = np.asarray(CHARACTERS * (weigh(features.counts, rare).T @ duals), dtype=np.float32)
        judged = {"": fold < JUDGED, **{code: (fold < JUDGED) & (spoken == code) for code in sorted(set(languages))}}
        thresholds = {code: _thresholds(out_of_fold[rows], target[rows], names) for code, rows in judged.items()}
        return cls(names, axes, sentences, duals[has_vector], columns, rare, thresholds)

    def probabilities(self, features: Features, languages: Sequence[str | None]) -> np.ndarray:
        """Probabilities: float32, shape (texts, intents)."""
        scores = np.asarray(weigh(features.counts, self._rare) @ self._columns)
        known = _has_vector(features.vectors)
        if known.any() and len(self._sentences):
            asked = features.vectors[known] @ self._axes
            scores[known] += _gaussian(asked, _squares(asked), self._sentences, self._lengths) @ self._duals
        sharpness = np.array([[self._of(code).sharpness] for code in languages], dtype=np.float32)
        return softmax(scores * sharpness)

    def classify(self, features: Features, languages: Sequence[str | None]) -> list[Classified]:
        """What each text means."""
        rows = self.probabilities(features, languages)
        return [self._decide(row, self._of(code)) for row, code in zip(rows, languages, strict=True)]

    def _of(self, code: str | None) -> Thresholds:
        return self.thresholds.get(code or "", self.thresholds[""])

    def _decide(self, probabilities: np.ndarray, thresholds: Thresholds) -> Classified:
        order = [int(position) for position in np.argsort(-probabilities)[:_SHOWN]]
        best = order[0]
        confidence = float(probabilities[best])
        sure = confidence >= thresholds.ask_back
        at_risk = float(probabilities[self._sensitive].sum())
        if at_risk >= thresholds.sensitive:
            best = int(np.where(self._sensitive, probabilities, -1.0).argmax())
            confidence, sure = at_risk, True
            order = [best, *(position for position in order if position != best)][:_SHOWN]
        ranking = [(self.intents[position], float(probabilities[position])) for position in order]
        ranking[0] = (ranking[0][0], confidence)
        return Classified(self.intents[best], confidence, tuple(ranking), sure)

    def to_npz(self) -> dict[str, np.ndarray]:
        """Arrays for `numpy.savez`; read back by `from_npz`."""
        used = np.flatnonzero(np.abs(self._columns).max(axis=1) > 0)
        about = {
            "format": FORMAT,
            "intents": self.intents,
            "thresholds": {c: t.to_dict() for c, t in self.thresholds.items()},
        }
        return {
            "about": np.array(json.dumps(about)),
            "axes": self._axes.astype(np.float32),
            "sentences": self._sentences.astype(np.float16),
            "duals": self._duals.astype(np.float32),
            "used": used.astype(np.int32),
            "columns": self._columns[used].astype(np.float16),
            "rare": self._rare.astype(np.float32),
        }

    @classmethod
    def from_npz(cls, arrays: Mapping[str, Any]) -> IntentClassifier:
        """A classifier from the arrays of `to_npz`. Raises ValueError if another version of this file wrote them, or if it
        knows an intent that the registry does not."""
        about = json.loads(str(arrays["about"]))
        if about.get("format") != FORMAT:
            raise ValueError(f"the classifier has format {about.get('format')}, not {FORMAT}: train again")
        unknown = set(about["intents"]) - set(INTENTS)
        if unknown:
            raise ValueError(f"the classifier knows {sorted(unknown)}, bot/intents.py does not: train again")
        rare = np.asarray(arrays["rare"])
        columns = np.zeros((len(rare), len(about["intents"])), dtype=np.float32)
        columns[arrays["used"]] = arrays["columns"]
        return cls(
            about["intents"],
            np.asarray(arrays["axes"]),
            np.asarray(arrays["sentences"], dtype=np.float32),
            np.asarray(arrays["duals"]),
            columns,
            rare,
            {code: Thresholds(**row) for code, row in about["thresholds"].items()},
        )


def _is_sensitive(intent: str) -> bool:
    return intent in INTENTS and INTENTS[intent].group == "sensitive"


def _has_vector(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(np.abs(vectors).max(axis=1, initial=0) > 0)


def _squares(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", vectors, vectors)


def _axes(vectors: np.ndarray) -> np.ndarray:
    """Directions in which the vectors differ most: float32 (512, at most RANK), orthonormal."""
    centred = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    _, directions = linalg.eigh((centred.T @ centred).astype(np.float64))  # in rising order of variance
    return np.ascontiguousarray(directions[:, ::-1][:, :RANK], dtype=np.float32)


def _gaussian(asked: np.ndarray, asked_squares: np.ndarray, known: np.ndarray, known_squares: np.ndarray) -> np.ndarray:
    """exp(-WIDTH * squared distance) of each asked vector (rows) from each known one."""
    nearness = 2 * (asked @ known.T)
    nearness -= asked_squares[:, None]
    nearness -= known_squares
    nearness *= WIDTH
    return np.asarray(np.exp(nearness, out=nearness))


def _kernel(features: Features, rare: np.ndarray, has_vector: np.ndarray, sentences: np.ndarray) -> np.ndarray:
    """Similarity of every sentence with every other: float32 (n, n)."""
    weighed = weigh(features.counts, rare)
    kernel = np.empty((len(has_vector), len(has_vector)), dtype=np.float32)
    squares = _squares(sentences)
    place = np.cumsum(has_vector) - 1  # of a sentence among those with a vector
    for start in range(0, len(kernel), _BLOCK):
        block = slice(start, start + _BLOCK)
        kernel[block] = (weighed[block] @ weighed.T).toarray()
        kernel[block] *= CHARACTERS
        asking = np.flatnonzero(has_vector[block])
        if len(asking):
            own = place[block][asking]
            kernel[np.ix_(start + asking, has_vector)] += _gaussian(sentences[own], squares[own], sentences, squares)
    return kernel


def _solve(kernel: np.ndarray, target: np.ndarray, classes: int) -> np.ndarray:
    """Dual weights of the regression on +1 for the intent of a sentence and 0 for the others, centred: (n, classes)."""
    wanted = np.full((len(target), classes), -1 / classes, dtype=np.float32)
    wanted[np.arange(len(target)), target] += 1
    ridged = kernel.copy()
    ridged[np.diag_indices(len(ridged))] += RIDGE
    return np.asarray(
        linalg.solve(ridged, wanted, assume_a="pos", overwrite_a=True, check_finite=False), dtype=np.float32
    )


def _folds(target: np.ndarray, spoken: np.ndarray) -> np.ndarray:
    """A part for each sentence: those of one intent and language go round the parts, in an order that the seed shuffles."""
    fold = np.zeros(len(target), dtype=int)
    shuffled = np.random.default_rng(0).permutation(len(target))
    seen: dict[tuple[int, str], int] = {}
    for row in shuffled:
        group = (int(target[row]), str(spoken[row]))
        fold[row] = seen.get(group, 0) % FOLDS
        seen[group] = seen.get(group, 0) + 1
    return fold


def _thresholds(scores: np.ndarray, target: np.ndarray, names: Sequence[str]) -> Thresholds:
    sharpness = fit_sharpness(scores, target)
    sensitive = np.array([_is_sensitive(name) for name in names])
    return fit_thresholds(softmax(scores * sharpness), target, sensitive, sharpness)
