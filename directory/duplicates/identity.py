"""Which service stands for an id today: the ids of merged services lead to the one that was kept."""

from __future__ import annotations

from uuid import UUID

from directory.models import FormerId, Service

__all__ = ["survivor_of"]


def survivor_of(identifier: str | UUID | Service) -> Service | None:
    """The service that was kept when the one with this public id or UUID was merged; None if it was never merged.

    If that one was merged again, the last one counts. Which of them a person may see is for the caller to ask.
    """
    if isinstance(identifier, Service):
        identifier = identifier.uuid
    found: Service | None = None
    seen: set[UUID | str] = set()
    while identifier not in seen:
        seen.add(identifier)
        field = "uuid" if isinstance(identifier, UUID) else "public_id"
        former = FormerId.objects.filter(**{field: identifier}).select_related("service").first()
        if former is None:
            break
        found = former.service
        identifier = found.uuid
    return found
