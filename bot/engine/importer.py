"""Tells Rasa the language of every training sentence: its folder. Leaves the test sentences out of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data import loading
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.languages import languages
from bot.nlu.sentences import DEVELOPMENT, TESTS, Sentence, read_file

__all__ = ["WaypostImporter"]

_NOT_TRAINING = {"tests", "directory", "words", "places", "neutrality"}
"""Folders of `data/` that hold no training data."""


class WaypostImporter(RasaFileImporter):
    """Reads plain Rasa files; config.yml names it under `importers`."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        paths = [training_data_paths] if isinstance(training_data_paths, str) else training_data_paths or []
        self._read: TrainingData | None = None
        super().__init__(config_file, domain_path, [found for path in paths for found in _training_paths(path)])

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The training sentences, those of one file and intent in one message: the first as its text, the others under `more`.

        Rasa copies and hashes every message many times over, which for a hundred thousand takes longer than learning from them.
        Metadata: {"language": "ar", "judge": False, "more": [...]}. Files in a language's folder are plain sentences and read by
        `bot.nlu.sentences`; Rasa's own reader, which takes minutes for twenty languages, reads any other. The test sentences
        are messages of their own, for `rasa test nlu`.
        """
        if self._read is None:
            messages: list[Message] = []
            rest = TrainingData()
            for file in map(Path, self._nlu_files):
                if file.parent.name in languages():
                    if not languages()[file.parent.name].served:
                        continue  # in preparation
                    judge = file.parent.parent.name == DEVELOPMENT.name
                    apart = file.parent.parent.name == TESTS.name
                    messages += [_message(found, judge) for found in _bundles(read_file(file), apart)]
                else:
                    rest = rest.merge(loading.load_data(str(file), language))
            self._read = TrainingData(messages).merge(rest) if rest.training_examples else TrainingData(messages)
        return self._read


def _bundles(sentences: Sequence[Sentence], apart: bool) -> list[list[Sentence]]:
    """The sentences by intent; `apart`: each for itself."""
    if apart:
        return [[sentence] for sentence in sentences]
    return [list(found) for _, found in groupby(sentences, key=lambda sentence: sentence.intent)]


def _message(sentences: Sequence[Sentence], judge: bool) -> Message:
    first = sentences[0]
    message = Message.build(first.text, first.intent)
    more = [sentence.text for sentence in sentences[1:]]
    message.set("metadata", {"language": first.language, "judge": judge, "more": more})
    return message


def _training_paths(path: str) -> Iterator[str]:
    """The path itself, or for the whole data folder what lies in it except tests and the sample directory.

    A path that names the tests themselves is read: `rasa test nlu --nlu data/tests`.
    """
    folder = Path(path)
    if not folder.is_dir() or not any((folder / name).is_dir() for name in _NOT_TRAINING):
        yield path
        return
    for child in sorted(folder.iterdir()):
        if child.name not in _NOT_TRAINING:
            yield str(child)
