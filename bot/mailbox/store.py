"""Storing, claiming and answering messages: in order for one sender, at once for different ones, once for each.

The promise (docs/decisions/0003): a message that `put` has stored is answered exactly once even if any process is
killed at any moment. Taking a message out, writing its answers and changing the conversation's memory are one
transaction, so either all of it happened or the message is still there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from bot.identity import seal
from bot.mailbox.tables import UNSENT, Store, conversation, inbox, outbox, report
from bot.messages import Inbound, Outbound

__all__ = ["Answer", "Claim", "Mailbox", "Stored"]


@dataclass(frozen=True)
class Stored:
    """The row of an incoming message."""

    id: int
    new: bool
    """False if this provider id was stored before: it is answered once."""


@dataclass(frozen=True)
class Claim:
    """One message that this worker, and no other, is to answer."""

    id: int
    inbound: Inbound
    memory: Mapping[str, Any]
    attempts: int
    """1 at the first try; higher if a worker died with this message before."""
    silence: float = 0.0
    """Seconds between the last answer and this message."""


@dataclass(frozen=True)
class Answer:
    """One outgoing message as stored."""

    id: int
    inbox_id: int
    provider_id: str
    """The provider id of the message that it answers."""
    outbound: Outbound
    created_at: float


class Mailbox(Store):
    """What came in, and what is remembered of a conversation."""

    # --- in ---------------------------------------------------------------------------------------------------------

    def put(self, message: Inbound, address: str = "") -> Stored:
        """Store an incoming message; when this returns, it will be answered.

        `address`: where the channel sends the answer to; sealed here, and dropped when the answer is sent."""
        values = {
            "channel": message.channel,
            "conversation": message.conversation,
            "provider_id": message.provider_id[:200],
            "body": json.dumps(message.to_dict(), ensure_ascii=False),
            "state": "stored",
            "attempts": 0,
            "received_at": time.time(),
            "address": seal(address) if address else None,
        }
        try:
            with self._write() as connection:
                result = connection.execute(sa.insert(inbox).values(values))
                return Stored(int(result.inserted_primary_key[0]), True)
        except IntegrityError:
            where = [inbox.c[key] == values[key] for key in ("channel", "conversation", "provider_id")]
            with self._read() as connection:
                return Stored(int(connection.execute(sa.select(inbox.c.id).where(*where)).scalar_one()), False)

    def waiting(self, conversation_id: str) -> int:
        """How many messages of that conversation are not answered yet."""
        query = sa.select(sa.func.count()).where(inbox.c.conversation == conversation_id, inbox.c.state != "done")
        with self._read() as connection:
            return int(connection.execute(query).scalar_one())

    def depth(self) -> dict[str, int]:
        """How many messages wait, are being answered, and how many answers were not fetched or sent yet."""
        with self._read() as connection:
            counts = dict(
                connection.execute(
                    sa.select(inbox.c.state, sa.func.count()).where(inbox.c.state != "done").group_by(inbox.c.state)
                ).all()
            )
            queued = connection.execute(sa.select(sa.func.count()).where(outbox.c.state == "queued")).scalar_one()
        return {"waiting": counts.get("stored", 0), "claimed": counts.get("claimed", 0), "unfetched": int(queued)}

    # --- work ---------------------------------------------------------------------------------------------------------

    def claim(self, worker: str, lease_seconds: float = 60.0, first: Collection[str] = ()) -> Claim | None:
        """The oldest message whose sender has no older open one, now this worker's; None if there is none.

        `first`: channels whose messages go before older ones of others. A claim of another worker that is older than
        `lease_seconds` is taken over (that worker hangs or its machine is gone).
        """
        now = time.time()
        older = inbox.alias("older")
        overdue = sa.and_(inbox.c.state == "claimed", inbox.c.claimed_at < now - lease_seconds)
        query = (
            sa.select(inbox)
            .where(
                sa.or_(inbox.c.state == "stored", overdue),
                ~sa.exists().where(
                    older.c.conversation == inbox.c.conversation, older.c.state != "done", older.c.id < inbox.c.id
                ),
            )
            .order_by(sa.case((inbox.c.channel.in_(list(first)), 0), else_=1), inbox.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)  # PostgreSQL; SQLite holds the one writer's lock anyway
        )
        if not self._anything_open(overdue):
            return None
        with self._write() as connection:
            row = connection.execute(query).first()
            if row is None:
                return None
            connection.execute(
                sa.update(inbox)
                .where(inbox.c.id == row.id)
                .values(state="claimed", claimed_by=worker, claimed_at=now, attempts=row.attempts + 1)
            )
            known = connection.execute(
                sa.select(conversation.c.memory, conversation.c.updated_at).where(conversation.c.id == row.conversation)
            ).first()
        return Claim(
            row.id,
            Inbound.from_dict(json.loads(row.body)),
            json.loads(known.memory) if known else {},
            row.attempts + 1,
            max(0.0, row.received_at - known.updated_at) if known else 0.0,
        )

    def _anything_open(self, overdue: Any) -> bool:
        # A look without the writer's lock, so that an idle worker disturbs nobody.
        query = sa.select(inbox.c.id).where(sa.or_(inbox.c.state == "stored", overdue)).limit(1)
        with self._read() as connection:
            return connection.execute(query).first() is not None

    def finish(
        self,
        claim: Claim,
        answers: Sequence[Outbound],
        memory: Mapping[str, Any] | None,
        reports: Sequence[Mapping[str, str]] = (),
    ) -> bool:
        """Answer a claimed message and keep the new memory (None: forget the conversation), in one step.

        Returns False, and changes nothing, if another worker has answered it in the meantime.
        """
        now = time.time()
        message = claim.inbound
        with self._write() as connection:
            row = connection.execute(
                sa.select(inbox.c.state, inbox.c.address).where(inbox.c.id == claim.id).with_for_update()
            ).first()
            if row is None or row.state != "claimed":
                return False
            connection.execute(
                sa.update(inbox)
                .where(inbox.c.id == claim.id)
                .values(state="done", body=None, address=None, done_at=now)
            )
            if answers:
                connection.execute(
                    sa.insert(outbox),
                    [
                        {
                            "inbox_id": claim.id,
                            "position": position,
                            "channel": message.channel,
                            "conversation": message.conversation,
                            "body": json.dumps(answer.to_dict(), ensure_ascii=False),
                            "state": "queued",
                            "created_at": now,
                            "address": row.address,
                        }
                        for position, answer in enumerate(answers)
                    ],
                )
            if reports:
                connection.execute(sa.insert(report), [dict(row) for row in reports])
            if memory is None:
                self._forget(connection, message.conversation)
            else:
                self._remember(connection, message, memory, now)
        return True

    def _remember(self, connection: Connection, message: Inbound, memory: Mapping[str, Any], now: float) -> None:
        values = {"memory": json.dumps(memory, ensure_ascii=False), "updated_at": now}
        changed = connection.execute(
            sa.update(conversation).where(conversation.c.id == message.conversation).values(values)
        )
        if not changed.rowcount:
            connection.execute(
                sa.insert(conversation).values(id=message.conversation, channel=message.channel, **values)
            )

    def _forget(self, connection: Connection, conversation_id: str) -> None:
        connection.execute(sa.delete(conversation).where(conversation.c.id == conversation_id))
        connection.execute(sa.delete(inbox).where(inbox.c.conversation == conversation_id, inbox.c.state == "done"))
        connection.execute(
            sa.delete(outbox).where(outbox.c.conversation == conversation_id, ~outbox.c.state.in_(UNSENT))
        )

    def release(self, worker: str) -> int:
        """Give back what a worker of that name had claimed before it died; returns how many messages."""
        with self._write() as connection:
            result = connection.execute(
                sa.update(inbox).where(inbox.c.claimed_by == worker, inbox.c.state == "claimed").values(state="stored")
            )
            return int(result.rowcount)

    # --- out -------------------------------------------------------------------------------------------------------------

    def answers(self, conversation_id: str, after: int = 0) -> list[Answer]:
        """Answers of that conversation that were not delivered and have an id above `after`, in their order."""
        return self._answers(outbox.c.conversation == conversation_id, outbox.c.id > after, outbox.c.state == "queued")

    def answers_to(self, inbox_id: int) -> list[Answer] | None:
        """The undelivered answers to one message; None while it is not answered yet."""
        with self._read() as connection:
            state = connection.execute(sa.select(inbox.c.state).where(inbox.c.id == inbox_id)).scalar()
        if state is not None and state != "done":
            return None
        return self._answers(outbox.c.inbox_id == inbox_id, outbox.c.state == "queued")

    def _answers(self, *where: Any) -> list[Answer]:
        query = (
            sa.select(outbox, inbox.c.provider_id.label("answers"))
            .select_from(outbox.outerjoin(inbox, inbox.c.id == outbox.c.inbox_id))
            .where(*where)
            .order_by(outbox.c.id)
        )
        with self._read() as connection:
            rows: list[Row] = connection.execute(query).all()
        return [
            Answer(
                row.id,
                row.inbox_id,
                row.answers or "",
                Outbound.from_dict(json.loads(row.body)),
                row.created_at,
            )
            for row in rows
        ]

    def delivered(self, conversation_id: str, up_to: int) -> None:
        """The person has the answers up to that id: their wording is dropped."""
        where = (outbox.c.conversation == conversation_id, outbox.c.id <= up_to, outbox.c.state == "queued")
        with self._read() as connection:
            if connection.execute(sa.select(outbox.c.id).where(*where).limit(1)).first() is None:
                return
        with self._write() as connection:
            connection.execute(
                sa.update(outbox).where(*where).values(state="delivered", body=None, done_at=time.time())
            )

    # --- reports and purge ---------------------------------------------------------------------------------------------------

    def reports(self, limit: int = 100) -> list[dict[str, Any]]:
        """The oldest reports that were not passed on to the directory."""
        with self._read() as connection:
            return [
                dict(row._mapping) for row in connection.execute(sa.select(report).order_by(report.c.id).limit(limit))
            ]

    def drop_reports(self, ids: Sequence[int]) -> None:
        """These reports have reached the directory."""
        with self._write() as connection:
            connection.execute(sa.delete(report).where(report.c.id.in_(list(ids))))

    def purge(self, now: float, *, reply_hours: float, retention_days: float) -> dict[str, int]:
        """Delete what is past its time; returns the rows by table. Unanswered messages are never purged."""
        expired = now - reply_hours * 3600
        retired = now - retention_days * 86400
        with self._write() as connection:
            given_up = connection.execute(
                sa.update(outbox)
                .where(outbox.c.state == "queued", outbox.c.created_at < expired)
                .values(state="expired", body=None, address=None, done_at=now)
            ).rowcount
            gone = {
                "outbox": connection.execute(sa.delete(outbox).where(outbox.c.done_at < expired)).rowcount,
                # Ids are kept for two days at least: providers repeat a message for so long (channels.md, part B).
                "inbox": connection.execute(
                    sa.delete(inbox).where(inbox.c.state == "done", inbox.c.done_at < min(expired, now - 2 * 86400))
                ).rowcount,
                "conversation": connection.execute(
                    sa.delete(conversation).where(conversation.c.updated_at < retired)
                ).rowcount,
            }
        return {"expired": int(given_up), **{table: int(rows) for table, rows in gone.items()}}
