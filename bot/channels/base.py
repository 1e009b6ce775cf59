"""What a channel is: one folder beside this file whose package holds a `Channel` by the name `channel` (docs/add-a-channel.md).

Channel.routes, Channel.listen -> Inlet.store(Inbound, address)       (in the gateway)
Client.parts(Outbound) -> Client.send(address, part)                  (in the sender)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.routing import Route

from bot.messages import Inbound, Outbound
from bot.settings import Settings

__all__ = [
    "Channel",
    "Client",
    "Finding",
    "Inlet",
    "NotTaken",
    "OptedOut",
    "Part",
    "Refused",
    "SendError",
    "Throttled",
    "Unknown",
]


# --- in ---------------------------------------------------------------------------------------------------------------


class Inlet(Protocol):
    """What a channel gives its messages to: the gateway."""

    async def store(self, message: Inbound, address: str) -> bool:
        """Store a message; when this returns True, it will be answered (once, however often it is stored).

        `address` is what `Client.send` will get. False: this person has too many unanswered messages, it is dropped."""

    async def answered(self, conversation: str) -> bool:
        """Whether no message of that conversation waits for an answer."""

    async def stop(self, channel: str, conversation: str) -> None:
        """The person wants nothing more: everything that waits for them is given up."""

    async def start(self, conversation: str) -> None:
        """The person wants messages again."""

    async def report(
        self, channel: str, state: str, reason: str = "", *, row: int | None = None, provider_id: str = ""
    ) -> None:
        """What the provider says later of a message that was sent: state `sent`, `delivered` or `failed`."""

    def count(self, name: str) -> None:
        """Add one to a counter of the gateway: `forged`, `malformed`, `ignored`."""


# --- out --------------------------------------------------------------------------------------------------------------


class SendError(Exception):
    """A message was not sent, or nobody knows. The reason is for staff: no address and no word of the message is in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotTaken(SendError):
    """The provider cannot be reached or takes nothing now, and surely has not taken it: the channel waits and tries again."""


class Throttled(SendError):
    """The provider wants it later, in `wait` seconds; it has not taken it."""

    def __init__(self, reason: str, wait: float) -> None:
        super().__init__(reason)
        self.wait = wait


class Unknown(SendError):
    """It may have been taken or not: the answer was cut off or timed out."""


class Refused(SendError):
    """The provider will never take it."""


class OptedOut(Refused):
    """The person has blocked us or told the provider that they want nothing more."""


@dataclass(frozen=True)
class Part:
    """One message of the provider: some of a long text, or all of a short one with its buttons."""

    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the client wants to know again when it sends the part: buttons, a keyboard, a template."""


class Client(ABC):
    """Sends one channel's messages. Made and used in one event loop."""

    per_second: float = 1.0
    """Messages that the provider takes in a second, over all people."""
    per_person: tuple[int, float] = (1, 1.0)
    """Messages that one person gets in so many seconds."""
    at_once: int = 10
    """Messages that are under way at the same time, of different people."""
    can_tell: bool = False
    """Whether `was_taken` can find out; a moment is given to the provider before it is asked."""

    @abstractmethod
    def parts(self, outbound: Outbound) -> Sequence[Part]:
        """The message as the provider takes it: at least one part, in their order."""

    @abstractmethod
    async def send(self, address: str, part: Part, row: int) -> str:
        """Send one part; returns the provider's id of it. `row`: our number of the message, for later reports.

        Raises SendError."""

    @abstractmethod
    async def reachable(self) -> None:
        """Ask the provider something harmless. Raises SendError if it cannot be reached or refuses our credentials."""

    async def was_taken(self, address: str, part: Part, since: float) -> str | None:
        """After `Unknown`: the provider's id of the part if it has taken it, "" if it surely has not, None if it cannot tell.

        `since`: when it was handed over, in seconds since 1970."""
        return None

    def counts(self, part: Part, outbound: Outbound) -> Mapping[str, int]:
        """What a part adds to the counters, by name."""
        return {}

    async def close(self) -> None:  # noqa: B027
        """Close connections."""


# --- the channel --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """One line of `make channel-check`."""

    ok: bool
    what: str
    """What was looked at and found: "token: accepted, the bot is @name"."""
    cure: str = ""
    """What to do if it is not right."""


class Channel(ABC):
    """One way to a person's phone."""

    name: str
    """Name of the channel and of its folder; `Reader.channel`, `Inbound.channel`."""

    @abstractmethod
    def configured(self, config: Settings) -> bool:
        """Whether the settings switch it on."""

    @abstractmethod
    def problems(self, config: Settings) -> list[str]:
        """What is missing or wrong in the settings, in words that say what to do; empty if it can start."""

    def routes(self, config: Settings, inlet: Inlet) -> list[Route]:
        """Its webhooks, below `/webhooks/<name>/`."""
        return []

    async def listen(self, config: Settings, inlet: Inlet) -> None:  # noqa: B027
        """Fetch messages for as long as the gateway runs, and whatever else is to do in the background; must survive
        every error of the provider."""

    @abstractmethod
    def client(self, config: Settings) -> Client:
        """A client for the sender; called in its event loop."""

    @abstractmethod
    async def check(self, config: Settings) -> list[Finding]:
        """What works and what is missing, asked of the provider itself. Changes nothing there."""
