"""The mailbox's tables and its database engine: SQLite in WAL mode by default, PostgreSQL where many workers run.

How long each table keeps what is in it stands in `bot/mailbox/limits.py`; a table without a limit there fails a test.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import QueuePool

__all__ = [
    "UNSENT",
    "Store",
    "conversation",
    "counter",
    "create_engine",
    "end",
    "inbox",
    "opt_out",
    "outbox",
    "report",
    "tally",
]

metadata = sa.MetaData()
_BUSY = 30_000
"""Milliseconds for which a writer waits for another (SQLite)."""
_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows by itself only for INTEGER

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("conversation", sa.String(32), nullable=False),
    sa.Column("provider_id", sa.String(200), nullable=False),
    sa.Column("body", sa.Text),  # the message as JSON, sealed (bot.identity); NULL as soon as it is answered
    sa.Column("state", sa.String(8), nullable=False),  # stored, claimed, done
    sa.Column("claimed_by", sa.String(64)),
    sa.Column("claimed_at", sa.Float),  # seconds since 1970
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("received_at", sa.Float, nullable=False),
    sa.Column("done_at", sa.Float),
    sa.Column("address", sa.Text),  # where the answer goes, sealed (bot.identity); NULL as soon as it is answered
    sa.UniqueConstraint("channel", "conversation", "provider_id"),
    sqlite_autoincrement=True,
)
_open = inbox.c.state != "done"
sa.Index("inbox_open", inbox.c.conversation, inbox.c.id, sqlite_where=_open, postgresql_where=_open)
sa.Index("inbox_waiting", inbox.c.state, inbox.c.id, sqlite_where=_open, postgresql_where=_open)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("inbox_id", _id, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("conversation", sa.String(32), nullable=False),
    sa.Column("body", sa.Text),  # the worded message as JSON, sealed; NULL as soon as it is delivered or given up
    sa.Column("state", sa.String(10), nullable=False),
    # fetched by the person (web): queued, delivered, expired; sent by us (bot/mailbox/outgoing.py): queued, claimed,
    # sending, sent, delivered, failed, given_up
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("done_at", sa.Float),
    sa.Column("address", sa.Text),  # where it goes, sealed; NULL as soon as it is sent or given up
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),  # 0 replies, 1 broadcasts
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_at", sa.Float, nullable=False, server_default="0"),  # not tried before
    sa.Column("claimed_by", sa.String(64)),
    sa.Column("parts", sa.Integer, nullable=False, server_default="0"),  # messages of the provider that it has taken
    sa.Column("provider_id", sa.String(200)),  # the provider's id of the last one
    sa.Column("reason", sa.String(200)),  # why it failed or waits, in the provider's words
    sa.UniqueConstraint("inbox_id", "position"),
    sqlite_autoincrement=True,
)
sa.Index("outbox_conversation", outbox.c.conversation, outbox.c.state, outbox.c.id)
UNSENT = ("queued", "claimed", "sending")
"""States of what is still to be sent."""
_unsent = outbox.c.state.in_(UNSENT)
sa.Index(
    "outbox_unsent",
    outbox.c.channel,
    outbox.c.priority,
    outbox.c.id,
    sqlite_where=_unsent,
    postgresql_where=_unsent,
)
sa.Index("outbox_provider", outbox.c.provider_id)

opt_out = sa.Table(  # who told us, the provider or the app that they want nothing more
    "opt_out",
    metadata,
    sa.Column("conversation", sa.String(32), primary_key=True),
    sa.Column("channel", sa.String(32), nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    # what they said to us rather than to the provider (quick exit): answers to what they write themselves still go out
    sa.Column("unasked_only", sa.Integer, nullable=False, server_default="0"),
)

# What is counted over all programs, by a name as Prometheus writes it: sms_segments_total{language="ti"}
counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("channel", sa.String(32), nullable=False),
    # the engine's memory as JSON, sealed: language, place, results, open choices
    sa.Column("memory", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Float, nullable=False, index=True),
)

report = sa.Table(  # what people tell about an entry, without who told it; sent on to the directory by bot/reports.py
    "report",
    metadata,
    sa.Column("id", _id, primary_key=True, autoincrement=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("service", sa.String(200), nullable=False),
    sa.Column("language", sa.String(8), nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    sqlite_autoincrement=True,
)

# What happened how often, by day (bot/mailbox/tallies.py); `batch` names the parcel in which a row travels, "" while it grows.
tally = sa.Table(
    "tally",
    metadata,
    *(
        sa.Column(name, sa.String(size), primary_key=True)
        for name, size in (
            ("batch", 32),
            ("day", 10),
            ("event", 16),
            ("value", 40),
            ("country", 2),
            ("admin1", 20),
            ("language", 8),
            ("channel", 32),
        )
    ),
    sa.Column("count", sa.BigInteger, nullable=False),
)


def end(connection: Connection, state: str, reason: str, *where: Any) -> int:
    """Answers that will not be sent (any more) lose their words and address; returns how many."""
    ended = connection.execute(
        sa.update(outbox)
        .where(*where)
        .values(state=state, reason=reason[:200], body=None, address=None, done_at=time.time())
    )
    return int(ended.rowcount)


class Store:
    """What works on these tables, in the database of that URL. Safe to use from many threads and processes."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)
        self._sqlite = self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def shorten_log(self) -> None:
        """SQLite: cut off the write-ahead log, in which the words of answered messages stand until they are written over.

        If somebody is reading it is left for the next time. PostgreSQL recycles its own."""
        if not self._sqlite:
            return
        with self._engine.connect() as connection:
            raw = connection.connection
            raw.execute("PRAGMA busy_timeout=200")  # a writer must not wait for it
            try:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                raw.execute(f"PRAGMA busy_timeout={_BUSY}")

    def compact(self) -> None:
        """SQLite: write the file anew, without the pages and gaps in which deleted rows may still stand. Takes the writer's lock
        for as long as it takes to write what is left (30,000 conversations: two seconds). PostgreSQL's autovacuum does the like."""
        if self._sqlite:
            with self._engine.connect() as connection:
                connection.connection.execute("VACUUM")
            self.shorten_log()

    def _write(self) -> Any:
        return self._engine.begin()

    def _read(self) -> Any:
        """A connection that takes no writer's lock."""
        return self._engine.connect().execution_options(reading=True)


def create_engine(url: str) -> Engine:
    """An engine for that SQLAlchemy URL with the tables made. SQLite: WAL, full sync, writers queue up for 30 s."""
    parsed = make_url(url)
    # Without hide_parameters the words of a message stand in every error of the database, and in the log that shows it.
    options: dict[str, Any] = {"future": True, "hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        options.update(
            poolclass=QueuePool, pool_size=8, max_overflow=16, connect_args={"check_same_thread": False, "timeout": 30}
        )
    engine = sa.create_engine(parsed, **options)
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    _add_missing_columns(engine)
    metadata.create_all(engine)
    return engine


def _add_missing_columns(engine: Engine) -> None:
    """Bring a mailbox of an older version up to date: new columns may be empty or have a default of the database."""
    known = sa.inspect(engine)
    for table in metadata.tables.values():
        if not known.has_table(table.name):
            continue
        present = {column["name"] for column in known.get_columns(table.name)}
        for column in table.columns:
            if column.name not in present:
                words = sa.schema.CreateColumn(column).compile(engine)
                with contextlib.suppress(OperationalError, ProgrammingError), engine.begin() as connection:
                    connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {words}")  # another may be quicker


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={_BUSY}", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once when another one wrote in between; taking the
    # writer's lock from the start makes it wait instead.
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get("reading") else "BEGIN IMMEDIATE")
