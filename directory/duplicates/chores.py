"""Looks for duplicates every night."""

from __future__ import annotations

from datetime import timedelta

from directory.chores import chore
from directory.duplicates.find import refresh

__all__ = ["find_duplicates"]


@chore(every=timedelta(days=1))
def find_duplicates() -> str | None:
    """Renews the list of possible duplicates."""
    there, new = refresh()
    return f"{there} possible duplicates, {new} of them new" if there else None
