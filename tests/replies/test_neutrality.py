"""The tripwire on words: what must fire in each language, what must not, and that nothing that the bot says does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.replies.neutrality import Lexicon, findings, lexicon, rules
from bot.replies.reviews import texts_of
from bot.replies.samples import LANGUAGES

CASES = Path(__file__).parent / "neutrality"
CRISIS = ("N01", "N01b")
"""Rules that do not count in a text for people in danger: "stay in the boat" protects."""


def cases() -> list[Any]:
    return [
        pytest.param(file.stem, row["text"], row["fires"], id=f"{file.stem}-{row['text']}")
        for file in sorted(CASES.glob("*.yml"))
        for row in yaml.safe_load(file.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("code", "text", "fires"), cases())
def test_sentences(code: str, text: str, fires: list[str]) -> None:
    found = {finding.rule for finding in findings(text, code)}
    assert set(fires) <= found if fires else not found


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_phrases_for_every_rule(code: str) -> None:
    words = lexicon(code)
    assert words is not None
    assert not words.missing
    rows = yaml.safe_load((CASES / f"{code}.yml").read_text(encoding="utf-8"))
    assert len([row for row in rows if row["fires"]]) >= 8 and len([row for row in rows if not row["fires"]]) >= 5


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_that_the_bot_says_breaks_a_rule(code: str) -> None:
    broken = {
        key: list(map(str, found))
        for key, text in texts_of(code).items()
        if (found := list(findings(text, code, CRISIS if key.startswith(("crisis:", "protection:")) else ())))
    }
    assert not broken


def test_rules_have_what_they_need() -> None:
    assert {rule.severity for rule in rules().values()} == {"block", "warn"}
    assert all(rule.all_of for rule in rules().values())


@pytest.mark.parametrize("data", [{"no_such_list": ["a"]}, {"blame": ["*"]}, {"blame": ["!!"]}])
def test_damaged_lists_are_refused(data: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"no_such_list|letters"):
        Lexicon(data)
