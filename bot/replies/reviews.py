"""Who has read which text: `locales/<lang>/reviews.yml`, tied to the words, so that any edit voids it (safety.md, decision 2).

A text is a `draft` until somebody who speaks the language has read it (`reviewed`), and `approved` once two have where a wrong
word does most harm (APPROVED_BY_TWO), or one elsewhere. The setting `texts` says what may be said.

    python -m bot.replies.reviews status                                    the table of `make locales-status`
    python -m bot.replies.reviews sign ti --by "Name, role" [--approve] crisis: menu
                                                  these texts (keys, or their beginnings) as they stand now were read by that person
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from bot.languages import LOCALES, languages
from bot.replies import po
from bot.replies.texts import sources
from bot.settings import settings

__all__ = [
    "APPROVED_BY_TWO",
    "STATES",
    "Reviews",
    "has_drafts",
    "main",
    "may_be_said",
    "needs_two",
    "reviews",
    "sign",
    "state",
    "text_hash",
    "unsaid",
]

STATES = ("draft", "reviewed", "approved")
"""From the least to the most that is known of a text."""
APPROVED_BY_TWO = (
    "crisis:",
    "protection:",
    "neutral:",
    "report:",
    "privacy",
    "family_links",
    "topic:info_",
    "notice",
    "deleted",
)
"""Beginnings of the keys of texts for people at risk, on decisions, with legal weight, and of promises."""


def text_hash(source: str, text: str) -> str:
    """Names the words of a text and of its English source; white space and code point variants aside."""
    both = "\0".join(" ".join(unicodedata.normalize("NFC", part).split()) for part in (source, text))
    return hashlib.sha256(both.encode()).hexdigest()[:16]


def needs_two(key: str) -> bool:
    """Whether a text is approved only once two people have."""
    return key.startswith(APPROVED_BY_TWO)


@dataclass(frozen=True)
class Reviews:
    """What is known of the texts of one language."""

    rows: Mapping[str, Mapping[str, Any]]
    """By key: {"hash": text_hash, "reviewed": [people], "approved": [people]}."""

    @classmethod
    def read(cls, path: Path) -> Reviews:
        """The reviews in a file; none if there is no file. Raises ValueError, naming it, for a damaged one."""
        if not path.exists():
            return cls({})
        try:
            rows = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            for key, row in rows.items():
                if set(row) - {"hash", "reviewed", "approved"} or not isinstance(row["hash"], str):
                    raise ValueError(f"{key}: {row}")
        except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error
        return cls(rows)

    def state(self, key: str, source: str, text: str) -> str:
        """The state of a text as it stands: one of STATES."""
        row = self.rows.get(key)
        if row is None or row["hash"] != text_hash(source, text):
            return "draft"
        approvers = set(row.get("approved") or ())
        if len(approvers) >= (2 if needs_two(key) else 1):
            return "approved"
        return "reviewed" if approvers or row.get("reviewed") else "draft"


def path_of(language: str, root: Path = LOCALES) -> Path:
    """Where the reviews of a language lie."""
    return root / language / "reviews.yml"


@lru_cache(maxsize=64)
def reviews(language: str) -> Reviews:
    """The reviews of a language."""
    return Reviews.read(path_of(language))


def state(language: str, key: str, source: str, text: str) -> str:
    """The state of a text of a language: one of STATES."""
    return reviews(language).state(key, source, text)


def may_be_said(language: str, key: str, source: str, text: str) -> bool:
    """Whether as much is known of a text as the setting `texts` asks for."""
    least = STATES.index(settings().texts)
    return least == 0 or STATES.index(state(language, key, source, text)) >= least


def unsaid(language: str) -> list[str]:
    """Keys of the texts of a language of which less is known than the setting `texts` asks for."""
    known = sources()
    return [key for key, text in texts_of(language).items() if not may_be_said(language, key, known[key], text)]


@lru_cache(maxsize=64)
def has_drafts(language: str) -> bool:
    """Whether nobody has read some text of that language yet."""
    if not reviews(language).rows:
        return True  # the catalogue need not be read in a turn
    known = sources()
    return any(state(language, key, known[key], text) == "draft" for key, text in texts_of(language).items())


def texts_of(language: str) -> dict[str, str]:
    """The texts of a language by key, as they stand; English is the source."""
    known = sources()
    if language == "en":
        return known
    catalog = po.read(po.po_path(language), languages()[language])
    found = {str(message.context): str(message.string) for message in catalog if message.id and message.string}
    return {key: found[key] for key in known if key in found}


def sign(language: str, person: str, beginnings: Sequence[str], approve: bool, root: Path = LOCALES) -> list[str]:
    """Note that a person has read these texts as they stand; the keys. Raises ValueError if none begins so, or without a name."""
    if not person.strip():
        raise ValueError("the name of the person who has read the texts")
    known, texts = sources(), texts_of(language)
    keys = [key for key in texts if not beginnings or key.startswith(tuple(beginnings))]
    if not keys:
        raise ValueError(f"no text of {language} begins with {', '.join(beginnings)}")
    rows = {key: dict(row) for key, row in Reviews.read(path_of(language, root)).rows.items()}
    for key in keys:
        now = text_hash(known[key], texts[key])
        row = rows.get(key)
        if row is None or row["hash"] != now:
            row = rows[key] = {"hash": now}
        people = row.setdefault("approved" if approve else "reviewed", [])
        if person not in people:
            people.append(person)
    path = path_of(language, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "# Who has read which text. An edit of a text voids its row: the hash no longer fits. Written by bot.replies.reviews.\n"
    path.write_text(head + yaml.safe_dump(rows, allow_unicode=True, sort_keys=True, width=120), encoding="utf-8")
    reviews.cache_clear()
    return keys


def _status() -> None:
    known = sources()
    print(
        f"{'language':<10}{'texts':>7}{'missing':>9}" + "".join(f"{name:>10}" for name in STATES) + f"{'outdated':>10}"
    )
    for code in ("en", *(code for code in languages() if po.po_path(code).exists())):
        texts = texts_of(code)
        counts = Counter(state(code, key, known[key], text) for key, text in texts.items())
        outdated = sum(
            row["hash"] != text_hash(known[key], texts[key])
            for key, row in reviews(code).rows.items()
            if key in texts and key in known
        )
        cells = "".join(f"{counts[name]:>10}" for name in STATES)
        print(f"{code:<10}{len(texts):>7}{len(known) - len(texts):>9}{cells}{outdated:>10}")
    print(f"\n{sum(map(needs_two, known))} of {len(known)} texts need two people to be approved.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.replies.reviews", description="Who has read which text.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("status", help="texts by language and state")
    signing = commands.add_parser("sign", help="note that a person has read texts as they stand")
    signing.add_argument("language", choices=sorted(languages()))
    signing.add_argument("keys", nargs="*", help="keys of texts, or their beginnings; none: all texts")
    signing.add_argument("--by", required=True, help="who has read them: name and role")
    signing.add_argument("--approve", action="store_true", help="approved, not only reviewed")
    options = parser.parse_args(arguments)
    if options.command == "status":
        _status()
        return 0
    try:
        keys = sign(options.language, options.by, options.keys, options.approve)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.language}: {len(keys)} texts {'approved' if options.approve else 'reviewed'} by {options.by}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
