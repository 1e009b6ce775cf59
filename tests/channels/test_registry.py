"""The registry: a folder with a `channel` is a channel, under its own name; what cannot start is left out with a reason."""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot.channels
from bot.channels import registry
from bot.channels.base import Channel
from bot.settings import Settings, load

SOURCE = """
from bot.channels.base import Channel

class Made(Channel):
    name = {name!r}

    def configured(self, config):
        return bool(config.sms_from)

    def problems(self, config):
        return [] if config.twilio_account_sid else ["WAYPOST_TWILIO_ACCOUNT_SID is missing"]

    def client(self, config):
        raise NotImplementedError

    async def check(self, config):
        return []

channel = Made()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place where `bot.channels` also looks for folders."""
    monkeypatch.setattr(bot.channels, "__path__", [*bot.channels.__path__, str(tmp_path)])
    known = set(sys.modules)
    registry.channels.cache_clear()
    yield tmp_path
    registry.channels.cache_clear()
    for name in set(sys.modules) - known:
        if name.startswith(("bot.channels.made", "bot.channels._made")):
            del sys.modules[name]


def make(folder: Path, name: str, calls_itself: str, source: str = SOURCE) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(source.format(name=calls_itself), encoding="utf-8")
    importlib.invalidate_caches()


def test_every_folder_with_a_channel_is_found() -> None:
    registry.channels.cache_clear()
    found = registry.channels()
    folders = [m.name for m in pkgutil.iter_modules(bot.channels.__path__) if m.ispkg and not m.name.startswith("_")]
    assert set(found) <= set(folders) and "web" not in found
    for name, channel in found.items():
        assert channel.name == name and isinstance(channel, Channel)
    missing = set(folders) - set(found)
    assert all(not hasattr(importlib.import_module(f"bot.channels.{name}"), "channel") for name in missing), missing


def test_a_new_folder_is_a_channel(folder: Path) -> None:
    make(folder, "made", "made")
    assert registry.channels()["made"].name == "made"


def test_a_wrong_name_is_refused(folder: Path) -> None:
    make(folder, "made_b", "other")
    with pytest.raises(ValueError, match="bot/channels/made_b: the channel calls itself other"):
        registry.channels()


@pytest.mark.parametrize("name", ["_made", "made_c"])
def test_what_is_no_channel_is_left_alone(folder: Path, name: str) -> None:
    make(folder, name, name, "channel = 5\n" if name == "made_c" else SOURCE)
    assert name not in registry.channels()


@pytest.mark.parametrize(
    ("environment", "starts", "logged"),
    [
        ({}, False, False),
        ({"WAYPOST_SMS_FROM": "+44"}, False, True),
        ({"WAYPOST_SMS_FROM": "+44", "WAYPOST_TWILIO_ACCOUNT_SID": "AC"}, True, False),
    ],
)
def test_ready(
    folder: Path, environment: dict[str, str], starts: bool, logged: bool, caplog: pytest.LogCaptureFixture
) -> None:
    make(folder, "made_d", "made_d")
    config: Settings = load(environment)
    with caplog.at_level(logging.ERROR):
        assert ("made_d" in registry.ready(config)) is starts
    lines = [record.getMessage() for record in caplog.records if "made_d" in record.getMessage()]
    assert lines == (["channel made_d does not start: WAYPOST_TWILIO_ACCOUNT_SID is missing"] if logged else [])
