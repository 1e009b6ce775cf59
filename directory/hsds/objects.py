"""Rows of the snapshot as HSDS objects (dicts without empty fields): a fixed number of queries, however many objects."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import translation

from directory.codes import language_name
from directory.hsds.published import Published
from directory.hsds.schedules import schedules
from directory.hsds.selection import sites as sites_of
from directory.hsds.taxonomy import derived, term, terms
from directory.models import ContactPoint, Organisation

__all__ = ["FEES", "Objects"]

Object = dict[str, Any]
_PHONES = {"phone": "voice", "sms": "text", "whatsapp": "text", "signal": "text", "telegram": "text"}
"""HSDS's type of a number, by our kind of contact."""
_APPS = {"whatsapp": "WhatsApp", "signal": "Signal", "telegram": "Telegram"}
_CODED = ("delivery", "urgency", "papers", "shares_data", "genders", "cost", "booking", "operator_type", "must_report")
FEES = {"free": "Free of charge.", "low": "Low cost.", "paid": "To be paid."}
"""What stands for a cost without a note."""
_BEST_STATES = ("approved", "needs_review", "outdated", "machine", "machine_outdated")
_KINDS = {
    "ngo": "Non-governmental organisation",
    "un": "United Nations agency",
    "red_cross": "Red Cross or Red Crescent",
    "state": "State institution",
    "faith": "Faith group",
    "community": "Community group",
    "legal": "Law office or bar",
}
SAMPLE = "Invented sample record, for trying the software out: not a real service."


@lru_cache(maxsize=512)
def _language(code: str) -> str:
    """English name of a language."""
    with translation.override("en"):
        return language_name(code)


def _filled(fields: Object) -> Object:
    """Without empty values: HSDS's schemas know no null."""
    return {key: value for key, value in fields.items() if value is not None and value != ""}


def _grouped(rows: Iterable[sqlite3.Row]) -> dict[str, list[sqlite3.Row]]:
    found: dict[str, list[sqlite3.Row]] = {}
    for row in rows:
        found.setdefault(row["service_id"], []).append(row)
    return found


