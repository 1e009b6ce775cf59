"""Storing, claiming and answering messages: in order for one sender, at once for different ones, once for each.

The promise (docs/decisions/0003): a message that `put` has stored is answered exactly once even if any process is
killed at any moment. Taking a message out, writing its answers and changing the conversation's memory are one
transaction, so either all of it happened or the message is still there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError

from bot.identity import seal
from bot.mailbox.limits import LIMITS, seconds_of
from bot.mailbox.sealing import opened, sealed
from bot.mailbox.tables import UNSENT, conversation, end, inbox, metadata, opt_out, outbox, report
from bot.mailbox.tallies import Count, Tallies, add_counts
from bot.messages import Inbound, Outbound

__all__ = ["Answer", "Claim", "Mailbox", "Stored"]

_SETTLED = 600.0
"""Seconds after which a provider's word about a message of a forgotten conversation is not waited for."""


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
    received_at: float = 0.0
    """When the message came in, in seconds since 1970."""


@dataclass(frozen=True)
class Answer:
    """One outgoing message as stored."""

    id: int
    inbox_id: int
    provider_id: str
    """The provider id of the message that it answers."""
    outbound: Outbound
    created_at: float


class Mailbox(Tallies):
    """What came in, and what is remembered of a conversation."""

    # --- in ---------------------------------------------------------------------------------------------------------

    def put(self, message: Inbound, address: str = "") -> Stored:
        """Store an incoming message; when this returns, it will be answered.

        `address`: where the channel sends the answer to; sealed here, and dropped when the answer is sent."""
        values = {
            "channel": message.channel,
            "conversation": message.conversation,
            "provider_id": message.provider_id[:200],
            "body": sealed(message.to_dict()),
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
        body = opened(row.body)  # nothing, if it was sealed with a key that is gone: the person is asked to write again
        return Claim(
            row.id,
            Inbound.from_dict(body) if body else Inbound(row.channel, row.conversation, row.provider_id),
            opened(known.memory) if known else {},
            row.attempts + 1,
            max(0.0, row.received_at - known.updated_at) if known else 0.0,
            row.received_at,
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
        counts: Sequence[Count] = (),
        day: str = "",
        *,
        stop: bool = False,
    ) -> bool:
        """Answer a claimed message and keep the new memory (None: forget the conversation), in one step.

        `counts` are added to those of the `day`. `stop`: the person wants nothing more (safety.md, P10): what else waits for
        them is given up, and nothing is sent that they have not asked for by writing again.

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
            if stop or memory is None:
                self._give_up(connection, message.conversation)
            if stop:
                self._quiet(connection, message, now)
            if answers:
                connection.execute(
                    sa.insert(outbox),
                    [
                        {
                            "inbox_id": claim.id,
                            "position": position,
                            "channel": message.channel,
                            "conversation": message.conversation,
                            "body": sealed(answer.to_dict()),
                            "state": "queued",
                            "created_at": now,
                            "address": row.address,
                        }
                        for position, answer in enumerate(answers)
                    ],
                )
            if reports:
                connection.execute(sa.insert(report), [dict(row) for row in reports])
            add_counts(connection, day, counts)
            if memory is None:
                self._forget(connection, message.conversation)
            else:
                self._remember(connection, message, memory, now)
        return True

    def _remember(self, connection: Connection, message: Inbound, memory: Mapping[str, Any], now: float) -> None:
        values = {"memory": sealed(memory), "updated_at": now}
        changed = connection.execute(
            sa.update(conversation).where(conversation.c.id == message.conversation).values(values)
        )
        if not changed.rowcount:
            connection.execute(
                sa.insert(conversation).values(id=message.conversation, channel=message.channel, **values)
            )

    def _give_up(self, connection: Connection, conversation_id: str) -> None:
        """Answers to earlier messages that wait, or are in a sender's hands but not on their way."""
        waiting = outbox.c.state.in_(("queued", "claimed"))
        end(connection, "given_up", "opted out", outbox.c.conversation == conversation_id, waiting)

    def _quiet(self, connection: Connection, message: Inbound, now: float) -> None:
        known = sa.select(opt_out.c.conversation).where(opt_out.c.conversation == message.conversation)
        if connection.execute(known).first() is None:
            row = {"conversation": message.conversation, "channel": message.channel, "at": now, "unasked_only": 1}
            connection.execute(sa.insert(opt_out).values(row))

    def forget(self, conversation_id: str) -> None:
        """Delete everything about a conversation, also what was not answered yet: quick exit, where nobody comes back to it."""
        with self._write() as connection:
            connection.execute(sa.delete(inbox).where(inbox.c.conversation == conversation_id))
            connection.execute(
                sa.delete(outbox).where(outbox.c.conversation == conversation_id, outbox.c.state != "sending")
            )
            connection.execute(sa.delete(conversation).where(conversation.c.id == conversation_id))

    def carry_over(self, conversation_id: str, earlier: Sequence[str]) -> bool:
        """Give a conversation its id under the new key, wherever it stands under one of the `earlier` ids (`bot.identity.rotate`).

        Returns whether anything was found. A memory that the new id has already is kept."""
        columns = [table.c.conversation for table in metadata.sorted_tables if "conversation" in table.c]
        old = list(earlier)
        looks = [sa.select(sa.literal(1)).where(column.in_(old)) for column in (*columns, conversation.c.id)]
        with self._read() as connection:
            if not old or connection.execute(sa.union_all(*looks).limit(1)).first() is None:
                return False
        with self._write() as connection:
            for column in (*columns, conversation.c.id):
                table, keys = column.table, list(column.table.primary_key)
                for row in connection.execute(sa.select(*keys).where(column.in_(old)).order_by(*keys)).all():
                    here = [key == value for key, value in zip(keys, row)]
                    try:
                        with connection.begin_nested():
                            connection.execute(sa.update(table).where(*here).values({column: conversation_id}))
                    except IntegrityError:  # it has come in again under the new id
                        connection.execute(sa.delete(table).where(*here))
        return True

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
        found = [(row, opened(row.body)) for row in rows]
        return [
            Answer(row.id, row.inbox_id, row.answers or "", Outbound.from_dict(body), row.created_at)
            for row, body in found
            if body
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

    def purge(
        self,
        now: float,
        *,
        reply_hours: float,
        retention_days: float,
        late: Callable[[str, str], Outbound | None] | None = None,
    ) -> dict[str, int]:
        """Delete what is past its time (`bot/mailbox/limits.py`); returns the rows by table.

        A message that no worker has answered in `reply_hours` is answered with `late(channel, language)`: to ask again.
        """
        lengths = seconds_of(reply_hours, retention_days)
        expired = now - lengths["answers"]
        gone: dict[str, int] = {}
        with self._write() as connection:
            gone["unanswered"] = self._end_unanswered(connection, now, expired, late)
            gone["expired"] = connection.execute(
                sa.update(outbox)
                .where(outbox.c.state.in_(UNSENT), outbox.c.created_at < expired)
                .values(state="expired", body=None, address=None, done_at=now)
            ).rowcount
            for table in reversed(metadata.sorted_tables):
                for limit in LIMITS.get(table.name, ()):
                    moment = now - lengths[limit.length]
                    days = isinstance(limit.column.type, sa.String)
                    before = time.strftime("%Y-%m-%d", time.gmtime(moment)) if days else moment
                    done = connection.execute(sa.delete(table).where(limit.column < before, limit.where))
                    gone[table.name] = gone.get(table.name, 0) + done.rowcount
            # Of a conversation that was forgotten, the fact that its last answer went out needs to stay no longer.
            forgotten = ~sa.exists().where(conversation.c.id == outbox.c.conversation)
            gone["outbox"] += connection.execute(
                sa.delete(outbox).where(outbox.c.done_at.is_not(None), outbox.c.done_at < now - _SETTLED, forgotten)
            ).rowcount
        return {name: int(rows) for name, rows in gone.items()}

    def _end_unanswered(
        self,
        connection: Connection,
        now: float,
        before: float,
        late: Callable[[str, str], Outbound | None] | None,
    ) -> int:
        rows = connection.execute(
            sa.select(inbox, conversation.c.memory)
            .select_from(inbox.outerjoin(conversation, conversation.c.id == inbox.c.conversation))
            .where(inbox.c.state != "done", inbox.c.received_at < before)
        ).all()
        for row in rows:
            connection.execute(
                sa.update(inbox).where(inbox.c.id == row.id).values(state="done", body=None, address=None, done_at=now)
            )
            answer = late(row.channel, str(opened(row.memory).get("language") or "")) if late else None
            if answer is not None:
                connection.execute(
                    sa.insert(outbox).values(
                        inbox_id=row.id,
                        position=0,
                        channel=row.channel,
                        conversation=row.conversation,
                        body=sealed(answer.to_dict()),
                        state="queued",
                        created_at=now,
                        address=row.address,
                    )
                )
        return len(rows)
