"""Long polling: fetch updates, store them one by one, and confirm only what is stored."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from telegram.error import Conflict, TelegramError

from bot.channels.telegram.api import LONG_POLL
from bot.channels.telegram.parse import ALLOWED_UPDATES
from bot.channels.telegram.receive import Receiver
from bot.channels.telegram.retry import Patience

__all__ = ["Poller"]

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 3.0
"""Longest wait for Telegram when the gateway stops."""


class Poller:
    """Fetches the updates of one bot. Only one program may do so at a time (status 409)."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._offset = 0
        """The first update that is not stored; naming it to Telegram confirms all before it."""
        self._confirmed = 0

    async def run(self) -> None:
        """Fetch until cancelled; survives everything else. What is stored is then confirmed, so that it does not come again."""
        patience = Patience()
        webhook_removed = False
        try:
            while True:
                try:
                    if not webhook_removed:
                        await self._receiver.connection().bot.delete_webhook(drop_pending_updates=False)
                        webhook_removed = True
                    await self._take(await self._fetch(LONG_POLL))
                except Exception as error:
                    if isinstance(error, Conflict) and "webhook" in error.message.lower():
                        webhook_removed = False
                    await patience.wait(error)
                else:
                    patience.over()
        finally:
            if self._offset != self._confirmed:
                try:
                    await asyncio.wait_for(self._fetch(0), CONFIRM_SECONDS)
                except Exception as error:  # they come again, and are stored once
                    log.warning("telegram: the last messages were not confirmed: %s", type(error).__name__)

    async def _fetch(self, seconds: int) -> Any:
        # Not Bot.get_updates: it reads the batch as a whole, and one update that it cannot read would block all others.
        offset = self._offset
        updates = await self._receiver.connection().bot.do_api_request(
            "get_Updates",  # so spelt, the library does not warn that it has a method of its own for it
            {"offset": offset, "timeout": seconds, "allowed_updates": ALLOWED_UPDATES, "limit": 100 if seconds else 1},
        )
        self._confirmed = offset
        if not isinstance(updates, list):
            raise TelegramError("the answer is not Telegram's")
        return updates

    async def _take(self, updates: list[Any]) -> None:
        before = self._offset
        for update in updates:
            identifier = update.get("update_id") if isinstance(update, Mapping) else None
            await self._receiver.take(update)
            if type(identifier) is int:
                self._offset = max(self._offset, identifier + 1)
        if updates and self._offset == before:
            raise TelegramError("the answer is not Telegram's")
