"""HSDS in any of its shapes as a list of whole services: JSON of one or many objects, or CSV tables, also of the older Ohana kind."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.translation import gettext as _

from directory.exchange.columns import key
from directory.exchange.table import MAX_BYTES, MAX_ROWS, TableError

__all__ = ["Object", "services_of", "unsafe"]

Object = dict[str, Any]
Tables = dict[str, list[dict[str, str]]]
MAX_FILES = 60
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 200
"""A table that is packed so many times smaller is no table."""
_DAYS = {
    "monday": "MO",
    "tuesday": "TU",
    "wednesday": "WE",
    "thursday": "TH",
    "friday": "FR",
    "saturday": "SA",
    "sunday": "SU",
}
_SINGULAR = {
    "organization": "organizations",
    "service": "services",
    "location": "locations",
    "service_at_location": "service_at_locations",
    "taxonomy": "taxonomies",
}
_RENAMED = {"website": "url", "eligibility": "eligibility_description", "fees": "fees_description"}
"""Columns of the older Ohana tables, and what HSDS 3 calls them."""


def unsafe(text: str) -> str:
    """A cell without the apostrophe that an export puts before what a spreadsheet program would take for a formula."""
    return text[1:] if re.match(r"'[=+\-@\t\r]", text) else text


def services_of(path: Path) -> tuple[list[Object], int]:
    """The services of a file, each with its organization and places, and the row number of the first one. Raises TableError."""
    if path.stat().st_size > MAX_BYTES:
        raise TableError(_("The file is larger than 20 MB. Please split it."))
    if path.suffix == ".zip":
        found = _joined(_unpacked(path)), 2
    else:
        try:
            data = json.loads(path.read_bytes())
        except (ValueError, RecursionError) as error:
            raise TableError(_("This is no JSON that can be read: %(why)s") % {"why": str(error)[:200]}) from error
        try:
            found = (_joined(_tables(data)), 2) if _is_tabular(data) else (list(_objects(data)), 1)
        except RecursionError as error:  # lists in lists in lists
            raise TableError(_("This is no JSON that can be read: %(why)s") % {"why": str(error)[:200]}) from error
    if not found[0]:
        raise TableError(
            _("The file holds no services. Taxonomies and organizations without services are not brought in.")
        )
    if len(found[0]) > MAX_ROWS:
        raise TableError(_("The file has more than %(limit)d rows. Please split it.") % {"limit": MAX_ROWS})
    return found


def _is_tabular(data: Any) -> bool:
    return isinstance(data, dict) and bool(data) and all(str(name).endswith(".csv") for name in data)


def _objects(data: Any) -> list[Object]:
    """Services in a list, a page of an API, an organization, a service at a location, or a service itself."""
    if isinstance(data, list):
        return [service for one in data for service in _objects(one)]
    if not isinstance(data, dict):
        return []
    for name in ("contents", "services"):
        if isinstance(data.get(name), list):
            outer = (
                {k: v for k, v in data.items() if k not in ("services", "contents")}
                if name == "services" and data.get("name")
                else {}
            )
            found = [service for one in data[name] for service in _objects(one)]
            return [{**({"organization": outer} if outer else {}), **one} for one in found]
    if isinstance(data.get("service"), dict):
        place = {k: v for k, v in data.items() if k != "service"}
        return [{"service_at_locations": [place], **one} for one in _objects(data["service"])]
    if data.get("name") and (
        {"organization", "organization_id", "service_at_locations", "status", "description", "schedules"} & set(data)
    ):
        return [] if "taxonomy" in data or "term_uri" in data else [data]
    return []


# --- tables --------------------------------------------------------------------------------------------------------------------


def _tables(data: dict[str, Any]) -> Tables:
    found: Tables = {}
    for name, rows in data.items():
        plain = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        found[_table_name(name)] = [{str(k): "" if v is None else str(v) for k, v in row.items()} for row in plain]
    return found


def _table_name(path: str) -> str:
    stem = PurePosixPath(path.replace("\\", "/")).name.removesuffix(".csv").lower()
    return _SINGULAR.get(stem, stem)


def _unpacked(path: Path) -> Tables:
    """The CSV tables of a zip. Nothing is written to disk. Raises TableError for what is too large, encrypted, or named like a trap."""
    found: Tables = {}
    try:
        with zipfile.ZipFile(path) as packed:
            infos = [info for info in packed.infolist() if not info.is_dir()]
            if len(infos) > MAX_FILES:
                raise TableError(_("The zip holds more than %(limit)d files.") % {"limit": MAX_FILES})
            left = MAX_UNPACKED
            for info in infos:
                parts = PurePosixPath(info.filename.replace("\\", "/")).parts
                if ".." in parts or info.filename.startswith(("/", "\\")) or ":" in info.filename:
                    raise TableError(
                        _("The zip holds a file with a path that leads elsewhere: %(name)s")
                        % {"name": info.filename[:80]}
                    )
                if not info.filename.lower().endswith(".csv") or parts[0] == "__MACOSX":
                    continue
                if info.flag_bits & 1:
                    raise TableError(_("The zip has a password. Save it without one."))
                if info.file_size > left or info.file_size > MAX_RATIO * max(1, info.compress_size) + 100_000:
                    raise TableError(_("What the zip holds is too large."))
                with packed.open(info) as stream:
                    data = stream.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise TableError(_("What the zip holds is too large."))
                found[_table_name(info.filename)] = _csv(info.filename, data)
    except (
        zipfile.BadZipFile,
        zlib.error,
        IndexError,
        ValueError,
        NotImplementedError,
        OSError,
        EOFError,
        RuntimeError,
    ) as error:
        raise TableError(_("The zip is damaged. Please pack it anew.")) from error
    if not found:
        raise TableError(_("The zip holds no CSV tables of HSDS."))
    return found


def _csv(name: str, data: bytes) -> list[dict[str, str]]:
    try:
        text = data.decode("utf-8-sig")
        rows = [
            {str(k).strip(): unsafe(v.strip()) for k, v in row.items() if isinstance(k, str) and isinstance(v, str)}
            for row in csv.DictReader(io.StringIO(text, newline=""))
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError(
            _("%(name)s cannot be read: %(why)s") % {"name": name[:80], "why": str(error)[:100]}
        ) from error
    if len(rows) > 20 * MAX_ROWS:
        raise TableError(_("The file has more than %(limit)d rows. Please split it.") % {"limit": 20 * MAX_ROWS})
    return rows


class _Index:
    """Rows of the tables by what they belong to."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.known: dict[tuple[str, str], dict[str, list[Object]]] = {}

    def of(self, table: str, column: str, value: str) -> list[Object]:
        """Rows whose column has this value, without empty cells."""
        if (table, column) not in self.known:
            groups: dict[str, list[Object]] = defaultdict(list)
            for row in self.tables.get(table, ()):
                if row.get(column):
                    groups[row[column]].append({name: text for name, text in row.items() if text != ""})
            self.known[table, column] = groups
        return self.known[table, column].get(value, []) if value else []

    def one(self, table: str, value: str) -> Object:
        return next(iter(self.of(table, "id", value)), {})


