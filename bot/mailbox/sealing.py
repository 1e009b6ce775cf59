"""Messages and memories as they stand in the mailbox: JSON, sealed with the key that is not in the database (safety.md, P4, P5).

So a dump, a backup or the deleted part of a file of the database tells nothing to somebody who has not the key as well.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from bot.identity import seal, unseal

__all__ = ["opened", "sealed"]

log = logging.getLogger(__name__)


def sealed(content: Mapping[str, Any]) -> str:
    """What is to be stored of a message or a memory; half of a surrogate pair becomes a ?."""
    return seal(json.dumps(content, ensure_ascii=False).encode("utf-8", "replace").decode())


def opened(stored: str | None) -> dict[str, Any]:
    """The content again; empty if there is none, or the key with which it was sealed is gone.

    A mailbox of an older version holds plain JSON, which is read as well."""
    if not stored:
        return {}
    try:
        found: dict[str, Any] = json.loads(stored if stored.startswith("{") else unseal(stored))
    except ValueError:
        log.error("something in the mailbox was sealed with a key that is gone")
        return {}
    return found
