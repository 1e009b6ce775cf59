"""An inlet that only remembers: what a channel handed over is compared with the tables."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bot.messages import Inbound

__all__ = ["RecordingInlet"]


class RecordingInlet:
    """Implements `bot.channels.base.Inlet` without a mailbox."""

    def __init__(self, *, full: bool = False, idle: bool = True) -> None:
        self.full = full
        """Take nothing, as the gateway does with a person who has too many unanswered messages."""
        self.idle = idle
        """What `answered` says of every conversation."""
        self.stored: list[tuple[Inbound, str]] = []
        self.offered: list[tuple[Inbound, str]] = []
        """All that was handed over, also what was not taken because it is full."""
        self.calls: list[str] = []
        """`stop`, `start` and `report`, in their order."""
        self.conversations: list[str] = []
        """Of whom `stop` and `start` were, in the same order."""
        self.reports: list[dict[str, Any]] = []
        """The arguments of `report`: channel, state, reason, row, provider_id."""
        self.counts: Counter[str] = Counter()

    async def store(self, message: Inbound, address: str) -> bool:
        self.offered.append((message, address))
        if not self.full:
            self.stored.append((message, address))
        return not self.full

    async def answered(self, conversation: str) -> bool:
        return self.idle

    async def stop(self, channel: str, conversation: str) -> None:
        self.calls.append("stop")
        self.conversations.append(conversation)

    async def start(self, conversation: str) -> None:
        self.calls.append("start")
        self.conversations.append(conversation)

    async def report(
        self, channel: str, state: str, reason: str = "", *, row: int | None = None, provider_id: str = ""
    ) -> None:
        self.calls.append("report")
        self.reports.append(
            {"channel": channel, "state": state, "reason": reason, "row": row, "provider_id": provider_id}
        )

    def count(self, name: str) -> None:
        self.counts[name] += 1
