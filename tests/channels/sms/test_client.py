"""Sending through Twilio's library: senders, timeouts, many at once, what was taken, and what stays out of the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from bot.channels._twilio.client import API, HttpClient, TwilioClient, pieces
from bot.channels._twilio.errors import MEANINGS, meaning
from bot.channels.base import NotTaken, Part, SendError, Throttled, Unknown
from bot.channels.registry import channels
from bot.channels.splitting import units
from bot.messages import Outbound
from bot.settings import Settings, load
from tests.channels.provider import Provider, closed_url
from tests.channels.sms import wire
from tests.channels.whatsapp import wire as whatsapp_wire

WIRES: dict[str, Any] = {"sms": wire, "whatsapp": whatsapp_wire}
NAMES = tuple(WIRES)
SERVICE = "MG" + "0123456789abcdef" * 2


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(wire.OK) as provider:
        yield provider


def config_of(name: str, api: str, **more: str) -> Settings:
    return load({**WIRES[name].SETTINGS, "WAYPOST_TWILIO_API": api, **more})


def client_of(name: str, api: str, **more: str) -> TwilioClient:
    client = channels()[name].client(config_of(name, api, **more))
    assert isinstance(client, TwilioClient)
    return client


# --- who sends ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_a_messaging_service_sends(name: str, provider: Provider) -> None:
    client = client_of(name, provider.url, **{f"WAYPOST_{name.upper()}_FROM": SERVICE})
    await client.send("+447700900123|+447700900999", Part("hi"), 7)
    await client.close()
    body = provider.requests[0].body
    assert body["MessagingServiceSid"] == SERVICE and "From" not in body


@pytest.mark.parametrize(("minutes", "seconds"), [("120", "7200"), ("1", "60"), ("0.01", "5"), ("1000", "14400")])
async def test_an_sms_is_not_delivered_when_it_is_too_old(minutes: str, seconds: str, provider: Provider) -> None:
    client = client_of("sms", provider.url, WAYPOST_ANSWER_MINUTES=minutes)
    await client.send(wire.ADDRESS, Part("hi"), 7)
    await client.close()
    assert provider.requests[0].body["ValidityPeriod"] == seconds


@pytest.mark.parametrize(
    ("api", "url", "expected"),
    [
        (API, "https://content.twilio.com/v1/Content", "https://content.twilio.com/v1/Content"),
        ("http://127.0.0.1:4010", "https://api.twilio.com/2010-04-01/A?b=c", "http://127.0.0.1:4010/2010-04-01/A?b=c"),
        ("http://127.0.0.1:4010/", "https://messaging.twilio.com/v1/S", "http://127.0.0.1:4010/v1/S"),
        ("http://proxy.example/twilio", "https://api.twilio.com/x", "http://proxy.example/twilio/x"),
        ("https://api.dublin.ie1.twilio.com", "https://api.twilio.com/x", "https://api.dublin.ie1.twilio.com/x"),
        ("https://api.dublin.ie1.twilio.com", "https://messaging.twilio.com/x", "https://messaging.twilio.com/x"),
    ],
)
def test_where_requests_go(api: str, url: str, expected: str) -> None:
    assert HttpClient(api, 1.0, 1).rebased(url) == expected


# --- time -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_a_slow_twilio_is_not_waited_for(name: str, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TwilioClient, "timeout", 0.3)
    provider.tell({**wire.OK, "delay": 2.0})
    client = client_of(name, provider.url)
    started = time.monotonic()
    with pytest.raises(Unknown):
        await client.send(wire.ADDRESS, Part("hi"), 7)
    with pytest.raises(Unknown):
        await client.reachable()
    assert time.monotonic() - started < 1.5
    assert len(provider.requests) == 2, "it was tried again: the person may get it twice"
    await client.close()


async def test_many_at_once_and_the_loop_is_free(provider: Provider) -> None:
    provider.tell({**wire.OK, "delay": 0.5})
    client = client_of("sms", provider.url)
    started, worst = time.monotonic(), 0.0
    sending = asyncio.gather(*(client.send(f"+4477009{n:05}", Part(f"to {n}"), n) for n in range(client.at_once)))
    while not sending.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - before)
    assert len({request.body["To"] for request in provider.requests}) == client.at_once == 20
    assert time.monotonic() - started < 3.0, "one after the other"
    assert worst < 0.3, f"the loop stood still for {worst:.2f} s"
    await client.close()


async def test_closing_does_not_wait(provider: Provider) -> None:
    provider.tell({**wire.OK, "delay": 3.0})
    client = client_of("sms", provider.url)
    task = asyncio.create_task(client.send(wire.ADDRESS, Part("hi"), 7))
    await asyncio.sleep(0.2)
    started = time.monotonic()
    await client.close()
    assert time.monotonic() - started < 0.5
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# --- what was taken ----------------------------------------------------------------------------------------------------------


def listed(body: str, age: float, direction: str = "outbound-api", sid: str = wire.SID) -> dict[str, Any]:
    return {"sid": sid, "body": body, "direction": direction, "to": wire.ADDRESS, "age": age}


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {"date_created": format_datetime(datetime.fromtimestamp(time.time() - row["age"], timezone.utc)), **row}


TEXT = "The clinic is open today until 17:00."
TAKEN: dict[str, tuple[list[dict[str, Any]], float, str | None]] = {
    "it is there": ([listed("Another", 12), listed(TEXT, 14)], 15, wire.SID),
    "it is there early": ([listed(TEXT, 1)], 2, wire.SID),
    "an empty list, and time enough": ([], 15, ""),
    "an empty list, too early": ([], 2, None),
    "others only": ([listed("Another", 12)], 15, ""),
    "the same words an hour ago": ([listed(TEXT, 3600)], 15, ""),
    "the same words from the person": ([listed(TEXT, 14, "inbound")], 15, ""),
    "with other white space": ([listed(TEXT.replace(" ", "  ") + "\n", 14)], 15, wire.SID),
    "a full list of others since": ([listed(f"Other {n}", 10) for n in range(20)], 15, None),
    "a full list that goes back": ([listed(f"Other {n}", 600) for n in range(20)], 15, ""),
    "an answer with no date": ([{**listed(TEXT, 1), "date_created": None}], 15, wire.SID),
}


@pytest.mark.parametrize("case", TAKEN)
@pytest.mark.parametrize("name", NAMES)
async def test_was_it_taken(name: str, case: str, provider: Provider) -> None:
    rows, age, expected = TAKEN[case]
    provider.tell({"json": {"messages": [_dated(row) for row in rows], "next_page_uri": None}})
    client = client_of(name, provider.url)
    assert client.can_tell
    assert await client.was_taken("+447700900123|+1", Part(TEXT), time.time() - age) == expected
    await client.close()
    request = provider.requests[0]
    assert request.method == "GET" and request.query["To"] == client.prefix + "+447700900123"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 503, "text": ""}, NotTaken),
        ({"status": 429, "json": {"code": 20429}}, Throttled),
        ({"drop": True}, Unknown),
        ({"status": 200, "text": "<html>"}, Unknown),
    ],
)
async def test_it_is_asked_again_when_twilio_is_there(
    answer: dict[str, Any], error: type[SendError], provider: Provider
) -> None:
    provider.tell(answer)
    client = client_of("sms", provider.url)
    with pytest.raises(error):
        await client.was_taken(wire.ADDRESS, Part(TEXT), time.time() - 15)
    await client.close()


async def test_a_list_that_is_refused_tells_nothing(provider: Provider) -> None:
    provider.tell({"status": 400, "json": {"code": 20001, "message": "no"}})
    client = client_of("sms", provider.url)
    assert await client.was_taken(wire.ADDRESS, Part(TEXT), time.time() - 15) is None
    await client.close()


# --- is it there -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"json": {"status": "active", "type": "Full"}}, ""),
        ({"json": {"status": "suspended"}}, "the account is suspended"),
        ({"json": {"status": "closed"}}, "the account is closed"),
        ({"json": {}}, "the account is not active"),
        ({"status": 401, "json": {"code": 20003, "message": "Authenticate"}}, "20003: credentials refused"),
        ({"status": 404, "json": {"code": 20404}}, "20404: no such thing in this account"),
        ({"status": 500, "text": "x"}, "Twilio answers 500"),
    ],
)
async def test_reachable(answer: dict[str, Any], reason: str, provider: Provider) -> None:
    provider.tell(answer)
    client = client_of("whatsapp", provider.url)
    if reason:
        with pytest.raises(SendError) as raised:
            await client.reachable()
        assert raised.value.reason == reason
    else:
        await client.reachable()
    await client.close()
    assert provider.requests[0].path == f"/2010-04-01/Accounts/{wire.ACCOUNT}.json"


# --- words of errors, pieces of texts -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", MEANINGS)
def test_every_meaning_is_short_and_for_staff(code: int) -> None:
    assert meaning(code) == f"{code}: {MEANINGS[code]}" and len(meaning(code)) < 90
    assert not MEANINGS[code].endswith(".")


@pytest.mark.parametrize("code", ["", None, "0", 0, "+447700900123 is wrong", "٣"])
def test_what_is_no_code_has_no_words_of_twilios(code: Any) -> None:
    assert "4477" not in meaning(code, "not delivered")


@pytest.mark.parametrize(
    "text", ["word " * 700, "क्षि" * 900, "👩‍👩‍👧‍👦" * 400, "é" * 2000, "a\n\nb " * 900, "x" * 5000]
)
@pytest.mark.parametrize("most", [70, 1024, 1600])
def test_pieces_lose_nothing_and_tear_nothing(text: str, most: int) -> None:
    found = pieces(text, most)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(piece and piece == piece.strip() and units(piece) <= most for piece in found)
    assert not any(piece[0] in "\u200d\u093f\u094d\u0301" or piece[-1] == "\u200d" for piece in found)


def test_a_paragraph_is_a_better_end_than_a_sentence() -> None:
    assert pieces("One. Two. Three.\n\nFour. Five. Six.", 30) == ["One. Two. Three.", "Four. Five. Six."]
    assert pieces("One. Two. Three. Four. Five. Six.", 25) == ["One. Two. Three. Four.", "Five. Six."]
    assert pieces("") == [] and pieces(" \n ") == []


# --- the log --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
async def test_the_log_holds_no_number_no_words_and_no_token(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = {logger: logging.getLogger(logger).level for logger in ("", *logs._QUIET)}
    logs.configure("DEBUG")
    answers = [wire.OK, {"json": {"messages": []}}, {"status": 400, "json": {"code": 21211, "message": wire.ADDRESS}}]
    outbound = Outbound("text", "en", "Words that nobody else may read", ("Yes", "No"), token="ab12cd")
    try:
        with Provider(wire.OK, answers) as provider:
            client = client_of(name, provider.url)
            part = client.parts(outbound)[0]
            await client.send(wire.ADDRESS, part, 7)
            await client.was_taken(wire.ADDRESS, part, time.time() - 20)
            with pytest.raises(SendError):
                await client.send(wire.ADDRESS, part, 7)
            await client.close()
        down = client_of(name, closed_url())
        with pytest.raises(NotTaken):
            await down.send(wire.ADDRESS, part, 7)
        await down.close()
        logging.getLogger("bot.channels").debug("the log is on")
    finally:
        for logger, level in before.items():
            logging.getLogger(logger).setLevel(level)
        logging.getLogger().handlers.clear()
    written = "".join(capfd.readouterr())
    assert "the log is on" in written
    for secret in (wire.ADDRESS[1:], "nobody else", wire.TOKEN, "QUMwMTIz"):
        assert secret not in written


# --- settings --------------------------------------------------------------------------------------------------------------------

WRONG: list[tuple[str, str, str, str]] = [
    ("sms", "WAYPOST_TWILIO_ACCOUNT_SID", "", "twilio_account_sid"),
    ("sms", "WAYPOST_TWILIO_ACCOUNT_SID", "SK" + "0" * 32, "twilio_account_sid"),
    ("sms", "WAYPOST_TWILIO_ACCOUNT_SID", "AC" + "g" * 32, "twilio_account_sid"),
    ("whatsapp", "WAYPOST_TWILIO_AUTH_TOKEN", "", "twilio_auth_token"),
    ("sms", "WAYPOST_SMS_FROM", "07700900000", "sms_from"),
    ("sms", "WAYPOST_SMS_FROM", "RedCross", "sms_from"),
    ("sms", "WAYPOST_SMS_FROM", "whatsapp:+447700900000", "sms_from"),
    ("sms", "WAYPOST_SMS_FROM", "MG123", "sms_from"),
    ("whatsapp", "WAYPOST_WHATSAPP_FROM", "whatsapp:", "whatsapp_from"),
    ("sms", "WAYPOST_PUBLIC_URL", "", "public_url"),
    ("sms", "WAYPOST_PUBLIC_URL", "http://bot.example.org", "public_url"),
    ("sms", "WAYPOST_PUBLIC_URL", "bot.example.org", "public_url"),
    ("sms", "WAYPOST_PUBLIC_URL", "https://bot_1.example.org", "public_url"),
    ("sms", "WAYPOST_PUBLIC_URL", "https://bot.example.org/?a=1", "public_url"),
    ("sms", "WAYPOST_TWILIO_API", "api.twilio.com", "twilio_api"),
]


@pytest.mark.parametrize(("name", "variable", "value", "says"), WRONG)
def test_what_is_wrong_is_named(name: str, variable: str, value: str, says: str) -> None:
    problems = channels()[name].problems(config_of(name, API, **{variable: value}))
    assert len(problems) == 1 and says in problems[0]


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("whatsapp", "WAYPOST_WHATSAPP_FROM", "+14155238886"),
        ("whatsapp", "WAYPOST_WHATSAPP_FROM", "whatsapp:+14155238886"),
        ("whatsapp", "WAYPOST_WHATSAPP_FROM", SERVICE),
        ("sms", "WAYPOST_SMS_FROM", SERVICE),
        ("sms", "WAYPOST_PUBLIC_URL", "http://127.0.0.1:5005"),
        ("sms", "WAYPOST_PUBLIC_URL", "http://localhost:5005/"),
    ],
)
def test_what_is_right(name: str, variable: str, value: str) -> None:
    assert channels()[name].problems(config_of(name, API, **{variable: value})) == []


async def test_the_sender_with_and_without_prefix_is_the_same(provider: Provider) -> None:
    for value in ("+14155238886", "whatsapp:+14155238886"):
        client = client_of("whatsapp", provider.url, WAYPOST_WHATSAPP_FROM=value)
        await client.send("+447700900123", Part("hi"), 7)
        await client.close()
    assert [request.body["From"] for request in provider.requests] == ["whatsapp:+14155238886"] * 2


def test_the_templates_of_the_tables_are_there(tmp_path: Path) -> None:
    assert whatsapp_wire.TEMPLATES.exists()
