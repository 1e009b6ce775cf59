"""Every table says how long it keeps what is in it, the purge does so, and nothing of what was deleted stays in the files."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.mailbox import Claim, Count, Mailbox, Outbox
from bot.mailbox.limits import DAY, FOREVER, LIMITS, seconds_of
from bot.mailbox.tables import metadata
from bot.messages import Inbound, Outbound
from bot.settings import Settings

HOURS, DAYS = 24.0, 30.0
TABLES = sorted(metadata.tables)


def turn(mailbox: Mailbox, person: str, number: int, memory: dict[str, Any] | None, **more: Any) -> Claim:
    mailbox.put(Inbound("sms", person, f"{number}", text="ZZWORDS"), "+447700900123")
    claim = mailbox.claim("w")
    assert claim
    counts = [Count("need", "food", "GR", "ESYE31", "en", "sms")]
    report = {"kind": "wrong", "service": "s-1", "language": "en", "day": time.strftime("%Y-%m-%d")}
    assert mailbox.finish(claim, [Outbound("text", "en", "ZZANSWER")], memory, [report], counts, report["day"], **more)
    return claim


def filled(mailbox: Mailbox) -> None:
    """At least one row in every table, of every state that a message can be in."""
    outbox = Outbox(mailbox._engine.url.render_as_string(hide_password=False))
    turn(mailbox, "a", 1, {"language": "ar", "place": {"name": "ZZTOWN"}})
    for number, left_as in enumerate(("queued", "claimed", "sending"), 2):
        turn(mailbox, f"{left_as}-person", number, {"language": "en"})
        if left_as != "queued":
            for row in outbox.claim("sender", "sms", 10):
                if left_as == "sending":
                    outbox.sending(row.id)
    turn(mailbox, "c", 5, {"language": "en"})
    for found in outbox.claim("sender", "sms", 10):
        outbox.taken(found.id, "SM1", 1, {'sms_segments_total{language="ti"}': 1})
    turn(mailbox, "d", 6, {"language": "en"})
    outbox.stop("sms", "b")
    mailbox.put(Inbound("sms", "never answered", "1", text="ZZWORDS"), "+447700900124")
    mailbox.put(Inbound("sms", "claimed for ever", "1", text="ZZWORDS"), "+447700900125")
    assert mailbox.claim("a worker that died")
    outbox.close()


def rows(mailbox: Mailbox) -> dict[str, int]:
    with mailbox._engine.connect() as connection:
        return {
            name: int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())
            for name, table in metadata.tables.items()
        }


@pytest.mark.parametrize("table", TABLES)
def test_every_table_declares_how_long_it_keeps(table: str) -> None:
    assert (table in LIMITS) != (table in FOREVER), f"say in bot/mailbox/limits.py how long {table} keeps a row"
    lengths = seconds_of(HOURS, DAYS)
    assert all(lengths[limit.length] > 0 and limit.column.table.name == table for limit in LIMITS.get(table, ()))
    if table in FOREVER:
        assert "conversation" not in metadata.tables[table].c, "a table that is kept for ever holds no person"


def test_no_limit_is_for_a_table_that_is_not_there() -> None:
    assert {*LIMITS, *FOREVER} == set(TABLES)


def test_the_defaults_are_those_that_are_promised() -> None:
    assert (Settings().reply_hours, Settings().retention_days) == (24, 30)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_is_older_than_its_limit(mailbox: Mailbox, table: str) -> None:
    """With a moved clock: the purge runs as it does in the gateway, again and again."""
    filled(mailbox)
    assert rows(mailbox)[table] > 0, "the test does not fill this table"
    lengths = seconds_of(HOURS, DAYS)
    longest = max((lengths[limit.length] for limit in LIMITS.get(table, ())), default=None)
    start = time.time()
    if longest is None:
        mailbox.purge(start + 1000 * DAY, reply_hours=HOURS, retention_days=DAYS)
        assert rows(mailbox)[table]
        return
    # What waits ends after `answers`, and then keeps its row as long as one that has been answered; a day counts whole.
    end = start + longest + lengths["answers"] + 2 * DAY
    moment = start
    while moment < end:
        mailbox.purge(moment, reply_hours=HOURS, retention_days=DAYS)
        moment += max(DAY / 2, longest / 20)
    mailbox.purge(end, reply_hours=HOURS, retention_days=DAYS)
    assert rows(mailbox)[table] == 0


@pytest.mark.parametrize("state", ["queued", "claimed", "sending"])
def test_words_and_addresses_end_with_the_answers_limit(mailbox: Mailbox, state: str) -> None:
    filled(mailbox)
    mailbox.purge(time.time() + HOURS * 3600 + 60, reply_hours=HOURS, retention_days=DAYS)
    with mailbox._engine.connect() as connection:
        for table in ("inbox", "outbox"):
            columns = metadata.tables[table].c
            kept = sa.select(sa.func.count()).where(sa.or_(columns.body.is_not(None), columns.address.is_not(None)))
            assert connection.execute(kept).scalar_one() == 0, (table, state)


def test_words_are_sealed_and_leave_the_files(tmp_path: Path) -> None:
    mailbox = Mailbox(f"sqlite:///{tmp_path}/mailbox.sqlite3")
    filled(mailbox)
    whole = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for words in (b"ZZWORDS", b"ZZANSWER", b"ZZTOWN", b"447700900"):
        assert words not in whole, "sealed while it waits"
    with mailbox._engine.connect() as connection:
        tokens = [row[0] for row in connection.exec_driver_sql("SELECT memory FROM conversation")]
        tokens += [row[0] for row in connection.exec_driver_sql("SELECT body FROM inbox WHERE body IS NOT NULL")]
        tokens += [row[0] for row in connection.exec_driver_sql("SELECT address FROM outbox WHERE address IS NOT NULL")]
    assert tokens and all(token.encode() in whole for token in tokens)
    for _ in range(2):
        mailbox.purge(time.time() + 400 * DAY, reply_hours=HOURS, retention_days=DAYS)
    mailbox.purge(time.time() + 500 * DAY, reply_hours=HOURS, retention_days=DAYS)
    mailbox.compact()
    assert (tmp_path / "mailbox.sqlite3-wal").stat().st_size == 0
    whole = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for token in tokens:
        assert token[:60].encode() not in whole and token[-60:].encode() not in whole, "not even sealed"


def test_the_log_of_the_database_is_cut_off(tmp_path: Path) -> None:
    mailbox = Mailbox(f"sqlite:///{tmp_path}/mailbox.sqlite3")
    turn(mailbox, "a", 1, {"language": "ar"})
    assert (tmp_path / "mailbox.sqlite3-wal").stat().st_size > 0
    mailbox.shorten_log()
    assert (tmp_path / "mailbox.sqlite3-wal").stat().st_size == 0
    turn(mailbox, "a", 2, {"language": "ar"})


def test_an_error_of_the_database_quotes_no_message(mailbox: Mailbox) -> None:
    with mailbox._engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE inbox RENAME TO elsewhere")
    try:
        with pytest.raises(sa.exc.SQLAlchemyError) as caught:
            mailbox.put(Inbound("sms", "a", "1", text="ZZWORDS"), "+447700900123")
        assert "ZZWORDS" not in str(caught.value) and "gAAAA" not in str(caught.value)
    finally:
        with mailbox._engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO inbox")


FORGOTTEN = [
    ("deleted", {"memory": None}, 0),  # "delete my data": the conversation goes, the last answer is still to be sent
    ("stopped", {"memory": {"language": "en"}, "stop": True}, 1),  # "stop": nothing more is sent
]


@pytest.mark.parametrize(("how", "arguments", "remembered"), FORGOTTEN, ids=[row[0] for row in FORGOTTEN])
def test_deleting_and_stopping_reach_every_table(
    mailbox: Mailbox, how: str, arguments: dict[str, Any], remembered: int
) -> None:
    url = mailbox._engine.url.render_as_string(hide_password=False)
    outbox = Outbox(url)
    for number in range(3):
        turn(mailbox, "a", number, {"language": "en"})
    claimed = outbox.claim("sender", "sms", 1)
    memory = arguments.pop("memory") if "memory" in arguments else {}
    last = turn(mailbox, "a", 9, memory, **arguments)
    arguments["memory"] = memory
    with mailbox._engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT inbox_id, state FROM outbox WHERE body IS NOT NULL").all()
        people = connection.exec_driver_sql("SELECT count(*) FROM conversation").scalar()
    assert [tuple(row) for row in kept] == [(last.id, "queued")], "only what confirms it is still to be sent"
    assert not outbox.sending(claimed[0].id), "what a sender had in hand is not sent any more"
    assert people == remembered
    assert outbox.stopped("a", 1) is (how == "stopped") and not outbox.stopped("a"), "who writes again is answered"
    if how == "deleted":
        for found in outbox.claim("sender", "sms", 5):
            outbox.sending(found.id)
            outbox.taken(found.id, "SM1", 1)
        mailbox.purge(time.time() + 3600, reply_hours=HOURS, retention_days=DAYS)
        left = rows(mailbox)
        assert (left["inbox"], left["outbox"], left["conversation"], left["opt_out"]) == (0, 0, 0, 0)


def test_quick_exit_leaves_nothing_even_of_a_message_that_is_being_answered(mailbox: Mailbox) -> None:
    turn(mailbox, "a", 1, {"language": "en"})
    turn(mailbox, "b", 1, {"language": "en"})
    mailbox.put(Inbound("web", "a", "2", text="ZZWORDS"))
    claim = mailbox.claim("w")
    assert claim and claim.inbound.conversation == "a"
    mailbox.put(Inbound("web", "a", "3", text="ZZWORDS"))
    mailbox.forget("a")
    assert not mailbox.finish(claim, [Outbound("text", "en", "ZZANSWER")], {"language": "en"})
    left = rows(mailbox)
    assert (left["inbox"], left["outbox"], left["conversation"]) == (1, 1, 1), "only of the other person"
