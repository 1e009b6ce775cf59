"""Rasa's natural-language generation over our catalogues: an action says what, this puts it into words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.messages import Choice, Reply
from bot.replies.bubbles import bubbles
from bot.replies.catalogue import wording
from bot.replies.guard import guard
from bot.replies.render import offered, with_a_person

__all__ = ["CHANNEL", "WaypostNlg"]

CHANNEL = "waypost"
"""Name of the engine's own output channel. Any other is Rasa's (`rasa shell`): it gets plain text and Rasa's buttons."""


class WaypostNlg(NaturalLanguageGenerator):
    """Words a `Reply` that an action passed as `utter_message(response="utter_<kind>", reply=..., voice=...)`.

    `voice` says how: {"language", "channel", "country", "second_language", "now" (ISO), "allowed_hosts"}. It becomes one message
    or several (`bot.replies.bubbles`); Rasa's own channels get it as one text.
    """

    def __init__(self, endpoint_config: EndpointConfig | None = None, domain: Domain | None = None) -> None:
        pass

    async def generate(
        self, utter_action: str, tracker: DialogueStateTracker, output_channel: str, **kwargs: Any
    ) -> dict[str, Any] | None:
        if "reply" not in kwargs:
            return None  # nothing in Waypost utters without a Reply
        reply = Reply.from_dict(kwargs.pop("reply"))
        voice = kwargs.pop("voice")
        language = voice["language"]
        reply = with_a_person(reply, language, voice.get("second_language"))
        outbound, choices = offered(
            reply,
            language,
            channel=voice["channel"],
            now=datetime.fromisoformat(voice["now"]),
            country=voice.get("country"),
            second_language=voice.get("second_language"),
        )
        outbound = guard(outbound, reply, voice.get("allowed_hosts", ()))
        message: dict[str, Any] = {
            "text": outbound.text or " ",
            "outbounds": [part.to_dict() for part in bubbles(outbound, voice["channel"])],
            "open_choices": [
                {"label": _label(choice, language), "intent": choice.intent, "entities": dict(choice.entities)}
                for choice in choices
            ],
        }
        if output_channel != CHANNEL:
            message["buttons"] = [
                {"title": label, "payload": f"choice:{number}"} for number, label in enumerate(outbound.choices, 1)
            ]
            del message["outbounds"]
        return message


def _label(choice: Choice, language: str) -> str:
    return choice.label if isinstance(choice.label, str) else wording(choice.label, language)
