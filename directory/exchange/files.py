"""Keeps uploaded files: in a folder that only this account reads, apart from what is served, for 90 days."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from directory.models import ImportRun

__all__ = ["KEPT", "folder", "keep", "marked_path", "path_of", "remove_old"]

KEPT = timedelta(days=90)
"""Files of an import may hold persons' names and confidential addresses: they go after so many days."""


def folder() -> Path:
    """Where the files lie; made at first use."""
    place = Path(settings.VAR) / "imports"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def keep(chunks: Iterable[bytes], ending: str) -> tuple[str, str]:
    """Writes a new file; returns its name there and the SHA-256 of what it holds."""
    name = f"{timezone.now():%Y%m%d}-{secrets.token_hex(8)}{ending}"
    digest = hashlib.sha256()
    handle = os.open(folder() / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        for chunk in chunks:
            digest.update(chunk)
            stream.write(chunk)
    return name, digest.hexdigest()


def path_of(run: ImportRun) -> Path | None:
    """The kept file of a run; None once it has been removed."""
    path = folder() / run.stored_as if run.stored_as else None
    return path if path is not None and path.is_file() else None


def marked_path(run: ImportRun) -> Path:
    """Where the marked workbook of a run lies, if there is one."""
    return folder() / f"marked-{run.pk}.xlsx"


def remove_old() -> int:
    """Remove files that have been kept long enough, and those that no run names; returns how many."""
    limit = timezone.now() - KEPT
    for run in ImportRun.objects.filter(created_at__lt=limit).exclude(stored_as=""):
        marked_path(run).unlink(missing_ok=True)
        (folder() / run.stored_as).unlink(missing_ok=True)
        ImportRun.objects.filter(pk=run.pk).update(stored_as="")
    named = set(ImportRun.objects.exclude(stored_as="").values_list("stored_as", flat=True))
    named |= {f"marked-{pk}.xlsx" for pk in ImportRun.objects.exclude(stored_as="").values_list("pk", flat=True)}
    count = 0
    for path in folder().iterdir():
        if path.name not in named and path.is_file() and path.stat().st_mtime < limit.timestamp():
            path.unlink()
            count += 1
    return count