class Objects:
    """HSDS objects of one answer. `live`: UUIDs by public id of the services that may be told."""

    def __init__(self, published: Published, live: dict[str, str], language: str) -> None:
        self._published = published
        self._live = live
        self._language = language

    def services(self, services: list[str], *, full: bool, with_sites: bool = True) -> list[Object]:
        """The services of these public ids, in that order; `full` with everything that belongs to them."""
        rows = {row["id"]: row for row in self._published.rows_of("SELECT * FROM service WHERE id IN", services)}
        texts = self._grouped("service_text", services, "lang")
        contacts = self._grouped("contact_point", services, "position, id")
        modified = self._published.last_modified(services)
        organisations = self.organisations({str(row["organisation_id"]) for row in rows.values()})
        spoken = self._grouped("spoken_language", services, "via_interpreter, lang")
        found = {}
        for service, row in rows.items():
            text = self._text(texts[service])
            found[service] = self._service(
                row, text, contacts.get(service, []), spoken.get(service, []), modified[service]
            )
            found[service]["organization"] = organisations[row["organisation_id"]]
        if full:
            self._complete(found, rows, texts, contacts, spoken)
            if with_sites:
                for service, places in self._sites_by_service(services).items():
                    found[service]["service_at_locations"] = places
        return [found[service] for service in services]

    def organisations(self, organisations: Iterable[str]) -> dict[str, Object]:
        """Organisations by public id."""
        wanted = list(organisations)
        records = Organisation.objects.filter(public_id__in=wanted).values_list("public_id", "uuid")
        uuids = {public_id: str(uuid) for public_id, uuid in records}
        rows = self._published.rows_of("SELECT * FROM organisation WHERE id IN", wanted)
        return {
            row["id"]: _filled(
                {
                    "id": uuids.get(row["id"], derived("organisation", row["id"])),
                    "name": row["name"],
                    "description": _KINDS.get(row["kind"], row["kind"]),
                    "website": row["website"],
                }
            )
            for row in rows
        }

    def sites(self, sites: list[dict[str, Any]], *, full: bool) -> list[Object]:
        """Services at locations, in the order of the rows, each with its service and its location."""
        wanted = list(dict.fromkeys(site["service_id"] for site in sites))
        services = dict(zip(wanted, self.services(wanted, full=full, with_sites=False)))
        return [{**self._site(site, full=full), "service": services[site["service_id"]]} for site in sites]

    def site_id(self, site: dict[str, Any]) -> str:
        """UUID of a service at a location."""
        return derived("site", self._live[site["service_id"]], site["location"])

    def _grouped(self, table: str, services: Iterable[str], order: str) -> dict[str, list[sqlite3.Row]]:
        return _grouped(self._published.rows_of(f"SELECT * FROM {table} WHERE service_id IN", services, order))

    def _text(self, texts: list[sqlite3.Row]) -> sqlite3.Row:
        """In the language asked for, else in English, else the best there is."""
        by_language = {row["lang"]: row for row in texts}
        best = sorted(
            texts,
            key=lambda row: (_BEST_STATES.index(row["state"]) if row["state"] in _BEST_STATES else 9, row["lang"]),
        )
        return by_language.get(self._language) or by_language.get("en") or best[0]

    def _service(
        self,
        row: sqlite3.Row,
        text: sqlite3.Row,
        contacts: list[sqlite3.Row],
        spoken: list[sqlite3.Row],
        modified: datetime,
    ) -> Object:
        first = {contact["kind"]: contact["value"] for contact in reversed(contacts)}
        interpreted = [_language(language["lang"]) for language in spoken if language["via_interpreter"]]
        return _filled(
            {
                "id": self._live[row["id"]],
                "name": text["name"],
                "description": text["short_text"],
                "url": first.get("web"),
                "email": first.get("email"),
                "status": "temporarily closed" if row["paused"] else "active",
                "interpretation_services": ", ".join(interpreted),
                "application_process": text["how_to_get_help"],
                "fees_description": text["cost_note"] or FEES.get(row["cost"]),
                "eligibility_description": text["eligibility_text"],
                "minimum_age": row["min_age"],
                "maximum_age": row["max_age"],
                "assured_date": row["verified_on"],
                "alert": SAMPLE if row["sample"] else None,
                "last_modified": modified,
            }
        )

    def _complete(
        self,
        found: dict[str, Object],
        rows: dict[str, sqlite3.Row],
        texts: dict[str, list[sqlite3.Row]],
        contacts: dict[str, list[sqlite3.Row]],
        spoken: dict[str, list[sqlite3.Row]],
    ) -> None:
        """Add everything that a service has more than one of, except its places."""
        services = list(found)
        today = self._published.today.isoformat()
        weekly = self._grouped("opening", services, "weekday, opens")
        dated = self._grouped("opening_exception", services, "date, opens")
        areas = self._grouped("service_area", services, "kind, country, name")
        categories = self._grouped("service_category", services, "category")
        zones = {
            row["service_id"]: row["tz"]
            for table in ("service_area", "site")
            for row in self._published.rows_of(f"SELECT service_id, tz FROM {table} WHERE service_id IN", services)
        }
        codes = {str(row["id"]).split(":", 1)[1] for group in contacts.values() for row in group}
        records = ContactPoint.objects.filter(public_id__in=codes).values_list("public_id", "uuid")
        uuids = {public_id: str(uuid) for public_id, uuid in records}
        for service, fields in found.items():
            row, uuid = rows[service], fields["id"]
            text = self._text(texts[service])
            fields["phones"] = [
                self._phone(contact, uuids) for contact in contacts.get(service, []) if _number(contact)
            ]
            fields["schedules"] = schedules(
                uuid,
                weekly.get(service, []),
                [day for day in dated.get(service, []) if day["date"] >= today],
                zones.get(service, ""),
                self._published.at,
                since=row["verified_on"],
            )
            fields["languages"] = [
                _filled(
                    {
                        "id": derived("language", uuid, language["lang"]),
                        "code": language["lang"],
                        "name": _language(language["lang"]),
                        "note": "Through an interpreter." if language["via_interpreter"] else None,
                    }
                )
                for language in spoken.get(service, [])
            ]
            fields["service_areas"] = [_area(uuid, area) for area in areas.get(service, [])]
            fields["cost_options"] = _costs(uuid, row["cost"], text["cost_note"])
            fields["required_documents"] = (
                [{"id": derived("document", uuid), "document": text["what_to_bring"]}] if text["what_to_bring"] else []
            )
            named = [contact["value"] for contact in contacts.get(service, []) if contact["value"].startswith("@")]
            fields["attributes"] = _attributes(
                uuid,
                row,
                text,
                texts[service],
                [category["category"] for category in categories.get(service, [])],
                named,
            )

    def _phone(self, contact: sqlite3.Row, uuids: dict[str, str]) -> Object:
        uuid = uuids.get(str(contact["id"]).split(":", 1)[1]) or derived("contact", contact["id"])
        words = [_APPS.get(contact["kind"], "")]
        words += ["Free to call."] if contact["toll_free"] else []
        words += ["Cannot be reached from abroad."] if contact["reachable_from_abroad"] == 0 else []
        words += [f"Checked on {contact['verified_on']}."] if contact["verified_on"] else []
        languages = [
            {"id": derived("language", uuid, code), "code": code, "name": _language(code)}
            for code in json.loads(contact["languages"])
        ]
        phone = {"id": uuid, "number": contact["value"], "type": _PHONES[contact["kind"]]}
        return _filled({**phone, "description": " ".join(filter(None, words)), "languages": languages or None})

    def _sites_by_service(self, services: list[str]) -> dict[str, list[Object]]:
        found: dict[str, list[Object]] = {service: [] for service in services}
        for site in sites_of(self._published, services):
            found[site["service_id"]].append(self._site(site, full=True))
        return found

    def _site(self, site: dict[str, Any], *, full: bool) -> Object:
        """A service at a location. Of a place that is not public, no more than its town."""
        public, place = site["visibility"] == "public", site["location"]
        location = {"id": place, "location_type": "physical"}
        if public:
            location |= {
                "name": site["name"],
                "transportation": site["transport"],
                "latitude": site["lat"],
                "longitude": site["lon"],
            }
        else:
            location["description"] = "Only the town of this place is told; ask the service for the way."
        if full:
            location["addresses"] = [
                {
                    "id": derived("address", place),
                    "address_1": (site["address"] or "") if public else "",
                    "city": site["city"],
                    "state_province": site["admin1"],
                    "postal_code": (site["postcode"] or "") if public else "",
                    "country": site["country"],
                    "address_type": "physical",
                }
            ]
            if site["wheelchair"] in ("yes", "no"):
                access = {
                    "id": derived("accessibility", place),
                    "description": f"Wheelchair access: {site['wheelchair']}",
                }
                location["accessibility"] = [access]
        return {"id": self.site_id(site), "location": _filled(location)}


