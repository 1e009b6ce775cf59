"""A channel of Twilio's: its settings, its webhooks, and the look at the account when the gateway starts."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
from urllib.parse import urlsplit

from starlette.routing import Route

from bot.channels._twilio.check import look
from bot.channels._twilio.webhook import Parse, routes
from bot.channels.base import Channel, Finding, Inlet
from bot.settings import Settings

__all__ = ["TwilioChannel"]

log = logging.getLogger(__name__)

_SID = re.compile(r"AC[0-9a-fA-F]{32}")
_SENDER = re.compile(r"\+[1-9]\d{6,14}|MG[0-9a-fA-F]{32}")


class TwilioChannel(Channel):
    """SMS or WhatsApp."""

    prefix = ""
    setting: str
    """Name of the setting that switches the channel on."""
    parse: Parse

    def sender(self, config: Settings) -> str:
        """Number or Messaging Service that sends, without the channel's prefix."""
        value: str = getattr(config, self.setting)
        return value.strip().removeprefix(self.prefix)

    def configured(self, config: Settings) -> bool:
        return bool(getattr(config, self.setting))

    def problems(self, config: Settings) -> list[str]:
        found = []
        if not _SID.fullmatch(config.twilio_account_sid):
            found.append("twilio_account_sid must be AC and 32 hexadecimal digits: see the console of Twilio")
        if not config.twilio_auth_token:
            found.append("twilio_auth_token is missing: it is beside the account SID in the console of Twilio")
        if not _SENDER.fullmatch(self.sender(config)):
            found.append(f"{self.setting} must be a number like +447700900123 or a Messaging Service (MG...)")
        if not _public(config.public_url):
            found.append("public_url must be the https address under which Twilio reaches the gateway")
        if not re.match(r"https?://[^/]", config.twilio_api):
            found.append("twilio_api must be an address like https://api.twilio.com")
        return found

    def routes(self, config: Settings, inlet: Inlet) -> list[Route]:
        return routes(self.name, config, inlet, type(self).parse)

    async def listen(self, config: Settings, inlet: Inlet) -> None:
        """Look at the account once, and say in the log what is wrong with it: Twilio calls us, nothing is fetched."""
        for finding in await self.check(config):
            if not finding.ok:
                log.warning("channel %s: %s; %s", self.name, finding.what, finding.cure)

    async def check(self, config: Settings) -> list[Finding]:
        problems = self.problems(config)
        if problems:
            return [Finding(False, problem, "docs/settings.md") for problem in problems]
        return await asyncio.to_thread(look, config, self.name, self.sender(config), self.prefix)


def _public(url: str) -> bool:
    """Whether Twilio can call it: https, or http to this machine for tests; no query, and no _ in the host's name."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host or parts.query or parts.fragment or "_" in host:
        return False
    if parts.scheme == "https":
        return True
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    return parts.scheme == "http" and loopback
