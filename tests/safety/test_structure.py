"""What cannot leak because it has no place: no field for routes, prices or who somebody is (B.2, P6, M1); what each kind of text holds."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from django.apps import apps

from actions.conversation import Identity
from actions.neutral import Neutral
from actions.turn import Turn
from bot.languages import served
from bot.lookup.categories import CATEGORIES
from bot.lookup.schema import DDL
from bot.lookup.snapshot import Directory
from bot.mailbox.tables import metadata
from bot.messages import Card, Text
from bot.replies.render import word
from bot.replies.texts import sources
from bot.settings import ROOT
from tests.lookup.builder import build, number
from tests.safety.test_crisis_texts import NOW, said, turn_in

LANGUAGES = [language.code for language in served()]

# --- No field to put it into ------------------------------------------------------------------------------------------------

ROUTES = re.compile(
    r"route|(?<!ab)road|crossing|border|smuggl|carrier|fare|price|wave|weather|patrol|departure|checkpoint|ticket"
)
IDENTITY = re.compile(
    r"religio|ethnic|birth|passport|document_n|legal_status|immigration_s|surname|full_name|entered_how"
)


def fields() -> dict[str, set[str]]:
    """Names of every field in which something can be written down, by where it is."""
    slots = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["slots"]
    return {
        "slots": set(slots),
        "snapshot": set(re.findall(r"\b([a-z][a-z0-9_]*) (?:TEXT|INTEGER|REAL)\b", DDL)),
        "mailbox": {column.name for table in metadata.tables.values() for column in table.columns},
        "cards": {field.name for field in dataclasses.fields(Card)},
        "directory": {
            field.name for model in apps.get_app_config("directory").get_models() for field in model._meta.fields
        },
    }


@pytest.mark.parametrize("where", fields())
def test_there_is_no_field_for_it(where: str) -> None:
    names = fields()[where]
    assert len(names) > 5, "the fields were found"
    assert not {name for name in names if ROUTES.search(name)}, "routes, prices, times or carriers (B.2)"
    assert not {name for name in names if IDENTITY.search(name)}, "who somebody is (P6)"


def test_nothing_that_people_write_is_said_again() -> None:
    """No text has a place for words of a person: a rumour cannot be repeated (M1), nor a link (M3)."""
    held = {name for english in sources().values() for _, name, _, _ in Formatter().parse(english) if name}
    assert held and not {name for name in held if re.search(r"rumou?r|message|words|said|quote|input|user", name)}


@pytest.mark.parametrize("word_", ["deport", "removal", "detention", "transport", "smuggl", "crossing"])
def test_no_kind_of_help_supports_coercion_or_crossing(word_: str) -> None:
    """S13: the list of kinds of help has none of removal operations; B.2: none of crossing."""
    assert not [code for code, kind in CATEGORIES.items() if word_ in f"{code} {kind.label}".casefold()]


# --- What each kind of answer holds -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Directory:
    path: Path = tmp_path_factory.mktemp("snapshot") / "snapshot.sqlite"
    return Directory(build(path, numbers=[number("a", "GR", "general", "112"), number("b", "GR", "gbv", "15900")]))


def answered(directory: Directory, action: Any, intent: str, language: str = "en") -> Turn:
    turn = turn_in(directory, intent, language, "web", "GR")
    action.answer(turn)
    return turn


@pytest.mark.parametrize("intent", ["ask_migration_advice", "ask_irregular_route", "ask_outcome_prediction"])
def test_a_decision_gets_a_stance_options_and_a_person(directory: Directory, intent: str) -> None:
    (reply,) = answered(directory, Neutral(), intent).replies
    assert reply.kind == "neutral" and reply.texts[0].key.startswith("neutral:") and not reply.cards
    picked = [choice.intent for choice in reply.choices]
    assert len(picked) >= 3 and picked[-1] == "talk_to_human" and len(set(picked)) == len(picked)
    if intent == "ask_migration_advice":
        assert {"find_legal_aid", "info_asylum"} & {*picked} and "info_return" in picked, "no side alone (T2, N18)"
        assert picked[0] != "info_return" and "find_return_support" not in picked[:3], "return is not the first"


@pytest.mark.parametrize("language", LANGUAGES)
def test_options_have_equal_form(directory: Directory, language: str) -> None:
    """N18: each option is one label of a button: no figure, no exclamation, none much longer than another."""
    (reply,) = answered(directory, Neutral(), "ask_migration_advice", language).replies
    labels = word(reply, language, channel="web", now=NOW, country="GR").choices
    assert len(labels) == len(reply.choices) and max(map(len, labels)) <= 30
    assert not [label for label in labels if any(character.isdigit() for character in label) or "!" in label]


TOPICS = {
    "en": r"\b(rape|raped|sexual|violence|abuse|traffick\w*|prostitut\w*|hiv|suicide)\b",
    "fr": r"\b(viol\w*|sexuel\w*|abus\w*|traite|suicide)\b",
    "es": r"\b(violaci\w+|violencia|sexual\w*|abuso|trata)\b",
    "pt": r"\b(viola\w+|estupro|violência|sexual\w*|abuso|tráfico)\b",
    "ht": r"\b(vyòl|vyolans|seksyèl|abi)\b",
    "ar": r"اغتصاب|عنف|جنسي|اتجار",
    "fa": r"تجاوز|خشونت|جنسی|قاچاق",
    "prs": r"تجاوز|خشونت|جنسی|قاچاق",
    "ur": r"زیادتی|تشدد|جنسی|اسمگلنگ",
    "ps": r"تېری|تاوتریخوال|جنسي|قاچاق",
    "ru": r"насил|изнасил|сексуал|торговл",
    "uk": r"насил|зґвалт|сексуал|торгівл",
    "tr": r"tecavüz|şiddet|cinsel|taciz|insan ticareti",
    "ku": r"tecawiz|tundî|zayendî",
    "ckb": r"دەستدرێژی|توندوتیژی|سێکسی",
    "so": r"\b(kufsi\w*|xadgudub\w*|galmo)\b",
    "sw": r"\b(ubakaji|ukatili|unyanyasaji|kingono)\b",
    "am": r"መደፈር|ጥቃት|ወሲብ",
    "ti": r"ዓመጽ|ጾታዊ|ምድፋር",
    "bn": r"ধর্ষণ|সহিংসতা|যৌন|পাচার",
}
"""The plainest words for the topic. Not read by native speakers."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["gender-based violence", "trafficking"])
def test_an_sms_does_not_name_the_topic(directory: Directory, name: str, language: str) -> None:
    """P9: whoever else reads the phone does not learn what it was about."""
    text = "\n".join(answer.text for answer in said(directory, name, language, "sms", "GR"))
    assert text and not re.search(TOPICS[language], text, re.I), text


