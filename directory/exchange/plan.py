"""The dry run: for each row whether it is new, changed, unchanged, perhaps a duplicate, or refused, and why. Nothing is written."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from directory.access import edits, sees
from directory.exchange.checks.base import ERROR, Finding, Incoming, finding
from directory.exchange.columns import key
from directory.exchange.current import EXACT, Values, read
from directory.exchange.entries import Entry
from directory.exchange.places import must_be_confidential, of_entry, settle
from directory.exchange.resembling import Directory
from directory.models import ImportRow, ImportSource, Organisation, Service, User

__all__ = ["MASK", "Planned", "Scope", "plan"]

CHUNK = 500
MASK = "…"
"""Stands in a difference for what tells where a confidential place is."""
PHONES = ("phone", "sms", "whatsapp", "telegram", "signal")
_AT = {"phone": "phone", "email": "email", "website": "web"}
_STATUS_CHANGES = {
    ("published", "paused"),
    ("published", "closed"),
    ("paused", "published"),
    ("paused", "closed"),
}
"""From and to: a file may pause, reopen and close, never publish what was not public."""
Outcome = ImportRow.Outcome


@dataclass
class Planned:
    """What would happen with one row."""

    entry: Entry
    outcome: str = Outcome.NEW
    service: int | None = None
    diff: dict[str, list[Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    @property
    def confidential(self) -> bool:
        """Whether a new place is told as its town only."""
        return self.entry.restricted or must_be_confidential(self.entry.values.get("categories", ()))

    @property
    def keeps_place(self) -> bool:
        """Whether the exact place that the row names is not told to anybody."""
        return any(f.rule == "place-kept" for f in self.findings) or (self.service is None and self.confidential)


class Scope:
    """What a person may import."""

    def __init__(self, user: User) -> None:
        everything = user.is_superuser
        self.services = None if everything else set(edits(user, Service.objects.all()).values_list("pk", flat=True))
        self.organisations = (
            None if everything else set(edits(user, Organisation.objects.all()).values_list("pk", flat=True))
        )
        regions = set() if everything else set(user.regions.values_list("country", flat=True))
        self.countries: set[str] | None = regions or None
        self.makes_organisations = user.has_perm("directory.add_organisation")
        self.visible = Service.objects.filter(
            Q(status__in=Service.PUBLIC_STATUSES) | Q(pk__in=sees(user, Service.objects.all()).values("pk"))
        ).exclude(status=Service.Status.ARCHIVED)


def plan(
    incoming: Incoming,
    entries: Sequence[Entry],
    found: Iterable[Finding],
    source: ImportSource,
    user: User,
    options: dict[str, Any],
    progress: Callable[[int], None] = lambda done: None,
    same: Mapping[int, int] | None = None,
) -> list[Planned]:
    """The rows in the order of the file. `found` are the findings of the checks; `options` those of the run.

    `same`: services (primary keys) that somebody has decided to be what a row (by number) is about.
    """
    return _Planner(incoming, found, source, user, options, same or {}).run(entries, progress)


class _Planner:
    """Knows the directory, as far as the rows of one file need it."""

    def __init__(
        self,
        incoming: Incoming,
        found: Iterable[Finding],
        source: ImportSource,
        user: User,
        options: dict[str, Any],
        same: Mapping[int, int],
    ) -> None:
        self.incoming, self.source, self.options, self.same = incoming, source, options, same
        self.by_row: dict[int, list[Finding]] = defaultdict(list)
        for one in found:
            if one.row:
                self.by_row[one.row].append(one)
        self.scope = Scope(user)
        keyed = Service.objects.filter(external_ids__has_key=source.code).values_list("pk", "external_ids")
        self.by_key = {str(ids[source.code]): pk for pk, ids in keyed}
        self.organisations: dict[str, Organisation] = {}
        for organisation in Organisation.objects.order_by("-pk"):
            self.organisations[key(organisation.name)] = organisation
            self.organisations[str(organisation.uuid)] = organisation
        self.directory: Directory | None = None

    def run(self, entries: Sequence[Entry], progress: Callable[[int], None]) -> list[Planned]:
        keys = Counter(entry.key for entry in entries if entry.key)
        used: set[str] = set()
        done: list[Planned] = []
        for start in range(0, len(entries), CHUNK):
            chunk = [
                Planned(entry, findings=[*self.by_row.get(entry.number, ()), *entry.findings])
                for entry in entries[start : start + CHUNK]
            ]
            self._match(chunk)
            current = read([one.service for one in chunk if one.service is not None])
            for one in chunk:
                if keys[one.entry.key] > 1 and one.entry.key in used:
                    self._refuse(one, "key-repeated", _("another row above has the same key"))
                used.add(one.entry.key)
                self._one(one, current.get(one.service or 0))
            done.extend(chunk)
            progress(len(done))
        return done

    def _match(self, chunk: Sequence[Planned]) -> None:
        uuids = {one.entry.key: UUID(one.entry.key) for one in chunk if one.entry.own_id and _is_uuid(one.entry.key)}
        ours = {str(uuid): pk for pk, uuid in Service.objects.filter(uuid__in=uuids.values()).values_list("pk", "uuid")}
        for one in chunk:
            name = one.entry.key
            one.service = ours.get(str(uuids[name])) if name in uuids else None
            one.service = self.same.get(one.entry.number) or one.service or self.by_key.get(name)

    def _refuse(self, one: Planned, rule: str, words: str, column: int = -1) -> None:
        one.findings.append(finding(rule, one.entry.number, column, words))

    def _one(self, one: Planned, current: Values | None) -> None:
        if not self.options.get("personal_phones"):
            self._leave_out_personal(one)
        if not one.entry.key:
            self._refuse(one, "key-missing", _("nothing names this row"))
        if one.service is not None and current is not None:
            self._existing(one, current)
        else:
            one.service = None
            self._new(one)
        if any(finding_.severity == ERROR for finding_ in one.findings):
            one.outcome = Outcome.REFUSED
        one.findings.sort(key=lambda f: ({"error": 0, "warning": 1}.get(f.severity, 2), f.column))

    def _leave_out_personal(self, one: Planned) -> None:
        for name in [name for name in one.entry.values if name.startswith("contact/")]:
            kept = [value for value in one.entry.values[name] if value not in one.entry.personal]
            if kept != one.entry.values[name]:
                at = one.entry.columns.get(name, -1)
                one.findings.append(
                    finding("phone-left-out", one.entry.number, at, _("seems to be a person's own; it is left out"))
                )
            one.entry.values[name] = kept
        for name in [name for name, value in one.entry.values.items() if name.startswith("contact/") and not value]:
            del one.entry.values[name]
        for at in {f.column for f in one.findings if f.rule == "person-name"}:
            texts = [
                n
                for n, column in one.entry.columns.items()
                if column == at and n in one.entry.values and n.startswith("texts/")
            ]
            for name in texts:
                if name.endswith("/name"):
                    continue
                del one.entry.values[name]
                one.findings.append(finding("text-left-out", one.entry.number, at, _("names a person; it is left out")))

    # --- rows that the directory has ---------------------------------------------------------------------------------------

    def _existing(self, one: Planned, current: Values) -> None:
        entry = one.entry
        if self.scope.services is not None and one.service not in self.scope.services:
            self._refuse(one, "organisation-other", _("you may not change this entry"))
            one.outcome = Outcome.REFUSED
            return
        diff = {}
        values = {**entry.values, **self._contacts(entry, current)}
        for name in [name for name in values if name.startswith("contact/") and not values[name]]:
            del values[name]
        for name, after in self._placed(one, values, current).items():
            before = current.get(name)
            after = self._wanted(entry, name, before, after)
            if after is not None and not _same(name, before, after):
                diff[name] = [before, after]
        if "organisation" in diff:
            self._organisation(one)
        one.findings = [f for f in one.findings if f.severity != ERROR or not self._harmless(f, entry, current, diff)]
        one.diff = diff
        one.outcome = Outcome.CHANGED if diff else Outcome.UNCHANGED

    def _wanted(self, entry: Entry, name: str, before: Any, after: Any) -> Any:
        """What the field becomes; None if the row may not change it."""
        if name == "status":
            return after if (before, after) in _STATUS_CHANGES else None
        if name == "verified_on":
            return after if before is None or after > before else None
        if name == "organisation":
            known = self.organisations.get(entry.organisation_id) or self.organisations.get(key(after))
            return known.name if known else after
        if name in entry.part and isinstance(before, list):
            extra = [value for value in after if value not in before]
            return sorted([*before, *extra]) if extra else before
        return after

    def _contacts(self, entry: Entry, current: Values) -> Values:
        """Contacts by kind; numbers that the directory already has count as they are stored, even if no plan knows them."""
        found: Values = {}
        for name, values in entry.values.items():
            if not name.startswith("contact/"):
                continue
            stored = current.get(name, [])
            raw = entry.raw.get(name.split("/")[1], [])
            known = [value for value in stored if re.sub(r"\s", "", value) in raw]
            if name in entry.part and stored and set(values) <= set(stored):
                found[name] = stored
                continue
            merged = [*known, *(value for value in values if value not in known)]
            found[name] = stored if set(merged) == set(stored) else merged
        for kind, raw in entry.raw.items():  # numbers that no check could read, but which are stored
            name = f"contact/{kind}"
            if name not in found and (known := [v for v in current.get(name, []) if re.sub(r"\s", "", v) in raw]):
                found[name] = current[name] if set(known) == set(current[name]) else known
        return found

    def _placed(self, one: Planned, values: Values, current: Values) -> Values:
        """The values without those of places that a row may not change, or does not name clearly."""
        kept = {name: value for name, value in values.items() if not name.startswith("place/")}
        several = not any(name.startswith("place//") for name in current) and any(
            name.startswith("place/") for name in current
        )
        for ref, facts in of_entry(values).items():
            visibility = current.get(f"place/{ref}/visibility")
            if not ref and several:
                one.findings.append(finding("place-several", one.entry.number, -1, _("the service has several places")))
                continue
            if visibility is None:
                if settle(facts, confidential=one.confidential) is None:
                    if len(facts) > 1 or "country" not in facts:
                        one.findings.append(finding("place-unknown", one.entry.number, -1, _("its place is not known")))
                    continue
            elif (visibility != "public" or one.entry.restricted) and set(facts) & set(EXACT):
                if visibility != "public":
                    one.findings.append(finding("place-kept", one.entry.number, -1, _("its place is confidential")))
                facts = {name: value for name, value in facts.items() if name not in EXACT}
            kept |= {f"place/{ref}/{name}": value for name, value in facts.items()}
        return kept

    def _harmless(self, one: Finding, entry: Entry, current: Values, diff: dict[str, Any]) -> bool:
        """Whether an error is about a cell that would change nothing: the directory already says the same."""
        if one.column < 0:
            return False
        name = self.incoming.columns.fields[one.column] if one.column < len(self.incoming.columns.fields) else None
        if name in _AT:
            kinds = PHONES if name == "phone" else (_AT[name],)
            stored = {re.sub(r"\s", "", value) for kind in kinds for value in current.get(f"contact/{kind}", [])}
            raw = {value for kind in kinds for value in entry.raw.get(kind, [])}
            return bool(raw) and raw <= stored
        if name in ("latitude", "longitude", "coordinates"):
            pairs = [(n, v) for n, v in entry.values.items() if n.startswith("place/") and n.endswith(("/lat", "/lon"))]
            return bool(pairs) and all(n in current and n not in diff for n, _v in pairs)
        return False

    # --- rows that the directory does not have -----------------------------------------------------------------------------

    def _new(self, one: Planned) -> None:
        entry = one.entry
        if "categories" not in entry.values and self.source.category_id:
            entry.values["categories"] = [self.source.category_id]
        self._organisation(one)
        for ref, facts in of_entry(entry.values).items():
            place = settle(facts, confidential=one.confidential)
            rule = place.rule if place else ("place-unknown" if len(facts) > 1 or "country" not in facts else "")
            if rule:
                words = _("has no coordinates") if place else _("its place is not known")
                one.findings.append(finding(rule, entry.number, entry.columns.get(f"place/{ref}/city", -1), words))
            if (
                self.scope.countries is not None
                and facts.get("country")
                and facts["country"] not in self.scope.countries
            ):
                self._refuse(one, "organisation-other", _("lies outside your regions"))
        if entry.values.get("status") in ("closed", "archived"):
            one.findings.append(
                finding(
                    "closed-in-source", entry.number, entry.columns.get("status", -1), _("is closed, says the source")
                )
            )
        one.outcome = Outcome.NEW
        one.diff = {name: [None, _masked(one, name, value)] for name, value in entry.values.items()}
        if any(f.severity == ERROR for f in one.findings):
            return
        if self.directory is None:
            self.directory = Directory(self.scope.visible)
        resembles = self.directory.like(entry)
        if resembles is not None:
            one.service, words = resembles
            one.findings.append(
                finding("directory-duplicate", entry.number, entry.columns.get(f"texts/{entry.lang}/name", -1), words)
            )
        if resembles is not None or any(f.rule == "row-duplicate" for f in one.findings):
            one.outcome = Outcome.DUPLICATE

    def _organisation(self, one: Planned) -> None:
        """Whether the person may bring in rows of this organisation; one that is not known is made by those who may."""
        entry = one.entry
        at = entry.columns.get("organisation", -1)
        name = entry.values.get("organisation", "")
        known = self.organisations.get(entry.organisation_id) or self.organisations.get(key(name) if name else "")
        if not name:
            known = self.source.organisation
            if known is None:
                self._refuse(one, "organisation-missing", _("no organisation is named"), at)
                return
            entry.values["organisation"] = known.name
        if known is not None:
            if self.scope.organisations is not None and known.pk not in self.scope.organisations:
                self._refuse(one, "organisation-other", _("belongs to another organisation"), at)
        elif self.scope.makes_organisations:
            one.findings.append(finding("organisation-new", entry.number, at, _("is not in the directory yet"), name))
        else:
            self._refuse(one, "organisation-other", _("is not in the directory"), at)


def _masked(one: Planned, name: str, value: Any) -> Any:
    if one.confidential and name.startswith("place/") and name.rsplit("/", 1)[1] in EXACT:
        return MASK
    return value


def _is_uuid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", text) is not None


def _same(name: str, before: Any, after: Any) -> bool:
    if isinstance(before, float) and isinstance(after, (int, float)):
        return abs(before - after) < 1e-6
    if name.startswith("contact/"):
        return sorted(before or []) == sorted(after)
    if isinstance(before, str) and isinstance(after, str) and name != "status":
        return " ".join(before.split()) == " ".join(after.split())
    if name == "organisation" and isinstance(before, str):
        return key(before) == key(after)
    if isinstance(before, list) and isinstance(after, list) and before and isinstance(before[0], list):
        return sorted(map(str, before)) == sorted(map(str, after))
    return bool(before == after)
