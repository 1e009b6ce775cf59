"""Counts the sentences of an English message as it stands on a screen; apart from how the bot counts them."""

from __future__ import annotations

import re

__all__ = ["counted"]

_CHOICE_OR_NAME = re.compile(r"\d+(?:-\d+)?[.:] ")
_CHECKED = re.compile(r"[\w ]+: \d+ \w+ \d{4}\.")
_END = re.compile(r"(?:^|\s)\S+[.!?…]+(?=\s|$)")


def counted(text: str) -> int:
    """Words that end in a mark, and lines that end in a colon if no place, no hours and no list of entries stands below them."""
    lines = [line for line in text.split("\n") if line.strip()]
    count = 0
    for line, below in zip(lines, [*lines[1:], ""]):
        if _CHOICE_OR_NAME.match(line):
            continue
        count += len(_END.findall(_CHECKED.sub("", line)))
        count += line.endswith(":") and line != "Opening hours:" and not below.startswith(("1. ", "2. ", "3. "))
    return count