def test_each_language_has_words_for_the_topic() -> None:
    assert set(TOPICS) == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_tells_of_violence_is_believed_and_asked_nothing(directory: Directory, language: str) -> None:
    """S6: believed, not blamed, the person decides; no question; what is offered is asked for by the person."""
    for name in ("gender-based violence", "trafficking"):
        answers = said(directory, name, language, "web", "GR")
        assert not {*"?؟;፧"} & {*"\n".join(answer.text for answer in answers)}
        assert len(answers[0].choices) >= 3
    keys = {text.key for text in _protection(directory).replies[0].texts}
    assert {"protection:call", "protection:believe"} <= keys


def test_trafficking_is_never_the_police_alone(directory: Directory) -> None:
    """S10: beside the number there is advice and a safe place, and no promise."""
    turn = _protection(directory, "disclose_trafficking")
    assert {"find_legal_aid", "find_safe_space"} <= {choice.intent for choice in turn.replies[0].choices}


def _protection(directory: Directory, intent: str = "disclose_gbv") -> Turn:
    from actions.crisis import Protection

    return answered(directory, Protection(), intent)


def test_it_says_that_it_is_a_machine_and_whose(directory: Directory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A6: a machine, who answers for it, a way to a person, and in the notice that it is free."""
    import actions.conversation as conversation

    monkeypatch.setattr(
        conversation, "settings", lambda: type("Configured", (), {"operator": "Sample Red Cross", "retention_days": 30})
    )
    (reply,) = answered(directory, Identity(), "ask_identity").replies
    text = word(reply, "en", channel="web", now=NOW, country=None).text
    assert "machine" in text and "Sample Red Cross" in text
    assert {"talk_to_human", "ask_privacy"} <= {choice.intent for choice in reply.choices}


@pytest.mark.parametrize("key", ["notice", "feedback"])
def test_help_is_said_to_be_free(key: str) -> None:
    """A3: at first contact, and after a complaint with the sentence that nobody may ask for money or favours (M5)."""
    english = sources()[key]
    assert re.search(r"\bfree\b", english) and (key == "notice" or "Nobody may ask you for money or favours" in english)
    assert Text(key).key == key


def test_self_harm_is_answered_warmly_and_without_questions(directory: Directory) -> None:
    """S14: no question of method, no diagnosis."""
    text = "\n".join(answer.text for answer in said(directory, "self-harm", "en", "web", "GR"))
    assert "?" not in text and "not alone" in text
    assert not re.search(r"suicid|kill|method|depress|disorder|diagnos", text, re.I)


def test_detained_gets_legal_aid_and_never_the_consulate(directory: Directory) -> None:
    """S12: a lawyer and the family; no text and no kind of help names an embassy, so none is shown without its warning."""
    turn = turn_in(directory, "disclose_detained", "en", "web", "GR")
    from actions.crisis import Crisis

    Crisis().answer(turn)
    assert "find_legal_aid" in {choice.intent for reply in turn.replies for choice in reply.choices}
    assert not [key for key, english in sources().items() if re.search(r"embass|consul", english, re.I)]
    assert not [code for code, kind in CATEGORIES.items() if re.search(r"embass|consul", f"{code} {kind.label}", re.I)]


def test_no_person_is_promised(directory: Directory) -> None:
    """S16: who asks for a person hears that nobody reads this chat, and gets kinds of places where people answer."""
    from actions.conversation import TalkToHuman

    (reply,) = answered(directory, TalkToHuman(), "talk_to_human").replies
    text = word(reply, "en", channel="web", now=NOW, country="GR").text
    assert "No person reads this chat" in text and len(reply.choices) >= 4
