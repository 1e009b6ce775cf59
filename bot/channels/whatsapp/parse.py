"""What a WhatsApp message from Twilio says: words, a position, a button, an attachment, or nothing for us."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

from bot.channels._twilio.media import kind_of_media
from bot.channels._twilio.webhook import Read, address_of
from bot.channels.parsing import BadRequest, location_from
from bot.identity import conversation_id
from bot.messages import Inbound, Location, pressed
from bot.settings import Settings

__all__ = ["read"]

log = logging.getLogger(__name__)

PREFIX = "whatsapp:"
_PHONE = re.compile(r"\+?\d+")
_SILENT = frozenset({"reaction", "system", "request_welcome", "ephemeral"})
"""Kinds of messages that ask for no answer: a thumb on a message, a changed number."""
_KINDS = {"audio": "voice", "image": "image", "video": "video", "document": "file", "contacts": "contact", "sticker": "sticker"}  # fmt: skip


def read(form: Mapping[str, str], config: Settings) -> Read:
    """One request of `/webhooks/whatsapp/webhook`. Raises BadRequest.

    A person is an opaque id: a phone number, or since 2026 an id of Meta's ("US.1234") for those who hide theirs."""
    sender, ours = form.get("From", "").strip(), form.get("To", "").strip()
    provider_id = (form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or "").strip()[:64]
    person = sender.removeprefix(PREFIX)
    if not person:
        raise BadRequest("From is missing")
    if not provider_id:
        raise BadRequest("MessageSid is missing")
    if PREFIX not in (sender[: len(PREFIX)], ours[: len(PREFIX)]) and _PHONE.fullmatch(person):
        log.warning("an SMS came to the webhook of WhatsApp: its number's webhook is /webhooks/sms/webhook")
        return Read()
    ours = ours.removeprefix(PREFIX)
    if len(person) > 128 or "|" in person or person in (ours, config.whatsapp_from.removeprefix(PREFIX)):
        return Read()
    kind = form.get("MessageType", "").strip().lower()
    if kind in _SILENT:
        return Read()
    conversation = conversation_id("whatsapp", person)
    word = form.get("OptOutType", "").strip().upper()
    if word in ("STOP", "START"):
        return Read(conversation, word=word.lower())
    if word == "HELP":
        return Read(conversation)
    location = _location(form)
    text, label = ("", "") if location else _words(form)
    media = ""
    if not location and not text:
        media = kind_of_media(form)
        media = _KINDS.get(kind, "other") if media == "other" else media
    message = Inbound(
        channel="whatsapp",
        conversation=conversation,
        provider_id=provider_id,
        text=text[: config.max_message_chars],
        location=location,
        media=media,
        label=label[: config.max_message_chars],
    )
    address = address_of(person, ours, config.whatsapp_from.removeprefix(PREFIX))
    return Read(conversation, message, address, "start")  # who writes has not blocked us (any more)


def _location(form: Mapping[str, str]) -> Location | None:
    if not form.get("Latitude") or not form.get("Longitude"):
        return None
    try:
        return location_from({"lat": form["Latitude"], "lon": form["Longitude"]})
    except BadRequest:
        return None


def _words(form: Mapping[str, str]) -> tuple[str, str]:
    """The text, and the words on the button or list item behind which it stands."""
    body = form.get("Body", "").strip()
    words = (form.get("ButtonText") or form.get("ListTitle") or body).strip()
    for behind in (form.get("ButtonPayload", "").strip(), form.get("ListId", "").strip()):
        if pressed(behind):
            return behind, words
    return (words if form.get("ButtonPayload") or form.get("ListId") or not body else body), ""
