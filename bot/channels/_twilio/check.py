"""What `make channel-check` asks Twilio: the account, the number or Messaging Service, and its webhook. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client as Rest

from bot.channels._twilio.client import rest
from bot.channels._twilio.errors import of_exception, of_network
from bot.channels._twilio.webhook import path
from bot.channels.base import Finding, SendError
from bot.settings import Settings

__all__ = ["look"]

_T = TypeVar("_T")
_SENDERS = "https://messaging.twilio.com/v2/Channels/Senders?Channel=whatsapp&PageSize=100"


def look(config: Settings, channel: str, sender: str, prefix: str) -> list[Finding]:
    """All findings for one channel; blocks, so call it in a thread."""
    client, http = rest(config)
    try:
        findings = _account(client, config)
        if findings[0].ok:
            findings += _sender(client, config, channel, sender, prefix)
        return findings
    finally:
        if http.session is not None:
            http.session.close()


def _asked(question: Callable[[], _T]) -> _T | SendError:
    try:
        return question()
    except TwilioException as error:
        return of_exception(error)
    except requests.RequestException as error:
        return of_network(error)
    except (ValueError, TypeError, KeyError, AttributeError):  # an answer of another form
        return SendError("Twilio's answer cannot be read")


def _account(client: Rest, config: Settings) -> list[Finding]:
    account = _asked(lambda: client.api.accounts(config.twilio_account_sid).fetch())
    if isinstance(account, SendError):
        cure = "look at twilio_account_sid and twilio_auth_token in the console of Twilio, and at the connection"
        return [Finding(False, f"account: {account.reason}", cure)]
    if account.status != "active":
        return [Finding(False, "account: it is not active", "write to Twilio: it is suspended or closed")]
    name = account.friendly_name or "without a name"
    findings = [Finding(True, f"account: accepted, active, {name}")]
    if str(account.type).lower() == "trial":
        cure = "upgrade it in the console of Twilio: a trial account writes only to numbers that were verified there"
        findings.append(Finding(False, "account: it is a trial", cure))
    return findings


def _sender(client: Rest, config: Settings, channel: str, sender: str, prefix: str) -> list[Finding]:
    wanted = config.public_url.rstrip("/") + path(channel, "webhook")
    if sender.startswith("MG"):
        return _service(client, sender, wanted, channel)
    return _whatsapp_number(client, prefix + sender, wanted) if prefix else _sms_number(client, sender, wanted)


def _webhook(where: str, url: Any, method: Any, wanted: str) -> Finding:
    cure = f"set it to {wanted} with POST"
    if not url:
        return Finding(False, f"{where}: no webhook for incoming messages", cure)
    if str(url) != wanted:
        return Finding(False, f"{where}: its webhook is another address", cure)
    if method and str(method).upper() != "POST":
        return Finding(False, f"{where}: its webhook is called with {method}", cure)
    return Finding(True, f"{where}: its webhook is ours")


def _service(client: Rest, sid: str, wanted: str, channel: str) -> list[Finding]:
    service = _asked(lambda: client.messaging.v1.services(sid).fetch())
    if isinstance(service, SendError):
        return [
            Finding(False, f"Messaging Service: {service.reason}", f"look at {channel}_from: is it of this account?")
        ]
    if service.use_inbound_webhook_on_number:
        where = "Messaging Service: it leaves incoming messages to the webhook of each number"
        webhook = Finding(False, where, f"choose 'Send a webhook' under Integration and set it to {wanted}")
    else:
        webhook = _webhook("Messaging Service", service.inbound_request_url, service.inbound_method, wanted)
    findings = [Finding(True, f"Messaging Service: found, {service.friendly_name or 'without a name'}"), webhook]
    if channel == "sms":
        numbers = _asked(lambda: client.messaging.v1.services(sid).phone_numbers.list(limit=1))
        if isinstance(numbers, list) and not numbers:
            cure = "add a number with SMS to its sender pool: people cannot write to a name"
            findings.append(Finding(False, "Messaging Service: it has no number", cure))
    advice = "Advanced Opt-Out: Twilio does not tell whether it is on"
    words = "switch it on under Opt-Out Management, with words in the languages of your people"
    return [*findings, Finding(True, advice, words)]


def _sms_number(client: Rest, number: str, wanted: str) -> list[Finding]:
    found = _asked(lambda: client.incoming_phone_numbers.list(phone_number=number, limit=1))
    if isinstance(found, SendError):
        return [Finding(False, f"number: {found.reason}", "try again")]
    if not found:
        return [Finding(False, "number: this account does not have it", "look at sms_from, or buy the number")]
    row = found[0]
    findings = [Finding(True, "number: of this account")]
    if not (row.capabilities or {}).get("sms"):
        findings.append(Finding(False, "number: it cannot do SMS", "buy a number with SMS in both directions"))
    if row.sms_application_sid:
        where = "number: a TwiML App stands before its webhook"
        findings.append(Finding(False, where, f"take the app away and set the webhook to {wanted}"))
    else:
        findings.append(_webhook("number", row.sms_url, row.sms_method, wanted))
    advice = "opt-out: the number knows the English words only (STOP, START, HELP)"
    return [*findings, Finding(True, advice, "a Messaging Service with Advanced Opt-Out knows other languages, too")]


def _whatsapp_number(client: Rest, number: str, wanted: str) -> list[Finding]:
    """The number as a sender of WhatsApp: https://www.twilio.com/docs/whatsapp/api/senders."""

    def senders() -> list[dict[str, Any]]:
        response = client.request("GET", _SENDERS)
        if response.status_code >= 300:
            raise TwilioRestException(response.status_code, "", code=response.status_code)
        rows: list[dict[str, Any]] = json.loads(response.text)["senders"]
        return rows

    found = _asked(senders)
    if isinstance(found, SendError):
        cure = f"look in the console of Twilio, under WhatsApp senders: its webhook must be {wanted}"
        return [Finding(True, f"WhatsApp sender: cannot be looked up ({found.reason})", cure)]
    row = next((row for row in found if isinstance(row, dict) and row.get("sender_id") == number), None)
    if row is None:
        cure = "register it in the console of Twilio, or look at whatsapp_from (a sandbox number is not listed)"
        return [Finding(False, "WhatsApp sender: this account has none with that number", cure)]
    findings = []
    if str(row.get("status")).startswith("ONLINE"):
        findings.append(Finding(True, "WhatsApp sender: online"))
    else:
        findings.append(
            Finding(False, "WhatsApp sender: not online", "finish its registration in the console of Twilio")
        )
    webhook = row.get("webhook")
    if isinstance(webhook, dict):
        url, method = webhook.get("callback_url"), webhook.get("callback_method")
        findings.append(_webhook("WhatsApp sender", url, method, wanted))
    else:
        findings.append(Finding(True, "WhatsApp sender: its webhook is not told", f"it must be {wanted}"))
    return findings
