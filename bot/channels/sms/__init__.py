"""SMS through Twilio: for phones without internet (docs/channels/sms.md)."""

from __future__ import annotations

from bot.channels._twilio.channel import TwilioChannel
from bot.channels.base import Client
from bot.channels.sms.client import SmsClient
from bot.channels.sms.parse import read
from bot.settings import Settings

__all__ = ["Sms", "channel"]


class Sms(TwilioChannel):
    """SMS."""

    name = "sms"
    setting = "sms_from"
    parse = staticmethod(read)

    def client(self, config: Settings) -> Client:
        return SmsClient(config)


channel = Sms()
