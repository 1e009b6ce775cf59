"""What an SMS from Twilio says: a message, a word for the carrier, or nothing for us."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.channels._twilio.media import kind_of_media
from bot.channels._twilio.webhook import Read, address_of
from bot.channels.parsing import BadRequest
from bot.identity import conversation_id
from bot.messages import Inbound
from bot.settings import Settings

__all__ = ["read"]

_PERSON = re.compile(r"\+?\d{7,15}")
"""A phone number. Names ("AMAZON") and short codes are machines: answering them may never end."""
_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "END", "QUIT", "CANCEL", "REVOKE", "OPTOUT"})
_START = frozenset({"START", "UNSTOP"})
_HELP = frozenset({"HELP", "INFO"})
"""Words that Twilio answers by itself: https://help.twilio.com/articles/223134027."""
_AGAIN = "YES"
"""Twilio takes it for START, but it may be an answer of the conversation, too."""


def read(form: Mapping[str, str], config: Settings) -> Read:
    """One request of `/webhooks/sms/webhook`. Raises BadRequest."""
    person = form.get("From", "").strip()
    provider_id = (form.get("MessageSid") or form.get("SmsMessageSid") or form.get("SmsSid") or "").strip()[:64]
    if not person:
        raise BadRequest("From is missing")
    if not provider_id:
        raise BadRequest("MessageSid is missing")
    ours = form.get("To", "").strip()
    if not _PERSON.fullmatch(person) or person in (ours, config.sms_from):
        return Read()
    conversation = conversation_id("sms", person)
    body = form.get("Body", "")
    word = form.get("OptOutType", "").strip().upper() or _opt_out_type(body)
    if word in ("STOP", "START"):
        return Read(conversation, word=word.lower())
    if word == "HELP":
        return Read(conversation)
    text = body.strip()[: config.max_message_chars]
    message = Inbound(
        channel="sms",
        conversation=conversation,
        provider_id=provider_id,
        text=text,
        media="" if text else kind_of_media(form),
    )
    return Read(
        conversation,
        message,
        address_of(person, ours, config.sms_from),
        "start" if body.strip().upper() == _AGAIN else "",
    )


def _opt_out_type(body: str) -> str:
    word = body.strip().upper()
    if word in _STOP:
        return "STOP"
    if word in _START:
        return "START"
    return "HELP" if word in _HELP else ""
