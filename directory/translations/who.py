"""Who translates and who approves: the languages that an administrator has noted in a person's account decide."""

from __future__ import annotations

from typing import Any

from bot.languages import languages, served
from directory.access import Role, approves, may_edit, roles, sees
from directory.models import User
from directory.translations.kinds import Kind, Pair

__all__ = ["languages_of", "may_approve", "may_translate", "records"]


def languages_of(user: User) -> list[str]:
    """Languages that the person works in, in the order of the registry; an administrator without any: all that are served."""
    own = [code for code in languages() if code in (user.languages or ())]
    if not own and Role.ADMINISTRATOR in roles(user):
        return [known.code for known in served()]
    return own


def may_translate(user: User, kind: Kind, record: Any, lang: str) -> bool:
    """Whether the person writes drafts of this record in a language: a translator of any, others of records that they edit."""
    if lang not in languages_of(user) or not user.has_perm(f"directory.change_{kind.name}text"):
        return False
    return Role.TRANSLATOR in roles(user) or may_edit(user, record)


def may_approve(user: User, pair: Pair) -> bool:
    """Whether the person can judge this wording: they write in this language, too, and somebody else has written this one.
    They are a translator, or they decide on changes of the record. Writing and approving are never one person's work."""
    if not may_translate(user, pair.kind, pair.record, pair.language.code):
        return False
    if pair.author is not None and pair.author.pk == user.pk:
        return False
    return Role.TRANSLATOR in roles(user) or approves(user, pair.record)


def records(user: User, kind: Kind, *, drafts: bool = False) -> Any:
    """The records of a kind that the person sees and that people find; with `drafts` also those that are not published yet."""
    found = kind.record.objects.filter(status__in=kind.open if drafts else kind.live)
    return sees(user, found)
