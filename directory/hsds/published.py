"""What may be read: the published snapshot, less what staff have withdrawn since. Nothing else of a service is queried."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import DateTimeField, F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.timezone import localdate

from directory.models import (
    ContactPoint,
    Location,
    OpeningException,
    OpeningInterval,
    Publication,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
    SpokenLanguage,
)
from directory.snapshot_rows import public_services

__all__ = ["NothingPublished", "Published", "opened"]

_DATED = (
    Service,
    ServiceText,
    OpeningInterval,
    OpeningException,
    SpokenLanguage,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
)
"""Records whose history tells when a service was changed."""


class NothingPublished(Exception):
    """There is no snapshot that could be read."""


class Published:
    """The snapshot, opened for one request.

    The snapshot is the only source of what is told. The editing database is asked for no more than UUIDs, dates of
    changes, and what is still public: what staff withdraw is gone at once, what they add waits for the next publication.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.today: date = localdate()
        self.meta = {str(row["key"]): str(row["value"]) for row in self.rows("SELECT key, value FROM meta")}

    @property
    def at(self) -> datetime:
        """When it was published, in UTC."""
        return datetime.fromisoformat(self.meta["published_at"].replace("Z", "+00:00"))

    def rows(self, sql: str, parameters: Iterable[Any] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(sql, tuple(parameters)).fetchall()

    def rows_of(self, sql: str, ids: Iterable[str], order: str = "") -> list[sqlite3.Row]:
        """Rows of a query that ends in `IN`, for any number of ids."""
        ordered = f" ORDER BY {order}" if order else ""
        return self.rows(f"{sql} (SELECT value FROM json_each(?)){ordered}", (json.dumps(list(ids)),))

    def live(self) -> dict[str, str]:
        """UUIDs by public id of the services that staff (still) want to be public."""
        return {
            public_id: str(uuid)
            for public_id, uuid in public_services(samples=True).values_list("public_id", "uuid").order_by()
        }

    def places(self) -> dict[str, tuple[str, str]]:
        """(UUID, visibility as of now) by public id of all locations."""
        rows = Location.objects.values_list("public_id", "uuid", "visibility").order_by()
        return {public_id: (str(uuid), visibility) for public_id, uuid, visibility in rows}

    def last_modified(self, services: Iterable[str] | None = None) -> dict[str, datetime]:
        """When a change of each service (by public id; None: of all) first reached readers: the time of a publication.

        It is not the time of the edit, because somebody who asks for changes since their last visit would then miss
        what was edited before that visit and published after it.
        """
        records = Service.objects.all() if services is None else Service.objects.filter(public_id__in=services)
        dated = records.annotate(changed=_changed()).values_list("public_id", "changed", "verified_on").order_by()
        published = Publication.objects.filter(
            state=Publication.State.PUBLISHED, at__lte=self.at + timedelta(seconds=1)
        )
        times = list(published.order_by("at").values_list("at", flat=True))
        return {public_id: self._reached(times, changed, day) for public_id, changed, day in dated}

    def _reached(self, times: list[datetime], changed: datetime, verified_on: date | None) -> datetime:
        if verified_on is not None:  # a day is known of a check, not the time: take the end of that day
            checked = datetime.combine(verified_on + timedelta(days=1), time(), tzinfo=timezone.utc)
            changed = max(changed, checked)
        place = bisect_left(times, changed)
        return min(times[place].replace(microsecond=0), self.at) if place < len(times) else self.at


def _changed() -> Greatest:
    """Of a service: the latest change of itself, its texts, hours, places, contacts or organisation."""

    def latest(rows: QuerySet[Any], group: str, field: str) -> Coalesce:
        times = rows.order_by().values(group).annotate(latest=Max(field)).values("latest")
        return Coalesce(Subquery(times, output_field=DateTimeField()), F("updated_at"))

    changes: list[Any] = [F("updated_at"), F("organisation__updated_at")]
    for model in _DATED:
        history: Any = model.history.model  # type: ignore[attr-defined]
        if model is Service:
            changes.append(latest(history.objects.filter(id=OuterRef("pk")), "id", "history_date"))
        else:
            changes.append(latest(history.objects.filter(service=OuterRef("pk")), "service", "history_date"))
    contacts = ContactPoint.objects.filter(service_contacts__service=OuterRef("pk"))
    changes.append(latest(contacts, "service_contacts__service", "updated_at"))
    places = Location.objects.filter(sites__service=OuterRef("pk"))
    changes.append(latest(places, "sites__service", "updated_at"))
    return Greatest(*changes, output_field=DateTimeField())


@contextlib.contextmanager
def opened() -> Iterator[Published]:
    """The current snapshot. Raises NothingPublished if there is none or it cannot be read."""
    path = Path(settings.SNAPSHOT)
    if not path.is_file():
        raise NothingPublished
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise NothingPublished from error
    with contextlib.closing(connection):
        connection.row_factory = sqlite3.Row
        try:
            published = Published(connection)
        except sqlite3.DatabaseError as error:
            raise NothingPublished from error
        yield published
