"""A record with all its parts as one flat table of values: to compare, to keep as a proposal, to put back as it was.

A bundle maps paths to JSON values: `status`, `texts/ar/name`, `contacts/gr-phone-1/value`, `sites/gr-athens-2/note`. Parts that
have no identity of their own are lists under one path (`hours`, `exceptions`, `spoken`, `areas`). Other records are named by
their public id. What is confidential (`confidential/address`) is in a bundle only if asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from directory.models import (
    Article,
    ArticleText,
    ConfidentialPlace,
    ContactPoint,
    EmergencyNumber,
    Location,
    OpeningException,
    OpeningInterval,
    Organisation,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
    SpokenLanguage,
)

__all__ = ["BUNDLED", "Bundle", "Change", "Gone", "apply_changes", "changes", "conflicts", "put", "take"]

Bundle = dict[str, Any]
"""Path to JSON value."""
BUNDLED: tuple[type[models.Model], ...] = (Service, Location, Organisation, ContactPoint, Article, EmergencyNumber)
"""Records that can be bundled."""

_NEVER = {"id", "uuid", "public_id", "sample", "created_at", "updated_at", "version"}
_CONFIDENTIAL = ("address", "postcode", "transport", "lat", "lon", "note")
_CONTACT = ("kind", "value", "languages", "toll_free", "reachable_from_abroad", "hours")


class Gone(Exception):
    """A bundle names a record that does not exist (any more)."""


@dataclass(frozen=True)
class Part:
    """Rows that belong to a record. Without a key they are one list."""

    name: str
    model: Any
    parent: str
    fields: tuple[str, ...]
    key: str = ""


PARTS: dict[Any, tuple[Part, ...]] = {
    Service: (
        Part(
            "hours",
            OpeningInterval,
            "service",
            ("weekday", "opens", "closes", "appointment_only", "valid_from", "valid_to"),
        ),
        Part("exceptions", OpeningException, "service", ("date", "opens", "closes", "note")),
        Part("spoken", SpokenLanguage, "service", ("lang", "via_interpreter")),
        Part("areas", ServiceArea, "service", ("kind", "country", "name", "lat", "lon", "radius_km", "tz")),
        Part("sites", ServiceAtLocation, "service", ("note",), key="location"),
        Part("contacts", ServiceContact, "service", ("position",), key="contact"),
        Part("texts", ServiceText, "service", (*ServiceText.WORDING, "state"), key="lang"),
    ),
    Article: (Part("texts", ArticleText, "article", (*ArticleText.WORDING, "state"), key="lang"),),
}


def _fields(model: Any) -> Iterator[models.Field[Any, Any]]:
    for field in model._meta.concrete_fields:
        if field.editable and field.name not in _NEVER:
            yield field


def _plain(record: Any, field: Any) -> Any:
    """A field's value as JSON; other records by their public id (or primary key, if they have none)."""
    if isinstance(field, models.ForeignKey):
        other = getattr(record, field.name)
        return None if other is None else getattr(other, "public_id", other.pk)
    value = field.value_from_object(record)
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value


def _value(model: Any, field: models.Field[Any, Any], plain: Any) -> Any:
    """The other way. Raises Gone."""
    if isinstance(field, models.ForeignKey) and plain is not None:
        other: Any = field.remote_field.model
        by = {"public_id": plain} if hasattr(other, "public_id") else {"pk": plain}
        try:
            return other._default_manager.get(**by)
        except other.DoesNotExist as error:
            raise Gone(f"{other._meta.verbose_name}: {plain}") from error
    return field.to_python(plain)


def _rows(part: Part, record: Any, at: datetime | None) -> Iterable[Any]:
    """The rows of a part, now or at a moment."""
    if at is None:
        return part.model._default_manager.filter(**{part.parent: record.pk})  # type: ignore[no-any-return]
    return part.model.history.as_of(at).filter(**{f"{part.parent}_id": record.pk})  # type: ignore[no-any-return]


def _row(part: Part, row: Any, at: datetime | None) -> dict[str, Any]:
    facts = {name: _plain(row, row._meta.get_field(name)) for name in part.fields}
    if part.name == "contacts":
        contact = row.contact if at is None else ContactPoint.history.as_of(at).filter(pk=row.contact_id).first()
        facts |= {name: _plain(contact or row.contact, ContactPoint._meta.get_field(name)) for name in _CONTACT}
    return facts


def _order(row: Mapping[str, Any]) -> list[tuple[bool, str]]:
    return [(value is None, str(value).rjust(6)) for value in row.values()]


