"""What a partner answers on the page behind a letter: read, checked, and stored together, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from directory.freshness.checking import record, tell_staff
from directory.freshness.summary import Summary, prepared, summary
from directory.freshness.tokens import Used
from directory.models import CheckRequest, Service, Verification

__all__ = ["Question", "questions", "read", "store"]

CORRECT, CHANGED = "correct", "changed"
LONGEST = 250


@dataclass
class Question:
    """One service of the page, with what was answered so far."""

    service: Service
    says: Summary
    answer: str = ""
    note: str = ""
    error: str = ""


def questions(request: CheckRequest, language: str, today: date) -> list[Question]:
    """The services that are asked about; those that were archived or given to others since are left out."""
    asked = request.services.filter(organisation=request.organisation, status__in=Service.PUBLIC_STATUSES)
    return [Question(service, summary(service, language, today)) for service in prepared(asked).order_by("pk")]


def read(asked: Sequence[Question], posted: Mapping[str, str]) -> bool:
    """Put what was posted into the questions, each with its error. Returns whether it can be stored.

    With the button for all, what has no answer and no note is still correct.
    """
    everything = "all" in posted
    for question in asked:
        pk = question.service.pk
        question.note = posted.get(f"note-{pk}", "").strip()
        question.answer = posted.get(f"answer-{pk}", "")
        if question.answer not in (CORRECT, CHANGED):
            question.answer = CHANGED if question.note else CORRECT if everything else ""
        if posted.get(f"seen-{pk}") != question.says.digest:
            question.error = _("This entry has changed since you opened the page. Please look at it again.")
        elif question.answer == CHANGED and not question.note:
            question.error = _("Please write in a few words what has changed.")
        elif question.answer == CORRECT and question.note:
            question.error = _("You wrote a note: please choose “something changed”, or empty the note.")
        elif len(question.note) > LONGEST:
            question.error = _("Please write no more than %(count)d letters.") % {"count": LONGEST}
    return any(question.answer for question in asked) and not any(question.error for question in asked)


def store(request: CheckRequest, asked: Sequence[Question]) -> None:
    """Store the answers and spend the link. Raises Used if somebody was quicker."""
    correct = [question.service for question in asked if question.answer == CORRECT]
    changed = [question for question in asked if question.answer == CHANGED]
    now = timezone.now()
    with transaction.atomic(), override("en"):
        spent = CheckRequest.objects.filter(pk=request.pk, used_at__isnull=True).update(
            used_at=now, confirmed=len(correct), changed=len(changed)
        )
        if not spent:
            request.refresh_from_db()
            raise Used(request)
        method = Verification.Method.PARTNER_CONFIRMED
        by_link = _("by the link in letter %(number)d") % {"number": request.pk}
        record(correct, by=None, method=method, outcome=Verification.Outcome.CONFIRMED, note=by_link)
        for question in changed:
            said = _("The organisation writes: %(note)s") % {"note": question.note}
            record([question.service], by=None, method=method, outcome=Verification.Outcome.WRONG, note=by_link)
            tell_staff(question.service, f"partner:{request.pk}:{question.service.pk}", said)
    request.refresh_from_db()
