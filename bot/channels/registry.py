"""All channels there are: every folder beside this file whose package holds a `channel`. Nothing else lists them."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from functools import lru_cache

import bot.channels
from bot.channels.base import Channel
from bot.settings import Settings

__all__ = ["channels", "ready"]

log = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def channels() -> dict[str, Channel]:
    """The channels that send by themselves, by name (the web page fetches its answers and is none of them)."""
    found: dict[str, Channel] = {}
    for module in pkgutil.iter_modules(bot.channels.__path__):
        if not module.ispkg or module.name.startswith("_"):
            continue
        channel = getattr(importlib.import_module(f"bot.channels.{module.name}"), "channel", None)
        if isinstance(channel, Channel):
            if channel.name != module.name:
                raise ValueError(f"bot/channels/{module.name}: the channel calls itself {channel.name}")
            found[channel.name] = channel
    return found


def ready(config: Settings) -> dict[str, Channel]:
    """Those that the settings switch on and that can start; what keeps one from starting is logged."""
    usable = {}
    for name, channel in channels().items():
        if not channel.configured(config):
            continue
        problems = channel.problems(config)
        for problem in problems:
            log.error("channel %s does not start: %s", name, problem)
        if not problems:
            usable[name] = channel
    return usable
