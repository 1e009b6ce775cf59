"""Texts out to a file for translation programs and in again: a dry run says what each text would do, nothing goes live unread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bot.languages import Language, languages
from directory.models import TextDraft, User
from directory.translations import xliff
from directory.translations.checks import check_field, clean
from directory.translations.editing import Refused, save_draft
from directory.translations.kinds import KINDS, Kind, Pair, hash_of, pair
from directory.translations.who import may_translate, records

__all__ = ["REASONS", "STATUSES", "Outcome", "Report", "apply", "dry_run", "outgoing"]

STATUSES = {
    "new": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "unchanged": gettext_lazy("unchanged"),
    "empty": gettext_lazy("not translated"),
    "refused": gettext_lazy("refused"),
}
REASONS = {
    "large": gettext_lazy("The file is larger than 8 MB. Please make smaller files."),
    "doctype": gettext_lazy("The file holds a document type, which XLIFF does not need and which is not safe to read."),
    "deep": gettext_lazy("The file is nested too deeply."),
    "xml": gettext_lazy("The file is damaged: it is not well-formed XML."),
    "xliff": gettext_lazy("This is not an XLIFF file (1.2 or 2.0)."),
    "languages": gettext_lazy("The file must name one source language and one target language."),
    "units": gettext_lazy("The file holds too many texts. Please make smaller files."),
    "target": gettext_lazy("The target language of the file is not one that Waypost writes in."),
}
"""Why a whole file is not read."""
_ID = re.compile(r"(service|article)\.([0-9a-f-]{36})\.([a-z_]+)")


@dataclass(frozen=True)
class Outcome:
    """What one text of a file would do."""

    status: str
    unit: str
    reason: str = ""
    title: str = ""
    field: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Report:
    """A dry run."""

    language: Language
    outcomes: Sequence[Outcome]

    def count(self, status: str) -> int:
        return sum(outcome.status == status for outcome in self.outcomes)

    @property
    def ready(self) -> int:
        return self.count("new") + self.count("changed")


def outgoing(kind: Kind, found: Iterable[Any], language: Language, source_language: str = "en") -> xliff.File:
    """The texts of records as one file; those with another source language are left out. Empty fields have no unit."""
    units: list[xliff.Unit] = []
    fields = kind.fields
    wanted = [record.pk for record in found if record.source_language == source_language]
    for start in range(0, len(wanted), 500):
        units += _units(kind, wanted[start : start + 500], language, fields)
    return xliff.File(source_language, language.code, units)


def _units(kind: Kind, keys: Sequence[int], language: Language, fields: Sequence[Any]) -> Iterable[xliff.Unit]:
    one = kind.name
    rows = kind.record.objects.in_bulk(keys)
    texts: dict[tuple[int, str], Any] = {}
    for text in kind.text.objects.filter(**{f"{one}__in": keys}):
        texts[getattr(text, f"{one}_id"), text.lang] = text
    drafts = {
        getattr(d, f"{one}_id"): d for d in TextDraft.objects.filter(**{f"{one}__in": keys, "lang": language.code})
    }
    for key in keys:
        record = rows[key]
        both = Pair(
            kind,
            record,
            language,
            texts.get((key, record.source_language)),
            texts.get((key, language.code)),
            drafts.get(key),
        )
        source, words, name = both.source_words, both.words, both.source_words[kind.text.WORDING[0]]
        for field in fields:
            if not source[field.name]:
                continue
            yield xliff.Unit(
                id=f"{one}.{record.uuid}.{field.name}",
                source=source[field.name],
                target=words[field.name],
                limit=field.limit,
                approved=both.state == "approved",
                notes=(
                    f"{field.label}: {name}",
                    f"At most {field.limit} characters. Keep numbers and links. No phone numbers, hours or addresses.",
                ),
                facts={"version": str(record.version), "base": hash_of({field.name: words[field.name]})},
            )


@dataclass
class _Change:
    """What a file brings for one record."""

    pair: Pair
    words: dict[str, str]
    seen: int


def _code(tag: str) -> str:
    """Our code for a tag of the file (fa-AF, kmr, ar_EG); the tag itself if it is none of ours."""
    tag = tag.strip().replace("_", "-")
    if tag.lower() in languages():
        return tag.lower()
    base = tag.lower().split("-")[0]
    return "prs" if tag.lower() == "fa-af" else {"kmr": "ku"}.get(base, base)


def _look(user: User | None, content: bytes) -> tuple[Report, list[_Change]]:
    """The report, and the changes that can be made. Raises BadFile."""
    file = xliff.read(content)
    language = languages().get(_code(file.target_language))
    if language is None:
        raise xliff.BadFile("target")
    pairs = _pairs(user, file.units, language)
    changes: dict[str, _Change] = {}
    outcomes, seen = [], set()
    for unit in file.units:
        outcome = Outcome("refused", unit.id, _("This text stands twice in the file.")) if unit.id in seen else None
        seen.add(unit.id)
        outcomes.append(outcome or _outcome(user, file, unit, language, pairs, changes))
    return Report(language, outcomes), list(changes.values())


def _pairs(user: User | None, units: Sequence[xliff.Unit], language: Language) -> Mapping[tuple[str, str], Pair]:
    """The records of a file that the person sees, by kind and uuid."""
    wanted: dict[str, set[str]] = {}
    for unit in units:
        match = _ID.fullmatch(unit.id)
        if match and _is_uuid(match[2]):
            wanted.setdefault(match[1], set()).add(match[2])
    found = {}
    for name, uuids in wanted.items():
        kind = KINDS[name]
        every = sorted(uuids)
        for start in range(0, len(every), 500):
            rows = (
                kind.record.objects.filter(status__in=kind.open) if user is None else records(user, kind, drafts=True)
            )
            for record in rows.filter(uuid__in=every[start : start + 500]):
                found[name, str(record.uuid)] = pair(kind, record, language.code)
    return found


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _outcome(
    user: User | None,
    file: xliff.File,
    unit: xliff.Unit,
    language: Language,
    pairs: Mapping[tuple[str, str], Pair],
    changes: dict[str, _Change],
) -> Outcome:
    """What one text would do; what can be taken over is noted in `changes`."""
    match = _ID.fullmatch(unit.id)
    both = pairs.get((match[1], match[2])) if match else None
    field = next((f for f in both.kind.fields if match and f.name == match[3]), None) if both else None
    if both is None or field is None or match is None:
        return Outcome("refused", unit.id, _("There is no such text here, or it is not yours."))
    title = both.source_words[both.kind.text.WORDING[0]] or both.record.public_id
    source, before, after = both.source_words[field.name], both.words[field.name], clean(unit.target)

    def told(status: str, reason: str = "") -> Outcome:
        return Outcome(status, unit.id, reason, title, field.label, before, after)

    if not after:
        return told("empty")
    if user is not None and not may_translate(user, both.kind, both.record, language.code):
        return told(
            "refused",
            _("You may not write this text: the language is not noted in your account, or the entry is not yours."),
        )
    if _code(file.source_language) != both.record.source_language or both.record.source_language == language.code:
        return told("refused", _("The file is made from another language than this entry."))
    said = unit.facts.get("version", "")
    version = int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
    same_source = clean(unit.source) == clean(source)
    if not same_source and version < both.record.version:
        return told("refused", _("The source has changed since this file was made. Export it again."))
    fresh = both.follows == both.record.version
    if after == before and fresh:
        return told("unchanged")
    base = unit.facts.get("base", "")
    if after != before and base and base != hash_of({field.name: before}):
        return told(
            "refused",
            _("Somebody has changed this translation here since the file was made. Compare them in the editor."),
        )
    if after != before and not base and before:
        return told("refused", _("There is a translation already, and the file does not say which one it followed."))
    if after == before and not unit.approved:
        return told("unchanged")  # behind its source, and nobody says that it is still right
    if after == source and not field.title and len(after.split()) > 3:
        return told("refused", _("This is the same as the source."))
    errors = [note for note in check_field(field, source, after, language, strict=False) if note.error]
    if errors:
        return told("refused", " ".join(note.text for note in errors))
    change = changes.setdefault(
        f"{both.kind.name}.{both.record.uuid}", _Change(both, dict(both.words), both.record.version)
    )
    change.words[field.name] = after
    if after == before:
        return told("changed", _("Confirmed: still right with today's source."))
    return told("changed" if before else "new")


def dry_run(user: User | None, content: bytes) -> Report:
    """What the file would do. `user` None: the command line, which may write everything. Raises BadFile."""
    return _look(user, content)[0]


def apply(user: User | None, content: bytes) -> tuple[Report, int, int]:
    """Take the file over as drafts: (report, sent to review, kept as incomplete drafts). Looks at everything anew. Raises BadFile."""
    sent = kept = 0
    with transaction.atomic():
        report, changes = _look(user, content)
        for change in changes:
            both = change.pair
            if change.words == both.words and both.follows == both.record.version:
                continue
            complete = all(change.words[name] for name, text in both.source_words.items() if text)
            try:
                save_draft(both, user, change.words, token=both.token, seen=change.seen, send=complete)
            except Refused:  # a field that the file does not hold has been wrong before
                save_draft(both, user, change.words, token=both.token, seen=change.seen)
                complete = False
            sent, kept = sent + complete, kept + (not complete)
    return report, sent, kept
