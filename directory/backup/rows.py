"""The rows of the directory's database as lines of JSON that do not depend on the kind of database, and back.

File: for each model one line `{"model": "directory.service", "fields": [...]}`, then one array a row; at the end
`{"rows": {model: count}}`. They are loaded into tables in the state that they were written in (the migrations that had run),
and are then migrated to today's: an old backup goes into a newer Waypost.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.duration import duration_string

from directory.backup.errors import BackupError

__all__ = ["LEFT_OUT", "applied", "dump", "load", "unknown"]

LEFT_OUT = {"sessions", "axes"}
"""Apps whose rows stay out: who is logged in, and the network addresses of failed logins."""
BATCH = 2000
Migrations = dict[str, list[str]]
"""Migrations that have run, by app."""


def applied() -> Migrations:
    """What has run in this database."""
    found: Migrations = {}
    for app, name in sorted(MigrationRecorder(connection).applied_migrations()):
        found.setdefault(app, []).append(name)
    return found


def _pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def unknown(migrations: Migrations) -> list[str]:
    """Migrations that this Waypost does not have: the backup is of a newer one, or of one that was changed."""
    known = MigrationLoader(None).disk_migrations
    return [f"{app}.{name}" for app, names in migrations.items() for name in names if (app, name) not in known]


def _models(registry: Any) -> Iterator[type[models.Model]]:
    for model in sorted(registry.get_models(include_auto_created=True), key=lambda m: m._meta.label_lower):
        if model._meta.managed and not model._meta.proxy and model._meta.app_label not in LEFT_OUT:
            yield model


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, timedelta):
        return duration_string(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    raise TypeError(f"{type(value).__name__} cannot be backed up")


def dump(stream: IO[str]) -> dict[str, int]:
    """Write all rows; the caller sees to it that they are of one moment. Returns rows by model."""
    if _pending():
        raise BackupError("The database is older than this Waypost: run `make prepare` (or `manage.py migrate`) first.")
    counts: dict[str, int] = {}
    for model in _models(apps):
        columns = [field.attname for field in model._meta.concrete_fields]
        label = model._meta.label_lower
        stream.write(json.dumps({"model": label, "fields": columns}) + "\n")
        counts[label] = 0
        rows = model._base_manager.order_by("pk").values_list(*columns)
        for row in rows.iterator(BATCH):
            stream.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=_plain) + "\n")
            counts[label] += 1
    stream.write(json.dumps({"rows": counts}) + "\n")
    return counts


def load(stream: IO[str], migrations: Migrations) -> dict[str, int]:
    """Fill the (new, empty) database of this process and migrate it to today. Returns rows by model, as loaded.

    Raises BackupError if the file is not whole, or holds what the tables do not.
    """
    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    wanted = {(app, name) for app, names in migrations.items() for name in names}
    targets = [
        key for key in wanted if key in graph.nodes and not any(c.key in wanted for c in graph.node_map[key].children)
    ]
    executor.migrate(sorted(targets))
    state = executor.loader.project_state(sorted(targets)).apps
    known = {model._meta.label_lower: model for model in _models(state)}
    with transaction.atomic():
        with connection.cursor() as cursor:  # keys to rows that come later are checked at the end
            for model in known.values():
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}")
        counts = _load(stream, known)
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), list(known.values())):
                cursor.execute(statement)
        connection.check_constraints()
    return counts


def _load(stream: IO[str], known: dict[str, type[models.Model]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    table: _Table | None = None
    for line in stream:
        found = json.loads(line)
        if isinstance(found, list) and table is not None and len(found) == len(table.fields):
            table.add(found)
            counts[table.label] += 1
            continue
        if table is not None:
            table.flush()
        if isinstance(found, dict) and found.get("rows") == counts:
            return counts
        model = known.get(found.get("model", "")) if isinstance(found, dict) else None
        if model is None or model._meta.label_lower in counts:
            raise BackupError("The database in the backup is damaged.")
        table = _Table(model, found["fields"])
        counts[table.label] = 0
    raise BackupError("The database in the backup is cut off.")


class _Table:
    """Rows on their way into a table, past the models: a restored row keeps its dates, and there may be millions."""

    def __init__(self, model: type[models.Model], columns: list[str]) -> None:
        self.label = model._meta.label_lower
        by_name: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
        if set(by_name) != set(columns):
            raise BackupError(f"{self.label}: the backup has other fields than this Waypost had then.")
        self.fields = [by_name[name] for name in columns]
        self._parsers = [_parser(field) for field in self.fields]
        quoted = [connection.ops.quote_name(field.column) for field in self.fields]
        marks = ", ".join(["%s"] * len(quoted))
        table = connection.ops.quote_name(model._meta.db_table)
        self._insert = f"INSERT INTO {table} ({', '.join(quoted)}) VALUES ({marks})"
        self._waiting: list[list[Any]] = []

    def add(self, row: list[Any]) -> None:
        self._waiting.append([parse(value) for parse, value in zip(self._parsers, row, strict=True)])
        if len(self._waiting) == BATCH:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            with connection.cursor() as cursor:
                cursor.executemany(self._insert, self._waiting)
            self._waiting.clear()


def _parser(field: Any) -> Callable[[Any], Any]:
    """From a value of JSON to what the database takes."""
    known = field.target_field if field.is_relation else field
    if isinstance(known, (models.CharField, models.TextField, models.IntegerField, models.FloatField)):
        return lambda value: value
    if isinstance(known, models.JSONField):
        encode = connection.ops.adapt_json_value
        return lambda value: None if value is None and known.null else encode(value, known.encoder)
    return lambda value: None if value is None else known.get_db_prep_save(known.to_python(value), connection)
