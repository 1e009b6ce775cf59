"""The pipeline of config.yml inside Rasa: trained on a few sentences, stored, loaded, and asked."""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.nlu.sentences import TRAINING, read
from bot.nlu.understanding import INTENT_FILE, LANGUAGE_FILE, Understanding
from bot.settings import ROOT

pytestmark = pytest.mark.slow
INTENTS = ("find_food", "find_shelter", "disclose_gbv", "give_location", "change_language")
PER_INTENT = 24
Parse = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of some real sentences, trained by Rasa with the project's pipeline and importer."""
    from rasa.model_training import train_nlu

    folder = tmp_path_factory.mktemp("components")
    taken: dict[tuple[str, str], list[str]] = {}
    for sentence in read(TRAINING):
        rows = taken.setdefault((sentence.language, sentence.intent), [])
        if sentence.intent in INTENTS and len(rows) < PER_INTENT:
            rows.append(sentence.text)
    for code in {code for code, _ in taken}:
        path = folder / "data" / "nlu" / code / "some.yml"
        path.parent.mkdir(parents=True)
        blocks = [
            {"intent": intent, "examples": "".join(f"- {text}\n" for text in rows)}
            for (language, intent), rows in taken.items()
            if language == code and rows
        ]
        path.write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True), encoding="utf-8")
    (folder / "data" / "tests").mkdir()
    trained = train_nlu(str(ROOT / "config.yml"), str(folder / "data"), str(folder), domain=str(ROOT / "domain.yml"))
    assert trained
    return Path(trained)


@pytest.fixture(scope="module")
def parse(model: Path) -> Parse:
    """Parses a text in a conversation with these slots and metadata."""
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage
    from rasa.shared.core.domain import Domain
    from rasa.shared.core.slots import AnySlot
    from rasa.shared.core.trackers import DialogueStateTracker

    agent = Agent.load(str(model))
    domain = Domain.load(str(ROOT / "domain.yml"))
    assert any(isinstance(slot, AnySlot) and slot.name == "open_choices" for slot in domain.slots)

    def parse(text: str, metadata: dict[str, Any] | None = None, **slots: Any) -> dict[str, Any]:
        tracker = DialogueStateTracker("somebody", domain.slots)
        for name, value in slots.items():
            tracker._set_slot(name, value)
        message = UserMessage(text, metadata=metadata)
        found: dict[str, Any] = asyncio.run(agent.processor.parse_message(message, tracker))
        return found

    return parse


def test_archive_holds_arrays_only(model: Path) -> None:
    with tarfile.open(model) as archive:
        names = [Path(member.name).name for member in archive if member.isfile()]
    assert {LANGUAGE_FILE, INTENT_FILE} <= set(names)
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]


@pytest.mark.parametrize(
    ("text", "intent", "language"),
    [
        ("we have not eaten since yesterday", "find_food", "en"),
        ("on a nulle part ou dormir ce soir", "find_shelter", "fr"),
        ("mi esposo me pega", "disclose_gbv", "es"),
        ("وين بنام الليلة ما عندنا مكان", "find_shelter", "ar"),
    ],
)
def test_sentences(parse: Parse, text: str, intent: str, language: str) -> None:
    found = parse(text)
    assert found["intent"]["name"] == intent
    assert found["intent_ranking"][0] == found["intent"]
    assert len(found["intent_ranking"]) == 5
    assert found["route"] == "classifier"
    assert found["language"]["code"] == language and 0.5 < found["language"]["confidence"] <= 1
    assert set(found) <= {"text", "intent", "entities", "intent_ranking", "language", "route", "text_tokens"} | {
        "message_id",
        "metadata",
    }


def test_the_conversation_is_heard(parse: Parse) -> None:
    choices = [
        {"label": "Yes", "intent": "affirm", "entities": {}},
        {"label": "Lyon", "intent": "give_location", "entities": {"place": {"id": "x"}}},
    ]
    found = parse("٢", open_choices=choices, language="fr")
    assert (found["intent"], found["route"]) == ({"name": "give_location", "confidence": 1.0}, "choice")
    assert found["entities"] == [{"entity": "place", "value": {"id": "x"}}]
    assert found["language"] == {"code": "fr", "confidence": 0.0}
    assert parse("٢", language="fr")["route"] == "empty"


def test_a_shared_location(parse: Parse) -> None:
    found = parse("", metadata={"location": {"lat": 45.76, "lon": 4.83}})
    assert (found["intent"]["name"], found["route"]) == ("give_location", "location")
    assert found["entities"] == [{"entity": "location", "value": {"lat": 45.76, "lon": 4.83}}]


def test_places_are_entities(parse: Parse, gazetteer: Any) -> None:
    text = "we need bread in Beirut"
    entity = next(e for e in parse(text)["entities"] if e["entity"] == "place")
    assert text[entity["start"] : entity["end"]] == entity["value"] == "Beirut"
    assert 1 <= len(entity["candidates"]) <= 6
    assert {"lat", "lon", "country"} <= set(entity["candidates"][0])
    assert parse("i am in Beirut")["route"] == "place"


def test_without_rasa_the_same(model: Path, parse: Parse) -> None:
    understanding = Understanding.load(model)
    for text in ("we have not eaten", "english please", "???", "nous sommes a Lyon"):
        routed, found = understanding.understand(text).routed, parse(text)
        assert (routed.intent, routed.route) == (found["intent"]["name"], found["route"])
        assert routed.confidence == pytest.approx(found["intent"]["confidence"], abs=1e-3)
