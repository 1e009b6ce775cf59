"""The outbox on SQLite and, where WAYPOST_TEST_POSTGRES names a database that may be emptied, on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bot.mailbox import Mailbox, Outbox
from bot.mailbox.outgoing import BROADCAST
from bot.mailbox.tables import create_engine
from bot.messages import Inbound, Outbound

NOW = 2e9


def answered(url: str, person: str, *texts: str, priority: int = 0) -> None:
    """A message of a person with its answers in the outbox."""
    mailbox = Mailbox(url)
    mailbox.put(Inbound("sms", person, f"{person}-{texts}", text="hi"), f"+4477{person}")
    claim = mailbox.claim("w")
    assert claim and mailbox.finish(claim, [Outbound("text", "en", text) for text in texts], {})
    if priority:
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(
                sa.text("UPDATE outbox SET priority = :p WHERE conversation = :c"), {"p": priority, "c": person}
            )
        engine.dispose()
    mailbox.close()


def claimed(outbox: Outbox, limit: int = 10, now: float = NOW) -> list[str]:
    return [o.outbound.text for o in outbox.claim("s", "sms", limit, now)]


def test_one_at_a_time_for_one_person_in_order(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "a1", "a2")
    answered(url, "b", "b1")
    first = outbox.claim("s", "sms", 10, NOW)
    assert [(o.outbound.text, o.address) for o in first] == [("a1", "+4477a"), ("b1", "+4477b")]
    assert claimed(outbox) == [], "a2 waits for a1, in whatever hands it is"
    outbox.taken(first[0].id, "SM1", 1)
    assert claimed(outbox) == ["a2"]


def test_a_message_that_waits_holds_back_the_later_ones(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "a1", "a2")
    (first,) = outbox.claim("s", "sms", 10, NOW)
    outbox.again(first.id, NOW + 5, "busy")
    assert claimed(outbox) == [] and outbox.next_due("sms") == 0
    assert [o.attempts for o in outbox.claim("s", "sms", 10, NOW + 6)] == [2]


def test_replies_go_before_broadcasts(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "broadcast", priority=BROADCAST)
    answered(url, "b", "broadcast 2", priority=BROADCAST)
    answered(url, "a", "reply")
    assert claimed(outbox) == ["reply", "broadcast 2"]


def test_a_sender_that_died(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "a1")
    answered(url, "b", "b1")
    one, other = outbox.claim("s", "sms", 10, NOW)
    assert outbox.sending(one.id)
    assert [(o.id, o.uncertain, o.attempts) for o in outbox.take_up("s", "sms")] == [(one.id, True, 1)]
    assert [o.id for o in outbox.claim("s", "sms", 10, NOW)] == [other.id], "what was only claimed is given back"
    assert outbox.take_up("another", "sms") == [] == outbox.take_up("s", "telegram")


def test_too_old(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "a1", "a2")
    answered(url, "b", "b1", priority=BROADCAST)
    late = {"en": Outbound("text", "en", "too late")}
    assert outbox.give_up("sms", 0.0, late) == 0
    assert outbox.give_up("sms", NOW, late) == 3
    assert claimed(outbox) == ["too late"], "once for the person who asked, not for a broadcast"
    assert outbox.give_up("sms", NOW, late) == 0, "what is in a sender's hands is left there"


def test_stopping_and_starting(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "a1", "a2")
    (first,) = outbox.claim("s", "sms", 1, NOW)
    assert outbox.stop("sms", "a") == 2 and outbox.stop("sms", "a") == 0
    assert outbox.stopped("a") and not outbox.sending(first.id), "not even what is in a sender's hands goes out"
    outbox.start("a")
    assert not outbox.stopped("a")


def test_counters_add_up(url: str) -> None:
    outbox = Outbox(url)
    answered(url, "a", "a1", "a2")
    for name in ("a1", "a2"):
        (message,) = outbox.claim("s", "sms", 1, NOW)
        assert message.outbound.text == name
        outbox.taken(message.id, "SM", 1, {'sms_segments_total{language="en"}': 2})
    assert outbox.counters() == {'sms_segments_total{language="en"}': 4}
    assert outbox.states() == {("sms", "sent"): 2}


def test_a_mailbox_of_an_older_version_gets_its_new_columns(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.sqlite3"
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, inbox_id INTEGER NOT NULL, position INTEGER NOT NULL, "
            "channel VARCHAR(32) NOT NULL, conversation VARCHAR(32) NOT NULL, body TEXT, state VARCHAR(10) NOT NULL, "
            "created_at FLOAT NOT NULL, done_at FLOAT)"
        )
        connection.exec_driver_sql("INSERT INTO outbox VALUES (7, 1, 0, 'web', 'c', '{}', 'delivered', 1, 1)")
    engine.dispose()
    answered(url, "a", "a1")
    outbox = Outbox(url)
    assert claimed(outbox) == ["a1"] and outbox.states()[("web", "delivered")] == 1
