"""Passing on to the staff's directory what people tell about places, and how much was asked. Nothing in it says who told it.

What is passed on stays in the mailbox until the directory has taken it; a directory that is down costs nothing but time. Each
report and each batch of counts has a reference by which the directory knows a repetition: what it has taken, it takes once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Mapping
from typing import Any

import httpx

from bot.identity import REPORT_HEADER, load_key, report_token
from bot.mailbox import Mailbox
from bot.settings import Settings

__all__ = ["keep_reporting", "pass_on_counts", "pass_on_reports", "reference"]

log = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two looks for reports."""
HOUR = 3600
"""Counts are passed on once in so many seconds, so that the directory cannot tell from their growth who wrote when."""


def reference(row: Mapping[str, Any], key: bytes) -> str:
    """32 hexadecimal digits for a row of the mailbox's reports; the same at every attempt, and of no use to anybody else."""
    words = "\0".join(str(row[name]) for name in ("id", "kind", "service", "language", "day"))
    return hmac.new(key, f"report\0{words}".encode(), hashlib.sha256).hexdigest()[:32]


async def keep_reporting(mailbox: Mailbox, config: Settings) -> None:
    """Pass reports on to the directory at once, and counts at every full hour, until cancelled."""
    address = f"http://{config.bot_host}:{config.directory_port}/api"
    hour = int(time.time() // HOUR)
    async with httpx.AsyncClient(timeout=10) as client:
        while True:
            await asyncio.sleep(EVERY)
            try:
                key = load_key(config.path("secret_file"))  # each time: it may have been changed
                client.headers[REPORT_HEADER] = report_token(key)
                await pass_on_reports(mailbox, client, f"{address}/reports", key)
                if hour != (now := int(time.time() // HOUR)):
                    await pass_on_counts(mailbox, client, f"{address}/counts")
                    hour = now
            except httpx.HTTPError as error:
                log.warning("the directory does not take reports now: %s", type(error).__name__)
            except Exception as error:
                log.error("passing reports on failed: %s", type(error).__name__)


async def pass_on_reports(mailbox: Mailbox, client: httpx.AsyncClient, url: str, key: bytes) -> None:
    """Give the directory the oldest reports. Raises httpx.HTTPError if it does not take them; they stay then."""
    rows = await asyncio.to_thread(mailbox.reports)
    if rows:
        named = [
            {**{name: value for name, value in row.items() if name != "id"}, "ref": reference(row, key)} for row in rows
        ]
        (await client.post(url, json={"reports": named})).raise_for_status()
        await asyncio.to_thread(mailbox.drop_reports, [row["id"] for row in rows])
        log.info("%d reports passed on to the directory", len(rows))


async def pass_on_counts(mailbox: Mailbox, client: httpx.AsyncClient, url: str) -> None:
    """Give the directory all counts, day by day. Raises httpx.HTTPError if it does not take a batch; it stays then."""
    while (batch := await asyncio.to_thread(mailbox.batch)) is not None:
        (await client.post(url, json={"batch": batch.id, "rows": batch.rows})).raise_for_status()
        await asyncio.to_thread(mailbox.drop_batch, batch.id)
        log.info("%d counts passed on to the directory", len(batch.rows))
