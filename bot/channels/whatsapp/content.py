"""Content templates for buttons and lists: what they are, whether Twilio has them, and the file that remembers them.

One template for each number of buttons (1 to 3) and of list items (1 to 10) serves every message, since all words are
variables. They are used within the 24 hours only, so WhatsApp need not approve them.
https://www.twilio.com/docs/content/twilio-quick-reply, https://www.twilio.com/docs/content/twiliolist-picker.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot.channels._twilio.client import API
from bot.channels._twilio.errors import meaning
from bot.channels.base import Finding
from bot.settings import Settings

__all__ = [
    "CONTENT_API",
    "NAMES",
    "TemplateError",
    "check",
    "connection",
    "content_api",
    "definition",
    "existing",
    "friendly_name",
    "load",
    "make",
    "variables",
]

log = logging.getLogger(__name__)

CONTENT_API = "https://content.twilio.com"
NAMES = tuple([f"quick-{n}" for n in range(1, 4)] + [f"list-{n}" for n in range(1, 11)])
_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_MOST_PAGES = 100


class TemplateError(Exception):
    """The templates cannot be made; the message says why and what to do."""


def friendly_name(name: str) -> str:
    """Name of a template in Twilio's console. A template that changes gets another number."""
    return f"waypost-{name}-v1"


def definition(name: str) -> dict[str, Any]:
    """The body of `POST /v1/Content` that makes the template."""
    kind, _, count = name.partition("-")
    numbers = range(1, int(count) + 1)
    samples = {"1": "What do you need?"}
    for n in numbers:
        samples |= {str(2 * n): f"Choice {n}", str(2 * n + 1): f"choice:{n}:abc123"}
    if kind == "quick":
        actions = [{"title": f"{{{{{2 * n}}}}}", "id": f"{{{{{2 * n + 1}}}}}"} for n in numbers]
        types = {"twilio/quick-reply": {"body": "{{1}}", "actions": actions}}
    else:
        button = str(2 * len(numbers) + 2)
        samples[button] = "Menu"
        items = [{"item": f"{{{{{2 * n}}}}}", "id": f"{{{{{2 * n + 1}}}}}"} for n in numbers]
        types = {"twilio/list-picker": {"body": "{{1}}", "button": f"{{{{{button}}}}}", "items": items}}
    return {"friendly_name": friendly_name(name), "language": "en", "variables": samples, "types": types}


def variables(name: str, body: str, labels: Sequence[str], ids: Sequence[str], button: str) -> dict[str, str]:
    """The values of a template's variables, as `ContentVariables` takes them."""
    values = {"1": body}
    for n, (label, behind) in enumerate(zip(labels, ids), 1):
        values |= {str(2 * n): label, str(2 * n + 1): behind}
    if name.startswith("list-"):
        values[str(2 * len(labels) + 2)] = button[:20]
    return values


def load(config: Settings) -> dict[str, str]:
    """SIDs of the templates by name; empty (numbered text is sent) if there is no file, or one of another account."""
    file = config.path("whatsapp_templates")
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        found = {name: data["templates"][name] for name in NAMES if name in data["templates"]}
        if not all(isinstance(sid, str) and _SID.fullmatch(sid) for sid in found.values()):
            raise ValueError
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError):
        log.warning("the file of WhatsApp templates cannot be read, numbered text is sent: make whatsapp-templates")
        return {}
    if data.get("account") != config.twilio_account_sid:
        log.warning("the WhatsApp templates are of another account, numbered text is sent: make whatsapp-templates")
        return {}
    return found


# --- asking Twilio ------------------------------------------------------------------------------------------------------


def content_api(config: Settings) -> str:
    """Address of the Content API; a server on this machine that stands for Twilio stands for it, too."""
    host = urlsplit(config.twilio_api).hostname or ""
    return CONTENT_API if host.endswith(".twilio.com") or config.twilio_api == API else config.twilio_api.rstrip("/")


def connection(config: Settings) -> httpx.Client:
    """A client of the Content API with our credentials."""
    credentials = (config.twilio_account_sid, config.twilio_auth_token)
    return httpx.Client(base_url=content_api(config), auth=credentials, timeout=20.0)


def _answer(response: httpx.Response) -> dict[str, Any]:
    try:
        data = response.json()
    except ValueError:
        data = None
    if response.is_success and isinstance(data, dict):
        return data
    code = data.get("code") if isinstance(data, dict) else None
    if response.status_code in (401, 403):
        raise TemplateError("Twilio refuses the credentials: look at twilio_account_sid and twilio_auth_token")
    if response.status_code == 429:
        raise TemplateError("Twilio wants it later: wait a minute and start again, what is made is kept")
    raise TemplateError(f"Twilio answers {response.status_code} ({meaning(code, 'no reason given')})")


def _ask(client: httpx.Client, method: str, url: str, **arguments: Any) -> dict[str, Any]:
    try:
        return _answer(client.request(method, url, **arguments))
    except httpx.HTTPError as error:
        raise TemplateError(f"Twilio cannot be reached ({type(error).__name__}): is there a connection?") from None


def existing(client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Friendly name and SID of every template of the account. Raises TemplateError."""
    url: str | None = "/v1/Content?PageSize=500"
    for _ in range(_MOST_PAGES):
        if not url:
            return
        data = _ask(client, "GET", url)
        for row in data.get("contents") or ():
            if isinstance(row, dict) and _SID.fullmatch(str(row.get("sid"))):
                yield str(row.get("friendly_name")), row["sid"]
        following = (data.get("meta") or {}).get("next_page_url")
        parts = urlsplit(following) if following else None
        url = f"{parts.path}?{parts.query}" if parts else None  # never another host: the credentials go there


def make(client: httpx.Client, name: str) -> str:
    """Make one template; returns its SID. Raises TemplateError."""
    sid = str(_ask(client, "POST", "/v1/Content", json=definition(name)).get("sid"))
    if not _SID.fullmatch(sid):
        raise TemplateError(f"Twilio's answer for {friendly_name(name)} has no id")
    return sid


async def check(config: Settings, known: Mapping[str, str]) -> list[Finding]:
    """Whether Twilio still has the templates that we remember."""

    def there() -> set[str]:
        with connection(config) as client:
            return {sid for _, sid in existing(client)}

    try:
        gone = set(known.values()) - await asyncio.to_thread(there)
    except TemplateError as error:
        return [Finding(False, f"templates: {error}", "try again")]
    if gone:
        return [Finding(False, f"templates: {len(gone)} are not in this account any more", "make whatsapp-templates")]
    return [Finding(True, f"templates: all {len(known)} are there, choices are sent as buttons and lists")]
