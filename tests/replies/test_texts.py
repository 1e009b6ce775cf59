"""Every text in every served language on every channel, and the rules for the English source."""

from __future__ import annotations

import re

import pytest

from bot.languages import languages
from bot.lookup.categories import CATEGORIES
from bot.messages import Choice, Reply
from bot.replies import sms
from bot.replies.bidi import unprotected
from bot.replies.catalogue import reload, say, translation, wording
from bot.replies.formats import Reader
from bot.replies.render import word
from bot.replies.samples import CHANNELS, LANGUAGES, NOW, crisis, text
from bot.replies.texts import TEXTS, sources

KEYS = tuple(sources())
BUTTONS = tuple(key for key in TEXTS if key.startswith(("menu:", "choice:", "topic:", "wrong:")))
GSM7_TEXTS = tuple(key for key in TEXTS if key.startswith(("crisis:", "protection:")))
LATIN = tuple(code for code in LANGUAGES if languages()[code].script == "Latn")


def test_these_are_the_served_languages() -> None:
    assert len(LANGUAGES) >= 20 and len(set(LANGUAGES)) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
def test_every_text_renders(language: str, channel: str) -> None:
    for key in KEYS:
        words = say(text(key), Reader(language, channel, "GR", None, NOW))
        assert words.strip() == words != "", key
        assert not re.search(r"[{}]", words), key
        assert not unprotected(words, language), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(language: str, caplog: pytest.LogCaptureFixture) -> None:
    reload()
    for key in KEYS:
        translation(key, language)
    assert not caplog.records


def sentences(english: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.!?])\s+", english) if part]


JARGON = re.compile(
    r"\b(accommodat\w*|additional\w*|adjudicat\w*|approximately|assistance|asylum.seekers?|beneficiar\w*|caseload|commence\w*|comply|deport\w*|eligib\w*|"
    r"facilitat\w*|guardianship|implement\w*|in accordance|in order to|irregular\w*|jurisdiction\w*|legislat\w*|livelihoods?|modalit\w*|non-refoulement|"
    r"obtain\w*|pathways?|persons? of concern|prior to|procedur\w*|provid(?:e|es|ed|ing)|psychosocial\w*|pursuant|referr\w*|refoul\w*|regarding|require\w*|"
    r"stakeholders?|subsequent\w*|subsidiary|undocumented|utili[sz]\w*|vulnerab\w*)\b",
    re.IGNORECASE,
)
"""Words of offices and organisations that a child or somebody who learns English does not know."""


def plain_language_faults(english: str) -> list[str]:
    """What breaks the rules: 15 words a sentence, 3 sentences a text, no JARGON."""
    parts = sentences(english)
    faults = [f"{len(part.split())} words" for part in parts if len(part.split()) > 15]
    faults += [f"{len(parts)} sentences"] if len(parts) > 3 else []
    return faults + [f"jargon: {word}" for word in JARGON.findall(english)]


def test_the_english_is_plain() -> None:
    assert {key: faults for key in KEYS if (faults := plain_language_faults(translation(key, "en")))} == {}


@pytest.mark.parametrize(
    ("english", "faults"),
    [
        ("One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen.", []),
        (
            "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen.",
            ["16 words"],
        ),
        ("One. Two. Three. Four.", ["4 sentences"]),
        ("We provide assistance.", ["jargon: provide", "jargon: assistance"]),
    ],
)
def test_the_rule_for_plain_english_can_fail(english: str, faults: list[str]) -> None:
    assert plain_language_faults(english) == faults


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_are_short(language: str) -> None:
    too_long = {key: words for key in BUTTONS if len(words := wording(text(key), language)) > 24}
    assert too_long == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_fits_an_sms(language: str) -> None:
    for key in KEYS:
        outbound = word(Reply("text", (text(key),)), language, channel="sms", now=NOW, country="GR")
        assert sms.segments(outbound.text) <= 3, key


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", ["112", "+302104112500", "+393391234567"])
def test_the_first_line_of_a_crisis_is_one_segment(language: str, number: str) -> None:
    outbound = word(crisis(number), language, channel="sms", now=NOW, country="TR")
    first = outbound.text.splitlines()[0]
    assert sms.segments(first) == 1
    assert len(first) <= (160 if language in LATIN else 70)
    assert sms.encoding(first) == ("gsm7" if language in LATIN else "ucs2")
    assert sms.segments(outbound.text) <= 3


@pytest.mark.parametrize("language", LATIN)
def test_texts_for_people_at_risk_stay_cheap(language: str) -> None:
    said = {key: sms.without_marks(sms.plain(wording(text(key), language, channel="sms"))) for key in GSM7_TEXTS}
    assert [key for key, words in said.items() if sms.encoding(words) != "gsm7"] == []


def test_a_menu_of_all_categories_has_a_label_for_each() -> None:
    for language in LANGUAGES:
        labels = [Choice(text(f"category:{code}"), f"find_{code}") for code in CATEGORIES]
        outbound = word(Reply("menu", (), (), tuple(labels)), language, channel="web", now=NOW, country=None)
        assert len(set(outbound.choices)) == len(CATEGORIES)
