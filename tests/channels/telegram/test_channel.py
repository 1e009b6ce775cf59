"""Settings, check, buttons beyond the limit, and what is never logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telegram.error import RetryAfter

from bot.channels.telegram import Telegram, channel
from bot.channels.telegram.api import send_error
from bot.channels.telegram.client import MOST_BUTTONS, TelegramClient
from bot.channels.telegram.commands import COMMANDS, commands, menu_languages
from bot.intents import INTENTS
from bot.languages import served
from bot.logs import configure
from bot.messages import Outbound
from bot.replies.labels import MEANS
from bot.settings import load
from tests.channels.inlet import RecordingInlet
from tests.channels.provider import Provider, closed_url
from tests.channels.telegram import wire
from tests.channels.telegram.conftest import config_for, listening, until

GOOD = {f"WAYPOST_{name}": value for name, value in {"TELEGRAM_TOKEN": wire.TOKEN}.items()}
PROBLEMS: dict[str, tuple[dict[str, str], list[str]]] = {
    "polling needs nothing but a token": ({}, []),
    "a token without its number": ({"TELEGRAM_TOKEN": "AAbbCCddEEffGGhhIIjjKK"}, ["telegram_token"]),
    "half a token": ({"TELEGRAM_TOKEN": "123456:AAbb"}, ["telegram_token"]),
    "a token with a line end": ({"TELEGRAM_TOKEN": wire.TOKEN + "\n"}, ["telegram_token"]),
    "a token with a slash": ({"TELEGRAM_TOKEN": wire.TOKEN + "/x"}, ["telegram_token"]),
    "webhook with nothing": ({"TELEGRAM_MODE": "webhook"}, ["public_url", "telegram_secret"]),
    "webhook over http": (
        {"TELEGRAM_MODE": "webhook", "TELEGRAM_SECRET": "s" * 16, "PUBLIC_URL": "http://bot.example.org"},
        ["public_url"],
    ),
    "webhook with a short secret": (
        {"TELEGRAM_MODE": "webhook", "TELEGRAM_SECRET": "s" * 15, "PUBLIC_URL": "https://bot.example.org"},
        ["telegram_secret"],
    ),
    "webhook with a long secret": (
        {"TELEGRAM_MODE": "webhook", "TELEGRAM_SECRET": "s" * 257, "PUBLIC_URL": "https://bot.example.org"},
        ["telegram_secret"],
    ),
    "webhook with a strange secret": (
        {"TELEGRAM_MODE": "webhook", "TELEGRAM_SECRET": "s" * 16 + "é", "PUBLIC_URL": "https://bot.example.org"},
        ["telegram_secret"],
    ),
    "webhook": (
        {"TELEGRAM_MODE": "webhook", "TELEGRAM_SECRET": "s" * 16, "PUBLIC_URL": "https://bot.example.org"},
        [],
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_problems(name: str) -> None:
    settings, expected = PROBLEMS[name]
    config = load({**GOOD, **{f"WAYPOST_{key}": value for key, value in settings.items()}})
    found = channel.problems(config)
    assert len(found) == len(expected) and all(word in problem for word, problem in zip(expected, found)), found
    assert not any(config.telegram_token.strip() in problem for problem in found)


def test_in_polling_mode_there_is_no_webhook() -> None:
    assert channel.routes(load(GOOD), RecordingInlet()) == []


# --- the menu of commands -------------------------------------------------------------------------------------------------


def test_the_menu_is_in_every_language_that_telegram_knows() -> None:
    codes = menu_languages()
    assert codes[0] == "" and sorted(codes[1:]) == sorted({known.code for known in served()} - {"prs", "ckb"})
    for code in codes:
        menu = commands(code)
        assert [command.command for command in menu] == list(COMMANDS)
        assert all(1 <= len(command.description) <= 256 for command in menu)
    assert commands("ar")[0].description != commands("")[0].description


def test_every_command_means_an_intent() -> None:
    assert {MEANS[key] for key in COMMANDS.values()} | {"greet"} <= set(INTENTS)


# --- the client -------------------------------------------------------------------------------------------------------------


async def test_choices_beyond_the_limit_are_numbered_text() -> None:
    client = TelegramClient(load(GOOD))
    labels = tuple(f"Place {n}" for n in range(1, 104))
    (part,) = client.parts(Outbound("choices", "en", "Which?", labels, token="ab12cd"))
    assert len(part.extra["buttons"]) == MOST_BUTTONS
    assert part.text == "Which?\n\n101. Place 101\n102. Place 102\n103. Place 103"
    await client.close()


async def test_no_callback_data_comes_near_64_bytes() -> None:
    client = TelegramClient(load(GOOD))
    labels = ("مكان" * 50,) * MOST_BUTTONS
    (part,) = client.parts(Outbound("choices", "ar", "أين؟", labels, token="ab12cd"))
    assert max(len(data.encode()) for _, data in part.extra["buttons"]) <= 20
    assert all(label == labels[0] for label, _ in part.extra["buttons"])
    await client.close()


async def test_a_slow_answer_is_unknown(tmp_path: Path) -> None:
    with Provider(wire.OK, {**wire.OK, "delay": 2.0}) as provider:
        client = TelegramClient(config_for(provider.url, tmp_path))
        with pytest.raises(Exception) as raised:  # not waiting for our own 20 seconds
            try:
                await client._bot.send_message(wire.ADDRESS, "hello", read_timeout=0.3)
            except Exception as error:
                raise send_error(error) from None
        assert type(raised.value).__name__ == "Unknown"
        await client.close()


def test_the_wait_is_read_whatever_form_the_library_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("true", "1", ""):
        monkeypatch.setenv("PTB_TIMEDELTA", value)
        assert getattr(send_error(RetryAfter(9)), "wait", None) == 9.0


# --- the check ----------------------------------------------------------------------------------------------------------------

ME = {"id": 1, "is_bot": True, "first_name": "W", "username": "waypost_bot", "can_join_groups": False}
INFO = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
MENU = [{"command": name, "description": "x"} for name in COMMANDS]
ERROR = {"last_error_date": 1795000000, "last_error_message": "Wrong response from the webhook: 403 Forbidden"}
URL = "https://bot.example.org/webhooks/telegram/webhook"
CHECKS: dict[str, tuple[dict[str, Any], dict[str, Any], list[Any], str, str]] = {
    # what getMe, getWebhookInfo and getMyCommands answer; the mode; the only finding that is not right
    "all is well": (ME, INFO, MENU, "polling", ""),
    "all is well with a webhook": (ME, {**INFO, "url": URL}, MENU, "webhook", ""),
    "groups": ({**ME, "can_join_groups": True}, INFO, MENU, "polling", "groups: people can"),
    "no menu": (ME, INFO, MENU[:2], "polling", "menu of commands: not set"),
    "a webhook in the way": (ME, {**INFO, "url": URL}, MENU, "polling", "webhook: one is set"),
    "no webhook": (ME, INFO, MENU, "webhook", "webhook: none"),
    "a webhook elsewhere": (ME, {**INFO, "url": "https://else.example/x"}, MENU, "webhook", "webhook: set to another"),
    "a webhook that fails": (ME, {**INFO, "url": URL, **ERROR}, MENU, "webhook", "403 Forbidden"),
    "many wait": (ME, {**INFO, "pending_update_count": 500}, MENU, "polling", "wait at Telegram: 500"),
}


@pytest.mark.parametrize("name", CHECKS)
async def test_check(name: str, tmp_path: Path) -> None:
    me, info, menu, mode, wrong = CHECKS[name]
    answers = [{"json": {"ok": True, "result": result}} for result in (me, info, menu)]
    with Provider(None, answers) as provider:
        config = config_for(
            provider.url,
            tmp_path,
            telegram_mode=mode,
            telegram_secret=wire.SECRET,
            public_url="https://bot.example.org",
        )
        findings = await channel.check(config)
        asked = [request.path.rsplit("/", 1)[1] for request in provider.requests]
    assert asked == ["getMe", "getWebhookInfo", "getMyCommands"], "it changes nothing"
    assert any("@waypost_bot" in finding.what for finding in findings)
    bad = [finding for finding in findings if not finding.ok]
    assert [wrong in finding.what for finding in bad] == ([True] if wrong else []), bad
    assert all(finding.cure for finding in bad)
    assert not any(wire.TOKEN in str(finding) or wire.SECRET in str(finding) for finding in findings)


# --- logs -----------------------------------------------------------------------------------------------------------------------


class _Everything(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        formatted = logging.Formatter("%(name)s %(message)s %(exc_text)s").format(record)
        self.lines.append(formatted)


@pytest.fixture
def everything() -> Iterator[_Everything]:
    """All that is logged at DEBUG, with the settings of the real programs."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    configure("DEBUG")
    handler = _Everything()
    root.addHandler(handler)
    yield handler
    root.handlers[:] = handlers
    root.setLevel(level)


