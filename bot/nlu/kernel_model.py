"""One model of the intent classifier: kernel ridge regression over the encoder's vectors and hashed characters.

A message is compared with every training sentence of a few languages: by the meaning that the encoder sees (a Gaussian kernel on
its vectors, across languages), and by characters and words in common (a linear kernel), which count more between sentences of one
language. Training factorises one matrix, which also tells what a model without the sentences set apart would have made of them. At
run time the character part is folded into one weight a column and language, so that only numpy is needed and a message is compared
with ten thousand sentences in about a millisecond. docs/decisions/0007-intent-classifier.md holds what was tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from bot.intents import INTENTS
from bot.nlu.features import Features, quantised, rarity, weigh
from bot.nlu.thresholds import Thresholds, fit_sharpness, fit_thresholds, softmax

__all__ = ["Columns", "KernelModel", "is_sensitive"]

FORMAT = 8
"""Of the arrays that are stored; raised with every change of them."""
RANK = 160
"""Directions of the encoder's vectors that are kept: those in which the training sentences differ most lose 0.001 of accuracy."""
WIDTH = 1.0
"""Width of the Gaussian kernel: exp(-WIDTH * squared distance) of unit vectors."""
CHARACTERS = 0.5
"""Weight of the character kernel between any two sentences, beside the Gaussian one."""
OWN_CHARACTERS = 0.5
"""Weight that is added to it between sentences of one language."""
RIDGE = 0.1
RIDGE_CHARACTERS = 0.4
"""Added to the diagonal of the kernel, for a sentence that has a vector and for one that has none."""
COMMON = 0.05
"""Where all sentences have vectors, a column that a larger share of them has is left out: most of the work, no accuracy."""
WEAK = 0.35
"""Share of the columns, those with the smallest weights, that are forgotten after training: 1 answer in 60 changes, no accuracy."""
FOLDS = 5
"""Where nothing was set apart to judge by, every so many-th sentence is."""
_BLOCK = 1000
"""Rows of the kernel that are computed at once: a block in sparse form takes three times its memory."""


