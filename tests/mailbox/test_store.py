"""The mailbox's promise: in order for one sender, at once for others, once for each message."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from bot.mailbox import Mailbox
from bot.messages import Inbound, Outbound

DAY = 86400.0


def message(conversation: str, number: int | str, text: str = "hello") -> Inbound:
    return Inbound("rest", conversation, f"{conversation}-{number}", text=text)


def answer(text: str) -> Outbound:
    return Outbound("text", "en", text)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/mailbox.sqlite3"


def test_one_sender_in_order_others_not_delayed(mailbox: Mailbox) -> None:
    for number in range(3):
        mailbox.put(message("slow", number))
    mailbox.put(message("quick", 0))
    first = mailbox.claim("worker-1")
    second = mailbox.claim("worker-2")
    assert first and first.inbound.provider_id == "slow-0"
    assert second and second.inbound.provider_id == "quick-0", (
        "another sender is served while the first is being answered"
    )
    assert mailbox.claim("worker-3") is None, "the second message of a sender waits for the first"
    mailbox.finish(first, [answer("a")], {})
    third = mailbox.claim("worker-3")
    assert third and third.inbound.provider_id == "slow-1"


def test_a_repeated_provider_id_is_stored_once(mailbox: Mailbox) -> None:
    stored = mailbox.put(message("a", 1))
    again = mailbox.put(message("a", 1, text="resent"))
    other = mailbox.put(message("b", 1))
    assert (stored.new, again.new, again.id, other.new) == (True, False, stored.id, True)
    claims = [mailbox.claim("w"), mailbox.claim("w")]
    assert sorted(c.inbound.text for c in claims if c) == ["hello", "hello"]
    assert mailbox.claim("w") is None


def test_a_repeated_id_after_the_answer_is_not_answered_again(mailbox: Mailbox) -> None:
    mailbox.put(message("a", 1))
    claim = mailbox.claim("w")
    assert claim
    mailbox.finish(claim, [answer("once")], {})
    assert not mailbox.put(message("a", 1)).new
    assert mailbox.claim("w") is None


def test_memory_travels_with_the_claim(mailbox: Mailbox) -> None:
    mailbox.put(message("a", 1))
    claim = mailbox.claim("w")
    assert claim and claim.memory == {}
    mailbox.finish(claim, [], {"language": "ar", "place": {"lat": 1.5}})
    mailbox.put(message("a", 2))
    claim = mailbox.claim("w")
    assert claim and claim.memory == {"language": "ar", "place": {"lat": 1.5}}


def test_a_dead_worker_gives_its_message_back(mailbox: Mailbox) -> None:
    mailbox.put(message("a", 1))
    assert mailbox.claim("worker-1")
    assert mailbox.claim("worker-2") is None
    assert mailbox.release("worker-1") == 1
    again = mailbox.claim("worker-1")
    assert again and again.attempts == 2


def test_an_overdue_claim_is_taken_over_and_the_late_answer_dropped(mailbox: Mailbox) -> None:
    mailbox.put(message("a", 1))
    late = mailbox.claim("worker-1")
    assert late
    time.sleep(0.05)
    takeover = mailbox.claim("worker-2", lease_seconds=0.01)
    assert takeover and takeover.id == late.id
    assert mailbox.finish(takeover, [answer("in time")], {"n": 2})
    assert not mailbox.finish(late, [answer("too late")], {"n": 1})
    assert [a.outbound.text for a in mailbox.answers("a")] == ["in time"]


def test_answers_are_fetched_once_acknowledged(mailbox: Mailbox) -> None:
    for number in range(2):
        mailbox.put(message("a", number))
        claim = mailbox.claim("w")
        assert claim
        mailbox.finish(claim, [answer(f"{number}-first"), answer(f"{number}-second")], {})
    answers = mailbox.answers("a")
    assert [a.outbound.text for a in answers] == ["0-first", "0-second", "1-first", "1-second"]
    assert [a.provider_id for a in answers] == ["a-0", "a-0", "a-1", "a-1"]
    mailbox.delivered("a", answers[1].id)
    assert [a.outbound.text for a in mailbox.answers("a")] == ["1-first", "1-second"]
    assert mailbox.answers("someone else") == []


def test_words_do_not_stay_in_the_file(mailbox: Mailbox, url: str) -> None:
    mailbox.put(message("a", 1, text="ZZSENTINEL my name"))
    claim = mailbox.claim("w")
    assert claim
    mailbox.finish(claim, [answer("ZZANSWER")], {})
    mailbox.delivered("a", mailbox.answers("a")[-1].id)
    mailbox.close()
    path = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"ZZSENTINEL" not in content and b"ZZANSWER" not in content


def test_forgetting_leaves_only_the_last_answer(mailbox: Mailbox, url: str) -> None:
    mailbox.put(message("a", 1))
    claim = mailbox.claim("w")
    assert claim
    mailbox.finish(claim, [answer("old")], {"language": "fr"})
    mailbox.delivered("a", mailbox.answers("a")[-1].id)
    mailbox.put(message("a", 2, text="delete my data"))
    claim = mailbox.claim("w")
    assert claim
    mailbox.finish(claim, [answer("deleted")], None)
    assert [a.outbound.text for a in mailbox.answers("a")] == ["deleted"]
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        rows = {
            t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
            for t in ("conversation", "inbox", "outbox")
        }
    assert rows == {"conversation": 0, "inbox": 0, "outbox": 1}


@pytest.mark.parametrize(
    ("age_days", "left"),
    [
        (0.5, {"conversation": 1, "inbox": 1, "outbox": 1}),
        (1.5, {"conversation": 1, "inbox": 1, "outbox": 1}),  # the wording is gone, the row waits for its own purge
        (5, {"conversation": 1, "inbox": 0, "outbox": 1}),
        (31, {"conversation": 0, "inbox": 0, "outbox": 1}),
    ],
)
def test_purge_by_age(mailbox: Mailbox, url: str, age_days: float, left: dict[str, int]) -> None:
    mailbox.put(message("a", 1))
    claim = mailbox.claim("w")
    assert claim
    mailbox.finish(claim, [answer("never fetched")], {"language": "fr"})
    mailbox.purge(time.time() + age_days * DAY, reply_hours=24, retention_days=30)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        rows = {t: connection.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in left}
        bodies = connection.execute("SELECT count(*) FROM outbox WHERE body IS NOT NULL").fetchone()[0]
    assert rows == left
    assert bodies == (1 if age_days < 1 else 0)


def test_an_unanswered_message_is_not_left_in_silence(mailbox: Mailbox) -> None:
    mailbox.put(message("a", 1))
    mailbox.purge(time.time() + 0.9 * DAY, reply_hours=24, retention_days=30)
    assert mailbox.claim("w"), "within a day it waits for a worker"
    gone = mailbox.purge(
        time.time() + 2 * DAY, reply_hours=24, retention_days=30, late=lambda channel, language: answer("ask again")
    )
    assert gone["unanswered"] == 1 and mailbox.claim("w") is None
    assert [a.outbound.text for a in mailbox.answers("a")] == ["ask again"]


def test_many_threads_store_and_claim_without_loss(url: str) -> None:
    mailbox = Mailbox(url)
    senders, each = 8, 12
    done: list[str] = []
    lock = threading.Lock()

    def put(sender: int) -> None:
        for number in range(each):
            mailbox.put(message(f"s{sender}", number))

    def work(name: str) -> None:
        idle_until = time.monotonic() + 1.5
        while time.monotonic() < idle_until:
            claim = mailbox.claim(name)
            if claim is None:
                time.sleep(0.005)
                continue
            with lock:
                done.append(claim.inbound.provider_id)
            assert mailbox.finish(claim, [answer(claim.inbound.provider_id)], {})
            idle_until = time.monotonic() + 1.5

    threads = [threading.Thread(target=put, args=(s,)) for s in range(senders)]
    threads += [threading.Thread(target=work, args=(f"w{n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == sorted(f"s{s}-{n}" for s in range(senders) for n in range(each))
    for sender in range(senders):
        assert [a.outbound.text for a in mailbox.answers(f"s{sender}")] == [f"s{sender}-{n}" for n in range(each)]


def _slow_worker(url: str, name: str) -> None:
    mailbox = Mailbox(url)
    mailbox.release(name)
    while True:
        claim = mailbox.claim(name)
        if claim is None:
            time.sleep(0.005)
            continue
        time.sleep(0.01)
        mailbox.finish(claim, [answer(claim.inbound.provider_id)], {})


def test_killing_the_worker_again_and_again_loses_and_doubles_nothing(url: str) -> None:
    mailbox = Mailbox(url)
    total = 60
    for number in range(total):
        mailbox.put(message(f"s{number % 6}", number))
    context = multiprocessing.get_context("spawn")
    for _ in range(4):
        worker = context.Process(target=_slow_worker, args=(url, "worker-1"))
        worker.start()
        time.sleep(1.2)
        assert worker.pid
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        if mailbox.depth() == {"waiting": 0, "claimed": 0, "unfetched": total}:
            break
    worker = context.Process(target=_slow_worker, args=(url, "worker-1"))
    worker.start()
    deadline = time.monotonic() + 20
    while mailbox.depth()["unfetched"] < total and time.monotonic() < deadline:
        time.sleep(0.05)
    worker.kill()
    worker.join()
    texts = [a.outbound.text for s in range(6) for a in mailbox.answers(f"s{s}")]
    assert sorted(texts) == sorted(f"s{n % 6}-{n}" for n in range(total))
