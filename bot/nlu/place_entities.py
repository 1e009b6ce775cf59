"""Places in a message as entities, from the gazetteer in `bot.nlu.places`."""

from __future__ import annotations

import logging
from typing import Any

from bot.nlu.places import covers, places
from bot.settings import settings

__all__ = ["MOST_CANDIDATES", "place_entities"]

log = logging.getLogger(__name__)

MOST_CANDIDATES = 6
_warned = False


def place_entities(text: str, language: str | None) -> tuple[list[dict[str, Any]], bool]:
    """Entities of the places in a message, and whether it says nothing but one of them.

    Each is {"entity": "place", "value": the name as typed, "start", "end", "candidates": at most 6 dicts of Place}, with
    "role" at, from or to where the words before the name say so. Without the gazetteer only the staff's aliases are known.
    """
    _warn_once()
    mentions = places().mentions(text, language or "")
    entities = []
    for mention in mentions:
        entity: dict[str, Any] = {
            "entity": "place",
            "value": mention.text,
            "start": mention.start,
            "end": mention.end,
            "candidates": [place.to_dict() for place in mention.candidates[:MOST_CANDIDATES]],
        }
        if mention.role:
            entity["role"] = mention.role
        entities.append(entity)
    return entities, len(mentions) == 1 and covers(text, mentions[0], language or "")


def _warn_once() -> None:
    global _warned
    if not _warned and not settings().path("places").exists():
        log.warning(
            "no gazetteer at %s: place names are not recognised; `make prepare` builds it", settings().path("places")
        )
        _warned = True
