"""Long polling, typing, buttons and the webhook with a fake Telegram of other people's (tests/peers)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.channels.base import OptedOut, Throttled
from bot.channels.telegram import Telegram
from bot.channels.telegram.commands import COMMANDS, menu_languages
from bot.messages import Inbound, Outbound
from tests.channels.inlet import RecordingInlet
from tests.channels.telegram import wire
from tests.channels.telegram.conftest import config_for, listening, until
from tests.peers import TelegramServer, telegram_server

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with telegram_server(wire.TOKEN) as server:
        yield server


def _texts(inlet: RecordingInlet) -> list[str]:
    return [message.text for message, _ in inlet.stored]


# --- polling ---------------------------------------------------------------------------------------------------------------


async def test_one_bad_update_stops_nothing(server: TelegramServer, tmp_path: Path) -> None:
    server.user_message("first")
    server.update({"message": {"message_id": 1, "date": "never", "chat": {"id": 4711, "type": "private"}, "text": "x"}})
    server.update({"message": {"chat": {"id": -5, "type": "group"}, "date": []}})
    server.update({"callback_query": 5})
    server.update({})
    server.update({"poll_answer": {"poll_id": 1}})
    server.user_message("last")
    inlet = RecordingInlet()
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: len(inlet.stored) >= 3)
    assert _texts(inlet) == ["first", "", "last"]
    assert inlet.stored[1][0].media == "unknown"
    assert inlet.counts["ignored"] == 4
    assert [address for _, address in inlet.stored] == ["4711"] * 3


async def test_what_is_stored_is_confirmed_when_we_stop(server: TelegramServer, tmp_path: Path) -> None:
    config = config_for(server.url, tmp_path)
    server.user_message("one")
    first, second = RecordingInlet(), RecordingInlet()
    async with listening(config, first):
        await until(lambda: len(first.stored) == 1)
        server.user_message("two")
        await until(lambda: len(first.stored) == 2)
    last = server.calls("getUpdates")[-1]["body"]
    assert last["timeout"] == "0" and int(last["offset"]) == int(first.stored[-1][0].provider_id) + 1
    async with listening(config, second):
        server.user_message("three")
        await until(lambda: second.stored)
    assert _texts(first) == ["one", "two"] and _texts(second) == ["three"]


async def test_stopping_is_quick_though_telegram_does_not_answer(server: TelegramServer, tmp_path: Path) -> None:
    inlet = RecordingInlet()
    server.user_message("one")
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: inlet.stored)
        await until(lambda: len(server.calls("getUpdates")) >= 2)
        server.fail("getUpdates", 200, {"ok": True, "result": []}, delay=30)
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < 5


class _Broken(RecordingInlet):
    """A mailbox that cannot store, so many times."""

    def __init__(self, error: Exception, times: int) -> None:
        super().__init__()
        self.error, self.times, self.tries = error, times, 0

    async def store(self, message: Inbound, address: str) -> bool:
        self.tries += 1
        if self.times:
            self.times -= 1
            raise self.error
        return await super().store(message, address)


async def test_what_could_not_be_stored_is_not_confirmed(server: TelegramServer, tmp_path: Path) -> None:
    server.user_message("one")
    server.user_message("two")
    inlet = _Broken(RuntimeError("the disk is full"), 2)
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: len(inlet.stored) == 2)
    assert _texts(inlet) == ["one", "two"] and inlet.tries == 4
    offsets = [int(call["body"]["offset"]) for call in server.calls("getUpdates")]
    assert offsets[:3] == [0, 0, 0] and offsets[3] > 0


async def test_what_can_never_be_stored_is_passed_over(server: TelegramServer, tmp_path: Path) -> None:
    server.user_message("one")
    server.user_message("two")
    inlet = _Broken(ValueError("not this one"), 1)
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: inlet.stored)
    assert _texts(inlet) == ["two"] and inlet.counts["malformed"] == 1


TROUBLE = {
    "too many requests": (429, {"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 2}}, "fewer"),
    "another program": (409, "Conflict: terminated by other getUpdates request; make sure that only one bot is running", "another program"),
    "refused token": (401, "Unauthorized", "token is refused"),
    "out of order": (502, "Bad Gateway", "status 502"),
    "cut off": (0, "", "connection broke"),
}  # fmt: skip


@pytest.mark.parametrize("name", TROUBLE)
async def test_trouble_is_said_once_and_waited_for(
    name: str, server: TelegramServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    status, body, said = TROUBLE[name]
    server.fail("getUpdates", status, body, times=2)
    server.user_message("hello")
    inlet = RecordingInlet()
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: inlet.stored)
    times = [call["t"] for call in server.calls("getUpdates")]
    assert times[1] - times[0] >= (1900 if status == 429 else 900) and times[2] - times[1] >= 1900
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(lines) == 1 and said in lines[0], lines
    assert any("works again" in record.getMessage() for record in caplog.records)


async def test_a_webhook_that_is_set_is_removed_first(server: TelegramServer, tmp_path: Path) -> None:
    httpx.post(f"{server.url}/bot{wire.TOKEN}/setWebhook", json={"url": "http://127.0.0.1:9/x"}).raise_for_status()
    inlet = RecordingInlet()
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: server.calls("getUpdates"))
        server.user_message("hello")
        await until(lambda: inlet.stored)
        # ... and when somebody sets one while we run
        httpx.post(f"{server.url}/bot{wire.TOKEN}/setWebhook", json={"url": "http://127.0.0.1:9/x"}).raise_for_status()
        await until(lambda: len(server.calls("deleteWebhook")) == 2)
        server.user_message("again")
        await until(lambda: len(inlet.stored) == 2)


async def test_telegram_is_down_at_the_start_and_comes_back(server: TelegramServer, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_connection("127.0.0.1", int(server.url.rsplit(":", 1)[1]))

        async def pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(pipe(reader, down), pipe(up, writer))

    server.user_message("hello")
    inlet = RecordingInlet()
    async with listening(config_for(f"http://127.0.0.1:{port}", tmp_path), inlet):
        await asyncio.sleep(1.5)
        assert not server.calls()
        way = await asyncio.start_server(forward, "127.0.0.1", port)
        await until(lambda: inlet.stored and len(server.calls("setMyCommands")) == len(menu_languages()))
        way.close()
    assert _texts(inlet) == ["hello"]


async def test_what_is_asked_for_and_the_menus(server: TelegramServer, tmp_path: Path) -> None:
    async with listening(config_for(server.url, tmp_path), RecordingInlet()):
        await until(lambda: server.calls("getUpdates") and len(server.calls("setMyCommands")) == len(menu_languages()))
        findings = await Telegram().check(config_for(server.url, tmp_path))
    asked = server.calls("getUpdates")[0]["body"]
    assert asked["timeout"] == "25" and asked["allowed_updates"] == '["message", "callback_query", "my_chat_member"]'
    menus = {call["body"].get("language_code", ""): call["body"]["commands"] for call in server.calls("setMyCommands")}
    assert set(menus) == set(menu_languages()) and len(set(menus.values())) == len(menus) - 1  # "" and en are the same
    assert all(f'"{name}"' in menus["ar"] for name in COMMANDS)
    assert all(finding.ok for finding in findings), findings


# --- typing, buttons, sending -----------------------------------------------------------------------------------------------


async def test_typing_is_shown_while_an_answer_takes_its_time(server: TelegramServer, tmp_path: Path) -> None:
    inlet = RecordingInlet(idle=False)
    async with listening(config_for(server.url, tmp_path), inlet):
        await until(lambda: server.calls("getUpdates"))
        server.user_message("hello")
        server.user_message("are you there")
        await until(lambda: len(server.calls("sendChatAction")) == 2)
        inlet.idle = True
        await asyncio.sleep(4.5)
    first, second = server.calls("sendChatAction")
    assert first["body"] == {"chat_id": "4711", "action": "typing"} and 3500 < second["t"] - first["t"] < 6000


async def test_typing_is_not_shown_if_the_answer_is_there(server: TelegramServer, tmp_path: Path) -> None:
    inlet = RecordingInlet(idle=True)
    async with listening(config_for(server.url, tmp_path), inlet):
        server.user_message("hello")
        await until(lambda: inlet.stored)
        await asyncio.sleep(0.8)
    assert not server.calls("sendChatAction")


async def test_a_button_from_us_comes_back_and_is_acknowledged(server: TelegramServer, tmp_path: Path) -> None:
    config, inlet = config_for(server.url, tmp_path), RecordingInlet()
    client = Telegram().client(config)
    outbound = Outbound("choices", "ar", "أي مكان؟", ("طرابلس، لبنان", "طرابلس، ليبيا"), token="ab12cd")
    for part in client.parts(outbound):
        assert await client.send("4711", part, 1)
    sent = server.calls("sendMessage")[0]["body"]
    markup = json.loads(sent["reply_markup"])
    data = markup["inline_keyboard"][1][0]["callback_data"]
    async with listening(config, inlet):
        server.user_callback(data, message={"message_id": 3, "text": sent["text"], "reply_markup": markup})
        await until(lambda: inlet.stored and server.calls("answerCallbackQuery"))
    message = inlet.stored[0][0]
    assert (message.text, message.label) == ("choice:2:ab12cd", "طرابلس، ليبيا")
    await client.close()


async def test_blocked_and_throttled_over_the_wire(server: TelegramServer, tmp_path: Path) -> None:
    client = Telegram().client(config_for(server.url, tmp_path))
    (part,) = client.parts(Outbound("text", "en", "hello"))
    server.fail("sendMessage", 403, "Forbidden: bot was blocked by the user")
    with pytest.raises(OptedOut):
        await client.send("4711", part, 1)
    server.fail("sendMessage", 429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 3}})
    with pytest.raises(Throttled) as raised:
        await client.send("4711", part, 1)
    assert raised.value.wait == 3.0
    assert await client.send("4711", part, 1)
    await client.reachable()
    await client.close()


# --- webhook ----------------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def _serving(server: TelegramServer, inlet: RecordingInlet, tmp_path: Path) -> AsyncIterator[None]:
    """A gateway with nothing but this channel, in webhook mode."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = config_for(
        server.url,
        tmp_path,
        telegram_mode="webhook",
        telegram_secret=wire.SECRET,
        public_url=f"http://127.0.0.1:{port}",
    )
    channel = Telegram()
    app = Starlette(routes=channel.routes(config, inlet))
    gateway = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="off", ws="none"))
    gateway.install_signal_handlers = lambda: None  # type: ignore[method-assign]
    task = asyncio.create_task(gateway.serve())
    await until(lambda: gateway.started)
    try:
        async with listening(config, inlet, channel):
            yield
    finally:
        gateway.should_exit = True
        await task


