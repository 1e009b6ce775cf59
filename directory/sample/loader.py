"""Loads a sample directory into the database: all of it or, if anything is wrong, nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from directory.fields import parse_clock
from directory.models import (
    AllowedHost,
    Article,
    Category,
    ConfidentialPlace,
    ContactPoint,
    Location,
    Organisation,
    PlaceAlias,
    Region,
    Service,
    ServiceText,
    Verification,
)
from directory.sample.reader import Entry, Problems, Sample, read
from directory.sample.upsert import edited_by_staff, messages, sync, upsert
from directory.validators import clean_contact

__all__ = ["SampleError", "load", "remove"]

SOURCE = "Waypost sample data"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class SampleError(Exception):
    """The sample directory was not loaded; `problems` says why, with file and id."""

    def __init__(self, problems: Problems) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = problems


@dataclass
class _Run:
    """What one loading knows."""

    today: date
    problems: Problems
    keep_edits: bool
    organisations: dict[str, Organisation] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)

    @contextmanager
    def record(self, entry: Entry) -> Iterator[None]:
        """Notes what is wrong with one record and undoes what was written of it."""
        try:
            with transaction.atomic():
                yield
        except ValidationError as error:
            for message in messages(error):
                self.problems.add(entry.file, entry.id, message)
        except (KeyError, TypeError, ValueError, DatabaseError) as error:
            self.problems.add(entry.file, entry.id, f"{type(error).__name__}: {error}")


def load(
    folder: Path,
    *,
    today: date | None = None,
    keep_edits: bool = True,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, int]:
    """Load the folder in one transaction; returns the number of records by kind.

    Days of the files count from `today`. Records that staff have edited stay as they are if `keep_edits`; sample
    services and articles that the files no longer hold go. Raises SampleError with everything that is wrong.
    """
    sample, problems = read(folder)
    run = _Run(today or timezone.localdate(), problems, keep_edits)
    with transaction.atomic():
        run.categories = {category.code: category for category in Category.objects.all()}
        for entry in sample.organisations:
            with run.record(entry):
                run.organisations[entry.id] = _organisation(run, entry)
        for entry in sample.regions:
            with run.record(entry):
                run.regions[entry.id] = _region(run, entry)
        shared = _shared_contacts(sample.services)
        for number, entry in enumerate(sample.services, start=1):
            with run.record(entry):
                _service(run, entry, shared)
            if number % 50 == 0:
                progress(f"{number} of {len(sample.services)} services")
        for entry in sample.articles:
            with run.record(entry):
                _article(run, entry)
        for entry in sample.aliases:
            with run.record(entry):
                _alias(run, entry)
        for host in sample.hosts:
            with run.record(Entry("allowed_hosts.yaml", host, {})):
                upsert(AllowedHost, {"host": host}, {"sample": True}, keep_edits=keep_edits)
        if problems:
            raise SampleError(problems)
        _drop_absent(sample)
    return {
        "organisations": len(sample.organisations),
        "regions": len(sample.regions),
        "services": len(sample.services),
        "articles": len(sample.articles),
        "places": len(sample.aliases),
        "hosts": len(sample.hosts),
    }


@transaction.atomic
def remove() -> int:
    """Delete every sample record, before real data goes live. Returns how many there were."""
    count = 0
    locations = Location.objects.filter(sample=True)
    for records in (
        Service.objects.filter(sample=True),
        locations,
        ContactPoint.objects.filter(sample=True),
        Article.objects.filter(sample=True),
        PlaceAlias.objects.filter(sample=True),
        AllowedHost.objects.filter(sample=True),
        Region.objects.filter(sample=True, services__isnull=True),
        Organisation.objects.filter(sample=True, services__isnull=True),
    ):
        count += records.count()
        records.delete()
    return count


def _organisation(run: _Run, entry: Entry) -> Organisation:
    data = entry.data
    values = {"name": data["name"], "kind": data["kind"], "website": data.get("website") or "", "sample": True}
    return upsert(Organisation, {"public_id": entry.id}, values, keep_edits=run.keep_edits)


def _region(run: _Run, entry: Entry) -> Region:
    data = entry.data
    values = {"name": data["name"], "country": data["country"], "trail": data.get("trail") or "", "sample": True}
    return upsert(Region, {"public_id": entry.id}, values, keep_edits=run.keep_edits)


def _known(kind: str, table: dict[str, Any], code: str) -> Any:
    if code not in table:
        raise ValidationError(f"{kind} “{code}” does not exist")
    return table[code]


def _service(run: _Run, entry: Entry, shared: dict[tuple[str, str, str], dict[str, Any]]) -> None:
    data = entry.data
    existing = Service.objects.filter(public_id=entry.id).first()
    organisation = _known("organisation", run.organisations, data["organisation"])
    if existing is None or not run.keep_edits or not edited_by_staff(existing):
        plain = (
            "delivery", "urgency", "status", "papers", "shares_data", "genders", "min_age", "max_age", "audiences",
            "nationalities", "cost", "booking", "operator_type", "must_report", "serves_countries",
        )  # fmt: skip
        values = {name: data[name] for name in plain}
        values |= {"capacity_note": data.get("capacity_note") or "", "source": SOURCE, "sample": True}
        values |= {"organisation": organisation, "region": _known("region", run.regions, entry.city["region"])}
        service = upsert(Service, {"public_id": entry.id}, values, keep_edits=False)
        if not data["categories"]:
            raise ValidationError("categories: name at least one")
        service.categories.set([_known("category", run.categories, code) for code in data["categories"]])
        _texts(service, data["texts"], {"short": "short_text", "eligibility": "eligibility_text"})
        _place(service, entry, organisation)
        _areas(service, entry)
        _contacts(service, organisation, data["contacts"], shared)
        _schedule(run, service, data)
        spoken = [
            {"lang": s, "via_interpreter": False} if isinstance(s, str) else _interpreted(s) for s in data["languages"]
        ]
        sync(service.spoken, spoken, by=("lang",))
    else:
        service = existing
    at = run.today - timedelta(days=data["verified_days_ago"])
    values = {"at": at, "method": Verification.Method.PARTNER_CONFIRMED, "outcome": Verification.Outcome.CONFIRMED}
    upsert(Verification, {"service": service, "note": SOURCE, "by": None}, values)
    service.refresh_review()


def _interpreted(row: dict[str, Any]) -> dict[str, Any]:
    return {"lang": row["code"], "via_interpreter": bool(row.get("via_interpreter", False))}


def _texts(record: Service | Article, texts: dict[str, dict[str, str]], names: dict[str, str]) -> None:
    """The source language counts as approved; no native speaker has reviewed the others."""
    rows = []
    for lang, text in texts.items():
        default = ServiceText.State.APPROVED if lang == record.source_language else ServiceText.State.NEEDS_REVIEW
        words = {names.get(key, key): value or "" for key, value in text.items() if key != "state"}
        rows.append({"lang": lang, "state": text.get("state", default), "source_version": record.version, **words})
    sync(record.texts, rows, by=("lang",))


def _place(service: Service, entry: Entry, organisation: Organisation) -> None:
    data, city = entry.data["location"], entry.city
    if data is None:
        sync(service.sites, [], by=("location_id",))
        return
    public = data["visibility"] == Location.Visibility.PUBLIC
    exact = {name: data.get(name) for name in ("lat", "lon")}
    exact |= {name: str(data.get(name) or "") for name in ("address", "postcode", "transport")}
    values = {
        "organisation": organisation,
        "name": data.get("name") or "",
        "visibility": data["visibility"],
        "wheelchair": data.get("wheelchair") or Location.Wheelchair.UNKNOWN,
        "city": city["city"],
        "country": city["country"],
        "tz": city["tz"],
        "centre_lat": city["centre"]["lat"],
        "centre_lon": city["centre"]["lon"],
        "sample": True,
        **(exact if public else {"address": "", "postcode": "", "transport": "", "lat": None, "lon": None}),
    }
    place = upsert(Location, {"public_id": f"{entry.id}-place"}, values)
    if not public:
        upsert(ConfidentialPlace, {"location": place}, exact)
    sync(service.sites, [{"location_id": place.pk}], by=("location_id",))


def _areas(service: Service, entry: Entry) -> None:
    area, city = entry.data["area"], entry.city
    rows = []
    if area is not None:
        point = {name: area.get(name) for name in ("lat", "lon", "radius_km")}
        country = area.get("country") or city["country"]
        rows.append(
            {"kind": area["kind"], "country": country, "name": area.get("name") or "", "tz": city["tz"], **point}
        )
    sync(service.areas, rows, by=("kind", "country", "name"))


def _shared_contacts(services: list[Entry]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """One contact point for each value of an organisation, with the languages of all its uses."""
    shared: dict[tuple[str, str, str], dict[str, Any]] = {}
    for entry in services:
        for row in entry.data["contacts"]:
            facts = shared.setdefault(
                (entry.data["organisation"], row["kind"], str(row["value"])),
                {"languages": [], "toll_free": None, "reachable_from_abroad": None, "sample": True},
            )
            facts["languages"] += [lang for lang in row.get("languages") or [] if lang not in facts["languages"]]
            for name in ("toll_free", "reachable_from_abroad"):
                facts[name] = row.get(name) if facts[name] is None else facts[name]
    return shared


def _contacts(
    service: Service,
    organisation: Organisation,
    rows: list[dict[str, Any]],
    shared: dict[tuple[str, str, str], dict[str, Any]],
) -> None:
    uses = []
    for position, row in enumerate(rows):
        value = str(row["value"])
        facts = shared[(organisation.public_id, row["kind"], value)]
        keys = {
            "organisation": organisation,
            "kind": row["kind"],
            "value": clean_contact(row["kind"], value, sample=True),
        }
        uses.append({"contact_id": _contact(keys, facts).pk, "position": position})
    sync(service.service_contacts, uses, by=("contact_id",))


def _contact(keys: dict[str, Any], facts: dict[str, Any]) -> ContactPoint:
    """Its public id derives from the value, so that every loading of the same files gives the same snapshot."""
    if not ContactPoint.objects.filter(**keys).exists():
        mark = hashlib.sha256(str(keys["value"]).encode()).hexdigest()[:6]
        facts = {**facts, "public_id": f"{keys['organisation'].public_id}-{keys['kind']}-{mark}"}
    return upsert(ContactPoint, keys, facts)


def _schedule(run: _Run, service: Service, data: dict[str, Any]) -> None:
    hours = []
    for row in data["hours"]:
        for day in row["days"]:
            if day not in DAYS:
                raise ValidationError(f"hours: “{day}” is not a day (write one of {', '.join(DAYS)})")
            weekly = {name: parse_clock(str(row[name])) for name in ("opens", "closes")}
            by_appointment = bool(row.get("appointment_only", False))
            hours.append({"weekday": DAYS.index(day), "appointment_only": by_appointment, **weekly})
    sync(service.hours, hours, by=("weekday", "opens", "closes", "appointment_only"))
    dates = []
    for row in data["exceptions"]:
        closed = bool(row.get("closed", False))
        if closed == ("opens" in row):
            raise ValidationError("exceptions: give either `closed: true` or times")
        times: dict[str, int | None] = {
            name: None if closed else parse_clock(str(row[name])) for name in ("opens", "closes")
        }
        dates.append({"date": run.today + timedelta(days=row["in_days"]), **times})
    sync(service.exceptions, dates, by=("date", "opens", "closes"))


def _article(run: _Run, entry: Entry) -> None:
    data = entry.data
    adviser = data.get("adviser_category")
    checked = run.today - timedelta(days=data.get("checked_days_ago", 0))
    values = {
        "topic": data["topic"],
        "country": data.get("country") or "",
        "adviser_category": _known("category", run.categories, adviser) if adviser else None,
        "status": Article.Status.PUBLISHED,
        "source_name": data["source_name"],
        "source_url": data["source_url"],
        "checked_on": checked,
        "review_due": checked + timedelta(days=Article.REVIEW_DAYS),
        "sample": True,
    }
    existing = Article.objects.filter(public_id=entry.id).first()
    if existing is not None and run.keep_edits and edited_by_staff(existing):
        return
    _texts(upsert(Article, {"public_id": entry.id}, values, keep_edits=False), data["texts"], {})


def _alias(run: _Run, entry: Entry) -> None:
    data = entry.data
    values = {"lat": data["lat"], "lon": data["lon"], "radius_km": data.get("radius_km") or 10, "sample": True}
    keys = {"label": data["label"], "country": data["country"]}
    existing = PlaceAlias.objects.filter(**keys).first()
    if existing is not None and run.keep_edits and edited_by_staff(existing):
        return
    place = upsert(PlaceAlias, keys, values, keep_edits=False)
    names = [{"lang": lang, "name": str(name)} for lang, spellings in data["names"].items() for name in spellings]
    sync(place.names, names, by=("lang", "name"))


def _drop_absent(sample: Sample) -> None:
    """Remove sample records that are no longer in the files, unless staff have edited them."""
    services = {entry.id for entry in sample.services}
    articles = {entry.id for entry in sample.articles}
    for record in (
        *Service.objects.filter(sample=True).exclude(public_id__in=services),
        *Article.objects.filter(sample=True).exclude(public_id__in=articles),
    ):
        if not edited_by_staff(record):
            record.delete()
    Location.objects.filter(sample=True, sites__isnull=True).delete()
    ContactPoint.objects.filter(sample=True, service_contacts__isnull=True).delete()
