"""Decides what a message means, in a fixed order: position, the channel's own menu, open choices, command words, a bare place,
the classifier.

The order is that of `Router.route`. What is certain goes first; the classifier is asked last and may say that it is not sure
(`nlu_fallback`, as Rasa calls it), upon which the bot asks back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.intents import INTENTS
from bot.messages import pressed
from bot.nlu.classifier import Classified
from bot.nlu.commands import Commands, commands
from bot.nlu.normalise import key, letters
from bot.nlu.numerals import Numerals, number_in_digits, numerals

__all__ = ["FALLBACK", "Heard", "Routed", "Router"]

FALLBACK = "nlu_fallback"
"""Rasa's name for "not understood"."""
RANKED = 5
SURE_NEED = 0.6
"""A bare place name is a place unless the classifier is so sure of a need ("Bath", "Nice")."""
SURE_NEED_ASKED = 0.85
"""The same right after the bot asked for the place."""
SURE_DANGER = 0.8
"""A message that is nothing but the name of a place is a cry for help only if the classifier is as sure as that."""
SURE_PLACE = 0.7
LIKELY_NEED = 0.15
"""A message that names a place and says more than that tells a need, too, unless the classifier is sure that it does not."""
PLACE_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Heard:
    """A message and what is known about it."""

    text: str
    classified: Classified | None = None
    """None: there is no text to classify."""
    entities: Sequence[Mapping[str, Any]] = ()
    """What the message tells, as Rasa entities."""
    whole_place: bool = False
    """The message says nothing but a place."""
    location: Mapping[str, float] | None = None
    """A shared position, {"lat", "lon"} in degrees."""
    choices: Sequence[Mapping[str, Any]] = ()
    """What the bot offered last: {"label", "intent", "entities"}."""
    given: str = ""
    """The intent that the channel knows: picked in its own menu of commands, or on a button of an older message."""
    question: str | None = None
    """What the bot asked last: "place"."""
    language: str | None = None
    """That of the conversation, else that of the message."""


@dataclass(frozen=True)
class Routed:
    """What a message means."""

    intent: str
    confidence: float
    route: str
    """location, choice, command, place, classifier, empty."""
    entities: list[dict[str, Any]] = field(default_factory=list)
    ranking: list[tuple[str, float]] = field(default_factory=list)
    """The likeliest intents, `intent` first."""