async def test_the_webhook(server: TelegramServer, tmp_path: Path) -> None:
    inlet = RecordingInlet(idle=False)
    server.fail("setWebhook", 502, "Bad Gateway", times=1)
    async with _serving(server, inlet, tmp_path):
        await until(lambda: len(server.calls("setWebhook")) == 2)
        body = server.calls("setWebhook")[-1]["body"]
        assert body["url"].endswith("/webhooks/telegram/webhook") and body["secret_token"] == wire.SECRET
        assert body["allowed_updates"] == '["message", "callback_query", "my_chat_member"]'
        update = wire.update_of({"message": {"text": "hello"}})
        # a button is answered though Telegram takes its time with the acknowledgement
        server.fail("answerCallbackQuery", 200, {"ok": True, "result": True}, delay=3)
        pressed = wire.update_of({"update_id": 9002, "callback_query": {"data": "choice:1:ab12cd"}})
        for data in (update, pressed):
            answer = await asyncio.to_thread(server.update, data)
            assert answer["status"] == 200 and answer["ms"] < 1500
        forged = await asyncio.to_thread(server.update, update, "another-secret-token")
        assert forged["status"] == 403
        await until(lambda: server.calls("answerCallbackQuery") and server.calls("sendChatAction"))
        await asyncio.to_thread(server.user_message, "from a person")
    assert _texts(inlet) == ["hello", "choice:1:ab12cd", "from a person"] and inlet.counts["forged"] == 1
    assert not server.calls("getUpdates")


async def test_what_the_webhook_could_not_store_is_delivered_again(server: TelegramServer, tmp_path: Path) -> None:
    inlet = _Broken(RuntimeError("locked"), 1)
    async with _serving(server, inlet, tmp_path):
        await until(lambda: server.calls("setWebhook"))
        await asyncio.sleep(0.2)
        await asyncio.to_thread(server.user_message, "hello")
        await until(lambda: inlet.stored)
    assert inlet.tries == 2 and _texts(inlet) == ["hello"]
