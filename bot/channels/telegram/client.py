"""Sending: a worded message as Telegram's, with a button for each choice, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from bot.channels.base import Client, Part
from bot.channels.splitting import split
from bot.channels.telegram.api import Connection, send_error
from bot.messages import Outbound, Text, payload
from bot.replies.catalogue import wording
from bot.settings import Settings

__all__ = ["MOST_BUTTONS", "MOST_UNITS", "TelegramClient"]

MOST_UNITS = 4096
"""UTF-16 units of a message (core.telegram.org/bots/api#sendmessage)."""
MOST_BUTTONS = 100
"""Buttons below a message; Telegram refuses more."""
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramClient(Client):
    """Telegram's limits: 30 messages a second over all people, one a second to one person with short bursts
    (core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this)."""

    per_person = (3, 3.0)
    at_once = 20

    def __init__(self, config: Settings) -> None:
        self.per_second = config.telegram_per_second
        self._connection = Connection(config)
        self._bot = self._connection.bot

    def parts(self, outbound: Outbound) -> Sequence[Part]:
        """All choices are buttons below the last part. A location button stays until a message without buttons comes:
        Telegram cannot take it away with one that has buttons, and who touches it may still say no (channels.md, pitfall 17)."""
        text = outbound.text
        extra: dict[str, Any] = {}
        if outbound.choices:
            buttons = [
                (label.strip() or str(number), payload(number, outbound.token))
                for number, label in enumerate(outbound.choices, 1)
            ]
            extra["buttons"] = buttons[:MOST_BUTTONS]
            rest = [f"{number}. {label}" for number, (label, _) in enumerate(buttons, 1)][MOST_BUTTONS:]
            text = "\n\n".join(piece for piece in (text, "\n".join(rest)) if piece)  # more than we ever have: by number
        elif outbound.ask_location:
            extra["location"] = wording(Text("web:share_location"), outbound.language)
        else:
            extra["remove"] = True
        texts = split(text, MOST_UNITS)
        parts = [Part(piece or "…") for piece in texts[:-1]]
        return [*parts, Part(texts[-1] or "…", extra)]

    async def send(self, address: str, part: Part, row: int) -> str:
        try:
            message = await self._bot.send_message(
                address, part.text, link_preview_options=_NO_PREVIEW, reply_markup=_markup(part.extra)
            )
        except Exception as error:
            raise send_error(error) from None  # the library's errors may name the token
        return str(message.message_id)

    async def reachable(self) -> None:
        try:
            await self._bot.get_me()
        except Exception as error:
            raise send_error(error) from None

    async def close(self) -> None:
        await self._connection.close()


def _markup(extra: Mapping[str, Any]) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    """The buttons of a part; inline ones each in a row of its own, so that long labels can be read."""
    if extra.get("buttons"):
        return InlineKeyboardMarkup(
            [[InlineKeyboardButton(label, callback_data=data)] for label, data in extra["buttons"]]
        )
    if extra.get("location"):
        return ReplyKeyboardMarkup(
            [[KeyboardButton(extra["location"], request_location=True)]], resize_keyboard=True, one_time_keyboard=False
        )
    return ReplyKeyboardRemove() if extra.get("remove") else None
