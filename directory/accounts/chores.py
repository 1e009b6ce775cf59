"""Tidying up: sessions that ended, and network addresses of failed logins, which are kept for 30 days."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from django.utils import timezone

from directory.chores import chore

__all__ = ["KEEP_ATTEMPTS", "tidy"]

KEEP_ATTEMPTS = timedelta(days=30)


@chore(every=timedelta(days=1))
def tidy() -> str | None:
    """Removes what nobody needs any more."""
    now = timezone.now()
    sessions, _kinds = Session.objects.filter(expire_date__lt=now).delete()
    attempts, _kinds = AccessAttempt.objects.filter(attempt_time__lt=now - KEEP_ATTEMPTS).delete()
    return f"{sessions} sessions and {attempts} failed logins removed" if sessions or attempts else None
