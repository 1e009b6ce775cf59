"""Who changed what and when, over a record and all its parts; and back to a moment: one field, a record, a whole publication."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from directory.access import approves
from directory.bundles import BUNDLED, PARTS, Bundle, Change, Gone, apply_changes, changes, put, take
from directory.changes.proposals import propose
from directory.changes.rules import is_live, must_wait, needs_two
from directory.models import Article, ChangeRequest, ContactPoint, Publication, Service

__all__ = ["Event", "Restored", "changed_since", "events", "restore", "restore_publication"]

TOGETHER = timedelta(seconds=5)
"""Rows that one save writes lie so close together."""


@dataclass(frozen=True)
class Event:
    """One save: when it ended, by whom, why, and what it changed."""

    at: datetime
    before: datetime | None
    """The moment just before it; None for the first."""
    user: Any
    reason: str
    changes: list[Change]


def _moments(record: Any) -> list[tuple[datetime, Any, str]]:
    """All rows of the record's history and of its parts, newest first: when, who, why."""
    found: list[tuple[datetime, Any, str]] = []

    def collect(rows: Any) -> None:
        for row in rows.select_related("history_user"):
            found.append((row.history_date, row.history_user, row.history_change_reason or ""))

    model: Any = type(record)
    collect(model.history.filter(id=record.pk))
    contacts: set[int] = set()
    for part in PARTS.get(model, ()):
        rows = part.model.history.filter(**{f"{part.parent}_id": record.pk})
        collect(rows)
        if part.name == "contacts":
            contacts = set(rows.values_list("contact_id", flat=True))
    if contacts:
        collect(ContactPoint.history.filter(id__in=contacts))
    return sorted(found, key=lambda row: row[0], reverse=True)


def events(record: Any, *, limit: int = 50) -> Iterator[Event]:
    """The saves that changed something, newest first. A change of a shared number counts for every service that has it."""
    groups: list[list[tuple[datetime, Any, str]]] = []
    for row in _moments(record):
        if groups and groups[-1][-1][0] - row[0] <= TOGETHER and groups[-1][-1][1] == row[1]:
            groups[-1].append(row)
        else:
            groups.append([row])
    count = 0
    after: Bundle = take(record)
    for group in groups:
        start = group[-1][0]
        before: Bundle | None
        try:
            before = take(record, at=start - timedelta(microseconds=1))
        except Gone:
            before = None
        found = changes(before or {}, after)
        if found:
            reason = next((why for _at, _user, why in group if why), "")
            earlier = start - timedelta(microseconds=1) if before is not None else None
            yield Event(group[0][0], earlier, group[0][1], reason, found)
            count += 1
        if before is None or count >= limit:
            return
        after = before


def restore(record: Any, at: datetime, user: Any, *, paths: Any = None) -> ChangeRequest | list[Change] | None:
    """Make the record as it was at the moment, or only those paths of it. Returns what was changed; the proposal, if this
    person's edits of the record wait for somebody else; None if there is nothing to do. Raises Gone, ValidationError."""
    live, then = take(record), take(record, at=at)
    wanted = [row for row in changes(live, then) if paths is None or row.path in paths]
    if not wanted:
        return None
    goes_live = is_live(record) or then.get("status") in Service.PUBLIC_STATUSES
    if must_wait(record, live, wanted, live=goes_live, approver=approves(user, record)):
        two = needs_two(record, live, wanted)
        return propose(record, user, wanted, before=live, was_live=is_live(record), confidential=two)
    return put(record, apply_changes(live, wanted), by=user, reason=f"as of {at:%Y-%m-%d %H:%M} UTC")


@dataclass(frozen=True)
class Restored:
    """What bringing a publication back did, by record: its name, and one of changed, archived, proposed, failed."""

    record: Any
    outcome: str
    detail: str = ""


def changed_since(publication: Publication) -> list[Any]:
    """The records that somebody has changed since, or made: themselves or their parts. They still exist."""
    found: dict[tuple[str, int], Any] = {}
    for root in BUNDLED:
        model: Any = root
        keys = set(model.history.filter(history_date__gt=publication.at).values_list("id", flat=True))
        for part in PARTS.get(root, ()):
            rows = part.model.history.filter(history_date__gt=publication.at)
            keys |= set(rows.values_list(f"{part.parent}_id", flat=True))
        for record in model._default_manager.filter(pk__in=keys):
            found[model._meta.model_name, record.pk] = record
    return list(found.values())


def restore_publication(
    publication: Publication, user: Any, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Restored]:
    """Make all records as they were when this was published; what is newer is archived, never deleted.

    All or nothing, except that confidential places are proposed for a second person, and that a record which cannot be as it
    was (its organisation is gone) stays and is named.
    """
    result = []
    records = changed_since(publication)
    with transaction.atomic():
        for number, record in enumerate(records, 1):
            result += _restore_one(record, publication.at, user)
            progress(number, len(records))
    return result


def _restore_one(record: Any, at: datetime, user: Any) -> list[Restored]:
    try:
        with transaction.atomic():
            done = restore(record, at, user)
    except Gone:
        if isinstance(record, (Service, Article)) and is_live(record):
            live = take(record)
            put(record, {**live, "status": "archived"}, by=user, reason=f"newer than {at:%Y-%m-%d %H:%M} UTC")
            return [Restored(record, "archived")]
        return []
    except ValidationError as error:
        return [Restored(record, "failed", "; ".join(error.messages))]
    if isinstance(done, ChangeRequest):
        return [Restored(record, "proposed")]
    return [Restored(record, "changed")] if done else []
