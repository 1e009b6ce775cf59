"""Thin Rasa graph components over the pure modules of this room; the only file of it that knows Rasa."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, FEATURE_TYPE_SENTENCE, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.features import Features as RasaFeatures
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse

from bot.languages import served
from bot.nlu.classifier import Classified, IntentClassifier
from bot.nlu.entities import entities as entities_in
from bot.nlu.features import Features, featurise
from bot.nlu.language import LanguageModel
from bot.nlu.place_entities import place_entities
from bot.nlu.respell import SPELLING
from bot.nlu.router import Heard, Router
from bot.nlu.tokens import prepare, tokens
from bot.nlu.understanding import INTENT_FILE, LANGUAGE_FILE

__all__ = [
    "EntityExtractor",
    "IntentModel",
    "LanguageIdentifier",
    "MessageRouter",
    "PlaceExtractor",
    "SentenceFeaturizer",
    "WaypostTokenizer",
]

Type = DefaultV1Recipe.ComponentType
Tracker = Optional[DialogueStateTracker]
_CLASSIFIED = "waypost_classified"
_FAMILIAR = "waypost_familiar"
_WHOLE_PLACE = "waypost_whole_place"
_FEATURIZER = "SentenceFeaturizer"


def _sources() -> str:
    # Rasa's training cache knows only the source of the component class: without this it would keep a model that an
    # older version of the pure modules, or of the spellings that they read, made.
    digest = sha256()
    for path in (*sorted(Path(__file__).parent.glob("*.py")), SPELLING):
        digest.update(path.read_bytes())
    return digest.hexdigest()


_SOURCES = _sources()


def _code(message: Message) -> str | None:
    """Code of a message's language: as identified, or in training that of its folder (bot/engine/importer.py)."""
    identified = message.get("language")
    if identified:
        return identified["code"]
    return (message.get("metadata") or {}).get("language")


def _texts(message: Message) -> list[str]:
    """The training sentences of a message (bot/engine/importer.py)."""
    return [text for text in (message.get(TEXT), *(message.get("metadata") or {}).get("more", ())) if text]


def _slot(tracker: DialogueStateTracker | None, name: str) -> Any:
    """Value of a slot; None outside of a conversation, or if the domain does not have it."""
    return tracker.get_slot(name) if tracker is not None and name in tracker.slots else None


class _Component(GraphComponent):
    """What all components below have in common: nothing to configure, created and loaded alike."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Train again when the code of this room changes."""
        return _SOURCES

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        return cls()


