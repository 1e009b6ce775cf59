"""Standard spelling for the encoder."""

from __future__ import annotations

import pytest

from bot.nlu.respell import SPELLING, Spelling, spelling, transliterated


@pytest.mark.parametrize(
    ("typed", "language", "standard"),
    [
        ("وين المشفى؟", "ar", "أين المشفى؟"),
        ("بدي دكتور", "ar", "أريد طبيب"),
        ("ذهبت إلى المركز", "ar", "ذهبت إلى المركز"),
        ("wen el tbib", "ar", "أين ل طبيب"),
        ("pls help", "en", "please help"),
        ("Bjr g faim", "fr", "bonjour j'ai faim"),
        ("kiero chamba", "es", "quiero trabajo"),
        ("pls", None, "pls"),
        ("4 kids", "en", "4 children"),
        ("يعني", "ar", "يعني"),
    ],
)
def test_standard(typed: str, language: str | None, standard: str) -> None:
    assert spelling().standard(typed, language) == standard


@pytest.mark.parametrize(
    ("latin", "arabic"), [("bi7eb", "بيحب"), ("3aych", "عايش"), ("5obz", "خوبز"), ("9alb", "قالب")]
)
def test_transliterated(latin: str, arabic: str) -> None:
    assert transliterated(latin) == arabic


def test_every_variant_can_be_reached() -> None:
    """A variant is one word: messages are looked up word by word."""
    import yaml

    table = yaml.safe_load(SPELLING.read_text(encoding="utf-8"))
    broken = [
        (code, variant)
        for code, rows in table.items()
        for variants in rows.values()
        for variant in variants
        if not isinstance(variant, str) or len(variant.split()) != 1
    ]
    assert broken == []


def test_first_form_of_a_variant_counts() -> None:
    table = {"en": {"a": ["x"], "b": ["x"]}}
    assert Spelling(table).standard("x", "en") == "a"
