"""Which language an answer is in."""

from __future__ import annotations

import pytest

from bot.nlu.switching import Decision, decide

SERVED = {"en", "ar", "fr", "es"}


@pytest.mark.parametrize(
    ("current", "detected", "confidence", "words", "hint", "understood", "expected"),
    [
        # the first message
        (None, "ar", 0.99, 5, "", True, Decision("ar")),
        (None, "ar", 0.99, 5, "en", True, Decision("ar")),
        (None, "fr", 0.30, 1, "es", True, Decision("es")),
        (None, "fr", 0.30, 1, "", True, Decision("fr")),
        (None, None, 0.0, 1, "fr", True, Decision("fr")),
        (None, None, 0.0, 1, "", True, Decision("en")),
        (None, "xx", 0.99, 9, "xx", True, Decision("en")),
        # not understood: gibberish has no language
        (None, "ar", 0.66, 2, "", False, Decision("en")),
        (None, "ar", 0.66, 2, "fr", False, Decision("fr")),
        (None, "ar", 0.99, 2, "fr", False, Decision("ar")),
        # later ones: a short or borrowed word never flips it
        ("ar", "en", 0.99, 1, "", True, Decision("ar")),
        ("ar", "en", 0.99, 2, "", True, Decision("ar")),
        ("ar", "en", 0.80, 8, "", True, Decision("ar")),
        ("ar", None, 0.0, 8, "en", True, Decision("ar")),
        ("ar", "en", 0.95, 3, "", True, Decision("en", switched=True)),
        ("ar", "ar", 0.99, 8, "en", True, Decision("ar")),
    ],
)
def test_language_of_the_answer(
    current: str | None,
    detected: str | None,
    confidence: float,
    words: int,
    hint: str,
    understood: bool,
    expected: Decision,
) -> None:
    assert decide(current, detected, confidence, words, hint, SERVED, understood=understood) == expected
