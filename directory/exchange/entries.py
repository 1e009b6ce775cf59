"""Rows of a spreadsheet as what they would say in the directory: values by field, and what a row cannot say."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from bot.lookup.categories import CATEGORIES
from directory import codes
from directory.exchange.checks import PERSONAL
from directory.exchange.checks.base import Finding, Incoming, country_code, finding
from directory.exchange.checks.dates import read_date
from directory.exchange.checks.persons import restricted_rows
from directory.exchange.checks.phones import parts, read_numbers
from directory.exchange.columns import Columns, key
from directory.exchange.current import CODED, KINDS, Values
from directory.exchange.hours_text import parse_hours
from directory.exchange.hsds_tables import unsafe
from directory.models import ImportSource, Service, ServiceText
from directory.models.services import MustReport, OperatorType
from directory.validators import clean_contact

__all__ = ["CHOICES", "DESCRIPTION", "Entry", "category_words", "entries", "row_key", "shorten", "spoken_languages"]

DESCRIPTION = 300
"""Characters of `short_text`; a longer description is cut at a sentence."""
CHOICES: Mapping[str, Any] = {
    "delivery": Service.Delivery,
    "urgency": Service.Urgency,
    "papers": Service.Papers,
    "shares_data": Service.SharesData,
    "genders": Service.Genders,
    "cost": Service.Cost,
    "booking": Service.Booking,
    "operator_type": OperatorType,
    "must_report": MustReport,
}
_TEXTS = {
    "name": "name",
    "how_to_get_help": "how_to_get_help",
    "what_to_bring": "what_to_bring",
    "eligibility": "eligibility_text",
}
_STATUS = {
    "active": "published", "published": "published", "open": "published", "temporarily closed": "paused", "paused": "paused",
    "inactive": "closed", "closed": "closed", "defunct": "closed", "draft": "draft", "closed for good": "closed", "archived": "archived",
}  # fmt: skip


@dataclass
class Entry:
    """What one row says. Empty cells say nothing: they never empty a field of the directory."""

    number: int
    key: str = ""
    """What names the row in its source: its own id, or made from its key fields."""
    own_id: bool = False
    name: str = ""
    lang: str = "en"
    values: Values = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    """Where a value comes from: field to column (from 0)."""
    raw: dict[str, list[str]] = field(default_factory=dict)
    """Contacts as they are written, by kind, without blanks."""
    part: set[str] = field(default_factory=set)
    """Fields whose values are only some of what the directory may hold."""
    restricted: bool = False
    """Its exact place is not repeated, and kept apart."""
    personal: set[str] = field(default_factory=set)
    """Values of contacts that seem to be a person's own."""
    organisation_id: str = ""
    """UUID of the organisation, if the file has one of ours."""
    findings: list[Finding] = field(default_factory=list)


def shorten(text: str, limit: int = DESCRIPTION) -> str:
    """As many whole sentences as fit, else as many whole words with an ellipsis."""
    plain = " ".join(text.split())
    if len(plain) <= limit:
        return plain
    sentences = [match.end() for match in re.finditer(r"[.!?。؟।](?=\s|$)", plain) if match.end() <= limit]
    if sentences and sentences[-1] > limit // 3:
        return plain[: sentences[-1]]
    return plain[: limit - 1].rsplit(" ", 1)[0] + "…"


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    """Codes and names of languages in five languages (CLDR) and their own names, to codes."""
    from babel import Locale

    found: dict[str, str] = {}
    for locale in ("ar", "pt", "es", "fr", "en"):
        for code, name in Locale.parse(locale).languages.items():
            if re.fullmatch("[a-z]{2,3}", code):
                found[key(name)] = code
    for code, name in codes.language_names():
        found |= {key(part): code for part in re.split(r"[()]", name) if key(part)} | {code.casefold(): code}
    return found | {"mandarin": "zh", "cantonese": "yue", "tagalog": "tl", "farsi": "fa"}


@lru_cache(maxsize=20_000)
def _language(text: str) -> str:
    """Code of a language; '' if it is not known. Of "Chinese (Mandarin)" the part in front counts too."""
    plain = re.sub(r"\(.*?\)", "", text)
    known = _languages()
    code = known.get(text.strip().casefold()) or known.get(key(text)) or known.get(key(plain)) or ""
    try:
        codes.validate_language(code)
    except ValidationError:
        return ""
    return code


