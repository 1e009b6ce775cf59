"""Finds sentences that are nearly the same: what a model has learnt must not be what it is measured on.

Two sentences are near-duplicates if they are equal as keys (`bot.nlu.normalise.key`: case, accents, punctuation and repeated
letters aside), or if they share NEAR of their runs of three letters (Jaccard).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from bot.nlu.normalise import key

__all__ = ["NEAR", "near_duplicates"]

NEAR = 0.7
"""Share of runs of three letters in common: "where can i find a doctor" and "where can i find doctor" have 0.88."""
_BLOCK = 2000


def near_duplicates(texts: Sequence[str], others: Sequence[str], near: float = NEAR) -> Iterator[tuple[int, int]]:
    """Pairs (position in `texts`, position in `others`) of near-duplicates; for each text its nearest other."""
    if not texts or not others:
        return
    keys, other_keys = [key(text) for text in texts], [key(text) for text in others]
    runs = CountVectorizer(analyzer="char", ngram_range=(3, 3), binary=True, lowercase=False, dtype=np.float32)
    of_others = runs.fit_transform([f"  {text}  " for text in other_keys])
    vectorised = runs.transform([f"  {text}  " for text in keys])
    # runs that no other has count, too
    lengths = np.array([len({f"  {text}  "[i : i + 3] for i in range(len(text) + 2)}) for text in keys])
    other_lengths = np.asarray(of_others.sum(axis=1)).ravel()
    for start in range(0, len(texts), _BLOCK):
        common = (vectorised[start : start + _BLOCK] @ of_others.T).tocoo()
        rows = common.row + start
        share = common.data / (lengths[rows] + other_lengths[common.col] - common.data)
        best: dict[int, tuple[float, int]] = {}
        for hit in np.flatnonzero(share >= near):
            row = int(rows[hit])
            best[row] = max(best.get(row, (0.0, 0)), (float(share[hit]), int(common.col[hit])))
        yield from ((row, found) for row, (_, found) in sorted(best.items()))