class _Trained(_Component):
    """A component with a model that lives as arrays in the model's archive; no pickle."""

    file: str

    def __init__(self, model_storage: ModelStorage, resource: Resource) -> None:
        self._storage = model_storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        return cls(model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> GraphComponent:
        component = cls(model_storage, resource)
        with (
            model_storage.read_from(resource) as folder,
            np.load(Path(folder) / cls.file, allow_pickle=False) as arrays,
        ):
            component.restore(arrays)
        return component

    def restore(self, arrays: Any) -> None:
        """Take the model from its arrays."""
        raise NotImplementedError

    def save(self, arrays: dict[str, np.ndarray]) -> Resource:
        """Put the model's arrays into the archive."""
        with self._storage.write_to(self._resource) as folder:
            np.savez_compressed(Path(folder) / self.file, **arrays)
        return self._resource


@DefaultV1Recipe.register([Type.MESSAGE_FEATURIZER], is_trainable=True)
class LanguageIdentifier(_Trained):
    """Sets `language`: {"code", "confidence"}."""

    file = LANGUAGE_FILE
    _model: LanguageModel

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:
        """Train again when another language is served, or the code of this room changes."""
        return ",".join(language.code for language in served()) + _SOURCES

    def train(self, training_data: TrainingData) -> Resource:
        self._model = LanguageModel.train(
            (text, code)
            for message in training_data.intent_examples
            for text in _texts(message)
            if (code := _code(message))
        )
        return self.save(self._model.to_npz())

    def restore(self, arrays: Any) -> None:
        self._model = LanguageModel.from_npz(arrays)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def process(self, messages: list[Message], tracker: Tracker = None) -> list[Message]:
        conversation = _slot(tracker, "language")
        for message in messages:
            identified = self._model.identify(message.get(TEXT) or "", conversation)
            language = {"code": identified.code, "confidence": round(identified.confidence, 4)}
            message.set("language", language, add_to_output=True)
            message.set(_FAMILIAR, self._model.familiar.knows(message.get(TEXT) or ""))
        return messages


@DefaultV1Recipe.register([Type.MESSAGE_TOKENIZER], is_trainable=False)
class WaypostTokenizer(Tokenizer):
    """Words by the rules of the message's language; `spacy: false` leaves spaCy out and saves seconds at the start."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "spacy": True}

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._spacy = bool(config["spacy"])
        self._prepared = False

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing: no component of ours learns from tokens."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """The rules of all languages are read before the first message (training has no use for them)."""
        if self._spacy and not self._prepared:
            prepare(language.code for language in served())
            self._prepared = True
        return super().process(messages)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        language = _code(message) if self._spacy else None
        return [Token(text, start) for text, start in tokens(message.get(attribute), language)]


@DefaultV1Recipe.register([Type.MESSAGE_FEATURIZER], is_trainable=False)
class SentenceFeaturizer(_Component):
    """Characters (sparse) and the encoder's vector (dense) as sentence features."""

    def process(self, messages: list[Message]) -> list[Message]:
        features = featurise(
            [message.get(TEXT) or "" for message in messages], [_code(message) for message in messages]
        )
        for row, message in enumerate(messages):
            counts = features.counts[row] if len(messages) > 1 else features.counts
            for values in (counts, features.vectors[row : row + 1]):
                message.add_features(RasaFeatures(values, FEATURE_TYPE_SENTENCE, TEXT, _FEATURIZER))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing: Rasa hashes whatever hangs on a sentence several times over; `IntentModel.train` featurises for itself."""
        return training_data


@DefaultV1Recipe.register([Type.INTENT_CLASSIFIER], is_trainable=True)
class IntentModel(_Trained):
    """Sets the intent and its ranking; a sensitive intent wins at its threshold."""

    file = INTENT_FILE
    _model: IntentClassifier

    def train(self, training_data: TrainingData) -> Resource:
        rows = [(text, message) for message in training_data.intent_examples for text in _texts(message)]
        self._model = IntentClassifier.train(
            [text for text, _ in rows],
            [message.get(INTENT) for _, message in rows],
            [_code(message) or "en" for _, message in rows],
            [bool((message.get("metadata") or {}).get("judge")) for _, message in rows],
        )
        return self.save(self._model.to_npz())

    def restore(self, arrays: Any) -> None:
        self._model = IntentClassifier.from_npz(arrays)

    def process(self, messages: list[Message]) -> list[Message]:
        if messages:
            found = self._model.classify(_features(messages), [_code(message) for message in messages])
            for message, guess in zip(messages, found):
                classified = guess if message.get(_FAMILIAR, True) else replace(guess, sure=False)
                message.set(_CLASSIFIED, classified)
                _set_intent(message, classified.intent, classified.confidence, classified.ranking)
        return messages


@DefaultV1Recipe.register([Type.ENTITY_EXTRACTOR], is_trainable=False)
class PlaceExtractor(_Component):
    """Adds the entity `place` for every place name."""

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            entities, whole = place_entities(message.get(TEXT) or "", _code(message))
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), *entities], add_to_output=True)
            message.set(_WHOLE_PLACE, whole)
        return messages


@DefaultV1Recipe.register([Type.ENTITY_EXTRACTOR], is_trainable=False)
class EntityExtractor(_Component):
    """Adds what else a message tells: `people`, `group_size`, `age`, `day`, `daytime`, `hour`, `language`."""

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            found = entities_in(message.get(TEXT) or "", _code(message))
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), *found], add_to_output=True)
        return messages


@DefaultV1Recipe.register([Type.INTENT_CLASSIFIER, Type.ENTITY_EXTRACTOR], is_trainable=False)
class MessageRouter(_Component):
    """Decides in the order of `bot.nlu.router` and says in `route` what decided."""

    def __init__(self) -> None:
        self._router = Router()

    def process(self, messages: list[Message], tracker: Tracker = None) -> list[Message]:
        for message in messages:
            classified: Classified | None = message.get(_CLASSIFIED)
            told = message.get("metadata") or {}
            routed = self._router.route(
                Heard(
                    text=message.get(TEXT) or "",
                    classified=classified,
                    entities=message.get(ENTITIES) or (),
                    whole_place=bool(message.get(_WHOLE_PLACE)),
                    location=told.get("location"),
                    choices=() if told.get("old_button") else _slot(tracker, "open_choices") or (),
                    given=told.get("intent") or "",
                    question=_slot(tracker, "question"),
                    language=_slot(tracker, "language") or _code(message),
                )
            )
            message.set(ENTITIES, routed.entities, add_to_output=True)
            message.set("route", routed.route, add_to_output=True)
            _set_intent(message, routed.intent, routed.confidence, routed.ranking)
        return messages


def _set_intent(message: Message, intent: str, confidence: float, ranking: Any) -> None:
    rows = [{"name": name, "confidence": round(float(probability), 4)} for name, probability in ranking]
    message.set(INTENT, {"name": intent, "confidence": round(float(confidence), 4)}, add_to_output=True)
    message.set(INTENT_RANKING_KEY, rows, add_to_output=True)


def _features(messages: list[Message]) -> Features:
    """The features of SentenceFeaturizer as one matrix. Raises ValueError if a message was not featurised."""
    counts, vectors = [], []
    for message in messages:
        _, characters = message.get_sparse_features(TEXT, [_FEATURIZER])
        _, vector = message.get_dense_features(TEXT, [_FEATURIZER])
        if characters is None or vector is None:
            raise ValueError("IntentModel needs SentenceFeaturizer before it in config.yml")
        counts.append(characters.features)
        vectors.append(vector.features)
    return Features(sparse.vstack(counts, format="csr") if len(counts) > 1 else counts[0], np.vstack(vectors))
