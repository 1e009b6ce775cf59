"""What is to be done in which language: one state for each record and language, counted and listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    FilteredRelation,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext_lazy as _

from bot.languages import Language
from directory.models import Category, TextDraft
from directory.models.base import TranslatedText
from directory.translations.kinds import Kind

__all__ = ["LABELS", "OPEN", "STATES", "Row", "coverage", "in_state", "worklist"]

STATES = ("missing", "outdated", "machine", "draft", "needs_review", "approved")
"""In the order in which they are worked on."""
OPEN = STATES[:-1]
"""States with something to do."""
LABELS = {
    "missing": _("missing"),
    "outdated": _("out of date"),
    "machine": _("by machine"),
    "draft": _("draft"),
    "needs_review": _("needs review"),
    "approved": _("approved"),
}
_S = TranslatedText.State


@dataclass(frozen=True)
class Row:
    """One language of the coverage table."""

    language: Language
    counts: Mapping[str, int]
    """By state, all of `STATES`."""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def share(self) -> int:
        """Percent that is approved and up to date; 100 only if nothing is left."""
        return 100 * self.counts["approved"] // self.total if self.total else 100


def coverage(kind: Kind, records: QuerySet[Any], languages: Sequence[Language]) -> list[Row]:
    """A row for each language; records in their own source language are not counted. Three queries, whatever the number."""
    one = kind.name
    by_source = dict(records.order_by().values_list("source_language").annotate(n=Count("pk")))
    everything = sum(by_source.values())
    drafts = TextDraft.objects.filter(**{f"{one}__in": records})
    sent = TextDraft.objects.filter(**{one: OuterRef(one), "lang": OuterRef("lang"), "state": _S.NEEDS_REVIEW})
    texts = (
        kind.text.objects.filter(**{f"{one}__in": records})
        .exclude(lang=F(f"{one}__source_language"))
        .exclude(state=_S.MISSING)
        .annotate(_version=F(f"{one}__version"), _sent=Exists(sent))
        .annotate(
            work=Case(
                When(_sent=True, then=Value("needs_review")),
                When(state=_S.DRAFT, then=Value("draft")),
                When(source_version__lt=F("_version"), then=Value("outdated")),
                default=F("state"),
                output_field=CharField(),
            )
        )
    )
    found: dict[str, dict[str, int]] = {}
    for lang, work, count in texts.order_by().values_list("lang", "work").annotate(n=Count("pk")):
        found.setdefault(lang, {})[work] = count
    written = kind.text.objects.filter(**{one: OuterRef(one), "lang": OuterRef("lang")}).exclude(state=_S.MISSING)
    alone = drafts.filter(~Exists(written)).exclude(lang=F(f"{one}__source_language"))
    for lang, state, count in alone.order_by().values_list("lang", "state").annotate(n=Count("pk")):
        counts = found.setdefault(lang, {})
        counts[state] = counts.get(state, 0) + count
    rows = []
    for language in languages:
        counts = found.get(language.code, {})
        total = everything - by_source.get(language.code, 0)
        rows.append(
            Row(language, {state: counts.get(state, 0) for state in STATES} | {"missing": total - sum(counts.values())})
        )
    return rows


def _by_state(values: Mapping[str, Any], output: Any) -> Case:
    """A value for each state of a record joined with its text (`_text`) and draft (`_draft`) in one language."""
    absent = Q(_text__state__isnull=True) | Q(_text__state=_S.MISSING)
    states = (_S.MACHINE, _S.NEEDS_REVIEW, _S.APPROVED)
    return Case(
        When(_draft__state=_S.NEEDS_REVIEW, then=Value(values["needs_review"])),
        When(absent & Q(_draft__state__isnull=False), then=Value(values["draft"])),
        When(absent, then=Value(values["missing"])),
        When(_text__state=_S.DRAFT, then=Value(values["draft"])),
        When(_text__source_version__lt=F("version"), then=Value(values["outdated"])),
        *(When(_text__state=state, then=Value(values[state.value])) for state in states),
        output_field=output,
    )


def in_state(kind: Kind, records: QuerySet[Any], lang: str) -> QuerySet[Any]:
    """The records with `work`, their state in one language; those whose source is in that language are left out."""
    found: QuerySet[Any] = records.exclude(source_language=lang).annotate(
        _text=FilteredRelation("texts", condition=Q(texts__lang=lang)),
        _draft=FilteredRelation("text_drafts", condition=Q(text_drafts__lang=lang)),
    )
    found = found.annotate(
        draft_state=F("_draft__state"),
        work=_by_state({state: state for state in STATES}, CharField()),
        _order=_by_state({state: n for n, state in enumerate(STATES)}, IntegerField()),
    )
    return found


def worklist(kind: Kind, records: QuerySet[Any], lang: str, states: Sequence[str] = OPEN) -> QuerySet[Any]:
    """What is to be done in one language, the most urgent first: what people find already, urgent help, missing before outdated."""
    rows = in_state(kind, records, lang)
    if set(states) != set(STATES):
        rows = rows.filter(_order__in=[STATES.index(state) for state in states])
    urgent: Any = Value(0)
    if kind.name == "service":
        through = kind.record.categories.through.objects
        kinds = through.filter(service=OuterRef("pk"), category__in=Category.objects.filter(urgent=True).values("pk"))
        urgent = Case(When(Q(Exists(kinds)) | Q(urgency="emergency"), then=Value(0)), default=Value(1))
    live = Case(When(status__in=kind.live, then=Value(0)), default=Value(1), output_field=IntegerField())
    ranked: QuerySet[Any] = rows.annotate(_live_first=live, urgent_first=urgent)
    return ranked.order_by("_live_first", "urgent_first", "_order", "public_id")
