"""Strategies that several targets share: what people type, JSON of any shape, and a known JSON with parts of it replaced."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

__all__ = ["JSON", "LANGUAGES", "NUMBERS", "TEXTS", "damaged"]

LANGUAGES = (
    "am", "ar", "bn", "ckb", "en", "es", "fa", "fr", "ht", "ku", "prs", "ps", "pt", "ru", "so", "sw", "ti", "tr", "uk", "ur",
)  # fmt: skip
_BITS = (
    "help", "i need a doctor in Athens", "أحتاج إلى طبيب", "أين", "ሓገዝ", "আমার", "كابول", "my name is Omar Haddad", "اسمي عمر",
    "+30 694 123 4567", "0044 7700 900123", "112", "34.1234, 25.5678", "34°12'30\"N 12°27'E", "https://maps.example.org/@34.1,25.1",
    "www.x.org/a", "a@b.example", "tomorrow at 9 pm", "in 3 days", "2026-11-24", "24/7", "Mon-Fri 9-17", "choice:1:ab12cd", "/intent{}",
    "\u202e", "\u200b", "\u2066", "\u2069", "\u0301" * 30, "\u064b" * 30, "👩‍👩‍👧‍👦", "🇸🇾", "\ufeff", "\x00", "\t", "\n\n", "   ", "٢٣٤", "۱۲۳", "፲፪",
    "ß", "ﬁ", "ǆ", "İ", "\u1e9e", "①", "²", "½", "ﷺ", "ＡＢ１２", "'", '"', "{", "}", "%s", "%(a)s", "${x}", "{{x}}", "<b>", "; DROP TABLE", "=1+1",
)  # fmt: skip
TEXTS: st.SearchStrategy[str] = st.lists(
    st.one_of(
        st.sampled_from(_BITS),
        st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12),
        st.text(alphabet="0123456789 .,-+()/:°NSEW", max_size=20),
        st.sampled_from((" ", "\n", ", ", ".", "")),
    ),
    max_size=14,
).map("".join)
"""What a person may type, and what nobody does: without lone surrogates."""

NUMBERS = st.one_of(
    st.integers(min_value=10**8, max_value=10**13).map(lambda n: f"+{n}"),
    st.sampled_from(("+306941234567", "+447700900123", "+905321234567", "+18005550123", "+390612345678")),
)
"""Phone numbers in E.164."""

JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.integers(min_value=-(2**70), max_value=2**70),
        st.floats(),
        st.text(max_size=20),
        TEXTS,
        st.sampled_from(("\ud800", "\x00", "9" * 40, "1e400", "nan", "Infinity", "-0", "true", "null")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(st.text(max_size=6), st.sampled_from(("id", "text", "name", "lat", "lon"))), inner, max_size=4
        ),
    ),
    max_leaves=12,
)
"""Anything that json.loads can give, lone surrogates among it."""


def _spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        found += _spots(child, (*path, name))
    return found


@st.composite
def damaged(draw: st.DrawFn, whole: tuple[Any, ...], most: int = 4) -> Any:
    """One of these JSON values with up to `most` of its parts replaced by anything, or taken out."""
    value = copy.deepcopy(draw(st.sampled_from(whole)))
    for _ in range(draw(st.integers(min_value=0, max_value=most))):
        spots = _spots(value)
        if not spots:
            break
        *path, last = draw(st.sampled_from(spots))
        inner = value
        for name in path:
            inner = inner[name]
        if draw(st.booleans()) or isinstance(inner, list):
            inner[last] = draw(JSON)
        else:
            del inner[last]
    return value