def _number(contact: sqlite3.Row) -> bool:
    return contact["kind"] in _PHONES and not str(contact["value"]).startswith("@")


def _area(service: str, area: sqlite3.Row) -> Object:
    """An area by name; around a place also as a GeoJSON point with the radius in the description."""
    named = area["name"] or area["country"]
    found = {
        "id": derived("area", service, area["kind"], area["country"], area["name"]),
        "name": f"{named}, {area['country']}" if area["name"] else named,
    }
    if area["kind"] == "place" and area["lat"] is not None:
        found["description"] = f"About {area['radius_km']:g} km around {named}."
        found["extent"] = json.dumps({"type": "Point", "coordinates": [area["lon"], area["lat"]]})
        found["extent_type"] = "geojson"
    return found


def _costs(service: str, cost: str, note: str) -> list[Object]:
    if cost not in FEES:
        return []
    amount = {"amount": 0} if cost == "free" else {}
    return [
        _filled(
            {
                "id": derived("cost", service, cost),
                "option": term("cost", cost).name,
                **amount,
                "amount_description": note,
            }
        )
    ]


def _attributes(
    service: str,
    row: sqlite3.Row,
    text: sqlite3.Row,
    texts: list[sqlite3.Row],
    categories: list[str],
    telegram: list[str],
) -> list[Object]:
    """Our own fields: terms of our taxonomies; where the value is not from a list, it stands in `value`."""
    coded = [("category", category) for category in categories]
    coded += [(field, row[field]) for field in _CODED]
    coded += [("audiences", audience) for audience in json.loads(row["audiences"])]
    found = [_attribute(service, field, code, code) for field, code in coded if derived("term", field, code) in terms()]
    values = [("nationalities", country) for country in json.loads(row["nationalities"])]
    values += [("serves_countries", country) for country in json.loads(row["serves_countries"])]
    values += [("telegram", name) for name in telegram]
    values += [("text_languages", other["lang"]) for other in texts]
    values += [("source", row["source"]), ("review_due", row["review_due"])]
    values += [("text_language", text["lang"]), ("text_state", text["state"])]
    return found + [_attribute(service, "field", code, value) for code, value in values if value]


def _attribute(service: str, taxonomy: str, code: str, value: str) -> Object:
    known = term(taxonomy, code)
    return {
        "id": derived("attribute", service, taxonomy, code, value),
        "link_id": service,
        "link_entity": "service",
        "link_type": taxonomy if taxonomy != "field" else code,
        "taxonomy_term_id": known.id,
        "taxonomy_term": known.hsds(),
        "value": value,
        "label": known.name,
    }
