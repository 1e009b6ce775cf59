"""The peers themselves: that they run, and that they refuse what the real ones refuse."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, Forbidden, RetryAfter
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests import peers
from tests.channels.provider import Provider
from tests.peers import TELEGRAM_SPEC, TWILIO_SPEC, TelegramServer, prism, schema, telegram_server

ACCOUNT = "AC" + "a" * 32


@pytest.fixture(scope="module")
def twilio() -> Iterator[str]:
    with prism(TWILIO_SPEC) as url:
        yield url


@pytest.fixture(scope="module")
def telegram_spec() -> Iterator[str]:
    with prism(TELEGRAM_SPEC) as url:
        yield url


@pytest.fixture(scope="module")
def one_telegram() -> Iterator[TelegramServer]:
    with telegram_server() as server:
        yield server


def _bot(url: str) -> Bot:
    return Bot(peers.TOKEN, base_url=f"{url}/bot")


pytestmark = pytest.mark.filterwarnings("ignore:Please use 'Bot:UserWarning")  # the raw answers are what is tested


# --- the fake Telegram ---------------------------------------------------------------------------------------------------


async def test_a_real_bot_talks_to_it(one_telegram: TelegramServer) -> None:
    async with _bot(one_telegram.url) as bot:
        assert (await bot.get_me()).username == "TestNameBot"
        one_telegram.user_message("مرحبا")
        one_telegram.user_message(location={"latitude": 52.5, "longitude": 13.4}, person=12)
        one_telegram.user_callback("choice:1:ab12cd", message={"reply_markup": {"inline_keyboard": []}})
        one_telegram.update({"edited_message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}})
        one_telegram.update({"update_id": 9000, "poll": {"id": 7}})
        raw: Any = await bot.do_api_request("getUpdates")
        text, pin, button, edited, poll = raw
        assert text["message"]["text"] == "مرحبا" and text["message"]["from"]["id"] == peers.PERSON
        assert pin["message"]["location"]["latitude"] == 52.5 and pin["message"]["chat"]["id"] == 12
        assert button["callback_query"]["data"] == "choice:1:ab12cd" and "text" not in pin["message"]
        assert "edited_message" in edited and (poll["update_id"], poll["poll"]) == (9000, {"id": 7})
        for row in raw[:3]:
            assert Update.de_json(row, bot)
        offset = button["update_id"]
        rest: Any = await bot.do_api_request("getUpdates", {"offset": offset})
        assert [row["update_id"] for row in rest] == [row["update_id"] for row in raw[2:]]
        assert not await bot.do_api_request("getUpdates", {"offset": 9001, "timeout": 0})
        await bot.send_message(5, "hello")
    sent = one_telegram.wait_for("sendMessage")[-1]
    assert (sent["body"]["chat_id"], sent["body"]["text"]) == ("5", "hello")


async def test_it_refuses_as_telegram_does(one_telegram: TelegramServer) -> None:
    def keyboard(*data: str) -> str:
        return json.dumps({"inline_keyboard": [[{"text": "x", "callback_data": d}] for d in data]})

    async with _bot(one_telegram.url) as bot:
        for text, markup in (
            ("", None),
            ("x" * 4097, None),
            ("x", keyboard("م" * 33)),
            ("x", keyboard(*["1"] * 101)),
            ("x", "{"),
        ):
            with pytest.raises(BadRequest):
                await bot.do_api_request("sendMessage", {"chat_id": 5, "text": text, "reply_markup": markup})
        await bot.do_api_request("sendMessage", {"chat_id": 5, "text": "x" * 4096, "reply_markup": keyboard("م" * 32)})
        one_telegram.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
        with pytest.raises(Forbidden):
            await bot.send_message(5, "x")
        body = {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 3}}
        one_telegram.fail("sendMessage", 429, body, times=2)
        for _ in range(2):
            with pytest.raises(RetryAfter):
                await bot.send_message(5, "x")
        await bot.send_message(5, "x")
        await bot.set_my_commands([("menu", "Menü")], language_code="tr")
        assert (await bot.get_my_commands(language_code="tr"))[0].description == "Menü"
        assert await bot.get_my_commands() == ()


async def test_a_webhook_with_its_secret() -> None:
    seen: list[tuple[str | None, dict[str, Any]]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            seen.append((self.headers.get("x-telegram-bot-api-secret-token"), body))
            self.send_response(200 if len(seen) > 1 else 500)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    with telegram_server() as server:
        async with _bot(server.url) as bot:
            url = f"http://127.0.0.1:{hook.server_address[1]}/x"
            await bot.set_webhook(url, secret_token="a-secret-of-the-right-form")
            assert (await bot.get_webhook_info()).url == url
            with pytest.raises(Conflict):
                await bot.do_api_request("getUpdates")
            server.user_message("twice")  # the first try is refused
            until = time.monotonic() + 10
            while len(seen) < 2 and time.monotonic() < until:
                await asyncio.sleep(0.05)
            forged = await asyncio.to_thread(server.update, {"message": {}}, "wrong")
            await bot.delete_webhook()
            assert await bot.do_api_request("getUpdates") == []
    hook.shutdown()
    hook.server_close()
    assert [secret for secret, _ in seen] == ["a-secret-of-the-right-form"] * 2 + ["wrong"]
    assert seen[1][1]["message"]["text"] == "twice" and forged["status"] == 200 and seen[2][1]["update_id"]


# --- Telegram's specification --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "form", "status"),
    [
        ("getMe", {}, 200),
        ("sendMessage", {"chat_id": "5", "text": "x" * 4096, "reply_markup": "{}"}, 200),
        ("sendMessage", {"chat_id": "5", "text": "x" * 4097}, 422),
        ("sendMessage", {"chat_id": "5", "text": ""}, 422),
        ("sendMessage", {"text": "x"}, 422),
        ("sendChatAction", {"chat_id": "5", "action": "typing"}, 200),
        ("sendChatAction", {"chat_id": "5"}, 422),
        ("answerCallbackQuery", {"callback_query_id": "5"}, 200),
        ("answerCallbackQuery", {}, 422),
        ("setMyCommands", {"commands": '[{"command": "menu", "description": "Menu"}]', "language_code": "ar"}, 200),
        ("setWebhook", {"url": "https://bot.example.org/x", "secret_token": "s" * 256}, 200),
        ("setWebhook", {"url": "https://bot.example.org/x", "secret_token": "s" * 257}, 422),
        ("deleteWebhook", {"drop_pending_updates": "false"}, 200),
        ("getWebhookInfo", {}, 200),
        ("getUpdates", {"offset": "5", "timeout": "25", "limit": "100"}, 200),
        ("getUpdates", {"limit": "500"}, 422),
        ("sendNothing", {}, 404),
    ],
)
def test_telegrams_specification(telegram_spec: str, method: str, form: dict[str, str], status: int) -> None:
    answer = httpx.post(f"{telegram_spec}/bot{peers.TOKEN}/{method}", data=form or None)
    assert answer.status_code == status, answer.text
    assert answer.json().get("ok") is (True if status == 200 else None)


def test_a_keyboard_is_checked_by_its_schema() -> None:
    keyboard = schema(TELEGRAM_SPEC, "InlineKeyboardMarkup")
    jsonschema.validate({"inline_keyboard": [[{"text": "One", "callback_data": "1"}]]}, keyboard)
    for wrong in (
        {},
        {"inline_keyboard": [[{"callback_data": "1"}]]},
        {"inline_keyboard": [{"text": "x", "callback_data": "1"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, keyboard)


# --- Twilio's specification ----------------------------------------------------------------------------------------------

GOOD = {
    "To": "+447700900123",
    "From": "+447700900000",
    "Body": "مرحبا",
    "StatusCallback": "https://bot.example.org/s?row=7",
}


@pytest.mark.parametrize(
    ("form", "status"),
    [
        (GOOD, 201),
        ({**GOOD, "MediaUrl": ["https://example.org/1", "https://example.org/2"]}, 201),
        ({**GOOD, "ContentSid": "HX" + "b" * 32, "ContentVariables": "{}"}, 201),
        ({**GOOD, "MessagingServiceSid": "MG" + "b" * 32, "ValidityPeriod": "3600"}, 201),
        ({"From": "+447700900000", "Body": "x"}, 422),
        ({**GOOD, "ContentSid": "HX"}, 422),
        ({**GOOD, "MessagingServiceSid": "b" * 34}, 422),
        ({**GOOD, "StatusCallback": "no address"}, 422),
    ],
)
def test_twilios_specification(twilio: str, form: dict[str, Any], status: int) -> None:
    url = f"{twilio}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    answer = httpx.post(url, data=form, auth=(ACCOUNT, "token"))
    assert answer.status_code == status, answer.text
    if status == 201:
        assert answer.json()["sid"].startswith("SM")


def test_twilio_without_credentials(twilio: str) -> None:
    assert httpx.post(f"{twilio}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=GOOD).status_code == 401
    wrong = httpx.post(f"{twilio}/2010-04-01/Accounts/AC12/Messages.json", data=GOOD, auth=("AC12", "token"))
    assert wrong.status_code == 422


def test_twilios_library_against_its_specification(twilio: str) -> None:
    client = Client(ACCOUNT, "token")
    client.api.base_url = twilio
    assert client.messages.create(to="+447700900123", from_="+447700900000", body="x").status == "queued"
    assert client.messages.list(to="+447700900123", limit=1)
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="+447700900123", content_sid="HX1")
    assert refused.value.status == 422


# --- the rest ------------------------------------------------------------------------------------------------------------


def test_without_node_the_test_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(pytest.skip.Exception, match=r"node is not installed: install Node\.js"):
        peers.npm(peers.PRISM)


def test_without_the_registry_the_test_is_skipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(peers, "ROOT", tmp_path)
    with Provider(answers={"status": 404, "json": {}}) as registry:
        monkeypatch.setenv("npm_config_registry", registry.url)
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
        with pytest.raises(pytest.skip.Exception, match="registry must be reached"):
            peers.npm("no-such-package@1.0.0")
    assert not list(tmp_path.rglob("installed"))


def test_a_peer_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(RuntimeError, match="did not start"), prism(tmp_path / "broken.json"):
        pass
