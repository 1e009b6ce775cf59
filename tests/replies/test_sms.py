"""Segments as Twilio's calculator counts them (npm sms-segments-calculator 1.3.0), and cutting."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from bot.replies import sms


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "gsm7", 0, 0),
        ("a" * 160, "gsm7", 160, 1),
        ("a" * 161, "gsm7", 161, 2),
        ("a" * 306, "gsm7", 306, 2),
        ("a" * 307, "gsm7", 307, 3),
        ("€" * 80, "gsm7", 160, 1),
        ("€" * 81, "gsm7", 162, 2),
        ("a" * 152 + "€" + "a" * 151, "gsm7", 305, 2),  # the euro sign goes whole into the second part
        ("a" * 152 + "€" + "a" * 152, "gsm7", 306, 3),
        ("a{}[]~|^\\", "gsm7", 17, 1),
        ("ñ¿¡éàèùìòäöüß", "gsm7", 13, 1),
        ("á", "ucs2", 1, 1),
        ("ç", "ucs2", 1, 1),
        ("’", "ucs2", 1, 1),
        ("م" * 70, "ucs2", 70, 1),
        ("م" * 71, "ucs2", 71, 2),
        ("م" * 134, "ucs2", 134, 2),
        ("م" * 135, "ucs2", 135, 3),
        ("😀" * 35, "ucs2", 70, 1),
        ("😀" * 36, "ucs2", 72, 2),
        ("m" * 66 + "😀" + "m" * 66, "ucs2", 134, 3),  # a pair is never cut in half
    ],
)
def test_segments(text: str, encoding: str, units: int, segments: int) -> None:
    assert (sms.encoding(text), sms.units(text), sms.segments(text)) == (encoding, units, segments)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Bonjour” – l’asile… 1\u202fkm · 2\u00a0km", '"Bonjour" - l\'asile... 1 km - 2 km'),
        ("Où êtes-vous, señora María?", "Où êtes-vous, señora María?"),  # letters keep their accents
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert sms.plain(text) == expected


@pytest.mark.parametrize(
    ("text", "most", "expected"),
    [
        ("Short.", 1, "Short."),
        ("One sentence. " * 20, 1, ("One sentence. " * 11).strip()),
        ("word " * 100, 1, ("word " * 32).strip()),
        ("م" * 100, 1, "م" * 70),
    ],
)
def test_trim(text: str, most: int, expected: str) -> None:
    assert sms.trim(text, most) == expected


@pytest.mark.parametrize("seed", range(5))
def test_split_loses_nothing_and_each_part_fits(seed: int) -> None:
    chance = random.Random(seed)
    text = " ".join(chance.choice(["hello.", "مرحبا", "a" * 200, "€uro", "😀", "fin."]) for _ in range(60))
    parts = sms.split(text, 2)
    assert len(parts) > 1 and all(0 < sms.segments(part) <= 2 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


TWILIO = json.loads((Path(__file__).parent / "segments.json").read_text(encoding="utf-8"))
"""What Twilio's calculator (npm `sms-segments-calculator` 1.3.0, `new SegmentedMessage(text)`) makes of messages in all languages and
of edge cases: text, encodingName, segments.length."""


@pytest.mark.parametrize("row", TWILIO, ids=range(len(TWILIO)))
def test_the_same_as_twilios_calculator(row: dict[str, Any]) -> None:
    assert sms.encoding(row["text"]) == {"GSM-7": "gsm7", "UCS-2": "ucs2"}[row["encoding"]]
    assert sms.segments(row["text"]) == row["segments"]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Açık, saat 17:00'ye kadar. Şişli", "Acik, saat 17:00'ye kadar. Sisli"),
        ("Não posso enviar ajuda.", "Nao posso enviar ajuda."),
        ("déjà vu à Ñuñoa", "déjà vu à Ñuñoa"),
        ("Ağır: Αθήνα", "Ağır: Αθήνα"),  # Greek letters cost the message its cheap form anyway
        ("çok 😀", "çok 😀"),
    ],
)
def test_latin_letters_without_marks(text: str, folded: str) -> None:
    assert sms.without_marks(text) == folded