def _joined(tables: Tables) -> list[Object]:
    """Services with what the other tables say of them."""
    if "services" not in tables:
        return []
    index = _Index(tables)
    return [_service({k: v for k, v in row.items() if v != ""}, index) for row in tables["services"]]


def _service(row: Object, index: _Index) -> Object:
    name = str(row.get("id", ""))
    service: Object = {_RENAMED.get(k, k): v for k, v in row.items() if _RENAMED.get(k) not in row}
    sites = index.of("service_at_locations", "service_id", name)
    places = [(str(site.get("id", "")), str(site.get("location_id", ""))) for site in sites] or [
        ("", str(row.get("location_id", "")))
    ]
    service["service_at_locations"] = [
        {
            "id": site,
            "location": _location(index.one("locations", place), index),
            "schedules": _schedules("service_at_location_id", site, index),
        }
        for site, place in places
        if index.one("locations", place)
    ]
    owner = str(row.get("organization_id", "")) or next(
        (str(index.one("locations", p).get("organization_id", "")) for _s, p in places), ""
    )
    service["organization"] = index.one("organizations", owner)
    phones = index.of("phones", "service_id", name)
    for site, place in places:
        phones = (
            phones or index.of("phones", "service_at_location_id", site) or index.of("phones", "location_id", place)
        )
    service["phones"] = [
        _phone(phone) for phone in phones or index.of("phones", "organization_id", owner) if not phone.get("contact_id")
    ]
    service["schedules"] = _schedules("service_id", name, index)
    if not service["schedules"]:
        service["schedules"] = [one for _site, place in places for one in _schedules("location_id", place, index)]
    for table in ("service_areas", "required_documents", "cost_options"):
        if isinstance(text := service.pop(table, None), str) and table == "required_documents":
            service[table] = [{"document": text}]
        if rows := index.of(table, "service_id", name):
            service[table] = rows
    spoken = index.of("languages", "service_id", name)
    if isinstance(text := service.get("languages"), str):
        spoken = spoken or [{"name": part.strip()} for part in text.split(",")]
    for _site, place in places:
        spoken = spoken or index.of("languages", "location_id", place)
        text = index.one("locations", place).get("languages")
        spoken = spoken or [{"name": part.strip()} for part in str(text or "").split(",") if part.strip()]
    service["languages"] = spoken
    service["contacts"] = [
        c
        for column, value in (("service_id", name), ("organization_id", owner))
        for c in index.of("contacts", column, value)
    ]
    service["contacts"] += [c for _site, place in places for c in index.of("contacts", "location_id", place)]
    terms = {
        str(term.get("id")): term
        for term in ({k: v for k, v in t.items() if v} for t in index.tables.get("taxonomy_terms", ()))
    }
    service["attributes"] = [
        {**a, "taxonomy_term": terms.get(str(a.get("taxonomy_term_id")), {})}
        for a in index.of("attributes", "link_id", name)
    ]
    old = [index.of("taxonomies", "taxonomy_id", part.strip()) for part in str(row.get("taxonomy_ids", "")).split(",")]
    service["attributes"] += [
        {"link_type": "taxonomy", "taxonomy_term": {"name": t.get("name")}} for rows in old for t in rows
    ]
    if not service.get("url"):
        service["url"] = next(
            (
                str(index.one("locations", p).get("website") or index.one("locations", p).get("url") or "")
                for _s, p in places
            ),
            "",
        )
    return service


def _phone(row: Object) -> Object:
    return {**row, "type": row.get("type") or row.get("number_type")}


def _location(row: Object, index: _Index) -> Object:
    place = str(row.get("id", ""))
    addresses = index.of("addresses", "location_id", place)
    found = {**row, "addresses": addresses, "accessibility": index.of("accessibility", "location_id", place)}
    if str(row.get("virtual", "")).lower() == "true":
        found["location_type"] = "virtual"
    return found


def _schedules(column: str, value: str, index: _Index) -> list[Object]:
    """Schedules of HSDS 3, and the weekdays and holidays of the older tables in the same form."""
    found = index.of("schedules", column, value)
    for row in index.of("regular_schedules", column, value):
        day = _DAYS.get(key(str(row.get("weekday", ""))), "")
        found.append(
            {"freq": "WEEKLY", "byday": day, "opens_at": row.get("opens_at"), "closes_at": row.get("closes_at")}
        )
    return found
