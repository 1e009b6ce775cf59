"""What Telegram sends: from the raw update (core.telegram.org/bots/api#update) to a message, a stop, a start, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from telegram import CallbackQuery, Message, Update
from telegram.constants import MessageAttachmentType as Attachment

from bot.channels.parsing import BadRequest, location_from
from bot.channels.telegram.commands import COMMANDS
from bot.identity import conversation_id
from bot.languages import served_by_tag
from bot.messages import Inbound, pressed
from bot.replies.labels import MEANS
from bot.settings import Settings

__all__ = ["ALLOWED_UPDATES", "Heard", "message_from"]

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member"]
"""The kinds of updates that Telegram shall send; all others are ignored."""

_MEDIA = {
    Attachment.VOICE: "voice",
    Attachment.AUDIO: "voice",
    Attachment.PHOTO: "image",
    Attachment.LIVE_PHOTO: "image",
    Attachment.VIDEO: "video",
    Attachment.VIDEO_NOTE: "video",
    Attachment.ANIMATION: "video",
    Attachment.DOCUMENT: "file",  # behind animations: they have a document, too
    Attachment.STICKER: "sticker",
    Attachment.CONTACT: "contact",
}
_OTHER = (
    Attachment.DICE, Attachment.GAME, Attachment.INVOICE, Attachment.PAID_MEDIA, Attachment.PASSPORT_DATA,
    Attachment.POLL, Attachment.STORY, "checklist",
)  # fmt: skip
"""What a person can send beside those; everything else without text is a notice of Telegram's ("message pinned")."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_START = re.compile(r"[A-Za-z0-9_-]+")
"""What a deep link may carry (core.telegram.org/bots/features#deep-linking); other words behind /start were typed."""
_MOST = 2**53
"""Ids are below 52 bits (core.telegram.org/bots/api#chat)."""
_MOST_LABEL = 200
_MOST_START = 64


@dataclass(frozen=True)
class Heard:
    """What an update means."""

    what: str = "ignored"
    """message, stopped (they blocked us), started (they took us back), or ignored."""
    address: str = ""
    """The id of the private chat."""
    conversation: str = ""
    message: Inbound | None = None
    callback: str = ""
    """Id of the pressed button's query: Telegram shows a spinner until it is acknowledged."""


def message_from(update: Any, config: Settings) -> Heard:
    """What an update means; never raises. What is no update, or nothing for us, is `ignored`."""
    if not isinstance(update, Mapping) or not _identifier(update.get("update_id")):
        return Heard()
    for kind, read in (("message", _message), ("callback_query", _pressed), ("my_chat_member", _member)):
        if isinstance(update.get(kind), Mapping):
            return read(update, update[kind], config)
    return Heard()


def _identifier(value: Any) -> bool:
    return type(value) is int and 0 < value < _MOST


def _private(chat: Any) -> str:
    """The address of a private chat, empty for all others."""
    if isinstance(chat, Mapping) and chat.get("type") == "private" and _identifier(chat.get("id")):
        return str(chat["id"])
    return ""


def _parsed(update: Mapping[str, Any]) -> Update | None:
    """The update as the library reads it; None if it cannot."""
    try:
        return Update.de_json(dict(update), None)
    except Exception:  # of any kind: the library trusts what it reads
        return None


def _inbound(update: Mapping[str, Any], address: str, sender: Any) -> Inbound:
    return Inbound(
        channel="telegram",
        conversation=conversation_id("telegram", address),
        provider_id=str(update["update_id"]),
        language_hint=_hint(sender.get("language_code")) if isinstance(sender, Mapping) else "",
    )


def _heard(address: str, message: Inbound, callback: str = "") -> Heard:
    return Heard("message", address, message.conversation, message, callback)


# --- messages ---------------------------------------------------------------------------------------------------------


def _message(update: Mapping[str, Any], raw: Mapping[str, Any], config: Settings) -> Heard:
    address = _private(raw.get("chat"))
    sender = raw.get("from")
    if not address or (isinstance(sender, Mapping) and sender.get("is_bot")):
        return Heard()
    empty = _inbound(update, address, sender)
    parsed = _parsed(update)
    try:
        message = _content(parsed.message, empty, config) if parsed and parsed.message else None
    except (
        BadRequest,
        ArithmeticError,
        AttributeError,
        TypeError,
        ValueError,
    ):  # a position off the globe, a number for a text
        message = replace(empty, media="unknown")
    if parsed is None:
        message = replace(empty, media="unknown")
    return _heard(address, message) if message else Heard()


