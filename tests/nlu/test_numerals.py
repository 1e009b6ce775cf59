"""Numbers as whole messages."""

from __future__ import annotations

import pytest

from bot.nlu.numerals import Numerals, number_in_digits, numerals


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        *((form, 2) for form in ("2", "2.", "2)", "(2)", "[2]", " 2 ", "2!", "２", "②", "⑵", "⒉", "2️⃣", "2\u20e3")),
        *((digit, 3) for digit in ("٣", "۳", "३", "৩", "੩", "၃", "๓", "፫")),
        ("٠", 0),
        ("🔟", 10),
        ("١٢", 12),
        ("፲፪", 12),
        ("፪፻፴", 230),
        ("#4", 4),
        ("112", 112),
    ],
)
def test_digits(typed: str, value: int) -> None:
    assert number_in_digits(typed) == value


@pytest.mark.parametrize(
    "typed", ["", "two", "2 kids", "2 3", "1.5", "+33612345678", "0033612345678", "??", "十", "a2"]
)
def test_no_digits(typed: str) -> None:
    assert number_in_digits(typed) is None


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("nr 2", 2),
        ("No. 3", 3),
        ("option 4", 4),
        ("№2", 2),
        ("The second one!", 2),
        ("three", 3),
        ("TWO", 2),
        ("رقم ٤", 4),
        ("الثاني", 2),
        ("تلاتة", 3),
        ("tnin", 2),
        ("n° 5", 5),
        ("le deuxième", 2),
        ("dix", 10),
        ("opción 3", 3),
        ("la segunda", 2),
        ("dos", 2),
        ("cero", 0),
    ],
)
def test_words(typed: str, value: int) -> None:
    assert numerals().number(typed) == value


@pytest.mark.parametrize(
    "typed", ["none", "someone", "no", "la", "option", "two kids", "j'ai deux enfants", "لا", "unos", ""]
)
def test_no_number_words(typed: str) -> None:
    assert numerals().number(typed) is None


def test_a_word_of_two_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="sis"):
        Numerals({"a": {"words": {6: ["sis"], 7: ["sis"]}}})


def test_the_language_of_the_conversation_decides_between_two_numbers() -> None:
    known = Numerals({"a": {"words": {6: ["sis"]}}, "b": {"words": {7: ["sis"]}}})
    assert [known.number("sis", code) for code in ("a", "b", "c", None)] == [6, 7, None, None]
