"""What goes out: everything public as HSDS 3 (JSON and CSV tables), and services as a spreadsheet that can come in again."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from directory.exchange.columns import OURS
from directory.exchange.current import KINDS, Values, read
from directory.exchange.hours_text import format_hours
from directory.hsds.objects import Objects
from directory.hsds.published import opened
from directory.hsds.selection import Wanted, service_ids
from directory.hsds.taxonomy import taxonomies, terms

__all__ = [
    "HEADERS",
    "hsds_json",
    "hsds_services",
    "hsds_zip",
    "safe",
    "services_csv",
    "services_rows",
    "services_xlsx",
]

CHUNK = 500
Object = dict[str, Any]


def safe(text: str) -> str:
    """A cell that no spreadsheet program takes for a formula: an apostrophe before =, +, -, @ unless it is a plain number."""
    if re.match(r"[=+\-@\t\r]", text) and not re.fullmatch(r"[+-]?[\d .()/-]+", text):
        return "'" + text
    return text


# --- HSDS ----------------------------------------------------------------------------------------------------------------------


def hsds_services() -> Iterator[Object]:
    """Every public service in full, as the API gives it in English. Raises NothingPublished."""
    with opened() as published:
        live = published.live()
        objects = Objects(published, live, "en")
        found = service_ids(published, Wanted(), live)
        for start in range(0, len(found), CHUNK):
            yield from objects.services(found[start : start + CHUNK], full=True)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def hsds_json() -> bytes:
    """One array of all services. Raises NothingPublished."""
    return json.dumps(list(hsds_services()), ensure_ascii=False, indent=1, default=_plain).encode()


TABLES: dict[str, tuple[str, ...]] = {
    "organizations": ("id", "name", "description", "website"),
    "services": (
        "id", "organization_id", "name", "description", "url", "email", "status", "interpretation_services", "application_process",
        "fees_description", "eligibility_description", "minimum_age", "maximum_age", "assured_date", "alert", "last_modified",
    ),
    "locations": ("id", "location_type", "name", "description", "transportation", "latitude", "longitude"),
    "service_at_locations": ("id", "service_id", "location_id"),
    "addresses": ("id", "location_id", "address_1", "city", "state_province", "postal_code", "country", "address_type"),
    "accessibility": ("id", "location_id", "description"),
    "phones": ("id", "service_id", "number", "type", "description"),
    "schedules": (
        "id", "service_id", "valid_from", "valid_to", "dtstart", "timezone", "until", "count", "wkst", "freq", "interval", "byday",
        "description", "opens_at", "closes_at", "notes",
    ),
    "languages": ("id", "service_id", "phone_id", "name", "code", "note"),
    "service_areas": ("id", "service_id", "name", "description", "extent", "extent_type"),
    "cost_options": ("id", "service_id", "option", "amount", "amount_description"),
    "required_documents": ("id", "service_id", "document"),
    "attributes": ("id", "link_id", "taxonomy_term_id", "link_type", "link_entity", "value", "label"),
    "taxonomies": ("id", "name", "description", "uri", "version"),
    "taxonomy_terms": ("id", "code", "name", "description", "taxonomy", "taxonomy_id", "language", "term_uri"),
}  # fmt: skip
"""The tables of the zip and their columns, named as in HSDS 3."""


def _tables() -> dict[str, dict[str, Object]]:
    """Rows of each table by id."""
    found: dict[str, dict[str, Object]] = {name: {} for name in TABLES}

    def add(table: str, row: Object, **more: Any) -> None:
        found[table].setdefault(str(row["id"]) + str(more.get("service_id", "")), {**row, **more})

    for service in hsds_services():
        own = str(service["id"])
        add("organizations", service["organization"])
        add("services", service, organization_id=service["organization"]["id"])
        for table in ("phones", "schedules", "languages", "service_areas", "cost_options", "required_documents"):
            for row in service.get(table, ()):
                add(table, row, service_id=own)
        for phone in service.get("phones", ()):
            for row in phone.get("languages", ()):
                add("languages", row, phone_id=phone["id"])
        for row in service.get("attributes", ()):
            add("attributes", row)
        for site in service.get("service_at_locations", ()):
            location = site["location"]
            add("locations", location)
            add("service_at_locations", site, service_id=own, location_id=location["id"])
            for table in ("addresses", "accessibility"):
                for row in location.get(table, ()):
                    add(table, row, location_id=location["id"])
    for taxonomy in taxonomies().values():
        add("taxonomies", taxonomy.hsds())
    for term in terms().values():
        add("taxonomy_terms", term.hsds())
    return found


def hsds_zip() -> bytes:
    """The CSV tables of HSDS 3 with a datapackage.json. Raises NothingPublished."""
    tables = _tables()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, columns in TABLES.items():
            rows = [
                [_plain(row[column]) if row.get(column) is not None else "" for column in columns]
                for row in tables[name].values()
            ]
            archive.writestr(f"{name}.csv", _csv(columns, rows))
        resources = [
            {
                "name": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "schema": {"fields": [{"name": c} for c in columns]},
            }
            for name, columns in TABLES.items()
        ]
        package = {
            "name": "waypost-hsds",
            "title": "Waypost: what is public, as HSDS 3.0",
            "profile": "tabular-data-package",
            "resources": resources,
        }
        archive.writestr("datapackage.json", json.dumps(package, indent=1))
    return packed.getvalue()


def _csv(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headers)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return out.getvalue()


# --- spreadsheets --------------------------------------------------------------------------------------------------------------

_COLUMNS: dict[str, str] = {
    "id": "", "name": "texts/{}/name", "organisation": "organisation", "description": "texts/{}/short_text", "how_to_get_help": "texts/{}/how_to_get_help",
    "what_to_bring": "texts/{}/what_to_bring", "eligibility": "texts/{}/eligibility_text", "cost_note": "texts/{}/cost_note", "text_language": "",
    "category": "categories", "phone": "contact/phone", "email": "contact/email", "website": "contact/web", "other_contacts": "",
    "place_name": "place//name", "address": "place//address", "postcode": "place//postcode", "city": "place//city", "admin1": "place//admin1",
    "country": "place//country", "latitude": "place//lat", "longitude": "place//lon", "transport": "place//transport", "wheelchair": "place//wheelchair",
    "areas": "", "hours": "", "languages": "", "status": "status", "delivery": "delivery", "urgency": "urgency", "papers": "papers", "shares_data": "shares_data",
    "genders": "genders", "min_age": "min_age", "max_age": "max_age", "audiences": "audiences", "nationalities": "nationalities", "cost": "cost",
    "booking": "booking", "serves_countries": "serves_countries", "operator_type": "operator_type", "must_report": "must_report", "date checked": "verified_on",
}  # fmt: skip
"""Field of the import, and where its value is."""
HEADERS: tuple[str, ...] = tuple(OURS.get(name, name) for name in _COLUMNS)
"""The header row; an import takes each column for the field that it holds."""


def services_rows(services: Any) -> Iterator[list[str]]:
    """A row of text for each of the services (a QuerySet), by public id. Confidential places are told as their town."""
    facts = list(services.order_by("public_id").values_list("pk", "uuid", "source_language"))
    for start in range(0, len(facts), CHUNK):
        chunk = facts[start : start + CHUNK]
        current = read([pk for pk, _uuid, _lang in chunk])
        for pk, uuid, lang in chunk:
            yield [_cell(name, where, current[pk], str(uuid), lang) for name, where in _COLUMNS.items()]


def _cell(name: str, where: str, values: Values, uuid: str, lang: str) -> str:
    if name == "id":
        return uuid
    if name == "text_language":
        return lang
    if name == "hours":
        return format_hours(values["hours"])
    if name == "languages":
        return ", ".join(f"{code} (interpreter)" if via else str(code) for code, via in values["spoken"])
    if name == "areas":
        return "; ".join(_area(*area) for area in values["areas"])
    if name == "other_contacts":
        others = [kind for kind in KINDS if kind not in ("phone", "email", "web")]
        return "; ".join(f"{kind} {value}" for kind in others for value in values.get(f"contact/{kind}", ()))
    value = values.get(where.format(lang))
    if isinstance(value, list):
        return (" / " if name == "phone" else "; " if name == "email" else ", ").join(
            map(str, value[:1] if name == "website" else value)
        )
    return "" if value is None else str(value)


def _area(kind: str, country: str, name: str, lat: float | None, lon: float | None, radius: float | None) -> str:
    return country if kind == "country" else f"{name} ({country}) {lat}, {lon}, {radius:g} km"


def services_csv(services: Any) -> bytes:
    """UTF-8 with the mark that spreadsheet programs look for."""
    return ("\ufeff" + _csv(HEADERS, list(services_rows(services)))).encode()


def services_xlsx(services: Any) -> bytes:
    """A workbook in which every cell is text, so that nothing is evaluated and no number loses a digit."""
    from openpyxl import Workbook

    from directory.exchange.marked import text_cell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Services")
    sheet.freeze_panes = "C2"
    for row in (HEADERS, *services_rows(services)):
        sheet.append([text_cell(sheet, text, as_text=True) if text else None for text in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