async def test_no_log_holds_the_token_an_address_or_words(everything: _Everything, tmp_path: Path) -> None:
    words, updates = "words of nobody else", []
    updates.append(wire.update_of({"message": {"text": words}}))
    updates.append(wire.update_of({"update_id": 9002, "callback_query": {"data": "choice:1"}}))
    good = {"json": {"ok": True, "result": updates}}
    for answers in (
        good, {"status": 401, "json": {"ok": False, "description": "Unauthorized"}}, {"status": 404, "text": "no"},
        {"status": 409, "json": {"ok": False, "description": "Conflict: terminated by other getUpdates request"}},
        {"status": 502, "text": f"<b>{wire.TOKEN}</b>"}, {"drop": True}, {"status": 200, "text": f'{{"cut": "{words}'},
    ):  # fmt: skip
        with Provider(answers) as provider:
            config = config_for(provider.url, tmp_path)
            inlet = RecordingInlet(idle=False)
            async with listening(config, inlet, Telegram()):
                await until(lambda provider=provider: len(provider.requests) > 3)  # type: ignore[misc]
                await asyncio.sleep(0.6)  # typing has begun
            client = channel.client(config)
            for use in (
                client.reachable(),
                client.send(wire.ADDRESS, client.parts(Outbound("text", "en", words))[0], 1),
            ):
                await asyncio.gather(use, return_exceptions=True)
            await channel.check(config)
            await client.close()
    config = config_for(closed_url(), tmp_path)
    async with listening(config, RecordingInlet()):
        await asyncio.sleep(0.3)
    assert any("telegram" in line for line in everything.lines), "nothing is logged at all"
    for line in everything.lines:
        assert not any(secret in line for secret in (wire.TOKEN, wire.TOKEN.split(":")[1], wire.ADDRESS, words)), line
