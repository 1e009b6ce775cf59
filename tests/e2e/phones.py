"""A person's phone on each channel, over the real servers and peers on this machine: what they write, what they see."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from bot.settings import Settings, load
from tests.channels.provider import Provider
from tests.channels.sms.wire import request as sms_request
from tests.channels.telegram.wire import SECRET, TOKEN
from tests.channels.whatsapp.wire import request as whatsapp_request
from tests.e2e.conftest import free_port, launch
from tests.peers import TelegramServer, telegram_server

QUIET = {"web": 0.1}
"""Seconds without another message after which an answer is whole; else 1.6: a person gets at most one a second behind the first few."""
PATIENCE = 30.0
SMS_NUMBER, WHATSAPP_NUMBER = "+447700900000", "+14155238886"


class Twilio(Provider):
    """A Twilio that takes everything and can list what it has taken."""

    def _handle(self, http: Any) -> None:
        address = urlsplit(http.path)
        if http.command == "GET" and address.path.endswith("/Messages.json"):
            to = dict(parse_qsl(address.query)).get("To")
            taken = [r.body for r in list(self.requests) if r.method == "POST" and r.body.get("To") == to]
            rows = [{"sid": "SM" + "1" * 32, "body": body["Body"], "direction": "outbound-api"} for body in taken[::-1]]
            with self._lock:
                self._answers = [{"json": {"messages": rows[:20], "page_size": 20, "next_page_uri": None}}]
        super()._handle(http)


@dataclass(frozen=True)
class Seen:
    """One message on the screen of a phone."""

    mine: bool
    text: str
    buttons: tuple[str, ...] = ()


@dataclass
class Phone(ABC):
    """Somebody on one channel; `screen` is everything that they have seen."""

    name: str
    screen: list[Seen] = field(default_factory=list)

    @abstractmethod
    def _write(self, text: str) -> None: ...

    @abstractmethod
    def _got(self) -> list[Seen]:
        """All messages that have reached the phone."""

    def say(self, text: str) -> list[Seen]:
        """Write something; what comes back."""
        before = len(self._got())
        self.screen.append(Seen(True, text))
        self._write(text)
        return self._answer(before, text)

    def _answer(self, before: int, about: str) -> list[Seen]:
        deadline, count, since = time.monotonic() + PATIENCE, before, time.monotonic()
        while time.monotonic() < deadline:
            now = len(self._got())
            if now != count:
                count, since = now, time.monotonic()
            elif count > before and time.monotonic() - since > QUIET.get(self.name, 1.6):
                break
            time.sleep(0.05)
        answers = self._got()[before:]
        assert answers, f"{self.name}: silence after {about!r}"
        self.screen += answers
        return answers


@dataclass
class TelegramPhone(Phone):
    """Telegram, through the fake Bot API server."""

    server: TelegramServer = None  # type: ignore[assignment]
    person: int = 4242001

    def _calls(self) -> list[dict[str, Any]]:
        return [
            c["body"] for c in self.server.calls("sendMessage") if str(c["body"].get("chat_id")) == str(self.person)
        ]

    def _write(self, text: str) -> None:
        self.server.user_message(text, person=self.person)

    def _got(self) -> list[Seen]:
        return [Seen(False, body["text"], tuple(label for label, _ in self._keys(body))) for body in self._calls()]

    @staticmethod
    def _keys(body: Mapping[str, Any]) -> list[tuple[str, str]]:
        markup = body.get("reply_markup") or {}
        markup = json.loads(markup) if isinstance(markup, str) else markup
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or ()
        return [(key["text"], key.get("callback_data", "")) for row in rows for key in row]

    def press(self, label: str, message: int = -1) -> list[Seen]:
        """Press a button of the last message (or of an older one)."""
        bodies = self._calls()
        body = bodies[message]
        data = dict(self._keys(body))[label]
        self.screen.append(Seen(True, f"[{label}]"))
        markup = body["reply_markup"]
        markup = json.loads(markup) if isinstance(markup, str) else markup
        self.server.user_callback(
            data, person=self.person, message={"message_id": 1, "reply_markup": markup, "text": body["text"]}
        )
        return self._answer(len(bodies), label)


@dataclass
class TwilioPhone(Phone):
    """SMS or WhatsApp, through a Twilio on this machine."""

    provider: Provider = None  # type: ignore[assignment]
    config: Settings = None  # type: ignore[assignment]
    bot_url: str = ""
    number: str = "+447700900123"
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def _write(self, text: str) -> None:
        prefix = "whatsapp:" if self.name == "whatsapp" else ""
        identifier = f"SM{self.number[1:]:0>20}{next(self._ids):0>12}"
        send = {"Body": text, "MessageSid": identifier, "SmsMessageSid": identifier, "From": prefix + self.number}
        arguments = (whatsapp_request if prefix else sms_request)({"send": send}, self.config)
        arguments["url"] = self.bot_url + arguments["url"]
        assert httpx.request(**arguments).status_code in (200, 204)

    def _got(self) -> list[Seen]:
        address = ("whatsapp:" if self.name == "whatsapp" else "") + self.number
        return [
            Seen(False, str(r.body.get("Body", "")))
            for r in list(self.provider.requests)
            if r.method == "POST" and r.path.endswith("/Messages.json") and r.body.get("To") == address
        ]


@dataclass
class WebPhone(Phone):
    """The web page, through the inspection contract."""

    bot_url: str = ""
    sender: str = "somebody"
    _seen: list[Seen] = field(default_factory=list)

    def _write(self, text: str) -> None:
        body = {"sender": self.sender, "message": text, "metadata": {"channel": "web"}}
        for row in httpx.post(f"{self.bot_url}/webhooks/rest/webhook", json=body, timeout=40).json():
            labels = tuple(button["title"] for button in row.get("buttons", ()))
            self._seen.append(Seen(False, row["text"], labels))

    def _got(self) -> list[Seen]:
        return list(self._seen)


@dataclass
class Phones:
    """Servers with every channel set up."""

    bot_url: str
    telegram_server: TelegramServer
    twilio: Provider
    config: Settings
    environment: dict[str, str]

    def telegram(self, person: int = 4242001) -> TelegramPhone:
        return TelegramPhone("telegram", server=self.telegram_server, person=person)

    def sms(self, number: str = "+447700900123") -> TwilioPhone:
        return TwilioPhone("sms", provider=self.twilio, config=self.config, bot_url=self.bot_url, number=number)

    def whatsapp(self, number: str = "+447700900123") -> TwilioPhone:
        return TwilioPhone("whatsapp", provider=self.twilio, config=self.config, bot_url=self.bot_url, number=number)

    def web(self, sender: str = "somebody") -> WebPhone:
        return WebPhone("web", bot_url=self.bot_url, sender=sender)


@contextlib.contextmanager
def phones(
    var: Path, prepared: Path, snapshot: Path, environment: Mapping[str, str], stderr: Any = None
) -> Iterator[Phones]:
    """Start all servers in `var` over a directory that is in `prepared`, with Telegram (polling), SMS and WhatsApp set up."""
    for name in ("directory.sqlite3", "secret.key"):
        if (prepared / name).exists():
            shutil.copy(prepared / name, var / name)
    if (prepared / "static").exists():
        shutil.copytree(prepared / "static", var / "static", dirs_exist_ok=True)
    taken = {"status": 201, "json": {"sid": "SM" + "0" * 32, "status": "queued", "error_code": None}}
    with (
        telegram_server(TOKEN) as telegram,
        Twilio({**taken, "json": {**taken["json"], "status": "active"}}) as twilio,
    ):
        own = {
            "WAYPOST_VAR": str(var),
            "WAYPOST_SNAPSHOT": str(snapshot),
            "BOT_PORT": str(free_port()),
            "DIRECTORY_PORT": str(free_port()),
            "WAYPOST_PUBLIC_URL": "https://bot.example.org",
            "WAYPOST_TELEGRAM_TOKEN": TOKEN,
            "WAYPOST_TELEGRAM_SECRET": SECRET,
            "WAYPOST_TELEGRAM_API": telegram.url,
            "WAYPOST_TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
            "WAYPOST_TWILIO_AUTH_TOKEN": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
            "WAYPOST_TWILIO_API": twilio.url,
            "WAYPOST_SMS_FROM": SMS_NUMBER,
            "WAYPOST_SMS_PER_SECOND": environment.get("WAYPOST_SMS_PER_SECOND", "20"),
            "WAYPOST_WHATSAPP_FROM": WHATSAPP_NUMBER,
        }
        whole = {**os.environ, **environment, **own}
        process = launch(whole, stderr)
        try:
            yield Phones(f"http://127.0.0.1:{own['BOT_PORT']}", telegram, twilio, load(own), whole)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
