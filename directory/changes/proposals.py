"""The life of a proposed change: made, added to, decided, sent back, withdrawn. A conflict is shown, never overwritten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from directory.access import approves
from directory.bundles import Bundle, Change, apply_changes, conflicts, put, take
from directory.changes.rules import exact
from directory.models import ChangeRequest, ConfidentialProposal, Publication, Service

__all__ = [
    "Conflict",
    "approve",
    "decides",
    "fingerprint",
    "live_bundle",
    "open_changes",
    "propose",
    "reject",
    "request_publication",
    "resubmit",
    "send_back",
    "wanted",
    "withdraw",
]

VIEW_CONFIDENTIAL = "directory.view_confidential"


class Conflict(Exception):
    """The record has become something else since the change was proposed, or since the page was opened."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__(", ".join(paths))
        self.paths = paths


def open_changes(record: Any) -> QuerySet[ChangeRequest]:
    """What is proposed for a record and not decided."""
    kind = ContentType.objects.get_for_model(type(record))
    return ChangeRequest.objects.filter(target_type=kind, target_id=record.pk, state__in=ChangeRequest.OPEN)


def wanted(change: ChangeRequest) -> list[Change]:
    """All that the change asks for, confidential parts included: for those who may see them, and for applying."""
    hidden = ConfidentialProposal.objects.filter(change=change).values_list("diff", flat=True).first() or []
    return [Change.from_json(row) for row in [*change.diff, *hidden]]


def live_bundle(change: ChangeRequest) -> Bundle:
    """The record as it is now. Raises `LookupError` if it is gone."""
    if change.target is None:
        raise LookupError(change.target_id)
    return take(change.target, confidential=change.confidential)


def fingerprint(live: Bundle, asked: Iterable[Change]) -> str:
    """What the reviewer saw: of the live values that the change concerns."""
    seen = {change.path: live.get(change.path, ...) for change in asked}
    return hashlib.sha256(json.dumps(seen, sort_keys=True, default=str).encode()).hexdigest()[:32]


def _store(change: ChangeRequest, record: Any, before: Bundle, asked: Iterable[Change]) -> None:
    rows: list[dict[str, Any]] = []
    hidden: list[dict[str, Any]] = []
    for row in asked:
        (hidden if exact(record, before, row) else rows).append(row.as_json())
    change.diff, change.confidential = rows, change.confidential or bool(hidden)
    change.save()
    if hidden:
        ConfidentialProposal.objects.update_or_create(change=change, defaults={"diff": hidden})
    else:
        ConfidentialProposal.objects.filter(change=change).delete()


def _kind(record: Any, asked: Iterable[Change], was_live: bool) -> str:
    if isinstance(record, Service):
        status = next((row.after for row in asked if row.path == "status"), None)
        if status in (Service.Status.CLOSED, Service.Status.ARCHIVED):
            return ChangeRequest.Kind.CLOSE
    return ChangeRequest.Kind.EDIT if was_live else ChangeRequest.Kind.NEW


@transaction.atomic
def propose(
    record: Any,
    user: Any,
    asked: list[Change],
    *,
    before: Bundle,
    was_live: bool = True,
    minor: bool = False,
    confidential: bool = False,
    reason: str = "",
) -> ChangeRequest | None:
    """Keep the changes as the person's proposal; one that they have made before for this record and that is still open is
    added to. Returns None if nothing is left to ask for. `before` is the record as it is."""
    change = open_changes(record).filter(author=user).select_for_update().first()
    merged: dict[str, Change] = {}
    if change is not None:
        merged = {row.path: row for row in wanted(change)}
        minor = minor and change.minor
    for row in asked:
        first = merged.get(row.path)
        merged[row.path] = Change(row.path, first.before, row.after, first.had, row.has) if first else row
    left = [row for row in merged.values() if row.had != row.has or row.before != row.after]
    if not left:
        if change is not None:
            withdraw(change, user)
        return None
    change = change or ChangeRequest(
        target_type=ContentType.objects.get_for_model(type(record)), target_id=record.pk, author=user
    )
    change.kind, change.minor, change.state = _kind(record, left, was_live), minor, ChangeRequest.State.PENDING
    change.confidential = change.confidential or confidential
    change.reason = reason or change.reason
    _store(change, record, before, left)
    return change


