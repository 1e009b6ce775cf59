"""What people tell about the places and about us: it goes to the staff without who told it.

One person's word about a place counts once in `AGAIN` days. The directory cannot see that, because it is told nothing about
who told it; so the conversation remembers which places it spoke of, and on which day, and nothing is passed on a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from actions.find_services import chosen_service, menu_choice, service_choices
from actions.turn import Turn, WaypostAction
from bot.messages import Choice, Text

__all__ = ["AGAIN", "WRONG", "Feedback", "ReportWrong"]

WRONG = ("closed", "wrong_number", "moved", "charged_money", "unsafe", "other")
"""What can be wrong with a place, in the order of the buttons; the kinds of `directory.models.UserReport`."""
AGAIN = timedelta(days=30)
"""So long a second report about the same place, from the same conversation, is not passed on."""
_MEMORY = "told"
"""Beginning of what is remembered in the slot `said`: "told:wrong:<id of the service>:<day>"."""


def _told(turn: Turn) -> Iterator[tuple[str, str, str]]:
    """(topic, service, day) of what this conversation told in the last days; topic "wrong?" if it did not say what is wrong."""
    oldest = (turn.now.date() - AGAIN).isoformat()
    for entry in turn.get("said", ()):
        beginning, _, rest = entry.partition(":")
        if beginning == _MEMORY:
            topic, _, rest = rest.partition(":")
            service, _, day = rest.rpartition(":")
            if day > oldest:
                yield topic, service, day


def _remember(turn: Turn, told: list[tuple[str, str, str]]) -> None:
    others = [entry for entry in turn.get("said", ()) if not entry.startswith(f"{_MEMORY}:")]
    turn.set(said=[*others, *(":".join((_MEMORY, *row)) for row in told)])


def _note(turn: Turn, kind: str, topic: str, service: str) -> None:
    """Pass a report on, unless this conversation has said so of the place already.

    `kind`: "wrong" before the person said what is wrong, then one of WRONG; "feedback". A kind that follows upon a "wrong"
    is sent as "wrong:closed" under that one's day, and takes its place in the directory.
    """
    told, today = list(_told(turn)), turn.now.date().isoformat()
    known = {(row[0], row[1]): row[2] for row in told}
    day = today
    if (asked := known.get(("wrong?", service))) and topic == "wrong":
        told.remove(("wrong?", service, asked))
        kind, day = f"wrong:{kind}", asked
    elif known.keys() & {(topic, service), *([("wrong", service)] if topic == "wrong?" else [])}:
        return
    _remember(turn, [*told, (topic, service, day)])
    turn.set(reports=[{"kind": kind, "service": service, "language": turn.language, "day": day}])


class Feedback(WaypostAction):
    """give_feedback: thanks, that help is free, and a way to a person. The words of the message are not kept."""

    action = "action_feedback"

    def answer(self, turn: Turn) -> None:
        service = chosen_service(turn)
        if service:
            _note(turn, "feedback", "feedback", service)
        choices = (Choice(Text("menu:person"), "talk_to_human"), menu_choice())
        turn.say("feedback", "feedback", "feedback_next", choices=choices, data={"topic": "feedback"})


class ReportWrong(WaypostAction):
    """report_wrong_information: noted at once, and asked what is wrong; a number or button answers, words are not kept."""

    action = "action_report_wrong"

    def answer(self, turn: Turn) -> None:
        identifier, kind = chosen_service(turn), turn.entities.get("wrong")
        results = list(turn.get("results", ()))
        if identifier is not None and kind in WRONG:
            _note(turn, kind, "wrong", identifier)
            self._thank(turn, identifier, kind)
        elif identifier is not None:
            _note(turn, "wrong", "wrong?", identifier)
            kinds = (
                Choice(Text(f"wrong:{name}"), "report_wrong_information", {"service": identifier, "wrong": name})
                for name in WRONG
            )
            data = {"topic": "wrong", "service": identifier}
            turn.say("feedback", "report", "report_what", choices=(*kinds, menu_choice()), data=data)
        elif results:
            choices = service_choices(turn, results, "report_wrong_information")
            turn.say("choices", "report_which", choices=choices, data={"topic": "wrong"})
        else:
            turn.say("feedback", "report_none", choices=(menu_choice(),), data={"topic": "wrong"})

    @staticmethod
    def _thank(turn: Turn, identifier: str, kind: str) -> None:
        """Thanks; for what people must not go through, a way to somebody who listens."""
        data = {"topic": "wrong", "service": identifier, "wrong": kind}
        person = Choice(Text("menu:person"), "talk_to_human")
        if kind == "unsafe":
            danger = Choice(Text("menu:danger"), "emergency_danger")
            choices: tuple[Choice, ...] = (danger, person, menu_choice())
        elif kind == "charged_money":
            choices = (person, menu_choice())
        else:
            choices = (Choice(Text("choice:more"), "more_results"), menu_choice())
        listens = ("feedback_next",) if choices[-2] is person else ()
        turn.say("feedback", "feedback", *listens, choices=choices, data=data)
