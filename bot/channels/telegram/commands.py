"""The bot's menu of commands in Telegram: what each means, and its words in every language that Telegram knows."""

from __future__ import annotations

import asyncio
import logging

from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import BadRequest, RetryAfter, TelegramError

from bot.channels.telegram.api import send_error
from bot.languages import served
from bot.messages import Text
from bot.replies.catalogue import wording

__all__ = ["COMMANDS", "commands", "menu_languages", "set_commands"]

log = logging.getLogger(__name__)

COMMANDS = {
    "menu": "choice:menu",
    "danger": "menu:danger",
    "language": "menu:language",
    "person": "menu:person",
    "privacy": "choice:privacy",
    "delete": "choice:delete",
}
"""Command: the button that it stands for, whose words describe it and whose meaning it has (`bot.replies.labels.MEANS`)."""

SCOPE = BotCommandScopeAllPrivateChats()
_MOST_CHARS = 256
"""Characters of a description (core.telegram.org/bots/api#botcommand)."""
_LONGEST_WAIT = 60.0


def menu_languages() -> list[str]:
    """Codes of the menus: "" for everybody else (in English), then the served languages that Telegram can tell apart by two letters."""
    return ["", *(known.code for known in served() if len(known.code) == 2)]


def commands(code: str) -> list[BotCommand]:
    """The menu in that language ("": English)."""
    return [BotCommand(name, wording(Text(key), code or "en")[:_MOST_CHARS]) for name, key in COMMANDS.items()]


async def set_commands(bot: Bot) -> None:
    """Set the menus of all languages; for as long as Telegram cannot be reached, tries again. Does not raise."""
    wait = 1.0
    for code in menu_languages():
        while True:
            try:
                await bot.set_my_commands(commands(code), scope=SCOPE, language_code=code or None)
                wait = 1.0
                break
            except BadRequest as error:
                log.warning("telegram: no menu of commands in %s: %s", code or "English", send_error(error).reason)
                break
            except TelegramError as error:
                pause = getattr(send_error(error), "wait", wait) if isinstance(error, RetryAfter) else wait
                wait = min(wait * 2, _LONGEST_WAIT)
                await asyncio.sleep(pause)
