"""Freshness in the background: reminders, and a few links at a time."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from directory.chores import chore
from directory.freshness.linkchecks import check_due
from directory.freshness.reminders import open_tasks, plan, send_all
from directory.models import CheckRequest, Letter

__all__ = ["forget", "links", "remind"]

KEPT_DAYS = 400
"""Letters and questions are kept for so long: longer than the longest period of checks."""


@chore(every=timedelta(hours=6))
def remind() -> str | None:
    """Today's letters, and tasks for what is two weeks late."""
    today = timezone.localdate()
    tasks = open_tasks(today)
    sent, failed = send_all(plan(today), today)
    if not (sent or failed or tasks):
        return None
    return f"{sent} letters, {failed} failed, {tasks} new tasks"


@chore(every=timedelta(minutes=5))
def links() -> str | None:
    """The links that were not tried for a week, twenty at a time."""
    done = check_due(limit=20)
    return f"{done.tried} links tried, {done.failing} fail" if done.tried else done.reason or None


@chore(every=timedelta(days=1))
def forget() -> str | None:
    """Old letters and questions."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    letters, _by_model = Letter.objects.filter(day__lt=before.date()).delete()
    questions, _by_model = CheckRequest.objects.filter(sent_at__lt=before).delete()
    return f"{letters + questions} old rows removed" if letters + questions else None
