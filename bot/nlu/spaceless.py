"""Puts back the spaces of a message that was typed without any: `helpmyfather` -> `help my father`.

The likeliest row of words that the training sentences of the language hold. Only a long run of letters that is no word of them is
cut, and only where nearly all of it becomes such words and such runs are most of the message: a long word of Turkish or Somali within
a sentence stays whole.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise

from bot.nlu.normalise import normalise, trace
from bot.nlu.sentences import TRAINING, read

__all__ = ["Spaces", "spaced"]

LONG = 14
"""Letters from which a run may be several words."""
LONG_ETHIOPIC = 10
"""The same where a letter is a syllable."""
LONGEST = 12
"""Letters of the longest word that is put back."""
LETTER = 7.0
"""Cost, in natural logarithms of likelihood, of a letter that belongs to no word."""
STRAY = 0.15
"""Largest share of the letters that may belong to no word."""
SHORTEST_MEAN = 2.5
"""Fewest letters that the words may have on average: shorter ones are found in anything."""


class Spaces:
    """The words of one language, by which a run of letters is cut."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        """`counts`: how often each word, in matching form, stands in the sentences."""
        total = sum(counts.values()) or 1
        self._costs = {word: math.log(total / count) for word, count in counts.items() if len(word) <= LONGEST}

    @classmethod
    def of(cls, texts: Iterable[str]) -> Spaces:
        """The words of these texts; a single letter only if it often stands alone."""
        counts = Counter(word for text in texts for word in normalise(text).split())
        least = {1: max(20, sum(counts.values()) // 2000), 2: 3}
        return cls({word: n for word, n in counts.items() if word.isalpha() and n >= least.get(len(word), 1)})

    def cut(self, word: str) -> str:
        """A word with the spaces that it lacks; as it is if it is short, known, or not made of known words."""
        run = trace(word)
        text = run.text
        ethiopic = "\u1200" <= text[:1] <= "\u137f"
        if len(text) < (LONG_ETHIOPIC if ethiopic else LONG) or text in self._costs or not text.isalpha():
            return word
        best: list[tuple[float, int]] = [(0.0, 0)]  # cost of the letters so far, and where the last word begins
        for end in range(1, len(text) + 1):
            unknown = (best[end - 1][0] + LETTER, end - 1)
            known = (
                (best[start][0] + self._costs[text[start:end]], start)
                for start in range(max(0, end - LONGEST), end)
                if text[start:end] in self._costs
            )
            best.append(min((unknown, *known)))
        cuts: list[int] = []  # where each piece begins, the last first; stray letters beside one another are one piece
        end, strays, after_stray = len(text), 0, False
        while end:
            start = best[end][1]
            stray = text[start:end] not in self._costs
            if stray and after_stray:
                cuts[-1] = start
            else:
                cuts.append(start)
            end, strays, after_stray = start, strays + stray, stray
        if strays > STRAY * len(text) or len(text) < SHORTEST_MEAN * len(cuts):
            return word
        starts = [0, *(run.starts[start] for start in cuts[-2::-1]), len(word)]
        return " ".join(word[start:end] for start, end in pairwise(starts))


@lru_cache(maxsize=32)
def _spaces(language: str) -> Spaces:
    return Spaces.of(sentence.text for sentence in read(TRAINING, [language]))


def spaced(text: str, language: str | None) -> str:
    """A text with the spaces that its long runs of letters lack, if such runs are most of it; white space becomes single then."""
    words = text.split()
    long = [word for word in words if len(word) >= (LONG_ETHIOPIC if "\u1200" <= word[0] <= "\u137f" else LONG)]
    if language is None or 2 * sum(map(len, long)) < sum(map(len, words)) or not long:
        return text
    spaces = _spaces(language)
    cut = [spaces.cut(word) for word in words]
    return text if cut == words else " ".join(cut)
