"""Logging for all programs: one line an event on stderr, never a message's words, a number or an address."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from pathlib import Path
from types import TracebackType

from bot.redact import redact_line

__all__ = ["Line", "configure"]

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
    "multipart",
    "aiohttp",
    "apscheduler",
    "pika",
    "jsonschema",
)
"""Libraries that log requests, tokens or texts at INFO or DEBUG (channels.md, pitfall 9; rasa.md, B.1)."""


class Line(logging.Formatter):
    """A line without what a person wrote: of an exception only its type and where it was raised, since its message may quote
    them, and no phone number or e-mail address, should a library have put one in."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = redact_line(record.message)
        return super().formatMessage(record)

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        error = ei[1]
        lines: list[str] = []
        while error is not None and len(lines) < 50:
            frames = traceback.extract_tb(error.__traceback__)[-8:]
            lines += [f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames]
            lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
            error = error.__cause__ or error.__context__
        return "\n".join(lines)


def _unhandled(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("waypost").critical("ended by an error", exc_info=(kind, error, trace))


def configure(level: str = "INFO") -> None:
    """Send logs to stderr from that level on; libraries that may log what people write only from WARNING on."""
    logging.basicConfig(level=level.upper(), force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(Line())
    sys.excepthook = _unhandled
    os.environ["LOG_LEVEL"] = os.environ["LOG_LEVEL_LIBRARIES"] = (
        "WARNING"  # Rasa reads them, and prints messages below it
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
