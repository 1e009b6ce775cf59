"""The runner of the tables itself, with a channel made up here: a right channel passes, each wrong one fails."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import Channel, Client, Finding, Inlet, NotTaken, OptedOut, Part, Refused, Throttled, Unknown
from bot.channels.parsing import location_from
from bot.identity import conversation_id
from bot.messages import Inbound, Outbound
from bot.settings import Settings
from tests.channels import tables
from tests.channels.inlet import RecordingInlet
from tests.channels.provider import Provider, closed_url, difference


class FakeClient(Client):
    def __init__(self, api: str) -> None:
        self._api = api

    def parts(self, outbound: Outbound) -> Sequence[Part]:
        lines = (outbound.text, *(f"{n}. {label}" for n, label in enumerate(outbound.choices, 1)))
        return [Part("\n".join(lines), {"row": {"n": len(outbound.choices)}})]

    async def send(self, address: str, part: Part, row: int) -> str:
        try:
            async with httpx.AsyncClient() as http:
                form = {"to": address, "text": part.text, "row": str(row), "extra": json.dumps(part.extra)}
                answer = await http.post(f"{self._api}/send", data=form)
        except httpx.ConnectError as error:
            raise NotTaken("connection refused") from error
        except httpx.HTTPError as error:
            raise Unknown("cut off") from error
        if answer.status_code == 429:
            raise Throttled("too fast", float(answer.headers["retry-after"]))
        if answer.status_code == 403:
            raise OptedOut("blocked")
        if answer.status_code != 200:
            raise Refused(f"{answer.status_code} {answer.text}")
        return str(answer.json()["id"])

    async def reachable(self) -> None:
        pass

    def counts(self, part: Part, outbound: Outbound) -> Mapping[str, int]:
        return {"parts": 1}


class Fake(Channel):
    name = "fake"

    def configured(self, config: Settings) -> bool:
        return bool(config.twilio_account_sid)

    def problems(self, config: Settings) -> list[str]:
        return []

    def routes(self, config: Settings, inlet: Inlet) -> list[Route]:
        async def webhook(request: Request) -> Response:
            if request.headers.get("x-secret") != "good":
                inlet.count("forged")
                return Response(status_code=403)
            data = await request.json()
            conversation = conversation_id("fake", data["from"])
            if data.get("text") == "STOP":
                await inlet.stop("fake", conversation)
            elif "state" in data:
                await inlet.report("fake", data["state"], row=data["row"])
            else:
                message = self.read(data, conversation, config)
                await inlet.store(message, data["from"])
            return Response(status_code=204)

        return [Route("/webhooks/fake/webhook", webhook, methods=["POST"])]

    def read(self, data: dict[str, Any], conversation: str, config: Settings) -> Inbound:
        text = data.get("text", "")[: config.max_message_chars]
        return Inbound("fake", conversation, data["id"], text, location_from(data.get("pin")))

    def client(self, config: Settings) -> Client:
        return FakeClient(config.twilio_api)

    async def check(self, config: Settings) -> list[Finding]:
        return []


def request(case: dict[str, Any], config: Settings) -> dict[str, Any]:
    headers = {} if case.get("forged") else {"x-secret": "good"}
    return {"method": "POST", "url": "/webhooks/fake/webhook", "content": json.dumps(case["send"]), "headers": headers}


WIRE = SimpleNamespace(
    SETTINGS={"WAYPOST_TWILIO_ACCOUNT_SID": "x", "WAYPOST_TWILIO_AUTH_TOKEN": "secret-token"},
    API_SETTING="WAYPOST_TWILIO_API",
    OK={"status": 200, "json": {"id": 5}},
    ADDRESS="+447700900123",
    request=request,
)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.fixture
def config(provider: Provider, tmp_path: Path) -> Settings:
    return tables.with_api(WIRE, provider.url, tmp_path)


# --- incoming ------------------------------------------------------------------------------------------------------------

INCOMING: list[dict[str, Any]] = yaml.safe_load(
    """
