"""Matching form of what people type: one row a rule."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.nlu.normalise import key, normalise, tidy, trace


@pytest.mark.parametrize(
    ("typed", "matching"),
    [
        ("HELLO", "hello"),
        ("ＡＢＣ", "abc"),
        ("NÉCESSITÉ", "necessite"),
        ("e\u0301te\u0301", "ete"),
        ("Ñandú", "nandu"),
        ("cœur", "coeur"),
        ("İstanbul IĞDIR", "istanbul igdir"),
        ("straße", "strasse"),
        ("heeelp pleaseee", "help please"),
        ("нееет", "нет"),
        ("good food", "good food"),
        ("1111", "1111"),
        ("J’ai l´eau", "j'ai l'eau"),
        ("a\u200bb \u202eabc\u202c", "ab abc"),
        ("  two \n words ", "two words"),
        ("٢ ۳ ४ ৫", "2 3 4 5"),
        ("الطّـــعام", "الطعام"),
        ("مَأْوًى", "ماوي"),
        ("أحمد إلى آخر", "احمد الي اخر"),
        ("مدرسة مدرسه مدرسە", "مدرسه مدرسه مدرسه"),
        ("کتاب كتاب", "كتاب كتاب"),
        ("یک يك", "يك يك"),
        ("می\u200cخواهم", "ميخواهم"),
        ("ﻣﺮﺣﺒﺎ", "مرحبا"),
        ("ሐኪም ኀኪም ሀኪም", "ሀኪም ሀኪም ሀኪም"),
        ("ፀሐይ ጸሀይ", "ጸሀይ ጸሀይ"),
        ("ሠላም ዓለም", "ሰላም አለም"),
        ("йод Ёлка Її", "йод ёлка її"),
        ("नमस्ते डॉक्टर", "नमस्ते डॉक्टर"),
        ("আমার ক্ষুধা", "আমার ক্ষুধা"),
    ],
)
def test_normalise(typed: str, matching: str) -> None:
    assert normalise(typed) == matching


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Où  est l’hôpital", "Où est l'hôpital"),
        ("مدرسة\u200f", "مدرسة"),
        ("طـــعام", "طعام"),
    ],
)
def test_tidy_keeps_spelling(typed: str, kept: str) -> None:
    assert tidy(typed) == kept


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("¡¡Holaaa!!", "hola"),
        ("Hello.", "helo"),
        ("stoooop", "STOP!"),
        ("s'il vous plaît", "sil vous plait"),
        ("السلام عليكم!", "السّلام  عليكم"),
    ],
)
def test_keys_of_one_message_agree(typed: str, same: str) -> None:
    assert key(typed) == key(same) != ""


@pytest.mark.parametrize(
    ("typed", "found", "span"),
    [
        ("heeelp  in Áthens", "help", (0, 6)),
        ("heeelp  in Áthens", "athens", (11, 17)),
        ("أنا في بيروووت", "بيروت", (7, 14)),
        ("cœur", "oe", (1, 2)),
        ("a\u200bb", "ab", (0, 3)),
    ],
)
def test_span_in_the_original(typed: str, found: str, span: tuple[int, int]) -> None:
    traced = trace(typed)
    start = traced.text.index(found)
    assert traced.span(start, start + len(found)) == span


def test_span_outside_the_text() -> None:
    with pytest.raises(IndexError):
        trace("abc").span(2, 9)


@given(st.text(max_size=40))
def test_trace_agrees_with_normalise(text: str) -> None:
    traced = trace(text)
    assert traced.text == normalise(text)
    assert list(traced.starts) == sorted(traced.starts)
    assert all(0 <= start < end <= len(text) for start, end in zip(traced.starts, traced.ends, strict=True))


_BLOCKS = (
    (0x20, 0x24F),
    (0x300, 0x36F),
    (0x400, 0x52F),
    (0x600, 0x6FF),
    (0x900, 0x9FF),
    (0x1200, 0x137F),
    (0x200B, 0x2019),
)


@given(st.text(alphabet=st.one_of(*(st.characters(min_codepoint=a, max_codepoint=b) for a, b in _BLOCKS)), max_size=30))
@example("0\u00ad\u0300")
@example("0\u0085\u0300")
@example("0\u06e5\u0300")
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)
