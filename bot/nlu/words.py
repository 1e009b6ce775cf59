"""The words of each language beside its sentences: `data/words/<lang>.yml`, one file a language that its speakers can read.

`data/words/en.yml` explains the keys. `bot.nlu.commands`, `numerals` and `entities` each read their part.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.languages import served
from bot.settings import ROOT

__all__ = ["WORDS", "read_words", "words_of"]

WORDS = ROOT / "data" / "words"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_KEYS = {
    "commands", "asking_for_language", "called", "choices", "numbers", "number_joiners", "people", "age", "age_months", "my_age", "not_age", "group",
    "times", "not_times", "hour", "not_hour", "before_noon", "after_noon", "clock_starts_at",
}  # fmt: skip


def read_words(path: Path) -> Mapping[str, Any]:
    """One file. Raises ValueError, naming it, for one that is not YAML or has a key that is not known."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER) or {}
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: no keys")
    if unknown := set(found) - _KEYS:
        raise ValueError(f"{path}: no such key: {sorted(unknown)}")
    return found


@lru_cache(maxsize=1)
def words_of() -> Mapping[str, Mapping[str, Any]]:
    """The words of the served languages, by code; a language without a file has none."""
    paths = {language.code: WORDS / f"{language.code}.yml" for language in served()}
    return {code: read_words(path) for code, path in paths.items() if path.exists()}
