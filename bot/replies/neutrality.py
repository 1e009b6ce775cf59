"""Words that a neutral service does not say: a tripwire on every text of every language (safety.md, part B).

It cannot carry neutrality (its authors measured 5 of 27 paraphrases caught): decisions are answered only from texts that people have
approved. Rules are `data/neutrality/rules.yml`, phrases `data/neutrality/<lang>.yml`, which native speakers can read and correct.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.languages import LOCALES
from bot.nlu.normalise import key

__all__ = ["RULES", "Finding", "Lexicon", "Rule", "findings", "lexicon", "rules"]

RULES = LOCALES.parent / "data" / "neutrality"
_SENTENCES = re.compile(r"(?<=[.!?؟፧。።।۔\n])\s+")
_QUESTION = ("?", "؟", "፧")
_GAP = r"(?: \S+){0,5}?"


@dataclass(frozen=True)
class Rule:
    """One rule."""

    id: str
    name: str
    severity: str
    """block or warn."""
    all_of: tuple[str, ...]
    none_of: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """A sentence on which a rule fires."""

    rule: str
    severity: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.rule} ({rules()[self.rule].name}): {self.sentence!r}"


def _pattern(phrase: str, places: str) -> str:
    """The regular expression of a phrase, over a sentence as a key with a space at both ends."""
    out = []
    for token in re.findall(r"\([^()]*(?:\([^()]*\)[^()]*)*\)\*?|<place>|\.\.\.|\^|\S+", phrase):
        if token == "...":
            out.append(_GAP)
        elif token == "^":
            out.append("^")
        elif token == "<place>":
            out.append(f" (?:{places})")
        elif token.startswith("("):
            inner = token[1:-1]
            parts = [_pattern(part.strip(), places) for part in _alternatives(inner)]
            out.append(f"(?:{'|'.join(parts)})")
        else:
            for word in token.split():
                out.append(" " + _word(word))
    return "".join(out)


def _alternatives(inner: str) -> list[str]:
    """Parts between the outer bars."""
    parts, depth, now = [], 0, ""
    for char in inner:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "|" and depth == 0:
            parts.append(now)
            now = ""
        else:
            now += char
    return [*parts, now]


def _word(word: str) -> str:
    if word == "<number>":
        return r"\d+"
    before, after = r"\S*" * word.startswith("*"), r"\S*" * word.endswith("*")
    bare = " ".join(key(word.strip("*")).split())
    if not bare:
        raise ValueError(f"{word!r} holds no letters")
    return before + re.escape(bare).replace(r"\ ", " ") + after


class Lexicon:
    """The phrases of one language, by list."""

    def __init__(self, data: Mapping[str, Any], source: str = "neutrality") -> None:
        """Raises ValueError for a list that no rule names, or a phrase without letters."""
        wanted = {name for rule in rules().values() for name in (*rule.all_of, *rule.none_of)} - {"question"}
        if unknown := set(data) - wanted - {"place"}:
            raise ValueError(f"{source}: no rule uses {sorted(unknown)}")
        self.missing = sorted(wanted - set(data))
        """Lists that are not there."""
        self.empty = sorted(name for name in wanted if not data.get(name))
        """Lists without phrases."""
        places = (
            "|".join(_word(str(word)) if " " not in str(word) else key(str(word)) for word in data.get("place") or ())
            or "-"
        )
        self._lists: dict[str, re.Pattern[str]] = {}
        for name in wanted & set(data):
            patterns = [_pattern(str(phrase), places) for phrase in data[name] or ()]
            if patterns:
                self._lists[name] = re.compile("|".join(f"(?:{pattern})(?= )" for pattern in patterns))

    @classmethod
    def read(cls, path: Path) -> Lexicon:
        """Reads a file. Raises ValueError, naming it, for a damaged one."""
        try:
            data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # "no" is a word here
            return cls(data, path.name)
        except (yaml.YAMLError, re.error, AttributeError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from error

    def has(self, name: str, sentence: str, spelt: str) -> bool:
        """Whether a sentence, as a key and as it is spelt, holds a phrase of a list."""
        if name == "question":
            return spelt.rstrip().endswith(_QUESTION)
        pattern = self._lists.get(name)
        return bool(pattern and pattern.search(f" {sentence} "))


@lru_cache(maxsize=1)
def rules() -> dict[str, Rule]:
    """The rules by id."""
    rows = yaml.safe_load((RULES / "rules.yml").read_text(encoding="utf-8"))
    return {
        name: Rule(name, row["name"], row["severity"], tuple(row["all_of"]), tuple(row.get("none_of") or ()))
        for name, row in rows.items()
    }


@lru_cache(maxsize=64)
def lexicon(language: str) -> Lexicon | None:
    """The phrases of a language, or None if nobody has written any."""
    path = RULES / f"{language}.yml"
    return Lexicon.read(path) if path.exists() else None


def findings(text: str, language: str, off: Sequence[str] = ()) -> Iterator[Finding]:
    """Where rules fire on a text; `off`: rules that do not count here. Nothing for a language without phrases."""
    words = lexicon(language)
    if words is None:
        return
    for spelt in _SENTENCES.split(text):
        sentence = key(re.sub(r"\{\w+\}", " ", spelt))
        for rule in rules().values():
            if rule.id in off or not all(words.has(name, sentence, spelt) for name in rule.all_of):
                continue
            if not any(words.has(name, sentence, spelt) for name in rule.none_of):
                yield Finding(rule.id, rule.severity, spelt.strip())
