"""What the tests of import and export share: a source, a file that becomes a run, and the work in the background done at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from directory.exchange import files, runs
from directory.models import ImportRow, ImportRun, ImportSource, User

HEADERS = (
    "id",
    "name",
    "organisation",
    "description",
    "phone",
    "email",
    "address",
    "city",
    "country",
    "latitude",
    "longitude",
    "hours",
    "languages",
    "category",
)
ROW = ("A1", "Open Door Legal", "Open Door", "Free legal advice.", "+30 21 0321 0001", "office@open-door.example.org", "Street 1", "Athens", "GR", "37.98001", "23.73001", "Mon-Fri 09:00-17:00", "en, ar", "legal_aid")  # fmt: skip
OTHER = ("A2", "Green House", "Open Door", "Warm meals every day.", "+30 21 0321 7345", "", "Street 9", "Athens", "GR", "37.99002", "23.74002", "Mon-Sun 12:00-14:00", "el", "food")  # fmt: skip


def row(base: Sequence[str] = ROW, **cells: str) -> tuple[str, ...]:
    """A row with other texts in some columns."""
    return tuple(cells.get(header, text) for header, text in zip(HEADERS, base))


def table(*rows: Sequence[str], headers: Sequence[str] = HEADERS) -> bytes:
    """A CSV file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([headers, *rows])
    return out.getvalue().encode()


def person(name: str = "importer", **facts: Any) -> User:
    """Somebody who imports; a superuser unless told otherwise."""
    found, _made = User.objects.get_or_create(username=name, defaults={"is_staff": True, "is_superuser": True, **facts})
    return found


def source(code: str = "open-door", **facts: Any) -> ImportSource:
    """The source of that code."""
    return ImportSource.objects.get_or_create(code=code, defaults={"name": code, **facts})[0]


def upload(
    data: bytes | Path, ending: str = ".csv", *, by: User | None = None, of: ImportSource | None = None, **options: Any
) -> ImportRun:
    """A run that waits for its check."""
    content = data.read_bytes() if isinstance(data, Path) else data
    stored, digest = files.keep([content], data.suffix if isinstance(data, Path) else ending)
    user = by or person()
    return ImportRun.objects.create(
        file_name=f"units{ending}", stored_as=stored, digest=digest, source=of or source(), state="queued",
        uploaded_by=user, applied_by=user, undone_by=user, options={"complete": True, **options},
    )  # fmt: skip


def go(run: ImportRun, state: str = "") -> ImportRun:
    """Do what the run waits for; with a state it is first told to wait for that."""
    if state:
        ImportRun.objects.filter(pk=run.pk).update(state=state)
    for step in runs.WORK:
        runs.work(*step)
    return ImportRun.objects.get(pk=run.pk)


def checked(data: bytes | Path, ending: str = ".csv", **facts: Any) -> ImportRun:
    """A run after its dry run."""
    return go(upload(data, ending, **facts))


def outcomes(run: ImportRun) -> dict[int, str]:
    """By row number."""
    return dict(run.rows.values_list("number", "outcome"))


def rules(run: ImportRun, number: int) -> set[str]:
    """The rules that a row has broken, notes among them."""
    return {found["rule"] for found in ImportRow.objects.get(run=run, number=number).findings}
