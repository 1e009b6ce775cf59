"""Segments of an SMS against Twilio's own calculator (npm sms-segments-calculator), on thousands of texts in all languages.

The calculator keeps a grapheme cluster (a letter with its marks, a family of emoji) whole where two parts meet; 3GPP TS 23.040 and
`bot.replies.sms` only a character. So the two may differ where our border falls into a cluster, and nowhere else (and on the empty text, which
is one segment there and no message here).
"""

from __future__ import annotations

import json
import random
import subprocess
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import yaml

from bot.replies import sms
from bot.replies.catalogue import translation
from bot.replies.samples import LANGUAGES
from bot.replies.texts import TEXTS
from bot.settings import ROOT
from tests.peers import CALCULATOR, npm

ENCODINGS = {"GSM-7": "gsm7", "UCS-2": "ucs2"}
JOINER, SELECTORS = "\u200d", ("\ufe0e", "\ufe0f", "\u20e3")
SCRIPT = """
const { SegmentedMessage } = require('sms-segments-calculator');
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const counted = texts.map((text) => {
  const message = new SegmentedMessage(text);
  return [message.encodingName, message.segments.length];
});
process.stdout.write(JSON.stringify(counted));
"""
PIECES: dict[str, tuple[str, ...]] = {
    "Latin": tuple(map(chr, [*range(0x20, 0x7F), *range(0xA1, 0x180)])),
    "Greek": tuple(map(chr, range(0x391, 0x3C9))),
    "extension": tuple("^{}\\[~]|€\f"),
    "plain": tuple("abcdefghijklmnopqrstuvwxyz ABC 0123 @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡¿ÄÖÑÜ§äöñüà"),
    "letters": tuple("áíóúâêîôçãõœığşőžćđЖжщїєҐアمپڕێآبকখঅሀለቢትዝ漢字"),
    "punctuation": tuple("’“”–—…·•«»؟،؛।።፡\u00a0\u202f\u2009"),
    "emoji": ("😀", "🚑", "👍🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇦", "🇬🇷", "1️⃣", "☎️", "❤️", "𝐀", "𐍈"),
    "marks": (
        "e\u0301",
        "a\u0308\u0323",
        "بِ",
        "كّ",
        "কি",
        "ক্ষ",
        "ন্ত্র",
        "Й".replace("Й", "и\u0306"),
        "\u200b",
        "\u2066",
        "\u200e",
    ),
    "lines": ("\n", "\r\n", "\r", "\t", "\n\n"),
}


