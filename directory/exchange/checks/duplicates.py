"""Finds rows of one file that may be the same service; it suggests and never merges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import cos, radians

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from directory import geography
from directory.exchange.checks.base import Finding, Incoming, finding
from directory.exchange.columns import key

__all__ = ["likely_duplicates", "repeated_rows"]

NEAR_KM = 0.2
NAMES_ALIKE = 90
"""Both from the design of the directory, part 4: nearer than 200 m or the same number, and token_set_ratio from 90."""
_CROWD = 40
"""On one number or spot with more rows than this only equal names are reported: pairs would grow with the square."""
_CELL = 0.002
"""Side of a grid cell in degrees of latitude: a little more than 200 m."""


def repeated_rows(incoming: Incoming) -> Iterator[Finding]:
    """A row whose every cell equals those of an earlier one."""
    first: dict[tuple[str, ...], int] = {}
    for row in incoming.rows:
        cells = tuple(cell.strip() for cell in row.cells)
        earlier = first.setdefault(cells, row.number)
        if earlier != row.number:
            yield finding("row-repeated", row.number, -1, _("the same as row %(row)d") % {"row": earlier})


def likely_duplicates(incoming: Incoming) -> Iterator[Finding]:
    """Pairs with like names, and the same number or less than 200 m apart; reported once, at the later row."""
    columns = incoming.columns
    names = {row.number: name for row in incoming.rows if (name := key(columns.first(row.cells, "name")[:200]))}
    at = next(iter(columns.of("name")), -1)
    reasons: dict[tuple[int, int], str] = {}
    for first, second in _pairs(_by_phone(incoming), names):
        reasons.setdefault((first, second), _("the same number"))
    for first, second in _pairs(_by_spot(incoming), names):
        if geography.distance_km(*incoming.points[first], *incoming.points[second]) < NEAR_KM:
            reasons.setdefault((first, second), _("less than 200 m apart"))
    told = {one.row for one in repeated_rows(incoming)}
    for (first, second), reason in sorted(reasons.items()):
        if second in told:
            continue
        told.add(second)
        words = _("may be the same as row %(row)d: like names, %(reason)s") % {"row": first, "reason": reason}
        yield finding("row-duplicate", second, at, words)


def _by_phone(incoming: Incoming) -> list[list[int]]:
    blocks: dict[str, dict[int, None]] = defaultdict(dict)
    for (number, _at), phones in incoming.phones.items():
        for phone in phones:
            blocks[phone][number] = None
    return [sorted(rows) for rows in blocks.values()]


def _by_spot(incoming: Incoming) -> list[list[int]]:
    """Rows of each grid cell and its neighbours to the east and south, so that each close pair shares a block."""
    grid: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (lat, lon) in incoming.points.items():
        y = int(lat // _CELL)
        grid[y, int(lon * max(0.05, cos(radians(y * _CELL))) // _CELL)].append(number)
    blocks = []
    for (y, x), rows in grid.items():
        near = [grid.get((y + dy, x + dx), []) for dy, dx in ((0, 1), (1, -1), (1, 0), (1, 1))]
        blocks.append(sorted(rows))
        blocks.extend(sorted(rows + other) for other in near if other)
    return blocks


def _pairs(blocks: Sequence[Sequence[int]], names: dict[int, str]) -> Iterator[tuple[int, int]]:
    for block in blocks:
        if len(block) <= _CROWD:
            for first, second in combinations(block, 2):
                one, two = names.get(first), names.get(second)
                if one and two and fuzz.token_set_ratio(one, two) >= NAMES_ALIKE:
                    yield first, second
            continue
        seen: dict[str, int] = {}
        for number in block:
            if name := names.get(number):
                earlier = seen.setdefault(name, number)
                if earlier != number:
                    yield earlier, number
