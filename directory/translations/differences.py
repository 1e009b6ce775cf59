"""What has changed in a source text since the version that a translation follows, word by word, from the history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any

from directory.translations.kinds import Kind, Pair

__all__ = ["changed_fields", "source_at", "word_diff"]

_TOKEN = re.compile(r"\s+|[^\s.,;:!?()]+|[.,;:!?()]")

_ALIKE = 0.3
"""Share of common words below which two texts are shown one after the other, not mixed."""


def word_diff(old: str, new: str) -> list[tuple[str, str]]:
    """(operation, words) in reading order; the operation is `same`, `gone` or `new`."""
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if old and new and SequenceMatcher(None, old.split(), new.split(), autojunk=False).ratio() < _ALIKE:
        return [("gone", old), ("new", new)]
    found: list[tuple[str, str]] = []
    for operation, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if operation == "equal":
            found.append(("same", "".join(before[a:b])))
            continue
        if b > a:
            found.append(("gone", "".join(before[a:b])))
        if d > c:
            found.append(("new", "".join(after[c:d])))
    return found


def source_at(kind: Kind, source: Any, version: int) -> dict[str, str] | None:
    """The source's wording at a version, with the minor corrections that it got then; None if the history does not reach so far."""
    if source is None:
        return None
    row = source.history.filter(source_version__lte=version).exclude(history_type="-")
    latest = row.order_by("-history_date", "-history_id").first()
    return None if latest is None else kind.wording(latest)


def changed_fields(pair: Pair) -> Mapping[str, list[tuple[str, str]]] | None:
    """Word differences by field between the source that the translation follows and today's; only fields that differ.

    None if it is not known. Empty if nothing has changed, or if there is no translation.
    """
    if pair.follows is None or pair.source is None:
        return {}
    old = source_at(pair.kind, pair.source, pair.follows)
    if old is None:
        return {} if pair.follows >= pair.record.version else None
    new = pair.source_words
    return {name: word_diff(old[name], new[name]) for name in new if old[name] != new[name]}
