"""Small snapshots for tests: services as dictionaries with sensible defaults, written with the real schema and digest.

path = build(tmp_path / "snapshot.sqlite", services=[service("a", site=site(37.98, 23.73))])
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.lookup.digest import digest
from bot.lookup.schema import DDL, SCHEMA_VERSION

__all__ = ["Row", "area", "article", "build", "number", "service", "site"]

Row = dict[str, Any]

_SERVICE: Row = {
    "paused": 0, "delivery": "place", "urgency": "routine", "papers": "unknown", "shares_data": "unknown", "genders": "any",
    "min_age": None, "max_age": None, "audiences": [], "nationalities": [], "cost": "free", "booking": "walk_in",
    "serves_countries": [], "operator_type": "ngo", "must_report": "none", "verified_on": "2026-11-01",
    "review_due": "2027-01-30", "hidden_after": "2027-07-30", "source": "test", "sample": 0, "reported": 0,
}  # fmt: skip
_SITE: Row = {
    "visibility": "public", "name": "", "address": "1 Test Street", "city": "Athens", "admin1": "", "postcode": None,
    "country": "GR", "tz": "Europe/Athens", "transport": "", "wheelchair": "unknown",
}  # fmt: skip


def site(lat: float, lon: float, **fields: Any) -> Row:
    """A site; `fields` replace the defaults (public, Athens, GR)."""
    row = {**_SITE, "lat": lat, "lon": lon, **fields}
    return {**row, "address": None} if row["visibility"] != "public" else row


def area(kind: str = "country", country: str = "GR", **fields: Any) -> Row:
    """An area; of a place it needs lat, lon, radius_km."""
    return {
        "kind": kind,
        "country": country,
        "name": "",
        "lat": None,
        "lon": None,
        "radius_km": None,
        "tz": "Europe/Athens",
        **fields,
    }


def service(identifier: str, *, category: str = "food", **fields: Any) -> Row:
    """A service. Beside the columns: site or sites, areas, category or categories, languages ({code: via_interpreter} or
    codes), texts ({language: name or columns}), hours [(weekday, opens, closes[, appointment_only, from, to])], dates
    [(date, opens, closes)], phones, contacts [(kind, value)]."""
    return {"id": identifier, "category": category, **fields}


def number(identifier: str, country: str, kind: str, value: str, **fields: Any) -> Row:
    """An emergency number, not verified unless `verified_on` is given."""
    return {
        "id": identifier, "country": country, "kind": kind, "number": value, "dialable_from": "[]", "source": "test",
        "source_date": "2026-11-01", "verified_on": None, "expires_on": None, **fields,
    }  # fmt: skip


def article(identifier: str, topic: str, country: str, texts: Mapping[str, str], **fields: Any) -> Row:
    """An explanation; `texts` are bodies by language."""
    return {
        "id": identifier, "topic": topic, "country": country, "adviser_category": "legal_aid", "source_name": "Test",
        "source_url": "https://example.org/", "checked_on": "2026-10-01", "review_due": "2026-12-30", "sample": 0,
        "texts": texts, **fields,
    }  # fmt: skip


def _insert(db: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    values = {name: json.dumps(value) if isinstance(value, list) else value for name, value in row.items()}
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))


def _service(db: sqlite3.Connection, row: Row) -> None:
    identifier = row["id"]
    columns = {name: row.get(name, default) for name, default in _SERVICE.items()}
    _insert(db, "service", {"id": identifier, "organisation_id": row.get("organisation", "org"), **columns})
    for category in row.get("categories", [row["category"]]):
        _insert(db, "service_category", {"category": category, "service_id": identifier})
    for lang, text in row.get("texts", {"en": f"Service {identifier}"}).items():
        words = {"name": text} if isinstance(text, str) else text
        _insert(db, "service_text", {"service_id": identifier, "lang": lang, "state": "approved", **words})
    spoken = row.get("languages", {})
    for lang in spoken:
        via = int(spoken[lang]) if isinstance(spoken, Mapping) else 0
        _insert(db, "spoken_language", {"service_id": identifier, "lang": lang, "via_interpreter": via})
    sites = row.get("sites", [row["site"]] if row.get("site") else [])
    for position, place in enumerate(sites):
        _insert(db, "site", {"id": f"{identifier}-{position}", "service_id": identifier, **place})
    for place in row.get("areas", []):
        _insert(db, "service_area", {"service_id": identifier, **place})
    contacts = [*(("phone", value) for value in row.get("phones", [])), *row.get("contacts", [])]
    for position, (kind, value) in enumerate(contacts):
        _insert(
            db,
            "contact_point",
            {
                "id": f"{identifier}-{position}",
                "service_id": identifier,
                "position": position,
                "kind": kind,
                "value": value,
            },
        )
    for hours in row.get("hours", []):
        names = ("weekday", "opens", "closes", "appointment_only", "valid_from", "valid_to")
        _insert(db, "opening", {"service_id": identifier, **dict(zip(names, hours))})
    for date, opens, closes in row.get("dates", []):
        _insert(db, "opening_exception", {"service_id": identifier, "date": date, "opens": opens, "closes": closes})


def build(
    path: Path,
    services: Iterable[Row] = (),
    *,
    numbers: Iterable[Row] = (),
    articles: Iterable[Row] = (),
    aliases: Iterable[Row] = (),
    hosts: Iterable[str] = (),
    meta: Mapping[str, str] | None = None,
) -> Path:
    """Write a whole snapshot to `path` as the directory does: beside it first, then renamed. `meta` replaces entries."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    db = sqlite3.connect(partial)
    db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + DDL)
    _insert(db, "organisation", {"id": "org", "name": "Test organisation", "kind": "ngo", "website": None})
    rows = list(services)
    for row in rows:
        _service(db, row)
    for row in numbers:
        _insert(db, "emergency_number", row)
    for row in articles:
        columns = {name: value for name, value in row.items() if name != "texts"}
        _insert(db, "article", columns)
        for lang, body in row["texts"].items():
            text = {"article_id": row["id"], "lang": lang, "title": f"Title {lang}", "body": body, "state": "approved"}
            _insert(db, "article_text", text)
    for row in aliases:
        _insert(db, "place_alias", row)
    for host in hosts:
        _insert(db, "allowed_host", {"host": host})
    countries = {row[0] for row in db.execute("SELECT country FROM site UNION SELECT country FROM service_area")}
    entries = {
        "schema_version": str(SCHEMA_VERSION),
        "publication": "1",
        "published_at": "2026-11-24T00:00:00Z",
        "sample": "0",
        "countries": json.dumps(sorted(countries)),
        "services": str(len(rows)),
        "digest": digest(db),
    }
    for key, value in {**entries, **(meta or {})}.items():
        _insert(db, "meta", {"key": key, "value": value})
    db.commit()
    db.close()
    os.replace(partial, path)
    return path
