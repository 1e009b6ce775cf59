"""Whether the directory runs: its servers and background work hold a lock that a restore waits for."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from django.conf import settings
from django.db import connection

from directory.backup.errors import BackupError

__all__ = ["hold", "stopped"]

_held: list[TextIO] = []


def _lock() -> Path:
    return Path(settings.VAR) / ".directory.lock"


def hold() -> None:
    """Called by every process that serves or works in the background; the lock is let go when the process ends.

    Refuses (BackupError) while a restore is running.
    """
    stream = _lock().open("a")
    try:
        fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        stream.close()
        raise BackupError("A backup is being restored; start again when it is done.") from error
    _held.append(stream)


@contextmanager
def stopped() -> Iterator[int]:
    """Nobody else uses the directory. Raises BackupError otherwise; gives the descriptor of the lock, for a child."""
    with _lock().open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError(
                "The directory is running: stop it (Ctrl+C, or its service) and restore again."
            ) from error
        if connection.vendor == "postgresql":
            _no_other_sessions()
        yield stream.fileno()


def _no_other_sessions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )
        row = cursor.fetchone()
    if row and row[0]:
        raise BackupError(
            f"{row[0]} other programs are connected to the database: stop the directory and restore again."
        )
