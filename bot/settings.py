"""One settings object: environment over file over default. Every setting is documented in docs/settings.md.

The file is `waypost.toml` beside the project (or the path in WAYPOST_CONFIG): `key = value` lines with the names below.
The environment's names are `WAYPOST_<NAME>`; `BOT_PORT` and `DIRECTORY_PORT` also work without the prefix.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import tomli

__all__ = ["ROOT", "Settings", "SettingsError", "settings"]

ROOT = Path(__file__).resolve().parent.parent
_BARE = {"bot_port", "directory_port"}


class SettingsError(ValueError):
    """A setting that cannot be used; the message says which, where it came from, and what is expected."""


def _setting(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


def _secret(help_text: str) -> Any:
    return field(default="", metadata={"help": help_text}, repr=False)  # never in a log


@dataclass(frozen=True)
class Settings:
    """All settings of the bot. Paths may be relative to the project's root."""

    bot_host: str = _setting("127.0.0.1", "address on which the gateway listens")
    bot_port: int = _setting(5005, "port of the gateway: web chat, webhooks, inspection")
    directory_port: int = _setting(8000, "port of the staff's directory")
    production: bool = _setting(False, "production mode: no inspection contract, no demo user, sample data refused")
    inspection: bool = _setting(True, "serve the inspection contract to loopback clients (never in production)")
    demo: bool = _setting(False, "create the demo staff user when the sample directory is loaded (`make run` sets it)")
    operator: str = _setting(
        "", "name of the organisation that answers for this service; empty: it says that it is a trial"
    )
    duty_contact: str = _setting(
        "",
        "who acts when something goes wrong with this service: role or name, phone or address, hours; for staff, never said",
    )
    accepted_findings: str = _setting(
        "",
        "no-go findings of `make readiness` that somebody takes the risk of: `<id> until <YYYY-MM-DD>: <who and why>; ...`",
    )
    texts: str = _setting(
        "draft",
        "least that must be known of a text before it is sent: draft, reviewed or approved (by people; see CONTRIBUTING.md)",
    )
    var: Path = _setting(Path("var"), "folder of everything that the program writes")
    snapshot: Path = _setting(Path("var/snapshot/snapshot.sqlite"), "published snapshot that the bot reads")
    places: Path = _setting(Path("var/places.sqlite"), "gazetteer built from GeoNames and CLDR")
    models: Path = _setting(Path("models"), "folder of trained Rasa models; the newest is used")
    mailbox: str = _setting("sqlite:///var/mailbox.sqlite3", "SQLAlchemy URL of the mailbox")
    secret_file: Path = _setting(Path("var/secret.key"), "key of conversation ids, made at first use")
    workers: int = _setting(1, "number of worker processes (about 600 MB each)")
    max_message_chars: int = _setting(1000, "characters of a message that are read; the rest is cut")
    turn_timeout_seconds: float = _setting(
        60.0, "a turn that another worker does not finish in this time is taken over"
    )
    memory_minutes: int = _setting(60 * 24, "silence after which open questions and results are forgotten")
    retention_days: int = _setting(30, "silence after which everything about a conversation is deleted")
    reply_hours: int = _setting(24, "an answer that nobody fetched is deleted after so many hours")
    answer_minutes: float = _setting(
        120.0,
        "an answer that a provider did not take for so long is not sent any more; the person is told to ask again",
    )
    public_url: str = _setting(
        "", "address under which the internet reaches the gateway: https://bot.example.org (webhooks, signatures)"
    )
    telegram_token: str = _secret("token of the Telegram bot, from @BotFather; with it the channel is on")
    telegram_mode: str = _setting("polling", "polling (nothing else needed) or webhook (needs public_url)")
    telegram_secret: str = _secret("secret token of the Telegram webhook, 16 to 256 letters and digits")
    telegram_api: str = _setting("https://api.telegram.org", "address of the Bot API")
    telegram_per_second: float = _setting(25.0, "messages that are sent over Telegram in a second")
    twilio_account_sid: str = _setting("", "account SID of Twilio (AC...)")
    twilio_auth_token: str = _secret("auth token of Twilio; it also signs the webhooks")
    twilio_api: str = _setting("https://api.twilio.com", "address of Twilio's API")
    sms_from: str = _setting(
        "", "number (+44...) or Messaging Service (MG...) that sends SMS; with it the channel is on"
    )
    sms_per_second: float = _setting(1.0, "SMS that are sent in a second")
    whatsapp_from: str = _setting(
        "", "number (+44...) or Messaging Service (MG...) that sends WhatsApp; with it the channel is on"
    )
    whatsapp_per_second: float = _setting(10.0, "WhatsApp messages that are sent in a second")
    whatsapp_templates: Path = _setting(
        Path("var/whatsapp_templates.json"), "Content templates for buttons, made by `make whatsapp-templates`"
    )
    log_level: str = _setting("INFO", "least severe level that is logged")

    def path(self, name: str) -> Path:
        """A path setting as an absolute path."""
        value = getattr(self, name)
        if not isinstance(value, Path):
            raise TypeError(f"{name} is not a path")
        return value if value.is_absolute() else ROOT / value

    @property
    def mailbox_url(self) -> str:
        """The mailbox URL with a relative SQLite path made absolute."""
        prefix = "sqlite:///"
        if self.mailbox.startswith(prefix) and not self.mailbox.startswith(prefix + "/"):
            return f"{prefix}{ROOT / self.mailbox[len(prefix) :]}"
        return self.mailbox


