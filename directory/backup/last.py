"""When the last backup was made: noted beside the database, because the archive itself may lie anywhere."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from pathlib import Path

from django.conf import settings

__all__ = ["last", "note"]

_NAME = re.compile(r"waypost-(\d{8}T\d{6})\.tar\.gz(\.sealed)?")


def _file() -> Path:
    return Path(settings.VAR) / "last-backup"


def note(now: datetime) -> None:
    """A backup was made."""
    _file().write_text(now.isoformat(timespec="seconds"), encoding="ascii")


def last() -> datetime | None:
    """When the newest backup was made, as far as this installation knows."""
    found = []
    if _file().exists():
        found.append(datetime.fromisoformat(_file().read_text(encoding="ascii").strip()))
    for path in (Path(settings.VAR) / "backups").glob("waypost-*"):
        if match := _NAME.fullmatch(path.name):
            found.append(datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc))
    return max(found, default=None)
