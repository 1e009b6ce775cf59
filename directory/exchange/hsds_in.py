"""HSDS services as rows: a flat table for the checks, and entries with everything that the directory can hold of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bot.lookup.categories import CATEGORIES
from directory.exchange.checks.base import Finding, Incoming, country_code, finding
from directory.exchange.checks.coordinates import read_degrees
from directory.exchange.checks.persons import restricted_rows
from directory.exchange.checks.phones import read_numbers
from directory.exchange.checks.towns import in_country
from directory.exchange.columns import Columns, key
from directory.exchange.current import CODED
from directory.exchange.entries import CHOICES, DESCRIPTION, Entry, category_words, shorten, spoken_languages
from directory.exchange.hsds_tables import Object, services_of
from directory.exchange.table import Row, Table
from directory.fields import parse_clock
from directory.hsds.objects import FEES
from directory.hsds.taxonomy import derived
from directory.models import ImportSource, Service, ServiceText
from directory.validators import clean_contact

__all__ = ["read_hsds"]

FIELDS: tuple[tuple[str, str | None], ...] = (
    ("id", "external_id"), ("name", "name"), ("organization.name", "organisation"), ("description", "description"), ("phones.number", "phone"),
    ("email", "email"), ("url", "website"), ("addresses.address_1", "address"), ("addresses.postal_code", "postcode"), ("addresses.city", "city"),
    ("addresses.country", "country"), ("location.latitude", "latitude"), ("location.longitude", "longitude"), ("contacts.name", "contact_person"),
    ("assured_date", "date_checked"), ("schedules", None), ("attributes", None), ("languages", None), ("service_areas", None),
)  # fmt: skip
"""Columns of the flat table, and what they are to the checks."""
AT = {header: number for number, (header, _field) in enumerate(FIELDS)}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_STATUS = {"active": "published", "temporarily closed": "paused", "inactive": "closed", "defunct": "closed"}
_APPS = {"whatsapp": "whatsapp", "signal": "signal", "telegram": "telegram"}
_ODD = ("byweekno", "bymonthday", "byyearday")


def read_hsds(
    path: Path, source: ImportSource
) -> tuple[Table, Columns, Callable[[Incoming, Iterable[Finding]], list[Entry]]]:
    """Table, columns and the maker of entries for the HSDS services of a file. Raises TableError."""
    services, first = services_of(path)
    rows = [Row(first + at, _cells(service)) for at, service in enumerate(services)]
    table = Table(path.name, path.suffix[1:], tuple(header for header, _f in FIELDS), first - 1, rows)
    columns = Columns(tuple(field for _h, field in FIELDS), tuple(100 for _ in FIELDS))

    def made(incoming: Incoming, found: Iterable[Finding]) -> list[Entry]:
        restricted = restricted_rows(incoming)
        words = {key(word): code for word, code in (source.mapping.get("categories") or {}).items()}
        return [
            _Maker(row.number, service, incoming, source, words, row.number in restricted).entry
            for row, service in zip(rows, services)
        ]

    return table, columns, made


def _list(value: Any) -> list[Object]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return " ".join(str(value).split()) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def _long(value: Any) -> str:
    return str(value).strip() if isinstance(value, (str, int, float)) else ""


def _locations(service: Object) -> list[Object]:
    places = [site.get("location") for site in _list(service.get("service_at_locations"))]
    return [
        place for place in places if isinstance(place, dict) and place.get("location_type") not in ("virtual", "postal")
    ]


def _address(location: Object) -> Object:
    """The physical address; else the first."""
    addresses = _list(location.get("addresses"))
    return next((one for one in addresses if one.get("address_type") == "physical"), addresses[0] if addresses else {})


def _numbers(service: Object) -> list[Object]:
    """Phones of the service and of its places; those of contacts belong to persons. Fax numbers are left out."""
    found = _list(service.get("phones"))
    for site in _list(service.get("service_at_locations")):
        found = found or _list(site.get("phones"))
        place = site.get("location")
        found = found or _list(place.get("phones") if isinstance(place, dict) else None)
    return [
        one
        for one in found
        if one.get("type") not in ("fax", "tty", "textphone") and _text(one.get("number")).strip('"')
    ]


def _contacts(service: Object) -> list[Object]:
    found = _list(service.get("contacts"))
    for site in _list(service.get("service_at_locations")):
        found += _list(site.get("contacts"))
    return found


def _cells(service: Object) -> tuple[str, ...]:
    place = next(iter(_locations(service)), {})
    address = _address(place)
    owner = service.get("organization")
    facts = {
        "id": _text(service.get("id")), "name": _text(service.get("name")), "organization.name": _text(owner.get("name")) if isinstance(owner, dict) else "",
        "description": _long(service.get("description")), "phones.number": " / ".join(_text(p.get("number")).strip('"') for p in _numbers(service)),
        "email": _text(service.get("email")), "url": _text(service.get("url")), "addresses.address_1": _text(address.get("address_1")),
        "addresses.postal_code": _text(address.get("postal_code")), "addresses.city": _text(address.get("city")),
        "addresses.country": _text(address.get("country")), "location.latitude": _text(place.get("latitude")),
        "location.longitude": _text(place.get("longitude")), "contacts.name": "; ".join(filter(None, (_text(c.get("name")) for c in _contacts(service)))),
        "assured_date": _text(service.get("assured_date")),
    }  # fmt: skip
    return tuple(facts.get(header, "") for header, _field in FIELDS)


class _Maker:
    """Makes one entry."""

    def __init__(
        self,
        number: int,
        service: Object,
        incoming: Incoming,
        source: ImportSource,
        words: dict[str, str],
        restricted: bool,
    ) -> None:
        self.service, self.incoming, self.source, self.words = service, incoming, source, words
        name = _text(service.get("id"))[:190]
        self.entry = entry = Entry(number, name, bool(name), _text(service.get("name"))[:120], restricted=restricted)
        self.attributes = _list(service.get("attributes"))
        entry.lang = (
            next((_text(a.get("value")) for a in self.attributes if a.get("link_type") == "text_language"), "")
            or source.language
        )
        entry.columns |= {
            "contact/phone": AT["phones.number"],
            "contact/email": AT["email"],
            "contact/web": AT["url"],
            "hours": AT["schedules"],
        }
        entry.columns |= {
            "organisation": AT["organization.name"],
            f"texts/{entry.lang}/name": AT["name"],
            f"texts/{entry.lang}/short_text": AT["description"],
        }
        entry.part |= {"contact/email", "contact/web"}
        self._texts()
        self._facts()
        self._contacts()
        self._places()
        self._hours()
        self._lists()

    def _say(self, name: str, value: Any) -> None:
        if value not in ("", None, []):
            self.entry.values[name] = value

    def _find(self, rule: str, column: str, words: str, value: str = "") -> None:
        self.entry.findings.append(finding(rule, self.entry.number, AT.get(column, -1), words, value))

    def _texts(self) -> None:
        service = self.service
        owner = service.get("organization")
        if isinstance(owner, dict):
            self._say("organisation", _text(owner.get("name"))[:200])
            self.entry.organisation_id = _uuid(_text(owner.get("id")))
        documents = [_text(one.get("document")) for one in _list(service.get("required_documents"))]
        fees = _long(service.get("fees_description"))
        texts = {
            "name": self.entry.name, "short_text": _text(service.get("description")), "how_to_get_help": _long(service.get("application_process")),
            "eligibility_text": _long(service.get("eligibility_description")), "cost_note": "" if fees in FEES.values() else fees,
            "what_to_bring": _long(_list(service.get("required_documents"))[0].get("document")) if len(documents) == 1 else "; ".join(filter(None, documents)),
        }  # fmt: skip
        for field, text in texts.items():
            limit = DESCRIPTION if field == "short_text" else int(ServiceText._meta.get_field(field).max_length or 1000)  # type: ignore[union-attr]
            if len(text) > limit:
                words = _("%(field)s has %(count)d characters; %(limit)d are taken")
                self._find(
                    "text-shortened",
                    "description" if field == "short_text" else "",
                    words % {"field": field, "count": len(text), "limit": limit},
                )
                text = shorten(text, limit)
            self._say(f"texts/{self.entry.lang}/{field}", text)

    def _facts(self) -> None:
        service, values = self.service, self.entry.values
        for name, field in (("min_age", "minimum_age"), ("max_age", "maximum_age")):
            text = _text(service.get(field))
            if re.fullmatch(r"\d{1,3}(\.\d+)?", text):
                values[name] = int(float(text))
        self._say("status", _STATUS.get(_text(service.get("status")), ""))
        day = _text(service.get("assured_date"))[:10]
        if re.fullmatch(r"\d{4}-\d\d-\d\d", day) and _date(day) and day <= self.incoming.today.isoformat():
            self._say("verified_on", day)
        lists: dict[str, list[str]] = {"categories": [], "audiences": [], "nationalities": [], "serves_countries": []}
        for one in self.attributes:
            kind, value = _text(one.get("link_type")), _text(one.get("value"))
            term = one.get("taxonomy_term")
            word = _text(term.get("name")) if isinstance(term, dict) else ""
            if kind == "category" and value in CATEGORIES:
                lists["categories"].append(value)
            elif kind == "audiences" and value in Service.Audience.values:
                lists["audiences"].append(value)
            elif kind in ("nationalities", "serves_countries") and country_code(value):
                lists[kind].append(country_code(value))
            elif kind in CODED and value in CHOICES[kind].values:
                self._say(kind, value)
            elif kind == "telegram":
                self._contact("telegram", value)
            elif kind not in ("source", "review_due", "text_language", "text_state", "text_languages") and word:
                code = self.words.get(key(word)) or category_words().get(key(word)) or ""
                if code in CATEGORIES:
                    lists["categories"].append(code)
                elif code != "-":
                    self._find("category-unknown", "attributes", _("is no category of ours"), word)
        for name, found in lists.items():
            self._say(name, sorted(set(found)))

    def _contact(self, kind: str, value: str) -> None:
        self.entry.raw.setdefault(kind, []).append(re.sub(r"\s", "", value))
        try:
            stored = clean_contact(kind, value)
        except ValidationError:
            return
        listed = self.entry.values.setdefault(f"contact/{kind}", [])
        if stored not in listed:
            listed.append(stored)

    def _contacts(self) -> None:
        country = self.incoming.countries[self.entry.number]
        for phone in _numbers(self.service):
            number = _text(phone.get("number")).strip('"')
            app = _text(phone.get("description")).casefold().strip(" .").split()[:1]
            kind = _APPS.get(app[0], "") if app and phone.get("type") == "text" else ""
            kind = kind or ("sms" if phone.get("type") in ("text", "sms") else "phone")
            read = read_numbers(number, country)
            self.entry.raw.setdefault("phone" if kind == "phone" else kind, []).append(re.sub(r"\s", "", number))
            for one in read:
                listed = self.entry.values.setdefault(f"contact/{kind}", [])
                if one not in listed:
                    listed.append(one)
        for kind, field in (("email", "email"), ("web", "url")):
            if value := _text(self.service.get(field)):
                self._contact(kind, value)
        if any(_list(contact.get("phones")) for contact in _contacts(self.service)):
            self._find("phone-left-out", "contacts.name", _("numbers of named persons are left out"))

    def _places(self) -> None:
        for number, location in enumerate(_locations(self.service)):
            name, address = _text(location.get("id")), _address(location)
            ref = _uuid(name) or (derived("import", self.source.code, "location", name) if name else "")
            country = country_code(_text(address.get("country"))) or self.source.country
            street = ", ".join(filter(None, (_text(address.get("address_1")), _text(address.get("address_2")))))
            facts: dict[str, Any] = {
                "name": _text(location.get("name"))[:120], "address": street[:300], "postcode": _text(address.get("postal_code"))[:20],
                "city": _text(address.get("city"))[:120], "admin1": _text(address.get("state_province"))[:120], "country": country,
                "transport": _text(location.get("transportation"))[:200],
            }  # fmt: skip
            point = self._point(location, country, first=number == 0)
            if point:
                facts |= {"lat": point[0], "lon": point[1]}
            for one in _list(location.get("accessibility")):
                if match := re.fullmatch(r"Wheelchair access: (yes|no)", _text(one.get("description"))):
                    facts["wheelchair"] = match[1]
            if isinstance(given := location.get("accessibility"), str) and "wheelchair" in given:  # the older tables
                facts["wheelchair"] = "yes"
            for field, value in facts.items():
                self._say(f"place/{ref}/{field}", value)
                self.entry.columns[f"place/{ref}/{field}"] = AT[
                    "location.latitude" if field == "lat" else "addresses.city"
                ]

    def _point(self, location: Object, country: str, *, first: bool) -> tuple[float, float] | None:
        """Of the first place the checks of the table have told what is wrong with its point; of others it is told here."""
        lat, lon = read_degrees(_text(location.get("latitude"))), read_degrees(_text(location.get("longitude")))
        if not lat or not lon:
            return None
        point = lat[0], lon[0]
        if abs(point[0]) > 90 or abs(point[1]) > 180 or point == (0.0, 0.0):
            if not first:
                self._find("coordinates-range", "location.latitude", _("no such place on earth"))
            return None
        if not first and country and in_country(*point, country) is False:
            self._find("coordinates-country", "location.latitude", _("a place lies outside its country"))
        return point

    def _hours(self) -> None:
        weekly: set[tuple[Any, ...]] = set()
        dated: set[tuple[Any, ...]] = set()
        listed = _list(self.service.get("schedules"))
        for site in _list(self.service.get("service_at_locations")):
            listed = listed or _list(site.get("schedules"))
        today = self.incoming.today.isoformat()
        odd = 0
        for one in listed:
            last = _text(one.get("valid_to")) or _text(one.get("until"))
            if last and last[:10] < today:
                continue
            times = _times(one)
            days = [DAYS.index(day) for day in re.findall("MO|TU|WE|TH|FR|SA|SU", _text(one.get("byday")))]
            if (
                _text(one.get("freq")) == "WEEKLY"
                and days
                and times
                and not any(one.get(name) for name in _ODD)
                and _text(one.get("interval")) in ("", "1")
            ):
                by_appointment = "appointment" in _text(one.get("description")).lower()
                first = _text(one.get("valid_from"))[:10] or None
                weekly |= {(day, *times, by_appointment, first, last[:10] or None) for day in days}
            elif _text(one.get("count")) == "1" and not one.get("freq") and last[:10] == _text(one.get("dtstart"))[:10]:
                dated.add((last[:10], *(times or (None, None))))
            else:
                odd += 1
        if odd:
            self._find(
                "hours-not-read",
                "schedules",
                _("%(count)d schedules are of a kind that the directory cannot hold") % {"count": odd},
            )
        elif weekly or dated:
            self._say("hours", sorted((list(row) for row in weekly), key=str))
            self._say("exceptions", sorted((list(row) for row in dated), key=str))

    def _lists(self) -> None:
        spoken: dict[str, bool] = {}
        for one in _list(self.service.get("languages")):
            found, unknown = (
                spoken_languages(_text(one.get("code"))) if one.get("code") else ([], [_text(one.get("name"))])
            )
            if not found:
                found, unknown = spoken_languages(_text(one.get("name")))
            for code, _via in found:
                spoken[code] = "interpreter" in _text(one.get("note")).lower()
            for word in unknown:
                self._find("language-unknown", "languages", _("is no language that is known"), word)
        self._say("spoken", sorted([code, via] for code, via in spoken.items()))
        areas = []
        for one in _list(self.service.get("service_areas")):
            area = _area(one)
            if area is None:
                self._find(
                    "code-unknown", "service_areas", _("is no area that the directory can hold"), _text(one.get("name"))
                )
            else:
                areas.append(area)
        if len(areas) == len(_list(self.service.get("service_areas"))):
            self._say("areas", areas)


def _area(one: Object) -> list[Any] | None:
    """A country, or a circle as our exports write it."""
    name = _text(one.get("name"))
    if code := country_code(name):
        return ["country", code, "", None, None, None]
    radius = re.match(r"About ([\d.]+) km around ", _text(one.get("description")))
    named = re.fullmatch(r"(.+), ([A-Z]{2})", name)
    try:
        point = json.loads(str(one.get("extent")))
        lon, lat = (float(figure) for figure in point["coordinates"])
    except (ValueError, TypeError, KeyError):
        return None
    if not radius or not named or point.get("type") != "Point":
        return None
    return ["place", named[2], named[1], lat, lon, float(radius[1])]


def _times(one: Object) -> tuple[int, int] | None:
    """Opening and closing in minutes; 23:59 is the end of the day."""
    try:
        opens, closes = (
            parse_clock(re.sub(r"^(\d{1,2}:\d\d):\d\d.*$", r"\1", _text(one.get(n)))) for n in ("opens_at", "closes_at")
        )
    except ValidationError:
        return None
    return (opens, 1440 if closes == 1439 else closes) if opens < 1440 else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _uuid(text: str) -> str:
    try:
        return str(UUID(text)) if len(text) >= 32 else ""
    except ValueError:
        return ""
