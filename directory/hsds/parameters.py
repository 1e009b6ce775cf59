"""What a request may ask for: every parameter with its limits. Unknown ones are refused, so that no typing error is missed."""
# mypy: disable-error-code="misc, import-untyped"

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bot.languages import languages
from directory.hsds.selection import Near, Wanted

__all__ = [
    "Detail",
    "OrganizationDetailQuery",
    "OrganizationPage",
    "Page",
    "ServicePage",
    "SitePage",
    "TermPage",
    "read",
    "wanted",
]

PER_PAGE = 50
MOST = 100
MOST_MINIMAL = 10_000
FARTHEST_KM = 500.0
NEAR_PATTERN = (
    r"^-?(90|[1-8]?[0-9](\.[0-9]{1,9})?),-?(180|1[0-7][0-9](\.[0-9]{1,9})?|[1-9]?[0-9](\.[0-9]{1,9})?),"
    r"(500|([1-4][0-9]{2}|[1-9][0-9]?)(\.[0-9]{1,9})?|0\.[0-9]{0,8}[1-9])$"
)
"""What the description says of `proximity`; other ways to write such figures are read, too."""


@extend_schema_field({"type": "string", "minLength": 1, "maxLength": 100, "pattern": r"^[^\x00]*[^\x00\s][^\x00]*$"})
class WordsField(serializers.CharField):
    """Words without null characters, and not only spaces."""


class Detail(serializers.Serializer):
    """What every address takes."""

    format = serializers.ChoiceField(["json"], required=False, help_text="Only json.")
    language = serializers.ChoiceField(
        sorted(languages()), default="en", help_text="Language of the texts; where there are none, English."
    )


class Page(Detail):
    page = serializers.IntegerField(min_value=1, max_value=1_000_000, default=1)
    per_page = serializers.IntegerField(
        min_value=1, max_value=MOST, required=False, help_text=f"{PER_PAGE} if not given; with `minimal`: all of them."
    )
    search = WordsField(required=False, max_length=100, help_text="Words as they stand in the name.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.setdefault("per_page", MOST_MINIMAL if attrs.get("minimal") else PER_PAGE)
        return attrs


class TermPage(Page):
    taxonomy_id = serializers.UUIDField(required=False, help_text="Only terms of this taxonomy.")


class _Filtered(Page):
    taxonomy_term_id = serializers.UUIDField(required=False, help_text="Services with this term.")
    taxonomy_id = serializers.UUIDField(required=False, help_text="Services with any term of this taxonomy.")
    organization_id = serializers.UUIDField(required=False, help_text="Services of this organisation.")
    modified_after = serializers.DateTimeField(
        required=False,
        input_formats=["iso-8601", "%Y-%m-%d"],
        help_text="Changed at this time or later: 2026-11-24T10:00:00Z. Give the published_at of your last visit.",
    )
    full = serializers.BooleanField(default=False, help_text="Objects with everything that belongs to them.")


class ServicePage(_Filtered):
    minimal = serializers.BooleanField(default=False, help_text="Only id and last_modified of each.")


@extend_schema_field({"type": "string", "pattern": NEAR_PATTERN})
class ProximityField(serializers.CharField):
    """`latitude,longitude,radius in km`."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            lat, lon, radius = (float(part) for part in str(data).split(","))
        except ValueError:
            raise serializers.ValidationError("Give latitude,longitude,radius in km: 37.98,23.73,5") from None
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise serializers.ValidationError("Latitude lies between -90 and 90, longitude between -180 and 180.")
        if not 0 < radius <= FARTHEST_KM:
            raise serializers.ValidationError(f"The radius lies between 0 and {FARTHEST_KM:g} km.")
        return Near(lat, lon, radius)


class SitePage(_Filtered):
    proximity = ProximityField(
        required=False,
        help_text="latitude,longitude,radius in km: 37.98,23.73,5. The nearest come first. Where only the town of a place"
        " is told, its centre counts.",
    )


class OrganizationPage(Page):
    full = serializers.BooleanField(default=False, help_text="With the id, name and status of their services.")
    full_service = serializers.BooleanField(default=False, help_text="With their services, as /services/{id} has them.")


class OrganizationDetailQuery(Detail):
    full_service = serializers.BooleanField(default=False, help_text="With its services, as /services/{id} has them.")


def read(query: type[serializers.Serializer], given: QueryDict) -> dict[str, Any]:
    """The parameters of a request. Raises DRF's ValidationError."""
    known = query(data=given.dict())
    unknown = sorted(set(given) - set(known.fields))
    if unknown:
        allowed = ", ".join(known.fields)
        raise serializers.ValidationError(
            {name: [f"There is no such parameter here; there are: {allowed}."] for name in unknown}
        )
    known.is_valid(raise_exception=True)
    return dict(known.validated_data)


def wanted(parameters: dict[str, Any]) -> Wanted:
    """The filters among the parameters."""
    ids = ("taxonomy_term_id", "taxonomy_id", "organization_id")
    return Wanted(
        search=parameters.get("search", ""),
        modified_after=parameters.get("modified_after"),
        proximity=parameters.get("proximity"),
        **{name: str(parameters[name]) for name in ids if name in parameters},
    )
