"""The sender over a real mailbox, with the real Twilio client and a provider on this machine that is slow, down, or refuses."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot import sender
from bot.channels.registry import channels
from bot.mailbox import Mailbox, Outbox
from bot.messages import Inbound, Outbound
from bot.sender import Lane
from bot.settings import Settings, load
from tests.channels.provider import Provider
from tests.channels.sms.wire import API_SETTING, OK, SETTINGS

LISTED: dict[str, Any] = {"status": 200, "json": {"messages": [], "page_size": 20, "next_page_uri": None}}
PART = "part of "
"""Begins the kind of a message that goes on with an answer of the kind behind it."""
ACCOUNT: dict[str, Any] = {"status": 200, "json": {"sid": "AC0", "status": "active"}}


class Place:
    """A mailbox, a provider and a lane between them."""

    def __init__(self, folder: Path, provider: Provider, **settings: str) -> None:
        environment = {**SETTINGS, API_SETTING: provider.url, "WAYPOST_VAR": str(folder), **settings}
        self.config: Settings = load({"WAYPOST_SMS_PER_SECOND": "1000", **environment})
        self.provider = provider
        self.mailbox = Mailbox(self.config.mailbox_url)
        self.outbox = Outbox(self.config.mailbox_url)

    def say(self, person: str, *texts: str, kind: str = "text") -> None:
        """The worker's part: one message of a person, answered with these texts."""
        self.mailbox.put(Inbound("sms", person, f"SM{time.time_ns()}", text="hello"), f"+4477009001{person:0>2}")
        claim = self.mailbox.claim("test")
        assert claim
        custom = {"part_of": kind.removeprefix(PART)} if kind.startswith(PART) else {"kind": kind}
        kind = "text" if kind.startswith(PART) else kind
        assert self.mailbox.finish(claim, [Outbound(kind, "en", text, custom=custom) for text in texts], {})

    def bodies(self) -> list[str]:
        """What the provider was given, in its order."""
        return [str(r.body["Body"]) for r in list(self.provider.requests) if r.method == "POST"]

    def states(self) -> dict[str, int]:
        return {state: rows for (_, state), rows in self.outbox.states().items()}

    @contextlib.asynccontextmanager
    async def lane(self) -> AsyncIterator[Lane]:
        client = channels()["sms"].client(self.config)
        client.per_person = (100, 1.0)
        lane = Lane("sms", client, self.outbox, self.config)
        task = asyncio.create_task(lane.run())
        try:
            yield lane
        finally:
            await lane.stop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, seconds: float = 15, **states: int) -> None:
        """Wait until the outbox is as told."""
        deadline = time.monotonic() + seconds
        while (now := self.states()) != states:
            assert time.monotonic() < deadline, now
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "LOOK_EVERY", 0.1)
    monkeypatch.setattr(sender, "ASK_AFTER", 0.0)
    monkeypatch.setattr("bot.channels._twilio.client.SETTLED", 0.0)
    monkeypatch.setattr("bot.channels._twilio.client.TwilioClient.timeout", 1.0)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(OK) as running:
        yield running


