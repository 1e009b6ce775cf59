"""Tells Rasa the language of every training sentence: its folder. Leaves the test sentences out of training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data import loading
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.languages import languages

__all__ = ["WaypostImporter"]

_NOT_TRAINING = {"tests", "directory"}
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
        super().__init__(config_file, domain_path, [found for path in paths for found in _training_paths(path)])

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The training sentences; each has its language in its metadata: {"language": "ar"}."""
        data = TrainingData()
        for file in self._nlu_files:
            found = loading.load_data(file, language)
            code = Path(file).parent.name
            if code in languages():
                for message in found.training_examples:
                    message.set("metadata", {**(message.get("metadata") or {}), "language": code})
            data = data.merge(found)
        return data


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
