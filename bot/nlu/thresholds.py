"""When the classifier's word is enough: probabilities that mean what they say, when to ask back, when a sensitive intent wins.

All are fitted on training sentences that the judging model has not seen, never on the test sentences.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

__all__ = ["ASK_BACK_RANGE", "Thresholds", "fit_sharpness", "fit_thresholds", "softmax"]

FALSE_ALARMS = 0.02
"""Most everyday messages that may be taken as sensitive."""
SENSITIVE_RANGE = (0.15, 0.5)
"""A sensitive intent never wins below the first and always wins above the second."""
ASK_BACK_RANGE = (0.15, 0.45)
WORTH_ASKING = 0.4
"""A message is asked back where fewer than this share of messages of its confidence are understood."""


@dataclass(frozen=True)
class Thresholds:
    """Limits of one language."""

    sharpness: float = 6.0
    """Factor on the scores before the softmax."""
    sensitive: float = 0.5
    """Probability of all sensitive intents together from which the likeliest of them wins."""
    ask_back: float = 0.3
    """Probability of the best intent below which the bot asks back."""

    def to_dict(self) -> dict[str, float]:
        return asdict(self)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of each row."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def fit_sharpness(scores: np.ndarray, target: np.ndarray) -> float:
    """The factor on the scores under which the softmax gives the right intents the highest likelihood."""
    factors = np.geomspace(1, 30, 40)
    rows = np.arange(len(target))
    losses = [-np.log(np.maximum(softmax(scores * factor)[rows, target], 1e-9)).mean() for factor in factors]
    return float(factors[int(np.argmin(losses))])


def fit_thresholds(
    probabilities: np.ndarray, target: np.ndarray, sensitive: np.ndarray, sharpness: float
) -> Thresholds:
    """Limits from probabilities (texts, intents) with the right intents; `sensitive` marks the sensitive columns."""
    return Thresholds(sharpness, _sensitive(probabilities, target, sensitive), _ask_back(probabilities, target))


def _sensitive(probabilities: np.ndarray, target: np.ndarray, sensitive: np.ndarray) -> float:
    """The lowest limit that keeps false alarms among everyday messages within FALSE_ALARMS."""
    everyday = probabilities[~sensitive[target]][:, sensitive].sum(axis=1)
    if not len(everyday):
        return SENSITIVE_RANGE[1]
    limit = float(np.quantile(everyday, 1 - FALSE_ALARMS))
    return float(np.clip(limit, *SENSITIVE_RANGE))


def _ask_back(probabilities: np.ndarray, target: np.ndarray) -> float:
    """The limit above which answers gain most, each right one counting 1 - WORTH_ASKING and each wrong one -WORTH_ASKING."""
    best = probabilities.max(axis=1)
    order = np.argsort(-best)
    gains = np.cumsum((probabilities.argmax(axis=1) == target)[order] - WORTH_ASKING)
    if not len(gains) or gains.max() <= 0:
        return ASK_BACK_RANGE[1]
    return float(np.clip(best[order[int(gains.argmax())]], *ASK_BACK_RANGE))
