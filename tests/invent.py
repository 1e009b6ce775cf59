"""Helps `test_add_language`, inside the copied project: fills a catalogue with invented words, or measures what is understood."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.test_add_language import invented


def translate(path: Path) -> None:
    from bot.replies import po

    catalog = po.read(path)
    for message in catalog:
        if message.id:
            message.string = invented(str(message.id))
    path.write_bytes(po.po_bytes(catalog))


def understand(code: str) -> None:
    """Prints the shares of test sentences whose language and whose intent are found, beside English and Turkish."""
    from bot.nlu.sentences import DEVELOPMENT, TESTS, TRAINING, read
    from bot.nlu.understanding import Understanding

    known = [code, "en", "tr"]
    few = [row for at, row in enumerate(read(TRAINING, known)) if row.language == code or at % 10 == 0]
    model = Understanding.train(few, read(DEVELOPMENT, [code]))
    rows = read(TESTS, [code])
    found = [model.understand(row.text) for row in rows]
    language = sum(one.language.code == code for one in found) / len(rows)
    intent = sum(one.classified.intent == row.intent for one, row in zip(found, rows, strict=True)) / len(rows)
    print(language, intent)


if __name__ == "__main__":
    if sys.argv[1] == "--understand":
        understand(sys.argv[2])
    else:
        translate(Path(sys.argv[1]))