def spoken_languages(text: str) -> tuple[list[list[Any]], list[str]]:
    """[code, through an interpreter] of each language in a cell, and the words that name none."""
    found, unknown = {}, []
    for part in re.split(r"[,;/\n،؛]|\s(?:and|et|y|e)\s", text):
        interpreted = bool(re.search(r"(?i)interpret", part))
        plain = re.sub(r"(?i)\(?\s*(through an |via )?interpreter\s*\)?", "", part).strip()
        if not plain:
            continue
        if code := _language(plain):
            found[code] = interpreted
        else:
            unknown.append(plain)
    return sorted([code, via] for code, via in found.items()), unknown


@lru_cache(maxsize=1)
def category_words() -> dict[str, str]:
    """Codes and English labels of our categories, for comparison, to codes."""
    return {key(word): known.code for known in CATEGORIES.values() for word in (known.code, known.label)}


def _key_of(parts_: Iterable[str]) -> str:
    return "k:" + hashlib.sha256("|".join(key(part) for part in parts_).encode()).hexdigest()[:16]


def row_key(columns: Columns, cells: tuple[str, ...], fields: list[str]) -> tuple[str, bool]:
    """What names a row in its source: its id if it has one, else made from the fields; and whether it is an id."""
    if not fields and (own := columns.first(cells, "external_id")):
        return own[:190], True
    named = fields or ["name", "organisation", "city"]
    texts = [columns.first(cells, name) for name in named]
    return (_key_of(texts), False) if any(texts) else ("", False)


def entries(incoming: Incoming, source: ImportSource, found: Iterable[Finding]) -> list[Entry]:
    """One entry for each row. `found`: what the checks found; personal values and dates depend on it."""
    by_row: dict[int, list[Finding]] = {}
    for one in found:
        if one.row:
            by_row.setdefault(one.row, []).append(one)
    restricted = restricted_rows(incoming)
    words = {key(word): code for word, code in (source.mapping.get("categories") or {}).items()}
    reader = _Reader(incoming, source, words)
    return [
        reader.entry(row.number, row.cells, by_row.get(row.number, []), row.number in restricted)
        for row in incoming.rows
    ]


