"""Rasa's tracker store over our conversation memory: slots only, never the words of a message.

Rasa replays a conversation's whole history many times in every turn, so a long one gets slow (rasa.md, C.1). Our rules
look at one intent at a time, so the history that Rasa sees is made anew for each turn: the slots of the last one and
one `action_listen`. What is kept is a small JSON object; the message and the answer are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker

__all__ = ["MemoryTrackerStore"]


class MemoryTrackerStore(TrackerStore):
    """Memory of conversations in this process.

    The worker seeds it with a conversation's memory before a turn and takes the new memory out after it, so that the
    mailbox can store memory and answers in one step. Under `rasa shell` it simply keeps what it has.
    """

    def __init__(
        self, domain: Domain | None = None, event_broker: EventBroker | None = None, host: str | None = None, **_: Any
    ) -> None:
        super().__init__(domain, event_broker)
        self._memory: dict[str, dict[str, Any]] = {}

    @property
    def domain(self) -> Domain:
        return self._domain

    @domain.setter
    def domain(self, domain: Domain | None) -> None:
        self._domain = domain or Domain.empty()

    def seed(self, conversation: str, memory: Mapping[str, Any]) -> None:
        """Start the next turn of that conversation from this memory."""
        self._memory[conversation] = dict(memory)

    def take(self, conversation: str) -> dict[str, Any]:
        """The memory after the turn; the store forgets it."""
        return self._memory.pop(conversation, {})

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        if sender_id not in self._memory:
            return None
        tracker = self.init_tracker(sender_id)
        for slot, value in self._memory[sender_id].items():
            if slot in tracker.slots:  # a slot that a newer version dropped is forgotten
                tracker.update(SlotSet(slot, value))  # as an event: Rasa replays events and drops values set directly
        tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        memory = {name: value for name, value in tracker.current_slot_values().items() if value is not None}
        choices = _choices_said(tracker)
        if choices:
            memory["open_choices"] = choices
        memory.pop("session_started_metadata", None)
        self._memory[tracker.sender_id] = memory


def _choices_said(tracker: DialogueStateTracker) -> list[dict[str, Any]] | None:
    """The choices of the last message of this turn that offered some."""
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered) and event.metadata.get("open_choices"):
            choices: list[dict[str, Any]] = event.metadata["open_choices"]
            return choices
    return None
