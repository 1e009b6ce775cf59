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
from scipy import sparse

from bot.languages import languages, served
from bot.nlu.familiar import Familiar
from bot.nlu.features import Grams, quantised, rarity, weigh
from bot.nlu.normalise import letters, tidy
from bot.nlu.scripts import TELLING, main_script, without_links

__all__ = ["Identified", "LanguageModel"]

GRAMS = Grams(characters=(1, 5), bits=18, spelling=True)
REGULARISATION = 1e-6
PASSES = 5
"""Over the sentences, each after a shuffle."""
BEGINNINGS = (1, 2, 3)
"""Beside every sentence, its first words are learnt: messages begin before they are long."""
FEWEST_LETTERS = 3
"""A message with fewer letters of a shared script says nothing about its language."""
SURE = 0.6
"""Probability from which a message may leave the language of its conversation."""
LIKELY = 0.3
"""Probability from which the first message of a conversation gets a language at all."""
PRIOR = 3.0
"""How much likelier the conversation's language is before a message is read, divided by its words, is added to 1."""
ALIKE = (("fa", "prs"),)
"""Languages that most messages do not tell apart: who writes one keeps it, unless words of the other say so."""
TELLS = 0.95
"""Share of the other language, of two alike, from which a message is taken to say so."""
SCRIPT_SHARE = 0.01
"""Share of a language's sentences that must be in a foreign script for it to be looked for there (Arabic in Latin letters)."""
HELD_OUT = 10
"""Every so many-th sentence is not learnt: what the model makes of those tells how sure it may be."""
_PART = 20_000
"""Texts that one processor counts at a time."""
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
    """A linear model over characters and words as they are spelt; one for each script that several languages share."""

    def __init__(
        self,
        writers: Mapping[str, Sequence[str]],
        weights: Mapping[str, np.ndarray | tuple[np.ndarray, np.ndarray]],
        rare: Mapping[str, np.ndarray],
        sharpness: Sequence[float],
        familiar: Familiar,
    ) -> None:
        """`writers`: by script, codes of the languages whose sentences use it; `weights`: by script that more than one uses,
        float32 (columns + 1, languages), the last row for how common each is, or what `features.quantised` makes of that; `rare`: for each
        of those scripts, rarity of each column; `sharpness`: one factor for messages of 1, 2, 3, up to 6, and more words;
        `familiar`: what texts of these languages look like."""
        self.writers = {script: list(codes) for script, codes in writers.items()}
        self._weights = {
            script: found if isinstance(found, tuple) else quantised(found) for script, found in weights.items()
        }
        self._rare = {script: found.astype(np.float16, copy=False) for script, found in rare.items()}
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
        learnt = [row for position, row in enumerate(rows) if position % HELD_OUT]
        held_out = [row for position, row in enumerate(rows) if position % HELD_OUT == 0]
        weights, rare = _learn(learnt, writers)
        familiar = Familiar.train(text for text, _, _ in rows)
        unfitted = cls(writers, weights, rare, [1.0] * (len(_LENGTHS) + 1), familiar)
        return cls(writers, weights, rare, unfitted._fit_sharpness(held_out), familiar)

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
        found = self._probabilities(text, script, candidates, conversation)
        best, share = _best(dict(zip(candidates, found.tolist(), strict=True)), conversation)
        if letters(text) >= FEWEST_LETTERS and share >= (SURE if conversation else LIKELY):
            return Identified(best, share)
        own = float(found[candidates.index(conversation)]) if conversation in candidates else 0.0
        return Identified(conversation, min(own, LIKELY))

    def _probabilities(self, text: str, script: str, candidates: Sequence[str], conversation: str | None) -> np.ndarray:
        columns = [self.writers[script].index(code) for code in candidates]
        count = len(text.split())
        scores = self._score(text, script)[columns] * self._sharpness[_length(count)]
        if conversation in candidates:
            scores[candidates.index(conversation)] += np.log1p(PRIOR / count)
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum())

    def _score(self, text: str, script: str) -> np.ndarray:
        """Scores of the languages that use a script."""
        levels, scales = self._weights[script]
        found, counts = GRAMS.indices(text)
        values = (1.0 + np.log(counts)) * self._rare[script][found]
        length = np.sqrt(values @ values)
        values = (values / length if length else values) * scales[found]
        return np.asarray(values @ levels[found].astype(np.float32) + levels[-1] * np.float32(scales[-1]))

    def _fit_sharpness(self, rows: Sequence[tuple[str, str, str]]) -> list[float]:
        """By number of words, the factor under which probabilities fit sentences that were not learnt best."""
        fitted = []
        factors = np.geomspace(0.2, 20, 40)
        for length in (*_LENGTHS, None):
            losses = np.zeros(len(factors))
            for script in self._weights:
                writers = self.writers[script]
                chosen = [
                    (" ".join(text.split()[:length]), code)
                    for text, code, of in rows
                    if of == script and code in writers  # a few sentences of a language may be in another script
                ]
                if not chosen:
                    continue
                scores = np.array([self._score(text, script) for text, _ in chosen])
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
            **{f"levels_{script}": levels for script, (levels, _) in self._weights.items()},
            **{f"scales_{script}": scales for script, (_, scales) in self._weights.items()},
            **{f"rare_{script}": found for script, found in self._rare.items()},
        }

    @classmethod
    def from_npz(cls, arrays: Mapping[str, Any]) -> LanguageModel:
        """A model from the arrays of `to_npz`. Raises ValueError if it knows a language that the project does not."""
        about = json.loads(str(arrays["about"]))
        unknown = {code for codes in about["writers"].values() for code in codes} - set(languages())
        if unknown:
            raise ValueError(f"the language model knows {sorted(unknown)}, locales/languages.yml does not")
        shared = [script for script, codes in about["writers"].items() if len(codes) > 1]
        weights = {
            script: (np.asarray(arrays[f"levels_{script}"]), np.asarray(arrays[f"scales_{script}"]))
            for script in shared
        }
        rare = {script: np.asarray(arrays[f"rare_{script}"]) for script in shared}
        return cls(about["writers"], weights, rare, about["sharpness"], Familiar(np.asarray(arrays["familiar"])))


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


