"""Nothing that is said in any language breaks a check, and each check can fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.replies import catalogue, rendered_checks
from bot.replies.rendered_checks import check_rendered
from bot.replies.samples import LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_nothing_is_wrong(code: str) -> None:
    assert list(check_rendered(code)) == []


@pytest.fixture()
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Says another text for a key of a language."""
    genuine = catalogue.spoken
    changed: dict[tuple[str, str], str] = {}

    def spoken(key: str, language: str, second: str | None = None) -> tuple[str, str]:
        return (changed[key, language], language) if (key, language) in changed else genuine(key, language, second)

    for module in (catalogue, rendered_checks):
        monkeypatch.setattr(module, "spoken", spoken)
    yield changed


@pytest.mark.parametrize(
    ("code", "key", "words", "rule"),
    [
        ("fr", "results_more", "Autres lieux {", "renders"),
        ("fr", "greeting", " ", "renders"),
        ("ar", "identity", "اكتبوا إلى https://example.org الآن", "direction"),
        ("fr", "menu:danger", "Je suis en grand danger maintenant", "button"),
        ("en", "thanks", "You should go to Germany.", "neutral"),
        ("fr", "thanks", "Vous devriez rentrer chez vous.", "neutral"),
        ("ru", "crisis:sea_stay", "Оставайтесь в лодке. " * 9, "segments"),
        ("fr", "crisis:call", "Appelez tout de suite les secours en mer par téléphone au numéro qui suit, gardez la ligne libre et attendez leur réponse, même si elle tarde à venir : {number}.", "first line"),
        ("fr", "crisis:sea", "Dites : GPS → personnes, enfants, malades.", "ucs2"),
    ],
)  # fmt: skip
def test_each_check_can_fail(broken: Any, code: str, key: str, words: str, rule: str) -> None:
    broken[key, code] = words
    assert rule in {problem.rule for problem in check_rendered(code)}


def test_a_lost_choice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = rendered_checks.offered

    def offered(*args: Any, **options: Any) -> Any:
        outbound, choices = genuine(*args, **options)
        return outbound.__class__(**{**outbound.__dict__, "choices": outbound.choices[:-1]}), choices

    monkeypatch.setattr(rendered_checks, "offered", offered)
    assert "choices" in {problem.rule for problem in check_rendered("en")}
