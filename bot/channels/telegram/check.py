"""`make channel-check` for Telegram: asks the Bot API what it knows of our bot, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken

from bot.channels.base import Finding
from bot.channels.telegram.api import Connection, send_error
from bot.channels.telegram.commands import COMMANDS, SCOPE
from bot.channels.telegram.webhook import url
from bot.settings import Settings

__all__ = ["check"]

_MANY_WAITING = 100


async def check(config: Settings) -> list[Finding]:
    """Token, groups, webhook and menu of commands."""
    connection = Connection(config)
    try:
        return await _asked(connection.bot, config)
    except InvalidToken:
        return [Finding(False, "token: refused", "get the token from @BotFather (/token) and set telegram_token")]
    except Exception as error:  # also what the library cannot read
        cure = "check the network of this machine and telegram_api, then try again"
        return [Finding(False, f"Telegram: {send_error(error).reason}", cure)]
    finally:
        await connection.close()


async def _asked(bot: Bot, config: Settings) -> list[Finding]:
    me = await bot.get_me()
    findings = [Finding(True, f"token: accepted, the bot is @{me.username}")]
    if me.can_join_groups:
        cure = "@BotFather: /setjoingroups, Disable"
        findings.append(Finding(False, "groups: people can add the bot to groups, where it does not answer", cure))
    else:
        findings.append(Finding(True, "groups: off"))
    findings += _webhook(await bot.get_webhook_info(), config)
    menu = {command.command for command in await bot.get_my_commands(scope=SCOPE)}
    if menu == set(COMMANDS):
        findings.append(Finding(True, "menu of commands: set"))
    else:
        findings.append(Finding(False, "menu of commands: not set", "start the gateway once with this token"))
    return findings


def _webhook(known: WebhookInfo, config: Settings) -> Iterator[Finding]:
    if config.telegram_mode == "polling":
        if known.url:
            cure = "start the gateway (it removes the webhook), or set telegram_mode=webhook"
            yield Finding(False, "webhook: one is set, but telegram_mode is polling", cure)
        else:
            yield Finding(True, "polling: no webhook is set")
    elif not known.url:
        yield Finding(False, "webhook: none is set", "start the gateway: it sets the webhook")
    elif known.url != url(config):
        yield Finding(
            False, "webhook: set to another address than public_url says", "set public_url, restart the gateway"
        )
    else:
        yield Finding(True, f"webhook: set to {known.url}")
    if known.last_error_message and config.telegram_mode == "webhook":
        when = f"{known.last_error_date:%Y-%m-%d %H:%M} UTC" if known.last_error_date else "unknown time"
        cure = "403: the secret differs, restart the gateway; else see that public_url leads to the gateway over HTTPS"
        yield Finding(False, f"webhook: last error ({when}): {known.last_error_message[:100]}", cure)
    waiting = known.pending_update_count
    cure = "" if waiting < _MANY_WAITING else "see that the gateway runs and can be reached"
    yield Finding(waiting < _MANY_WAITING, f"messages that wait at Telegram: {waiting}", cure)
