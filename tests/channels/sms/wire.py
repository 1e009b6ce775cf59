"""How the tables of SMS reach the wire: Twilio's form for an incoming SMS, and its answer to one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.settings import Settings
from tests.channels.sms.signing import ACCOUNT, PUBLIC, TOKEN, signed

OURS = "+447700900000"
ADDRESS = "+447700900123"
SID = "SM" + "00112233445566778899aabbccddeeff"
SETTINGS = {
    "WAYPOST_TWILIO_ACCOUNT_SID": ACCOUNT,
    "WAYPOST_TWILIO_AUTH_TOKEN": TOKEN,
    "WAYPOST_SMS_FROM": OURS,
    "WAYPOST_PUBLIC_URL": PUBLIC,
}
API_SETTING = "WAYPOST_TWILIO_API"
OK = {"status": 201, "json": {"sid": SID, "status": "queued", "account_sid": ACCOUNT, "error_code": None}}
USUAL = {
    "ToCountry": "GB",
    "ToState": "",
    "SmsMessageSid": SID,
    "NumMedia": "0",
    "ToCity": "",
    "FromZip": "",
    "SmsSid": SID,
    "FromState": "",
    "SmsStatus": "received",
    "FromCity": "",
    "Body": "",
    "FromCountry": "GB",
    "To": OURS,
    "ToZip": "",
    "NumSegments": "1",
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": ADDRESS,
    "ApiVersion": "2010-04-01",
}
"""A message as Twilio posts it to `/webhooks/sms/webhook`, with the empty fields that it signs, too."""
STATUS = {
    "SmsSid": SID,
    "SmsStatus": "delivered",
    "MessageStatus": "delivered",
    "To": ADDRESS,
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": OURS,
    "ApiVersion": "2010-04-01",
}


def request(case: Mapping[str, Any], config: Settings) -> dict[str, Any]:
    return signed("sms", STATUS if case.get("hook") == "status" else USUAL, case, config)
