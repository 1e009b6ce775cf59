"""Pictures as inline SVG made on the server: bars, stacked bars, columns, lines. Colours come from the page's style sheet.

Every picture has a title and a description, and the page shows its table below, so it is never the only way to a figure.
A count that is not shown is a short dashed bar. No library that is installed draws such pictures without a script.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_bidi

__all__ = ["Bar", "bars", "columns", "lines"]

WIDTH = 360
LABEL = 132
"""Width of the labels beside the bars."""
ROW = 22
FEW = 6
"""Length of the bar of a count that is not shown."""


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its parts from the start, and the words behind it. `parts` None: a count that is not shown."""

    label: str
    parts: Sequence[float] | None
    words: str


def _svg(height: float, title: str, description: str, *content: SafeString) -> SafeString:
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" direction="{}"><title>{}</title><desc>{}</desc>{}</svg>',
        WIDTH,
        f"{height:g}",
        "rtl" if get_language_bidi() else "ltr",
        title,
        description,
        _join(content),
    )


def _join(pieces: Sequence[SafeString]) -> SafeString:
    return mark_safe("".join(pieces))  # each is escaped already


def _x(x: float, width: float = 0) -> str:
    """The x of something of that width that begins at `x`; from the right in a language that is written so."""
    return f"{WIDTH - x - width if get_language_bidi() else x:.1f}"


def _rect(x: float, y: float, width: float, height: float, kind: str) -> SafeString:
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        kind,
        _x(x, width),
        f"{y:.1f}",
        f"{width:.1f}",
        f"{height:.1f}",
    )


def _text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> SafeString:
    words = f"\u2068{words}\u2069"  # isolated: "<10" stays so between words of the other direction
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', kind, _x(x), f"{y:.1f}", anchor, words
    )


def _short(label: str, most: int) -> str:
    return label if len(label) <= most else f"{label[: most - 1].rstrip()}…"


def bars(rows: Sequence[Bar], title: str, description: str, *, wide: bool = False) -> SafeString:
    """Horizontal bars, one below the other; the parts of a bar are coloured s0, s1, s2. `wide`: long labels, above the bars."""
    most = max((sum(row.parts) for row in rows if row.parts is not None), default=0) or 1
    above, begin = (ROW - 7, 0) if wide else (0, LABEL)
    high, room = ROW + above, WIDTH - begin - 64
    content = []
    for number, row in enumerate(rows):
        y = number * high + above
        label = (
            _text(0, y, _short(row.label, 60)) if wide else _text(LABEL - 6, y + 15, _short(row.label, 19), "", "end")
        )
        content.append(format_html("<g><title>{}: {}</title>{}</g>", row.label, row.words, label))
        x: float = begin
        if row.parts is None:
            content.append(_rect(x, y + 4, FEW, ROW - 8, "hatched"))
            x += FEW
        for part, size in enumerate(row.parts or ()):
            width = room * size / most
            content.append(_rect(x, y + 4, width, ROW - 8, f"s{part}"))
            x += width
        content.append(_text(x + 5, y + 15, row.words, "value"))
    return _svg(max(1, len(rows)) * high, title, description, *content)


def columns(rows: Sequence[Bar], title: str, description: str) -> SafeString:
    """Vertical bars along time; labels below the first, the middle and the last one."""
    height, top, bottom = 150, 16, 18
    most = max((sum(row.parts) for row in rows if row.parts is not None), default=0) or 1
    step = (WIDTH - 10) / max(1, len(rows))
    content = [_axis(height - bottom), _text(4, 11, f"{most:g}", "value")]
    for number, row in enumerate(rows):
        x, size = 5 + number * step, FEW if row.parts is None else (height - top - bottom) * sum(row.parts) / most
        shape = _rect(
            x + step * 0.1, height - bottom - size, step * 0.8, size, "hatched" if row.parts is None else "s0"
        )
        content.append(format_html("<g><title>{}: {}</title>{}</g>", row.label, row.words, shape))
    return _svg(height, title, description, *content, *_below([row.label for row in rows], step, height - 5))


def lines(labels: Sequence[str], series: Sequence[Sequence[float | None]], title: str, description: str) -> SafeString:
    """Lines along time, coloured s0, s1; where a figure is missing the line is broken."""
    height, top, bottom = 150, 16, 18
    most = max((value for row in series for value in row if value is not None), default=0) or 1
    step = (WIDTH - 10) / max(1, len(labels))
    content = [_axis(height - bottom), _text(4, 11, f"{most:g}", "value")]
    for number, row in enumerate(series):
        points = [
            None if value is None else (5 + (at + 0.5) * step, height - bottom - (height - top - bottom) * value / most)
            for at, value in enumerate(row)
        ]
        for before, after in pairwise(points):
            if before and after:
                ends = (_x(before[0]), f"{before[1]:.1f}", _x(after[0]), f"{after[1]:.1f}")
                content.append(format_html('<line class="l{}" x1="{}" y1="{}" x2="{}" y2="{}"/>', number, *ends))
        content += [
            format_html('<circle class="s{}" cx="{}" cy="{}" r="2.5"/>', number, _x(point[0]), f"{point[1]:.1f}")
            for point in points
            if point
        ]
    return _svg(height, title, description, *content, *_below(labels, step, height - 5))


def _axis(y: float) -> SafeString:
    return format_html('<line class="axis" x1="0" y1="{}" x2="{}" y2="{}"/>', y, WIDTH, y)


def _below(labels: Sequence[str], step: float, y: float) -> list[SafeString]:
    last = len(labels) - 1
    if last < 0:
        return []
    places = {0: "start", last: "end", last // 2: "middle"} if last > 1 else {0: "start", last: "end"}
    at = {"start": 5.0, "middle": 5 + (last // 2 + 0.5) * step, "end": WIDTH - 5.0}
    return [_text(at[anchor], y, labels[number], "value", anchor) for number, anchor in places.items()]
