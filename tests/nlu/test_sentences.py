"""The sentences themselves: enough of each, none in two intents, none of those that measure nearly among those that teach."""

from __future__ import annotations

import pytest

from bot.languages import served
from bot.nlu.near_duplicates import near_duplicates
from bot.nlu.sentence_checks import few, nearly_learnt, twice

CODES = [language.code for language in served()]


@pytest.mark.parametrize("code", CODES)
def test_every_intent_has_enough(code: str) -> None:
    assert not list(few(code))


@pytest.mark.parametrize("code", CODES)
def test_no_sentence_in_two_intents_or_twice(code: str) -> None:
    assert not list(twice(code))


@pytest.mark.parametrize("code", CODES)
def test_what_measures_is_not_nearly_learnt(code: str) -> None:
    assert not list(nearly_learnt(code))


@pytest.mark.parametrize(
    ("text", "other", "near"),
    [
        ("Where can I find a doctor?", "where can i find doctor", True),
        ("WHERE is the doctorrr", "where is the doctor", True),
        ("where is the doctor", "where is the lawyer", False),
        ("ሓኪም ኣበይ ኣሎ", "ሓኪም ኣበይ ኣላ", False),
        ("", "", False),
    ],
)
def test_near(text: str, other: str, near: bool) -> None:
    assert bool(list(near_duplicates([text], ["something else", other]))) is near
