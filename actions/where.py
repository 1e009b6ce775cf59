"""Where the person is: from a shared position, a picked choice, or a name in the message; and how to ask."""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import Any

from actions.turn import Turn
from bot.lookup.search import national_services
from bot.messages import Choice, Text
from bot.nlu.places import Place, Resolution

__all__ = ["Where", "ask_place", "learn_place", "settle_place"]

MAX_CHOICES = 4
"""Places offered at once (directory.md, part 7, step 2)."""


class Where(enum.Enum):
    """What came of looking for a place in a message."""

    KNOWN = enum.auto()
    """The turn's place is set, by this message or an earlier one."""
    ASKED = enum.auto()
    """The turn already asks the person which place they mean."""
    UNKNOWN = enum.auto()
    """Nothing said so far tells where the person is."""


def settle_place(turn: Turn, *, whole_text: bool = False, remembered: bool = True) -> Where:
    """Find out where the person is.

    `whole_text`: the message is an answer to "where are you?", so all of it may be a misspelt name.
    `remembered`: a place of an earlier message counts.
    """
    picked = turn.entities.get("place")
    if turn.location:
        turn.set(place=_shared(turn, turn.location["lat"], turn.location["lon"]))
        return Where.KNOWN
    if isinstance(picked, dict):
        turn.set(place=picked)
        return Where.KNOWN
    countries = turn.directory.countries
    if turn.candidates:
        return _resolved(turn, turn.places.decide(turn.candidates, turn.country, countries, turn.typed_place))
    if whole_text and turn.text:
        resolution = turn.places.resolve(turn.text, turn.country, countries)
        if resolution.state != "none":
            return _resolved(turn, resolution)
    return Where.KNOWN if remembered and turn.place else Where.UNKNOWN


def learn_place(turn: Turn) -> None:
    """Keep the place of a message if it is clear, and ask nothing: danger comes first, or something else is asked already."""
    settle_place(turn)
    turn.replies.clear()
    turn.changes.pop("question", None)


def _shared(turn: Turn, lat: float, lon: float) -> dict[str, Any]:
    # Named after the nearest town, but searched from where the person is (rounded to about 1 km by the channel).
    nearest = turn.places.nearest(lat, lon)
    if nearest is None:
        return Place(f"pin:{lat}:{lon}", f"{lat}, {lon}", "", "", lat, lon, 0, "UTC", "pin").to_dict()
    return replace(nearest, lat=lat, lon=lon).to_dict()


def _resolved(turn: Turn, resolution: Resolution) -> Where:
    found = list(resolution.places)
    if resolution.state == "one":
        turn.set(place={**found[0].to_dict(), "typed": turn.typed_place})
        return Where.KNOWN
    if resolution.state == "country":
        turn.set(question="place")
        turn.say(
            "question",
            Text("ask_town", {"country": {"country": found[0].country}}),
            data={"slot": "place", "country": found[0].country},
            ask_location=True,
        )
        say_national(turn, turn.get("need"), found[0].country)
        return Where.ASKED
    if resolution.state in ("ambiguous", "suggest"):
        turn.set(question="place")
        text = "which_place" if resolution.state == "ambiguous" else "did_you_mean_place"
        turn.say("question", text, choices=_place_choices(turn, found), data={"slot": "place"})
        return Where.ASKED
    return Where.UNKNOWN


def _place_choices(turn: Turn, found: list[Place]) -> tuple[Choice, ...]:
    choices: dict[str, Choice] = {}
    for place in found:
        label = turn.places.label(place, turn.language, turn.typed_place, among=found)
        choices.setdefault(label, Choice(label, "give_location", {"place": place.to_dict()}))
    return tuple(list(choices.values())[:MAX_CHOICES])


def ask_place(turn: Turn, *before: Text | str, again: bool = False) -> None:
    """Ask once where the person is, after the given pieces of text."""
    turn.set(question="place")
    share = () if turn.channel == "sms" else ("ask_place_share",)
    turn.say(
        "question",
        *before,
        "ask_place_again" if again else "ask_place",
        *share,
        data={"slot": "place"},
        ask_location=True,
    )


def say_national(turn: Turn, category: str | None, country: str) -> None:
    """Phone and online services of the country at once, while the town is still asked for (intents.md, needs)."""
    cards = national_services(turn.directory, category, country, turn.language, turn.now) if category else []
    if cards:
        turn.say("services", "results_national", cards=tuple(cards))


def sample_note(turn: Turn) -> tuple[Text, ...]:
    """The remark for answers without cards from the sample directory (with cards, `bot.replies.render` puts it there)."""
    return (Text("sample"),) if turn.directory.sample else ()