class Router:
    """Knows the command words and number words of the served languages."""

    def __init__(self, words: Commands | None = None, numbers: Numerals | None = None) -> None:
        """Those of the project, unless others are given."""
        self._commands = words or commands()
        self._numerals = numbers or numerals()

    def route(self, heard: Heard) -> Routed:
        """What a message means."""
        return (
            self._location(heard)
            or self._given(heard)
            or self._choice(heard)
            or self._command(heard)
            or self._place(heard)
            or self._empty(heard)
            or self._classifier(heard)
        )

    def _location(self, heard: Heard) -> Routed | None:
        if not heard.location:
            return None
        position = {"lat": float(heard.location["lat"]), "lon": float(heard.location["lon"])}
        return _certain(heard, "give_location", "location", [{"entity": "location", "value": position}])

    def _given(self, heard: Heard) -> Routed | None:
        return _certain(heard, heard.given, "command") if heard.given in INTENTS else None

    def _choice(self, heard: Heard) -> Routed | None:
        """A number from 1 to the number of choices, a label, or the payload of a button."""
        picked = self._picked(heard, [str(choice.get("label", "")) for choice in heard.choices])
        if picked is None:
            return None
        choice = heard.choices[picked]
        entities = [{"entity": name, "value": value} for name, value in (choice.get("entities") or {}).items()]
        return _certain(heard, str(choice["intent"]), "choice", entities)

    def _picked(self, heard: Heard, labels: Sequence[str]) -> int | None:
        if not labels:
            return None
        text = heard.text
        button = pressed(text)  # the engine has looked at its token before (bot.engine.engine.resolved)
        number = button[0] if button else self._numerals.number(text, heard.language)
        if number is not None and 1 <= number <= len(labels):
            return number - 1
        bare = key(text)
        same = [position for position, label in enumerate(labels) if bare and key(label) == bare]
        return same[0] if len(same) == 1 else None

    def _command(self, heard: Heard) -> Routed | None:
        """0, a command word, the name of a language, an emoji of one clear meaning."""
        if number_in_digits(heard.text) == 0:
            return _certain(heard, "ask_menu", "command")
        command = self._commands.command(heard.text, heard.language)
        if command is None:
            return None
        named = [{"entity": "language", "value": command.language}] if command.language else []
        return _certain(heard, command.intent, "command", named)

    def _place(self, heard: Heard) -> Routed | None:
        """A place and nothing else, or any place where the bot asked for one and nothing else is clearly meant."""
        asked = heard.question == "place"
        if not any(entity["entity"] == "place" for entity in heard.entities) or not (heard.whole_place or asked):
            return None
        if heard.classified:
            group = INTENTS[heard.classified.intent].group
            limit = SURE_NEED_ASKED if asked and heard.whole_place else SURE_NEED
            danger = SURE_DANGER if heard.whole_place else 0.0
            if group == "sensitive" and heard.classified.sure and heard.classified.confidence >= danger:
                return None
            if heard.classified.confidence >= limit and (group == "needs" or not heard.whole_place):
                return None
        entities = [dict(entity) for entity in heard.entities]
        ranking = _after(heard, "give_location", PLACE_CONFIDENCE)
        return Routed("give_location", PLACE_CONFIDENCE, "place", entities, ranking)

    def _empty(self, heard: Heard) -> Routed | None:
        """Nothing to read: no letters, no known emoji, a number or an old button that picks nothing."""
        if letters(heard.text) and heard.classified is not None and not pressed(heard.text):
            return None
        return Routed(FALLBACK, 1.0, "empty", [], [(FALLBACK, 1.0)])

    @staticmethod
    def _need_beside_place(heard: Heard, classified: Classified) -> tuple[str, float] | None:
        """The likeliest need of "my child has fever i am in nairobi", where the classifier saw the place more than the fever."""
        if classified.intent != "give_location" or heard.whole_place or classified.confidence >= SURE_PLACE:
            return None
        if not any(entity["entity"] == "place" for entity in heard.entities):
            return None
        needs = (row for row in classified.ranking if row[0] in INTENTS and INTENTS[row[0]].group == "needs")
        name, probability = next(needs, ("", 0.0))
        return (name, probability) if probability >= LIKELY_NEED else None

    def _classifier(self, heard: Heard) -> Routed:
        classified = heard.classified
        if classified is None:
            raise ValueError("a message with letters must be classified")
        entities = [dict(entity) for entity in heard.entities]
        if not classified.sure:
            doubt = 1.0 - classified.confidence
            ranking = [(FALLBACK, doubt), *classified.ranking][:RANKED]
            return Routed(FALLBACK, doubt, "classifier", entities, ranking)
        need = self._need_beside_place(heard, classified)
        if need:
            ranking = [need, *(row for row in classified.ranking if row[0] != need[0])]
            return Routed(*need, "classifier", entities, ranking)
        if classified.intent == "change_language":
            entities = [entity for entity in entities if entity["entity"] != "language"]
            named = self._commands.languages_in(heard.text)
            if len(named) == 1:
                entities.append({"entity": "language", "value": named[0]})
        return Routed(classified.intent, classified.confidence, "classifier", entities, list(classified.ranking))


def _certain(heard: Heard, intent: str, route: str, entities: list[dict[str, Any]] | None = None) -> Routed:
    return Routed(intent, 1.0, route, entities or [], _after(heard, intent, 1.0))


def _after(heard: Heard, intent: str, confidence: float) -> list[tuple[str, float]]:
    """The intent, then what the classifier thought."""
    others = [row for row in (heard.classified.ranking if heard.classified else ()) if row[0] != intent]
    return [(intent, confidence), *others][:RANKED]
