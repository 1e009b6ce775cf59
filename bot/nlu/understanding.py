"""The whole way from text to meaning without Rasa: what the components of config.yml do, in the same order, on the same models."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.nlu.classifier import Classified, IntentClassifier
from bot.nlu.entities import entities as entities_in
from bot.nlu.features import featurise
from bot.nlu.language import Identified, LanguageModel
from bot.nlu.place_entities import place_entities
from bot.nlu.router import Heard, Routed, Router
from bot.nlu.sentences import Sentence

__all__ = ["INTENT_FILE", "LANGUAGE_FILE", "Understanding", "Understood"]

LANGUAGE_FILE = "language.npz"
INTENT_FILE = "intents.npz"
"""Names of the arrays inside the archive of a trained Rasa model."""


@dataclass(frozen=True)
class Understood:
    """What came of one message."""

    language: Identified
    classified: Classified
    routed: Routed


class Understanding:
    """A trained language model, classifier and router."""

    def __init__(self, language: LanguageModel, intents: IntentClassifier, router: Router | None = None) -> None:
        self.language = language
        self.intents = intents
        self._router = router or Router()

    @classmethod
    def train(cls, sentences: Sequence[Sentence], judges: Sequence[Sentence] = ()) -> Understanding:
        """Learns from sentences; `judges` were set apart to fit limits on, and are learnt after that."""
        rows = [*sentences, *judges]
        texts, codes = [s.text for s in rows], [s.language for s in rows]
        language = LanguageModel.train(zip(texts, codes, strict=True))
        apart = [False] * len(sentences) + [True] * len(judges)
        intents = IntentClassifier.train(texts, [s.intent for s in rows], codes, apart)
        return cls(language, intents)

    @classmethod
    def load(cls, model: Path) -> Understanding:
        """The models inside a trained Rasa model (.tar.gz). Raises KeyError if it was trained with another pipeline."""
        found: dict[str, Any] = {}
        with tempfile.TemporaryDirectory() as folder, tarfile.open(model) as archive:
            for member in archive:
                if (name := Path(member.name).name) in (LANGUAGE_FILE, INTENT_FILE):
                    member.name = name
                    archive.extract(member, folder)
            for name, read in ((LANGUAGE_FILE, LanguageModel.from_npz), (INTENT_FILE, IntentClassifier.from_npz)):
                path = Path(folder) / name
                if not path.exists():
                    raise KeyError(f"{model}: no {name}")
                with np.load(path, allow_pickle=False) as arrays:
                    found[name] = read(arrays)
        return cls(found[LANGUAGE_FILE], found[INTENT_FILE])

    def understand(
        self, text: str, conversation: str | None = None, slots: Mapping[str, Any] | None = None
    ) -> Understood:
        """What a message means. `conversation`: language of the conversation; `slots`: `open_choices` and `question`."""
        slots = slots or {}
        language = self.language.identify(text, conversation)
        classified = self.intents.classify(featurise([text], [language.code]), [language.code])[0]
        if not self.language.familiar.knows(text):
            classified = replace(classified, sure=False)
        found, whole = place_entities(text, language.code)
        entities = [*found, *entities_in(text, language.code)]
        heard = Heard(
            text,
            classified,
            entities,
            whole,
            choices=slots.get("open_choices") or (),
            question=slots.get("question"),
            language=conversation or language.code,
        )
        return Understood(language, classified, self._router.route(heard))
