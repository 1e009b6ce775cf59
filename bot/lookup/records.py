"""Records of a published snapshot as immutable values; the fields are those of `bot/lookup/schema.py`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Area",
    "Article",
    "Contact",
    "DatedOpening",
    "EmergencyNumber",
    "Opening",
    "PlaceAlias",
    "Service",
    "Site",
    "Spoken",
    "Wording",
]


@dataclass(frozen=True)
class Wording:
    """What a service says about itself in one language."""

    lang: str
    name: str
    short_text: str
    how_to_get_help: str
    what_to_bring: str
    eligibility_text: str
    cost_note: str
    state: str
    """approved, needs_review, machine, outdated, machine_outdated."""


@dataclass(frozen=True)
class Spoken:
    """A language in which a service can be used."""

    lang: str
    via_interpreter: bool


@dataclass(frozen=True)
class Site:
    """A service at a place. An `area_only` site lies at the centre of its city and has no address."""

    id: str
    visibility: str
    name: str
    address: str | None
    city: str
    admin1: str
    postcode: str | None
    country: str
    lat: float
    lon: float
    tz: str
    transport: str
    wheelchair: str

    @property
    def public(self) -> bool:
        return self.visibility == "public"


@dataclass(frozen=True)
class Area:
    """Where people can use a service that has no public place."""

    kind: str
    country: str
    name: str
    lat: float | None
    lon: float | None
    radius_km: float | None
    tz: str


@dataclass(frozen=True)
class Contact:
    """A way to reach a service."""

    kind: str
    value: str
    languages: tuple[str, ...]
    toll_free: bool | None
    reachable_from_abroad: bool | None
    verified_on: str | None


@dataclass(frozen=True)
class Opening:
    """Weekly hours: minutes after local midnight of `weekday` (Monday = 0); `closes` > 1440 runs past midnight."""

    weekday: int
    opens: int
    closes: int
    appointment_only: bool = False
    valid_from: str | None = None
    valid_to: str | None = None


@dataclass(frozen=True)
class DatedOpening:
    """Hours of one date instead of the weekly ones; without times it is closed that day."""

    date: str
    opens: int | None
    closes: int | None


@dataclass(frozen=True)
class Service:
    """One service with everything that is public about it."""

    id: str
    organisation: str
    organisation_kind: str
    website: str | None
    paused: bool
    delivery: str
    urgency: str
    papers: str
    shares_data: str
    genders: str
    min_age: int | None
    max_age: int | None
    audiences: tuple[str, ...]
    nationalities: tuple[str, ...]
    cost: str
    booking: str
    serves_countries: tuple[str, ...]
    operator_type: str
    must_report: str
    verified_on: str
    review_due: str
    hidden_after: str
    source: str
    sample: bool
    reported: bool = False
    """Several people said that something of it is wrong, and staff have not settled it yet."""
    categories: tuple[str, ...] = ()
    wordings: tuple[Wording, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    sites: tuple[Site, ...] = ()
    areas: tuple[Area, ...] = ()
    contacts: tuple[Contact, ...] = ()
    openings: tuple[Opening, ...] = ()
    exceptions: tuple[DatedOpening, ...] = ()


@dataclass(frozen=True)
class Article:
    """An explanation in one language."""

    id: str
    topic: str
    country: str
    """"" if it is general."""
    adviser_category: str
    source_name: str
    source_url: str
    checked_on: str
    review_due: str
    sample: bool
    title: str
    body: str
    text_language: str
    """Language of title and body."""
    state: str
    overdue: bool = False
    """Past its review date."""


@dataclass(frozen=True)
class EmergencyNumber:
    """A number to call in danger."""

    id: str
    country: str
    """"" on any GSM network."""
    kind: str
    number: str
    dialable_from: tuple[str, ...]
    operator: str
    operator_type: str
    must_report: str
    free: bool | None
    without_sim: bool | None
    hours: str
    languages: tuple[str, ...]
    source: str
    source_date: str
    verified_on: str | None
    """None: not yet verified by staff."""
    expires_on: str | None

    def as_data(self) -> dict[str, Any]:
        """As `custom` of a message tells it (docs/inspection.md)."""
        return {
            "number": self.number,
            "country": self.country,
            "verified": self.verified_on is not None,
            "source": self.source,
            "source_date": self.source_date,
        }


@dataclass(frozen=True)
class PlaceAlias:
    """A name that staff know a place by."""

    name: str
    lang: str
    label: str
    country: str
    lat: float
    lon: float
    radius_km: float


@dataclass(frozen=True)
class Meta:
    """What a snapshot says about itself."""

    schema_version: int = 0
    publication: str = ""
    published_at: str = ""
    sample: bool = False
    countries: tuple[str, ...] = field(default=())
    services: int = 0
    digest: str = ""
