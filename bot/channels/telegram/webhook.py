"""The webhook: Telegram posts each update; it is checked, stored and answered at once."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.parsing import TooLarge, body_of
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.receive import Receiver
from bot.channels.telegram.retry import Patience
from bot.settings import Settings

__all__ = ["PATH", "announce", "route", "url"]

log = logging.getLogger(__name__)

PATH = "/webhooks/telegram/webhook"
MAX_BODY = 256 * 1024
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


def url(config: Settings) -> str:
    """Where Telegram posts to."""
    return config.public_url.rstrip("/") + PATH


def route(receiver: Receiver) -> Route:
    """The webhook's route. 403 without the secret, 413 and 400 for what is no JSON, 503 if it cannot be stored: Telegram tries again."""
    secret = receiver.config.telegram_secret.encode()

    async def webhook(request: Request) -> Response:
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        if not secret or not secrets.compare_digest(given, secret):
            receiver.inlet.count("forged")
            return Response(status_code=403)
        try:
            body = await body_of(request, MAX_BODY)
        except TooLarge:
            receiver.inlet.count("malformed")
            return Response(status_code=413)
        try:
            update = json.loads(body.decode())
        except (ValueError, RecursionError):
            receiver.inlet.count("malformed")
            return Response(status_code=400)
        try:
            await receiver.take(update)
        except Exception as error:
            log.error("telegram: a message could not be stored: %s", type(error).__name__)
            return Response(status_code=503)
        return Response(status_code=200)

    return Route(PATH, webhook, methods=["POST"])


async def announce(receiver: Receiver) -> None:
    """Tell Telegram where the webhook is, until it has taken it, then wait to be cancelled."""
    patience = Patience()
    while True:
        try:
            await receiver.connection().bot.set_webhook(
                url(receiver.config), secret_token=receiver.config.telegram_secret, allowed_updates=ALLOWED_UPDATES
            )
        except Exception as error:
            await patience.wait(error)
        else:
            patience.over()
            await asyncio.Event().wait()
