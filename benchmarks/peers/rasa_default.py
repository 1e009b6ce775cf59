"""Rasa's default NLU pipeline (3.6: words, characters within words, DIET) on our sentences: `make evaluate` calls it.

    python benchmarks/peers/rasa_default.py --epochs 100

trains on data/nlu and data/dev, parses data/tests, and prints one JSON object: seconds of training, megabytes at the end,
milliseconds a parse, and the intent found for each test sentence. Rasa's own settings are kept, except for the epochs (100 as
shipped) and for what has no part in intents: no response selector, no entities.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

from bot.nlu.sentences import DEVELOPMENT, TESTS, TRAINING, read
from bot.settings import ROOT

PIPELINE = """
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
  entity_recognition: false
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
"""
"""What `rasa init` writes as default, without entities and responses."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--most", type=int, help="train on so many sentences only, to try the program")
    options = parser.parse_args()
    out, sys.stdout = sys.stdout, sys.stderr  # Rasa prints its progress
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.ERROR)
    rows = [*read(TRAINING), *read(DEVELOPMENT)][: options.most]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = {
            "rasa_nlu_data": {
                "common_examples": [{"text": row.text, "intent": row.intent, "entities": []} for row in rows]
            }
        }
        (folder / "nlu.json").write_text(
            json.dumps(data), encoding="utf-8"
        )  # Rasa reads JSON a hundred times faster than YAML
        config = {
            "recipe": "default.v1",
            "language": "en",
            "assistant_id": "peer",
            "pipeline": yaml.safe_load(PIPELINE.format(epochs=options.epochs)),
        }
        (folder / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        start = time.perf_counter()
        model = train_nlu(
            str(folder / "config.yml"), str(folder / "nlu.json"), str(folder), domain=str(ROOT / "domain.yml")
        )
        seconds = time.perf_counter() - start
        if model is None:
            raise SystemExit("Rasa did not train")
        agent = Agent.load(model)
        found, taken = [], []
        for row in read(TESTS):
            start = time.perf_counter()
            parsed = asyncio.run(agent.parse_message(row.text))
            taken.append((time.perf_counter() - start) * 1000)
            ranking = [each["name"] for each in parsed["intent_ranking"] if each["name"] != "nlu_fallback"]
            found.append(
                {"intent": ranking[0] if ranking else None, "sure": parsed["intent"]["name"] != "nlu_fallback"}
            )
    p50, p99 = np.percentile(taken, [50, 99])
    json.dump(
        {
            "epochs": options.epochs,
            "sentences": len(rows),
            "seconds": seconds,
            "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "p50_ms": p50,
            "p99_ms": p99,
            "found": found,
        },
        out,
    )


if __name__ == "__main__":
    main()
