"""Recording the result of a check, and closing what it settles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import Service, Task, User, Verification

__all__ = ["record", "settle_overdue", "tell_staff"]


def record(
    services: Iterable[Service], *, by: User | None, method: str, outcome: str, note: str = "", at: date | None = None
) -> int:
    """Store one check of each service; the services' dates follow from it. Returns how many were checked."""
    checks = [
        Verification(
            service=service, by=by, method=method, outcome=outcome, note=note[:300], at=at or timezone.localdate()
        )
        for service in services
    ]
    with transaction.atomic():
        for check in checks:
            check.save()
        if outcome in Verification.SUCCESSES:
            settle_overdue(by)
    return len(checks)


def settle_overdue(by: User | None = None) -> int:
    """Close the tasks "long overdue" of services that have been checked since. Returns how many."""
    today = timezone.localdate()
    checked = Task.objects.filter(kind=Task.Kind.OVERDUE, state=Task.State.OPEN, service__review_due__gte=today)
    return checked.update(
        state=Task.State.DONE, handled_by=by, handled_at=timezone.now(), note=_("The service was checked.")
    )


def tell_staff(service: Service, key: str, words: str) -> Task:
    """A task for staff with what somebody said about a service."""
    return Task.found(
        Task.Kind.OTHER, key, service=service, organisation=service.organisation, details=" ".join(words.split())[:300]
    )
