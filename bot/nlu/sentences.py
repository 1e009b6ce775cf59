"""Reads the sentences that native speakers write and review: to learn, to fit limits on, and to measure.

`data/nlu/<lang>/*.yml` are learnt; `data/dev/<lang>/*.yml`, written by another hand, decide how sure is sure and are learnt
after that; `data/tests/<lang>/*.yml` only measure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.settings import ROOT

__all__ = ["DEVELOPMENT", "TESTS", "TRAINING", "Sentence", "read", "read_file"]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

TRAINING = ROOT / "data" / "nlu"
DEVELOPMENT = ROOT / "data" / "dev"
TESTS = ROOT / "data" / "tests"


@dataclass(frozen=True)
class Sentence:
    """One sentence that somebody may send, and what it means."""

    text: str
    intent: str
    language: str


def read(folder: Path, languages: list[str] | None = None) -> list[Sentence]:
    """All sentences below a folder that has one folder a language, in the order of the files.

    `languages`: only these. Raises ValueError, naming the file, for one that is not in Rasa's NLU format.
    """
    sentences = []
    for file in sorted(folder.glob("*/*.yml")):
        if languages is None or file.parent.name in languages:
            sentences += read_file(file)
    return sentences


def read_file(file: Path) -> list[Sentence]:
    """The sentences of one file; its folder names the language. Raises ValueError as `read` does."""
    sentences = []
    try:
        blocks = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)["nlu"]
        for block in blocks:
            for line in block["examples"].splitlines():
                if line.strip():
                    dash, text = line[:2], line[2:].strip()
                    if dash != "- " or not text:
                        raise ValueError(f"{line!r} does not begin with a dash")
                    sentences.append(Sentence(text, block["intent"], file.parent.name))
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{file}: {error}") from error
    return sentences
