"""Runs one line of a channel's tables: `tests/channels/<name>/{wire.py,incoming.yml,outgoing.yml}`.

`wire.py` holds SETTINGS (the environment that switches the channel on), API_SETTING (the variable with the provider's address), OK (its
usual answer), ADDRESS (a person's) and `request(case, config)`, which builds the webhook request of an incoming case (keyword arguments of
`httpx.Client.request`: method, url, content, headers; signed for `config`, whatever `send` holds).

An incoming case: name, send (the provider's message; other keys are the channel's own), status (200; or a list), stores (a part of the one
stored `Inbound`; absent: nothing is stored), address, calls (`stop`, `start`, `report` in order), reports (a part of their arguments),
counts, full (the inlet takes nothing).
An outgoing case: name, outbound (with `repeat` the text so many times), address, row, provider (an answer of `provider.Provider`, or a
list), requests (a part of each, compared by `provider.difference`), count, raises (an error of bot.channels.base), wait, reason, returns
(the ids), counts.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml
from starlette.applications import Starlette
from starlette.testclient import TestClient

import bot.channels
from bot.channels import base
from bot.channels.base import Channel, SendError
from bot.identity import conversation_id
from bot.messages import Inbound, Outbound
from bot.settings import Settings, load
from tests.channels.inlet import RecordingInlet
from tests.channels.provider import Provider, difference

__all__ = [
    "HERE",
    "WIRE",
    "app",
    "channel_names",
    "find",
    "read",
    "run_incoming",
    "run_outgoing",
    "secrets_of",
    "send_all",
    "silent",
    "silent_log",
    "sound",
    "wire_of",
    "with_api",
    "with_token",
]

HERE = Path(__file__).parent
WIRE = ("SETTINGS", "API_SETTING", "OK", "ADDRESS", "request")
MEDIA = {"", "voice", "image", "video", "file", "contact", "sticker", "other", "unknown"}
OUTGOING_KEYS = {"name", "outbound", "address", "provider", "requests", "count", "raises", "wait", "reason", "repeat"}
OUTGOING_KEYS |= {"row", "returns", "counts"}


# --- finding -------------------------------------------------------------------------------------------------------------


def find(name: str) -> Channel | None:
    """The channel of that folder; None if it sends nothing by itself, as the web page does."""
    found = getattr(importlib.import_module(f"bot.channels.{name}"), "channel", None)
    return found if isinstance(found, Channel) else None


def channel_names() -> list[str]:
    """The folders that hold a channel. One that cannot be imported is named, too: its tests fail, not those of the others."""
    names = []
    for module in pkgutil.iter_modules(bot.channels.__path__):
        if module.ispkg and not module.name.startswith("_"):
            try:
                if find(module.name) is None:
                    continue
            except Exception:
                logging.getLogger(__name__).exception("bot/channels/%s cannot be imported", module.name)
            names.append(module.name)
    return names


def read(name: str, table: str) -> list[dict[str, Any]]:
    """The lines of a table; a table that is missing or cannot be read is one line `{"unreadable": why}`."""
    file = HERE / name / table
    try:
        rows = yaml.safe_load(file.read_text(encoding="utf-8"))
        if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("name") for row in rows):
            raise ValueError("it must be a list of cases that each have a name")
    except (OSError, ValueError, yaml.YAMLError) as error:
        return [{"name": "readable", "unreadable": f"tests/channels/{name}/{table}: {error}"}]
    return rows


def wire_of(name: str) -> Any:
    """The channel's `wire` module. Raises AssertionError that says what it lacks."""
    assert (HERE / name / "wire.py").exists(), f"channel {name} has no tables: write tests/channels/{name}/wire.py"
    wire = importlib.import_module(f"tests.channels.{name}.wire")
    lacking = [attribute for attribute in WIRE if not hasattr(wire, attribute)]
    assert not lacking, f"tests/channels/{name}/wire.py lacks {', '.join(lacking)}"
    return wire


