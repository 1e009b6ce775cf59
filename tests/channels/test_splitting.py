"""Long texts in parts: nothing lost, nothing torn, nothing too long."""

from __future__ import annotations

import random
import unicodedata

import pytest

from bot.channels.splitting import split, units

LETTERS = (
    "a",
    "é",
    "م",
    "ِّ",
    "क",
    "्",
    "ነ",
    "😀",
    "👩🏽",
    "\u200d",
    "🇺",
    "🇦",
    " ",
    " ",
    "\n",
    "\n\n",
    ". ",
    "؟ ",
    "። ",
    "word ",
    "كلمة ",
)


def _solid(text: str) -> str:
    return "".join(text.split())


def test_random_texts_lose_nothing_and_fit() -> None:
    chance = random.Random(11)
    for _ in range(1500):
        text = "".join(chance.choices(LETTERS, k=chance.randrange(1, 120)))
        most = chance.choice((10, 17, 40))
        parts = split(text, most)
        assert parts and all(units(part) <= most for part in parts)
        assert _solid("".join(parts)) == _solid(text)
        if text.strip():
            assert all(part.strip() == part and part for part in parts)


@pytest.mark.parametrize("cluster", ["👩🏽‍⚕️", "🇺🇦", "é", "كِّ", "क्षि", "👍🏿", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"])
@pytest.mark.parametrize("shift", range(4))
def test_what_a_reader_sees_as_one_is_not_torn(cluster: str, shift: int) -> None:
    for part in split("x" * shift + cluster * 100, 64)[1:]:
        assert part.startswith(cluster[0]) and not unicodedata.category(part[0]).startswith("M")
        if "क" not in cluster:
            assert part.replace(cluster, "") == ""


@pytest.mark.parametrize(
    ("text", "most", "parts"),
    [
        ("", 10, [""]),
        ("  \n ", 10, [""]),
        ("0123456789", 10, ["0123456789"]),
        ("01234 6789a", 10, ["01234", "6789a"]),
        ("0123456789 abc", 10, ["0123456789", "abc"]),  # the word ends where the part ends
        ("One. Two four", 10, ["One. Two", "four"]),  # a sentence that ends too early
        ("One two. Three", 12, ["One two.", "Three"]),
        ("One two three. Four\n\nfive", 20, ["One two three. Four", "five"]),
        ("One 3.5 km 4.5 km on", 14, ["One 3.5 km 4.5", "km on"]),  # a point in a number ends no sentence
        ("x" * 25, 10, ["x" * 10, "x" * 10, "x" * 5]),
        ("a" + "\u0301" * 30, 10, ["a" + "\u0301" * 9, "\u0301" * 10, "\u0301" * 10, "\u0301"]),  # more marks than fit
    ],
)  # fmt: skip
def test_where_it_is_cut(text: str, most: int, parts: list[str]) -> None:
    assert split(text, most) == parts