def take(record: Any, *, at: datetime | None = None, confidential: bool = False) -> Bundle:
    """The record's bundle; with `at` as it was then (`record` may be deleted by now, its primary key counts).

    Raises Gone if it did not exist at that moment.
    """
    model: Any = type(record)
    if at is not None:
        found = model.history.as_of(at).filter(pk=record.pk).first()
        if found is None:
            raise Gone(str(_("%(record)s did not exist then")) % {"record": record})
        record = found
    bundle: Bundle = {field.name: _plain(record, field) for field in _fields(model)}
    if model is Service:
        if at is None:
            bundle["categories"] = sorted(record.categories.values_list("pk", flat=True))
        else:
            bundle["categories"] = sorted(row.category_id for row in record._history.categories.all())
    for part in PARTS.get(model, ()):
        rows = _rows(part, record, at)
        if not part.key:
            bundle[part.name] = sorted((_row(part, row, at) for row in rows), key=_order)
            continue
        for row in rows:
            key = _plain(row, row._meta.get_field(part.key))
            bundle |= {f"{part.name}/{key}/{name}": value for name, value in _row(part, row, at).items()}
    if confidential and model is Location:
        place = ConfidentialPlace.objects.filter(location=record.pk).first()
        if place is not None:
            bundle |= {
                f"confidential/{name}": _plain(place, ConfidentialPlace._meta.get_field(name)) for name in _CONFIDENTIAL
            }
    return bundle


@dataclass(frozen=True)
class Change:
    """One path that changes. `had` and `has` say whether the path exists before and after."""

    path: str
    before: Any = None
    after: Any = None
    had: bool = True
    has: bool = True

    def as_json(self) -> dict[str, Any]:
        """`{"path", "before"?, "after"?}`: what is not there is not there."""
        found: dict[str, Any] = {"path": self.path}
        if self.had:
            found["before"] = self.before
        if self.has:
            found["after"] = self.after
        return found

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Change:
        """From what `as_json` gave."""
        return cls(row["path"], row.get("before"), row.get("after"), "before" in row, "after" in row)


def changes(before: Bundle, after: Bundle) -> list[Change]:
    """What has to be done to the first to get the second, in the order of the paths."""
    found = []
    for path in dict.fromkeys((*before, *after)):
        change = Change(path, before.get(path), after.get(path), path in before, path in after)
        if change.had != change.has or change.before != change.after:
            found.append(change)
    return found


def conflicts(live: Bundle, wanted: Iterable[Change]) -> list[Change]:
    """Those of the wanted changes whose record has become something else since, with what is live as `before`."""
    found = []
    for change in wanted:
        had, has = change.path in live, change.path in live
        same_as_base = had == change.had and live.get(change.path) == change.before
        same_as_wish = has == change.has and live.get(change.path) == change.after
        if not same_as_base and not same_as_wish:
            found.append(Change(change.path, live.get(change.path), change.after, had, change.has))
    return found


def apply_changes(live: Bundle, wanted: Iterable[Change]) -> Bundle:
    """The bundle with the changes made; what they do not name stays as it is."""
    result = dict(live)
    for change in wanted:
        if change.has:
            result[change.path] = change.after
        else:
            result.pop(change.path, None)
    return result


