"""Writing records so that loading the same data again changes nothing, and never what staff have edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models

__all__ = ["edited_by_staff", "messages", "sync", "upsert"]

M = TypeVar("M", bound=models.Model)


def messages(error: ValidationError) -> list[str]:
    """The messages of a validation error, each with the name of its field."""
    if not hasattr(error, "error_dict"):
        return [str(message) for message in error.messages]
    return [
        f"{field}: {text}" if field != "__all__" else text
        for field, texts in error.message_dict.items()
        for text in texts
    ]


def edited_by_staff(record: models.Model) -> bool:
    """Whether a member of staff has saved this record since it was loaded."""
    history = getattr(record, "history", None)
    return bool(history is not None and history.filter(history_user__isnull=False).exists())


def _check(record: models.Model) -> None:
    """Field checks and `clean`; uniqueness and references are left to the database, which costs no query a row."""
    record.clean_fields(exclude={field.name for field in record._meta.fields if field.is_relation})
    record.clean()


def upsert(model: type[M], keys: Mapping[str, Any], values: Mapping[str, Any], *, keep_edits: bool = True) -> M:
    """The record with these keys, made or changed to hold the values. Raises ValidationError.

    A record that differs because staff have edited it stays as it is, unless `keep_edits` is false.
    """
    record = model._default_manager.filter(**keys).first()
    if record is None:
        record = model(**keys, **values)
    elif all(getattr(record, name) == value for name, value in values.items()) or (
        keep_edits and edited_by_staff(record)
    ):
        return record
    else:
        for name, value in values.items():
            setattr(record, name, value)
    _check(record)
    record.save()
    return record


def sync(existing: Any, rows: Iterable[Mapping[str, Any]], by: tuple[str, ...]) -> None:
    """Make the children of a record equal to `rows`; rows with the same values in the fields `by` are one and the same.

    `existing` is a related manager, like `service.hours`: new children get its parent. Raises ValidationError.
    """
    old: dict[tuple[Any, ...], list[models.Model]] = {}
    for child in existing.all():
        old.setdefault(tuple(getattr(child, name) for name in by), []).append(child)
    for row in rows:
        found = old.get(tuple(row[name] for name in by)) or []
        child = found.pop() if found else existing.model(**{existing.field.name: existing.instance})
        if child.pk and all(getattr(child, name) == value for name, value in row.items()):
            continue
        for name, value in row.items():
            setattr(child, name, value)
        _check(child)
        child.save()
    for children in old.values():
        for child in children:
            child.delete()
