"""Reads the sentences that native speakers write and review: `data/nlu/<lang>/*.yml` to learn, `data/tests/<lang>/*.yml` to measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.settings import ROOT

__all__ = ["TESTS", "TRAINING", "Sentence", "read"]

TRAINING = ROOT / "data" / "nlu"
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
        code = file.parent.name
        if languages is not None and code not in languages:
            continue
        try:
            blocks = yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]
            for block in blocks:
                for line in block["examples"].splitlines():
                    if line.strip():
                        dash, text = line[:2], line[2:].strip()
                        if dash != "- " or not text:
                            raise ValueError(f"{line!r} does not begin with a dash")
                        sentences.append(Sentence(text, block["intent"], code))
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"{file}: {error}") from error
    return sentences
