"""Our own fields as HSDS taxonomies: each field with a fixed list of values is one, each value a term with a stable id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils import translation

from bot.lookup.categories import CATEGORIES
from directory.models import Service
from directory.models.services import MustReport, OperatorType

__all__ = ["NAMESPACE", "Taxonomy", "Term", "derived", "taxonomies", "term", "terms"]

NAMESPACE = uuid5(NAMESPACE_URL, "urn:waypost:hsds")
CATEGORY, AUDIENCE, FIELD = "category", "audiences", "field"
_CHOICES: Mapping[str, tuple[str, str, Any]] = {
    "delivery": ("Delivery", "How the service is given.", Service.Delivery),
    "urgency": ("Urgency", "Whether people in danger use it.", Service.Urgency),
    "papers": ("Papers", "Which papers a person must show.", Service.Papers),
    "shares_data": ("Shares data", "Whether the service shares data with authorities.", Service.SharesData),
    "genders": ("Genders", "For whom the service is.", Service.Genders),
    AUDIENCE: ("Audiences", "For whom the service is meant especially.", Service.Audience),
    "cost": ("Cost", "What the service costs.", Service.Cost),
    "booking": ("Booking", "How people come to the service.", Service.Booking),
    "operator_type": ("Operator", "Who answers the person.", OperatorType),
    "must_report": ("Must report", "What the operator has to tell authorities.", MustReport),
}
_FIELDS: Mapping[str, tuple[str, str]] = {
    "nationalities": ("Only for nationals of", "s.nationalities <> '[]'"),
    "serves_countries": ("Answers people in", "s.serves_countries <> '[]'"),
    "source": ("Source", "s.source <> ''"),
    "review_due": ("Check again by", "1"),
    "text_language": ("Language of these texts", "1"),
    "text_state": ("State of these texts", "1"),
    "text_languages": ("Languages in which there are texts", "1"),
    "telegram": (
        "Telegram name",
        "s.id IN (SELECT service_id FROM contact_point WHERE kind = 'telegram' AND value LIKE '@%')",
    ),
}
"""Fields whose value is free: code, name, and the SQL condition of a service that has one."""


def derived(*parts: object) -> str:
    """A stable UUID of something that has none of its own, from the ids and values that make it what it is."""
    return str(uuid5(NAMESPACE, "|".join(map(str, parts))))


@dataclass(frozen=True)
class Taxonomy:
    """One field of ours."""

    code: str
    name: str
    description: str

    @property
    def id(self) -> str:
        return derived("taxonomy", self.code)

    def hsds(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": f"Waypost: {self.name}",
            "description": self.description,
            "uri": f"urn:waypost:taxonomy:{self.code}",
            "version": "1",
        }

    def condition(self) -> str:
        """SQL: the service (alias `s`) has any term of this taxonomy."""
        if self.code == AUDIENCE:
            return "s.audiences <> '[]'"
        return "1"


@dataclass(frozen=True)
class Term:
    """One value of a field of ours."""

    taxonomy: Taxonomy
    code: str
    name: str

    @property
    def id(self) -> str:
        return derived("term", self.taxonomy.code, self.code)

    def hsds(self, *, detail: bool = False) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": self.id,
            "code": self.code,
            "name": self.name,
            "description": f"{self.taxonomy.name}: {self.name}",
            "taxonomy": self.taxonomy.hsds()["name"],
            "taxonomy_id": self.taxonomy.id,
            "language": "en",
            "term_uri": f"urn:waypost:taxonomy:{self.taxonomy.code}:{self.code}",
        }
        return found | {"taxonomy_detail": self.taxonomy.hsds()} if detail else found

    def condition(self) -> tuple[str, tuple[str, ...]]:
        """SQL and its parameters: the service (alias `s`) has this term."""
        kind = self.taxonomy.code
        if kind == CATEGORY:
            return "s.id IN (SELECT service_id FROM service_category WHERE category = ?)", (self.code,)
        if kind == AUDIENCE:
            return "EXISTS (SELECT 1 FROM json_each(s.audiences) WHERE value = ?)", (self.code,)
        if kind == FIELD:
            return _FIELDS[self.code][1], ()
        return f"s.{kind} = ?", (self.code,)


@lru_cache(maxsize=1)
def terms() -> dict[str, Term]:
    """All terms by their id, taxonomy by taxonomy, in English."""
    found: list[Term] = []
    category = Taxonomy(CATEGORY, "Kinds of help", "What a person finds there.")
    found.extend(Term(category, known.code, known.label) for known in CATEGORIES.values())
    with translation.override("en"):
        for code, (name, description, choices) in _CHOICES.items():
            field = Taxonomy(code, name, description)
            found.extend(Term(field, value, str(label)) for value, label in choices.choices)
    other = Taxonomy(
        FIELD, "Other fields", "Fields of Waypost whose value is not from a list; it stands in the attribute."
    )
    found.extend(Term(other, code, name) for code, (name, _) in _FIELDS.items())
    return {known.id: known for known in found}


@lru_cache(maxsize=1)
def taxonomies() -> dict[str, Taxonomy]:
    """All taxonomies by their id."""
    return {known.taxonomy.id: known.taxonomy for known in terms().values()}


def term(taxonomy: str, code: str) -> Term:
    """The term of that code. Raises KeyError for one that does not exist."""
    return terms()[derived("term", taxonomy, code)]
