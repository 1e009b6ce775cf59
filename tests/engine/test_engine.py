"""The engine over the trained model: memory in, answers and memory out, and never silence."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.engine.exceptions import GraphComponentException

from bot.engine.engine import Engine, NoModel, defuse, newest_model
from bot.messages import Inbound, Location
from bot.settings import settings

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(newest_model(settings().path("models")))


def message(text: str = "", **more: Any) -> Inbound:
    return Inbound("rest", "conversation", "id", text=text, render_as="web", **more)


async def test_the_notice_is_given_once(engine: Engine) -> None:
    first = await engine.turn(message("hello"), {})
    second = await engine.turn(message("hello"), first.memory or {})
    notice = "I do not need your name"
    said = ["\n".join(answer.text for answer in turn.answers) for turn in (first, second)]
    assert said[0].count(notice) == 1 and notice not in said[1]


async def test_nothing_stands_before_the_number_in_danger(engine: Engine) -> None:
    turn = await engine.turn(message("boat is sinking we are 30"), {})
    assert "112" in turn.answers[0].text.splitlines()[0]
    assert not any("I do not need your name" in answer.text for answer in turn.answers)


async def test_memory_holds_no_words_of_a_message(engine: Engine) -> None:
    memory: dict[str, Any] = {}
    for text in ("my name is ZZSENTINEL i need food", "i am in athens", "ZZSENTINEL what is this"):
        turn = await engine.turn(message(text), memory)
        memory = dict(turn.memory or {})
    assert memory["language"] == "en" and memory["need"] == "food" and "ZZSENTINEL" not in str(memory)


async def test_a_position_answers_the_need_that_waits(engine: Engine) -> None:
    asked = await engine.turn(message("i need food"), {})
    assert asked.answers[0].kind == "question" and asked.answers[-1].ask_location
    found = await engine.turn(message(location=Location(44.81, 20.46)), asked.memory or {})
    assert found.answers[0].kind == "services"


async def test_a_broken_action_is_an_apology_and_changes_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from actions.conversation import Menu

    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(Menu, "answer", broken)
    memory = {"language": "fr", "need": "food"}
    turn = await engine.turn(message("menu"), memory)
    assert turn.failed and turn.memory == memory
    assert turn.answers[0].language == "fr" and turn.answers[0].custom["error"] is True


async def test_broken_understanding_is_an_apology(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise GraphComponentException("broken on purpose")

    monkeypatch.setattr(engine._agent.processor.graph_runner, "run", broken)
    turn = await engine.turn(message("i need food"), {"language": "es"})
    assert turn.failed and turn.answers[0].language == "es" and turn.answers[0].text.strip()


async def test_forgetting(engine: Engine) -> None:
    turn = await engine.turn(message("delete my data"), {"language": "en", "need": "food"})
    assert turn.memory is None and turn.answers[0].custom["topic"] == "deleted"


async def test_a_slot_of_an_older_version_does_no_harm(engine: Engine) -> None:
    turn = await engine.turn(message("menu"), {"language": "en", "slot_that_was_removed": 5})
    assert not turn.failed and "slot_that_was_removed" not in (turn.memory or {})


@pytest.mark.parametrize(
    ("typed", "understood"),
    [("/restart", "restart"), ("  //greet{}", "greet{}"), ("hello", "hello"), ("/", ""), ("a/b", "a/b")],
)
def test_no_commands(typed: str, understood: str) -> None:
    assert defuse(typed) == understood


def test_without_a_model_it_says_what_to_do(tmp_path: Any) -> None:
    with pytest.raises(NoModel, match="make train"):
        newest_model(tmp_path)
