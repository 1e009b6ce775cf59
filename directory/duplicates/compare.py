"""Two services side by side: what differs between them, what may be chosen, and what is proposed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core import serializers
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from directory.codes import language_name
from directory.models import ChangeRequest, Location, Service, ServiceText

__all__ = ["FIELDS", "PARTS", "Comparison", "Part", "Row", "best_survivor", "compare", "confidential", "display_name"]

FIELDS = (
    "organisation", "region", "status", "delivery", "urgency", "genders", "min_age", "max_age", "audiences", "nationalities",
    "papers", "serves_countries", "booking", "cost", "capacity_note", "operator_type", "must_report", "shares_data", "source",
    "source_licence",
)  # fmt: skip
"""Facts of a service of which one value is kept."""
_NOTHING: tuple[Any, ...] = ("", None, "unknown", [])


@dataclass(frozen=True)
class Part:
    """Rows that belong to a service: those of one side are kept, or of both."""

    label: Any
    relations: tuple[str, ...]
    """Related names; opening hours and their exceptions belong together."""
    key: Callable[[Any], object]
    """What makes two rows of two services the same row."""
    both: bool = True
    line: Callable[[Any], str] = str
    """How a row reads."""


def _hours_key(row: Any) -> tuple[Any, ...]:
    return tuple(
        getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in ("id", "service_id")
    )


def _hours_line(row: Any) -> str:
    """Hours with what their own short form leaves out."""
    notes = [translate("by appointment")] if getattr(row, "appointment_only", False) else []
    first, last = getattr(row, "valid_from", None), getattr(row, "valid_to", None)
    notes += [f"{first or '…'} – {last or '…'}"] if first or last else []
    notes += [row.note] if getattr(row, "note", "") else []
    return f"{row} ({', '.join(notes)})" if notes else str(row)


def _contact_line(use: Any) -> str:
    """A number between isolates, so that its + stays in front in texts that run from the right."""
    return f"{use.contact.get_kind_display()} \u2066{use.contact.value}\u2069"


PARTS: dict[str, Part] = {
    "hours": Part(_("opening hours"), ("hours", "exceptions"), _hours_key, both=False, line=_hours_line),
    "contacts": Part(
        _("contacts"), ("service_contacts",), lambda use: (use.contact.kind, use.contact.value), line=_contact_line
    ),
    "places": Part(_("places"), ("sites",), lambda site: site.location_id, line=lambda site: str(site.location)),
    "areas": Part(_("areas"), ("areas",), lambda area: (area.kind, area.country, area.name)),
    "languages": Part(_("languages spoken"), ("spoken",), lambda row: row.lang),
}


@dataclass
class Row:
    """One line of the comparison. `options` are the values of its radio buttons: a, b or both."""

    key: str
    label: Any
    a: list[str]
    b: list[str]
    options: tuple[str, ...] = ("a", "b")
    chosen: str = "a"
    long: bool = False

    @property
    def choices(self) -> list[tuple[str, bool]]:
        return [(option, option == self.chosen) for option in self.options]


@dataclass
class Comparison:
    """Everything that the page shows and a merge needs."""

    a: Service
    b: Service
    rows: list[Row] = field(default_factory=list)
    """Only what differs."""
    same: list[Row] = field(default_factory=list)
    """What both have in common."""
    pending: list[Service] = field(default_factory=list)
    """Those with a proposed change that waits for a decision."""
    survivor: str = "a"
    """The side that is proposed to be kept."""
    fingerprint: str = ""
    """Changes with every fact that is compared, so that nobody merges what they did not see."""


def display_name(service: Service) -> str:
    """Its name in its source language, else in any, else its public id."""
    texts = {text.lang: text.name for text in service.texts.all()}
    return texts.get(service.source_language) or next(iter(texts.values()), service.public_id)


def confidential(service: Service) -> bool:
    """Whether a place of it is not public: then two people decide."""
    return service.sites.exclude(location__visibility=Location.Visibility.PUBLIC).exists()


def best_survivor(a: Service, b: Service) -> str:
    """ "a" or "b": the one that people are told about, that was checked last, that has more texts; else the older one."""

    def worth(service: Service) -> tuple[Any, ...]:
        public = service.status in Service.PUBLIC_STATUSES
        return public, str(service.verified_on or ""), service.texts.count()

    return "b" if worth(b) > worth(a) else "a"


def _shown(service: Service, name: str) -> list[str]:
    value = getattr(service, name)
    if value in ("", None, []):
        return []
    if isinstance(value, list):
        return [", ".join(map(str, value))]
    display = getattr(service, f"get_{name}_display", None)
    return [str(display() if display else value)]


def _better(a: Any, b: Any, survivor: str) -> str:
    """The side that knows something, else that of the service that is kept."""
    if a in _NOTHING and b not in _NOTHING:
        return "b"
    if b in _NOTHING and a not in _NOTHING:
        return "a"
    return survivor


def _text_lines(text: ServiceText | None) -> list[str]:
    if text is None:
        return []
    return [line for line in (getattr(text, name) for name in ServiceText.WORDING) if line]


def part_rows(service: Service, part: Part) -> list[Any]:
    """The rows of a part of a service."""
    return [row for relation in part.relations for row in getattr(service, relation).all()]


def _rows(a: Service, b: Service, survivor: str) -> Iterable[Row]:
    for name in FIELDS:
        label = Service._meta.get_field(name).verbose_name  # type: ignore[union-attr]
        chosen = _better(getattr(a, name), getattr(b, name), survivor)
        yield Row(f"field:{name}", label, _shown(a, name), _shown(b, name), chosen=chosen)
    kinds = [sorted(str(category) for category in service.categories.all()) for service in (a, b)]
    chosen = "both" if kinds[0] and kinds[1] else _better(kinds[0], kinds[1], survivor)
    yield Row("part:categories", _("categories"), kinds[0], kinds[1], ("a", "b", "both"), chosen)
    for key, part in PARTS.items():
        ours, theirs = part_rows(a, part), part_rows(b, part)
        options = ("a", "b", "both") if part.both else ("a", "b")
        chosen = "both" if part.both else _better(ours, theirs, survivor)
        keys = [{part.key(row) for row in rows} for rows in (ours, theirs)]
        row = Row(
            f"part:{key}", part.label, [part.line(r) for r in ours], [part.line(r) for r in theirs], options, chosen
        )
        if keys[0] == keys[1]:
            row.b = row.a
        yield row
    texts = [{text.lang: text for text in service.texts.all()} for service in (a, b)]
    for lang in sorted(texts[0].keys() | texts[1].keys()):
        one, other = _text_lines(texts[0].get(lang)), _text_lines(texts[1].get(lang))
        label = translate("text: %(language)s") % {"language": language_name(lang)}
        yield Row(f"text:{lang}", label, one, other, chosen=_better(one, other, survivor), long=True)


def _fingerprint(*services: Service) -> str:
    facts: list[Any] = []
    for service in services:
        rows: list[Any] = [service, *service.texts.all()]
        rows += [row for part in PARTS.values() for row in part_rows(service, part)]
        facts += [row["fields"] for row in serializers.serialize("python", rows)]
    for fields in facts:
        fields.pop("updated_at", None)
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:32]


def compare(a: Service, b: Service, *, survivor: str = "", choices: dict[str, str] | None = None) -> Comparison:
    """The two services side by side; `choices` (by key of a row) are taken over where they are given and possible."""
    survivor = survivor or best_survivor(a, b)
    found = Comparison(a, b, survivor=survivor, fingerprint=_fingerprint(a, b))
    for row in _rows(a, b, survivor):
        wanted = (choices or {}).get(row.key, "")
        row.chosen = wanted if wanted in row.options else row.chosen
        if row.a != row.b:
            found.rows.append(row)
        elif row.a:
            found.same.append(row)
    waiting = ChangeRequest.objects.filter(
        state=ChangeRequest.State.PENDING,
        target_type=ContentType.objects.get_for_model(Service),
        target_id__in=[a.pk, b.pk],
    ).values_list("target_id", flat=True)
    found.pending = [service for service in (a, b) if service.pk in set(waiting)]
    return found
