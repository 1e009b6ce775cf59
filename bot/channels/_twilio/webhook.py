"""Twilio's two webhooks, of incoming messages and of status reports: verified, given to the inlet, answered at once.

https://www.twilio.com/docs/messaging/guides/webhook-request, https://www.twilio.com/docs/usage/webhooks/webhooks-security.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator

from bot.channels._twilio.errors import OPTED_OUT, meaning
from bot.channels.base import Inlet
from bot.channels.parsing import BadRequest, TooLarge, body_of
from bot.identity import conversation_id
from bot.messages import Inbound
from bot.settings import Settings

__all__ = ["MAX_BODY", "Read", "address_of", "path", "routes", "status_url"]

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
_MOST_FIELDS = 500
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_FORM = "application/x-www-form-urlencoded"
_STATES = {
    "accepted": "sent",
    "queued": "sent",
    "scheduled": "sent",
    "sending": "sent",
    "sent": "sent",
    "delivered": "delivered",
    "partially_delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}
"""Twilio's states in ours; others (received, receiving) are of incoming messages."""


@dataclass(frozen=True)
class Read:
    """What a channel's parser makes of one request."""

    conversation: str = ""
    message: Inbound | None = None
    address: str = ""
    word: str = ""
    """`stop` or `start`: the person wants nothing more, or wants messages again."""


Parse = Callable[[Mapping[str, str], Settings], Read]
"""Raises BadRequest if the request is not of Twilio's form."""


def path(channel: str, hook: str) -> str:
    """Path of a webhook: `webhook` for messages, `status` for reports."""
    return f"/webhooks/{channel}/{hook}"


def address_of(person: str, ours: str, setting: str) -> str:
    """What `Client.send` gets: the person, and after a | our number if it is another than that of the settings, so that
    the answer leaves from the number that was written to. A Messaging Service (MG...) remembers that by itself."""
    if setting.startswith("MG") or ours == setting or not _NUMBER.fullmatch(ours):
        return person
    return f"{person}|{ours}"


def status_url(config: Settings, channel: str, row: int, more: bool) -> str:
    """Where Twilio reports on a message of ours. `more`: other parts of the same row follow."""
    return f"{config.public_url.rstrip('/')}{path(channel, 'status')}?row={row}{'&more=1' if more else ''}"


async def _form(request: Request, config: Settings, inlet: Inlet, where: str) -> ImmutableMultiDict[str, str]:
    """The verified form of a request, with its empty fields, which are signed, too. Raises HTTPException."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise HTTPException(415, f"send {_FORM}")
    signature = request.headers.get("x-twilio-signature", "")
    if not signature:
        inlet.count("forged")
        raise HTTPException(403, "the signature is missing")
    try:
        body = await body_of(request, MAX_BODY)
    except TooLarge as error:
        raise HTTPException(413, str(error)) from error
    try:
        fields = parse_qsl(
            body.decode("utf-8", errors="replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        inlet.count("malformed")
        raise HTTPException(400, "the form has too many fields") from error
    form: ImmutableMultiDict[str, str] = ImmutableMultiDict(fields)
    query = request.scope.get("query_string", b"").decode("latin-1")
    url = f"{config.public_url.rstrip('/')}{where}{'?' + query if query else ''}"  # never the Host header
    if not RequestValidator(config.twilio_auth_token).validate(url, form, signature):
        inlet.count("forged")
        raise HTTPException(403, "the signature is wrong")
    if form.get("AccountSid", "") != config.twilio_account_sid:
        inlet.count("forged")
        raise HTTPException(403, "the account is another one")
    return form


def routes(channel: str, config: Settings, inlet: Inlet, parse: Parse) -> list[Route]:
    """The two webhooks of a channel."""

    async def webhook(request: Request) -> Response:
        form = await _form(request, config, inlet, path(channel, "webhook"))
        try:
            read = parse({name: value.replace("\0", "") for name, value in form.items()}, config)
        except BadRequest as error:
            inlet.count("malformed")
            raise HTTPException(400, str(error)) from error
        if read.word == "stop":
            await inlet.stop(channel, read.conversation)
        elif read.word == "start":
            await inlet.start(read.conversation)
        if read.message is not None:
            await inlet.store(read.message, read.address)
        elif not read.word:
            inlet.count("ignored")
        return _nothing()

    async def status(request: Request) -> Response:
        form = await _form(request, config, inlet, path(channel, "status"))
        state = _STATES.get((form.get("MessageStatus") or form.get("SmsStatus") or "").lower())
        provider_id = (form.get("MessageSid") or form.get("SmsSid") or "")[:64]
        row = _row(request.query_params.get("row", ""))
        if state is None or not (provider_id or row is not None):
            inlet.count("ignored")
            return _nothing()
        code = form.get("ErrorCode", "")
        if request.query_params.get("more") and state != "failed":
            return _nothing()  # the row is sent when its last part is
        reason = meaning(code, "not delivered") if state == "failed" else ""
        await inlet.report(channel, state, reason, row=row, provider_id=provider_id)
        if state == "failed" and code == str(OPTED_OUT) and form.get("To"):
            await inlet.stop(channel, conversation_id(channel, form["To"].removeprefix("whatsapp:")))
        return _nothing()

    return [
        Route(path(channel, "webhook"), webhook, methods=["POST"]),
        Route(path(channel, "status"), status, methods=["POST"]),
    ]


def _nothing() -> Response:
    """No answer of ours: it is sent later, by the sender."""
    return Response("<Response/>", media_type="text/xml")


def _row(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
