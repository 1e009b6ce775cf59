"""SMS through Twilio: one message with its choices as numbers, in as few segments as the words allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels._twilio.client import TwilioClient, pieces
from bot.channels.base import Part
from bot.messages import Outbound
from bot.replies.numbered import as_text
from bot.replies.sms import segments
from bot.settings import Settings

__all__ = ["SmsClient"]

LONGEST_VALIDITY = 14400
"""Seconds that Twilio keeps a message in its queue at most (ValidityPeriod)."""


class SmsClient(TwilioClient):
    """Sends SMS; never an MMS."""

    name = "sms"
    per_person = (1, 1.0)

    def __init__(self, config: Settings) -> None:
        super().__init__(config, config.sms_from)
        self.per_second = config.sms_per_second
        self._validity = int(max(5, min(LONGEST_VALIDITY, config.answer_minutes * 60)))

    def parts(self, outbound: Outbound) -> Sequence[Part]:
        texts = pieces(as_text(outbound, "sms")) or ["..."]
        return [Part(text, {"more": n < len(texts)}) for n, text in enumerate(texts, 1)]

    def content(self, part: Part) -> dict[str, Any]:
        return {"body": part.text, "validity_period": self._validity}

    def counts(self, part: Part, outbound: Outbound) -> Mapping[str, int]:
        return {
            f'sms_segments_total{{language="{outbound.language}"}}': segments(part.text),
            f'sms_messages_total{{language="{outbound.language}"}}': 1,
        }
