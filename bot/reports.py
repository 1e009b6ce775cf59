"""Passing on what people tell about places to the staff's directory. Nothing in it says who told it.

A report stays in the mailbox until the directory has taken it; a directory that is down costs nothing but time.
"""

from __future__ import annotations

import asyncio
import logging

import httpx

from bot.identity import REPORT_HEADER, load_key, report_token
from bot.mailbox import Mailbox
from bot.settings import Settings

__all__ = ["keep_reporting"]

log = logging.getLogger(__name__)

EVERY = 20.0
"""Seconds between two looks for reports."""


async def keep_reporting(mailbox: Mailbox, config: Settings) -> None:
    """Pass reports on to the directory until cancelled."""
    url = f"http://{config.bot_host}:{config.directory_port}/api/reports"
    headers = {REPORT_HEADER: report_token(load_key(config.path("secret_file")))}
    async with httpx.AsyncClient(timeout=10) as client:
        while True:
            await asyncio.sleep(EVERY)
            try:
                rows = await asyncio.to_thread(mailbox.reports)
                if rows:
                    response = await client.post(url, json={"reports": rows}, headers=headers)
                    response.raise_for_status()
                    await asyncio.to_thread(mailbox.drop_reports, [row["id"] for row in rows])
                    log.info("%d reports passed on to the directory", len(rows))
            except httpx.HTTPError as error:
                log.warning("the directory does not take reports now: %s", type(error).__name__)
            except Exception as error:
                log.error("passing reports on failed: %s", type(error).__name__)
