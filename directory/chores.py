"""Work that no request waits for: queued imports, reminders, link checks. `manage.py chores` runs it beside the server.

A chore is a function without arguments that returns a line for the log, or nothing if there was nothing to do. It runs again
after `every`; when it last ran is in the database, so a restart repeats nothing, and one process at a time does each.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from django.db import IntegrityError, transaction
from django.utils import timezone

from directory.models import ChoreRun

__all__ = ["CHORES", "MODULES", "Chore", "chore", "run_due"]

log = logging.getLogger(__name__)

MODULES: tuple[str, ...] = (
    "directory.accounts.chores",
    "directory.insight.chores",
    "directory.changes.chores",
    "directory.search",
    "directory.duplicates.chores",
    "directory.freshness.chores",
    "directory.exchange.chores",
)
"""Modules that define chores; each is imported when the chores are run."""


@dataclass(frozen=True)
class Chore:
    """One kind of work."""

    name: str
    every: timedelta
    run: Callable[[], str | None]


CHORES: dict[str, Chore] = {}
Work = Callable[[], "str | None"]


def chore(every: timedelta) -> Callable[[Work], Work]:
    """Registers the function under its module's and its own name."""

    def register(work: Work) -> Work:
        name = f"{work.__module__.removeprefix('directory.')}.{work.__name__}"
        CHORES[name] = Chore(name, every, work)
        return work

    return register


def _claim(work: Chore, now: datetime) -> bool:
    """Whether this process is the one that does the chore now, which is due."""
    due = ChoreRun.objects.filter(name=work.name, started_at__lte=now - work.every)
    if due.update(started_at=now):
        return True
    try:
        with transaction.atomic():
            ChoreRun.objects.create(name=work.name, started_at=now)
    except IntegrityError:
        return False
    return True


def run_due(now: datetime | None = None) -> dict[str, str]:
    """Run what is due. Returns the line of each chore that did something; one that fails is logged and does not stop others."""
    for module in MODULES:
        import_module(module)
    done = {}
    began = dict(ChoreRun.objects.values_list("name", "started_at"))
    for work in CHORES.values():
        at = now or timezone.now()
        due = work.name not in began or began[work.name] <= at - work.every
        if not due or not _claim(work, at):
            continue
        try:
            line = work.run()
        except Exception as error:
            log.exception("chore %s failed", work.name)
            line = f"failed: {type(error).__name__}"
        if line:
            done[work.name] = line
        ChoreRun.objects.filter(name=work.name).update(ended_at=timezone.now(), line=(line or "")[:300])
    return done
