"""Babel's extraction method for our registries of texts: `_(key, english)` with the comments above it for translators.

A heading `# --- Title ---` belongs to every text below it; other comment lines belong to the call directly below them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import Any, BinaryIO

__all__ = ["extract"]


def extract(
    fileobj: BinaryIO, keywords: Collection[str], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """(line, function, arguments, comments) of each call of a keyword with literal arguments, in order."""
    text = fileobj.read().decode("utf-8")
    lines = text.splitlines()
    calls = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in keywords
    ]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        literals = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        arguments = tuple(literal for literal in literals if isinstance(literal, str))
        if len(arguments) == len(call.args):
            yield call.lineno, ast.unparse(call.func), arguments, _comments(lines, call.lineno - 1)


def _comments(lines: list[str], at: int) -> list[str]:
    """The heading over a line (an index) and the comment block that ends directly above it."""
    block: list[str] = []
    above = at - 1
    while above >= 0 and lines[above].startswith("#") and not _heading(lines[above]):
        block.insert(0, lines[above].lstrip("# ").rstrip())
        above -= 1
    headings = (heading for line in reversed(lines[:at]) if (heading := _heading(line)))
    heading = next(headings, "")
    return [part for part in (heading and f"Section: {heading}.", *block) if part]


def _heading(line: str) -> str:
    """The title in a line `# --- Title -----`, else empty."""
    return line.strip("# -").strip() if line.startswith("# ---") else ""
