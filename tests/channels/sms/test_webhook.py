"""Twilio's signature as others compute it, the public address, and what a forged or odd request can do."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from bot.channels.registry import channels
from bot.identity import conversation_id
from bot.settings import Settings, load
from tests.channels.inlet import RecordingInlet
from tests.channels.sms import wire
from tests.channels.whatsapp import wire as whatsapp_wire

WIRES: dict[str, Any] = {"sms": wire, "whatsapp": whatsapp_wire}
FORM = "application/x-www-form-urlencoded"


def by_hand(token: str, url: str, fields: Sequence[tuple[str, str]]) -> str:
    """The signature as Twilio's page on webhook security describes it, without Twilio's library."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def config_of(name: str, **more: str) -> Settings:
    return load({**WIRES[name].SETTINGS, **more})


def post(
    name: str, config: Settings, fields: Sequence[tuple[str, str]], url: str, path: str = "", **headers: str
) -> tuple[int, RecordingInlet]:
    """Post a form that was signed by hand for `url`; returns the status and what the inlet saw."""
    inlet = RecordingInlet()
    signature = by_hand(config.twilio_auth_token, url, fields)
    with TestClient(Starlette(routes=channels()[name].routes(config, inlet))) as http:
        response = http.post(
            path or f"/webhooks/{name}/webhook",
            content=urlencode(fields),
            headers={"Content-Type": FORM, "X-Twilio-Signature": signature, **headers},
        )
    return response.status_code, inlet


# Twilio's published vector: https://www.twilio.com/docs/usage/security#test-the-validity-of-your-webhook-signature
VECTOR = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]


def test_the_published_vector() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert by_hand("12345", url, VECTOR) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    assert RequestValidator("12345").compute_signature(url, dict(VECTOR)) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


@pytest.mark.parametrize("name", WIRES)
def test_empty_fields_are_part_of_the_signature(name: str) -> None:
    fields = [*WIRES[name].USUAL.items(), ("Empty", ""), ("Body", "hi")]
    assert any(value == "" for _, value in fields)
    status, inlet = post(name, config_of(name), _unique(fields), f"{wire.PUBLIC}/webhooks/{name}/webhook")
    assert (status, [m.text for m, _ in inlet.stored]) == (200, ["hi"])


def test_a_field_that_comes_twice() -> None:
    fields = [*_unique([*wire.USUAL.items(), ("Body", "hi")]), ("Extra", "b"), ("Extra", "a"), ("Extra", "b")]
    status, inlet = post("sms", config_of("sms"), fields, f"{wire.PUBLIC}/webhooks/sms/webhook")
    assert status == 200 and len(inlet.stored) == 1


@pytest.mark.parametrize(
    ("public", "signed_for"),
    [
        ("https://bot.example.org/", "https://bot.example.org/webhooks/sms/webhook"),
        ("https://bot.example.org", "https://bot.example.org:443/webhooks/sms/webhook"),  # Twilio does both
        ("https://bot.example.org:8443", "https://bot.example.org:8443/webhooks/sms/webhook"),
        ("https://example.org/waypost", "https://example.org/waypost/webhooks/sms/webhook"),
        ("https://example.org/waypost/", "https://example.org/waypost/webhooks/sms/webhook"),
    ],
)
def test_the_public_address_is_what_is_signed(public: str, signed_for: str) -> None:
    config = config_of("sms", WAYPOST_PUBLIC_URL=public)
    assert channels()["sms"].problems(config) == []
    status, inlet = post("sms", config, _unique([*wire.USUAL.items(), ("Body", "hi")]), signed_for)
    assert status == 200 and inlet.stored


def test_the_raw_query_is_what_is_signed() -> None:
    path = "/webhooks/sms/status?row=7&x=%C3%A9+%20a"
    status, inlet = post("sms", config_of("sms"), list(wire.STATUS.items()), wire.PUBLIC + path, path)
    assert status == 200 and inlet.reports[0]["row"] == 7
    status, inlet = post("sms", config_of("sms"), list(wire.STATUS.items()), wire.PUBLIC + path, path.replace("7", "8"))
    assert status == 403 and not inlet.reports


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("hook", ["webhook", "status"])
def test_each_field_is_protected(name: str, hook: str) -> None:
    usual = WIRES[name].USUAL if hook == "webhook" else WIRES[name].STATUS
    url = f"{wire.PUBLIC}/webhooks/{name}/{hook}"
    config = config_of(name)
    signature = by_hand(config.twilio_auth_token, url, list(usual.items()))
    inlet = RecordingInlet()
    with TestClient(Starlette(routes=channels()[name].routes(config, inlet))) as http:
        for field in usual:
            changed = urlencode({**usual, field: usual[field] + "1"})
            headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
            assert http.post(f"/webhooks/{name}/{hook}", content=changed, headers=headers).status_code == 403
    assert inlet.counts["forged"] == len(usual) and not inlet.offered and not inlet.calls


@pytest.mark.parametrize("signature", ["\x7f", "=" * 28, "x" * 10_000, " "])
def test_odd_signatures_are_refused(signature: str) -> None:
    status, inlet = post(
        "sms",
        config_of("sms"),
        list(wire.USUAL.items()),
        "",
        **{"X-Twilio-Signature": signature},
    )
    assert status == 403 and inlet.counts["forged"] == 1 and not inlet.offered


@pytest.mark.parametrize("name", WIRES)
def test_a_long_body_is_refused(name: str) -> None:
    fields = _unique([*WIRES[name].USUAL.items(), ("Body", "x" * 70_000)])
    status, inlet = post(name, config_of(name), fields, f"{wire.PUBLIC}/webhooks/{name}/webhook")
    assert status == 413 and not inlet.offered


@pytest.mark.parametrize(("name", "prefix"), [("sms", ""), ("whatsapp", "whatsapp:")])
def test_the_answer_leaves_from_the_number_that_was_written_to(name: str, prefix: str) -> None:
    other = "+447700900555"
    fields = _unique([*WIRES[name].USUAL.items(), ("Body", "hi"), ("To", prefix + other)])
    url = f"{wire.PUBLIC}/webhooks/{name}/webhook"
    _, inlet = post(name, config_of(name), fields, url)
    message, address = inlet.stored[0]
    assert address == f"{wire.ADDRESS}|{other}"
    assert message.conversation == conversation_id(name, wire.ADDRESS), "one person is one conversation"
    setting = "WAYPOST_SMS_FROM" if name == "sms" else "WAYPOST_WHATSAPP_FROM"
    _, inlet = post(name, config_of(name, **{setting: "MG" + "0" * 32}), fields, url)
    assert inlet.stored[0][1] == wire.ADDRESS, "a Messaging Service chooses the number itself"


def _unique(fields: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return list(dict(fields).items())