- {send: {from: "+44", id: "1", text: "مرحبا"}, status: 204, stores: {text: "مرحبا", provider_id: "1"}, address: "+44"}
- {send: {from: "+44", id: "1", pin: {lat: 52.123, lon: 13.4}}, status: [200, 204], stores: {location: {lat: 52.12, lon: 13.4}, text: ""}}
- {send: {from: "+44", id: "1"}, forged: true, status: 403, counts: {forged: 1}}
- {send: {from: "+44", text: STOP}, status: 204, calls: [stop], address: "+44"}
- {send: {from: "+44", state: delivered, row: 7}, status: 204, calls: [report], reports: [{state: delivered, row: 7}]}
- {send: {from: "+44", id: "1", text: full}, status: 204, full: true}
"""
)


@pytest.mark.parametrize("case", INCOMING)
def test_a_right_channel_passes(case: dict[str, Any], config: Settings) -> None:
    tables.run_incoming(Fake(), WIRE, case, config)


@pytest.mark.parametrize(
    ("case", "change"),
    [
        (0, {"status": 200}),
        (0, {"stores": {"text": "salam"}}),
        (0, {"stores": {"text": "~^مرحبا .$"}}),
        (0, {"stores": {"txt": "مرحبا"}}),
        (0, {"stores": {"location": {"lat": 1}}}),
        (0, {"address": "+45"}),
        (0, {"calls": ["start"]}),
        (1, {"stores": {"location": None}}),
        (2, {"stores": {}}),
        (2, {"counts": {"forged": 2}}),
        (3, {"calls": []}),
        (3, {"calls": None}),
        (3, {"address": "+45"}),
        (4, {"reports": [{"state": "failed"}]}),
        (4, {"reports": []}),
        (4, {"reports": [{"row": "7"}]}),
        (5, {"stores": {"text": "full"}}),
    ],
)
def test_a_wrong_expectation_fails(case: int, change: dict[str, Any], config: Settings) -> None:
    with pytest.raises(AssertionError):
        tables.run_incoming(Fake(), WIRE, {**INCOMING[case], **change}, config)


@pytest.mark.parametrize(
    "message",
    [
        Inbound("other", "", "1"),
        Inbound("fake", "+44", "1"),
        Inbound("fake", "", ""),
        Inbound("fake", "", "1", "nul\0"),
        Inbound("fake", "", "1", "x" * 1001),
        Inbound("fake", "", "1", media="gif"),
    ],
)
def test_what_the_mailbox_cannot_take_fails(message: Inbound, config: Settings) -> None:
    class Wrong(Fake):
        def read(self, data: dict[str, Any], conversation: str, config: Settings) -> Inbound:
            return Inbound(**{**vars(message), "conversation": message.conversation or conversation})

    with pytest.raises(AssertionError):
        tables.run_incoming(Wrong(), WIRE, {**INCOMING[0], "stores": {}}, config)


def test_storing_twice_fails(config: Settings) -> None:
    inlet = RecordingInlet()
    tables.run_incoming(Fake(), WIRE, INCOMING[0], config, inlet)
    with pytest.raises(AssertionError, match="stored 2 messages"):
        tables.run_incoming(Fake(), WIRE, INCOMING[0], config, inlet)


# --- outgoing ------------------------------------------------------------------------------------------------------------

OUTGOING: list[dict[str, Any]] = yaml.safe_load(
    """
- outbound: {text: Hello, choices: [One, Two]}
  requests: [{method: POST, path: /send, body: {to: "+447700900123", text: "~^Hello\\n1. One\\n2", row: 7, extra: {row: {n: 2}}, other: null}}]
  count: 1
  returns: ["5"]
  counts: {parts: 1}
