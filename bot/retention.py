"""Deleting what is past its time: answers that nobody fetched, message ids, conversations that fell silent, old keys."""

from __future__ import annotations

import asyncio
import logging
import time

from bot.identity import drop_expired
from bot.languages import served
from bot.mailbox import Mailbox
from bot.messages import Outbound
from bot.sender import late
from bot.settings import Settings

__all__ = ["keep_purging", "keep_shortening", "purge"]

log = logging.getLogger(__name__)

EVERY = 600.0
"""Seconds between two purges."""
SHORTEN_EVERY = 30.0
"""Seconds for which the words of an answered message may stand, sealed, in the database's log."""
COMPACT_EVERY = 86400.0
"""Seconds between two times that the mailbox is written anew, without what was deleted."""


def purge(mailbox: Mailbox, config: Settings, now: float) -> dict[str, int]:
    """Delete what is past its time at `now`, in seconds since 1970; returns the rows by table."""
    gone = mailbox.purge(now, reply_hours=config.reply_hours, retention_days=config.retention_days, late=_ask_again)
    gone["keys"] = drop_expired(config.path("secret_file"), now)
    return gone


def _ask_again(channel: str, language: str) -> Outbound | None:
    """What is said to somebody whose message nobody has answered."""
    if channel == "parse":
        return None
    words = late(channel if channel != "rest" else "web")
    return words.get(language) or words[served()[0].code]


async def keep_purging(mailbox: Mailbox, config: Settings) -> None:
    """Purge at start and then every ten minutes, until cancelled. A failure is logged and tried again."""
    compacted = float("-inf")
    while True:
        try:
            gone = await asyncio.to_thread(purge, mailbox, config, time.time())
            if gone["unanswered"]:
                log.error("%d messages were not answered in %d hours", gone["unanswered"], config.reply_hours)
            if any(gone.values()):
                log.info("purged: %s", gone)
            if time.monotonic() - compacted > COMPACT_EVERY:
                await asyncio.to_thread(mailbox.compact)
                compacted = time.monotonic()
        except Exception as error:
            log.error("purging failed: %s", type(error).__name__)
        await asyncio.sleep(EVERY)


async def keep_shortening(mailbox: Mailbox) -> None:
    """Cut off the database's log again and again, until cancelled."""
    while True:
        await asyncio.sleep(SHORTEN_EVERY)
        try:
            await asyncio.to_thread(mailbox.shorten_log)
        except Exception as error:
            log.warning("the database's log was not cut off: %s", type(error).__name__)