def _learn(
    rows: Sequence[tuple[str, str, str]], writers: Mapping[str, Sequence[str]]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Weights and rarities by script that several languages share, on all processors."""
    shared = {script: codes for script, codes in writers.items() if len(codes) > 1}
    told = {
        script: [(text, codes.index(code)) for text, code, of in rows if of == script and code in codes]
        for script, codes in shared.items()
    }
    texts, positions = zip(*(_with_beginnings(told[script]) for script in told), strict=True) if told else ((), ())
    counts = _counts(texts)
    learnt = {
        script: _learn_script(found, spoken) for script, found, spoken in zip(told, counts, positions, strict=True)
    }
    return {script: row[0] for script, row in learnt.items()}, {script: row[1] for script, row in learnt.items()}


def _with_beginnings(told: Sequence[tuple[str, int]]) -> tuple[list[str], list[int]]:
    """Texts and their first words, with the position of their language."""
    texts: list[str] = []
    spoken: list[int] = []
    for text, code in told:
        split = text.split()
        beginnings = [" ".join(split[:count]) for count in BEGINNINGS if count < len(split)]
        texts += [text, *beginnings]
        spoken += [code] * (1 + len(beginnings))
    return texts, spoken


def _counts(groups: Sequence[Sequence[str]]) -> list[sparse.csr_matrix]:
    """Counts of each group of texts, on all processors."""
    from joblib import Parallel, cpu_count, delayed, parallel_config

    parts = [
        (number, list(group[at : at + _PART]))
        for number, group in enumerate(groups)
        for at in range(0, len(group), _PART)
    ]
    with parallel_config(backend="loky", inner_max_num_threads=1):
        counted = Parallel(n_jobs=cpu_count())(delayed(GRAMS.counts)(texts) for _, texts in parts)
    return [
        sparse.vstack([rows for (of, _), rows in zip(parts, counted, strict=True) if of == number], format="csr")
        for number in range(len(groups))
    ]


def _learn_script(counts: sparse.csr_matrix, spoken: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and rarities from texts of one script with the position of their language: one logistic regression a language
    against the others, by averaged gradient descent, on all processors."""
    from joblib import cpu_count
    from sklearn.linear_model import SGDClassifier  # 40 MB that understanding has no use for

    rare = rarity(counts)
    model = SGDClassifier(
        loss="log_loss",
        alpha=REGULARISATION,
        max_iter=PASSES,
        tol=None,
        average=True,
        random_state=0,
        n_jobs=cpu_count(),
    ).fit(weigh(counts, rare), spoken)
    weights = np.vstack([model.coef_.T, model.intercept_])
    if weights.shape[1] == 1:  # scikit-learn keeps one column for two classes
        weights = np.hstack([-weights, weights])
    return weights, rare


def _best(probabilities: Mapping[str, float], conversation: str | None) -> tuple[str, float]:
    """The likeliest language with its probability; languages that are ALIKE count as one, whose probabilities add up."""
    code = max(probabilities, key=probabilities.__getitem__)
    for alike in ALIKE:
        together = sum(probabilities.get(one, 0.0) for one in alike)
        if together > probabilities[code] or code in alike:
            code = max(alike, key=lambda one: probabilities.get(one, 0.0))
            if conversation in alike and probabilities.get(code, 0.0) < TELLS * together:
                code = conversation
            return code, together
    return code, probabilities[code]
