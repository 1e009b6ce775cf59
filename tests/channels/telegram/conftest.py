"""A gateway's side of Telegram for tests: `listening` runs it against a fake Telegram until the test has seen enough."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from bot.channels.telegram import Telegram
from bot.settings import Settings, load
from tests.channels.inlet import RecordingInlet
from tests.channels.telegram import wire


def config_for(url: str, var: Path, **more: str) -> Settings:
    """Settings for polling a Telegram at that address."""
    return load(
        {
            "WAYPOST_VAR": str(var),
            "WAYPOST_TELEGRAM_TOKEN": wire.TOKEN,
            "WAYPOST_TELEGRAM_API": url,
            **{f"WAYPOST_{name.upper()}": value for name, value in more.items()},
        }
    )


@contextlib.asynccontextmanager
async def listening(
    config: Settings, inlet: RecordingInlet, channel: Telegram | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """Run `listen` for the time of the block, then stop it as the gateway does."""
    task = asyncio.create_task((channel or Telegram()).listen(config, inlet))
    try:
        yield task
        assert not task.done(), f"listen ended: {task.exception()!r}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(seen: Callable[[], Any], seconds: float = 15.0) -> Any:
    """What `seen` returns as soon as it is true; looks in a thread, since it may ask a server. Raises AssertionError."""
    end = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(seen)):
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.05)
    return found
