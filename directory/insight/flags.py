"""When reports make a task: two that agree, or any two within a month, are more than one person's mistake or malice.

The bot passes on one report a person, place and month (`actions/feedback.py`), so two reports are two conversations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone, translation

from directory.models import Service, Task, UserReport

__all__ = ["APART", "enough", "reflag", "settle", "watch"]

APART = timedelta(days=30)
"""Two reports of different kinds count together if they are no farther apart."""
FAMILIES = {"changed": UserReport.CHANGES, "complaint": UserReport.COMPLAINTS}
"""By the beginning of the task's key. "changed" makes the bot say "call first"; a complaint does not: staff decide what to do."""


def enough(reports: Collection[UserReport]) -> bool:
    """Whether these reports about one service flag it: two of one kind, or two within `APART`."""
    if any(count > 1 for count in Counter(report.kind for report in reports).values()):
        return True
    days = sorted(report.reported_on for report in reports)
    return any(later - earlier <= APART for earlier, later in pairwise(days))


def reflag(services: Iterable[Service], by: Any = None) -> None:
    """Open or close the tasks of these services as their open reports say. A complaint counts from the first one on."""
    for service in services:
        waiting = list(UserReport.objects.filter(service=service, state=UserReport.State.OPEN))
        for family, kinds in FAMILIES.items():
            reports = [report for report in waiting if report.kind in kinds]
            tasks = Task.reported(family).filter(service=service)
            if not (enough(reports) if family == "changed" else reports):
                tasks.update(state=Task.State.DONE, handled_by=by, handled_at=timezone.now())
            elif not tasks.update(details=_details(reports)):
                Task.found(Task.Kind.REPORTED, f"{family}:{service.pk}", service=service, details=_details(reports))


def _details(reports: Iterable[UserReport]) -> str:
    """ "closed × 2, moved × 1", in English like all that is stored for staff."""
    with translation.override("en"):
        counted = Counter(str(report.get_kind_display()) for report in reports)
    return ", ".join(f"{kind} × {count}" for kind, count in sorted(counted.items()))


def settle(reports: Iterable[UserReport], by: Any, state: str, note: str = "") -> int:
    """Close open reports, and the tasks that rest on them. Returns how many were closed."""
    keys = [report.pk for report in reports]
    with transaction.atomic():
        waiting = UserReport.objects.select_for_update().filter(pk__in=keys, state=UserReport.State.OPEN)
        services = list(Service.objects.filter(pk__in=waiting.values("service")))
        fields: dict[str, Any] = {"state": state, "handled_by": by, "handled_at": timezone.now()}
        count = UserReport.objects.filter(pk__in=[report.pk for report in waiting]).update(
            **fields, **({"note": note[:300]} if note else {})
        )
        reflag(services, by)
    return count


def _task_closed(sender: type[Task], instance: Task, **kwargs: Any) -> None:
    """A task that staff closed elsewhere closes the reports on which it rests; else the next report would open it again."""
    family = FAMILIES.get(instance.key.partition(":")[0])
    if (
        instance.kind != Task.Kind.REPORTED
        or instance.state == Task.State.OPEN
        or not family
        or not instance.service_id
    ):
        return
    UserReport.objects.filter(service=instance.service_id, kind__in=family, state=UserReport.State.OPEN).update(
        state=instance.state, handled_by=instance.handled_by_id, handled_at=timezone.now()
    )


def watch() -> None:
    """Listen to tasks that are closed."""
    post_save.connect(_task_closed, sender=Task, dispatch_uid="reports of a closed task")
