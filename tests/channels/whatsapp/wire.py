"""How the tables of WhatsApp reach the wire; the templates are made (templates.json), so choices go out as buttons and lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.settings import Settings
from tests.channels.sms.signing import ACCOUNT, PUBLIC, TOKEN, signed

OURS = "+14155238886"
ADDRESS = "+447700900123"
SID = "SM" + "00112233445566778899aabbccddeeff"
TEMPLATES = Path(__file__).with_name("templates.json")
SETTINGS = {
    "WAYPOST_TWILIO_ACCOUNT_SID": ACCOUNT,
    "WAYPOST_TWILIO_AUTH_TOKEN": TOKEN,
    "WAYPOST_WHATSAPP_FROM": "whatsapp:" + OURS,
    "WAYPOST_WHATSAPP_TEMPLATES": str(TEMPLATES),
    "WAYPOST_PUBLIC_URL": PUBLIC,
}
API_SETTING = "WAYPOST_TWILIO_API"
OK = {"status": 201, "json": {"sid": SID, "status": "queued", "account_sid": ACCOUNT, "error_code": None}}
USUAL = {
    "SmsMessageSid": SID,
    "NumMedia": "0",
    "ProfileName": "Nobody",
    "MessageType": "text",
    "SmsSid": SID,
    "WaId": ADDRESS[1:],
    "SmsStatus": "received",
    "Body": "",
    "To": "whatsapp:" + OURS,
    "NumSegments": "1",
    "ReferralNumMedia": "0",
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": {"ProfileName": "Nobody"}}}),
    "From": "whatsapp:" + ADDRESS,
    "ApiVersion": "2010-04-01",
}
"""A message as Twilio posts it to `/webhooks/whatsapp/webhook`."""
STATUS = {
    "ChannelPrefix": "whatsapp",
    "EventType": "DELIVERED",
    "SmsSid": SID,
    "SmsStatus": "delivered",
    "MessageStatus": "delivered",
    "ChannelToAddress": ADDRESS,
    "To": "whatsapp:" + ADDRESS,
    "ChannelInstallSid": "XE00112233445566778899aabbccddeeff",
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": "whatsapp:" + OURS,
    "ApiVersion": "2010-04-01",
}


def request(case: Mapping[str, Any], config: Settings) -> dict[str, Any]:
    return signed("whatsapp", STATUS if case.get("hook") == "status" else USUAL, case, config)