def _sentences(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield from (line.lstrip("- ") for line in data.splitlines() if line)
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _sentences(value)


def _slices(chance: random.Random, pool: list[str], count: int) -> Iterator[str]:
    """Pieces of any length from 1 to about 6 parts, also right at the limits of parts."""
    for _ in range(count):
        length = chance.choice(
            [chance.randint(1, 400), chance.randint(1, 900), chance.choice([69, 70, 71, 134, 135, 160, 161, 306, 307])]
        )
        text = ""
        while len(text) < length + 20:
            text += chance.choice(pool) + chance.choice([" ", "\n", "\n\n"])
        start = chance.randint(0, 20)
        yield text[start : start + length]


def _real(chance: random.Random) -> Iterator[str]:
    for language in LANGUAGES:
        texts = [translation(key, language) for key in TEXTS]
        yield from _slices(chance, [text for text in texts if text], 60)
        yield from _slices(chance, [sms.plain(text) for text in texts if text], 20)
        files = sorted((ROOT / "data" / "tests" / language).glob("*.yml"))
        said = [s for file in files for s in _sentences(yaml.safe_load(file.read_text(encoding="utf-8")))]
        assert said, f"no sentences of {language}"
        yield from _slices(chance, said, 40)


def _mixed(chance: random.Random) -> Iterator[str]:
    kinds = sorted(PIECES)
    for _ in range(1000):
        chosen = chance.sample(kinds, chance.randint(1, 4))
        weights = [chance.choice([1, 3, 20]) for _ in chosen]
        length = chance.choice(
            [chance.randint(1, 80), chance.randint(60, 75), chance.randint(120, 340), chance.randint(300, 900)]
        )
        yield "".join(chance.choice(PIECES[kind]) for kind in chance.choices(chosen, weights, k=length))
    for kind in kinds:  # every piece alone, and some of each kind across each border
        yield from PIECES[kind]
        for piece in PIECES[kind][:40]:
            for filler, most in (("a", 153), ("م", 67)):
                for before in range(most - 3, most + 1):
                    yield filler * before + piece + filler * most


@lru_cache(maxsize=1)
def _texts() -> tuple[str, ...]:
    chance = random.Random(20261124)
    return tuple(dict.fromkeys([*_real(chance), *_mixed(chance)]))


def _borders(text: str) -> Iterator[int]:
    """Where parts begin, from the second on, if the text is cut between characters (3GPP TS 23.040, 9.2.3.24.1)."""
    kind = sms.encoding(text)
    single, part = {"gsm7": (160, 153), "ucs2": (70, 67)}[kind]
    sizes = [1 + (c in sms.GSM7_EXTENSION if kind == "gsm7" else ord(c) > 0xFFFF) for c in text]
    if sum(sizes) <= single:
        return
    used = 0
    for position, size in enumerate(sizes):
        if used + size > part:
            yield position
            used = 0
        used += size


def _in_a_cluster(text: str, position: int) -> bool:
    """Whether a border there would part a cluster (UAX #29: marks, joiners, selectors, flags, skin tones, CR LF)."""
    before, behind = text[position - 1], text[position]
    return (
        unicodedata.category(behind)[0] == "M"
        or behind in (JOINER, "\u200c", *SELECTORS)
        or before == JOINER
        or 0x1F3FB <= ord(behind) <= 0x1F3FF
        or (0x1F1E6 <= ord(before) <= 0x1F1FF and 0x1F1E6 <= ord(behind) <= 0x1F1FF)
        or (before, behind) == ("\r", "\n")
    )


@pytest.fixture(scope="module")
def counted() -> list[tuple[str, int]]:
    """Encoding and segments of each text by Twilio's calculator, all in one process."""
    folder = npm(CALCULATOR)
    run = subprocess.run(
        ["node", "-e", SCRIPT],
        cwd=folder,
        input=json.dumps(_texts()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-500:]
    return [(ENCODINGS[encoding], segments) for encoding, segments in json.loads(run.stdout)]


def test_there_is_enough_to_compare() -> None:
    texts = _texts()
    assert len(texts) >= 2000
    several = [text for text in texts if sms.segments(text) > 1]
    assert len(several) > 1000 and sum(sms.encoding(text) == "gsm7" for text in several) > 300
    assert sum(any(_in_a_cluster(text, border) for border in _borders(text)) for text in several) > 50


def test_the_encoding_is_the_same(counted: list[tuple[str, int]]) -> None:
    wrong = [(text, kind) for text, (kind, _) in zip(_texts(), counted) if sms.encoding(text) != kind]
    assert not wrong, f"{len(wrong)} differ, first: {wrong[0]!r}"


def test_the_number_of_segments_is_the_same(counted: list[tuple[str, int]], record_property: Any) -> None:
    wrong, differ, allowed = [], 0, 0
    for text, (_, theirs) in zip(_texts(), counted):
        ours = sms.segments(text)
        may = any(_in_a_cluster(text, border) for border in _borders(text))
        allowed += may
        if ours != theirs:
            differ += 1
            if not may or not ours < theirs <= ours + 1 + ours // 4:  # whole clusters only ever need more room
                wrong.append((ours, theirs, text))
    said = f"{len(counted)} texts, {allowed} with a cluster at a border, {differ} of these differ"
    record_property("segments", said)
    print(said)
    assert not wrong, f"{len(wrong)} differ, first: {wrong[0]!r}"
    assert differ < len(counted) / 20