async def test_one_person_in_order_others_not_kept_waiting(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    provider.tell({**OK, "delay": 0.3})
    place.say("1", *(f"slow {n}" for n in range(4)))
    for person in range(2, 8):
        place.say(str(person), f"quick {person}")
    started = time.monotonic()
    async with place.lane():
        await place.until(sent=10)
    assert time.monotonic() - started < 10 * 0.3, "different people at the same time"
    bodies = place.bodies()
    assert [b for b in bodies if b.startswith("slow")] == [f"slow {n}" for n in range(4)]
    assert {b for b in bodies[:7] if b.startswith("quick")} == {f"quick {n}" for n in range(2, 8)}
    rows = place.mailbox.answers("1")
    assert not rows and place.outbox.counters()['sms_segments_total{language="en"}'] == 10


async def test_down_for_a_while_nothing_is_lost_and_the_order_kept(
    tmp_path: Path, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place(tmp_path, provider)
    provider.tell({"status": 503, "json": {"code": 20503, "message": "busy"}})
    place.say("1", "a", "b", "c")
    place.say("2", "d")
    async with place.lane() as lane:
        await asyncio.sleep(1.0)
        assert place.states() == {"queued": 4}
        tries = len(place.bodies())
        assert tries <= 4, "a provider that is down is asked, not showered"
        place.say("1", "e")
        provider.tell(OK, [ACCOUNT])
        await place.until(sent=5)
        assert not lane._down
    accepted = place.bodies()[tries:]
    assert [b for b in accepted if b != "d"] == ["a", "b", "c", "e"] and sorted(accepted) == list("abcde")
    assert "is there again" in caplog.text or "takes nothing now" in caplog.text
    assert "4477" not in caplog.text


async def test_too_old_is_not_sent_and_the_person_is_told_once(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider, WAYPOST_ANSWER_MINUTES="0.02")
    place.say("1", "old 1", "old 2")
    place.say("2", "old 3")
    await asyncio.sleep(1.4)
    place.say("1", "new")
    async with place.lane():
        await place.until(given_up=3, sent=3)
    late = sender.late("sms")["en"].text
    assert sorted(place.bodies()) == sorted(["new", late, late])


async def test_told_to_wait(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    provider.tell(OK, [{"status": 429, "json": {"code": 20429}, "headers": {"Retry-After": "1"}}])
    place.say("1", "a", "b")
    started = time.monotonic()
    async with place.lane():
        await place.until(sent=2)
    assert place.bodies() == ["a", "a", "b"] and time.monotonic() - started >= 1


async def test_opted_out_ends_all_that_waits_and_nothing_new_goes(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    provider.tell(OK, [{"status": 400, "json": {"code": 21610, "message": "unsubscribed"}}])
    place.say("1", "a", "b", "c")
    async with place.lane():
        await place.until(failed=1, given_up=2)
        place.say("1", "d")
        await place.until(failed=1, given_up=3)
        place.outbox.start("1")
        place.say("1", "e")
        await place.until(failed=1, given_up=3, sent=1)
    assert place.bodies() == ["a", "e"]


async def test_refused_is_not_tried_again_and_the_next_goes(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    provider.tell(OK, [{"status": 400, "json": {"code": 21614, "message": "not a mobile number +447700900101"}}])
    place.say("1", "a", "b")
    async with place.lane():
        await place.until(failed=1, sent=1)
    assert place.bodies() == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "listed", "sends", "states"),
    [
        ("text", LISTED, ["a", "a"], {"sent": 1}),  # surely not taken: sent again
        ("text", "taken", ["a"], {"sent": 1}),  # it was taken: not sent again
        ("text", {"status": 404, "json": {"code": 20404}}, ["a"], {"failed": 1}),  # nobody knows: not sent again
        ("crisis", {"status": 404, "json": {"code": 20404}}, ["a", "a"], {"sent": 1}),  # nobody knows, but a life may hang on it
        ("part of crisis", {"status": 404, "json": {"code": 20404}}, ["a", "a"], {"sent": 1}),
        ("part of info", {"status": 404, "json": {"code": 20404}}, ["a"], {"failed": 1}),
    ],
)  # fmt: skip
async def test_cut_off_while_sending(
    tmp_path: Path, provider: Provider, kind: str, listed: Any, sends: list[str], states: dict[str, int]
) -> None:
    place = Place(tmp_path, provider)
    place.say("1", "a", kind=kind)
    if listed == "taken":
        row = {"sid": "SM" + "1" * 32, "body": "a", "direction": "outbound-api", "status": "sent", "date_created": None}
        listed = {"status": 200, "json": {"messages": [row], "page_size": 20, "next_page_uri": None}}
    provider.tell(OK, [{"drop": True}])
    genuine = provider._handle

    def handle(http: Any) -> None:  # what is asked between the sends
        if http.command == "GET":
            provider.tell(OK, [ACCOUNT if "Messages" not in http.path else listed])
        genuine(http)

    provider._handle = handle  # type: ignore[method-assign]
    async with place.lane():
        await place.until(**states)
    assert place.bodies() == sends


async def test_died_while_sending(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    place.say("1", "a", "b")
    place.say("2", "c")
    first, other = place.outbox.claim(sender.NAME, "sms", 5)
    assert place.outbox.sending(first.id) and other.outbound.text == "c"
    provider.tell(LISTED, [LISTED])  # the list is empty: it was not taken

    genuine = provider._handle

    def handle(http: Any) -> None:
        provider.tell(LISTED if http.command == "GET" else OK)
        genuine(http)

    provider._handle = handle  # type: ignore[method-assign]
    async with place.lane():
        await place.until(sent=3)
    assert [b for b in place.bodies() if b != "c"] == ["a", "b"]


async def test_replies_before_broadcasts(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    place.say("1", "broadcast")
    with place.outbox._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET priority = 1")
    place.say("1", "reply")
    place.say("2", "other reply")
    assert [o.outbound.text for o in place.outbox.claim("test", "sms", 1)] == ["reply"]
    assert [o.outbound.text for o in place.outbox.claim("test", "sms", 5)] == ["other reply"], (
        "one at a time for one person"
    )


async def test_no_address_is_kept_when_it_is_done(tmp_path: Path, provider: Provider) -> None:
    place = Place(tmp_path, provider)
    place.say("1", "words of the answer")
    async with place.lane():
        await place.until(sent=1)
    with place.outbox._engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT address, body FROM outbox").all()
        rows += connection.exec_driver_sql("SELECT address, body FROM inbox").all()
    assert rows == [(None, None), (None, None)]
    place.mailbox.close()
    files = b"".join(path.read_bytes() for path in tmp_path.glob("mailbox.sqlite3*"))
    assert b"4477009001" not in files, "an address is only ever stored sealed"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (["sent", "delivered"], "delivered"),
        (["delivered", "sent"], "delivered"),
        (["failed"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
    ],
)
async def test_what_the_provider_says_later(tmp_path: Path, provider: Provider, said: list[str], state: str) -> None:
    place = Place(tmp_path, provider)
    place.say("1", "a")
    async with place.lane():
        await place.until(sent=1)
    for word in said:
        assert place.outbox.report("sms", word, "30003 unreachable" if word == "failed" else "", row=1) == "1"
    assert place.states() == {state: 1}
    assert place.outbox.report("sms", "delivered", row=99) is None
    assert place.outbox.report("whatsapp", "failed", row=1) is None, "another channel's row"


@pytest.mark.parametrize("method", ["claim", "next_due", "take_up", "sending", "taken", "stopped"])
async def test_a_database_that_is_away_for_a_moment_costs_nothing(
    tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    place = Place(tmp_path, provider)
    monkeypatch.setattr(sender, "TIDY_EVERY", 0.2)
    genuine, failures = getattr(place.outbox, method), [OperationalError("x", None, Exception()) for _ in range(2)]

    def away(*arguments: Any, **options: Any) -> Any:
        if failures:
            raise failures.pop()
        return genuine(*arguments, **options)

    monkeypatch.setattr(place.outbox, method, away)
    listed = provider._handle

    def handle(http: Any) -> None:  # a Twilio that can list what it has taken
        if http.command == "GET":
            rows = [{"sid": "SM" + "1" * 32, "body": body, "direction": "outbound-api"} for body in place.bodies()]
            provider.tell(OK, [{"status": 200, "json": {"messages": rows, "page_size": 20, "next_page_uri": None}}])
        listed(http)

    provider._handle = handle  # type: ignore[method-assign]
    place.say("1", "a", "b")
    async with place.lane():
        await place.until(sent=2)
    assert not failures and place.bodies() == ["a", "b"], "each once, in order"
