"""What people tell about the places and about us: it goes to the staff without who told it."""

from __future__ import annotations

from actions.find_services import chosen_service, menu_choice, service_choices
from actions.turn import Turn, WaypostAction
from bot.messages import Choice, Text

__all__ = ["Feedback", "ReportWrong"]


def _note(turn: Turn, kind: str, service: str) -> None:
    row = {"kind": kind, "service": service, "language": turn.language, "day": turn.now.date().isoformat()}
    turn.set(reports=[row])


class Feedback(WaypostAction):
    """give_feedback: thanks, that help is free, and a way to a person. The words of the message are not kept."""

    action = "action_feedback"

    def answer(self, turn: Turn) -> None:
        service = chosen_service(turn)
        if service:
            _note(turn, "feedback", service)
        choices = (Choice(Text("menu:person"), "talk_to_human"), menu_choice())
        turn.say("feedback", "feedback", "feedback_next", choices=choices, data={"topic": "feedback"})


class ReportWrong(WaypostAction):
    """report_wrong_information: a number, place or hour that is not right any more."""

    action = "action_report_wrong"

    def answer(self, turn: Turn) -> None:
        identifier = chosen_service(turn)
        results = list(turn.get("results", ()))
        if identifier is not None:
            _note(turn, "wrong", identifier)
            more = Choice(Text("choice:more"), "more_results")
            turn.say(
                "feedback", "report", choices=(more, menu_choice()), data={"topic": "wrong", "service": identifier}
            )
        elif results:
            choices = service_choices(turn, results, "report_wrong_information")
            turn.say("choices", "report_which", choices=choices, data={"topic": "wrong"})
        else:
            turn.say("feedback", "report_none", choices=(menu_choice(),), data={"topic": "wrong"})
