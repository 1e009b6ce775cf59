"""What the web page sends: `POST /chat/messages` with `{"id", "text"?, "location"?}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.channels.parsing import BadRequest, location_from, storable
from bot.identity import conversation_id
from bot.messages import Inbound

__all__ = ["BadRequest", "message_from"]

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


def message_from(body: Any, visitor: str, language_hint: str, max_chars: int) -> Inbound:
    """The message of one visitor. The visitor's id comes from the cookie, never from the body. Raises BadRequest."""
    if not isinstance(body, Mapping):
        raise BadRequest("the body must be a JSON object")
    identifier, text = body.get("id"), body.get("text", "")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise BadRequest("id must be 8 to 64 letters, digits, - or _: the same for each try of one message")
    if not isinstance(text, str):
        raise BadRequest("text must be a text")
    return Inbound(
        channel="web",
        conversation=conversation_id("web", visitor),
        provider_id=identifier,
        text=storable(text[:max_chars]),
        location=location_from(body.get("location")),
        language_hint=language_hint,
    )
