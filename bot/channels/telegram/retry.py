"""Waiting longer and longer while Telegram does not answer, and saying so once in the log."""

from __future__ import annotations

import asyncio
import logging

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.channels.base import Throttled
from bot.channels.telegram.api import send_error

__all__ = ["Patience"]

log = logging.getLogger(__name__)


class Patience:
    """Waits of 1, 2, 4 ... 60 seconds between tries."""

    most = 60.0

    def __init__(self) -> None:
        self._tries = 0
        self._said = ""

    async def wait(self, error: Exception) -> None:
        """Say what is wrong, if it is something else than before, and wait."""
        reason = _reason(error)
        if reason != self._said:
            log.error("telegram: %s", reason)
            self._said = reason
        seconds = min(2.0**self._tries, self.most)
        self._tries = min(self._tries + 1, 10)
        if isinstance(error, RetryAfter) and isinstance(known := send_error(error), Throttled):
            seconds = max(seconds, known.wait)
        await asyncio.sleep(seconds)

    def over(self) -> None:
        """It works."""
        if self._said:
            log.warning("telegram: works again")
        self._tries, self._said = 0, ""


def _reason(error: Exception) -> str:
    if isinstance(error, Conflict):
        if "webhook" in error.message.lower():
            return "a webhook is set for this bot; it is removed"
        return "another program fetches the messages of this bot with the same token; stop it, or make a bot of its own"
    if isinstance(error, InvalidToken):
        return "the token is refused; get it from @BotFather and set telegram_token"
    if isinstance(error, TelegramError):
        return send_error(error).reason
    return f"a message could not be stored: {type(error).__name__}"
