"""Changing the key: conversations that are open go on, what was sealed can be read for a while, and then by nobody (safety.md, P4)."""

from __future__ import annotations

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bot import identity
from bot.gateway import create_app
from bot.identity import conversation_id, drop_expired, earlier_ids, load_keys, rotate, seal, unseal
from bot.mailbox import Mailbox, Outbox
from bot.mailbox.limits import DAY
from bot.messages import Inbound, Outbound
from bot.settings import Settings, load


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    found = load({"WAYPOST_VAR": str(tmp_path)})
    monkeypatch.setattr(identity, "settings", lambda: found)
    yield found


def test_a_new_key_and_the_one_before_for_a_while(config: Settings) -> None:
    path = config.path("secret_file")
    first = load_keys(path)
    second = rotate(path, keep_days=30)
    third = rotate(path, keep_days=10)
    assert len({first.current, second.current, third.current}) == 3
    assert [key for key, _ in third.earlier] == [second.current, first.current]
    assert load_keys(path).current == third.current
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(path.parent.iterdir()) == [path], "no copy of a key is left beside it"
    now = time.time()
    for days, kept in ((9, 2), (11, 1), (31, 0)):
        assert len(load_keys(path, now + days * DAY).earlier) == kept
    assert drop_expired(path, now + 5 * DAY) == 0
    assert drop_expired(path, now + 11 * DAY) == 1 and second.current.hex() not in path.read_text()
    assert drop_expired(path, now + 31 * DAY) == 1 and first.current.hex() not in path.read_text()
    assert load_keys(path).current == third.current


@pytest.mark.parametrize("line", ["", "abcd 5", "00" * 32, "00" * 32 + " soon"])
def test_a_damaged_line_is_refused_not_guessed(config: Settings, line: str) -> None:
    path = config.path("secret_file")
    load_keys(path)
    path.write_text(path.read_text() + "\n" + line)
    if line:
        with pytest.raises(ValueError, match="key"):
            load_keys(path, now=0.0)
    else:
        assert load_keys(path).earlier == ()


def test_programs_that_run_take_it_up_and_read_what_was_sealed_before(config: Settings) -> None:
    path = config.path("secret_file")
    before, sealed = conversation_id("sms", "+447700900123"), seal("+447700900123")
    assert earlier_ids(before) == ()
    rotate(path, keep_days=30)
    after = conversation_id("sms", "+447700900123")
    assert after != before and earlier_ids(after) == (before,)
    assert unseal(sealed) == "+447700900123" and unseal(seal("x")) == "x"


def test_without_the_key_that_is_gone_nobody_reads_it(config: Settings) -> None:
    sealed = seal("+447700900123")
    rotate(config.path("secret_file"), keep_days=0)
    with pytest.raises(ValueError, match="another key"):
        unseal(sealed)


def test_an_open_conversation_goes_on(config: Settings) -> None:
    mailbox = Mailbox(config.mailbox_url)
    with TestClient(create_app(config), client=("127.0.0.1", 50000)) as client:
        client.get("/")
        client.post("/chat/messages", json={"id": "message-0001", "text": "hello"})
        claim = mailbox.claim("w")
        assert claim
        mailbox.finish(claim, [Outbound("text", "en", "first")], {"language": "ti"})
        client.post("/chat/messages", json={"id": "message-0002", "text": "and?"})
        rotate(config.path("secret_file"), keep_days=30)
        assert [row["text"] for row in client.get("/chat/replies").json()["replies"]] == ["first"], "what waits arrives"
        claim = mailbox.claim("w")
        assert claim and claim.memory == {"language": "ti"} and claim.inbound.text == "and?"
        mailbox.finish(claim, [Outbound("text", "en", "second")], {"language": "ti"})
        client.post("/chat/messages", json={"id": "message-0003", "text": "more"})
        claim = mailbox.claim("w")
        assert claim and claim.memory == {"language": "ti"}, "the memory came along"
        client.post("/chat/clear")
    with mailbox._engine.connect() as connection:
        for table in ("conversation", "inbox", "outbox"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0, table


def test_who_wants_nothing_more_still_gets_nothing(config: Settings) -> None:
    mailbox, outbox = Mailbox(config.mailbox_url), Outbox(config.mailbox_url)
    before = conversation_id("sms", "+447700900123")
    outbox.stop("sms", before)
    rotate(config.path("secret_file"), keep_days=30)
    after = conversation_id("sms", "+447700900123")
    assert mailbox.carry_over(after, earlier_ids(after)) and outbox.stopped(after)
    assert not mailbox.carry_over(after, earlier_ids(after)), "once is enough"


def test_two_conversations_that_become_one_keep_the_newer_memory(config: Settings) -> None:
    mailbox = Mailbox(config.mailbox_url)
    for name in ("old", "new"):
        mailbox.put(Inbound("sms", name, "1", text=name))
        claim = mailbox.claim("w")
        assert claim
        mailbox.finish(claim, [], {"language": name})
    assert mailbox.carry_over("new", ["old"])
    mailbox.put(Inbound("sms", "new", "2"))
    claim = mailbox.claim("w")
    assert claim and claim.memory == {"language": "new"}


def test_a_message_sealed_with_a_key_that_is_gone_is_answered_with_a_question(config: Settings) -> None:
    mailbox = Mailbox(config.mailbox_url)
    mailbox.put(Inbound("sms", "a", "1", text="hello"), "+447700900123")
    rotate(config.path("secret_file"), keep_days=0)
    claim = mailbox.claim("w")
    assert claim and claim.inbound == Inbound("sms", "a", "1") and claim.memory == {}


def test_sealed_addresses_end_with_the_answer(config: Settings) -> None:
    mailbox, outbox = Mailbox(config.mailbox_url), Outbox(config.mailbox_url)
    mailbox.put(Inbound("sms", "a", "1", text="hello"), "+447700900123")
    claim = mailbox.claim("w")
    assert claim
    mailbox.finish(claim, [Outbound("text", "en", "hi")], {})
    (row,) = outbox.claim("sender", "sms", 5)
    assert row.address == "+447700900123"
    outbox.sending(row.id)
    outbox.taken(row.id, "SM1", 1)
    with mailbox._engine.connect() as connection:
        for table in ("inbox", "outbox"):
            assert connection.exec_driver_sql(f"SELECT address, body FROM {table}").all() == [(None, None)], table