def decides(user: Any, change: ChangeRequest) -> bool:
    """Whether the person may decide: they approve such records, it is not their own, and they may see all of it."""
    if change.target is None or change.author_id == user.pk or not approves(user, change.target):
        return False
    return not change.confidential or user.has_perm(VIEW_CONFIDENTIAL)


def _decide(change: ChangeRequest, user: Any, state: str, note: str = "") -> None:
    change.state, change.reviewer, change.decided_at = state, user, timezone.now()
    change.note_to_author = note or change.note_to_author
    change.save()


def _locked(change: ChangeRequest, states: Collection[str]) -> ChangeRequest:
    """The change, held for this transaction. Raises Conflict if somebody else was faster."""
    held = ChangeRequest.objects.select_for_update().get(pk=change.pk)
    if held.state not in states:
        raise Conflict(["state"])
    return held


@transaction.atomic
def approve(
    change: ChangeRequest,
    user: Any,
    *,
    seen: str,
    paths: Collection[str] | None = None,
    edits: Mapping[str, Any] | None = None,
    over: Collection[str] = (),
    note: str = "",
) -> list[Change]:
    """Make the change, or only its `paths`, with other values where `edits` names them. Returns what was changed.

    `seen` is the `fingerprint` of what the reviewer saw; `over` names the conflicts that they looked at and decided. Raises
    Conflict, PermissionDenied, and ValidationError with messages by path; nothing is written then.
    """
    change = _locked(change, (ChangeRequest.State.PENDING,))
    if not decides(user, change):
        raise PermissionDenied
    live, asked = live_bundle(change), wanted(change)
    if fingerprint(live, asked) != seen:
        raise Conflict(["seen"])
    chosen = [
        Change(row.path, row.before, (edits or {}).get(row.path, row.after), row.had, row.has)
        for row in asked
        if paths is None or row.path in paths
    ]
    open_questions = [row.path for row in conflicts(live, chosen) if row.path not in over]
    if open_questions:
        raise Conflict(open_questions)
    record = change.target
    done = put(
        record,
        apply_changes(live, chosen),
        by=change.author,
        reviewer=user,
        minor=change.minor,
        reason=f"change {change.pk}",
    )
    change.decided = [row.as_json() for row in done if not exact(record, live, row)]
    _decide(change, user, ChangeRequest.State.APPROVED, note)
    ConfidentialProposal.objects.filter(change=change).delete()
    return done


@transaction.atomic
def send_back(change: ChangeRequest, user: Any, note: str) -> None:
    """Ask the author for something; the proposal stays."""
    change = _locked(change, (ChangeRequest.State.PENDING,))
    if not decides(user, change):
        raise PermissionDenied
    _decide(change, user, ChangeRequest.State.SENT_BACK, note)


@transaction.atomic
def reject(change: ChangeRequest, user: Any, note: str) -> None:
    """Refuse it for good; what was confidential in it is forgotten."""
    change = _locked(change, ChangeRequest.OPEN)
    if not decides(user, change):
        raise PermissionDenied
    _decide(change, user, ChangeRequest.State.REJECTED, note)
    ConfidentialProposal.objects.filter(change=change).delete()


@transaction.atomic
def withdraw(change: ChangeRequest, user: Any) -> None:
    """The author takes it back."""
    change = _locked(change, ChangeRequest.OPEN)
    if change.author_id != user.pk:
        raise PermissionDenied
    change.state, change.decided_at = ChangeRequest.State.WITHDRAWN, timezone.now()
    change.save()
    ConfidentialProposal.objects.filter(change=change).delete()


@transaction.atomic
def resubmit(
    change: ChangeRequest, user: Any, *, paths: Collection[str], edits: Mapping[str, Any], reason: str
) -> None:
    """The author changes the proposal itself: fewer paths, other values. Raises PermissionDenied, Conflict."""
    change = _locked(change, ChangeRequest.OPEN)
    if change.author_id != user.pk:
        raise PermissionDenied
    live = live_bundle(change)
    rows = [
        Change(row.path, row.before, edits.get(row.path, row.after), row.had, row.has)
        for row in wanted(change)
        if row.path in paths
    ]
    if not rows:
        withdraw(change, user)
        return
    change.state, change.reason = ChangeRequest.State.PENDING, reason or change.reason
    _store(change, change.target, live, rows)


def request_publication(user: Any) -> None:
    """Have the directory published soon, in the background; several requests make one publication."""
    if not Publication.objects.filter(state=Publication.State.QUEUED).exists():
        Publication.objects.create(by=user, state=Publication.State.QUEUED)
