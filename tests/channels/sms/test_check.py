"""`make channel-check` for Twilio: what is found for accounts, numbers, Messaging Services and WhatsApp senders."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.registry import channels
from bot.settings import Settings, load
from tests.channels.inlet import RecordingInlet
from tests.channels.provider import Provider, closed_url
from tests.channels.sms import wire
from tests.channels.whatsapp import wire as whatsapp_wire

WIRES: dict[str, Any] = {"sms": wire, "whatsapp": whatsapp_wire}
SERVICE = "MG" + "0123456789abcdef" * 2
HOOK = f"{wire.PUBLIC}/webhooks/sms/webhook"
WA_HOOK = f"{wire.PUBLIC}/webhooks/whatsapp/webhook"

ACTIVE = {"json": {"status": "active", "type": "Full", "friendly_name": "Red Cross"}}
TRIAL = {"json": {"status": "active", "type": "Trial", "friendly_name": "Red Cross"}}


def numbers(**more: Any) -> dict[str, Any]:
    row = {
        "sms_url": HOOK,
        "sms_method": "POST",
        "capabilities": {"sms": True, "mms": False},
        "sms_application_sid": "",
    }
    return {"json": {"incoming_phone_numbers": [{**row, **more}], "next_page_uri": None}}


def service(**more: Any) -> dict[str, Any]:
    row = {"friendly_name": "Help", "inbound_request_url": HOOK, "inbound_method": "POST", "use_inbound_webhook_on_number": False}  # fmt: skip
    return {"json": {**row, **more}}


def pool(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"json": {"phone_numbers": list(rows), "meta": {"key": "phone_numbers", "next_page_url": None}}}


def senders(**more: Any) -> dict[str, Any]:
    webhook = {"callback_url": WA_HOOK, "callback_method": "POST"}
    row = {"sender_id": "whatsapp:+14155238886", "status": "ONLINE", "webhook": webhook}
    return {"json": {"senders": [{**row, **more}], "meta": {}}}


def contents() -> dict[str, Any]:
    sids = json.loads(whatsapp_wire.TEMPLATES.read_text())["templates"].values()
    return {"json": {"contents": [{"sid": sid, "friendly_name": sid} for sid in sids], "meta": {"next_page_url": None}}}


REFUSED = {"status": 401, "json": {"code": 20003, "message": "Authenticate"}}
MISSING = {"status": 404, "json": {"code": 20404, "message": "not found"}}

# name of the case: channel, sender, answers in order, words of what is not right (none: all is right)
CASES: dict[str, tuple[str, str, list[dict[str, Any]], list[str]]] = {
    "a number, all right": ("sms", wire.OURS, [ACTIVE, numbers()], []),
    "credentials": ("sms", wire.OURS, [REFUSED], ["credentials refused"]),
    "suspended": ("sms", wire.OURS, [{"json": {"status": "suspended"}}], ["not active"]),
    "a trial": ("sms", wire.OURS, [TRIAL, numbers()], ["it is a trial"]),
    "not our number": ("sms", wire.OURS, [ACTIVE, {"json": {"incoming_phone_numbers": []}}], ["does not have it"]),
    "voice only": ("sms", wire.OURS, [ACTIVE, numbers(capabilities={"sms": False})], ["cannot do SMS"]),
    "no webhook": ("sms", wire.OURS, [ACTIVE, numbers(sms_url="")], ["no webhook"]),
    "another webhook": ("sms", wire.OURS, [ACTIVE, numbers(sms_url="https://demo.twilio.com")], ["another address"]),
    "called with GET": ("sms", wire.OURS, [ACTIVE, numbers(sms_method="GET")], ["called with GET"]),
    "an app before it": ("sms", wire.OURS, [ACTIVE, numbers(sms_application_sid="AP1")], ["TwiML App"]),
    "two things wrong": ("sms", wire.OURS, [TRIAL, numbers(sms_url="")], ["trial", "no webhook"]),
    "numbers cannot be asked": ("sms", wire.OURS, [ACTIVE, {"status": 503, "text": ""}], ["Twilio answers 503"]),
    "an answer of another form": ("sms", wire.OURS, [ACTIVE, {"json": {"rows": 1}}], ["cannot be read"]),
    "a service, all right": ("sms", SERVICE, [ACTIVE, service(), pool({"sid": "PN1"})], []),
    "no such service": ("sms", SERVICE, [ACTIVE, MISSING], ["20404"]),
    "a service with no number": ("sms", SERVICE, [ACTIVE, service(), pool()], ["no number"]),
    "a service with another webhook": ("sms", SERVICE, [ACTIVE, service(inbound_request_url="https://x.example"), pool({"sid": "PN1"})], ["another address"]),
    "a service that defers": ("sms", SERVICE, [ACTIVE, service(use_inbound_webhook_on_number=True), pool({"sid": "PN1"})], ["webhook of each number"]),
    "WhatsApp, all right": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(), contents()], []),
    "a sender that is offline": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(status="OFFLINE"), contents()], ["not online"]),
    "a sender of another number": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(sender_id="whatsapp:+1"), contents()], ["none with that number"]),
    "a sender with another webhook": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(webhook={"callback_url": HOOK}), contents()], ["another address"]),
    "a sender with no word of its webhook": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(webhook=None), contents()], []),
    "senders cannot be asked": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, {"status": 403, "text": ""}, contents()], []),
    "templates that are gone": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(), {"json": {"contents": []}}], ["13 are not in this account"]),
    "templates cannot be asked": ("whatsapp", whatsapp_wire.OURS, [ACTIVE, senders(), {"status": 500, "text": ""}], ["Twilio answers 500"]),
    "WhatsApp through a service": ("whatsapp", SERVICE, [ACTIVE, service(inbound_request_url=WA_HOOK), contents()], []),
}  # fmt: skip


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


def config_of(channel: str, sender: str, api: str, **more: str) -> Settings:
    own = {"WAYPOST_TWILIO_API": api, f"WAYPOST_{channel.upper()}_FROM": sender}
    return load({**WIRES[channel].SETTINGS, **own, **more})


@pytest.mark.parametrize("case", CASES)
async def test_findings(case: str, provider: Provider) -> None:
    name, sender, answers, wrong = CASES[case]
    provider.tell({"status": 404, "json": {}}, answers)
    config = config_of(name, sender, provider.url)
    findings = await channels()[name].check(config)
    bad = [finding for finding in findings if not finding.ok]
    assert len(bad) == len(wrong), [finding.what for finding in findings]
    for words, finding in zip(wrong, bad):
        assert words in finding.what and finding.cure
    assert len(provider.requests) == len(answers), [request.path for request in provider.requests]
    assert {request.method for request in provider.requests} == {"GET"}, "it changes something"
    said = " ".join(finding.what + finding.cure for finding in findings)
    assert wire.TOKEN not in said and "4477" not in said and "+1415" not in said


async def test_templates_are_advised(provider: Provider, tmp_path: Path) -> None:
    provider.tell({}, [ACTIVE, senders()])
    more = {"WAYPOST_WHATSAPP_TEMPLATES": str(tmp_path / "none.json")}
    findings = await channels()["whatsapp"].check(config_of("whatsapp", whatsapp_wire.OURS, provider.url, **more))
    assert all(f.ok for f in findings) and "make whatsapp-templates" in findings[-1].cure


async def test_templates_that_lack_some_are_found(provider: Provider, tmp_path: Path) -> None:
    provider.tell({}, [ACTIVE, senders()])
    known = json.loads(whatsapp_wire.TEMPLATES.read_text())
    del known["templates"]["list-7"]
    (tmp_path / "some.json").write_text(json.dumps(known))
    more = {"WAYPOST_WHATSAPP_TEMPLATES": str(tmp_path / "some.json")}
    findings = await channels()["whatsapp"].check(config_of("whatsapp", whatsapp_wire.OURS, provider.url, **more))
    assert [f.cure for f in findings if not f.ok] == ["make whatsapp-templates"] and "1 of 13" in findings[-1].what


@pytest.mark.parametrize("name", WIRES)
async def test_settings_that_lack_something_are_found_without_asking(name: str, provider: Provider) -> None:
    config = config_of(name, wire.OURS, provider.url, WAYPOST_TWILIO_AUTH_TOKEN="")
    findings = await channels()[name].check(config)
    assert any("twilio_auth_token" in f.what for f in findings) and not provider.requests


async def test_the_gateway_says_at_its_start_what_is_wrong(
    provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    provider.tell({}, [TRIAL, numbers(sms_url="https://x.example")])
    config = config_of("sms", wire.OURS, provider.url)
    await asyncio.wait_for(channels()["sms"].listen(config, RecordingInlet()), 20)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert len(said) == 2 and "trial" in said[0] and HOOK in said[1]


async def test_the_gateway_starts_without_twilio(caplog: pytest.LogCaptureFixture) -> None:
    config = config_of("sms", wire.OURS, closed_url())
    await asyncio.wait_for(channels()["sms"].listen(config, RecordingInlet()), 20)
    assert "cannot be reached" in caplog.text
