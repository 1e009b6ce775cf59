"""What the bot counted comes in here: `POST /api/counts`, from the bot only; it lets nobody recognise a person or a moment."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse

from directory.models import BotDelivery, Tally
from directory.reports import from_the_bot

__all__ = ["counts"]

SIZES: dict[str, int] = {
    field.name: field.max_length or 0
    for field in Tally._meta.fields
    if field.name in Tally.CELL and field.name != "day"
}
MOST = 50_000
"""Rows in one body."""
BATCH = 500


def _cell(row: dict[str, Any]) -> tuple[Any, ...]:
    """The cell that a row adds to. Raises KeyError, TypeError or ValueError for what is none."""
    words = [row[name] for name in SIZES]
    event = Tally.Event(row["event"])
    if not all(isinstance(word, str) and len(word) <= SIZES[name] for name, word in zip(SIZES, words)):
        raise ValueError("not a word, or too long")
    if isinstance(row["count"], bool) or not isinstance(row["count"], int) or row["count"] < 1:
        raise ValueError("not a count")
    return (datetime.date.fromisoformat(row["day"]), event.value, *words[1:])


@from_the_bot
def counts(request: HttpRequest) -> JsonResponse:
    """Add `{"batch": id, "rows": [{"day", "event", "value", "country", "admin1", "language", "channel", "count"}]}`.

    All rows or none; a batch that was delivered before adds nothing. 400 for other bodies.
    """
    try:
        body = json.loads(request.body)
        batch = body["batch"]
        if not isinstance(batch, str) or not 8 <= len(batch) <= 50 or len(body["rows"]) > MOST:
            raise ValueError("no batch")
        cells: dict[tuple[Any, ...], int] = {}
        for row in body["rows"]:
            cell = _cell(row)
            cells[cell] = cells.get(cell, 0) + row["count"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return JsonResponse({"error": f"not a batch of counts: {type(error).__name__}"}, status=400)
    with transaction.atomic():
        if not BotDelivery.objects.get_or_create(ref=f"counts:{batch}")[1]:
            return JsonResponse({"stored": 0, "repeated": True})
        for part in _parts(cells):
            _add(part)
    return JsonResponse({"stored": len(cells), "repeated": False})


def _parts(cells: dict[tuple[Any, ...], int]) -> Iterator[dict[tuple[Any, ...], int]]:
    rows = iter(sorted(cells.items()))
    while part := dict(islice(rows, BATCH)):
        yield part


def _add(part: dict[tuple[Any, ...], int]) -> None:
    """Add to cells that there are, make the others."""
    days = {cell[0] for cell in part}
    known = {tuple(row[1:]): row[0] for row in Tally.objects.filter(day__in=days).values_list("pk", *Tally.CELL)}
    for cell, more in part.items():
        if cell in known:
            Tally.objects.filter(pk=known[cell]).update(count=F("count") + more)
    fresh = [Tally(**dict(zip(Tally.CELL, cell)), count=more) for cell, more in part.items() if cell not in known]
    Tally.objects.bulk_create(fresh)
