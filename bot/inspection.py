"""The inspection contract (docs/inspection.md): Rasa's REST channel and /model/parse over the real mailbox and engine.

For benchmarks and outside checks on the same machine. Loopback clients only, never in production.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from bot.channels.parsing import BadRequest, location_from, storable
from bot.identity import conversation_id
from bot.messages import Inbound, Outbound
from bot.replies.numbered import as_text

__all__ = ["RENDERERS", "BadRequest", "message_from", "messages_to"]

RENDERERS = ("web", "sms", "whatsapp", "telegram")


def message_from(body: Any, max_chars: int) -> Inbound:
    """The message of `POST /webhooks/rest/webhook`. Raises BadRequest."""
    if not isinstance(body, Mapping):
        raise BadRequest("the body must be a JSON object")
    sender, text = body.get("sender"), body.get("message", "")
    if not isinstance(sender, str) or not sender:
        raise BadRequest("sender must be a text that is not empty")
    if not isinstance(text, str):
        raise BadRequest("message must be a text")
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise BadRequest("metadata must be an object")
    render_as = metadata.get("channel") or "web"
    if render_as not in RENDERERS:
        raise BadRequest(f"metadata.channel must be one of {', '.join(RENDERERS)}")
    return Inbound(
        channel="rest",
        conversation=conversation_id("rest", storable(sender)),
        provider_id=storable(str(metadata.get("id") or uuid.uuid4())),
        text=storable(text[:max_chars]),
        location=location_from(metadata.get("location")),
        render_as=str(render_as),
        language_hint=storable(str(metadata.get("language_hint") or "")),
        media=storable(str(metadata.get("media") or "")),
    )


def messages_to(recipient: str, answers: list[Outbound], render_as: str) -> list[dict[str, Any]]:
    """Answers as the contract's list of `{"recipient_id", "text", "buttons"?, "custom"?}`."""
    result = []
    for answer in answers:
        buttons = render_as in ("web", "telegram")
        message: dict[str, Any] = {
            "recipient_id": recipient,
            "text": answer.text if buttons else as_text(answer, render_as),
            "custom": dict(answer.custom),
            "language": answer.language,
        }
        if buttons and answer.choices:
            message["buttons"] = [
                {"title": label, "payload": f"choice:{number}"} for number, label in enumerate(answer.choices, 1)
            ]
        result.append(message)
    return result
