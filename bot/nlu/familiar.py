"""Whether a message looks like anything in the training sentences: keyboard noise and languages that are not served do not.

A classifier is never at a loss: it finds some intent in "xkcjv wqpfz" and in a language that it has never seen. So the runs of
four characters of the training sentences are kept, and a message that shares too few of them is asked back.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import numpy as np

from bot.nlu.features import words

__all__ = ["Familiar"]

RUN = 4
ENOUGH = 0.15
"""Share of known runs below which a message is not familiar; of our 1,680 test sentences two fall below it."""


def _runs(text: str) -> set[int]:
    found: set[int] = set()
    for word in words(text):
        if not any(char.isalpha() for char in word):
            continue  # numbers and signs belong to no language
        padded = f" {word} "
        found.update(crc32(padded[start : start + RUN].encode()) for start in range(max(1, len(padded) - RUN + 1)))
    return found


class Familiar:
    """The runs of characters that are known, as sorted hashes (uint32)."""

    def __init__(self, runs: np.ndarray) -> None:
        self.runs = runs

    @classmethod
    def train(cls, texts: Iterable[str]) -> Familiar:
        """Learns the runs of these texts."""
        found: set[int] = set().union(*(_runs(text) for text in texts))
        return cls(np.array(sorted(found), dtype=np.uint32))

    def share(self, text: str) -> float:
        """Share of the text's runs that are known; 1 for a text without any."""
        asked = np.array(sorted(_runs(text)), dtype=np.uint32)
        if not len(asked) or not len(self.runs):
            return 1.0
        places = np.minimum(np.searchsorted(self.runs, asked), len(self.runs) - 1)
        return float((self.runs[places] == asked).mean())

    def knows(self, text: str) -> bool:
        """Whether a text looks like what was learnt."""
        return self.share(text) >= ENOUGH