- {outbound: {text: ab, repeat: 3}, requests: [{body: {text: ababab}}]}
- {outbound: {text: Hello}, provider: {status: 429, headers: {Retry-After: 7}}, raises: Throttled, wait: 7, reason: ~fast, count: 1}
- {outbound: {text: Hello}, provider: [{status: 403}], raises: OptedOut}
- {outbound: {text: Hello}, provider: {drop: true}, raises: Unknown}
- {outbound: {text: Hello}, provider: {delay: 0.05, json: {id: 9}}, address: "77", row: 8, returns: [9], requests: [{body: {to: 77, row: "8"}}]}
"""
)


@pytest.mark.parametrize("case", OUTGOING)
async def test_a_right_client_passes(case: dict[str, Any], config: Settings, provider: Provider) -> None:
    await tables.run_outgoing(Fake(), WIRE, case, config, provider)


@pytest.mark.parametrize(
    ("case", "change"),
    [
        (0, {"count": 2}),
        (0, {"requests": []}),
        (0, {"requests": [{"path": "/sent"}]}),
        (0, {"requests": [{"body": {"text": "Hello"}}]}),
        (0, {"requests": [{"body": {"extra": {"row": {"n": 3}}}}]}),
        (0, {"requests": [{"body": {"missing": "x"}}]}),
        (0, {"requests": [{"body": {"row": None}}]}),
        (0, {"returns": ["6"]}),
        (0, {"counts": {"parts": 2}}),
        (0, {"raises": "Refused"}),
        (0, {"request": []}),
        (2, {"wait": 8}),
        (2, {"reason": "~slow"}),
        (2, {"raises": None}),
        (3, {"raises": "Refused"}),  # a blocked person is more than a refused message
        (3, {"raises": "NoSuchError"}),
    ],
)
async def test_a_wrong_outgoing_expectation_fails(
    case: int, change: dict[str, Any], config: Settings, provider: Provider
) -> None:
    with pytest.raises(AssertionError):
        await tables.run_outgoing(Fake(), WIRE, {**OUTGOING[case], **change}, config, provider)


@pytest.mark.parametrize("told", ["no such person: +447700900123", "secret-token", "cannot send: Hello there"])
async def test_an_error_that_gives_somebody_away_fails(told: str, config: Settings, provider: Provider) -> None:
    case = {"outbound": {"text": "Hello there"}, "provider": {"status": 400, "text": told}, "raises": "Refused"}
    with pytest.raises(AssertionError, match=r"(is|are) in it"):
        await tables.run_outgoing(Fake(), WIRE, case, config, provider)


async def test_nobody_listens(tmp_path: Path, provider: Provider) -> None:
    config = tables.with_api(WIRE, closed_url(), tmp_path)
    await tables.run_outgoing(
        Fake(), WIRE, {"outbound": {"text": "x"}, "raises": "NotTaken", "count": 0}, config, provider
    )


# --- the helpers ---------------------------------------------------------------------------------------------------------


def test_the_provider_reads_what_is_sent(provider: Provider) -> None:
    provider.tell({"text": "ok"}, [{"status": 201, "json": {"a": "é"}}])
    with httpx.Client(base_url=provider.url) as http:
        first = http.post("/a/b?x=1&x=2&y=", json={"k": ["v"]})
        second = http.post("/form", content="a=1&b=&a=2", headers={"content-type": "application/x-www-form-urlencoded"})
        third = http.get("/")
        http.post("/chunks", content=iter([b"one", b"two"]))
    assert (first.status_code, first.json(), second.text, third.status_code) == (201, {"a": "é"}, "ok", 200)
    a, b, c, d = provider.requests
    assert (a.method, a.path, a.query, a.body) == ("POST", "/a/b", {"x": ["1", "2"], "y": ""}, {"k": ["v"]})
    assert (b.body, c.method, c.body, d.raw) == ({"a": ["1", "2"], "b": ""}, "GET", None, b"onetwo")
    assert a.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, True),
        ({"a": 1}, {"a": "1"}, True),
        ({"a": True}, {"a": "true"}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": "1"}, {"a": 1}, False),
        ({"a": {"b": 1}}, {"a": '{"b": 1, "c": 2}'}, True),
        ({"a": {"b": 1}}, {"a": "no"}, False),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}]}, False),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": ["~^x"]}, {"a": ["xy"]}, True),
        ({"a": None}, {}, True),
        ({"a": None}, {"a": ""}, False),
        ({"a": "~b.d"}, {"a": "abcd"}, True),
        ({"a": "~^b"}, {"a": "ab"}, False),
        ({"a": ""}, {}, False),
    ],
)
def test_difference(expected: Any, actual: Any, same: bool) -> None:
    assert (difference(expected, actual) == "") is same


def test_a_missing_table_says_where_it_belongs() -> None:
    with pytest.raises(AssertionError, match=r"no_such: write tests/channels/no_such/wire\.py|no_such has no tables"):
        tables.wire_of("no_such")
    assert "tests/channels/no_such/incoming.yml" in tables.read("no_such", "incoming.yml")[0]["unreadable"]