class _Reader:
    """Reads the rows of one file."""

    def __init__(self, incoming: Incoming, source: ImportSource, words: Mapping[str, str]) -> None:
        self.incoming, self.source, self.words = incoming, source, words
        self.columns = incoming.columns
        self.orders: dict[int, str] = {}

    def entry(self, number: int, cells: tuple[str, ...], found: list[Finding], restricted: bool) -> Entry:
        name, own = row_key(self.columns, cells, list(self.source.key_fields or []))
        first = self.columns.first
        entry = Entry(number, name, own, " ".join(first(cells, "name").split())[:120], restricted=restricted)
        lang = _language(first(cells, "text_language")) or self.source.language
        entry.lang = lang
        self._texts(entry, cells, lang)
        self._codes(entry, cells)
        self._contacts(entry, cells, found)
        self._place(entry, cells)
        self._lists(entry, cells)
        bad_dates = {
            one.column for one in found if one.rule in ("date-invalid", "date-future", "date-ambiguous", "date-serial")
        }
        for at in self.columns.of("date_checked"):
            day = None if at in bad_dates else read_date(self.incoming, at, cells[at].strip())
            if day and day <= self.incoming.today:
                self._say(entry, "verified_on", day.isoformat(), at)
                break
        return entry

    def _say(self, entry: Entry, name: str, value: Any, at: int) -> None:
        entry.values[name] = value
        entry.columns.setdefault(name, at)

    def _cell(self, cells: tuple[str, ...], name: str) -> tuple[str, int]:
        """The first text of a field, without doubled blanks, and its column."""
        for at in self.columns.of(name):
            if text := cells[at].strip():
                return unsafe(text), at
        return "", -1

    def _texts(self, entry: Entry, cells: tuple[str, ...], lang: str) -> None:
        for name, wording in _TEXTS.items():
            text, at = self._cell(cells, name)
            limit = int(ServiceText._meta.get_field(wording).max_length or 1000)  # type: ignore[union-attr]
            if text:
                plain = " ".join(text.split()) if name == "name" else text
                self._cut(entry, f"texts/{lang}/{wording}", plain, at, limit)
        text, at = self._cell(cells, "description")
        if text:
            self._cut(entry, f"texts/{lang}/short_text", " ".join(text.split()), at, DESCRIPTION)
        text, at = self._cell(cells, "cost_note")
        if text:
            self._cut(entry, f"texts/{lang}/cost_note", " ".join(text.split()), at, 200)
        text, at = self._cell(cells, "organisation")
        if text:
            self._say(entry, "organisation", " ".join(text.split())[:200], at)

    def _cut(self, entry: Entry, name: str, text: str, at: int, limit: int) -> None:
        if len(text) > limit:
            entry.findings.append(
                finding(
                    "text-shortened",
                    entry.number,
                    at,
                    _("has %(count)d characters; %(limit)d are taken") % {"count": len(text), "limit": limit},
                )
            )
            text = shorten(text, limit)
        self._say(entry, name, text, at)

    def _codes(self, entry: Entry, cells: tuple[str, ...]) -> None:
        for name in CODED:
            text, at = self._cell(cells, name)
            if not text:
                continue
            code = _choice(name, text)
            if code:
                self._say(entry, name, code, at)
            elif name == "cost":
                if f"texts/{entry.lang}/cost_note" not in entry.values:
                    self._cut(entry, f"texts/{entry.lang}/cost_note", " ".join(text.split()), at, 200)
            else:
                entry.findings.append(
                    finding("code-unknown", entry.number, at, _("is not one of the values of this field"), text)
                )
        for name in ("min_age", "max_age"):
            text, at = self._cell(cells, name)
            if text and re.fullmatch(r"\d{1,3}(\.0)?", text):
                self._say(entry, name, int(float(text)), at)
            elif text:
                entry.findings.append(finding("code-unknown", entry.number, at, _("is not an age"), text))
        for name in ("audiences", "nationalities", "serves_countries"):
            text, at = self._cell(cells, name)
            if not text:
                continue
            known: list[str] = []
            for part in re.split(r"[,;]", text):
                code = _choice(name, part) if name == "audiences" else country_code(part)
                if code:
                    known.append(code)
                elif part.strip():
                    entry.findings.append(
                        finding("code-unknown", entry.number, at, _("is not one of the values of this field"), part)
                    )
            if known:
                self._say(entry, name, sorted(set(known)), at)
        text, at = self._cell(cells, "status")
        if text:
            status = _STATUS.get(key(text), "")
            if status:
                self._say(entry, "status", status, at)
            else:
                entry.findings.append(
                    finding("code-unknown", entry.number, at, _("is not one of the values of this field"), text)
                )
        self._category(entry, cells)

    def _category(self, entry: Entry, cells: tuple[str, ...]) -> None:
        found, unknown = [], []
        first = -1
        for at in self.columns.of("category"):
            whole = cells[at].strip()
            if not whole:
                continue
            for word in [whole] if key(whole) in self.words else re.split(r"[,;]", whole):
                code = self.words.get(key(word)) or category_words().get(key(word))
                if code in CATEGORIES:
                    found.append(code)
                    first = at if first < 0 else first
                elif word.strip() and code != "-":
                    unknown.append((at, word.strip()))
        if found:
            self._say(entry, "categories", sorted(set(found)), first)
            entry.part.add("categories")
        for at, word in unknown:
            entry.findings.append(finding("category-unknown", entry.number, at, _("is no category of ours"), word))

    def _contacts(self, entry: Entry, cells: tuple[str, ...], found: list[Finding]) -> None:
        personal = {one.column for one in found if one.rule in PERSONAL}
        country = self.incoming.countries[entry.number]
        for at in self.columns.of("phone"):
            text = cells[at].strip()
            if not text:
                continue
            numbers = read_numbers(text, country)
            entry.raw.setdefault("phone", []).extend(re.sub(r"\s", "", part) for part in parts(text))
            self._contact(entry, "phone", numbers, at, at in personal)
        for at in self.columns.of("email"):
            text = cells[at].strip().removeprefix("mailto:")
            addresses = [part for part in re.split(r"[;,/|\s]+", text) if part]
            entry.raw.setdefault("email", []).extend(addresses)
            self._contact(entry, "email", [a for a in addresses if _contact("email", a)], at, at in personal)
        for at in self.columns.of("website"):
            text = cells[at].strip()
            if text:
                link = text if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", text) else f"https://{text}"
                entry.raw.setdefault("web", []).append(link)
                self._contact(entry, "web", [link] if _contact("web", link) else [], at, False)
        text, at = self._cell(cells, "other_contacts")
        for part in re.split(r"[;\n]", text):
            kind, _blank, value = part.strip().partition(" ")
            if kind not in KINDS or not value.strip():
                if part.strip():
                    entry.findings.append(
                        finding(
                            "code-unknown", entry.number, at, _("is no kind of contact and its value"), part.strip()
                        )
                    )
                continue
            entry.raw.setdefault(kind, []).append(re.sub(r"\s", "", value))
            self._contact(entry, kind, [_contact(kind, value)] if _contact(kind, value) else [], at, False)

    def _contact(self, entry: Entry, kind: str, values: list[str], at: int, personal: bool) -> None:
        if personal:
            entry.personal.update(values)
        listed = entry.values.setdefault(f"contact/{kind}", [])
        entry.columns.setdefault(f"contact/{kind}", at)
        listed.extend(value for value in values if value not in listed)

    def _place(self, entry: Entry, cells: tuple[str, ...]) -> None:
        country = self.incoming.countries[entry.number]
        texts = {
            "name": "place_name",
            "address": "address",
            "postcode": "postcode",
            "city": "city",
            "admin1": "admin1",
            "transport": "transport",
        }
        limits = {"name": 120, "address": 300, "postcode": 20, "city": 120, "admin1": 120, "transport": 200}
        for name, column in texts.items():
            text, at = self._cell(cells, column)
            if text:
                self._say(entry, f"place//{name}", " ".join(text.split())[: limits[name]], at)
        if country and any(name.startswith("place//") for name in entry.values):
            at = next(iter(self.columns.of("country")), -1)
            self._say(entry, "place//country", country, at)
        if entry.number in self.incoming.points:
            at = next(iter(self.columns.of("latitude", "coordinates")), -1)
            for name, value in zip(("lat", "lon"), self.incoming.points[entry.number]):
                self._say(entry, f"place//{name}", value, at)
            if country:
                self._say(entry, "place//country", country, at)
        text, at = self._cell(cells, "wheelchair")
        if text and key(text) in ("yes", "no", "unknown"):
            self._say(entry, "place//wheelchair", key(text), at)

    def _lists(self, entry: Entry, cells: tuple[str, ...]) -> None:
        text, at = self._cell(cells, "hours")
        if text:
            hours = parse_hours(text)
            if hours:
                self._say(entry, "hours", hours, at)
            else:
                entry.findings.append(
                    finding("hours-not-read", entry.number, at, _("is not fully understood and not taken over"), text)
                )
        text, at = self._cell(cells, "languages")
        if text:
            spoken, unknown = spoken_languages(text)
            if spoken:
                self._say(entry, "spoken", spoken, at)
            for word in unknown:
                entry.findings.append(
                    finding("language-unknown", entry.number, at, _("is no language that is known"), word)
                )
        text, at = self._cell(cells, "areas")
        if text:
            areas = [_area(part) for part in text.split(";") if part.strip()]
            if all(areas):
                self._say(entry, "areas", sorted((area for area in areas if area), key=str), at)
            else:
                entry.findings.append(finding("code-unknown", entry.number, at, _("is no area"), text))


def _area(text: str) -> list[Any] | None:
    """`GR`, or `Athens (GR) 37.98, 23.73, 25 km`."""
    if code := country_code(text):
        return ["country", code, "", None, None, None]
    number = r"\s*(-?\d+(?:\.\d+)?)\s*"
    match = re.fullmatch(rf"(.+?)\s*\(([A-Z]{{2}})\){number},{number},{number}km", text.strip())
    return ["place", match[2], match[1], float(match[3]), float(match[4]), float(match[5])] if match else None


@lru_cache(maxsize=5_000)
def _choice(name: str, text: str) -> str:
    """The code of a field with fixed values, by code or English label; ''."""
    choices = Service.Audience if name == "audiences" else CHOICES[name]
    plain = key(text)
    for value, label in choices.choices:
        if plain in (key(value), key(str(label))):
            return str(value)
    return ""


@lru_cache(maxsize=50_000)
def _contact(kind: str, value: str) -> str:
    """The value of a contact in its stored form; '' if it is none."""
    try:
        return clean_contact(kind, value)
    except ValidationError:
        return ""
