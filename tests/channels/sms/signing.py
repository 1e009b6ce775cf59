"""What the tables of SMS and WhatsApp share: a form as Twilio posts it, signed as Twilio signs it.

Keys of an incoming case beside `send` (fields over the usual ones; null takes a field away):
hook (`webhook` or `status`), query (the raw query string), signature (another one; empty: none), signed_for (another public address),
token (another auth token), kind (another content type), headers, raw (the whole body instead of a form), many (so many more fields).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from bot.settings import Settings

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "f0e1d2c3b4a5968778695a4b3c2d1e0f"
PUBLIC = "https://bot.example.org"


def signed(channel: str, usual: Mapping[str, str], case: Mapping[str, Any], config: Settings) -> dict[str, Any]:
    """Keyword arguments of `httpx.Client.request` for one case."""
    fields = {**usual, **case["send"]}
    form = {name: str(value) for name, value in fields.items() if value is not None}
    form |= {f"New{n}": "" for n in range(case.get("many", 0))}
    path = f"/webhooks/{channel}/{case.get('hook', 'webhook')}"
    query = f"?{case['query']}" if case.get("query") else ""
    validator = RequestValidator(case.get("token", config.twilio_auth_token))
    url = case.get("signed_for", config.public_url) + path + query
    signature = case.get("signature", validator.compute_signature(url, form))
    headers = {"Content-Type": case.get("kind", "application/x-www-form-urlencoded; charset=UTF-8")}
    if signature:
        headers["X-Twilio-Signature"] = signature
    content = case["raw"].encode() if "raw" in case else urlencode(form).encode()
    return {"method": "POST", "url": path + query, "headers": headers | case.get("headers", {}), "content": content}
