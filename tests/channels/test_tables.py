"""Every channel in the registry against its tables, and against what holds for all channels."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.channels.base import Channel, NotTaken, SendError
from bot.messages import Outbound, Reply
from bot.replies.numbered import details_choices
from bot.replies.render import word
from bot.replies.samples import DETAILS, LANGUAGES, NOW, SERVICES, crisis
from bot.replies.sms import plain
from bot.settings import Settings, load
from tests.channels import tables
from tests.channels.inlet import RecordingInlet
from tests.channels.provider import Provider, closed_url

NAMES = tables.channel_names()
CASES = {"incoming": 40, "outgoing": 20}
"""How many cases a channel has at least."""
LIMITS = {"telegram": ("text", 4096), "sms": ("Body", 1600), "whatsapp": ("Body", 1600)}
"""The field that holds a message's text, and the most UTF-16 units that the provider takes there; another channel's stands in its
`wire.LIMIT`."""


def _rows(table: str) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}-{case['name']}")
        for name in NAMES
        for case in tables.read(name, f"{table}.yml")
    ]


def _readable(case: dict[str, Any]) -> None:
    if "unreadable" in case:
        pytest.fail(case["unreadable"])


def _channel(name: str) -> Channel:
    channel = tables.find(name)
    assert channel is not None
    return channel


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


# --- the tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_there_are_enough_cases(name: str, table: str) -> None:
    tables.wire_of(name)
    cases = tables.read(name, f"{table}.yml")
    _readable(cases[0])
    names = [case["name"] for case in cases]
    contents = [json.dumps({k: v for k, v in case.items() if k != "name"}, sort_keys=True) for case in cases]
    assert len(set(names)) == len(names), f"twice: {sorted({n for n in names if names.count(n) > 1})}"
    assert len(set(contents)) == len(contents), "two cases differ only by their name"
    assert len(cases) >= CASES[table], f"{len(cases)} cases, at least {CASES[table]}"


@pytest.mark.parametrize(("name", "case"), _rows("incoming"))
def test_incoming(name: str, case: dict[str, Any], provider: Provider, tmp_path: Path) -> None:
    _readable(case)
    wire = tables.wire_of(name)
    provider.tell(wire.OK)
    tables.run_incoming(_channel(name), wire, case, tables.with_api(wire, provider.url, tmp_path))


@pytest.mark.parametrize(("name", "case"), _rows("outgoing"))
async def test_outgoing(
    name: str, case: dict[str, Any], provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _readable(case)
    caplog.set_level("DEBUG")
    wire = tables.wire_of(name)
    config = tables.with_api(wire, provider.url, tmp_path)
    await tables.run_outgoing(_channel(name), wire, case, config, provider, caplog)


# --- settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_switch_it_on(name: str, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    assert channel.name == name
    assert not channel.configured(load({})), "on with no settings at all"
    config = tables.with_api(wire, closed_url(), tmp_path)
    assert channel.configured(config) and channel.problems(config) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_said_without_a_secret(name: str, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    for setting in wire.SETTINGS:
        config = load({"WAYPOST_VAR": str(tmp_path), **{k: v for k, v in wire.SETTINGS.items() if k != setting}})
        for problem in channel.problems(config) if channel.configured(config) else ():
            assert problem and not any(secret in problem for secret in tables.secrets_of(config))


@pytest.mark.parametrize("name", NAMES)
async def test_the_clients_figures(name: str, tmp_path: Path) -> None:
    client = _channel(name).client(tables.with_api(tables.wire_of(name), closed_url(), tmp_path))
    messages, seconds = client.per_person
    assert client.per_second > 0 and client.at_once >= 1 and messages >= 1 and seconds > 0
    await client.close()


# --- webhooks: whatever the internet sends ----------------------------------------------------------------------------------

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")
TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "")
CHANCE = random.Random(20260)
BODIES = {
    "empty": b"",
    "100 kB": b"x" * 100_000,
    "100 kB in a JSON text": b'{"text": "' + b"x" * 100_000 + b'"}',
    "random bytes": CHANCE.randbytes(2000),
    "not UTF-8": b'{"text": "\xff\xfe"}',
    "half a surrogate pair": b'{"text": "\\ud83d", "update_id": 1}',
    "empty mapping": b"{}",
    "list": b"[]",
    "null": b"null",
    "number": b"1e999",
    "not a number": b'{"update_id": NaN}',
    "long number": b'{"update_id": ' + b"9" * 6000 + b"}",
    "nested lists": b"[" * 50_000,
    "nested mappings": b'{"message":' * 20_000,
    "cut off": b'{"update_id": 1, "message": {',
    "zeros": b"\0" * 100,
    "form": b"a=1&b=&&=&c",
    "form with bad percents": b"Body=%ff%00%zz&From=%",
    "many fields": b"&".join(b"f%d=1" % n for n in range(5000)),
}


def _paths(channel: Channel, config: Settings) -> list[str]:
    return [re.sub(r"\{[^}]*\}", "1", route.path) for route in channel.routes(config, RecordingInlet())]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", NAMES)
def test_no_request_breaks_a_webhook(name: str, body: str, provider: Provider, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    config = tables.with_api(wire, provider.url, tmp_path)
    inlet = RecordingInlet()
    good = _authentic(name, wire, config)
    with TestClient(tables.app(channel, config, inlet)) as http:
        for path in _paths(channel, config):
            for method in METHODS:
                for kind in TYPES if method == "POST" else TYPES[:2]:
                    for extra in ({}, good):
                        headers = {**extra, **({"content-type": kind} if kind else {})}
                        status = http.request(method, path, content=BODIES[body], headers=headers).status_code
                        assert status < 500, f"{method} {path} with {kind or 'no type'}: {status}"
                        if not extra:
                            assert status >= 400 or method == "OPTIONS", f"{method} {path}: {status} for a stranger"
    assert not inlet.offered and not inlet.calls


def _authentic(name: str, wire: Any, config: Settings) -> dict[str, str]:
    """The headers of a request of the provider: garbage that comes with a good secret."""
    case = next((case for case in tables.read(name, "incoming.yml") if "stores" in case), None)
    headers = wire.request(dict(case), config).get("headers") if case else None
    return {k: v for k, v in (headers or {}).items() if k.lower() not in ("content-type", "content-length")}


def _leaves(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if way:
        yield way
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from _leaves(value, (*way, key))


def _changed(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(data))
    place = copy
    for key in way[:-1]:
        place = place[key]
    place[way[-1]] = value
    return copy


TEXTS = ("", "0", "-1", "1e400", "NaN", "999", "\0", " ", "x" * 5000, "😀" * 3000, "{}", "whatsapp:", "+", "null")
VALUES: tuple[Any, ...] = (None, True, 0, -1, 2**70, 1.5, float("nan"), [], {}, [None], {"a": []}, "\ud83d", *TEXTS)


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_field_breaks_nothing(name: str, provider: Provider, tmp_path: Path) -> None:
    """Each field of each good message takes other values, as if the provider had signed them."""
    channel, wire = _channel(name), tables.wire_of(name)
    provider.tell(wire.OK)
    config = tables.with_api(wire, provider.url, tmp_path)
    inlet = RecordingInlet()
    chance = random.Random(7)
    tried = 0
    with TestClient(tables.app(channel, config, inlet)) as http:
        for case in tables.read(name, "incoming.yml"):
            send = case.get("send")
            if not isinstance(send, dict) or case.get("forged"):
                continue
            ways = list(_leaves(send))
            texts = all(isinstance(value, (str, int, float)) for value in send.values())  # a form
            for way in chance.sample(ways, min(len(ways), 12)):
                for value in chance.sample(TEXTS if texts else VALUES, 4):
                    try:
                        request = wire.request({**case, "send": _changed(send, way, value)}, config)
                    except (TypeError, ValueError, KeyError):  # the table's own reader cannot build it
                        continue
                    tried += 1
                    status = http.request(**request).status_code
                    assert status < 500, f"{case['name']}, {way} = {value!r:.60}: {status}"
    assert tried > 200, f"only {tried} requests could be built"
    tables.sound(channel, inlet, config)


# --- the client: every language, every limit ----------------------------------------------------------------------------------

REPLIES: dict[str, Reply] = {"services": SERVICES, "details": DETAILS, "crisis": crisis("112")}


def _squashed(text: str) -> str:
    """Without what a channel may change: white space, marks of direction, typographic signs."""
    return "".join(c for c in plain(text) if not c.isspace() and unicodedata.category(c) != "Cf")


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
        if data[:1] in "{[":
            with contextlib.suppress(ValueError):
                yield from _strings(json.loads(data))
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _strings(value)


def _shown(provider: Provider, field: str, most: int) -> tuple[str, str]:
    """What came over the wire: the texts, and everything. Asserts the limits."""
    texts, everything = [], []
    for request in provider.requests:
        body = request.body if isinstance(request.body, dict) else {}
        strings = list(_strings(body))
        text = body.get(field)
        if text is not None:
            assert isinstance(text, str) and text.strip(), "an empty message"
            assert len(text.encode("utf-16-le")) // 2 <= most, f"{len(text)} characters, at most {most}"
        texts += strings if text is None else [text]
        everything += strings
        for string in strings:
            string.encode()  # no half of a surrogate pair
        for data in re.findall(r'"callback_data": ?"([^"]*)"', json.dumps(body).replace('\\"', '"')):
            assert len(data.encode()) <= 64
    return _squashed("".join(texts)), _squashed("".join(everything))


def _in_order(text: str, shown: str) -> None:
    position = 0
    for token in text.split():
        piece = _squashed(token)
        found = shown.find(piece, position)
        assert found >= 0, f"lost, or in another order: {token!r}"
        position = found + len(piece)


async def _delivered(name: str, outbound: Outbound, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    field, most = getattr(wire, "LIMIT", None) or LIMITS[name]
    with Provider(wire.OK) as provider:
        config = tables.with_api(wire, provider.url, tmp_path)
        client = channel.client(config)
        parts = client.parts(outbound)
        assert parts and all(part.text.strip() for part in parts)
        assert client.parts(outbound) == parts, "parts differ from one call to the next: a sent one would be sent again"
        for part in parts:
            assert all(number >= 0 for number in client.counts(part, outbound).values())
            await asyncio.wait_for(client.send(wire.ADDRESS, part, 7), 30)
        await client.close()
        shown, everything = _shown(provider, field, most)
    _in_order(outbound.text, shown)
    first, last = outbound.page or (0, len(outbound.choices))
    in_one_line = details_choices(outbound)  # "1-3: Details", where choices are text
    for label in outbound.choices[max(first, in_one_line) : last]:
        assert _squashed(label)[:12] in everything, f"no choice {label!r}"


@pytest.mark.parametrize("kind", REPLIES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
async def test_every_language_arrives_whole(name: str, language: str, kind: str, tmp_path: Path) -> None:
    outbound = word(REPLIES[kind], language, channel=name, now=NOW, country="GR")
    await _delivered(name, tables.with_token(outbound), tmp_path)


LONG = {
    "words": "word " * 3000,
    "Arabic": "كلمة " * 3000,
    "emoji": "😀 " * 3000,
    "paragraphs": "A line that is read.\n\n" * 400,
    "Bengali": "আপনি কোথায় আছেন? " * 400,
    "markup": "<b>&amp; *bold* _under_ [x](y) `code` \\ " * 200,
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("name", NAMES)
async def test_a_long_text_arrives_whole(name: str, kind: str, tmp_path: Path) -> None:
    await _delivered(name, Outbound("text", "en", LONG[kind].strip()), tmp_path)


@pytest.mark.parametrize("letter", ["x", "م", "😀", "क्"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_text_without_spaces_arrives_whole(name: str, letter: str, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    with Provider(wire.OK) as provider:
        config = tables.with_api(wire, provider.url, tmp_path)
        client = channel.client(config)
        for part in client.parts(Outbound("text", "en", letter * 6000)):
            await client.send(wire.ADDRESS, part, 7)
        await client.close()
        shown, _ = _shown(provider, *(getattr(wire, "LIMIT", None) or LIMITS[name]))
    assert shown.count(letter) == 6000


# --- the client: whatever the provider answers ---------------------------------------------------------------------------------

ANSWERS: dict[str, dict[str, Any]] = {
    "429": {"status": 429, "json": {}},
    "429 with no sense": {
        "status": 429,
        "text": "slow down",
        "headers": {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"},
    },
    "500": {"status": 500, "text": "<html>oops</html>"},
    "502 of a proxy": {"status": 502, "text": ""},
    "503": {"status": 503, "json": {"a": []}},
    "504": {"status": 504, "text": ""},
    "401": {"status": 401, "json": {"code": 20003, "description": "Unauthorized", "ok": False, "error_code": 401}},
    "404": {"status": 404, "text": "no"},
    "400 with no words": {"status": 400, "json": None},
    "redirect": {"status": 302, "headers": {"Location": "/elsewhere"}},
    "no JSON": {"status": 200, "text": "<html>portal</html>"},
    "empty": {"status": 200, "text": ""},
    "list": {"status": 200, "json": []},
    "nothing in it": {"status": 200, "json": {}},
    "cut off": {"drop": True},
}
MESSAGE = Outbound("text", "en", "Words that nobody else may read", ("One", "Two"), token="ab12cd")


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", NAMES)
async def test_whatever_the_provider_answers_is_a_send_error(
    name: str, answer: str, provider: Provider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    channel, wire = _channel(name), tables.wire_of(name)
    config = tables.with_api(wire, provider.url, tmp_path)
    provider.tell(ANSWERS[answer])
    with pytest.raises(SendError) as raised:
        await asyncio.wait_for(tables.send_all(channel, config, MESSAGE, wire.ADDRESS), 60)
    error = raised.value
    kind = type(error).__name__
    assert error.reason.strip()
    tables.silent(f"{error!r} {error.reason}", config, wire.ADDRESS, MESSAGE.text)
    tables.silent_log(caplog.records, config, wire.ADDRESS, MESSAGE.text)
    assert (kind == "Throttled") == answer.startswith("429"), kind
    assert getattr(error, "wait", 1) > 0
    if answer in ("cut off", "no JSON", "empty", "list", "nothing in it", "504"):
        assert kind not in ("NotTaken", "Refused", "OptedOut"), f"{kind}: it may have been taken"


@pytest.mark.parametrize("name", NAMES)
async def test_a_provider_that_is_down_has_not_taken_it(name: str, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    config = tables.with_api(wire, closed_url(), tmp_path)
    with pytest.raises(NotTaken):
        await asyncio.wait_for(tables.send_all(channel, config, MESSAGE, wire.ADDRESS), 60)
    client = channel.client(config)
    with pytest.raises(NotTaken):
        await asyncio.wait_for(client.reachable(), 60)
    await client.close()


@pytest.mark.parametrize("name", NAMES)
async def test_refused_credentials_are_noticed(name: str, provider: Provider, tmp_path: Path) -> None:
    channel, wire = _channel(name), tables.wire_of(name)
    config = tables.with_api(wire, provider.url, tmp_path)
    provider.tell(ANSWERS["401"])
    client = channel.client(config)
    with pytest.raises(SendError):
        await asyncio.wait_for(client.reachable(), 60)
    await client.close()
    findings = await asyncio.wait_for(channel.check(config), 60)
    assert findings and any(not finding.ok and finding.cure for finding in findings), "the check finds nothing wrong"
    for finding in findings:
        tables.silent(f"{finding.what} {finding.cure}", config, "", "")


@pytest.mark.parametrize("name", NAMES)
async def test_the_check_survives_a_provider_that_is_down(name: str, tmp_path: Path) -> None:
    config = tables.with_api(tables.wire_of(name), closed_url(), tmp_path)
    findings = await asyncio.wait_for(_channel(name).check(config), 60)
    assert any(not finding.ok and finding.cure for finding in findings)
