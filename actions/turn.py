"""One turn as an action sees it, and the base of all actions."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from bot.languages import languages, served
from bot.lookup.snapshot import Directory
from bot.messages import Choice, Reply, Text
from bot.nlu.places import Gazetteer, Place, places
from bot.nlu.switching import decide
from bot.replies.reviews import has_drafts
from bot.settings import settings

__all__ = ["Turn", "WaypostAction", "directory"]

log = logging.getLogger(__name__)

_FEW = 3
"""Choices beside which an SMS has room for a remark."""
_NOT_NEEDED = "not_needed"
"""In the slot `said`: that names and numbers are not needed and not kept was said once more (safety.md, P7)."""
_UNANNOUNCED = {"crisis", "protection"}
"""Kinds of answers above and below which nothing is put: no notice, no remark about the language."""


@lru_cache(maxsize=1)
def directory() -> Directory:
    """The published snapshot, opened once a process; each turn looks whether there is a newer one."""
    return Directory(settings().path("snapshot"))


@dataclass
class Turn:
    """What an action needs to know, and what it answers."""

    text: str
    intent: str
    ranking: list[tuple[str, float]]
    """Intents by falling confidence, without Rasa's fallback."""
    route: str
    """How the intent was found: location, choice, command, place, classifier, empty."""
    entities: dict[str, Any]
    """Values by entity; `place` may be a dict (picked) or come with `candidates` below."""
    told: list[Mapping[str, Any]]
    """All entities of the message, as `bot.nlu.entities` gives them."""
    candidates: list[Place]
    """What the place name in the message may mean."""
    language: str
    switched_from: str | None
    channel: str
    location: Mapping[str, float] | None
    media: str
    old_button: bool
    """A button of an older message was pressed."""
    memory: Mapping[str, Any]
    now: datetime
    directory: Directory
    places: Gazetteer
    replies: list[Reply] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    told_too_much: bool = False
    """The message had a name, a number or a document in it, which was taken out before it was stored (`bot.redact`)."""

    @classmethod
    def of(cls, tracker: Tracker) -> Turn:
        """The turn that the tracker is in."""
        parsed = tracker.latest_message
        metadata = _user_metadata(tracker)
        memory = {name: value for name, value in tracker.slots.items() if value is not None}
        detected = parsed.get("language") or {}
        current = memory.get("language")
        codes = {language.code for language in served()}
        text = parsed.get("text") or ""
        choice = decide(
            current if current in codes else None,
            detected.get("code"),
            float(detected.get("confidence") or 0),
            len(text.split()) if parsed.get("route") in (None, "classifier") else 0,
            metadata.get("language_hint") or "",
            codes,
            understood=(parsed.get("intent") or {}).get("name") != "nlu_fallback",
        )
        here = directory()
        here.refresh()
        gazetteer = places()
        gazetteer.set_aliases(here.aliases())
        rows = parsed.get("entities") or []
        named = _where_they_are(rows)
        return cls(
            text=text,
            intent=(parsed.get("intent") or {}).get("name") or "",
            ranking=[
                (row["name"], row["confidence"])
                for row in parsed.get("intent_ranking") or ()
                if row["name"] != "nlu_fallback"
            ],
            route=parsed.get("route") or "classifier",
            entities={row["entity"]: row.get("value") for row in rows if row["entity"] != "place" or row is named},
            told=rows,
            candidates=[Place.from_dict(row) for row in (named or {}).get("candidates") or ()],
            language=choice.language,
            switched_from=current if choice.switched else None,
            channel=metadata.get("channel") or "web",
            location=metadata.get("location") or metadata.get("position"),
            media=metadata.get("media") or "",
            old_button=bool(metadata.get("old_button")),
            told_too_much=bool(metadata.get("told_too_much")),
            memory=memory,
            now=datetime.now(timezone.utc),
            directory=here,
            places=gazetteer,
        )

    # --- memory -----------------------------------------------------------------------------------------------------

    def get(self, slot: str, default: Any = None) -> Any:
        """The value of a slot after the changes of this turn."""
        value = self.changes[slot] if slot in self.changes else self.memory.get(slot)
        return default if value is None else value

    def set(self, **slots: Any) -> None:
        """Change the conversation's memory."""
        self.changes.update(slots)

    @property
    def place(self) -> Place | None:
        """Where the person is, if they said it."""
        known = self.get("place")
        return Place.from_dict({key: value for key, value in known.items() if key != "typed"}) if known else None

    @property
    def country(self) -> str | None:
        """The country of that place."""
        return self.place.country if self.place else None

    @property
    def place_label(self) -> str:
        """The place as it is said back."""
        typed = self.get("place", {}).get("typed", "")
        return self.places.label(self.place, self.language, typed) if self.place else ""

    @property
    def typed_place(self) -> str:
        """The place's name as the person wrote it in this message."""
        typed = self.entities.get("place")
        return typed if isinstance(typed, str) else ""

    # --- answer ---------------------------------------------------------------------------------------------------------

    def say(self, kind: str, *texts: Text | str, **parts: Any) -> None:
        """Add one message; a plain key stands for a Text without values."""
        self.replies.append(
            Reply(kind, tuple(Text(text) if isinstance(text, str) else text for text in texts), **parts)
        )

    def _announce(self) -> None:
        """Add what is said once: the notice at first contact, the way back after a change of language."""
        if not self.replies or any(reply.kind in _UNANNOUNCED for reply in self.replies):
            return
        said = list(self.get("said", ()))
        last = self.replies[-1]
        footer = list(last.footer)
        if "notice" not in said:
            footer.append(Text("notice"))  # which says as well that no name is needed
            said.append("notice")
        elif self.told_too_much and _NOT_NEEDED not in said and self._room(last, False):
            footer.append(Text("privacy:not_keep"))
            said.append(_NOT_NEEDED)
        drafts = f"draft:{self.language}"
        first = len(said) > len(self.get("said", ()))
        if drafts not in said and self.language != "en" and has_drafts(self.language) and self._room(last, first):
            footer.append(Text("draft_texts"))
            said.append(drafts)
        self.set(said=said)
        choices = last.choices
        if self.switched_from:
            back = Choice(languages()[self.switched_from].name, "change_language", {"language": self.switched_from})
            footer.append(Text("language_switched", {"language": languages()[self.language].name}))
            choices = (*choices, back)
        self.replies[-1] = Reply(
            last.kind, last.texts, last.cards, choices, tuple(footer), last.data, last.ask_location, last.page
        )

    def _room(self, reply: Reply, first: bool) -> bool:
        """Whether a second remark fits: an SMS with cards, many choices, or the notice of first contact is full."""
        return self.channel != "sms" or not (reply.cards or first or len(reply.choices) > _FEW)

    def deliver(self, dispatcher: CollectingDispatcher) -> list[EventType]:
        """Hand the replies over to be worded; returns the events that change the memory."""
        self._announce()
        if self.language != self.memory.get("language"):
            self.set(language=self.language)
            if self.memory.get("language"):
                self.set(second_language=self.memory["language"])
        voice = {
            "language": self.language,
            "second_language": self.get("second_language"),
            "channel": self.channel,
            "country": self.country,
            "now": self.now.isoformat(),
            "allowed_hosts": sorted(self.directory.allowed_hosts()),
        }
        for reply in self.replies:
            dispatcher.utter_message(response=f"utter_{reply.kind}", reply=reply.to_dict(), voice=voice)
        return [SlotSet(slot, value) for slot, value in self.changes.items()]


def _where_they_are(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The place that tells where the person is: never one that they come from or go to."""
    here = [row for row in rows if row["entity"] == "place" and row.get("role") not in ("from", "to")]
    return next((row for row in here if row.get("role") == "at"), here[0] if here else None)


def _user_metadata(tracker: Tracker) -> Mapping[str, Any]:
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            metadata: Mapping[str, Any] = event.get("metadata") or {}
            return metadata
    return {}


class WaypostAction(Action, ABC):
    """An action that answers a `Turn`. Subclasses name themselves and fill `answer`."""

    action: str
    """The name in domain.yml."""

    def name(self) -> str:
        return self.action

    @abstractmethod
    def answer(self, turn: Turn) -> None:
        """Say what there is to say and change the memory."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[EventType]:
        turn = Turn.of(tracker)
        if turn.intent != "nlu_fallback" and turn.get("misses"):
            turn.set(misses=0)
        self.answer(turn)
        return turn.deliver(dispatcher)