class Columns:
    """Weights of the hashed columns for each intent, only of those columns that have any (int8: 3 MB a language)."""

    def __init__(self, used: np.ndarray, levels: np.ndarray, scales: np.ndarray, size: int) -> None:
        """`used`: columns in rising order; `levels`: int8 (columns, intents), that times `scales`, float16 (columns,), are the
        weights; `size`: number of all columns."""
        self.used, self.levels, self.scales = (
            used.astype(np.min_scalar_type(size - 1), copy=False),
            levels,
            scales.astype(np.float16),
        )

    @classmethod
    def of(cls, weights: np.ndarray) -> Columns:
        """From the weights of all columns, (columns, intents), without the WEAK ones."""
        lengths = np.sqrt(_squares(weights))
        used = np.flatnonzero(lengths > 0)
        used = used[lengths[used] >= np.quantile(lengths[used], WEAK)] if len(used) else used
        return cls(used, *quantised(weights[used]), len(weights))

    def score(self, columns: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Scores of a text for each intent, from its columns and their weighed counts."""
        rows = np.minimum(np.searchsorted(self.used, columns.astype(self.used.dtype)), max(len(self.used) - 1, 0))
        known = self.used[rows] == columns if len(self.used) else np.zeros(len(columns), dtype=bool)
        rows = rows[known]
        return np.asarray((values[known] * self.scales[rows]) @ self.levels[rows].astype(np.float32))


class KernelModel:
    """Learns with `train`; then `probabilities`; survives as arrays (`to_npz`)."""

    def __init__(
        self,
        intents: Sequence[str],
        axes: np.ndarray,
        sentences: np.ndarray,
        duals: np.ndarray,
        columns: Mapping[str, Columns],
        rare: np.ndarray,
        thresholds: Mapping[str, Thresholds],
    ) -> None:
        """`axes`: directions that are kept, float32 (512, rank); `sentences`: vectors along them of those training sentences
        that have one, (n, rank); `duals`: their weights, (n, intents), both kept in half precision; `columns`: by language, the first
        for any other; `rare`: rarity of each column; `thresholds`: by language, and for any other under ""."""
        self.intents = list(intents)
        self.thresholds = dict(thresholds)
        self._axes = axes
        self._sentences = sentences.astype(np.float16, copy=False)
        self._lengths = _squares(self._sentences.astype(np.float32))
        self._duals = duals.astype(np.float16, copy=False)
        self._columns = dict(columns)
        self._first = next(iter(self._columns.values()))
        self._rare = rare.astype(np.float16, copy=False)

    @classmethod
    def train(
        cls,
        features: Features,
        names: Sequence[str],
        target: np.ndarray,
        spoken: np.ndarray,
        judges: np.ndarray,
    ) -> KernelModel:
        """Learns from sentences: `target` is the position of each one's intent in `names`, `spoken` its language.

        Thresholds are fitted on what a model that had not learnt the sentences that `judges` marks (where it marks none: every
        FOLDS-th) would have made of them. The model itself learns from all.
        """
        apart = judges if judges.any() else _every_fifth(target, spoken)
        order = np.argsort(apart, kind="stable")  # the judges last
        features, target, spoken, apart = features[order], target[order], spoken[order], apart[order]
        has_vector = np.asarray(np.abs(features.vectors).max(axis=1, initial=0) > 0)
        rare = rarity(features.counts)
        if has_vector.all():
            rare = np.where(_shares(features.counts) <= COMMON, rare, 0).astype(np.float32)
        weighed = weigh(features.counts, rare)
        axes = _axes(features.vectors[has_vector])
        sentences = features.vectors[has_vector] @ axes
        kernel = _kernel(weighed, spoken, has_vector, sentences)
        kernel[np.diag_indices(len(kernel))] += np.where(has_vector, RIDGE, RIDGE_CHARACTERS)
        duals, scores = _solve(kernel, _wanted(target, len(names)), int(apart.sum()))
        limits = {"": _thresholds(scores, target[apart], names)}
        for code in sorted(set(spoken[apart].tolist())):
            of = spoken[apart] == code
            limits[code] = _thresholds(scores[of], target[apart][of], names)
        columns = {}
        for code in sorted(set(spoken.tolist())):
            own = duals * (CHARACTERS + OWN_CHARACTERS * (spoken == code)[:, None]).astype(np.float32)
            columns[code] = Columns.of(np.asarray(weighed.T @ own))
        return cls(names, axes, sentences, duals[has_vector], columns, rare, limits)

    def of(self, code: str | None) -> Thresholds:
        """The thresholds of a language."""
        return self.thresholds.get(code or "", self.thresholds[""])

    def probabilities(self, features: Features, languages: Sequence[str | None]) -> np.ndarray:
        """Probabilities: float32, shape (texts, intents)."""
        weighed = weigh(features.counts, self._rare)
        scores = np.zeros((len(languages), len(self.intents)), dtype=np.float32)
        for row, code in enumerate(languages):
            span = slice(weighed.indptr[row], weighed.indptr[row + 1])
            columns = self._columns.get(code or "", self._first)
            scores[row] = columns.score(weighed.indices[span], weighed.data[span])
        known = np.asarray(np.abs(features.vectors).max(axis=1, initial=0) > 0)
        if known.any() and len(self._sentences):
            asked = features.vectors[known] @ self._axes
            for start in range(0, len(self._sentences), _BLOCK):  # block by block: the CPU's cache holds one
                block = slice(start, start + _BLOCK)
                learnt = self._sentences[block].astype(np.float32)
                nearness = _gaussian(asked, _squares(asked), learnt, self._lengths[block])
                scores[known] += nearness @ self._duals[block].astype(np.float32)
        sharpness = np.array([[self.of(code).sharpness] for code in languages], dtype=np.float32)
        return softmax(scores * sharpness)

    def to_npz(self) -> dict[str, np.ndarray]:
        """Arrays for `numpy.savez`; read back by `from_npz`."""
        about = {
            "format": FORMAT,
            "intents": self.intents,
            "thresholds": {c: t.to_dict() for c, t in self.thresholds.items()},
        }
        arrays = {
            "about": np.array(json.dumps(about)),
            "axes": self._axes.astype(np.float32),
            "sentences": self._sentences,
            "duals": self._duals,
            "rare": self._rare,
        }
        for name, columns in self._columns.items():
            arrays[f"used-{name}"] = columns.used
            arrays[f"levels-{name}"] = columns.levels
            arrays[f"scales-{name}"] = columns.scales
        return arrays

    @classmethod
    def from_npz(cls, arrays: Mapping[str, Any]) -> KernelModel:
        """A model from the arrays of `to_npz`. Raises ValueError if another version of this file wrote them, or if it knows
        an intent that the registry does not."""
        about = json.loads(str(arrays["about"]))
        if about.get("format") != FORMAT:
            raise ValueError(f"the classifier has format {about.get('format')}, not {FORMAT}: train again")
        unknown = set(about["intents"]) - set(INTENTS)
        if unknown:
            raise ValueError(f"the classifier knows {sorted(unknown)}, bot/intents.py does not: train again")
        rare = np.asarray(arrays["rare"])
        names = [key[len("used-") :] for key in arrays if key.startswith("used-")]
        columns = {
            name: Columns(
                np.asarray(arrays[f"used-{name}"]),
                np.asarray(arrays[f"levels-{name}"]),
                np.asarray(arrays[f"scales-{name}"]),
                len(rare),
            )
            for name in names
        }
        return cls(
            about["intents"],
            np.asarray(arrays["axes"]),
            np.asarray(arrays["sentences"]),
            np.asarray(arrays["duals"]),
            columns,
            rare,
            {code: Thresholds(**row) for code, row in about["thresholds"].items()},
        )


def is_sensitive(intent: str) -> bool:
    """Whether an intent is of the group `sensitive`."""
    return intent in INTENTS and INTENTS[intent].group == "sensitive"


def _squares(vectors: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", vectors, vectors)


def _axes(vectors: np.ndarray) -> np.ndarray:
    """Directions in which the vectors differ most: float32 (512, at most RANK), orthonormal."""
    centred = vectors - vectors.mean(axis=0) if len(vectors) else vectors
    from scipy import linalg

    _, directions = linalg.eigh((centred.T @ centred).astype(np.float64))  # in rising order of variance
    return np.ascontiguousarray(directions[:, ::-1][:, :RANK], dtype=np.float32)


def _gaussian(asked: np.ndarray, asked_squares: np.ndarray, known: np.ndarray, known_squares: np.ndarray) -> np.ndarray:
    """exp(-WIDTH * squared distance) of each asked vector (rows) from each known one."""
    nearness = 2 * (asked @ known.T)
    nearness -= asked_squares[:, None]
    nearness -= known_squares
    nearness *= WIDTH
    return np.asarray(np.exp(nearness, out=nearness))


def _shares(counts: sparse.csr_matrix) -> np.ndarray:
    """Share of the rows that have each column."""
    return np.asarray(np.bincount(counts.indices, minlength=counts.shape[1]) / max(counts.shape[0], 1))


def _kernel(
    weighed: sparse.csr_matrix, spoken: np.ndarray, has_vector: np.ndarray, sentences: np.ndarray
) -> np.ndarray:
    """Similarity of every sentence with every other: float32 (n, n). Computed on and left of the diagonal, then mirrored."""
    kernel = np.empty((len(has_vector), len(has_vector)), dtype=np.float32)
    languages = np.unique(spoken, return_inverse=True)[1].astype(np.int8)  # letters are slow to compare
    squares = _squares(sentences)
    place = np.cumsum(has_vector) - 1  # of a sentence among those with a vector
    for start in range(0, len(kernel), _BLOCK):
        block, until = slice(start, start + _BLOCK), min(start + _BLOCK, len(kernel))
        part = (weighed[block] @ weighed[:until].T).toarray()
        share = np.array([CHARACTERS, CHARACTERS + OWN_CHARACTERS], dtype=np.float32)
        part *= share[(languages[block][:, None] == languages[:until]).view(np.int8)]
        asking, asked = np.flatnonzero(has_vector[block]), np.flatnonzero(has_vector[:until])
        if len(asking):
            own, others = place[block][asking], place[asked]
            part[np.ix_(asking, asked)] += _gaussian(sentences[own], squares[own], sentences[others], squares[others])
        kernel[block, :until] = part
        kernel[:start, block] = part[:, :start].T
    return kernel


def _wanted(target: np.ndarray, classes: int) -> np.ndarray:
    """What is regressed on: 1 for the intent of a sentence and 0 for the others, centred; float32 (n, classes)."""
    wanted = np.full((len(target), classes), -1 / classes, dtype=np.float32)
    wanted[np.arange(len(target)), target] += 1
    return wanted


def _solve(kernel: np.ndarray, wanted: np.ndarray, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """Dual weights of the regression, (n, classes), and the scores that a model without them gives the last `apart` rows.

    `kernel` has its ridge and is overwritten. The lower right corner of its factor is the factor of what the other rows leave
    unexplained of the last ones, so a second model need not be trained.
    """
    from scipy import linalg

    factor = linalg.cholesky(kernel.T, lower=True, overwrite_a=True, check_finite=False)
    duals = np.asarray(linalg.cho_solve((factor, True), wanted, check_finite=False), dtype=np.float32)
    corner = np.tril(factor[len(factor) - apart :, len(factor) - apart :])
    scores = wanted[len(wanted) - apart :] - corner @ (corner.T @ duals[len(duals) - apart :])
    return duals, np.asarray(scores, dtype=np.float32)


def _every_fifth(target: np.ndarray, spoken: np.ndarray) -> np.ndarray:
    """Marks every FOLDS-th sentence of each intent and language, in an order that the seed shuffles."""
    marked = np.zeros(len(target), dtype=bool)
    seen: dict[tuple[int, str], int] = {}
    for row in np.random.default_rng(0).permutation(len(target)):
        group = (int(target[row]), str(spoken[row]))
        marked[row] = seen.get(group, 0) % FOLDS == 0
        seen[group] = seen.get(group, 0) + 1
    return marked


def _thresholds(scores: np.ndarray, target: np.ndarray, names: Sequence[str]) -> Thresholds:
    sharpness = fit_sharpness(scores, target)
    sensitive = np.array([is_sensitive(name) for name in names])
    return fit_thresholds(softmax(scores * sharpness), target, sensitive, sharpness)
