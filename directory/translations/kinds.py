"""What is translated: services and articles, their fields with limits, and the wordings of one of them in one language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from bot.languages import Language, language
from directory.models import Article, ArticleText, Service, ServiceText, TextDraft
from directory.models.base import TranslatedText

__all__ = ["KINDS", "Field", "Kind", "Pair", "hash_of", "pair"]


@dataclass(frozen=True)
class Field:
    """One field of a text."""

    name: str
    label: str
    limit: int
    """Most characters."""
    long: bool
    """More than one line."""
    title: bool
    """A name or title: it may be the same in two languages."""


@dataclass(frozen=True)
class Kind:
    """A kind of record that has texts. `name` is also the field of a text and a draft that points to the record."""

    name: str
    record: type[Any]
    text: type[Any]
    live: tuple[str, ...]
    """Statuses of records that people find."""
    open: tuple[str, ...]
    """Statuses of records that are worth translating."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in their order, labels in the reader's language."""
        found = []
        for name in self.text.WORDING:
            field = self.text._meta.get_field(name)
            long = isinstance(field, models.TextField)
            found.append(Field(name, str(field.verbose_name), field.max_length, long, name in ("name", "title")))
        return tuple(found)

    def wording(self, text: Any) -> dict[str, str]:
        """The words of a text by field; all empty for None."""
        return {name: getattr(text, name) if text is not None else "" for name in self.text.WORDING}

    def title(self, record: Any) -> str:
        """Name of a record in its source language, else in any, else its id. Uses prefetched texts."""
        names = {text.lang: getattr(text, self.text.WORDING[0]) for text in record.texts.all()}
        return str(names.get(record.source_language) or next(iter(names.values()), record.public_id))


KINDS: Mapping[str, Kind] = {
    "service": Kind("service", Service, ServiceText, ("published", "paused"), ("published", "paused", "draft")),
    "article": Kind("article", Article, ArticleText, ("published",), ("published", "draft")),
}


@dataclass(frozen=True)
class Pair:
    """A record's source text and its wordings in one other language: the live one, and the one that waits for approval."""

    kind: Kind
    record: Any
    language: Language
    source: Any
    live: Any
    draft: TextDraft | None

    @property
    def source_words(self) -> dict[str, str]:
        return self.kind.wording(self.source)

    @property
    def words(self) -> dict[str, str]:
        """The newest wording: the draft's, else the live one."""
        if self.draft is not None:
            return {name: str(self.draft.wording.get(name, "")) for name in self.kind.text.WORDING}
        return self.kind.wording(self.live)

    @property
    def follows(self) -> int | None:
        """Version of the source that the newest wording follows; None if there is none."""
        newest = self.draft or self.live
        return None if newest is None else int(newest.source_version)

    @property
    def author(self) -> Any:
        """Who wrote the newest wording, if it is known."""
        if self.draft is not None:
            return self.draft.author
        return self.live.translator if self.live is not None else None

    @property
    def token(self) -> str:
        """Changes whenever the draft or the live wording is saved by anybody."""
        if self.draft is not None:
            return f"d{self.draft.pk}.{self.draft.revision}.{self.base}"
        return f"l{self.live.pk}.{self.live.source_version}.{self.base}" if self.live is not None else "new"

    @property
    def base(self) -> str:
        """Fingerprint of the live wording; empty if there is none."""
        return hash_of(self.kind.wording(self.live)) if self.live is not None else ""

    @property
    def overtaken(self) -> bool:
        """Whether the live wording was changed after the draft was written: approving it would undo that."""
        return self.draft is not None and self.draft.base != self.base

    @property
    def state(self) -> str:
        """missing, outdated, draft, machine, needs_review or approved: what is to be done, as `coverage` counts it."""
        states, live = TranslatedText.State, self.live
        if self.draft is not None and self.draft.state == TextDraft.State.NEEDS_REVIEW:
            return states.NEEDS_REVIEW.value  # a wording was sent: a reviewer is next
        if live is None or live.state == states.MISSING:
            return states.DRAFT.value if self.draft is not None else states.MISSING.value
        if live.state == states.DRAFT:
            return states.DRAFT.value
        return "outdated" if live.source_version < self.record.version else str(live.state)


def hash_of(words: Mapping[str, str]) -> str:
    """Short fingerprint of a wording."""
    joined = "\0".join(f"{name}\1{words[name]}" for name in sorted(words))
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


def pair(kind: Kind, record: Any, lang: str) -> Pair:
    """The texts of a record in one language, read now. Raises KeyError for a language that Waypost does not know."""
    known = language(lang)
    texts = {text.lang: text for text in kind.text.objects.filter(**{kind.name: record})}
    draft = TextDraft.objects.filter(**{kind.name: record, "lang": lang}).select_related("author").first()
    return Pair(kind, record, known, texts.get(record.source_language), texts.get(lang), draft)
