"""Which services, places and organisations a request asks for: filters and nearness, as lists of the snapshot's ids."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.lookup.geometry import boxes, distance_km
from directory.hsds.published import Published
from directory.hsds.taxonomy import taxonomies, terms
from directory.models import Organisation

__all__ = ["Near", "Wanted", "organisation_ids", "service_ids", "sites"]


@dataclass(frozen=True)
class Near:
    """A circle: degrees, and a radius in km."""

    lat: float
    lon: float
    radius_km: float


@dataclass(frozen=True)
class Wanted:
    """The filters of a request; empty ones let everything through. Ids are UUIDs as text."""

    search: str = ""
    taxonomy_term_id: str = ""
    taxonomy_id: str = ""
    organization_id: str = ""
    modified_after: datetime | None = None
    proximity: Near | None = None


def _pattern(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def service_ids(published: Published, wanted: Wanted, live: dict[str, str]) -> list[str]:
    """Public ids of the services, in order: those of the snapshot that are not out of date and still `live`."""
    conditions, parameters = ["s.hidden_after >= ?"], [published.today.isoformat()]

    def need(condition: str, *values: str) -> None:
        conditions.append(condition)
        parameters.extend(values)

    if wanted.search:
        texts = "SELECT service_id FROM service_text WHERE name LIKE ? ESCAPE '\\' OR short_text LIKE ? ESCAPE '\\'"
        need(f"s.id IN ({texts})", _pattern(wanted.search), _pattern(wanted.search))
    if wanted.taxonomy_term_id:
        term = terms().get(wanted.taxonomy_term_id)
        condition, values = term.condition() if term else ("0", ())
        need(condition, *values)
    if wanted.taxonomy_id:
        taxonomy = taxonomies().get(wanted.taxonomy_id)
        need(taxonomy.condition() if taxonomy else "0")
    if wanted.organization_id:
        organisation = Organisation.objects.filter(uuid=wanted.organization_id).values_list("public_id", flat=True)
        need("s.organisation_id = ?", next(iter(organisation), ""))
    where = " AND ".join(f"({condition})" for condition in conditions)
    found = [row["id"] for row in published.rows(f"SELECT s.id FROM service s WHERE {where} ORDER BY s.id", parameters)]
    found = [service for service in found if service in live]
    if wanted.modified_after is not None:
        modified = published.last_modified()
        found = [service for service in found if modified[service] >= wanted.modified_after]
    return found


def sites(
    published: Published,
    services: list[str],
    near: Near | None = None,
    places: dict[str, tuple[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """The places of these services: rows of the table `site` with `location` (UUID); the nearest first if `near` is given.

    A place that has become confidential since the publication is left out. The point of an `area_only` place is the
    centre of its town: its distance is that of the town.
    """
    known = published.places() if places is None else places
    rows = published.rows_of("SELECT * FROM site WHERE service_id IN", services)
    found = []
    for row in sorted(rows, key=lambda row: str(row["id"])):
        uuid, visibility = known.get(str(row["id"]).split(":", 1)[1], ("", "contact_only"))
        if visibility == "contact_only" or (row["visibility"] == "public" and visibility != "public"):
            continue
        found.append({**dict(row), "location": uuid})
    if near is None:
        return found
    inside = [
        (distance_km(near.lat, near.lon, site["lat"], site["lon"]), site["id"], site)
        for site in found
        if any(
            south <= site["lat"] <= north and west <= site["lon"] <= east
            for south, north, west, east in boxes(near.lat, near.lon, near.radius_km)
        )
    ]
    return [site for distance, _, site in sorted(inside, key=lambda item: item[:2]) if distance <= near.radius_km]


def organisation_ids(published: Published, services: list[str], search: str = "") -> list[str]:
    """Public ids of the organisations of these services, in order of their names."""
    rows = published.rows_of(
        "SELECT DISTINCT o.id, o.name FROM organisation o JOIN service s ON s.organisation_id = o.id WHERE s.id IN",
        services,
    )
    found = [row for row in rows if search.casefold() in str(row["name"]).casefold()]
    return [row["id"] for row in sorted(found, key=lambda row: (str(row["name"]).casefold(), row["id"]))]
