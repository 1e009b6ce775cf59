"""What is done with an update, whichever way it came: store it first, then acknowledge and show that we are typing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.channels.base import Inlet
from bot.channels.telegram.api import Connection
from bot.channels.telegram.parse import message_from
from bot.settings import Settings

__all__ = ["Receiver"]

log = logging.getLogger(__name__)

TYPING_AFTER = 0.4
"""Seconds without an answer after which we show that we are typing; most answers are quicker."""
TYPING_EVERY = 4.0
"""Telegram takes the sign away after five seconds (core.telegram.org/bots/api#sendchataction)."""
TYPING_FOR = 30.0
_MOST_TYPING = 50
"""People who are shown it at the same time: in a flood the answers need the requests."""
_MOST_TASKS = 200
_NEVER_STORED = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""Errors by what is in an update: it would raise them at every try, and keep all that come after it waiting."""


class Receiver:
    """Takes updates in. Nothing that it asks of Telegram delays an update or raises."""

    def __init__(self, config: Settings, inlet: Inlet) -> None:
        self.config = config
        self.inlet = inlet
        self._connection: Connection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._typing: set[str] = set()

    def connection(self) -> Connection:
        """The connection to Telegram of the running event loop, made when it is needed first."""
        loop = asyncio.get_running_loop()
        if self._connection is None or self._loop is not loop:
            self._connection, self._loop = Connection(self.config), loop
            self._tasks, self._typing = set(), set()
        return self._connection

    async def take(self, update: Any) -> None:
        """Do what an update asks for. Raises what the inlet raises, if it may be stored at another try."""
        try:
            await self._take(update)
        except _NEVER_STORED as error:
            log.error("telegram: an update is passed over: %s", type(error).__name__)
            self.inlet.count("malformed")

    async def _take(self, update: Any) -> None:
        heard = message_from(update, self.config)
        self.connection()
        if heard.what == "stopped":
            await self.inlet.stop("telegram", heard.conversation)
        elif heard.what == "started":
            await self.inlet.start(heard.conversation)
        elif heard.message:
            await self.inlet.start(heard.conversation)  # who writes has not blocked us (any more)
            if await self.inlet.store(heard.message, heard.address):
                self._show_typing(heard.address, heard.conversation)
        else:
            self.inlet.count("ignored")
        if heard.callback:
            self._start(self._acknowledge(heard.callback))

    async def close(self) -> None:
        """Stop what is under way in the background and close the connections."""
        tasks, self._tasks = list(self._tasks), set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= _MOST_TASKS:
            work.close()
            return
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _acknowledge(self, callback: str) -> None:
        try:
            await self.connection().bot.answer_callback_query(callback)
        except TelegramError as error:  # too old, or Telegram is down: the spinner goes away by itself
            log.debug("a button was not acknowledged: %s", type(error).__name__)

    def _show_typing(self, address: str, conversation: str) -> None:
        if conversation not in self._typing and len(self._typing) < _MOST_TYPING:
            self._typing.add(conversation)
            self._start(self._type(address, conversation))

    async def _type(self, address: str, conversation: str) -> None:
        typing = self._typing
        end = time.monotonic() + TYPING_FOR
        try:
            await asyncio.sleep(TYPING_AFTER)
            while time.monotonic() < end and not await self.inlet.answered(conversation):
                await self.connection().bot.send_chat_action(address, ChatAction.TYPING)
                await asyncio.sleep(TYPING_EVERY)
        except Exception as error:  # blocked, too many requests, Telegram is down: only a sign is missing
            log.debug("typing is not shown: %s", type(error).__name__)
        finally:
            typing.discard(conversation)
