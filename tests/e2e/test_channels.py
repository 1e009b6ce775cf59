"""One conversation on web, Telegram, WhatsApp and SMS, through real servers and peers, gives the same facts."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.channels.sms.wire import request as sms_request
from tests.e2e.conftest import Servers, wait_until
from tests.e2e.phones import Phone, Phones, Seen, phones

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

CONVERSATION = {
    "en": ("i need a lawyer", "Athens", "1", "boat is sinking we are 30"),
    "ar": ("محتاج محامي ببلاش", "أثينا", "1", "القارب يغرق"),
    "ti": ("ጠበቓ የድልየኒ", "ኣቴንስ", "1", "ጃልባና ትጥሕል ኣላ"),
}


@pytest.fixture(scope="module")
def everyone(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phones]:
    snapshot = servers.var / "snapshot" / "snapshot.sqlite"
    with phones(tmp_path_factory.mktemp("p"), servers.var, snapshot, servers.environment) as running:
        yield running


def digits(messages: list[Seen]) -> list[str]:
    """Phone numbers of some messages: the first of each, in the order in which they come."""
    text = "\n".join(message.text for message in messages)
    return [re.sub(r"\D", "", found)[-8:] for found in re.findall(r"\+?\d[\d ]{7,}\d", text)]


@pytest.mark.parametrize("code", CONVERSATION)
def test_the_same_facts_on_every_channel(everyone: Phones, code: str) -> None:
    number = 100 + list(CONVERSATION).index(code)
    people: list[Phone] = [
        everyone.web(code),
        everyone.telegram(5000 + number),
        everyone.whatsapp(f"+447700900{number}"),
        everyone.sms(f"+447700900{number}"),
    ]
    facts = {}
    for phone in people:
        need, place, pick, danger = CONVERSATION[code]
        phone.say(need)
        found = phone.say(place)
        details = phone.say(pick)
        crisis = phone.say(danger)
        facts[phone.name] = (
            digits(found)[0],
            digits(details)[0],
            re.findall(r"\d{3,}", crisis[0].text.splitlines()[0]),
        )
    assert len(set(map(str, facts.values()))) == 1, facts


def test_buttons_on_telegram_and_an_old_one(everyone: Phones) -> None:
    phone = everyone.telegram(6001)
    menu = phone.say("hello")[-1]
    greeting = len(phone._calls()) - 1
    assert len(menu.buttons) >= 8
    asked = phone.press("Food")[-1]
    assert asked.buttons == ("Share my location",) or "location" in asked.text
    found = phone.say("Athens")[-1]
    services = len(phone._calls()) - 1
    assert "Details 1" in found.buttons
    other = phone.press("Talk to a person", message=greeting)[-1]
    assert "person" in other.text.lower() or other.buttons, "the words of an old button count"
    details = phone.press("Details 1", message=services)[-1]
    assert details.text, "details of an old list are refused or right, never silence"


def test_a_repeated_webhook_is_answered_once(everyone: Phones) -> None:
    phone = everyone.sms("+447700900150")
    send = {"Body": "hello", "From": phone.number, "MessageSid": "SM" + "7" * 32}
    arguments = sms_request({"send": send}, everyone.config)
    arguments["url"] = everyone.bot_url + arguments["url"]
    for _ in range(3):
        assert httpx.request(**arguments).status_code in (200, 204)
    time.sleep(2.5)
    assert len(phone._got()) == 1


def test_the_counters_tell_segments_by_language(everyone: Phones) -> None:
    everyone.sms("+447700900151").say("hello")
    metrics = httpx.get(f"{everyone.bot_url}/metrics").text
    assert re.search(r'waypost_sms_segments_total\{language="en"\} [1-9]', metrics)
    assert re.search(r'waypost_outbox_rows\{channel="sms",state="sent"\} [1-9]', metrics)


def test_killing_the_sender(everyone: Phones) -> None:
    people = [everyone.sms(f"+4477009002{n:0>2}") for n in range(30)]
    before = len(everyone.twilio.requests)
    for turn in range(3):
        for phone in people:
            phone._write("hello" if not turn else f"i need food, day {turn}")
        for pid in pids(everyone, "bot.sender"):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(len(phone._got()) >= 3 for phone in people), 240, "everybody has three answers")
    time.sleep(1)
    rows = [
        r.body["StatusCallback"]
        for r in everyone.twilio.requests[before:]
        if r.method == "POST" and "StatusCallback" in r.body
    ]
    assert len(rows) == len(set(rows)), "nothing was sent twice"
    for phone in people:
        assert "need" in phone._got()[0].text.lower(), "in order: the greeting first"


def pids(everyone: Phones, module: str) -> list[int]:
    """Process ids of these servers that run a module."""
    mine = f"WAYPOST_VAR={everyone.environment['WAYPOST_VAR']}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            running = module.encode() in (path / "cmdline").read_bytes().split(b"\0")
            if running and mine in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
    return found
