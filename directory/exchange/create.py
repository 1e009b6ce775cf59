"""Writes rows that are new, many at once and each with its history; a row that fails does not keep the others out."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from anyascii import anyascii
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone
from django.utils.text import slugify

from directory.exchange.checks.towns import overseas
from directory.exchange.columns import key
from directory.exchange.current import KINDS, PLAIN
from directory.exchange.geodesy import zone
from directory.exchange.places import of_entry, settle
from directory.exchange.plan import Planned
from directory.models import (
    Category,
    ConfidentialPlace,
    ContactPoint,
    ImportSource,
    Location,
    OpeningException,
    OpeningInterval,
    Organisation,
    Region,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceText,
    SpokenLanguage,
    User,
    Verification,
)
from directory.models.review import ImportRun
from directory.sample.upsert import messages
from directory.validators import clean_contact

__all__ = ["Creator", "Made", "area", "checked", "new_contact", "place_records"]

Made = dict[str, list[int]]
"""Primary keys of what was made for a row, by model."""


def _public_id(words: str, uuid: UUID) -> str:
    return f"{slugify(anyascii(words))[:60].strip('-') or 'record'}-{uuid.hex[:6]}"


def _valid(record: models.Model, *without: str) -> None:
    """The checks of a record that need no database. Raises ValidationError."""
    relations = [field.name for field in record._meta.concrete_fields if field.is_relation]
    record.clean_fields(exclude={*relations, *without})
    record.clean()


def new_contact(organisation: Organisation, kind: str, value: str) -> ContactPoint:
    """An unsaved contact point with the public id that its value gives it. Raises ValidationError."""
    stored = clean_contact(kind, value, sample=organisation.sample)
    mark = hashlib.sha256(stored.encode()).hexdigest()[:8]
    return ContactPoint(
        organisation=organisation, kind=kind, value=stored, public_id=f"{organisation.public_id[:60]}-{kind}-{mark}"
    )


def place_records(
    given: dict[str, Any], organisation: Organisation | None, *, confidential: bool, uuid: str = ""
) -> tuple[Location, ConfidentialPlace | None] | None:
    """An unsaved location, and its confidential part if it is not public; None if too little is known. Raises ValidationError."""
    place = settle(given, confidential=confidential)
    if place is None:
        return None
    location = Location(organisation=organisation, **place.facts)
    if uuid:
        location.uuid = UUID(uuid)
    location.public_id = _public_id(location.readable(), location.uuid)
    location.point_confirmed = True  # the checks of the file have compared the point with the country, and faster
    _valid(location, "public_id")
    location.point_confirmed = bool(location.lat and location.lon) and overseas(
        location.lat or 0, location.lon or 0, location.country
    )
    return location, ConfidentialPlace(**place.confidential) if place.confidential else None


class _Batch:
    """Unsaved records of some rows, table by table."""

    def __init__(self) -> None:
        self.records: dict[type[models.Model], list[Any]] = defaultdict(list)

    def add(self, record: models.Model) -> None:
        self.records[type(record)].append(record)

    def merge(self, other: _Batch) -> None:
        for model, records in other.records.items():
            self.records[model].extend(records)


_ORDER: tuple[type[models.Model], ...] = (
    ContactPoint,
    Service,
    Location,
    ConfidentialPlace,
    ServiceText,
    ServiceAtLocation,
    ServiceContact,
    OpeningInterval,
    OpeningException,
    SpokenLanguage,
    ServiceArea,
    Verification,
)


class Creator:
    """Makes services of one run."""

    def __init__(self, run: ImportRun, source: ImportSource, user: User | None) -> None:
        self.run, self.source, self.user = run, source, user
        self.reason = f"import {run.pk}"
        self.publish = bool(run.options.get("publish"))
        self.organisations = {key(o.name): o for o in Organisation.objects.order_by("-pk")}
        self.by_uuid = {str(o.uuid): o for o in self.organisations.values()}
        self.contacts: dict[tuple[int, str, str], ContactPoint] = {}
        regions: dict[str, list[Region]] = defaultdict(list)
        for region in Region.objects.all():
            regions[region.country].append(region)
        self.regions = {country: found[0] for country, found in regions.items() if len(found) == 1}
        self.locations: dict[str, Location] = {}
        self.fresh: dict[int, int] = {}
        """Organisations that this run has made, and for which row."""
        self.codes: dict[UUID, list[str]] = {}
        self.added: list[tuple[dict[Any, Any], Any]] = []
        """What the row at hand has put into these tables: it goes again if the row fails."""
        self.review_days = dict(Category.objects.values_list("code", "review_days"))

    def create(self, rows: Sequence[Planned]) -> dict[int, tuple[int | None, Made, str]]:
        """(service, what was made, problem) by row number. Each call is one transaction, or one for each row if that fails."""
        ready: list[tuple[Planned, Service, _Batch]] = []
        results: dict[int, tuple[int | None, Made, str]] = {}
        self._known_contacts(rows)
        with transaction.atomic():
            for row in rows:
                batch = _Batch()
                self.added = []
                try:
                    with transaction.atomic():
                        ready.append((row, self._build(row, batch), batch))
                except (ValidationError, DatabaseError) as error:
                    for table, name in self.added:
                        table.pop(name, None)
                    words = "; ".join(messages(error)) if isinstance(error, ValidationError) else type(error).__name__
                    results[row.entry.number] = (None, {}, words[:500])
            try:
                with transaction.atomic():
                    self._store([batch for _row, _service, batch in ready])
            except DatabaseError as error:
                if len(rows) == 1:
                    return {rows[0].entry.number: (None, {}, f"{type(error).__name__}: {error}"[:500])}
                self.locations.clear()
                for row in rows:
                    results |= self.create([row])
                return results
        for row, service, batch in ready:
            made: Made = {
                model.__name__: [record.pk for record in batch.records.get(model, ())]
                for model in (ContactPoint, Location, Organisation, Verification)
                if batch.records.get(model)
            }
            results[row.entry.number] = (service.pk, made, "")
        return results

    def _known_contacts(self, rows: Sequence[Planned]) -> None:
        """Contact points that the organisations of these rows already have: one query for all rows."""
        names = {(row.entry.organisation_id, key(row.entry.values.get("organisation", ""))) for row in rows}
        owners = [known.pk for uuid, name in names if (known := self.by_uuid.get(uuid) or self.organisations.get(name))]
        values = {value for row in rows for kind in KINDS for value in row.entry.values.get(f"contact/{kind}", ())}
        stored = ContactPoint.objects.filter(organisation__in=owners, value__in=values).order_by()
        self.contacts = {(one.organisation_id, one.kind, one.value): one for one in stored}

    def organisation(self, name: str, uuid: str = "", row: int = 0) -> tuple[Organisation, bool]:
        """The organisation of that name, and whether it was made for this row. Raises ValidationError."""
        known = self.by_uuid.get(uuid) or self.organisations.get(key(name))
        if known is not None:
            return known, self.fresh.get(known.pk) == row > 0
        kinds = {
            "rcrc": "red_cross",
            "un": "un",
            "government": "state",
            "police": "state",
            "immigration_authority": "state",
        }
        found = Organisation(
            name=name, kind=kinds.get(self.source.operator_type, "ngo"), licence_of_data=self.source.licence
        )
        if uuid:
            found.uuid = UUID(uuid)
        found._change_reason = self.reason  # type: ignore[attr-defined]
        found.full_clean(exclude={"public_id"})
        found.save()
        self._keep(self.organisations, key(name), found)
        self._keep(self.by_uuid, str(found.uuid), found)
        self._keep(self.fresh, found.pk, row)
        return found, True

    def _keep(self, table: dict[Any, Any], name: Any, record: Any) -> None:
        table[name] = record
        self.added.append((table, name))

    def _build(self, row: Planned, batch: _Batch) -> Service:
        entry, values = row.entry, row.entry.values
        organisation, made = self.organisation(values["organisation"], entry.organisation_id, entry.number)
        if made:
            batch.records[Organisation].append(organisation)
        service = Service(organisation=organisation, **self._facts(row))
        if entry.own_id and _uuid(entry.key) and not Service.objects.filter(uuid=_uuid(entry.key)).exists():
            service.uuid = UUID(entry.key)
        places = self._places(row, organisation, batch)
        service.region = next((self.regions[p.country] for p in places if p.country in self.regions), None)
        service.public_id = _public_id(
            f"{places[0].country} {places[0].city} {entry.name}" if places else entry.name, service.uuid
        )
        _valid(service, "public_id")
        batch.add(service)
        for location in places:
            batch.add(ServiceAtLocation(service=service, location=location))
        self._texts(row, service, batch)
        self._contacts(row, service, organisation, batch)
        self._lists(row, service, batch)
        self.codes[service.uuid] = list(values.get("categories", ()))
        if values.get("verified_on"):
            at = date.fromisoformat(values["verified_on"])
            days = min((self.review_days[code] for code in self.codes[service.uuid]), default=90)
            batch.add(checked(service, at, self.user, self.reason))
            service.verified_on, service.review_due = at, at + timedelta(days=days)
            service.hidden_after = at + timedelta(days=3 * days)
        return service

    def _facts(self, row: Planned) -> dict[str, Any]:
        values = row.entry.values
        facts = {name: values[name] for name in PLAIN if name in values}
        facts.setdefault("operator_type", self.source.operator_type)
        facts.setdefault("must_report", self.source.must_report)
        placed = any(name.startswith("place/") for name in values)
        country = next(
            (value for name, value in values.items() if name.endswith("/country") and name.startswith("place/")),
            self.source.country,
        )
        if "delivery" not in facts and not placed and country and values.get("contact/phone"):
            facts["delivery"] = Service.Delivery.PHONE
        if (
            facts.get("delivery") in (Service.Delivery.PHONE, Service.Delivery.ONLINE)
            and not facts.get("serves_countries")
            and country
        ):
            facts["serves_countries"] = [country]
        vague = row.confidential or any(
            f.rule in ("place-no-point", "place-unknown", "person-name") for f in row.findings
        )
        status = Service.Status.PUBLISHED if self.publish and not vague else Service.Status.DRAFT
        if status == Service.Status.PUBLISHED and values.get("status") in ("paused", "closed"):
            status = Service.Status(values["status"])
        return {
            **facts,
            "status": status,
            "source_language": row.entry.lang if f"texts/{row.entry.lang}/name" in values else self.source.language,
            "source": self.source.name,
            "source_licence": self.source.licence,
            "external_ids": {self.source.code: row.entry.key},
        }

    def _places(self, row: Planned, organisation: Organisation, batch: _Batch) -> list[Location]:
        found = []
        for ref, given in of_entry(row.entry.values).items():
            if ref and ref in self.locations:
                found.append(self.locations[ref])
                continue
            stored = Location.objects.filter(uuid=_uuid(ref)).first() if _uuid(ref) else None
            if stored is None:
                records = place_records(given, organisation, confidential=row.confidential, uuid=_uuid(ref))
                if records is None:
                    continue
                stored, secret = records
                batch.add(stored)
                if secret is not None:
                    secret.location = stored
                    batch.add(secret)
            if ref:
                self._keep(self.locations, ref, stored)
            found.append(stored)
        return found

    def _texts(self, row: Planned, service: Service, batch: _Batch) -> None:
        words: dict[str, dict[str, str]] = defaultdict(dict)
        for name, value in row.entry.values.items():
            if name.startswith("texts/"):
                _texts, lang, field = name.split("/")
                words[lang][field] = value
        for lang, fields in words.items():
            state = ServiceText.State.APPROVED if lang == service.source_language else ServiceText.State.DRAFT
            text = ServiceText(service=service, lang=lang, state=state, **{"name": row.entry.name, **fields})
            text.written_by(self.user, service.version)
            _valid(text)
            batch.add(text)

    def _contacts(self, row: Planned, service: Service, organisation: Organisation, batch: _Batch) -> None:
        position = 0
        for kind in KINDS:
            for value in row.entry.values.get(f"contact/{kind}", ()):
                contact = new_contact(organisation, kind, value)
                name = (organisation.pk, kind, contact.value)
                if name not in self.contacts:
                    _valid(contact, "public_id")
                    self._keep(self.contacts, name, contact)
                    batch.add(contact)
                batch.add(ServiceContact(service=service, contact=self.contacts[name], position=position))
                position += 1

    def _lists(self, row: Planned, service: Service, batch: _Batch) -> None:
        values = row.entry.values
        records: list[models.Model] = []
        for weekday, opens, closes, appointment, first, last in values.get("hours", ()):
            times = {"weekday": weekday, "opens": opens, "closes": closes, "appointment_only": appointment}
            records.append(OpeningInterval(service=service, valid_from=first, valid_to=last, **times))
        for day, opens, closes in values.get("exceptions", ()):
            records.append(OpeningException(service=service, date=day, opens=opens, closes=closes))
        for lang, interpreted in values.get("spoken", ()):
            records.append(SpokenLanguage(service=service, lang=lang, via_interpreter=interpreted))
        for kind, country, name, lat, lon, radius in values.get("areas", ()):
            records.append(area(service, kind, country, name, lat, lon, radius))
        for record in records:
            _valid(record)
            batch.add(record)

    def _store(self, batches: Iterable[_Batch]) -> None:
        """All records in the order in which they refer to each other, and a line of history for each."""
        whole = _Batch()
        for batch in batches:
            whole.merge(batch)
        now = timezone.now()
        for model in _ORDER:
            records = whole.records.get(model, [])
            if not records:
                continue
            model._default_manager.bulk_create(records, batch_size=500)
            if hasattr(model, "history"):
                self._remember(model, [record.pk for record in records], now)
            if model is Service:
                self._categories(records)

    def _remember(self, model: type[models.Model], keys: list[int], now: datetime) -> None:
        """A line of history for each of these new rows, copied by the database: far faster than through objects."""
        past: Any = model.history.model  # type: ignore[attr-defined]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in past.tracked_fields)
        marks = ", ".join(["%s"] * len(keys))
        more = ", ".join(quote(f"history_{name}") for name in ("date", "type", "user_id", "change_reason"))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {quote(past._meta.db_table)} ({columns}, {more}) SELECT {columns}, %s, %s, %s, %s "
                f"FROM {quote(model._meta.db_table)} WHERE {quote(model._meta.pk.column)} IN ({marks})",
                [
                    connection.ops.adapt_datetimefield_value(now),
                    "+",
                    self.user.pk if self.user else None,
                    self.reason,
                    *keys,
                ],
            )

    def _categories(self, services: list[Service]) -> None:
        """Categories of new services, also in the one line of history that each of them has."""
        through: Any = Service.categories.through
        rows = [
            through(service_id=service.pk, category_id=code)
            for service in services
            for code in self.codes.pop(service.uuid, ())
        ]
        through.objects.bulk_create(rows, batch_size=500)
        lines: Any = Service.history.model
        line = dict(lines.objects.filter(id__in=[one.pk for one in services]).values_list("id", "history_id"))
        past: Any = apps.get_model("directory", "HistoricalService_categories")
        past.objects.bulk_create(
            [
                past(id=row.pk, history_id=line[row.service_id], service_id=row.service_id, category_id=row.category_id)
                for row in rows
            ],
            batch_size=500,
        )


def checked(service: Service, at: date, user: User | None, reason: str) -> Verification:
    """That the source says to have checked the entry on that day; unsaved."""
    return Verification(service=service, at=at, by=user, method=Verification.Method.PARTNER_CONFIRMED, note=reason)


def area(service: Service, kind: str, country: str, name: str, lat: Any, lon: Any, radius: Any) -> ServiceArea:
    """An unsaved area, with the time zone of its point or country."""
    facts = {"lat": lat, "lon": lon, "radius_km": radius}
    return ServiceArea(
        service=service, kind=kind, country=country, name=name or "", tz=zone(lat, lon, country) or "Etc/UTC", **facts
    )


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""
