"""What of the data folder is trained on, and in which language."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.engine.importer import WaypostImporter

NLU = 'version: "3.1"\nnlu:\n- intent: {intent}\n  examples: |\n{lines}'
RULES = 'version: "3.1"\nrules:\n- rule: greet\n  steps:\n  - intent: greet\n  - action: action_listen\n'


@pytest.fixture()
def data(tmp_path: Path) -> Path:
    def write(name: str, text: str) -> None:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    write("nlu/en/conversation.yml", NLU.format(intent="greet", lines="    - hello\n    - hi there\n"))
    write("nlu/ar/conversation.yml", NLU.format(intent="greet", lines="    - مرحبا\n    - hello\n"))
    write("nlu/commands.yml", "words:\n  greet:\n    en: [hey]\n")
    write("tests/en/conversation.yml", NLU.format(intent="greet", lines="    - good day to you\n"))
    write("directory/services/athens.yaml", "responses: not ours\n")
    write("stories/rules.yml", RULES)
    return tmp_path / "data"


def sentences(importer: WaypostImporter) -> set[tuple[str, str]]:
    found = set()
    for message in importer.get_nlu_data().training_examples:
        metadata = message.get("metadata")
        found |= {(text, metadata["language"]) for text in (message.get("text"), *metadata["more"])}
    return found


def test_sentences_of_one_intent_are_one_message(data: Path) -> None:
    """Rasa copies and hashes every message many times over."""
    importer = WaypostImporter(None, None, [str(data)])
    assert len(importer.get_nlu_data().training_examples) == 2


@pytest.mark.parametrize("paths", [["."], ["nlu", "stories"]])
def test_training_leaves_the_tests_out(data: Path, paths: list[str]) -> None:
    importer = WaypostImporter(None, None, [str(data / path) for path in paths])
    assert sentences(importer) == {("hello", "en"), ("hi there", "en"), ("مرحبا", "ar"), ("hello", "ar")}


def test_one_path_as_text(data: Path) -> None:
    assert len(sentences(WaypostImporter(None, None, str(data)))) == 4


def test_the_tests_can_be_named(data: Path) -> None:
    assert sentences(WaypostImporter(None, None, [str(data / "tests")])) == {("good day to you", "en")}


def test_rules_are_found(data: Path) -> None:
    importer = WaypostImporter(None, None, [str(data)])
    assert [Path(file).name for file in importer._story_files] == ["rules.yml"]
