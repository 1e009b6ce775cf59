"""Command words: whole messages that mean one thing in every conversation, and names of languages (data/nlu/commands.yml)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from bot.intents import INTENTS
from bot.languages import Language, served
from bot.nlu.normalise import key
from bot.settings import ROOT

__all__ = ["COMMANDS", "Command", "Commands", "commands"]

COMMANDS = ROOT / "data" / "nlu" / "commands.yml"

_NAME = "~"
_SKIN = frozenset(chr(c) for c in range(0x1F3FB, 0x1F400))


@dataclass(frozen=True)
class Command:
    """What a whole message commands."""

    intent: str
    language: str | None = None
    """Code of the language that it names, with `change_language`."""


class Commands:
    """The command words of some languages."""

    def __init__(self, data: Mapping[str, Any], languages: Iterable[Language]) -> None:
        """Raises ValueError if a word stands for two intents, a name for two languages, or an intent does not exist."""
        known = list(languages)
        codes = {language.code for language in known}
        self._words: dict[str, str] = {}
        for intent, rows in data["words"].items():
            if intent not in INTENTS:
                raise ValueError(f"{COMMANDS.name}: no intent {intent!r}")
            for code, words in rows.items():
                for word in words if code in codes else ():
                    if self._words.setdefault(key(word), intent) != intent:
                        raise ValueError(f"{COMMANDS.name}: {word!r} is {self._words[key(word)]} and {intent}")
        self._emoji = [(emoji, intent) for intent, row in data["emoji"].items() for emoji in row]
        self._names = self._language_names(data.get("names", {}), known)
        self._frames = sorted(
            {_frame(frame) for code, frames in data["language"].items() if code in codes for frame in frames},
            reverse=True,
        )

    @classmethod
    def read(cls, path: Path = COMMANDS) -> Commands:
        """Reads a file for the languages that the bot serves."""
        return cls(yaml.safe_load(path.read_text(encoding="utf-8")), served())

    @staticmethod
    def _language_names(extra: Mapping[str, list[str]], languages: list[Language]) -> dict[str, str]:
        """Names of the languages, in all of them, by key; a name that CLDR gives to two languages is left out."""
        names: dict[str, set[str]] = {}

        def add(name: str, code: str) -> None:
            names.setdefault(key(name), set()).add(code)

        for language in languages:
            add(language.name, language.code)
            add(language.english, language.code)
            for speaker in languages:
                name = Locale.parse(speaker.locale).languages.get(language.locale)
                if name:
                    add(name, language.code)
            for name in extra.get(language.code, ()):
                add(name, language.code)
        return {name: codes.pop() for name, codes in names.items() if len(codes) == 1}

    def command(self, text: str) -> Command | None:
        """What a whole message commands, or None."""
        bare = key(text)
        if not bare:
            return self._emoji_command(text)
        if bare in self._words:
            return Command(self._words[bare])
        named = self._language_named(bare)
        return Command("change_language", named) if named else None

    def languages_in(self, text: str) -> list[str]:
        """Codes of the languages that are named somewhere in a message, in the order of their first mention."""
        found: dict[str, None] = {}
        for word in key(text).split():
            for form in (word, *_without_article(word)):
                if form in self._names:
                    found.setdefault(self._names[form])
                    break
        return list(found)

    def _language_named(self, bare: str) -> str | None:
        for form in (bare, *_without_article(bare)):
            if form in self._names:
                return self._names[form]
        for before, after in self._frames:
            if bare.startswith(before) and bare.endswith(after) and len(bare) > len(before) + len(after):
                inner = bare[len(before) : len(bare) - len(after)]
                for form in (inner, *_without_article(inner)):
                    if form in self._names:
                        return self._names[form]
        return None

    def _emoji_command(self, text: str) -> Command | None:
        """Meaning of a message of emoji alone, or None."""
        shown = {c for c in text if unicodedata.category(c) in ("So", "Sk") and c not in _SKIN}
        for emoji, intent in self._emoji:
            if emoji in shown:
                return Command(intent)
        return None


def _frame(frame: str) -> tuple[str, str]:
    """What stands before and after the name, as keys: `en ~ svp` -> (`en `, ` svp`), `بال~` -> (`بال`, ``)."""
    before, after = frame.split(_NAME)
    return (
        key(before) + (" " if before.endswith(" ") else ""),
        (" " if after.startswith(" ") else "") + key(after),
    )


def _without_article(word: str) -> list[str]:
    """Forms of an Arabic word without article and preposition: العربيه, بالعربيه, للعربيه -> عربيه."""
    return [
        word[len(prefix) :]
        for prefix in ("بال", "لل", "ال", "ب")
        if word.startswith(prefix) and len(word) > len(prefix) + 2
    ]


@lru_cache(maxsize=1)
def commands() -> Commands:
    """The command words of the project."""
    return Commands.read()
