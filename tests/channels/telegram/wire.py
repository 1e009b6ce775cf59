"""How Telegram talks: an update with what every update of its kind has, posted with the secret (core.telegram.org/bots/api#setwebhook)."""

from __future__ import annotations

import json
from typing import Any

from bot.settings import Settings

SECRET = "a-Secret_of-20-letters"
TOKEN = "123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOpp"
ADDRESS = "4242000"
SETTINGS = {
    "WAYPOST_TELEGRAM_TOKEN": TOKEN,
    "WAYPOST_TELEGRAM_MODE": "webhook",
    "WAYPOST_TELEGRAM_SECRET": SECRET,
    "WAYPOST_PUBLIC_URL": "https://bot.example.org",
}
API_SETTING = "WAYPOST_TELEGRAM_API"
CHAT = {"id": int(ADDRESS), "type": "private", "first_name": "Amina"}
PERSON = {"id": int(ADDRESS), "is_bot": False, "first_name": "Amina"}
BOT = {"id": 123456789, "is_bot": True, "first_name": "Waypost", "username": "waypost_bot"}
SENT = {"message_id": 55, "date": 1795000000, "chat": CHAT, "from": BOT, "text": "sent"}
OK: dict[str, Any] = {"status": 200, "json": {"ok": True, "result": SENT}}

_EVERY = {
    "message": {"message_id": 31, "date": 1795000000, "chat": CHAT, "from": PERSON},
    "callback_query": {
        "id": "8811",
        "from": PERSON,
        "chat_instance": "-77",
        "message": {"message_id": 30, "date": 1795000000, "chat": CHAT, "from": BOT, "text": "Which one?"},
    },
    "my_chat_member": {
        "date": 1795000000,
        "chat": CHAT,
        "from": PERSON,
        "old_chat_member": {"status": "member", "user": BOT},
    },
}


def _merged(under: Any, over: Any) -> Any:
    if isinstance(under, dict) and isinstance(over, dict):
        return {**under, **{key: _merged(under.get(key), value) for key, value in over.items()}}
    return over


def update_of(send: Any, repeat: int = 1) -> Any:
    """The update of a case. `whole: {...}` is one as it is; in any other the fields that are always there are added."""
    if not isinstance(send, dict):
        return send
    if "whole" in send:
        return send["whole"]
    update = {"update_id": 9001, **send}
    for kind, fields in _EVERY.items():
        if isinstance(update.get(kind), dict):
            update[kind] = _merged(fields, update[kind])
    if repeat > 1:
        update["message"]["text"] *= repeat
    return update


def request(case: dict[str, Any], config: Settings) -> dict[str, Any]:
    """The webhook request of an incoming case. `forged`: no secret; `secret`: another one; `raw`: a body that is no update;
    `repeat`: the text so many times."""
    headers = {"content-type": "application/json"}
    if not case.get("forged"):
        headers["X-Telegram-Bot-Api-Secret-Token"] = case.get("secret", config.telegram_secret)
    raw = case.get("raw")
    content = json.dumps(update_of(case.get("send"), repeat=case.get("repeat", 1))) if raw is None else raw
    return {"method": "POST", "url": "/webhooks/telegram/webhook", "headers": headers, "content": content}
