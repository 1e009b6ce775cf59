"""Reading the records of one moment, for what takes long and must fit together: a publication, a backup."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import connection, transaction

__all__ = ["one_moment"]


@contextlib.contextmanager
def one_moment() -> Iterator[None]:
    """All reads see the records of one moment, and nobody who writes has to wait.

    An ordinary `atomic` block would take SQLite's write lock (see `environment.database`), so the transaction is begun by
    hand; inside a transaction (tests) nothing is needed.
    """
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor != "sqlite":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
