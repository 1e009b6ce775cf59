"""Imports in the background: no request waits for them."""

from __future__ import annotations

from datetime import timedelta

from directory.chores import chore
from directory.exchange.files import remove_old
from directory.exchange.runs import WORK, work

__all__ = ["imports", "old_files"]


@chore(every=timedelta(seconds=2))
def imports() -> str | None:
    """Check, apply and undo what waits, one run of each."""
    lines = [line for step in WORK if (line := work(*step))]
    return "; ".join(lines) or None


@chore(every=timedelta(days=1))
def old_files() -> str | None:
    """Remove uploaded files after 90 days."""
    count = remove_old()
    return f"{count} files removed" if count else None
