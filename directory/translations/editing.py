"""Writing, sending, approving and sending back one translation, so that nobody overwrites what somebody else has saved meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.models import TextDraft, User
from directory.models.base import TranslatedText
from directory.translations.checks import Note, check_words, clean
from directory.translations.kinds import Kind, Pair, pair

__all__ = ["Conflict", "Refused", "approve", "discard", "save_draft", "send_back"]


class Conflict(Exception):
    """Somebody saved this text meanwhile; `now` is how it stands. Nothing was written."""

    def __init__(self, now: Pair) -> None:
        super().__init__("saved meanwhile")
        self.now = now


class Refused(Exception):
    """The wording cannot go on as it is; `notes` say why. Nothing was written."""

    def __init__(self, notes: list[Note]) -> None:
        super().__init__("; ".join(note.text for note in notes))
        self.notes = notes


def _cleaned(kind: Kind, words: Mapping[str, str]) -> dict[str, str]:
    return {name: clean(words.get(name, "")) for name in kind.text.WORDING}


def _now(before: Pair, token: str, words: Mapping[str, str] | None = None) -> Pair:
    """The texts as they are now, locked. Raises Conflict if they differ from what the person saw, unless they are `words`."""
    type(before.record).objects.select_for_update().get(pk=before.record.pk)
    before.record.refresh_from_db(fields=["version", "source_language"])
    now = pair(before.kind, before.record, before.language.code)
    if now.token != token and now.words != words:
        raise Conflict(now)
    return now


def _version(now: Pair, seen: int) -> int:
    """The version of the source that the person saw: a change of the source meanwhile leaves the translation behind it."""
    return max(1, min(seen, int(now.record.version)))


def save_draft(
    before: Pair, user: User | None, words: Mapping[str, str], *, token: str, seen: int, send: bool = False
) -> TextDraft:
    """Keep a wording beside the live one; `send` puts it before a reviewer. `seen`: version of the source that was translated.

    Raises Conflict, and Refused when it is sent with errors. A draft that is only saved may hold errors: nothing is lost.
    """
    words = _cleaned(before.kind, words)
    with transaction.atomic():
        now = _now(before, token, words)
        if send:
            notes = [n for n in check_words(now.kind, now.source_words, words, now.language) if n.error]
            if stopping := [n for n in notes if n.rule != "neutrality"]:
                raise Refused(stopping)
        draft = now.draft or TextDraft(**{now.kind.name: now.record, "lang": now.language.code})
        if draft.pk is None or dict(draft.wording) != words or draft.author is None:
            draft.author = user
        draft.wording, draft.source_version = words, _version(now, seen)
        draft.state = TextDraft.State.NEEDS_REVIEW if send else TextDraft.State.DRAFT
        draft.note, draft.base = "" if send else draft.note, now.base
        draft.revision += 1
        draft.save()
    return draft


def approve(before: Pair, user: User, words: Mapping[str, str], *, token: str, seen: int) -> Any:
    """Put a wording that somebody else has written into the place of the live one, with the reviewer's corrections. Returns the text.

    Raises Conflict, and Refused for anything that `check_words` calls an error. Who may approve is for the caller to ask first.
    """
    words = _cleaned(before.kind, words)
    with transaction.atomic():
        now = _now(before, token)
        if errors := [n for n in check_words(now.kind, now.source_words, words, now.language) if n.error]:
            raise Refused(errors)
        text = now.live or now.kind.text(**{now.kind.name: now.record, "lang": now.language.code})
        author = now.author
        if author is not None and author.pk == user.pk:
            raise PermissionDenied  # two people, always
        if now.draft is None and now.words != words:
            reason = _("You have changed the words: send them to review, and somebody else approves them.")
            raise Refused([Note("", "two people", reason, error=True)])
        for name, value in words.items():
            setattr(text, name, value)
        text.state, text.translator = TranslatedText.State.APPROVED, author
        text.source_version = _version(now, seen)
        text.reviewed_by, text.reviewed_at = user, timezone.now()
        text.save()
        if now.draft is not None:
            now.draft.delete()
    return text


def send_back(before: Pair, note: str, *, token: str) -> TextDraft:
    """Give a wording back to its translator with a note. Raises Conflict."""
    with transaction.atomic():
        now = _now(before, token)
        draft = now.draft
        if draft is None:
            draft = TextDraft(
                **{now.kind.name: now.record, "lang": now.language.code}, wording=now.words, author=now.author
            )
            draft.source_version, draft.base = now.follows or 1, now.base
        draft.state, draft.note = TextDraft.State.DRAFT, note[:300]
        draft.revision += 1
        draft.save()
    return draft


def discard(before: Pair, *, token: str) -> None:
    """Throw the draft away; the live text stays, and the history keeps the draft. Raises Conflict."""
    with transaction.atomic():
        now = _now(before, token)
        if now.draft is not None:
            now.draft.delete()
