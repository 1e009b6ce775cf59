"""Updates of every kind, and whatever else comes over the wire."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import telegram

from bot.channels.telegram.parse import ALLOWED_UPDATES, message_from
from bot.identity import conversation_id
from bot.settings import Settings, load
from tests.channels import tables
from tests.channels.telegram import wire

UPDATES = [
    wire.update_of(case["send"])
    for case in tables.read("telegram", "incoming.yml")
    if isinstance(case.get("send"), dict) and "repeat" not in case
]
HOSTILE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 2**63, 10**400, float("nan"), float("inf"), "", "\0", "\ud83d", "x" * 5000, "choice:1",
    "/start", "/", "private", "kicked", "0", [], [[]], [None], {}, {"id": 1}, {"text": {}}, {"type": "private", "id": 7},
)  # fmt: skip


@pytest.fixture
def config() -> Settings:
    return load({**wire.SETTINGS})


def test_every_kind_of_update_is_in_the_table() -> None:
    kinds = {kind for update in UPDATES for kind in update if kind != "update_id"}
    assert {str(kind.value) for kind in telegram.Update.ALL_TYPES} <= kinds
    assert set(ALLOWED_UPDATES) <= {str(kind.value) for kind in telegram.Update.ALL_TYPES}


@pytest.mark.parametrize(
    "kind", [kind.value for kind in telegram.Update.ALL_TYPES if kind.value not in ALLOWED_UPDATES]
)
def test_every_other_kind_is_ignored_even_with_a_message_in_it(kind: str, config: Settings) -> None:
    update = {"update_id": 5, kind: wire.update_of({"message": {"text": "hello"}})["message"]}
    heard = message_from(update, config)
    assert heard.what == "ignored" and heard.message is None


def _ways(data: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [way] * bool(way) + [found for key, value in items for found in _ways(value, (*way, key))]


def _with(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    if not way:
        return value
    copy: Any = dict(data) if isinstance(data, dict) else list(data)
    copy[way[0]] = _with(copy[way[0]], way[1:], value)
    return copy


def _random(chance: random.Random, depth: int = 0) -> Any:
    keys = ("update_id", "message", "chat", "id", "type", "from", "text", "callback_query", "data", "date", "location",
            "my_chat_member", "new_chat_member", "status", "photo", "reply_markup", "inline_keyboard", "latitude")  # fmt: skip
    if depth > 4 or chance.random() < 0.4:
        return chance.choice(HOSTILE)
    if chance.random() < 0.2:
        return [_random(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(keys): _random(chance, depth + 1) for _ in range(chance.randrange(6))}


def _check(update: Any, config: Settings) -> str:
    heard = message_from(update, config)
    assert heard.what in ("message", "stopped", "started", "ignored")
    assert (heard.message is not None) == (heard.what == "message")
    assert isinstance(heard.callback, str) and len(heard.callback) <= 64
    if heard.what != "ignored":
        assert heard.address.isdigit() and heard.conversation == conversation_id("telegram", heard.address)
    if heard.message:
        message = heard.message
        assert message.conversation == heard.conversation and message.provider_id == str(update["update_id"])
        assert len(message.text) <= config.max_message_chars and "\0" not in message.text + message.label
        assert message.text or message.media or message.location or message.intent, "nothing to answer"
        json.dumps(message.to_dict(), ensure_ascii=False, allow_nan=False).encode()
    return heard.what


def test_no_changed_update_raises(config: Settings) -> None:
    chance = random.Random(4242)
    seen = {"ignored": 0, "message": 0, "stopped": 0, "started": 0}
    for _ in range(3000):
        update = chance.choice(UPDATES)
        for _ in range(chance.choice((1, 1, 2, 3))):
            ways = _ways(update)
            if ways:
                update = _with(update, chance.choice(ways), chance.choice(HOSTILE))
        seen[_check(update, config)] += 1
    assert all(seen.values()), seen


def test_no_random_update_raises(config: Settings) -> None:
    chance = random.Random(77)
    for _ in range(2000):
        _check(_random(chance), config)
        _check({"update_id": 3, chance.choice(ALLOWED_UPDATES): _random(chance)}, config)


def test_a_deep_update_raises_nothing(config: Settings) -> None:
    message: dict[str, Any] = {"message_id": 1, "date": 1795000000, "chat": wire.CHAT, "text": "hello"}
    for _ in range(3000):
        message = {**message, "reply_to_message": message}
    heard = message_from({"update_id": 3, "message": message}, config)
    assert heard.message is not None and heard.address == wire.ADDRESS


def test_text_is_cut_to_what_the_settings_say() -> None:
    config = load({**wire.SETTINGS, "WAYPOST_MAX_MESSAGE_CHARS": "5"})
    heard = message_from(wire.update_of({"message": {"text": "123456789"}}), config)
    assert heard.message is not None and heard.message.text == "12345"


def test_two_people_are_two_conversations(config: Settings) -> None:
    one = message_from(wire.update_of({"message": {"text": "a"}}), config)
    two = message_from(wire.update_of({"message": {"text": "a", "chat": {"id": 5}}}), config)
    assert one.conversation != two.conversation and wire.ADDRESS not in one.conversation
