"""When a public place becomes confidential, what imports have kept of its exact data goes too, as it goes from the history."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import post_save

from directory.exchange.current import EXACT
from directory.exchange.files import marked_path
from directory.models import ImportRow, Location

__all__ = ["watch", "wipe"]


def wipe(location: Location) -> int:
    """Take the exact data of this place out of the rows of its services; returns how many rows held any.

    What an undo would have put back of the place is forgotten with it. Marked workbooks of these imports are removed. The
    uploaded files themselves lie where no page reads them, until their 90 days are over.
    """
    changed = []
    rows = ImportRow.objects.filter(service__sites__location=location).select_related("run").distinct()
    for row in rows:
        kept = {name: pair for name, pair in row.diff.items() if not _exact(name)}
        parts = dict(row.undo.get("changes", {}))
        if len(kept) == len(row.diff) and location.public_id not in parts:
            continue
        parts.pop(location.public_id, None)
        row.diff = kept
        row.undo = {**row.undo, "changes": parts} if "changes" in row.undo else row.undo
        changed.append(row)
    for one in {row.run_id: row.run for row in changed}.values():
        marked_path(one).unlink(missing_ok=True)
    ImportRow.objects.bulk_update(changed, ["diff", "undo"], batch_size=100)
    return len(changed)


def _exact(name: str) -> bool:
    return name.startswith("place/") and name.rsplit("/", 1)[1] in EXACT


def _saved(sender: type[Location], instance: Location, raw: bool = False, **kwargs: Any) -> None:
    if instance.visibility != Location.Visibility.PUBLIC and not raw:
        wipe(instance)


def watch() -> None:
    """Connect the signal; once, when Django is ready."""
    post_save.connect(_saved, sender=Location, dispatch_uid="exchange-confidential")
