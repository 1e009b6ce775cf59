"""How long each table of the mailbox keeps a row. `Mailbox.purge` deletes by this list, and docs/privacy.md says the same.

A table that is not listed fails `tests/mailbox/test_limits.py`: whoever adds one says here how long it keeps what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.mailbox.tables import conversation, inbox, opt_out, outbox, report, tally

__all__ = ["DAY", "FOREVER", "LIMITS", "Limit", "seconds_of", "words_of"]

HOUR, DAY = 3600.0, 86400.0
_IDS_DAYS = 2
"""Providers repeat a message for so long (channels.md, part B)."""
_COUNTS_DAYS = 60
"""The directory takes counts every hour and reports at once; what it did not take in two months is not waited for."""
_OPT_OUT_DAYS = 365
"""After it the provider still refuses to send to somebody who told it to stop, and the row comes back (21610)."""


@dataclass(frozen=True)
class Limit:
    """Rows of a table whose `column` is older than the length of that name are deleted."""

    length: str
    """Name in `seconds_of`."""
    column: Any
    """Seconds since 1970, or an ISO day."""
    where: Any = sa.true()


LIMITS: Mapping[str, Sequence[Limit]] = {
    "inbox": (Limit("ids", inbox.c.done_at, inbox.c.state == "done"),),
    "outbox": (Limit("answers", outbox.c.done_at),),
    "conversation": (Limit("silence", conversation.c.updated_at),),
    "report": (Limit("counts", report.c.day),),
    "tally": (Limit("counts", tally.c.day),),
    "opt_out": (Limit("opt_out", opt_out.c.at),),
}
"""By table. What waits unanswered in the inbox, or unsent in the outbox, ends after `answers` and is then deleted like the rest."""
FOREVER: Mapping[str, str] = {
    "counter": "running totals by channel, state and language since the mailbox was made; no row is about a person or a day",
}
"""Tables without a limit, and why nobody's data is in them."""


def seconds_of(reply_hours: float, retention_days: float) -> dict[str, float]:
    """The lengths in seconds, for the settings of these names."""
    return {
        "answers": reply_hours * HOUR,
        "ids": max(reply_hours * HOUR, _IDS_DAYS * DAY),
        "silence": retention_days * DAY,
        "counts": _COUNTS_DAYS * DAY,
        "opt_out": _OPT_OUT_DAYS * DAY,
    }


def words_of(seconds: float) -> str:
    """A length as docs/privacy.md says it: "24 hours", "30 days"."""
    return f"{seconds / DAY:g} days" if seconds >= 2 * DAY else f"{seconds / HOUR:g} hours"
