"""Logging for all programs: one line an event on stderr, never a message's words, a number or an address."""

from __future__ import annotations

import logging

__all__ = ["configure"]

_QUIET = (
    "httpx",
    "httpcore",
    "telegram",
    "twilio.http_client",
    "urllib3",
    "sqlalchemy",
    "rasa",
    "rasa_sdk",
    "matplotlib",
    "asyncio",
    "tensorflow",
)
"""Libraries that log requests, tokens or texts at INFO or DEBUG (channels.md, pitfall 9; rasa.md, B.1)."""


def configure(level: str = "INFO") -> None:
    """Send logs to stderr from that level on; libraries that may log what people write only from WARNING on."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S", force=True
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
