"""The outbox as the sender sees it: every message is a row with a state, in order for one person, replies before broadcasts.

    queued -> claimed -> sending -> sent -> delivered
                 |          |         +---> failed     (the provider says so later)
                 |          +---> failed               (refused, or nobody can know whether it was taken)
                 |          +---> queued               (surely not taken: tried again later)
                 +---> given_up                        (too old, or the person wants nothing more)

`claimed` is in a sender's hands, `sending` may be in the provider's: a sender that died with the first gives it back, with
the second nobody knows (docs/decisions/0010).
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from bot.identity import unseal
from bot.mailbox.sealing import opened, sealed
from bot.mailbox.tables import UNSENT, Store, counter, end, opt_out, outbox
from bot.messages import Outbound

__all__ = ["BROADCAST", "REPLY", "Outbox", "Outgoing"]

REPLY, BROADCAST = 0, 1
"""Priorities: what a person waits for goes first."""
LATE = -1
"""Position of the message that says that an answer came too late; it stands for all answers to one message."""


@dataclass(frozen=True)
class Outgoing:
    """One message that this sender, and no other, is to send."""

    id: int
    channel: str
    conversation: str
    address: str
    """Empty if it cannot be unsealed any more."""
    outbound: Outbound
    parts: int
    """How many of its messages the provider has taken before."""
    attempts: int
    created_at: float
    uncertain: bool = False
    """A sender died while it was being sent."""
    priority: int = REPLY


class Outbox(Store):
    """What goes out, and who wants nothing more."""

    # --- taking --------------------------------------------------------------------------------------------------------

    def claim(self, sender: str, channel: str, limit: int, now: float | None = None) -> list[Outgoing]:
        """Up to `limit` messages of a channel that are due, of different people, oldest first, now this sender's.

        A message waits for every older open one of its person, a broadcast for every open reply to them."""
        now = time.time() if now is None else now
        older = outbox.alias("older")
        first = ~sa.exists().where(
            older.c.conversation == outbox.c.conversation,
            older.c.channel == outbox.c.channel,
            older.c.state.in_(UNSENT),
            older.c.id != outbox.c.id,
            sa.or_(
                older.c.state != "queued",
                older.c.priority < outbox.c.priority,
                sa.and_(older.c.priority == outbox.c.priority, older.c.id < outbox.c.id),
            ),
        )
        query = (
            sa.select(outbox)
            .where(outbox.c.channel == channel, outbox.c.state == "queued", outbox.c.next_at <= now, first)
            .order_by(outbox.c.priority, outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        due = sa.select(outbox.c.id).where(
            outbox.c.channel == channel, outbox.c.state == "queued", outbox.c.next_at <= now
        )
        with self._read() as connection:  # a look without the writer's lock: an idle sender disturbs nobody
            if connection.execute(due.limit(1)).first() is None:
                return []
        with self._write() as connection:
            rows = connection.execute(query).all()
            if rows:
                connection.execute(
                    sa.update(outbox)
                    .where(outbox.c.id.in_([row.id for row in rows]))
                    .values(state="claimed", claimed_by=sender, attempts=outbox.c.attempts + 1)
                )
        return [self._outgoing(row) for row in rows]

    @staticmethod
    def _outgoing(row: Any, uncertain: bool = False) -> Outgoing:
        try:
            address = unseal(row.address) if row.address else ""
        except ValueError:
            address = ""
        body = opened(row.body)
        outbound = Outbound.from_dict(body) if body else Outbound("text", "en", "")
        address = address if body else ""
        return Outgoing(
            row.id, row.channel, row.conversation, address, outbound, row.parts,
            row.attempts if uncertain else row.attempts + 1, row.created_at, uncertain, row.priority,
        )  # fmt: skip

    def next_due(self, channel: str) -> float | None:
        """When the next waiting message of a channel is due, in seconds since 1970; None if none waits."""
        query = sa.select(sa.func.min(outbox.c.next_at)).where(outbox.c.channel == channel, outbox.c.state == "queued")
        with self._read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else float(found)

    def take_up(self, sender: str, channel: str, busy: Collection[int] = ()) -> list[Outgoing]:
        """What a sender of that name left lying, because it died or lost the database: gives back what it had claimed, and
        returns what it was just sending. `busy`: rows that it has in hand."""
        mine = (outbox.c.channel == channel, outbox.c.claimed_by == sender, outbox.c.id.not_in(list(busy)))
        with self._read() as connection:
            left = sa.select(outbox.c.id).where(*mine, outbox.c.state.in_(("claimed", "sending")))
            if connection.execute(left.limit(1)).first() is None:
                return []
        with self._write() as connection:
            connection.execute(sa.update(outbox).where(*mine, outbox.c.state == "claimed").values(state="queued"))
            rows = connection.execute(
                sa.select(outbox).where(*mine, outbox.c.state == "sending").order_by(outbox.c.id)
            ).all()
        return [self._outgoing(row, uncertain=True) for row in rows]

    # --- what became of it -----------------------------------------------------------------------------------------------

    def sending(self, row: int) -> bool:
        """It goes to the provider now. False: it was given up in the meantime (the person wants nothing more)."""
        with self._write() as connection:
            changed = connection.execute(
                sa.update(outbox)
                .where(outbox.c.id == row, outbox.c.state.in_(("claimed", "sending")))
                .values(state="sending")
            )
        return bool(changed.rowcount)

    def taken(
        self, row: int, provider_id: str, parts: int, counts: Mapping[str, int] | None = None, *, last: bool = True
    ) -> None:
        """The provider has taken `parts` messages of it. `last`: that is all of it, wording and address are dropped.

        `counts` are added to the counters."""
        with self._write() as connection:
            connection.execute(
                sa.update(outbox)
                .where(outbox.c.id == row)
                .values(provider_id=provider_id[:200], parts=parts, reason=None)
            )
            if last:
                connection.execute(
                    sa.update(outbox)
                    .where(outbox.c.id == row, outbox.c.state.in_(UNSENT))
                    .values(state="sent", body=None, address=None, done_at=time.time())
                )
            self._count(connection, counts or {})

    def again(self, row: int, at: float, reason: str) -> None:
        """The provider surely did not take it: it waits until `at`."""
        with self._write() as connection:
            connection.execute(
                sa.update(outbox)
                .where(outbox.c.id == row, outbox.c.state.in_(UNSENT))
                .values(state="queued", next_at=at, reason=reason[:200])
            )

    def failed(self, row: int, reason: str) -> None:
        """It is not tried again: refused, or nobody can know."""
        with self._write() as connection:
            end(connection, "failed", reason, outbox.c.id == row, outbox.c.state.in_(UNSENT))

    def give_up(self, channel: str, before: float, late: Mapping[str, Outbound]) -> int:
        """Give up what has waited since `before` and is not in anybody's hands; returns how many messages.

        Who waited gets one message in place of all that came too late: `late` has it by language."""
        old = (outbox.c.channel == channel, outbox.c.state == "queued", outbox.c.created_at < before)
        with self._read() as connection:
            if connection.execute(sa.select(outbox.c.id).where(*old).limit(1)).first() is None:
                return 0
        with self._write() as connection:
            rows = connection.execute(sa.select(outbox).where(*old).order_by(outbox.c.id)).all()
            end(connection, "given_up", "too old", *old)
            said: set[str] = set()
            for row in reversed(rows):
                language = str(opened(row.body).get("language"))
                if row.position == LATE or row.priority != REPLY or row.conversation in said or language not in late:
                    continue
                said.add(row.conversation)
                connection.execute(
                    sa.insert(outbox).values(
                        inbox_id=row.inbox_id,
                        position=LATE,
                        channel=channel,
                        conversation=row.conversation,
                        body=sealed(late[language].to_dict()),
                        state="queued",
                        created_at=time.time(),
                        address=row.address,
                    )
                )
        return len(rows)

    def report(
        self, channel: str, state: str, reason: str = "", *, row: int | None = None, provider_id: str = ""
    ) -> str | None:
        """What the provider says later of a message (sent, delivered, failed), by our row or its id.

        Returns the conversation; None if the message is not known (any more). A late word never turns back a later state:
        "sent" after "delivered" changes nothing."""  # fmt: skip
        known = outbox.c.id == row if row is not None else outbox.c.provider_id == provider_id
        before = {
            "sent": ("sending", "failed"),
            "delivered": ("sending", "sent", "failed"),
            "failed": ("sending", "sent"),
        }[state]
        with self._write() as connection:
            found = connection.execute(
                sa.select(outbox.c.id, outbox.c.conversation).where(outbox.c.channel == channel, known).limit(1)
            ).first()
            if found is None:
                return None
            connection.execute(
                sa.update(outbox)
                .where(outbox.c.id == found.id, outbox.c.state.in_(before))
                .values(state=state, reason=reason[:200] or None, body=None, address=None, done_at=time.time())
            )
            if reason:
                self._count(connection, {f'outbox_failed_total{{channel="{channel}"}}': 1})
        return str(found.conversation)

    def stop(self, channel: str, conversation: str) -> int:
        """The person wants nothing more: what waits for them is given up, nothing new is sent; returns how many rows."""
        with self._write() as connection:
            try:
                with connection.begin_nested():
                    connection.execute(
                        sa.insert(opt_out).values(conversation=conversation, channel=channel, at=time.time())
                    )
            except IntegrityError:
                whole = sa.update(opt_out).where(opt_out.c.conversation == conversation).values(unasked_only=0)
                connection.execute(whole)
            return end(
                connection,
                "given_up",
                "opted out",
                outbox.c.conversation == conversation,
                outbox.c.channel == channel,
                outbox.c.state.in_(("queued", "claimed")),
            )

    def start(self, conversation: str) -> None:
        """The person can be written to again. What they asked of us themselves stays: nothing unasked."""
        if self.stopped(conversation):
            with self._write() as connection:
                connection.execute(
                    sa.delete(opt_out).where(opt_out.c.conversation == conversation, opt_out.c.unasked_only == 0)
                )

    def stopped(self, conversation: str, priority: int = REPLY) -> bool:
        """Whether the person wants nothing more: of a reply to what they write, or of anything else."""
        with self._read() as connection:
            query = sa.select(opt_out.c.conversation).where(opt_out.c.conversation == conversation)
            if priority == REPLY:
                query = query.where(opt_out.c.unasked_only == 0)
            return connection.execute(query).first() is not None

    # --- figures ----------------------------------------------------------------------------------------------------------

    def _count(self, connection: Connection, counts: Mapping[str, int]) -> None:
        for name, more in counts.items():
            changed = connection.execute(
                sa.update(counter).where(counter.c.name == name).values(value=counter.c.value + more)
            )
            if not changed.rowcount:
                connection.execute(sa.insert(counter).values(name=name, value=more))

    def counters(self) -> dict[str, int]:
        """All counters by name."""
        with self._read() as connection:
            return {row.name: int(row.value) for row in connection.execute(sa.select(counter).order_by(counter.c.name))}

    def states(self) -> dict[tuple[str, str], int]:
        """Rows by channel and state, of those that are kept."""
        query = sa.select(outbox.c.channel, outbox.c.state, sa.func.count()).group_by(outbox.c.channel, outbox.c.state)
        with self._read() as connection:
            return {(channel, state): int(rows) for channel, state, rows in connection.execute(query)}
