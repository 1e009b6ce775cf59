"""Which edits wait for a second person: what is live, what is confidential, what a trusted partner publishes at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from directory.access import self_publishes
from directory.bundles import Bundle, Change
from directory.models import Article, ContactPoint, EmergencyNumber, Location, Organisation, Service

__all__ = ["exact", "is_live", "must_wait", "needs_two", "splits", "tightens"]

_DIALLED = {"phone", "sms", "whatsapp", "telegram", "signal"}
_OPENNESS = {"public": 2, "area_only": 1, "contact_only": 0}
EXACT_PLACE = frozenset({*Location.EXACT, "external_ids"})
"""Fields of a location that may tell where a confidential place is."""
_MOVED_ASIDE = frozenset({*Location.EXACT, "centre_lat", "centre_lon"})
"""What changes by itself when a place becomes confidential."""


def is_live(record: Any) -> bool:
    """Whether people are told of the record now, or will be with the next publication."""
    if record.pk is None:
        return False
    public = {"status__in": Service.PUBLIC_STATUSES}
    if isinstance(record, Service):
        return record.status in Service.PUBLIC_STATUSES
    if isinstance(record, (Location, ContactPoint, Organisation)):
        return bool(record.services.filter(**public).exists())
    if isinstance(record, Article):
        return record.status == Article.Status.PUBLISHED
    return isinstance(record, EmergencyNumber)


def tightens(record: Any, before: Bundle, wanted: Iterable[Change]) -> bool:
    """Whether these changes only make a place more confidential: never held up (design: safety, decision 8)."""
    if not isinstance(record, Location):
        return False
    by_path = {change.path: change for change in wanted}
    visibility = by_path.pop("visibility", None)
    if visibility is None or _OPENNESS[visibility.after] >= _OPENNESS.get(before.get("visibility", ""), 2):
        return False
    return all(path in _MOVED_ASIDE or path.startswith("confidential/") for path in by_path)


def needs_two(record: Any, before: Bundle, wanted: Iterable[Change]) -> bool:
    """Whether these changes concern a confidential place: then nobody decides on their own change, not even an administrator."""
    if not isinstance(record, Location) or before.get("visibility") == Location.Visibility.PUBLIC:
        return False
    asked = list(wanted)
    return bool(asked) and not tightens(record, before, asked)


def exact(record: Any, before: Bundle, change: Change) -> bool:
    """Whether the change tells where a confidential place is."""
    if change.path.startswith("confidential/"):
        return True
    hidden = isinstance(record, Location) and before.get("visibility") != Location.Visibility.PUBLIC
    return hidden and change.path in EXACT_PLACE


def must_wait(record: Any, before: Bundle, wanted: list[Change], *, live: bool, approver: bool) -> bool:
    """Whether an edit becomes a proposal. `live`: the record is, or with the edit would be; `approver`: the person approves
    such records as this one was before the edit."""
    if not wanted or tightens(record, before, wanted):
        return False
    return needs_two(record, before, wanted) or (live and not approver)


def _low_risk(record: Any, change: Change, before: Bundle, after: Bundle) -> bool:
    if isinstance(record, ContactPoint):
        return record.kind in _DIALLED and change.path in (
            "value",
            "hours",
            "languages",
            "toll_free",
            "reachable_from_abroad",
        )
    if not isinstance(record, Service):
        return False
    if change.path in ("hours", "exceptions"):
        return True
    if change.path == "status":
        return {change.before, change.after} <= set(Service.PUBLIC_STATUSES)
    if change.path.startswith("contacts/"):
        key = change.path.split("/")[1]
        kinds = {bundle[f"contacts/{key}/kind"] for bundle in (before, after) if f"contacts/{key}/kind" in bundle}
        left = any(path.startswith("contacts/") for path in after)
        others = ContactPoint.objects.filter(public_id=key).exclude(organisation=record.organisation_id)
        return kinds <= _DIALLED and left and not others.exists()
    return False


def splits(
    user: Any, record: Any, before: Bundle, after: Bundle, wanted: list[Change]
) -> tuple[list[Change], list[Change]]:
    """(what counts at once, what waits): that a place is kept back, and hours, closures and own phones of a trusted partner's
    records, count at once."""
    tight = [
        row
        for row in wanted
        if row.path == "visibility" or row.path in _MOVED_ASIDE or row.path.startswith("confidential/")
    ]
    if tightens(record, before, tight):
        return tight, [row for row in wanted if row not in tight]
    if not self_publishes(user, record) or needs_two(record, before, wanted):
        return [], wanted
    now = [change for change in wanted if _low_risk(record, change, before, after)]
    return now, [change for change in wanted if change not in now]
