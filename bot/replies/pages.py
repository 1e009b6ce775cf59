"""Choices that do not fit into one message without buttons: pages, with "More options" at the end of each but the last.

All pages are one list: each choice keeps its number, and the number of a page that was shown before goes on to pick from it
while the next is read. "More options" has a number of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.messages import Choice, Outbound, Text

__all__ = ["MORE", "NEXT_PAGE", "next_page", "paged", "shown"]

MORE = "more_results"
"""Intent of "More options": the same as writing "more"."""
NEXT_PAGE = "options_from"
"""Entity of "More options": index of the first choice of the next page."""


def _more(start: int) -> Choice:
    return Choice(Text("choice:more_options"), MORE, {NEXT_PAGE: start})


def next_page(choice: Choice) -> int | None:
    """Index of the first choice of the page that this choice leads to; None if it is no "More options"."""
    start = choice.entities.get(NEXT_PAGE)
    return start if choice.intent == MORE and isinstance(start, int) else None


def shown(choices: Sequence[Choice], start: int) -> tuple[int, int]:
    """The page that begins at index `start`: up to and with the next "More options", else to the end."""
    end = next((n + 1 for n in range(start, len(choices)) if next_page(choices[n]) is not None), len(choices))
    return start, end


def paged(
    outbound: Outbound,
    choices: Sequence[Choice],
    more: str,
    title: str,
    fits: Callable[[Outbound], bool],
) -> tuple[Outbound, tuple[Choice, ...]]:
    """The message with its choices (labels in `outbound`, meanings in `choices`) on pages, the first of them shown.

    `more` is the label of "More options", `title` what stands above the choices of a later page. At least one choice
    stands on each page, whether it fits or not: none is ever dropped."""
    if len(choices) < 2 or fits(outbound):
        return outbound, tuple(choices)
    labels: list[str] = []
    meanings: list[Choice] = []
    first_page = (0, 0)
    at = 0
    while at < len(choices):
        start = len(labels)
        page = replace(outbound, text=title if start else outbound.text, cards=() if start else outbound.cards)
        for count in range(len(choices) - at, 0, -1):
            rest = at + count < len(choices)
            candidate = [*labels, *outbound.choices[at : at + count], *([more] if rest else [])]
            if fits(replace(page, choices=tuple(candidate), page=(start, len(candidate)))):
                break
        labels = candidate
        meanings += choices[at : at + count]
        if rest:
            meanings.append(_more(len(labels)))
        if not start:
            first_page = (0, len(labels))
        at += count
    return replace(outbound, choices=tuple(labels), page=first_page), tuple(meanings)
