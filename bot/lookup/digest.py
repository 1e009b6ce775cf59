"""The fingerprint of a snapshot: the same rows give the same digest, in whatever order they were written."""

from __future__ import annotations

import hashlib
import json
import sqlite3

__all__ = ["digest"]


def digest(connection: sqlite3.Connection) -> str:
    """SHA-256 (hex) over all rows of all tables except `meta`, tables by name and rows by their columns.

    The publisher writes it into `meta`; a reader computes it again to see that a file is whole.
    """
    total = hashlib.sha256()
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'meta' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    for (name,) in names:
        table = '"' + name.replace('"', '""') + '"'
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        order = ", ".join(str(number + 1) for number in range(len(columns)))
        total.update(json.dumps([name, columns]).encode() + b"\n")
        for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}"):
            total.update(json.dumps(tuple(row), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return total.hexdigest()
