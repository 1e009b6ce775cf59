"""WhatsApp through Twilio: text, and buttons or a list through Content templates where they are made and the words fit.

A template's variable may hold no line break (error 21656): one line of a message stands above the buttons, what is
before it goes ahead as text.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.channels._twilio.client import TwilioClient, pieces, same_words
from bot.channels.base import Part, Refused
from bot.channels.splitting import units
from bot.channels.whatsapp.content import load, variables
from bot.messages import Outbound, Text, payload
from bot.replies.catalogue import wording
from bot.replies.numbered import as_text
from bot.settings import Settings

__all__ = ["WhatsAppClient"]

log = logging.getLogger(__name__)

QUICK, QUICK_LABEL = 3, 20
"""Most buttons of a quick reply within the 24 hours, and the UTF-16 units of each."""
LIST, LIST_LABEL = 10, 24
"""Most items of a list, and the UTF-16 units of each."""
BODY = 1024
"""UTF-16 units of the text above buttons or a list."""
_QUESTION = ("?", "؟", "፧")
ASIDE = 600.0
"""Seconds for which a template is left alone after Twilio did not know it."""
_WORDS_REFUSED = frozenset({"21656", "63005", "63013", "63028"})
_TEMPLATE_REFUSED = frozenset({"20404", "21654", "21655", "63021", "63027", "92006"})


class WhatsAppClient(TwilioClient):
    """Sends WhatsApp messages."""

    name = "whatsapp"
    prefix = "whatsapp:"
    per_person = (3, 3.0)

    def __init__(self, config: Settings) -> None:
        super().__init__(config, config.whatsapp_from)
        self.per_second = config.whatsapp_per_second
        self._templates = load(config)
        self._aside_until: dict[str, float] = {}

    def parts(self, outbound: Outbound) -> Sequence[Part]:
        found = self._with_buttons(outbound) or [Part(text) for text in pieces(as_text(outbound, "whatsapp"))]
        found = found or [Part("...")]
        return [
            Part(part.text, {**part.extra, "more": n < len(found), "language": outbound.language})
            for n, part in enumerate(found, 1)
        ]

    def _with_buttons(self, outbound: Outbound) -> list[Part]:
        """The message with buttons or a list in its last part; empty if it does not fit."""
        first, end = outbound.page or (0, len(outbound.choices))
        labels = outbound.choices[first:end]
        name = _template(labels)
        if not name or name not in self._templates:
            return []
        ahead, last = _above_buttons(outbound)
        body = " ".join(last.split())  # no tabs or rows of spaces either
        if not body or units(body) > BODY:
            return []
        numbered = as_text(replace(outbound, text=last), "whatsapp")
        if len(pieces(numbered)) > 1:
            return []
        ids = [payload(number, outbound.token) for number in range(first + 1, end + 1)]
        button = wording(Text("choice:menu"), outbound.language)
        values = variables(name, body, labels, ids, button)
        return [*(Part(text) for text in pieces(ahead)), Part(numbered, {"template": name, "variables": values})]

    def content(self, part: Part) -> dict[str, Any]:
        name = part.extra.get("template")
        if name and time.monotonic() >= self._aside_until.get(name, 0.0):
            values = json.dumps(part.extra["variables"], ensure_ascii=False)
            return {"content_sid": self._templates[name], "content_variables": values}
        return {"body": part.text}

    async def send(self, address: str, part: Part, row: int) -> str:
        content = self.content(part)
        more = bool(part.extra.get("more"))
        try:
            return await self._create(address, row, more, content)
        except Refused as refusal:
            code = refusal.reason.partition(":")[0]
            if "content_sid" not in content or code not in _WORDS_REFUSED | _TEMPLATE_REFUSED:
                raise
            name = part.extra["template"]
            log.warning("template %s refused, sent as numbered text: %s", name, refusal.reason)
            if code in _TEMPLATE_REFUSED:
                self._aside_until[name] = time.monotonic() + ASIDE
        return await self._create(address, row, more, {"body": part.text})

    def bodies(self, part: Part) -> frozenset[str]:
        values = part.extra.get("variables") or {}
        return super().bodies(part) | ({same_words(values["1"])} if values else frozenset())

    def counts(self, part: Part, outbound: Outbound) -> Mapping[str, int]:
        return {f'whatsapp_messages_total{{language="{outbound.language}"}}': 1}


def _above_buttons(outbound: Outbound) -> tuple[str, str]:
    """What goes ahead, and the one line above the buttons: the last, if it is a paragraph or a question, else a title."""
    text = outbound.text.strip()
    before, _, last = text.rpartition("\n")
    if text and (not before.strip() or before.endswith("\n") or last.rstrip().endswith(_QUESTION)):
        return before, last
    return text, wording(Text("choice:more_options"), outbound.language)


def _template(labels: Sequence[str]) -> str:
    """Name of the template whose buttons or items these labels fit; empty if none."""
    longest = max((units(label) for label in labels), default=0)
    if not longest or len(set(labels)) < len(labels):  # WhatsApp refuses two of the same words
        return ""
    if any(not label.strip() or "\n" in label or "\t" in label for label in labels):
        return ""
    if len(labels) <= QUICK and longest <= QUICK_LABEL:
        return f"quick-{len(labels)}"
    if len(labels) <= LIST and longest <= LIST_LABEL:
        return f"list-{len(labels)}"
    return ""
