"""Writes what a row changes in an entry that exists, and takes it back: field by field, by bundles, each row in a savepoint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from directory.bundles import Bundle, Change, apply_changes, conflicts, put, take
from directory.exchange.create import Creator, area, checked, new_contact, place_records
from directory.exchange.current import PLAIN
from directory.exchange.places import of_entry
from directory.exchange.plan import Planned
from directory.models import ContactPoint, Location, Organisation, Service, ServiceAtLocation, User, Verification
from directory.sample.upsert import messages

__all__ = ["Undo", "change", "remove_made", "revert"]

Undo = dict[str, Any]
"""{"changes": {"service" or a location's public id: [change]}, "made": {model: [pk]}}."""
_AREA = ("kind", "country", "name", "lat", "lon", "radius_km")
_HOURS = ("weekday", "opens", "closes", "appointment_only", "valid_from", "valid_to")


def change(row: Planned, service: Service, creator: Creator) -> tuple[Undo, str]:
    """Make the entry as the row says. Returns what is needed to undo it, and '' or why nothing was written."""
    undo: Undo = {"changes": {}, "made": {}}
    try:
        with transaction.atomic():
            _write(row, service, creator, undo)
    except ValidationError as error:
        return {}, "; ".join(messages(error))[:500]
    except DatabaseError as error:
        first = str(error).partition("\n")[0]  # PostgreSQL goes on with the whole row
        return {}, f"{type(error).__name__}: {first}"[:500]
    return undo, ""


def _write(row: Planned, service: Service, creator: Creator, undo: Undo) -> None:
    wanted = {name: after for name, (_before, after) in row.diff.items()}
    live = take(service)
    bundle: Bundle = dict(live)
    for name, value in wanted.items():
        if name in PLAIN or name in ("status", "categories"):
            bundle[name] = value
        elif name == "organisation":
            organisation, made = creator.organisation(value, row.entry.organisation_id, row.entry.number)
            bundle["organisation"] = organisation.public_id
            if made:
                undo["made"]["Organisation"] = [organisation.pk]
        elif name.startswith("texts/"):
            bundle[name] = value
    if any(name.startswith("texts/") for name in wanted):
        _whole_texts(bundle, wanted, row)
    _lists(bundle, wanted, service)
    owner = Organisation.objects.get(public_id=bundle["organisation"])
    for name, values in wanted.items():
        if name.startswith("contact/"):
            made_contacts = _contacts(bundle, name.split("/")[1], values, owner)
            undo["made"].setdefault("ContactPoint", []).extend(made_contacts)
    if row.entry.key and (creator.source.code in bundle["external_ids"] or not _is_ours(row, service)):
        bundle["external_ids"] = {**bundle["external_ids"], creator.source.code: row.entry.key}
    _places(bundle, wanted, service, owner, row, creator, undo)
    done = put(service, bundle, by=creator.user, reason=creator.reason)
    undo["changes"]["service"] = [one.as_json() for one in done]
    undo["made"]["ContactPoint"] = _really_made(undo["made"].get("ContactPoint", []))
    if "verified_on" in wanted:
        check = checked(service, date.fromisoformat(wanted["verified_on"]), creator.user, creator.reason)
        check.save()
        undo["made"]["Verification"] = [check.pk]


def _is_ours(row: Planned, service: Service) -> bool:
    return row.entry.own_id and row.entry.key.replace("-", "").lower() == service.uuid.hex


def _whole_texts(bundle: Bundle, wanted: Mapping[str, Any], row: Planned) -> None:
    """A language that was not there before comes in as a draft."""
    for name in wanted:
        if name.startswith("texts/"):
            lang = name.split("/")[1]
            bundle.setdefault(f"texts/{lang}/state", "draft")
            bundle.setdefault(f"texts/{lang}/name", row.entry.name)


def _lists(bundle: Bundle, wanted: Mapping[str, Any], service: Service) -> None:
    if "hours" in wanted:
        bundle["hours"] = [dict(zip(_HOURS, one)) for one in wanted["hours"]]
    if "exceptions" in wanted:
        notes = {(e["date"], e["opens"], e["closes"]): e["note"] for e in bundle["exceptions"]}
        past = [e for e in bundle["exceptions"] if e["date"] < date.today().isoformat()]
        coming = [
            {"date": d, "opens": o, "closes": c, "note": notes.get((d, o, c), "")} for d, o, c in wanted["exceptions"]
        ]
        bundle["exceptions"] = past + coming
    if "spoken" in wanted:
        bundle["spoken"] = [{"lang": lang, "via_interpreter": via} for lang, via in wanted["spoken"]]
    if "areas" in wanted:
        rows = [area(service, *one) for one in wanted["areas"]]
        bundle["areas"] = [{**{name: getattr(one, name) for name in _AREA}, "tz": one.tz} for one in rows]


def _contacts(bundle: Bundle, kind: str, values: list[str], owner: Organisation) -> list[str]:
    """Contacts of the kind as the file says; others stay. Returns the public ids of those that may be new."""
    live = {
        path.split("/")[1]: value
        for path, value in bundle.items()
        if path.startswith("contacts/") and path.endswith("/value")
    }
    kinds = {
        path.split("/")[1]: value
        for path, value in bundle.items()
        if path.startswith("contacts/") and path.endswith("/kind")
    }
    for name, value in live.items():
        if kinds[name] == kind and value not in values:
            for path in [path for path in bundle if path.startswith(f"contacts/{name}/")]:
                del bundle[path]
    known = {value for name, value in live.items() if kinds[name] == kind}
    new = []
    position = max(
        (value for path, value in bundle.items() if path.startswith("contacts/") and path.endswith("/position")),
        default=-1,
    )
    for value in values:
        if value in known:
            continue
        contact = new_contact(owner, kind, value)
        stored = ContactPoint.objects.filter(organisation=owner, kind=kind, value=contact.value).first()
        name = stored.public_id if stored else contact.public_id
        position += 1
        facts = {"kind": kind, "value": contact.value, "position": position}
        if stored is not None:
            facts |= {"languages": stored.languages, "toll_free": stored.toll_free, "hours": stored.hours}
            facts |= {"reachable_from_abroad": stored.reachable_from_abroad}
        else:
            new.append(name)
        bundle |= {f"contacts/{name}/{field}": fact for field, fact in facts.items()}
    return new


def _really_made(public_ids: list[str]) -> list[int]:
    return list(ContactPoint.objects.filter(public_id__in=public_ids).values_list("pk", flat=True))


def _places(
    bundle: Bundle,
    wanted: Mapping[str, Any],
    service: Service,
    owner: Organisation,
    row: Planned,
    creator: Creator,
    undo: Undo,
) -> None:
    """Places that the service has are changed; others are added."""
    sites = {
        str(site.location.uuid): site.location
        for site in ServiceAtLocation.objects.filter(service=service).select_related("location")
    }
    for ref, facts in of_entry(dict(wanted)).items():
        location = sites.get(ref) or (next(iter(sites.values())) if not ref and len(sites) == 1 else None)
        if location is not None:
            done = put(location, {**take(location), **facts}, by=creator.user, reason=creator.reason)
            undo["changes"][location.public_id] = [one.as_json() for one in done]
            continue
        given = of_entry(row.entry.values).get(ref, {})
        location = Location.objects.filter(uuid=ref).first() if len(ref) == 36 else None
        if location is None:
            records = place_records(given, owner, confidential=row.confidential, uuid=ref if len(ref) == 36 else "")
            if records is None:
                continue
            location, secret = records
            location._change_reason = creator.reason  # type: ignore[attr-defined]
            location.save()
            undo["made"].setdefault("Location", []).append(location.pk)
            if secret is not None:
                secret.location = location
                secret.save()
        bundle[f"sites/{location.public_id}/note"] = ""


def revert(undo: Mapping[str, Any], service: Service, user: User | None, reason: str) -> str:
    """Put a changed entry back as it was before the row. Returns '' or what stands against it; then nothing is written."""
    targets: list[tuple[Any, Bundle, list[Change]]] = []
    clashes: list[Change] = []
    for name, rows in undo.get("changes", {}).items():
        record: Any = service if name == "service" else Location.objects.filter(public_id=name).first()
        if record is None:
            return _("the place is gone")
        live = take(record)
        back = [Change(c.path, c.after, c.before, c.has, c.had) for c in map(Change.from_json, rows)]
        clashes += conflicts(live, back)
        targets.append((record, live, back))
    if clashes:
        return (
            _("edited since, so it was left as it is: %(fields)s")
            % {"fields": ", ".join(sorted({c.path for c in clashes}))}
        )[:500]
    try:
        with transaction.atomic():
            for record, live, back in reversed(targets):
                put(record, apply_changes(live, back), by=user, reason=reason)
            remove_made(undo.get("made", {}))
    except (ValidationError, DatabaseError) as error:
        first = str(error).partition("\n")[0]
        return ("; ".join(messages(error)) if isinstance(error, ValidationError) else first)[:500]
    return ""


def remove_made(made: Mapping[str, list[int]]) -> None:
    """Delete what a row has brought along, as far as nothing else uses it by now."""
    for check in Verification.objects.filter(pk__in=made.get("Verification", ())):
        check.delete()
    for model, unused in (
        (Location, {"sites__isnull": True}),
        (ContactPoint, {"service_contacts__isnull": True}),
        (Organisation, {"services__isnull": True, "locations__isnull": True, "contacts__isnull": True}),
    ):
        rows = model._default_manager.filter(pk__in=made.get(model.__name__, ()), **unused)
        try:
            with transaction.atomic():
                rows.delete()
        except ProtectedError:  # somebody uses it: it stays
            continue
