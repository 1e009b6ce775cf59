"""The languages that Waypost knows, read from `locales/languages.yml`: one row a language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

__all__ = ["LOCALES", "Language", "language", "languages", "served", "served_by_tag"]

LOCALES = Path(__file__).resolve().parent.parent / "locales"


@dataclass(frozen=True)
class Language:
    """One language."""

    code: str
    """Waypost's code (en, prs, ckb ...)."""
    name: str
    """What its speakers call it, in its own script; shown in the picker."""
    english: str
    """English name, for staff."""
    locale: str
    """CLDR locale for Babel (prs -> fa_AF)."""
    script: str
    """ISO 15924 code of the script that its texts use."""
    direction: str
    """ltr or rtl."""
    served: bool = False
    """The bot understands and answers in it."""
    encoder: bool = False
    """The sentence encoder knows it (architecture.md, decision 4)."""
    spacy: str | None = None
    """spaCy's code of a blank tokenizer, if spaCy has one."""
    review: str = "draft"
    """State of its texts: draft, reviewed or approved."""

    @property
    def rtl(self) -> bool:
        return self.direction == "rtl"


@lru_cache(maxsize=1)
def languages() -> dict[str, Language]:
    """All languages by code, in the order of the file. Raises ValueError if the file is damaged."""
    rows = yaml.safe_load((LOCALES / "languages.yml").read_text(encoding="utf-8"))
    try:
        known = [Language(**row) for row in rows]
    except TypeError as error:
        raise ValueError(f"locales/languages.yml: {error}") from error
    return {known_language.code: known_language for known_language in known}


def language(code: str) -> Language:
    """The language of that code. Raises KeyError for one that Waypost does not know."""
    return languages()[code]


def served() -> list[Language]:
    """The languages in which the bot answers today."""
    return [known for known in languages().values() if known.served]


def served_by_tag(tag: str) -> str:
    """Our code for the language of an app or browser (an IETF tag: fa-AF, kmr, en_GB); empty if it is not served."""
    tag = tag.strip().lower().replace("_", "-")
    base = tag.split("-")[0]
    code = "prs" if tag == "fa-af" else {"kmr": "ku"}.get(base, base)
    return code if any(known.code == code for known in served()) else ""