def _by_key(bundle: Bundle, part: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path, value in bundle.items():
        if path.startswith(f"{part}/"):
            _name, key, field = path.split("/", 2)
            found.setdefault(key, {})[field] = value
    return found


def _reworded(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether the words of a text differ; its state does not count."""
    return any(before.get(name) != after.get(name) for name in part.model.WORDING)


class _Writer:
    """Writes the differences between a record as it is and a bundle."""

    def __init__(self, record: Any, wanted: Bundle, by: Any, reviewer: Any, minor: bool, reason: str) -> None:
        self.record, self.wanted, self.minor, self.reason = record, wanted, minor, reason
        self.by, self.reviewer = by, reviewer
        self.live = take(record, confidential=any(path.startswith("confidential/") for path in wanted))
        self.errors: dict[str, list[str]] = {}

    def write(self) -> None:
        self._root()
        for part in PARTS.get(type(self.record), ()):
            if part.key:
                self._keyed(part)
            else:
                self._list(part)
        self._confidential()
        if self.errors:
            raise ValidationError(self.errors)
        if isinstance(self.record, Service):
            self.record.refresh_review()

    def _set(self, row: Any, facts: Mapping[str, Any], prefix: str = "") -> None:
        """Give the row its facts and save it, if they are valid."""
        for name, plain in facts.items():
            try:
                setattr(row, name, _value(type(row), row._meta.get_field(name), plain))
            except (Gone, ValidationError) as error:
                self.errors[f"{prefix}{name}"] = [str(error)] if isinstance(error, Gone) else list(error.messages)
                return
        try:
            row.full_clean()
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.errors.setdefault(f"{prefix}{name}" if name != "__all__" else prefix or name, []).extend(messages)
            return
        row._change_reason = self.reason[:100] or None
        row.save()

    def _root(self) -> None:
        names = {field.name for field in _fields(type(self.record))}
        facts = {
            name: value
            for name, value in self.wanted.items()
            if name in names and (name not in self.live or self.live[name] != value)
        }
        if facts:
            self._set(self.record, facts)
        codes = self.wanted.get("categories")
        if codes is not None and codes != self.live.get("categories"):
            self.record.categories.set(codes)

    def _list(self, part: Part) -> None:
        if part.name not in self.wanted or self.wanted[part.name] == self.live[part.name]:
            return
        missing = list(self.wanted[part.name])
        for row in _rows(part, self.record, None):
            facts = _row(part, row, None)
            if facts in missing:
                missing.remove(facts)
            else:
                row.delete()
        for number, facts in enumerate(missing):
            self._set(part.model(**{part.parent: self.record}), facts, f"{part.name}/{number}/")

    def _keyed(self, part: Part) -> None:
        live, wanted = _by_key(self.live, part.name), _by_key(self.wanted, part.name)
        if live == wanted:
            return
        if part.name == "texts":
            self._raise_version(part, live, wanted)
        rows = {_plain(row, row._meta.get_field(part.key)): row for row in _rows(part, self.record, None)}
        for key in live.keys() - wanted.keys():
            rows[key].delete()
        for key, facts in wanted.items():
            if live.get(key) == facts:
                continue
            prefix = f"{part.name}/{key}/"
            try:
                row = rows.get(key) or self._new(part, key, facts)
            except Gone as error:
                self.errors[prefix] = [str(error)]
                continue
            if part.name == "contacts":
                contact = {name: facts[name] for name in _CONTACT if name in facts}
                if contact != {name: _plain(row.contact, ContactPoint._meta.get_field(name)) for name in contact}:
                    self._set(row.contact, contact, prefix)
            if part.name == "texts":
                row.state = facts.get("state", row.state)
                worded = _reworded(part, live.get(key, {}), facts)
                small = self.minor and key in live and key != self.record.source_language
                version = row.source_version if small else self.record.version
                row.written_by(self.by, version, words=worded)
                if self.reviewer is not None and row.reviewed_at is not None:
                    row.reviewed_by = self.reviewer
            self._set(row, {name: facts[name] for name in part.fields if name in facts}, prefix)

    def _new(self, part: Part, key: str, facts: Mapping[str, Any]) -> Any:
        row = part.model(**{part.parent: self.record})
        if part.name == "contacts" and not ContactPoint.objects.filter(public_id=key).exists():
            row.contact = self._contact(key, facts)
            return row
        setattr(row, part.key, _value(part.model, part.model._meta.get_field(part.key), key))
        return row

    def _contact(self, key: str, facts: Mapping[str, Any]) -> ContactPoint:
        """The contact point of a number that the organisation did not have when it was proposed."""
        owner = self.record.organisation
        same = ContactPoint.objects.filter(organisation=owner, kind=facts["kind"], value=facts["value"]).first()
        if same is not None:
            return same
        contact = ContactPoint(organisation=owner, public_id=key, sample=self.record.sample)
        self._set(contact, {name: facts[name] for name in _CONTACT if name in facts}, f"contacts/{key}/")
        if contact.pk is None:
            raise Gone("; ".join(self.errors.get(f"contacts/{key}/value", [key])))
        return contact

    def _raise_version(self, part: Part, live: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        """A change of the source's wording puts translations out of date, unless it is minor."""
        before, after = live.get(self.record.source_language), wanted.get(self.record.source_language)
        if not self.minor and before and after and _reworded(part, before, after):
            self.record.source_changed()

    def _confidential(self) -> None:
        facts = {
            path.split("/", 1)[1]: value for path, value in self.wanted.items() if path.startswith("confidential/")
        }
        if not facts or all(self.live.get(f"confidential/{name}") == value for name, value in facts.items()):
            return
        place = ConfidentialPlace.objects.filter(location=self.record).first()
        self._set(place or ConfidentialPlace(location=self.record), facts, "confidential/")


def put(
    record: Any, bundle: Bundle, *, by: Any = None, reviewer: Any = None, minor: bool = False, reason: str = ""
) -> list[Change]:
    """Make the record and its parts as the bundle says; only what differs is written. Returns what was changed.

    `by` is noted as the author of texts, `reviewer` as who approved them, `reason` in the history. Raises ValidationError with messages by path, and then
    nothing is written. Texts of the source language that change put translations out of date unless `minor`.
    """
    with transaction.atomic():
        writer = _Writer(record, bundle, by, reviewer, minor, reason)
        writer.write()
        after = take(record, confidential=any(path.startswith("confidential/") for path in bundle))
        return changes(writer.live, after)
