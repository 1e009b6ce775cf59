"""Telegram: long polling with nothing but a token, or a webhook with a secret; private chats only (docs/channels/telegram.md)."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

from starlette.routing import Route

from bot.channels.base import Channel, Client, Finding, Inlet
from bot.channels.telegram import webhook
from bot.channels.telegram.check import check
from bot.channels.telegram.client import TelegramClient
from bot.channels.telegram.commands import set_commands
from bot.channels.telegram.poll import Poller
from bot.channels.telegram.receive import Receiver
from bot.settings import Settings

__all__ = ["Telegram", "channel"]

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{20,}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")


class Telegram(Channel):
    """The Bot API of Telegram."""

    name = "telegram"

    def __init__(self) -> None:
        self._receiver: Receiver | None = None

    def configured(self, config: Settings) -> bool:
        return bool(config.telegram_token)

    def problems(self, config: Settings) -> list[str]:
        found = []
        if not _TOKEN.fullmatch(config.telegram_token):
            found.append("telegram_token is not of the form 123456789:AbC...: copy it from @BotFather as a whole")
        if config.telegram_mode == "webhook":
            address = urlsplit(config.public_url)
            if address.scheme != "https" or not address.hostname:
                found.append("telegram_mode=webhook needs public_url, beginning with https://")
            if not _SECRET.fullmatch(config.telegram_secret):
                found.append(
                    "telegram_mode=webhook needs telegram_secret: 16 to 256 of A-Z a-z 0-9 _ - "
                    "(make one: python -c 'import secrets; print(secrets.token_urlsafe(32))')"
                )
        return found

    def routes(self, config: Settings, inlet: Inlet) -> list[Route]:
        return [webhook.route(self._receive(config, inlet))] if config.telegram_mode == "webhook" else []

    async def listen(self, config: Settings, inlet: Inlet) -> None:
        receiver = self._receive(config, inlet)
        menus = asyncio.create_task(set_commands(receiver.connection().bot))
        try:
            await (webhook.announce(receiver) if config.telegram_mode == "webhook" else Poller(receiver).run())
        finally:
            menus.cancel()
            await asyncio.gather(menus, return_exceptions=True)
            await receiver.close()

    def client(self, config: Settings) -> Client:
        return TelegramClient(config)

    async def check(self, config: Settings) -> list[Finding]:
        return await check(config)

    def _receive(self, config: Settings, inlet: Inlet) -> Receiver:
        """The one receiver of this gateway: its webhook and its background work share the connections."""
        if self._receiver is None or self._receiver.inlet is not inlet or self._receiver.config is not config:
            self._receiver = Receiver(config, inlet)
        return self._receiver


channel = Telegram()
