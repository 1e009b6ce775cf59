"""`kill -9` of any process while messages are in flight: none is lost, none is answered twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from bot.identity import conversation_id, load_key
from bot.mailbox import Mailbox
from bot.messages import Inbound
from bot.settings import settings
from tests.e2e.conftest import Servers, launch, wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

TOTAL, SENDERS = 200, 20
TEXTS = ("i need food in athens", "2", "bonjour", "محتاج محامي ببلاش، أنا بأثينا", "more", "boat is sinking we are 30")


@pytest.fixture(autouse=True)
def key_of_the_servers(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What this process puts into their mailbox is sealed with their key."""
    monkeypatch.setenv("WAYPOST_VAR", str(servers.var))
    settings.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()


@pytest.mark.parametrize("module", ["bot.worker", "bot.gateway", "manage.py"])
def test_killing_a_process(servers: Servers, module: str) -> None:
    mailbox = Mailbox(f"sqlite:///{servers.var}/mailbox.sqlite3")
    key = load_key(servers.var / "secret.key")
    conversations = [conversation_id("rest", f"{module}-{n}", key) for n in range(SENDERS)]

    def put() -> None:
        for number in range(TOTAL):
            mailbox.put(Inbound("rest", conversations[number % SENDERS], f"m{number}", text=TEXTS[number % len(TEXTS)]))
            time.sleep(0.005)

    thread = threading.Thread(target=put)
    thread.start()
    for _ in range(2 if module == "bot.worker" else 1):
        wait_until(lambda: servers.pids(module), 60, f"{module} runs")
        if module == "bot.worker":
            wait_until(
                lambda: mailbox.depth()["claimed"] or not mailbox.depth()["waiting"], 60, "a message is being answered"
            )
        time.sleep(0.3)
        for pid in servers.pids(module):
            os.kill(pid, signal.SIGKILL)
    thread.join()
    all_answered_once_in_order(mailbox, conversations)
    wait_until(lambda: servers.pids(module), 60, f"{module} was started again")
    wait_until(lambda: _healthy(servers), 60, "the gateway answers again")
    assert servers.person().say("hello")


def test_killing_the_watcher_ends_all_and_the_next_start_goes_on(servers: Servers) -> None:
    mailbox = Mailbox(f"sqlite:///{servers.var}/mailbox.sqlite3")
    key = load_key(servers.var / "secret.key")
    conversations = [conversation_id("rest", f"watcher-{n}", key) for n in range(SENDERS)]
    for number in range(TOTAL):
        mailbox.put(Inbound("rest", conversations[number % SENDERS], f"m{number}", text=TEXTS[number % len(TEXTS)]))
    servers.process.kill()
    servers.process.wait()
    wait_until(
        lambda: not servers.pids("bot.worker") and not servers.pids("bot.gateway"), 30, "the servers end with it"
    )
    servers.process = launch(servers.environment)
    all_answered_once_in_order(mailbox, conversations)
    assert servers.person().say("hello")


def all_answered_once_in_order(mailbox: Mailbox, conversations: list[str]) -> None:
    """Each of the TOTAL messages has answers of exactly one turn, and one sender's answers are in order."""
    wait_until(lambda: mailbox.depth()["waiting"] == mailbox.depth()["claimed"] == 0, 120, "all messages are answered")
    answered: list[str] = []
    for conversation in conversations:
        ids = [answer.provider_id for answer in mailbox.answers(conversation)]
        order = list(dict.fromkeys(ids))
        assert order == sorted(order, key=lambda i: int(i[1:])), "one sender's answers stay in order"
        per_message = {i: [a for a in mailbox.answers(conversation) if a.provider_id == i] for i in order}
        assert all(len({a.inbox_id for a in rows}) == 1 for rows in per_message.values())
        answered += order
    assert sorted(answered, key=lambda i: int(i[1:])) == [f"m{n}" for n in range(TOTAL)]


def _healthy(servers: Servers) -> bool:
    try:
        return servers.client.get("/healthz").status_code == 200
    except Exception:
        return False
