"""Publications that somebody asked for while doing something else."""

from __future__ import annotations

from datetime import timedelta

from directory.chores import chore
from directory.models import Publication
from directory.publish import PublishError, publish

__all__ = ["publish_requested"]


@chore(every=timedelta(seconds=5))
def publish_requested() -> str | None:
    """Publish once for all requests that wait."""
    waiting = list(Publication.objects.filter(state=Publication.State.QUEUED).select_related("by"))
    if not waiting:
        return None
    Publication.objects.filter(pk__in=[row.pk for row in waiting]).delete()
    try:
        done = publish(by=waiting[0].by)
    except PublishError as error:
        return f"not published: {error}"
    return f"published {done.publication}: {done.counts['service']} services"
