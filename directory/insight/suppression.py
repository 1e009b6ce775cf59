"""Small counts are not shown, and not where a sum or another view would tell them either (design: safety, P13)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

__all__ = ["LIMIT", "hidden", "small", "view"]

K = TypeVar("K", bound=Hashable)
LIMIT = 10
"""Counts from 1 to one below it are not shown."""


def small(count: int) -> bool:
    """Whether a count stands for so few people that it is not shown."""
    return 0 < count < LIMIT


def hidden(cells: Mapping[K, int], forced: Collection[K] = ()) -> set[K]:
    """The cells of one row or column that are not shown, if their sum may be known.

    The small ones and the `forced` ones; then the smallest of the others, until the hidden ones together are `LIMIT` at least
    and more than one: what is missing to the sum then tells none of them.
    """
    found = {cell for cell, count in cells.items() if small(count) or cell in forced}
    others = sorted(
        (cell for cell, count in cells.items() if cell not in found and count),
        key=lambda cell: (cells[cell], str(cell)),
    )
    while found and others and (len(found) == 1 or sum(cells[cell] for cell in found) < LIMIT):
        found.add(others.pop(0))
    return found


def view(rows: Iterable[tuple[K, Sequence[str], int]], filters: Mapping[int, str]) -> tuple[dict[K, int], set[K]]:
    """Counts by key of what fits the filters, and the keys whose count would tell a small one of another choice of a filter.

    `rows`: (key, values by which the page can be filtered, count); `filters`: the wanted value by position. Where one of the
    filters is set, a reader can subtract this view from that of all, so each key is compared with the other values, too.
    """
    cells: dict[K, int] = {}
    beside: dict[tuple[int, K], dict[str, int]] = {}
    for key, values, count in rows:
        misses = [position for position, value in filters.items() if values[position] != value]
        if not misses:
            cells[key] = cells.get(key, 0) + count
        for position in filters:
            if set(misses) <= {position}:
                parts = beside.setdefault((position, key), {})
                parts[values[position]] = parts.get(values[position], 0) + count
    told = {key for (position, key), parts in beside.items() if filters[position] in hidden(parts)}
    return cells, told & cells.keys()
