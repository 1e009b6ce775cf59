"""Sending through Twilio: its own library in threads of ours, since its asynchronous client has no timeout.

What one answer or failure means is in errors.py; what a part looks like is the channels' business.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from twilio.base.exceptions import TwilioException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client as Rest

from bot.channels._twilio.errors import of_exception, of_network
from bot.channels._twilio.webhook import status_url
from bot.channels.base import Client, NotTaken, Part, Refused, Unknown
from bot.channels.splitting import split
from bot.replies.sms import plain
from bot.settings import Settings

__all__ = ["API", "LONGEST", "HttpClient", "TwilioClient", "pieces", "rest", "same_words", "sender"]

API = "https://api.twilio.com"
LONGEST = 1600
"""UTF-16 units of one message, to be on the safe side: Twilio speaks of characters (error 21617)."""
SETTLED = 10.0
"""Seconds after which a message that Twilio has taken surely stands in its list."""
_LISTED = 20
_CLOCKS = 5.0
"""Seconds by which our clock and Twilio's, which is in whole seconds, may differ."""
_T = TypeVar("_T")

logging.getLogger("urllib3").setLevel(logging.WARNING)  # at DEBUG it logs addresses with the numbers in them


class HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """Twilio's HTTP client with a timeout, without retries, and with the API's address from our settings."""

    def __init__(self, api: str, timeout: float, connections: int) -> None:
        super().__init__(timeout=timeout)
        self._api = api.rstrip("/")
        self._seen = threading.local()
        assert self.session is not None
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=connections, max_retries=0))

    def request(
        self,
        method: str,
        url: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        self._seen.retry_after = None
        response = super().request(
            method, self.rebased(url), params, data, headers, auth, timeout, allow_redirects=allow_redirects
        )
        self._seen.retry_after = _seconds((response.headers or {}).get("Retry-After"))
        return response

    @property
    def retry_after(self) -> float | None:
        """Seconds that the last answer in this thread asked to wait."""
        found: float | None = getattr(self._seen, "retry_after", None)
        return found

    def rebased(self, url: str) -> str:
        """The URL at the API of the settings. Another host of Twilio's stands for api.twilio.com alone (regions), any
        other for all hosts (a server on this machine)."""
        if self._api == API:
            return url
        base, asked = urlsplit(self._api), urlsplit(url)
        if (base.hostname or "").endswith(".twilio.com") and asked.hostname != urlsplit(API).hostname:
            return url
        return urlunsplit((base.scheme, base.netloc, base.path + asked.path, asked.query, ""))


def _seconds(header: Any) -> float | None:
    try:
        wait = float(header)
    except (TypeError, ValueError):
        return None
    return wait if 0 < wait < 86400 else None


def rest(config: Settings, timeout: float = 15.0, connections: int = 4) -> tuple[Rest, HttpClient]:
    """Twilio's client with our credentials, and the HTTP client under it."""
    http = HttpClient(config.twilio_api, timeout, connections)
    return Rest(config.twilio_account_sid, config.twilio_auth_token, http_client=http), http


def sender(setting: str, ours: str, prefix: str) -> dict[str, str]:
    """Who sends: the Messaging Service of the settings, else the number that the person wrote to, else that of the settings."""
    setting = setting.removeprefix(prefix)
    if setting.startswith("MG"):
        return {"messaging_service_sid": setting}
    return {"from_": prefix + (ours or setting)}


class TwilioClient(Client):
    """Sends messages of one channel of Twilio's."""

    name: str
    prefix = ""
    """What stands before an address on this channel: `whatsapp:`."""
    at_once = 20
    can_tell = True
    timeout = 15.0
    """Seconds for connecting, and for each wait for the answer."""

    def __init__(self, config: Settings, setting: str) -> None:
        self.config = config
        self._setting = setting
        self._rest, self._http = rest(config, self.timeout, self.at_once)
        self._threads = ThreadPoolExecutor(self.at_once, thread_name_prefix=f"twilio-{self.name}")

    async def _ask(self, question: Callable[[], _T]) -> _T:
        """The answer of a call of Twilio's library, made in a thread. Raises SendError."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, question)

    def _call(self, question: Callable[[], _T]) -> _T:
        try:
            return question()
        except TwilioException as error:
            raise of_exception(error, self._http.retry_after) from None  # its words hold numbers
        except requests.RequestException as error:
            raise of_network(error) from None
        except (
            ValueError,
            TypeError,
            AttributeError,
        ):  # not the JSON that it should be, though the status was a success
            raise Unknown("Twilio's answer cannot be read") from None

    @abstractmethod
    def content(self, part: Part) -> dict[str, Any]:
        """What of a message only this channel knows: its body or template."""

    async def send(self, address: str, part: Part, row: int) -> str:
        return await self._create(address, row, bool(part.extra.get("more")), self.content(part))

    async def _create(self, address: str, row: int, more: bool, content: Mapping[str, Any]) -> str:
        person, _, ours = address.partition("|")
        if not person:
            raise Refused("the address is empty")
        arguments = {
            "to": self.prefix + person,
            "status_callback": status_url(self.config, self.name, row, more),
            **sender(self._setting, ours, self.prefix),
            **content,
        }
        message = await self._ask(lambda: self._rest.messages.create(**arguments))
        if not message.sid:
            raise Unknown("Twilio's answer has no id")
        return str(message.sid)

    async def reachable(self) -> None:
        account = await self._ask(lambda: self._rest.api.accounts(self.config.twilio_account_sid).fetch())
        if account.status != "active":
            raise NotTaken(f"the account is {_word(account.status)}")

    def bodies(self, part: Part) -> frozenset[str]:
        """Texts under which the part may stand in Twilio's list."""
        return frozenset({same_words(part.text)})

    async def was_taken(self, address: str, part: Part, since: float) -> str | None:
        person = address.partition("|")[0]
        try:
            found = await self._ask(lambda: self._rest.messages.list(to=self.prefix + person, limit=_LISTED))
        except Refused:
            return None
        start = datetime.fromtimestamp(since - _CLOCKS, timezone.utc)
        recent = [message for message in found if message.date_created is None or message.date_created >= start]
        for message in recent:
            if (message.direction or "").startswith("outbound") and same_words(message.body or "") in self.bodies(part):
                return str(message.sid)
        if len(recent) == _LISTED or time.time() - since < SETTLED:
            return None  # the list may not go back far enough, or may not hold it yet
        return ""

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._http.session is not None:
            self._http.session.close()


def pieces(text: str, most: int = LONGEST) -> list[str]:
    """The text in messages of at most `most` UTF-16 units; none for an empty text."""
    return [piece for piece in split(text, most) if piece]


def same_words(text: str) -> str:
    """A text as it can be compared: Twilio may have made quotes plain and cut off white space."""
    return " ".join(plain(text).split())


def _word(status: Any) -> str:
    return status if status in ("suspended", "closed") else "not active"
