"""The classifier on a small set: it learns, knows its limits, and survives as arrays."""

from __future__ import annotations

import io

import numpy as np
import pytest

from bot.intents import INTENTS
from bot.nlu.classifier import IntentClassifier, model_of
from bot.nlu.features import featurise
from bot.nlu.kernel_model import WEAK, Columns, KernelModel, _solve
from bot.nlu.sentences import TRAINING, read
from bot.nlu.thresholds import SENSITIVE_RANGE, Thresholds, fit_sharpness, fit_thresholds, softmax

SMALL = ("find_food", "find_shelter", "find_health_care", "disclose_gbv", "emergency_sea", "greet")


@pytest.fixture(scope="module")
def model() -> IntentClassifier:
    """Learnt from six intents of eight languages: three models."""
    sentences = [s for s in read(TRAINING, ["en", "fr", "es", "pt", "ar", "am", "ti", "so"]) if s.intent in SMALL]
    return IntentClassifier.train(
        [s.text for s in sentences], [s.intent for s in sentences], [s.language for s in sentences]
    )


@pytest.mark.parametrize(
    ("text", "language", "intent"),
    [
        ("we have not eaten since yesterday", "en", "find_food"),
        ("nous n'avons rien mangé depuis hier", "fr", "find_food"),
        ("no tenemos donde dormir esta noche", "es", "find_shelter"),
        ("وين بنام الليلة ما عندنا بيت", "ar", "find_shelter"),
        ("my husband beats me", "en", "disclose_gbv"),
        ("the boat is sinking help", "en", "emergency_sea"),
        ("mi hijo tiene fiebre necesito un doctor", "es", "find_health_care"),
        ("hello good morning", "en", "greet"),
        ("ርቦኛል ምግብ የት አገኛለሁ", "am", "find_food"),
        ("waan gaajaysanahay cunto xagee", "so", "find_food"),
    ],
)
def test_classify(model: IntentClassifier, text: str, language: str, intent: str) -> None:
    found = model.classify(featurise([text], [language]), [language])[0]
    assert found.intent == intent == found.ranking[0][0]
    assert found.sure
    assert found.confidence == pytest.approx(found.ranking[0][1])
    assert len(found.ranking) == 5


def test_probabilities_sum_to_one(model: IntentClassifier) -> None:
    texts = ["bread", "أين", "", "zzz"]
    rows = model.probabilities(featurise(texts, ["en", "ar", None, "am"]), ["en", "ar", None, "am"])
    assert rows.shape == (4, len(SMALL))
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)


def test_a_language_that_the_encoder_lacks_has_no_vector() -> None:
    found = featurise(["እርዳታ እፈልጋለሁ", "i need help"], ["am", "en"])
    assert not found.vectors[0].any()
    assert np.linalg.norm(found.vectors[1]) == pytest.approx(1, abs=1e-3)
    assert found.counts[0].nnz > 10


def test_round_trip(model: IntentClassifier) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, **model.to_npz())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = IntentClassifier.from_npz(arrays)
    found = featurise(["we are hungry", "au secours le bateau coule"], ["en", "fr"])
    assert again.thresholds == model.thresholds
    np.testing.assert_allclose(
        again.probabilities(found, ["en", "fr"]), model.probabilities(found, ["en", "fr"]), atol=0.01
    )


@pytest.mark.parametrize(
    ("found", "changed", "message"),
    [("find_food", "find_gold", "find_gold"), ('"format": ', '"format": 9', "format 9")],
)
def test_a_model_of_another_project_is_refused(model: IntentClassifier, found: str, changed: str, message: str) -> None:
    arrays = model.to_npz()
    arrays["ar.about"] = np.array(str(arrays["ar.about"]).replace(found, changed))
    with pytest.raises(ValueError, match=message):
        IntentClassifier.from_npz(arrays)


