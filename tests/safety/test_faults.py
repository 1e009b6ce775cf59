"""Fault injection: whatever is broken, somebody in danger gets a number to call in the first line (S17), and once (S18)."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rasa.engine.exceptions import GraphComponentException

import actions.turn
from bot.engine.engine import Engine, Spare, Turn, load, newest_model
from bot.lookup.snapshot import Directory
from bot.mailbox import Mailbox
from bot.messages import Inbound
from bot.replies import catalogue, po
from bot.settings import settings
from bot.worker import Worker
from tests.lookup.builder import build

pytestmark = pytest.mark.e2e

HELP = {
    "en": "boat is sinking we are 30",
    "fr": "l'eau entre dans le bateau",
    "ar": "نحن في البحر والقارب يدخل فيه الماء",
}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(newest_model(settings().path("models")))


def message(text: str, identifier: str = "1", channel: str = "sms") -> Inbound:
    return Inbound("rest", "somebody", identifier, text=text, render_as=channel)


def first_line(turn: Turn) -> str:
    return turn.answers[0].text.splitlines()[0]


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("broken on purpose")


def no_model(engine: Engine, monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    def fails(*_: object, **__: object) -> None:
        raise GraphComponentException("broken on purpose")

    monkeypatch.setattr(engine._agent.processor.graph_runner, "run", fails)


def no_snapshot(_: Engine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    empty = Directory(folder / "missing.sqlite")
    monkeypatch.setattr(actions.turn, "directory", lambda: empty)


def damaged_snapshot(_: Engine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "damaged.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    damaged = Directory(folder / "damaged.sqlite")
    monkeypatch.setattr(actions.turn, "directory", lambda: damaged)


def closed_snapshot(_: Engine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    directory = Directory(build(folder / "closed.sqlite"))
    assert directory.current
    directory.current.db.close()
    monkeypatch.setattr(actions.turn, "directory", lambda: directory)


def no_gazetteer(_: Engine, monkeypatch: pytest.MonkeyPatch, __: Path) -> None:
    monkeypatch.setattr(actions.turn, "places", broken)


def no_place(_: Engine, monkeypatch: pytest.MonkeyPatch, __: Path) -> None:
    monkeypatch.setattr("actions.crisis.learn_place", broken)


def no_action(_: Engine, monkeypatch: pytest.MonkeyPatch, __: Path) -> None:
    monkeypatch.setattr("actions.crisis.Crisis.answer", broken)


def no_guard(_: Engine, monkeypatch: pytest.MonkeyPatch, __: Path) -> None:
    monkeypatch.setattr("bot.replies.guard._checked", broken)


def no_wording(_: Engine, monkeypatch: pytest.MonkeyPatch, __: Path) -> None:
    monkeypatch.setattr("bot.engine.nlg.guard", broken)


def no_bubbles(_: Engine, monkeypatch: pytest.MonkeyPatch, __: Path) -> None:
    monkeypatch.setattr("bot.engine.nlg.bubbles", broken)


def no_catalogue(_: Engine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(po, "po_path", lambda code, *_: folder / f"{code}.po")
    monkeypatch.setattr(po, "mo_path", lambda code, *_: folder / f"{code}.mo")
    catalogue.reload()


def damaged_catalogue(engine: Engine, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    no_catalogue(engine, monkeypatch, folder)
    for code in HELP:
        (folder / f"{code}.mo").write_bytes(b"\xff" * 100)


FAULTS: tuple[Callable[[Engine, pytest.MonkeyPatch, Path], None], ...] = (
    no_model, no_snapshot, damaged_snapshot, closed_snapshot, no_gazetteer, no_place, no_action, no_guard, no_wording, no_bubbles,
    no_catalogue, damaged_catalogue,
)  # fmt: skip


@pytest.fixture
def catalogues() -> Iterator[None]:
    yield
    catalogue.reload()


@pytest.mark.usefixtures("catalogues")
@pytest.mark.parametrize("language", HELP)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.__name__))
async def test_a_number_goes_out_all_the_same(
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fault: Callable[[Engine, pytest.MonkeyPatch, Path], None],
    language: str,
) -> None:
    with monkeypatch.context() as patch:
        fault(engine, patch, tmp_path)
        turn = await engine.turn(message(HELP[language]), {"language": language})
    catalogue.reload()
    assert "112" in first_line(turn)
    assert turn.answers[0].custom["numbers"][0]["country"] == ""


async def test_after_a_long_series_of_insults(engine: Engine) -> None:
    memory: Any = {}
    for text in ("you stupid bot", "idiot machine", "go to hell") * 5:
        memory = (await engine.turn(message(text), memory)).memory or {}
    turn = await engine.turn(message("help the boat is sinking"), memory)
    assert turn.answers[0].kind == "crisis" and "112" in first_line(turn)


def worker_over(engine: Engine | Spare, folder: Path) -> tuple[Worker, Mailbox]:
    mailbox = Mailbox(f"sqlite:///{folder}/mailbox.sqlite3")
    return Worker(engine, mailbox, settings(), "worker-test"), mailbox


async def work(worker: Worker, mailbox: Mailbox) -> None:
    while claim := mailbox.claim("worker-test"):
        await worker.answer(claim)


async def test_without_any_model_the_worker_still_gives_a_number(tmp_path: Path) -> None:
    spare = load(tmp_path)
    assert isinstance(spare, Spare)
    await spare.warm()
    worker, mailbox = worker_over(spare, tmp_path)
    mailbox.put(message(HELP["en"]))
    await work(worker, mailbox)
    (answer,) = mailbox.answers("somebody")
    assert "112" in answer.outbound.text.splitlines()[0]


async def test_a_damaged_model_is_no_silence(tmp_path: Path) -> None:
    (tmp_path / "waypost.tar.gz").write_bytes(b"\x1f\x8b" + b"\0" * 100)
    assert isinstance(load(tmp_path), Spare)


async def test_the_same_message_again_gets_one_answer(engine: Engine, tmp_path: Path) -> None:
    worker, mailbox = worker_over(engine, tmp_path)
    for _ in range(5):  # a bad network: the provider delivers it five times (S18)
        mailbox.put(message(HELP["en"], channel="web"))
    await work(worker, mailbox)
    assert [answer.outbound.kind for answer in mailbox.answers("somebody")].count("crisis") == 1
    mailbox.put(message(HELP["en"], channel="web"))
    await work(worker, mailbox)
    assert [answer.outbound.kind for answer in mailbox.answers("somebody")].count("crisis") == 1


async def test_who_said_stop_gets_it_too(engine: Engine, tmp_path: Path) -> None:
    worker, mailbox = worker_over(engine, tmp_path)
    for number, text in enumerate(("stop", HELP["en"])):
        mailbox.put(message(text, str(number)))
        await work(worker, mailbox)
    kinds = [answer.outbound.kind for answer in mailbox.answers("somebody")]
    assert "crisis" in kinds


CROWD = [("first", "112"), ("more", None), ("flood", "112")]


@pytest.mark.parametrize(("crowd", "number"), CROWD, ids=[crowd for crowd, _ in CROWD])
async def test_a_throttled_sender_who_calls_for_help(
    engine: Engine, tmp_path: Path, crowd: str, number: str | None
) -> None:
    worker, mailbox = worker_over(engine, tmp_path)
    mailbox.put(replace(message("where can i get food", "0"), crowd=crowd))
    await work(worker, mailbox)
    plain = mailbox.answers("somebody")
    assert [number in answer.outbound.text.splitlines()[0] for answer in plain if number] == ([True] if number else [])
    mailbox.put(replace(message(HELP["en"], "1"), crowd=crowd))
    await work(worker, mailbox)
    answers = mailbox.answers("somebody")[len(plain) :]
    assert "112" in answers[0].outbound.text.splitlines()[0]
    assert answers[0].outbound.kind == ("text" if crowd == "flood" else "crisis")


async def test_a_throttled_sender_who_says_stop_or_delete(engine: Engine, tmp_path: Path) -> None:
    worker, mailbox = worker_over(engine, tmp_path)
    for number, (text, crowd) in enumerate((("hello", ""), ("delete my data", "more"))):
        mailbox.put(replace(message(text, str(number)), crowd=crowd))
        await work(worker, mailbox)
    assert any("delet" in answer.outbound.text.lower() for answer in mailbox.answers("somebody"))


async def test_a_message_with_which_workers_died_gets_a_number(engine: Engine, tmp_path: Path) -> None:
    worker, mailbox = worker_over(engine, tmp_path)
    mailbox.put(message(HELP["en"]))
    for _ in range(3):
        assert mailbox.claim("worker-test")
        mailbox.release("worker-test")
    await work(worker, mailbox)
    (answer,) = mailbox.answers("somebody")
    assert "112" in answer.outbound.text.splitlines()[0]


async def test_a_locked_mailbox_is_waited_for(engine: Engine, tmp_path: Path) -> None:
    worker, mailbox = worker_over(engine, tmp_path)
    mailbox.put(message("hello", "0"))
    await work(worker, mailbox)
    locked = threading.Event()

    def hold() -> None:
        with sqlite3.connect(tmp_path / "mailbox.sqlite3", isolation_level=None) as db:
            db.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(1)
            db.execute("COMMIT")

    thread = threading.Thread(target=hold)
    thread.start()
    locked.wait(5)
    mailbox.put(message(HELP["en"]))
    await work(worker, mailbox)
    thread.join()
    assert "crisis" in [answer.outbound.kind for answer in mailbox.answers("somebody")]
