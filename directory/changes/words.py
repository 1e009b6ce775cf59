"""Paths and values of bundles in words for staff: "text (Arabic): name", "Monday 09:00–17:00", "moved by 340 m"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.dates import WEEKDAYS
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from bot.lookup.geometry import distance_km
from directory.bundles import PARTS, Bundle, Change
from directory.codes import country_name, language_name
from directory.fields import format_clock
from directory.models import Category, ConfidentialPlace, ContactPoint, Location, Organisation, Region, Service

__all__ = ["editable", "label", "moved_km", "shown", "subject"]

_BY_PUBLIC_ID: dict[str, Any] = {"organisation": Organisation, "parent": Organisation, "region": Region}


def _field(model: Any, path: str) -> Any:
    """The model's field behind a path, None for lists and for `categories`."""
    parts = path.split("/")
    if len(parts) == 1:
        names = {field.name: field for field in model._meta.concrete_fields}
        return names.get(path)
    if parts[0] == "confidential":
        return ConfidentialPlace._meta.get_field(parts[1])
    part = next(part for part in PARTS[model] if part.name == parts[0])
    if parts[0] == "contacts" and parts[2] != "position":
        return ContactPoint._meta.get_field(parts[2])
    return part.model._meta.get_field(parts[2])


def _part_name(part: str, key: str, bundle: Mapping[str, Any]) -> str:
    if part == "texts":
        return _("Text in %(language)s") % {"language": language_name(key)}
    if part == "contacts":
        value = bundle.get(f"contacts/{key}/value") or key
        return _("Contact %(value)s") % {"value": f"\u2068{value}\u2069"}
    if part == "sites":
        place = Location.objects.filter(public_id=key).first()
        return _("Place %(place)s") % {"place": f"\u2068{place or key}\u2069"}
    return _("Confidential place")


def label(model: Any, path: str, bundle: Mapping[str, Any]) -> str:
    """What a path is called, in the language of the page. `bundle` tells the numbers of contacts."""
    parts, field = path.split("/"), _field(model, path)
    if len(parts) == 1:
        if field is not None:
            return capfirst(str(field.verbose_name))
        lists = {part.name: part.model for part in PARTS.get(model, ())}
        named = lists[path]._meta.verbose_name_plural if path in lists else Category._meta.verbose_name_plural
        return capfirst(str(named))
    return f"{_part_name(parts[0], parts[1], bundle)}: {field.verbose_name}"


def _interval(row: Mapping[str, Any]) -> str:
    opens, closes = row.get("opens"), row.get("closes")
    hours = _("closed") if opens is None or closes is None else f"{format_clock(opens)}–{format_clock(closes)}"
    day = row["date"] if "date" in row else WEEKDAYS[row["weekday"]]
    extra = [_("by appointment")] if row.get("appointment_only") else []
    extra += (
        [f"{row.get('valid_from') or '…'} – {row.get('valid_to') or '…'}"]
        if row.get("valid_from") or row.get("valid_to")
        else []
    )
    extra += [row["note"]] if row.get("note") else []
    return f"{day} {hours}" + (f" ({', '.join(extra)})" if extra else "")


def _list_row(path: str, row: Mapping[str, Any]) -> str:
    if path in ("hours", "exceptions"):
        return _interval(row)
    if path == "spoken":
        through = _(" (through an interpreter)") if row["via_interpreter"] else ""
        return language_name(row["lang"]) + through
    where = row.get("name") or country_name(row["country"])
    return f"{where}, {row['radius_km']} km" if row.get("radius_km") else where


def shown(model: Any, path: str, value: Any) -> list[str]:
    """The lines of a value; an empty list for nothing."""
    if value is None or value == "" or value == [] or value == {}:
        return []
    if path == "categories":
        known = dict(Category.objects.values_list("code", "label"))
        return [", ".join(str(known.get(code, code)) for code in value)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_list_row(path, row) for row in value]
    field = _field(model, path)
    if isinstance(value, bool):
        return [_("yes") if value else _("no")]
    if path in _BY_PUBLIC_ID:
        return [str(_BY_PUBLIC_ID[path].objects.filter(public_id=value).first() or value)]
    if field is not None and field.choices:
        return [str(dict(field.flatchoices).get(value, value))]
    if isinstance(value, list):
        return [", ".join(str(item) for item in value)]
    if isinstance(value, dict):
        return [f"{name}: {item}" for name, item in value.items()]
    return str(value).splitlines() or []


def editable(model: Any, change: Change) -> bool:
    """Whether a reviewer can correct the value in place: words, numbers and dates as text."""
    field = _field(model, change.path)
    if not change.has or field is None or field.choices or field.is_relation:
        return False
    return isinstance(change.after, str) or (
        isinstance(change.after, (int, float)) and not isinstance(change.after, bool)
    )


def moved_km(live: Bundle, after: Bundle, *, prefix: str = "") -> float | None:
    """How far the pin moves, in km; None if it has no place before or after, or stays."""
    before = (live.get(f"{prefix}lat"), live.get(f"{prefix}lon"))
    then = (after.get(f"{prefix}lat"), after.get(f"{prefix}lon"))
    if before == then or None in before or None in then:
        return None
    return distance_km(*(float(number) for number in (*before, *then) if number is not None))


def subject(record: Any) -> str:
    """What a record is called on the pages about changes: a service by its name."""
    if isinstance(record, Service):
        text = record.texts.filter(lang=record.source_language).first() or record.texts.first()
        return text.name if text else record.public_id
    return str(record)
