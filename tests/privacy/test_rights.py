"""To know, to delete, to be forgotten, to leave at once: in every language, and carried out in every store (safety.md, P1, P10, P14)."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml

from bot.engine.engine import Engine, newest_model
from bot.identity import unseal
from bot.languages import served
from bot.mailbox import Mailbox, Outbox
from bot.mailbox.outgoing import BROADCAST
from bot.mailbox.tables import metadata
from bot.messages import Inbound, Outbound, Text
from bot.replies.catalogue import wording
from bot.settings import settings
from bot.worker import Worker

pytestmark = pytest.mark.e2e

WORDS: dict[str, dict[str, str]] = yaml.safe_load(Path(__file__).with_name("rights.yml").read_text(encoding="utf-8"))
CODES = [language.code for language in served()]
ADDRESS = "+447700900123"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(newest_model(settings().path("models")))


class Place:
    """A mailbox and its worker, and one person whose words and answers go through them."""

    def __init__(self, engine: Engine, var: Path) -> None:
        self.url = f"sqlite:///{var}/mailbox.sqlite3"
        self.mailbox, self.outbox = Mailbox(self.url), Outbox(self.url)
        self.worker = Worker(engine, self.mailbox, dataclasses.replace(settings(), var=var), "worker-1")
        self.count = 0

    async def say(self, text: str, language: str, *, deliver: bool = True) -> list[dict[str, Any]]:
        """Write; what came of it as {"kind", ...} with the text and language."""
        self.count += 1
        message = Inbound("telegram", "somebody", f"{self.count}", text=text, language_hint=language)
        self.mailbox.put(message, ADDRESS)
        claim = self.mailbox.claim("worker-1")
        assert claim
        await self.worker.answer(claim)
        found = [a.outbound for a in self.mailbox.answers("somebody")]
        if deliver:
            self.deliver()
        return [{**answer.custom, "text": answer.text, "language": answer.language} for answer in found]

    def deliver(self) -> int:
        """Send what is due, as the sender does; returns how many messages went out."""
        sent = 0
        while rows := self.outbox.claim("sender", "telegram", 20, now=time.time() + 86400):
            for row in rows:
                if self.outbox.stopped(row.conversation, row.priority):
                    self.outbox.failed(row.id, "opted out")
                elif self.outbox.sending(row.id):
                    self.outbox.taken(row.id, f"id-{row.id}", 1)
                    sent += 1
        return sent

    def broadcast(self) -> None:
        """Something that nobody asked for is to be sent."""
        with self.mailbox._engine.begin() as connection:
            body = json.dumps(Outbound("text", "en", "news").to_dict())
            row = {"position": 0, "channel": "telegram", "conversation": "somebody", "body": body, "state": "queued"}
            row |= {"inbox_id": -int(time.time() * 1000), "created_at": time.time(), "priority": BROADCAST}
            connection.execute(sa.insert(metadata.tables["outbox"]).values(row))

    def rows(self) -> dict[str, int]:
        """Rows of each table that could be about somebody."""
        with self.mailbox._engine.connect() as connection:
            return {
                name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
                for name, table in metadata.tables.items()
                if "conversation" in table.c or name == "conversation"
            }

    def memory(self) -> dict[str, Any]:
        with self.mailbox._engine.connect() as connection:
            row = connection.exec_driver_sql("SELECT memory FROM conversation").first()
        return json.loads(unseal(row[0])) if row else {}


@pytest.fixture
def place(engine: Engine, tmp_path: Path) -> Iterator[Place]:
    found = Place(engine, tmp_path)
    yield found
    found.mailbox.close()
    found.outbox.close()


def test_every_language_has_its_words() -> None:
    assert set(WORDS) == set(CODES)


async def known(place: Place, code: str) -> None:
    """Somebody of that language whose place, need and results are remembered."""
    need = wording(Text("category:food"), code)
    await place.say(wording(Text("menu:language"), code), code)
    await place.say(next(language.name for language in served() if language.code == code), code)
    await place.say("Athens", code)
    await place.say(need, code)
    assert place.memory()["language"] == code and place.memory()["place"]["country"] == "GR"


@pytest.mark.parametrize("code", CODES)
async def test_what_do_you_know_lists_fields_and_shows_nothing_of_the_person(place: Place, code: str) -> None:
    await known(place, code)
    answers = await place.say(WORDS[code]["know"], code)
    assert answers[0]["kind"] == "privacy" and answers[0]["topic"] == "privacy"
    text = "\n".join(answer["text"] for answer in answers)
    assert wording(Text("privacy:keep", {"days": settings().retention_days}), code) in text
    assert "Athens" not in text and place.memory()["place"]["name"] not in text, "fields, not their content"


@pytest.mark.parametrize("how", ["delete", "forget"])
@pytest.mark.parametrize("code", CODES)
async def test_deleting_reaches_every_store(place: Place, code: str, how: str) -> None:
    await known(place, code)
    await place.say("2", code, deliver=False)  # an answer that waits
    answers = await place.say(WORDS[code][how], code, deliver=False)
    assert [answer["topic"] for answer in answers if answer.get("topic")] == ["deleted"]
    assert answers[0]["language"] == code, "only the confirmation waits"
    assert place.rows() == {"inbox": 0, "outbox": len(answers), "conversation": 0, "opt_out": 0}
    assert place.worker.engine._store._memory == {}, "Rasa's store keeps nothing"
    assert place.deliver() == len(answers)
    place.mailbox.purge(time.time() + 1800, reply_hours=24, retention_days=30)
    assert place.rows() == {"inbox": 0, "outbox": 0, "conversation": 0, "opt_out": 0}
    again = await place.say("2", code)
    assert not any("services" in answer or answer["kind"] == "services" for answer in again), "nothing is remembered"


@pytest.mark.parametrize("code", CODES)
async def test_one_word_and_nothing_more_comes_for_a_day(place: Place, code: str) -> None:
    await known(place, code)
    await place.say(wording(Text("category:food"), code), code, deliver=False)
    place.broadcast()
    answers = await place.say(WORDS[code]["stop"], code, deliver=False)
    assert [answer.get("topic") for answer in answers] == ["unsubscribed"], "one confirmation; what waited is given up"
    text = answers[0]["text"]
    assert not any(mark in text for mark in "?؟;՞፧"), 'no question, no "are you safe"'
    assert place.deliver() == 1
    place.broadcast()
    assert place.deliver() == 0, "nor what is planned, with the clock a day later"
    assert await place.say(wording(Text("category:food"), code), code), "who writes again is answered"


@pytest.mark.parametrize("media", ["voice", "image", "video", "file", "contact", "sticker"])
async def test_media_are_answered_in_words_and_not_kept(place: Place, media: str) -> None:
    place.mailbox.put(Inbound("telegram", "somebody", "1", media=media), ADDRESS)
    claim = place.mailbox.claim("worker-1")
    assert claim
    await place.worker.answer(claim)
    assert place.mailbox.answers("somebody")
    with place.mailbox._engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT body, address FROM inbox").all() == [(None, None)]
    assert media not in json.dumps(place.memory())


async def test_who_tells_a_name_hears_once_that_it_is_not_needed(place: Place) -> None:
    await place.say("hello", "en")
    from bot.redact import redacted

    said = []
    for number, text in enumerate(("my name is Ahmad Rahimi, i need food", "my passport is P1234567, i need food")):
        message = redacted(Inbound("telegram", "somebody", f"n{number}", text=text))
        place.mailbox.put(message, ADDRESS)
        claim = place.mailbox.claim("worker-1")
        assert claim and "Ahmad" not in claim.inbound.text and "P1234567" not in claim.inbound.text
        await place.worker.answer(claim)
        said.append("\n".join(answer.outbound.text for answer in place.mailbox.answers("somebody")))
        place.deliver()
    assert "I do not keep your messages, your name or your number." in said[0]
    assert "I do not keep your messages" not in said[1]
