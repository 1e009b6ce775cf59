"""What else remembers where a place was that has just become confidential: it is wiped, and people hear of it soon.

The record and its history are wiped by `Location.save`. What was published before goes with the next publication
(`directory.publish`), which is asked for here. Letters that were sent, and files that were uploaded, are what they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q

if TYPE_CHECKING:
    from directory.models import Location

__all__ = ["forget"]

MASK = "…"


def forget(location: Location, exact: Mapping[str, Any]) -> None:
    """Wipe the exact place (`exact`: the fields of `Location.EXACT` as they were) from proposals, imports and logs."""
    kind = ContentType.objects.get_for_model(type(location))
    LogEntry.objects.filter(content_type=kind, object_id=str(location.pk)).update(object_repr=str(location)[:200])
    _proposals(location, kind, exact)
    _imports(location, exact)
    services = location.services.all()
    from directory.models import DuplicatePair

    DuplicatePair.objects.filter(Q(a__in=services) | Q(b__in=services)).update(distance_m=None)
    if services.filter(status__in=("published", "paused")).exists():
        from directory.changes.proposals import request_publication

        request_publication(None)


def _proposals(location: Location, kind: ContentType, exact: Mapping[str, Any]) -> None:
    """What is decided loses its exact part. What waits becomes a proposal about the confidential place, for a protection officer."""
    from directory.models import ChangeRequest, ConfidentialProposal

    for change in ChangeRequest.objects.filter(target_type=kind, target_id=location.pk):
        told = [row for row in change.diff if row["path"] in location.EXACT]
        decided = [row for row in change.decided if row["path"] not in location.EXACT]
        if not told and decided == change.decided:
            continue
        change.diff = [row for row in change.diff if row["path"] not in location.EXACT]
        change.decided = decided
        if change.state in ChangeRequest.OPEN and told:
            hidden = ConfidentialProposal.objects.filter(change=change).values_list("diff", flat=True).first() or []
            rows = [
                {**row, "path": f"confidential/{row['path']}", "before": exact[row["path"]]}
                for row in told
                if row.get("after") not in ("", None, exact[row["path"]])
            ]
            change.confidential = True
            ConfidentialProposal.objects.update_or_create(change=change, defaults={"diff": [*hidden, *rows]})
        change.save(update_fields=["diff", "decided", "confidential"])


def _imports(location: Location, exact: Mapping[str, Any]) -> None:
    from directory.exchange.files import marked_path
    from directory.models import ImportRow, ImportRun

    own = (f"place/{location.uuid}/", "place//")
    about = Q(service__in=location.services.all()) | Q(undo__icontains=location.public_id)
    for names in location.services.values_list("external_ids", flat=True):
        for source, name in names.items():  # rows that were refused do not lead to the entry, but have its key
            about |= Q(run__source__code=source, key=str(name))
    runs = set()
    for row in ImportRow.objects.filter(about):
        runs.add(row.run_id)
        for name in row.diff:
            if name.startswith(own) and name.rsplit("/", 1)[1] in location.EXACT:
                row.diff[name] = [MASK if value not in ("", None) else value for value in row.diff[name]]
        changes = row.undo.get("changes", {})
        if location.public_id in changes:
            changes[location.public_id] = [
                line for line in changes[location.public_id] if line["path"] not in location.EXACT
            ]
        for found in row.findings:
            found["value"] = _kept(found.get("value", ""), exact)
        row.save(update_fields=["diff", "undo", "findings"])
    for run in ImportRun.objects.filter(pk__in=runs):
        marked_path(run).unlink(missing_ok=True)
        for examples in run.report.get("examples", {}).values():
            for one in examples:
                one["value"] = _kept(one.get("value", ""), exact)
        run.save(update_fields=["report"])


def _kept(value: str, exact: Mapping[str, Any]) -> str:
    """The text of a cell, or nothing if it is (a part of) the exact place."""
    cell = " ".join(value.casefold().rstrip("…").split())
    for fact in exact.values():
        text = " ".join(str(fact or "").casefold().split())
        if text and cell and (text in cell or cell in text):
            return ""
    return value
