"""Every request that we make, against Telegram's own specification under Prism (tests/peers)."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import jsonschema
import pytest

from bot.channels.telegram import Telegram
from bot.channels.telegram.receive import Receiver
from bot.messages import Outbound
from bot.replies.render import word
from bot.replies.samples import DETAILS, LANGUAGES, NOW, SERVICES, crisis
from tests.channels.inlet import RecordingInlet
from tests.channels.tables import with_token
from tests.channels.telegram import wire
from tests.channels.telegram.conftest import config_for, listening, until
from tests.peers import TELEGRAM_SPEC, prism, schema

pytestmark = pytest.mark.slow

UNDER_TEST = {
    "getMe", "getUpdates", "sendMessage", "sendChatAction", "answerCallbackQuery", "setMyCommands", "deleteWebhook",
    "setWebhook", "getWebhookInfo",
}  # fmt: skip


class Between:
    """Passes requests on to Prism and remembers what it says of them; getUpdates takes its time, as it does at Telegram."""

    def __init__(self, prism_url: str) -> None:
        self.seen: list[tuple[str, dict[str, str], int, str]] = []
        between = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {"content-type": self.headers.get("content-type") or "application/x-www-form-urlencoded"}
                answer = httpx.post(prism_url + self.path, content=body, headers=headers, timeout=30)
                method = self.path.rsplit("/", 1)[1]
                fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
                between.seen.append((method, fields, answer.status_code, answer.text))
                content = answer.content
                if method == "getUpdates" and answer.status_code == 200:
                    threading.Event().wait(0.3)
                    content = b'{"ok": true, "result": []}'
                self.send_response(answer.status_code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: Any) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def refused(self) -> list[tuple[str, str]]:
        return [(method, text[:500]) for method, _, status, text in self.seen if status >= 400]


@pytest.fixture(scope="module")
def prism_url() -> Iterator[str]:
    with prism(TELEGRAM_SPEC) as url:
        yield url


@pytest.fixture
def between(prism_url: str) -> Iterator[Between]:
    between = Between(prism_url)
    yield between
    between.http.shutdown()
    between.http.server_close()


def test_the_specification_refuses_what_is_wrong(prism_url: str) -> None:
    url = f"{prism_url}/bot{wire.TOKEN}/sendMessage"
    assert httpx.post(url, data={"chat_id": "1", "text": "x" * 4097}).status_code == 422
    assert httpx.post(url, data={"chat_id": "1"}).status_code == 422
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"inline_keyboard": [[{"label": "x"}]]}, schema(TELEGRAM_SPEC, "InlineKeyboardMarkup"))


async def test_what_listen_asks(between: Between, tmp_path: Path) -> None:
    for mode in ("polling", "webhook"):
        config = config_for(
            between.url, tmp_path, telegram_mode=mode, telegram_secret=wire.SECRET, public_url="https://bot.example.org"
        )
        menus = len([1 for method, *_ in between.seen if method == "setMyCommands"])
        last = "getUpdates" if mode == "polling" else "setWebhook"
        async with listening(config, RecordingInlet()):
            await until(
                lambda menus=menus, last=last: (  # type: ignore[misc]
                    sum(method == "setMyCommands" for method, *_ in between.seen) - menus >= 19
                    and any(method == last for method, *_ in between.seen)
                ),
                60,
            )
    receiver = Receiver(config, RecordingInlet(idle=False))
    await receiver.take(wire.update_of({"message": {"text": "hello"}}))
    await receiver.take(wire.update_of({"callback_query": {"data": "choice:1"}}))
    await asyncio.sleep(2)
    await receiver.close()
    client = Telegram().client(config)
    await client.reachable()
    await client.close()
    await Telegram().check(config)
    asked = {method for method, *_ in between.seen}
    assert UNDER_TEST - {"sendMessage"} <= asked
    # the specification here has no getMyCommands, which only the check asks
    assert [refused for refused in between.refused() if refused[0] != "getMyCommands"] == []
    command = schema(TELEGRAM_SPEC, "BotCommand")
    for method, fields, *_ in between.seen:
        if method == "setMyCommands":
            for row in json.loads(fields["commands"]):
                jsonschema.validate(row, command)


async def test_what_is_sent_in_every_language(between: Between, tmp_path: Path) -> None:
    client = Telegram().client(config_for(between.url, tmp_path))
    messages = [
        with_token(word(reply, code, channel="telegram", now=NOW, country="GR"))
        for code in LANGUAGES
        for reply in (SERVICES, DETAILS, crisis("112"))
    ]
    messages += [Outbound("question", code, "?", ask_location=True) for code in LANGUAGES]
    messages += [Outbound("text", "am", "ቢሮው ዛሬ ክፍት ነው። " * 600), Outbound("text", "en", "x" * 9000)]
    for outbound in messages:
        for part in client.parts(outbound):
            await client.send(wire.ADDRESS, part, 1)
    await client.close()
    assert len(between.seen) >= len(messages) and between.refused() == []
    shapes = {
        "inline_keyboard": "InlineKeyboardMarkup",
        "keyboard": "ReplyKeyboardMarkup",
        "remove_keyboard": "ReplyKeyboardRemove",
    }
    seen = set()
    for _, fields, *_ in between.seen:
        markup = json.loads(fields.get("reply_markup", "null"))
        if markup:
            (shape,) = [shape for shape in shapes if shape in markup]
            jsonschema.validate(markup, schema(TELEGRAM_SPEC, shapes[shape]))
            seen.add(shape)
    assert seen == set(shapes)
