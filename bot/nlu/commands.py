"""Command words: whole messages that mean one thing in every conversation, and names of languages (data/words/)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml
from babel import Locale

from bot.intents import INTENTS
from bot.languages import Language, served
from bot.nlu.normalise import key
from bot.nlu.words import WORDS, words_of

__all__ = ["Command", "Commands", "commands"]

_EMOJI = WORDS / "emoji.yml"
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

    def __init__(
        self,
        words: Mapping[str, Mapping[str, Any]],
        languages: Iterable[Language],
        emoji: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """`words`: by language, as in `data/words/`; `emoji`: by intent. Raises ValueError if a word stands for two intents of one
        language, or an intent does not exist."""
        known = list(languages)
        own = {language.code: words.get(language.code) or {} for language in known}
        self._words: dict[str, dict[str, str]] = {}
        for code, row in own.items():
            for intent, spellings in (row.get("commands") or {}).items():
                if intent not in INTENTS:
                    raise ValueError(f"{code}: commands: no intent {intent!r}")
                for word in spellings or ():
                    if self._words.setdefault(key(str(word)), {}).setdefault(code, intent) != intent:
                        raise ValueError(
                            f"{code}: commands: {word!r} is {self._words[key(str(word))][code]} and {intent}"
                        )
        self._emoji = [(sign, intent) for intent, row in (emoji or {}).items() for sign in row]
        self._names = self._language_names({code: row.get("called") or () for code, row in own.items()}, known)
        frames = (frame for row in own.values() for frame in row.get("asking_for_language") or ())
        self._frames = sorted({_frame(frame) for frame in frames}, reverse=True)

    @staticmethod
    def _language_names(extra: Mapping[str, Iterable[str]], languages: list[Language]) -> dict[str, str]:
        """Names of the languages, in all of them, by key. The project's own decide; of CLDR's those are left out that it gives to two
        languages, or to a country ("Bangladesh" is Somali for Bengali, but an answer to "where are you?")."""
        ours: dict[str, set[str]] = {}
        names: dict[str, set[str]] = {}
        countries: set[str] = set()
        for language in languages:
            for name in (language.name, language.english, *extra.get(language.code, ())):
                ours.setdefault(key(name), set()).add(language.code)
            for speaker in languages:
                name = Locale.parse(speaker.locale).languages.get(language.locale)
                if name:
                    names.setdefault(key(name), set()).add(language.code)
            countries.update(key(str(name)) for name in Locale.parse(language.locale).territories.values())
        merged = {**{name: codes for name, codes in names.items() if name not in countries}, **ours}
        return {name: min(codes) for name, codes in merged.items() if len(codes) == 1}

    def command(self, text: str, language: str | None = None) -> Command | None:
        """What a whole message commands, or None. `language`, that of the conversation, decides about a word that means different
        things in two languages; without one such a word commands nothing."""
        bare = key(text)
        if not bare:
            return self._emoji_command(text)
        meanings = self._words.get(bare)
        if meanings:
            intents = {meanings[language]} if language in meanings else set(meanings.values())
            return Command(intents.pop()) if len(intents) == 1 else None
        named = self._language_named(bare)
        return Command("change_language", named) if named else None

    def languages_in(self, text: str) -> list[str]:
        """Codes of the languages that are named somewhere in a message, in the order of their first mention."""
        found: dict[str, None] = {}
        for word in key(text).split():
            if code := self.language_named(word):
                found.setdefault(code)
        return list(found)

    def language_named(self, word: str) -> str | None:
        """The code of the language that a word, as `normalise.key` gives it, is the name of."""
        return next((self._names[form] for form in (word, *_without_article(word)) if form in self._names), None)

    def _language_named(self, bare: str) -> str | None:
        named = self.language_named(bare)
        if named:
            return named
        for before, after in self._frames:
            if bare.startswith(before) and bare.endswith(after) and len(bare) > len(before) + len(after):
                named = self.language_named(bare[len(before) : len(bare) - len(after)])
                if named:
                    return named
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
    return Commands(words_of(), served(), yaml.safe_load(_EMOJI.read_text(encoding="utf-8")))