def with_api(wire: Any, url: str, var: Path, **more: str) -> Settings:
    """The channel's settings with the provider at that address, and everything that is written below `var`."""
    return load({"WAYPOST_VAR": str(var), **wire.SETTINGS, wire.API_SETTING: url, **more})


# --- incoming ------------------------------------------------------------------------------------------------------------


def app(channel: Channel, config: Settings, inlet: RecordingInlet) -> Starlette:
    """The channel's webhooks alone."""
    return Starlette(routes=channel.routes(config, inlet))


def sound(channel: Channel, inlet: RecordingInlet, config: Settings) -> None:
    """Whatever was handed over keeps to the form that the mailbox needs."""
    for message, address in inlet.offered:
        assert message.channel == channel.name and isinstance(address, str) and address
        assert message.conversation == conversation_id(channel.name, address), "not the keyed hash of the address"
        assert message.provider_id and isinstance(message.provider_id, str), "no id: a repeated one is answered twice"
        for part in (message.text, message.label, message.intent, message.language_hint):
            assert isinstance(part, str) and "\0" not in part
            part.encode()  # no half of a surrogate pair
        assert len(message.text) <= config.max_message_chars and len(message.label) <= config.max_message_chars
        assert message.media in MEDIA, f"{message.media!r} is no kind of attachment"
        if message.location:
            lat, lon = message.location.lat, message.location.lon
            assert -90 <= lat <= 90 and -180 <= lon <= 180
            assert (lat, lon) == (round(lat, 2), round(lon, 2)), "the exact position was kept"
        assert Inbound.from_dict(message.to_dict()) == message
    for report in inlet.reports:
        assert report["channel"] == channel.name and report["state"] in {"sent", "delivered", "failed"}


def run_incoming(
    channel: Channel, wire: Any, case: Mapping[str, Any], config: Settings, inlet: RecordingInlet | None = None
) -> None:
    """Post one case to the webhook and compare what it stored and called. Raises AssertionError."""
    inlet = inlet or RecordingInlet(full=bool(case.get("full")))
    with TestClient(app(channel, config, inlet)) as http:
        response = http.request(**wire.request(dict(case), config))
    status = case.get("status", 200)
    allowed = status if isinstance(status, list) else [status]
    assert response.status_code in allowed, f"answered {response.status_code}, not {status}"
    sound(channel, inlet, config)
    if "stores" not in case:
        assert not inlet.stored, f"stored {inlet.stored}"
    else:
        unknown = set(case["stores"]) - {f.name for f in fields(Inbound)}
        assert not unknown, f"the table names what no message has: {unknown}"
        assert len(inlet.stored) == 1, f"stored {len(inlet.stored)} messages"
        message, address = inlet.stored[0]
        assert not (wrong := difference(case["stores"], message.to_dict(), "stored")), wrong
        if "address" in case:
            assert address == str(case["address"])
    # who writes has not blocked us: a message may mean `start` without the table's saying so
    unsaid = [["start"], []] if "stores" in case or case.get("full") else [[]]
    assert inlet.calls in ([case["calls"]] if "calls" in case else unsaid), f"called {inlet.calls}"
    for conversation in inlet.conversations:
        assert re.fullmatch("[0-9a-f]{32}", conversation)
        if "address" in case:
            assert conversation == conversation_id(channel.name, str(case["address"])), "another person's conversation"
    if "reports" in case:
        assert len(inlet.reports) == len(case["reports"])
        for expected, report in zip(case["reports"], inlet.reports):
            assert not (wrong := difference(expected, report, "report")), wrong
    for name, number in case.get("counts", {}).items():
        assert inlet.counts[name] == number, f"counted {dict(inlet.counts)}"


# --- outgoing ------------------------------------------------------------------------------------------------------------


def secrets_of(config: Settings) -> list[str]:
    """What no log and no error may hold."""
    return [secret for f in fields(config) if not f.repr and len(secret := str(getattr(config, f.name))) > 4]


def silent(text: str, config: Settings, address: str, words: str) -> None:
    """That a log line or a reason gives nobody away."""
    assert not any(secret in text for secret in secrets_of(config)), "a token is in it"
    assert not any(number in text for number in re.findall(r"\d{5,}", address)), "the address is in it"
    assert len(words) < 8 or words not in text, "words of the message are in it"


