"""Messages typed without spaces: cut into the words of the language, and long words that are left whole."""

from __future__ import annotations

import pytest

from bot.nlu.spaceless import Spaces, spaced

TEXTS = [
    "où es-tu",
    "please help my father",
    "my mother is not breathing",
    "où est l'école",
    "où est le médecin",
    "my is my is my",
]


@pytest.mark.parametrize(
    ("word", "cut"),
    [
        ("helpmyfatherplease", "help my father please"),
        ("HELPMYFATHERPLEASE", "HELP MY FATHER PLEASE"),
        ("mymotherisnotbreathing", "my mother is not breathing"),
        ("helpmyfatheerplease", "helpmyfatheerplease"),  # no word of its own in the middle: nothing is guessed
        ("oùestmédecinest", "où est médecin est"),
        ("breathing", "breathing"),
        ("internationalisation", "internationalisation"),
        ("https://example.org/helpmyfather", "https://example.org/helpmyfather"),
        ("", ""),
    ],
)
def test_cut(word: str, cut: str) -> None:
    assert Spaces.of(TEXTS).cut(word) == cut


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("helpmyhusbandisdying", "en", "help my husband is dying"),
        ("onveutdormirquelquepart", "fr", "on veut dormir quelque part"),
        ("мненужнаводаиврач", "ru", "мне нужна вода и врач"),
        ("we look for an accommodationcentre near the station of the town", "en", None),
        ("where is the doctor", "en", None),
        ("helpmyhusbandisdying", None, None),
        ("", "en", None),
    ],
)
def test_spaced(text: str, language: str | None, wanted: str | None) -> None:
    """With the project's own sentences; None: stays as it is."""
    assert spaced(text, language) == (text if wanted is None else wanted)
