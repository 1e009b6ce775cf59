"""Decisions about going, staying and returning: no advice, the same facts on every side, and who can be asked."""

from __future__ import annotations

from actions.crisis import emergency_number
from actions.turn import Turn, WaypostAction
from bot.messages import Choice, Text

__all__ = ["Neutral"]

_TOPICS = {
    "ask_migration_advice": "migration",
    "ask_irregular_route": "route",
    "ask_outcome_prediction": "outcome",
}

# Options stand side by side with equal form (safety.md, B.2, N18): help to stay beside help to return. The first three are one of
# each side, so that the first page of an SMS shows them all.
_OPTIONS = {
    "migration": (
        ("topic:info_rights", "info_rights"),
        ("topic:info_return", "info_return"),
        ("topic:info_family_reunification", "info_family_reunification"),
        ("topic:info_asylum", "info_asylum"),
        ("category:return_support", "find_return_support"),
        ("category:legal_aid", "find_legal_aid"),
        ("topic:info_journey_risks", "info_journey_risks"),
        ("menu:person", "talk_to_human"),
    ),
    "route": (
        ("menu:more_help", "ask_menu"),
        ("topic:info_rights", "info_rights"),
        ("topic:info_journey_risks", "info_journey_risks"),
        ("category:legal_aid", "find_legal_aid"),
        ("menu:person", "talk_to_human"),
    ),
    "outcome": (
        ("topic:info_asylum", "info_asylum"),
        ("topic:info_detention", "info_detention"),
        ("category:legal_aid", "find_legal_aid"),
        ("menu:person", "talk_to_human"),
    ),
}


class Neutral(WaypostAction):
    """ask_migration_advice, ask_irregular_route, ask_outcome_prediction."""

    action = "action_neutral"

    def answer(self, turn: Turn) -> None:
        topic = _TOPICS[turn.intent]
        texts = [Text(f"neutral:{topic}")]
        numbers = []
        if topic == "route":
            row = emergency_number(turn, "trafficking")
            if row:
                texts.append(Text("neutral:route_safety", {"number": {"phone": row.number}}))
                numbers = [{"number": row.number, "country": row.country, "verified": row.verified_on is not None}]
                if row.verified_on is None:
                    texts.append(Text("crisis:unverified"))
            else:
                texts.append(Text("neutral:route_safety_no_number"))
        texts.append(Text(f"neutral:{topic}_options"))
        choices = tuple(
            Choice(Text(label), intent, {"page": "help"} if intent == "ask_menu" else {})
            for label, intent in _OPTIONS[topic]
        )
        turn.set(question=None)
        turn.say("neutral", *texts, choices=choices, data={"topic": topic, "numbers": numbers})
