"""The gateway over a real mailbox: what it takes, what it refuses, how answers reach the page.

The worker's part is played by the mailbox itself: the tests claim and finish messages as a worker does.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot import gateway
from bot.gateway import FLOOD, MAX_BODY, MAX_WAITING, VISITOR, create_app
from bot.mailbox import Mailbox, ring
from bot.messages import Outbound
from bot.settings import Settings, load


@pytest.fixture
def config(tmp_path: Path) -> Settings:
    return load({"WAYPOST_VAR": str(tmp_path)})


@pytest.fixture
def client(config: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(config), client=("127.0.0.1", 50000)) as client:
        yield client


@pytest.fixture
def mailbox(config: Settings) -> Mailbox:
    return Mailbox(config.mailbox_url)


def say(client: TestClient, identifier: str = "message-0001", **body: Any) -> Any:
    return client.post("/chat/messages", json={"id": identifier, **body})


def work(mailbox: Mailbox, text: str = "answer") -> None:
    claim = mailbox.claim("test")
    assert claim
    mailbox.finish(claim, [Outbound("text", "en", text, ("Menu",), {"kind": "text"})], {"language": "en"})


def test_the_page_sets_an_id_that_scripts_cannot_read(client: TestClient) -> None:
    response = client.get("/", headers={"accept-language": "ar-SY,en;q=0.5"})
    assert 'dir="rtl"' in response.text and 'lang="ar"' in response.text
    cookie = response.headers["set-cookie"].lower()
    assert VISITOR in cookie and "httponly" in cookie and "samesite=strict" in cookie
    assert "unsafe-inline" not in response.headers["content-security-policy"]
    again = client.get("/")
    assert "set-cookie" not in again.headers, "a visitor keeps the id"


def test_message_and_answer(client: TestClient, mailbox: Mailbox) -> None:
    client.get("/")
    assert say(client, text="i need a doctor").status_code == 202
    assert client.get("/chat/replies").json() == {"replies": [], "waiting": 1}
    work(mailbox, "here")
    first = client.get("/chat/replies").json()
    assert [(r["text"], r["to"], r["choices"]) for r in first["replies"]] == [("here", "message-0001", ["Menu"])]
    assert client.get("/chat/replies").json() == first, "an answer stays until the page says that it arrived"
    after = first["replies"][-1]["id"]
    assert client.get(f"/chat/replies?after={after}").json() == {"replies": [], "waiting": 0}
    assert client.get("/chat/replies").json()["replies"] == [], "and is then gone for good"


def test_who_somebody_is_is_taken_out_before_it_is_stored(client: TestClient, mailbox: Mailbox) -> None:
    client.get("/")
    say(client, text="my name is Omar Haddad, +306941234567, i need food")
    claim = mailbox.claim("test")
    assert claim and claim.inbound.text == "my name is …, …, i need food"
    assert claim.inbound.metadata["redacted"] == ["name", "phone"]


def test_the_same_message_sent_again_is_answered_once(client: TestClient, mailbox: Mailbox) -> None:
    client.get("/")
    for _ in range(3):
        assert say(client, text="hello").status_code == 202
    work(mailbox)
    assert mailbox.claim("test") is None
    assert len(client.get("/chat/replies").json()["replies"]) == 1


def test_nobody_reads_another_visitors_answers(config: Settings, mailbox: Mailbox) -> None:
    with TestClient(create_app(config)) as one:
        one.get("/")
        say(one, text="mine")
        work(mailbox, "yours alone")
        one.cookies.clear()
        one.get("/")
        assert one.get("/chat/replies").json()["replies"] == []
        one.cookies.clear()
        assert one.get("/chat/replies").json()["replies"] == []


def test_a_long_poll_ends_with_the_answer(client: TestClient, mailbox: Mailbox, config: Settings) -> None:
    client.get("/")
    say(client, text="hello")

    def later() -> None:
        time.sleep(0.4)
        work(mailbox)
        ring(config.path("var") / "run", "gateway", mailbox_conversation(config))

    thread = threading.Thread(target=later)
    thread.start()
    started = time.monotonic()
    replies = client.get("/chat/replies?wait=20").json()["replies"]
    thread.join()
    assert len(replies) == 1 and time.monotonic() - started < 5


def mailbox_conversation(config: Settings) -> str:
    import sqlite3

    with sqlite3.connect(config.mailbox_url.removeprefix("sqlite:///")) as connection:
        return str(connection.execute("SELECT conversation FROM inbox").fetchone()[0])


BAD_CHAT = [
    ("no id", {"text": "hello"}, 400),
    ("id of another type", {"id": 5, "text": "hello"}, 400),
    ("short id", {"id": "x", "text": "hello"}, 400),
    ("path in the id", {"id": "../../../../etc", "text": "hello"}, 400),
    ("text of another type", {"id": "message-0001", "text": ["a"]}, 400),
    ("a list", ["hello"], 400),
    ("location without lon", {"id": "message-0001", "location": {"lat": 1}}, 400),
    ("location off the earth", {"id": "message-0001", "location": {"lat": 91, "lon": 0}}, 400),
    ("location beyond all numbers", {"id": "message-0001", "location": {"lat": 10**400, "lon": 0}}, 400),
    ("location of text", {"id": "message-0001", "location": {"lat": "north", "lon": "west"}}, 400),
]


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in BAD_CHAT], ids=[row[0] for row in BAD_CHAT])
def test_bad_chat_messages_get_a_clear_no(client: TestClient, mailbox: Mailbox, body: Any, status: int) -> None:
    client.get("/")
    response = client.post("/chat/messages", json=body)
    assert response.status_code == status and response.json()["error"]
    assert mailbox.claim("test") is None


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 30000, "application/json", 400),
        (b"id=a&text=b", "application/x-www-form-urlencoded", 415),
        (b'{"id": "message-0001"}', "text/plain", 415),
        (b" " * (MAX_BODY + 1), "application/json", 413),
    ],
    ids=["cut off", "not utf-8", "deeply nested", "a form", "plain text", "too large"],
)
@pytest.mark.parametrize("path", ["/chat/messages", "/webhooks/rest/webhook", "/model/parse"])
def test_bad_bodies(client: TestClient, path: str, content: bytes, content_type: str, status: int) -> None:
    response = client.post(path, content=content, headers={"content-type": content_type})
    assert response.status_code == status and response.json()["error"]


def test_a_flood_of_one_sender_is_held_back(client: TestClient, mailbox: Mailbox) -> None:
    client.get("/")
    statuses = [say(client, f"message-{n:04}", text="again").status_code for n in range(FLOOD + 4)]
    assert statuses == [202] * (FLOOD + 1) + [429] * 3, "the first of a flood is stored: a number to call is its answer"
    client.cookies.clear()
    client.get("/")
    assert say(client, "message-9999", text="another person").status_code == 202
    crowds = []
    while claim := mailbox.claim("test"):
        crowds.append(claim.inbound.crowd)
        mailbox.finish(claim, (), {})
    assert crowds.pop() == "", "of another person"
    assert Counter(crowds) == {"": MAX_WAITING, "first": 1, "more": FLOOD - MAX_WAITING - 1, "flood": 1}


def test_where_too_much_waits_everybody_gets_a_number(
    client: TestClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "OVERLOAD", 2)
    monkeypatch.setattr(gateway, "_DEPTH_SECONDS", 0.0)
    for number in range(3):
        client.cookies.clear()
        client.get("/")
        assert say(client, f"message-000{number}", text="hello").status_code == 202
    crowds = []
    while claim := mailbox.claim("test"):
        crowds.append(claim.inbound.crowd)
        mailbox.finish(claim, (), {})
    assert crowds == ["", "", "flood"]
    client.cookies.clear()
    client.get("/")
    say(client, "message-0009", text="hello")
    claim = mailbox.claim("test")
    assert claim and claim.inbound.crowd == "", "the work is done"


def test_a_position_is_rounded_before_it_is_stored(client: TestClient, mailbox: Mailbox) -> None:
    client.get("/")
    say(client, location={"lat": 12.345678, "lon": -98.765432})
    claim = mailbox.claim("test")
    assert (
        claim and claim.inbound.location and (claim.inbound.location.lat, claim.inbound.location.lon) == (12.35, -98.77)
    )


def test_a_long_message_is_cut(client: TestClient, mailbox: Mailbox, config: Settings) -> None:
    client.get("/")
    assert say(client, text="x" * 5000).status_code == 202
    claim = mailbox.claim("test")
    assert claim and len(claim.inbound.text) == config.max_message_chars


@pytest.mark.parametrize(
    ("cookie", "accept", "expected"),
    [
        ("", "", "en"),
        ("", "fr-CM,fr;q=0.9,en;q=0.8", "fr"),
        ("", "de,es;q=0.3,en;q=0.2", "es"),
        ("", "en;q=0.1,ar;q=0.9", "ar"),
        ("es", "fr", "es"),
        ("xx", "fr", "fr"),
        ("", "*;q=banana,fr", "fr"),
    ],
)
def test_language_of_the_page(client: TestClient, cookie: str, accept: str, expected: str) -> None:
    client.cookies.clear()
    if cookie:
        client.cookies.set("waypost_language", cookie)
    assert f'lang="{expected}"' in client.get("/", headers={"accept-language": accept}).text


def test_choosing_a_language_is_remembered(client: TestClient) -> None:
    chosen = client.get("/chat/strings?language=ar")
    assert chosen.json()["direction"] == "rtl"
    assert 'dir="rtl"' in client.get("/", headers={"accept-language": "fr"}).text
    assert client.get("/chat/strings?language=xx").status_code == 404


# --- inspection ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sender": "", "message": "hi"},
        {"sender": 5, "message": "hi"},
        {"sender": "a", "message": 5},
        {"sender": "a", "message": "hi", "metadata": "x"},
        {"sender": "a", "message": "hi", "metadata": {"channel": "fax"}},
        {"sender": "a", "message": "hi", "metadata": {"location": [1, 2]}},
    ],
    ids=json.dumps,
)
def test_bad_inspection_requests(client: TestClient, body: Any) -> None:
    response = client.post("/webhooks/rest/webhook", json=body)
    assert response.status_code == 400 and response.json()["error"]


@pytest.mark.parametrize("path", ["/webhooks/rest/webhook", "/model/parse"])
@pytest.mark.parametrize(
    ("address", "headers", "environ"),
    [
        ("203.0.113.5", {}, {}),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.5"}, {}),
        ("127.0.0.1", {}, {"WAYPOST_PRODUCTION": "1"}),
        ("127.0.0.1", {}, {"WAYPOST_INSPECTION": "0"}),
    ],
    ids=["from outside", "through a proxy", "production", "switched off"],
)
def test_inspection_is_for_this_machine_only(
    tmp_path: Path, path: str, address: str, headers: dict[str, str], environ: dict[str, str]
) -> None:
    app = create_app(load({"WAYPOST_VAR": str(tmp_path), **environ}))
    with TestClient(app, client=(address, 50000)) as client:
        response = client.post(path, json={"sender": "a", "message": "hi", "text": "hi"}, headers=headers)
    assert response.status_code == 404


def test_health(client: TestClient) -> None:
    client.get("/")
    say(client, text="hello")
    assert client.get("/healthz").json() == {"status": "ok", "waiting": 1, "claimed": 0, "unfetched": 0}
    assert "waypost_gateway_received_total 1" in client.get("/metrics").text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/chat/messages", {"id": "message-0001", "text": "help \ud83d"}, 202),
        ("/webhooks/rest/webhook", {"sender": "\ud800", "message": "help"}, 504),
        (
            "/webhooks/rest/webhook",
            {"sender": "a", "message": "\ud800", "metadata": {"id": "\ud800", "media": "\ud800"}},
            504,
        ),
        ("/model/parse", {"text": "\ud800"}, 504),
    ],
)
def test_half_of_an_emoji_is_no_reason_to_lose_a_message(
    client: TestClient, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any], status: int
) -> None:
    """Found by fuzzing: a page that cuts a text inside an emoji sends a lone surrogate, which could not be stored."""
    monkeypatch.setattr("bot.gateway.INSPECTION_WAIT", 0.0)
    answer = client.post(path, content=json.dumps(body).encode(), headers={"content-type": "application/json"})
    assert answer.status_code == status
    claim = mailbox.claim("test")
    assert claim and claim.inbound.text.encode()
