"""Counts of what happened, by day: no id of anybody, no word of a message, no place smaller than a first-level area.

A row is a day, an event and what it was about, and a number that grows; nothing tells which counts came from one turn, or in
which order. Counts are added in the transaction that stores an answer, so a turn is counted once or not at all.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.mailbox.tables import Store, tally

__all__ = ["Batch", "Count", "Tallies", "add_counts"]

_KEY = [column.name for column in tally.primary_key]
_SIZES = {column.name: column.type.length for column in tally.primary_key}


class Count(NamedTuple):
    """One thing that happened. What an event does not need stays empty (`bot.counting`)."""

    event: str
    value: str = ""
    """Category, topic, class, or upper limit of a bucket."""
    country: str = ""
    admin1: str = ""
    """GeoNames' code of the first-level area; nothing smaller is ever counted."""
    language: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Batch:
    """Counts of one day that are passed on together, again and again under the same id until they have arrived."""

    id: str
    rows: list[dict[str, Any]]
    """{"day", "event", "value", "country", "admin1", "language", "channel", "count"}."""


def add_counts(connection: Connection, day: str, counts: Iterable[Count]) -> None:
    """Add to the counts of that day (ISO), within the caller's transaction."""
    grown = Counter(counts)
    if not grown:
        return
    # Sorted: two workers take the rows' locks in the same order (PostgreSQL).
    rows = [{"batch": "", "day": day, **_cut(count), "count": more} for count, more in sorted(grown.items())]
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(tally)
    added = {"count": tally.c.count + statement.excluded.count}
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=added), rows)


def _cut(count: Count) -> dict[str, str]:
    return {name: value[: _SIZES[name]] for name, value in count._asdict().items()}


class Tallies(Store):
    """The counts that the directory has not taken yet."""

    def batch(self) -> Batch | None:
        """The oldest batch that has not arrived, else a new one of the oldest day; None if nothing was counted."""
        with self._write() as connection:
            waiting = connection.execute(sa.select(tally.c.batch).where(tally.c.batch != "").limit(1)).scalar()
            if waiting is None:
                waiting = secrets.token_hex(16)
                oldest = connection.execute(sa.select(sa.func.min(tally.c.day)).where(tally.c.batch == "")).scalar()
                of_day = (tally.c.batch == "", tally.c.day == oldest)
                if not connection.execute(sa.update(tally).where(*of_day).values(batch=waiting)).rowcount:
                    return None
            rows = connection.execute(sa.select(tally).where(tally.c.batch == waiting)).mappings().all()
        return Batch(waiting, [{name: value for name, value in row.items() if name != "batch"} for row in rows])

    def drop_batch(self, identifier: str) -> None:
        """That batch has reached the directory."""
        with self._write() as connection:
            connection.execute(sa.delete(tally).where(tally.c.batch == identifier))
