"""Deleting what is past its time: answers that nobody fetched, message ids, conversations that fell silent."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.mailbox import Mailbox
from bot.settings import Settings

__all__ = ["keep_purging"]

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds between two purges."""


async def keep_purging(mailbox: Mailbox, config: Settings) -> None:
    """Purge at start and then every ten minutes, until cancelled. A failure is logged and tried again."""
    while True:
        try:
            gone = await asyncio.to_thread(
                mailbox.purge, time.time(), reply_hours=config.reply_hours, retention_days=config.retention_days
            )
            if any(gone.values()):
                log.info("purged: %s", gone)
        except Exception as error:
            log.error("purging failed: %s", type(error).__name__)
        await asyncio.sleep(EVERY)