@pytest.mark.parametrize(
    ("probabilities", "intent", "confidence", "sure"),
    [
        ([0.60, 0.25, 0.15], "find_food", 0.60, True),
        ([0.45, 0.30, 0.25], "disclose_gbv", 0.55, True),  # together they reach the limit, the likelier one wins
        ([0.52, 0.08, 0.40], "find_food", 0.52, True),
        ([0.20, 0.05, 0.75], "emergency_sea", 0.80, True),
        ([0.30, 0.02, 0.40], "emergency_sea", 0.40, False),
    ],
)
def test_sensitive_wins(
    monkeypatch: pytest.MonkeyPatch, probabilities: list[float], intent: str, confidence: float, sure: bool
) -> None:
    one = KernelModel(
        ["find_food", "disclose_gbv", "emergency_sea"],
        np.eye(512, 4, dtype=np.float32),
        np.zeros((0, 4), np.float32),
        np.zeros((0, 3), np.float32),
        {"en": Columns.of(np.zeros((1 << 16, 3)))},
        np.ones(1 << 16, np.float32),
        {"": Thresholds(sensitive=0.5, ask_back=0.3)},
    )
    small = IntentClassifier({"en fr": one})
    monkeypatch.setattr(small, "probabilities", lambda *_: np.array([probabilities]))
    found = small.classify(featurise(["x"], ["am"]), ["am"])[0]
    assert (found.intent, found.sure) == (intent, sure)
    assert found.confidence == pytest.approx(confidence)
    assert found.ranking[0][0] == intent


def test_one_factor_gives_both_models() -> None:
    """The scores of the rows that were set apart are those of a model that has never seen them."""
    random = np.random.default_rng(0)
    points = random.normal(size=(60, 5))
    kernel = (points @ points.T + np.eye(60)).astype(np.float32)
    wanted = random.normal(size=(60, 3)).astype(np.float32)
    duals, scores = _solve(kernel.copy(), wanted, 20)
    np.testing.assert_allclose(duals, np.linalg.solve(kernel, wanted), atol=1e-3)
    expected = kernel[40:, :40] @ np.linalg.solve(kernel[:40, :40], wanted[:40])
    np.testing.assert_allclose(scores, expected, atol=1e-3)


def test_a_model_serves_languages_that_learn_together() -> None:
    assert model_of("es") == model_of("pt") == "es pt"
    assert model_of("so") == "so"
    assert model_of(None) == model_of("en")


def test_weights_of_columns_survive_in_eight_bits() -> None:
    weights = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float32)
    weights[10:20] = 0
    weights[:15] /= 100
    columns = Columns.of(weights)
    assert 20 <= len(columns.used) <= 40 * (1 - WEAK) + 1  # without those that are zero and the weakest
    asked, values = np.array([12, *np.argsort(-np.abs(weights).max(axis=1))[:2]]), np.array([0.5, 1.0, 2.0], np.float32)
    np.testing.assert_allclose(columns.score(asked, values), values @ weights[asked], atol=0.05)


def test_thresholds_keep_false_alarms_low() -> None:
    """A thousand everyday messages of which few look sensitive: the limit passes no more than the allowed share."""
    random = np.random.default_rng(1)
    at_risk = random.beta(1, 12, 1000)
    rows = np.column_stack([1 - at_risk, at_risk])
    limits = fit_thresholds(rows, np.zeros(1000, int), np.array([False, True]), 6.0)
    assert SENSITIVE_RANGE[0] <= limits.sensitive <= SENSITIVE_RANGE[1]
    assert (at_risk >= limits.sensitive).mean() <= 0.02


def test_sharpness_makes_probabilities_true() -> None:
    """Scores that were made from known probabilities are given back their factor."""
    random = np.random.default_rng(2)
    scores = random.normal(size=(4000, 5))
    target = np.array([random.choice(5, p=row) for row in softmax(scores * 4.0)])
    assert fit_sharpness(scores, target) == pytest.approx(4.0, rel=0.15)


def test_asks_back_where_it_is_mostly_wrong() -> None:
    best = np.linspace(0.1, 1.0, 1000)
    rows = np.column_stack([best, 1 - best, np.zeros(1000)])
    rows = np.where(
        rows.max(axis=1, keepdims=True) == rows[:, :1], rows, np.column_stack([best, best * 0.9, best * 0.8])
    )
    target = np.where(best > 0.35, 0, 2)
    limits = fit_thresholds(rows, target, np.array([False, False, False]), 6.0)
    assert 0.3 < limits.ask_back < 0.4


def test_small_set_is_of_the_registry() -> None:
    assert set(SMALL) <= set(INTENTS)
