"""The intent classifier: which of the models reads a message, and what its probabilities are taken to mean.

Every language shares a model with those few that lend it most (`TOGETHER`); the work grows with the square of the sentences, so one
model of all would take too long and understands no better. `bot.nlu.kernel_model` says how a model learns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bot.nlu.features import Features, featurise
from bot.nlu.kernel_model import KernelModel, is_sensitive
from bot.nlu.thresholds import ASK_BACK_RANGE, Thresholds

__all__ = ["TOGETHER", "Classified", "IntentClassifier", "model_of"]

TOGETHER = ("en fr", "es pt", "ru uk", "tr ku", "fa prs ps", "ur ckb", "am ti")
"""Languages that learn from each other's sentences; each other one learns from its own. Chosen on data/dev: decision 0007."""
FALLBACK = "en"
"""The language whose model reads a message in a language that is not known."""
RISK_UNSURE = ASK_BACK_RANGE[1]
"""Probability of all sensitive intents together below which one of them is asked back, whatever the limit of its language: the
limits are fitted on few sentences, and a false alarm costs more than a question."""
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


def model_of(code: str | None) -> str:
    """The name of the model that reads messages in that language: its languages, as in `TOGETHER`."""
    code = code or FALLBACK
    return next((together for together in TOGETHER if code in together.split()), code)


class IntentClassifier:
    """Learns with `train`, then `classify`; survives as arrays (`to_npz`)."""

    def __init__(self, models: Mapping[str, KernelModel]) -> None:
        """`models`: by name (`model_of`), all with the same intents. Raises ValueError if there is none."""
        if not models:
            raise ValueError("a classifier without a model")
        self.models = dict(models)
        self._first = self.models.get(model_of(None)) or next(iter(self.models.values()))
        self.intents = self._first.intents
        self._sensitive = np.array([is_sensitive(intent) for intent in self.intents])

    @property
    def thresholds(self) -> dict[str, Thresholds]:
        """By language; under the empty code those for a language that has none."""
        merged = {code: limits for model in self.models.values() for code, limits in model.thresholds.items()}
        return {**merged, "": self._first.thresholds[""]}

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        intents: Sequence[str],
        languages: Sequence[str],
        judges: Sequence[bool] | None = None,
    ) -> IntentClassifier:
        """Learns from sentences with their intents and languages, on all processors.

        `judges` marks those that were set apart to fit thresholds on (data/dev); they are learnt from, too, after that.
        """
        from joblib import Parallel, cpu_count, delayed, parallel_config

        names = sorted(set(intents))
        target = np.array([names.index(intent) for intent in intents])
        spoken = np.array(languages)
        apart = np.zeros(len(target), dtype=bool) if judges is None else np.array(judges, dtype=bool)
        model = np.array([model_of(code) for code in languages])
        rows = {name: np.flatnonzero(model == name) for name in set(model.tolist())}
        largest_first = sorted(rows, key=lambda name: (-len(rows[name]), name))
        with parallel_config(backend="loky", inner_max_num_threads=1):
            trained = Parallel(n_jobs=min(cpu_count(), len(rows)))(
                delayed(_train)(
                    [texts[row] for row in rows[name]], names, target[rows[name]], spoken[rows[name]], apart[rows[name]]
                )
                for name in largest_first
            )
        return cls(dict(zip(largest_first, trained, strict=True)))

    def _of(self, code: str | None) -> KernelModel:
        return self.models.get(model_of(code), self._first)

    def probabilities(self, features: Features, languages: Sequence[str | None]) -> np.ndarray:
        """Probabilities: float32, shape (texts, intents)."""
        out = np.zeros((len(languages), len(self.intents)), dtype=np.float32)
        reader = np.array([id(self._of(code)) for code in languages])
        for model in self.models.values():
            rows = np.flatnonzero(reader == id(model))
            if len(rows):
                out[rows] = model.probabilities(features[rows], [languages[row] for row in rows])
        return out

    def classify(self, features: Features, languages: Sequence[str | None]) -> list[Classified]:
        """What each text means."""
        rows = self.probabilities(features, languages)
        return [self._decide(row, self._of(code).of(code)) for row, code in zip(rows, languages, strict=True)]

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
        elif self._sensitive[best] and at_risk < RISK_UNSURE:
            sure = False
        ranking = [(self.intents[position], float(probabilities[position])) for position in order]
        ranking[0] = (ranking[0][0], confidence)
        return Classified(self.intents[best], confidence, tuple(ranking), sure)

    def to_npz(self) -> dict[str, np.ndarray]:
        """Arrays for `numpy.savez`; read back by `from_npz`."""
        return {f"{name}.{key}": array for name, model in self.models.items() for key, array in model.to_npz().items()}

    @classmethod
    def from_npz(cls, arrays: Mapping[str, Any]) -> IntentClassifier:
        """A classifier from the arrays of `to_npz`. Raises ValueError if another version of this file wrote them, or if it
        knows an intent that the registry does not."""
        names = sorted({key.split(".")[0] for key in arrays if key.endswith(".about")})
        if not names:
            raise ValueError("the classifier has another format: train again")
        parts = ({key[len(name) + 1 :]: arrays[key] for key in arrays if key.startswith(f"{name}.")} for name in names)
        return cls({name: KernelModel.from_npz(part) for name, part in zip(names, parts, strict=True)})


def _train(
    texts: Sequence[str], names: Sequence[str], target: np.ndarray, spoken: np.ndarray, judges: np.ndarray
) -> KernelModel:
    """One model; runs in a process of its own."""
    return KernelModel.train(featurise(texts, spoken.tolist()), names, target, spoken, judges)
