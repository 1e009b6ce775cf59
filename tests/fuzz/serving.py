"""Target: the gateway as a whole, with a real mailbox: any request to any address is answered, and no answer is an error of ours."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import logging
import tempfile
from collections.abc import Coroutine
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st
from starlette.testclient import TestClient
from twilio.request_validator import RequestValidator

from bot import gateway
from bot.channels.telegram.receive import Receiver
from bot.settings import load
from tests.channels.sms.signing import PUBLIC, TOKEN
from tests.channels.sms.wire import SETTINGS as SMS
from tests.channels.sms.wire import USUAL as SMS_USUAL
from tests.channels.telegram.wire import SECRET
from tests.channels.telegram.wire import SETTINGS as TELEGRAM
from tests.channels.whatsapp.wire import SETTINGS as WHATSAPP
from tests.channels.whatsapp.wire import USUAL as WHATSAPP_USUAL
from tests.fuzz.hearing import UPDATES
from tests.fuzz.registry import invented, within
from tests.fuzz.strategies import JSON, TEXTS, damaged

__all__: list[str] = []

_PATHS = (
    "/", "/chat/strings", "/chat/messages", "/chat/replies", "/chat/clear", "/healthz", "/metrics", "/static/chat.js", "/static/", "/model/parse",
    "/webhooks/rest/webhook", "/webhooks/telegram/webhook", "/webhooks/sms/webhook", "/webhooks/sms/status", "/webhooks/whatsapp/webhook",
    "/webhooks/whatsapp/status", "/x", "/admin/",
)  # fmt: skip
_PAGE = (
    {"id": "message-0001", "text": "i need a doctor", "location": {"lat": 37.9, "lon": 23.7}},
    {
        "sender": "a",
        "message": "help",
        "metadata": {"channel": "sms", "id": "1", "language_hint": "ar", "media": "voice"},
    },
    {"text": "help"},
)
_HEADERS = st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=60)


async def _nothing(*_given: Any, **_more: Any) -> None:
    """In place of fetching messages from providers."""


def _closed(_receiver: Receiver, work: Coroutine[Any, Any, None]) -> None:
    """In place of asking Telegram for something."""
    work.close()


@lru_cache(maxsize=1)
def _client() -> TestClient:
    """The gateway with all channels and nobody who answers: those who wait for an answer get 504 at once.

    It changes the gateway's limits for the whole process, so nothing else runs in it (tests/fuzz/run.py)."""
    folder = tempfile.TemporaryDirectory(prefix="waypost-fuzz-gateway-")
    environ = {**SMS, **TELEGRAM, **WHATSAPP, "WAYPOST_VAR": folder.name, "WAYPOST_INSPECTION": "1"}
    gateway.INSPECTION_WAIT = gateway.REPLY_WAIT = 0.0
    gateway.FLOOD = 10**9
    gateway._listen = _nothing  # type: ignore[assignment]
    Receiver._start = _closed  # type: ignore[method-assign]
    logging.getLogger("bot").setLevel(logging.CRITICAL)
    stack = contextlib.ExitStack()
    client = stack.enter_context(TestClient(gateway.create_app(load(environ)), client=("127.0.0.1", 50000)))
    atexit.register(folder.cleanup)
    atexit.register(stack.close)
    return client


@invented(
    "gateway",
    "every request is answered with what the page, the providers or the contract know, and never with an error of ours",
    path=st.sampled_from(_PATHS),
    method=st.sampled_from(("GET", "POST", "POST", "POST", "PUT", "HEAD", "OPTIONS")),
    kind=st.sampled_from(("json", "json", "form", "raw")),
    data=st.one_of(damaged(_PAGE), damaged(UPDATES), JSON),
    form=st.dictionaries(
        st.one_of(st.sampled_from(sorted({*SMS_USUAL, "MessageStatus", "ErrorCode", "Latitude", "OptOutType"})), TEXTS),
        TEXTS,
        max_size=6,
    ),
    raw=st.binary(max_size=300),
    query=st.dictionaries(
        st.sampled_from(("after", "wait", "language", "row", "more", "x")),
        st.one_of(TEXTS, st.sampled_from(("1", "-1", "nan", "1e400", "9" * 30, "en"))),
        max_size=3,
    ),
    cookie=_HEADERS,
    header=_HEADERS,
    share=3.0,
)
def requests(
    path: str,
    method: str,
    kind: str,
    data: Any,
    form: dict[str, str],
    raw: bytes,
    query: dict[str, str],
    cookie: str,
    header: str,
) -> None:
    usual = WHATSAPP_USUAL if "whatsapp" in path else SMS_USUAL
    fields = {**usual, **form, "AccountSid": usual["AccountSid"]}
    content, said = {
        "json": (json.dumps(data).encode(), "application/json"),
        "form": (urlencode(fields).encode(), "application/x-www-form-urlencoded"),
        "raw": (raw, header or "application/json"),
    }[kind]
    asked = "&".join(f"{quote(name)}={quote(value)}" for name, value in query.items())
    url = path + ("?" + asked if asked else "")
    headers = {
        b"content-type": said.encode("latin-1"),
        b"cookie": b"waypost_visitor="
        + cookie.encode("latin-1")
        + b"; waypost_language="
        + header.encode("latin-1")[:20],
        b"accept-language": header.encode("latin-1"),
        b"x-telegram-bot-api-secret-token": SECRET.encode(),
    }
    if kind == "form":
        headers[b"x-twilio-signature"] = RequestValidator(TOKEN).compute_signature(PUBLIC + url, fields).encode()
    with within(4.0):
        answer = _client().request(method, url, content=content, headers=list(headers.items()), follow_redirects=False)
    allowed = {200, 202, 204, 307, 400, 403, 404, 405, 413, 415} | (
        {504} if path in ("/webhooks/rest/webhook", "/model/parse") else set()
    )
    assert answer.status_code in allowed, f"{answer.status_code} from {path}"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["x-frame-options"] == "DENY"
    assert (
        hashlib.sha256(TOKEN.encode()).hexdigest() not in answer.text
        and TOKEN not in answer.text
        and SECRET not in answer.text
    )