def silent_log(records: Iterable[logging.LogRecord], config: Settings, address: str, words: str) -> None:
    """That no line gives anybody away; what `bot.logs` keeps quiet, httpx at INFO, is not looked at."""
    for record in records:
        if record.levelno >= logging.WARNING or record.name.split(".")[0] in ("bot", "telegram"):
            trace = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
            silent(record.getMessage() + trace, config, address, words)


def outbound_of(case: Mapping[str, Any]) -> Outbound:
    """The message of an outgoing case."""
    row = {"kind": "text", "language": "en", "text": "", **case.get("outbound", {})}
    row["text"] = str(row["text"]) * int(row.pop("repeat", case.get("repeat", 1)))
    return Outbound.from_dict(row)


async def send_all(channel: Channel, config: Settings, outbound: Outbound, address: str, row: int = 7) -> list[str]:
    """Send a message as the sender does; returns the provider's ids of its parts. Raises SendError."""
    client = channel.client(config)
    try:
        parts = client.parts(outbound)
        assert parts, "a message has at least one part"
        return [await client.send(address, part, row) for part in parts]
    finally:
        await client.close()


async def run_outgoing(
    channel: Channel, wire: Any, case: Mapping[str, Any], config: Settings, provider: Provider, log: Any = None
) -> None:
    """Send the message of one case to the provider and compare what came over the wire. Raises AssertionError."""
    unknown = set(case) - OUTGOING_KEYS
    assert not unknown, f"the table has unknown keys: {', '.join(sorted(unknown))}"
    provider.tell(wire.OK, case.get("provider", ()))
    outbound, address = outbound_of(case), str(case.get("address", wire.ADDRESS))
    raised: SendError | None = None
    ids: list[str] = []
    try:
        ids = await asyncio.wait_for(send_all(channel, config, outbound, address, int(case.get("row", 7))), 60)
    except SendError as error:
        raised = error
    _compare_error(case, raised)
    if raised:
        for text in (str(raised), repr(raised), raised.reason):
            silent(text, config, address, outbound.text)
    silent_log(log.records if log else (), config, address, outbound.text)
    requests = provider.requests
    if "count" in case:
        assert len(requests) == case["count"], f"{len(requests)} requests"
    if "requests" in case:
        assert len(requests) == len(case["requests"]), f"requests: {[r.path for r in requests]}"
        for n, (expected, request) in enumerate(zip(case["requests"], requests), 1):
            wrong = difference(expected, {**vars(request)}, f"request {n}")
            assert not wrong, wrong
    if not raised:
        assert all(isinstance(identifier, str) for identifier in ids)
    if "returns" in case:
        assert ids == [str(identifier) for identifier in case["returns"]]
    if "counts" in case:
        client = channel.client(config)
        total: dict[str, int] = {}
        for part in client.parts(outbound):
            for name, number in client.counts(part, outbound).items():
                total[name] = total.get(name, 0) + number
        await client.close()
        assert not (wrong := difference(case["counts"], total, "counts")), wrong


def _compare_error(case: Mapping[str, Any], raised: SendError | None) -> None:
    expected = case.get("raises")
    if expected is None:
        assert raised is None, f"raised {type(raised).__name__}: {raised}"
        return
    assert isinstance(getattr(base, expected, None), type), f"the table names no error of bot.channels.base: {expected}"
    assert raised is not None, f"{expected} was not raised"
    assert type(raised).__name__ == expected, f"raised {type(raised).__name__}: {raised}"
    if "wait" in case:
        wait = getattr(raised, "wait", None)
        assert isinstance(wait, (int, float)) and abs(wait - case["wait"]) < 0.01, f"waits {wait}"
    if "reason" in case:
        assert not (wrong := difference(case["reason"], raised.reason, "reason")), wrong


def with_token(outbound: Outbound) -> Outbound:
    """The message with a token for its buttons, as the engine gives it."""
    return replace(outbound, token="ab12cd") if outbound.choices else outbound
