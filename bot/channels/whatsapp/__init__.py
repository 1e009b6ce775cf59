"""WhatsApp through Twilio (docs/channels/whatsapp.md)."""

from __future__ import annotations

from bot.channels._twilio.channel import TwilioChannel
from bot.channels.base import Client, Finding
from bot.channels.whatsapp import content
from bot.channels.whatsapp.client import WhatsAppClient
from bot.channels.whatsapp.parse import PREFIX, read
from bot.settings import Settings

__all__ = ["WhatsApp", "channel"]


class WhatsApp(TwilioChannel):
    """WhatsApp."""

    name = "whatsapp"
    prefix = PREFIX
    setting = "whatsapp_from"
    parse = staticmethod(read)

    def client(self, config: Settings) -> Client:
        return WhatsAppClient(config)

    async def check(self, config: Settings) -> list[Finding]:
        findings = await super().check(config)
        if not all(finding.ok for finding in findings[:1]):
            return findings
        known = content.load(config)
        missing = len(content.NAMES) - len(known)
        if not known:
            what = "templates: not made, choices are sent as numbers"
            return [*findings, Finding(True, what, "make whatsapp-templates, for buttons and lists")]
        if missing:
            what = f"templates: {missing} of {len(content.NAMES)} are missing, some choices are sent as numbers"
            return [*findings, Finding(False, what, "make whatsapp-templates")]
        return [*findings, *await content.check(config, known)]


channel = WhatsApp()
