"""The words that were chosen for the terms of the field (`docs/terms/<language>.md`), found in a source text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

__all__ = ["Term", "terms", "terms_in"]

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "terms"


@dataclass(frozen=True)
class Term:
    """One term and what was chosen for it."""

    english: str
    chosen: str
    note: str


@lru_cache(maxsize=64)
def terms(lang: str) -> tuple[Term, ...]:
    """The terms of a language: lines `- term - words - note`; doubts are left out. Empty if there is no file."""
    path = FOLDER / f"{lang}.md"
    if not path.is_file():
        return ()
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        parts = [part.strip() for part in line.removeprefix("- ").split(" - ", 2)]
        if line.startswith("- ") and len(parts) >= 2 and not line.startswith("- doubt"):
            found.append(Term(parts[0], parts[1], parts[2] if len(parts) > 2 else ""))
    return tuple(found)


def _stems(term: str) -> list[str]:
    """Beginnings of the English words by which a term is found: "legal aid" as a whole, "asylum" alone."""
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", term)
    return [" ".join(part.split()).casefold() for part in re.split(r"[/,;]", plain) if part.strip()]


def terms_in(text: str, lang: str) -> list[Term]:
    """The terms that an English text uses, in the order of the file."""
    words = text.casefold()
    return [
        term
        for term in terms(lang)
        if any(re.search(rf"\b{re.escape(stem)}", words) for stem in _stems(term.english) if len(stem) > 3)
    ]