def _content(message: Message, empty: Inbound, config: Settings) -> Inbound | None:
    """The message with what was sent; None for a notice of Telegram's. Raises ValueError and others for a damaged one."""
    text = _clean(message.text or message.caption or "", config.max_message_chars)
    if message.text and text.startswith("/"):
        return _command(text, empty)
    if text:
        return replace(empty, text=text)
    location = message.location or (message.venue.location if message.venue else None)
    if location:
        return replace(empty, location=location_from({"lat": location.latitude, "lon": location.longitude}))
    for attachment, media in _MEDIA.items():
        if message[attachment]:
            return replace(empty, media=media)
    if any(message[attachment] for attachment in _OTHER):
        return replace(empty, media="other")
    if message.text or message.api_kwargs:  # nothing but NULs, or a kind of message that the library does not know yet
        return replace(empty, media="unknown")
    return None


def _command(text: str, empty: Inbound) -> Inbound:
    """A command of our menu as what it means; any other as text, whose slash the engine takes for nothing special."""
    found = _COMMAND.fullmatch(text)
    if not found:
        return replace(empty, text=text)
    name, words = found.group(1).lower(), (found.group(2) or "").strip()
    if name == "start":
        if not words:
            return replace(empty, intent="greet")
        if _START.fullmatch(words):
            return replace(empty, intent="greet", metadata={"start": words[:_MOST_START]})
        return replace(empty, text=words)
    if name in COMMANDS:
        return replace(empty, intent=MEANS[COMMANDS[name]], text=words)
    return replace(empty, text=text)


def _clean(text: Any, most: int) -> str:
    """A text that can be stored: no NUL, no half of a surrogate pair, not too long. Raises TypeError if it is none."""
    if not isinstance(text, str):
        raise TypeError("not a text")
    return text.replace("\0", "").encode("utf-8", "replace").decode().strip()[:most]


def _hint(code: Any) -> str:
    return served_by_tag(code[:35]) if isinstance(code, str) else ""


# --- buttons and blocking -----------------------------------------------------------------------------------------------


def _pressed(update: Mapping[str, Any], raw: Mapping[str, Any], config: Settings) -> Heard:
    """A pressed button. The message under which it was may be too old for Telegram to show it: it counts all the same."""
    query, below, sender = raw.get("id"), raw.get("message"), raw.get("from")
    callback = query if isinstance(query, str) and len(query) <= 64 else ""
    address = _private(below.get("chat")) if isinstance(below, Mapping) else ""
    if not address or (isinstance(sender, Mapping) and sender.get("is_bot")):
        return Heard(callback=callback)
    empty = _inbound(update, address, sender)
    data = raw.get("data")
    label = ""
    parsed = _parsed(update)
    if parsed and parsed.callback_query:
        label = _label(parsed.callback_query, data)
    if isinstance(data, str) and pressed(data):
        return _heard(address, replace(empty, text=data, label=label), callback)
    if label:
        return _heard(address, replace(empty, text=label[: config.max_message_chars]), callback)
    return _heard(address, replace(empty, intent="ask_menu"), callback)  # of another program, and no words on it


def _label(query: CallbackQuery, data: Any) -> str:
    """The words on the button that was pressed, if Telegram still shows its message."""
    markup = getattr(query.message, "reply_markup", None)
    try:
        for row in markup.inline_keyboard if markup else ():
            for button in row:
                if button.callback_data == data:
                    return _clean(button.text, _MOST_LABEL)
    except (AttributeError, TypeError):
        pass
    return ""


def _member(update: Mapping[str, Any], raw: Mapping[str, Any], config: Settings) -> Heard:
    """Whether a person blocked us or took us back; groups are none of our business."""
    address = _private(raw.get("chat"))
    state = raw.get("new_chat_member")
    status = state.get("status") if isinstance(state, Mapping) else None
    what = {"kicked": "stopped", "member": "started"}.get(status) if isinstance(status, str) else None
    if not address or not what:
        return Heard()
    return Heard(what, address, conversation_id("telegram", address))
