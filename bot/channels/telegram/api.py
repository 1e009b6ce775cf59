"""The Bot API over python-telegram-bot: connections that are closed, errors that tell what became of a message, no secrets in logs."""

from __future__ import annotations

import json
import logging
import re
from datetime import timedelta
from typing import Any

import httpx
from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.channels.base import NotTaken, OptedOut, Refused, SendError, Throttled, Unknown
from bot.settings import Settings

__all__ = ["LONG_POLL", "Connection", "StatusError", "send_error"]

LONG_POLL = 25
"""Seconds that Telegram holds a request for updates open while there are none."""

for _name in ("telegram", "httpx", "httpcore"):  # they log the token, which is part of every URL, addresses and words
    logging.getLogger(_name).setLevel(logging.WARNING)

_MEANT = frozenset({400, 401, 403, 404, 409})
"""Statuses that the library makes errors of their own of."""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class StatusError(NetworkError):
    """An answer with a status that says nothing of the message itself: 500, 302 ..."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.status = status


class _Request(HTTPXRequest):
    """Requests that keep the status of an error, and never log an answer."""

    async def do_request(self, *arguments: Any, **options: Any) -> tuple[int, bytes]:
        status, answer = await super().do_request(*arguments, **options)
        if status == 429:
            raise RetryAfter(_wait(answer))
        if status > 299 and status not in _MEANT:
            raise StatusError(status)
        return status, answer

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("the answer is not Telegram's")
        return answer


def _wait(answer: bytes) -> int:
    """The seconds to wait of an answer with status 429; five if it does not say."""
    try:
        seconds = int(json.loads(answer)["parameters"]["retry_after"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return 5
    return min(max(seconds, 1), 24 * 3600)


class Connection:
    """A `telegram.Bot` and its connections. Made and used in one event loop.

    The bot is never initialised: that would ask Telegram, which may be down, and put the token into an error
    (channels.md, pitfalls 3 to 5)."""

    def __init__(self, config: Settings, at_once: int = 32) -> None:
        timeouts: dict[str, Any] = {
            "connect_timeout": 5.0,
            "read_timeout": 20.0,
            "write_timeout": 10.0,
            "pool_timeout": 5.0,
        }
        self._updates = _Request(connection_pool_size=2, **{**timeouts, "read_timeout": LONG_POLL + 10.0})
        self._calls = _Request(connection_pool_size=at_once, **timeouts)
        self.bot = Bot(
            config.telegram_token,
            base_url=f"{config.telegram_api.rstrip('/')}/bot",
            request=self._calls,
            get_updates_request=self._updates,
        )

    async def close(self) -> None:
        """Close the connections; `Bot.shutdown` does nothing for a bot that was not initialised."""
        await self._updates.shutdown()
        await self._calls.shutdown()


def send_error(error: Exception) -> SendError:
    """What became of a message whose sending raised that error. The reason has no address, token or word in it."""
    cause = error.__cause__
    if isinstance(error, RetryAfter):
        return Throttled("Telegram wants fewer messages", _seconds(error))
    if isinstance(error, StatusError):
        if error.status == 504:
            return Unknown("status 504")
        return Refused(f"status {error.status}") if error.status == 413 else NotTaken(f"status {error.status}")
    if isinstance(error, TelegramError) and isinstance(cause, TelegramError):  # an error page of a proxy
        return NotTaken("something between us and Telegram answers")
    if isinstance(error, Forbidden):
        return OptedOut("blocked" if "blocked" in error.message else _clean(error.message))
    if isinstance(error, InvalidToken):
        return NotTaken("token refused")
    if isinstance(error, (BadRequest, ChatMigrated)):
        return Refused(_clean(error.message))
    if isinstance(error, NetworkError):
        if isinstance(cause, _NOT_SENT):
            return NotTaken(f"Telegram cannot be reached: {type(cause).__name__}")
        return Unknown(f"the connection broke: {type(cause or error).__name__}")
    if isinstance(error, TelegramError) and type(error) is not TelegramError:
        return NotTaken(type(error).__name__)  # Conflict: not for messages
    return Unknown(f"the answer cannot be read: {type(error).__name__}")


def _seconds(error: RetryAfter) -> float:
    wait: int | timedelta = error.retry_after  # which of them, an environment variable of the library decides
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _clean(message: str) -> str:
    """What Telegram says is wrong, without what may be of the message: quoted text, ids."""
    return re.sub(r"\d{5,}", "#", re.sub(r'"[^"]*"?', '"…"', message))[:100]
