"""Features of a sentence in standard spelling: hashed characters and words, and the encoder's vector of known languages.

Nothing is learnt here and nothing but numpy and scipy is needed. Characters stay within words (`char_wb`): analysers that look
for "words" by `\\w` tear Bengali and other Brahmic scripts apart (architecture.md, decision 6).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
from scipy import sparse

from bot.nlu.encoder import DIMENSIONS, encoder, knows
from bot.nlu.normalise import normalise, tidy
from bot.nlu.respell import spelling
from bot.nlu.spaceless import spaced

__all__ = ["INTENT_GRAMS", "Features", "Grams", "featurise", "quantised", "rarity", "weigh", "words"]

_EDGES = ".,;:!?¿¡()\"'«»“”…-*،؛؟۔।፣።"


@lru_cache(maxsize=1 << 15)
def _characters(word: str, shortest: int, longest: int) -> tuple[int, ...]:
    padded = f" {word} "
    return tuple(
        crc32(padded[start : start + size].encode())
        for size in range(shortest, longest + 1)
        for start in range(len(padded) - size + 1)
        if padded[start : start + size] != " "
    )


def words(text: str, spelling: bool = False) -> list[str]:
    """Words in matching form without the punctuation at their edges; a word of punctuation alone stays, as one sign.

    `spelling`: as they are spelt, in small letters, instead of in matching form.
    """
    form = tidy(text).casefold() if spelling else normalise(text)
    return [word.strip(_EDGES) or word[0] for word in form.split()]


class Grams:
    """How texts become hashed counts of runs of characters, words and pairs of words."""

    def __init__(self, characters: tuple[int, int], bits: int, spelling: bool = False) -> None:
        """`characters`: shortest and longest run, the space at both ends of a word counted; `bits`: 2 ** bits columns;
        `spelling`: of the words as they are spelt."""
        self.characters = characters
        self.spelling = spelling
        self.columns = 1 << bits

    def indices(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Columns of one text in rising order, and how often each occurs."""
        tokens = words(text, self.spelling)
        found = [column for token in tokens for column in _characters(token, *self.characters)]
        found.extend(crc32(f"w {token}".encode()) for token in tokens)
        found.extend(crc32(f"p {first} {second}".encode()) for first, second in pairwise(tokens))
        hashed = np.array(found, dtype=np.int64) & (self.columns - 1)
        return np.unique(hashed, return_counts=True)

    def counts(self, texts: Iterable[str]) -> sparse.csr_matrix:
        """Counts of texts: float32, shape (texts, columns)."""
        rows = [self.indices(text) for text in texts]
        starts = np.cumsum([0, *(len(found) for found, _ in rows)])
        indices = np.concatenate([found for found, _ in rows]) if rows else np.zeros(0, np.int64)
        data = np.concatenate([count for _, count in rows]) if rows else np.zeros(0)
        return sparse.csr_matrix((data.astype(np.float32), indices, starts), shape=(len(rows), self.columns))


INTENT_GRAMS = Grams(characters=(1, 5), bits=16)
"""What the intent classifier reads."""


def weigh(counts: sparse.csr_matrix, weights: np.ndarray | None = None) -> sparse.csr_matrix:
    """1 + log of each count, times the weight of its column; each row of length 1, or 0 if no column of it has weight."""
    data = 1.0 + np.log(counts.data)
    if weights is not None:
        data = data * weights[counts.indices]
    sizes = np.diff(counts.indptr)
    rows = np.repeat(np.arange(counts.shape[0]), sizes)
    lengths = np.sqrt(np.bincount(rows, weights=data * data, minlength=counts.shape[0]))
    data = data / np.where(lengths > 0, lengths, 1)[rows]
    return sparse.csr_matrix((data.astype(np.float32), counts.indices, counts.indptr), shape=counts.shape)


def rarity(counts: sparse.csr_matrix) -> np.ndarray:
    """Weight of each column, rarer ones more: smoothed inverse share of rows (scikit-learn's `smooth_idf`), float32."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    return (np.log((1 + counts.shape[0]) / (1 + seen)) + 1).astype(np.float32)


def quantised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights in a fourth of their memory: int8 levels of the same shape, and float16 factors, one a row."""
    scales = (np.abs(rows).max(axis=1, initial=0) / 127).astype(np.float16)
    levels = rows / np.where(scales > 0, scales, 1)[:, None].astype(np.float32)
    return np.rint(np.clip(levels, -127, 127)).astype(np.int8), scales


@dataclass(frozen=True)
class Features:
    """Features of some texts, one row each."""

    counts: sparse.csr_matrix
    """Hashed counts: float32, shape (texts, columns of INTENT_GRAMS)."""
    vectors: np.ndarray
    """Encoder's vectors of unit length: float32, shape (texts, 512); zero where the encoder does not know the language."""

    def __getitem__(self, rows: np.ndarray) -> Features:
        return Features(self.counts[rows], self.vectors[rows])


def featurise(texts: Sequence[str], languages: Sequence[str | None]) -> Features:
    """Features of texts in these languages; None for a language that is not known."""
    standard = [spelling().standard(spaced(text, code), code) for text, code in zip(texts, languages, strict=True)]
    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    known = np.array([knows(code) for code in languages], dtype=bool)
    if known.any():
        vectors[known] = encoder().vectors([text for text, wanted in zip(standard, known, strict=True) if wanted])
    return Features(INTENT_GRAMS.counts(standard), vectors)