def _convert(name: str, value: Any, default: Any, origin: str) -> Any:
    if isinstance(default, bool):
        if isinstance(value, bool):
            return value
        lowered = str(value).strip().lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"0", "false", "no", "off", ""}:
            return False
        raise SettingsError(f"{name} ({origin}): {value!r} is neither yes nor no")
    try:
        return type(default)(value) if not isinstance(default, Path) else Path(str(value))
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name} ({origin}): {value!r} is not {type(default).__name__}") from error


def load(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """Settings from `environ` over `file` over the defaults. Raises SettingsError for an unknown or unusable value."""
    values: dict[str, Any] = {}
    known = {f.name: f.default for f in fields(Settings)}
    if file is not None and file.exists():
        for name, value in tomli.loads(file.read_text(encoding="utf-8")).items():
            if name not in known:
                raise SettingsError(f"{name} ({file}): no such setting")
            values[name] = _convert(name, value, known[name], str(file))
    for name, default in known.items():
        names = [f"WAYPOST_{name.upper()}"] + ([name.upper()] if name in _BARE else [])
        for variable in names:
            if variable in environ:
                values[name] = _convert(name, environ[variable], default, variable)
                break
    if "var" in values:  # everything below var moves with it, unless it is named on its own
        values.setdefault("snapshot", values["var"] / "snapshot/snapshot.sqlite")
        values.setdefault("places", values["var"] / "places.sqlite")
        values.setdefault("secret_file", values["var"] / "secret.key")
        values.setdefault("whatsapp_templates", values["var"] / "whatsapp_templates.json")
        values.setdefault("mailbox", f"sqlite:///{values['var']}/mailbox.sqlite3")
    result = Settings(**values)
    for name in ("bot_port", "directory_port"):
        if not 0 < getattr(result, name) < 65536:
            raise SettingsError(f"{name}: {getattr(result, name)} is not a port")
    if result.texts not in ("draft", "reviewed", "approved"):
        raise SettingsError(f"texts: {result.texts!r} is none of draft, reviewed, approved")
    if result.telegram_mode not in ("polling", "webhook"):
        raise SettingsError(f"telegram_mode: {result.telegram_mode!r} is neither polling nor webhook")
    for name in ("telegram_per_second", "sms_per_second", "whatsapp_per_second", "answer_minutes"):
        if getattr(result, name) <= 0:
            raise SettingsError(f"{name}: {getattr(result, name)} is not above zero")
    return result


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    file = Path(os.environ.get("WAYPOST_CONFIG", ROOT / "waypost.toml"))
    return load(os.environ, file)
