"""The shapes of the answers: nothing that has no field here goes out. Names and meaning of the fields are HSDS's."""
# mypy: disable-error-code="misc, import-untyped"

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

__all__ = [
    "About",
    "Failure",
    "MinimalService",
    "Organization",
    "OrganizationDetail",
    "OrganizationWithServices",
    "Service",
    "ServiceAtLocation",
    "ServiceAtLocationDetail",
    "ServiceDetail",
    "TaxonomyObject",
    "TaxonomyTerm",
    "any_of",
    "page_of",
]


def _text(**options: Any) -> Any:
    return serializers.CharField(required=False, **options)


def _number(**options: Any) -> Any:
    return serializers.FloatField(required=False, **options)


class About(serializers.Serializer):
    """The API itself."""

    version = serializers.CharField(help_text="Version of HSDS.")
    profile = serializers.URLField(help_text="Description of this API.")
    openapi_url = serializers.URLField()
    published_at = serializers.DateTimeField(
        required=False, help_text="When the data were published, in UTC; missing if nothing has been published yet."
    )


class Failure(serializers.Serializer):
    """Why there is no other answer."""

    error = serializers.CharField(help_text="One sentence in English.")
    fields = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Of a bad request: what is wrong with each parameter.",
    )


class _Identified(serializers.Serializer):
    id = serializers.UUIDField(help_text="Stays the same from publication to publication.")


class TaxonomyObject(_Identified):
    name = serializers.CharField()
    description = serializers.CharField()
    uri = serializers.CharField()
    version = serializers.CharField()


class TaxonomyTerm(_Identified):
    code = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    taxonomy = serializers.CharField()
    taxonomy_id = serializers.UUIDField()
    taxonomy_detail = TaxonomyObject(required=False)
    language = serializers.CharField()
    term_uri = serializers.CharField()


class Attribute(_Identified):
    link_id = serializers.UUIDField()
    link_entity = serializers.CharField()
    link_type = serializers.CharField(help_text="Name of our field.")
    taxonomy_term_id = serializers.UUIDField()
    taxonomy_term = TaxonomyTerm()
    value = serializers.CharField()
    label = serializers.CharField()


class Language(_Identified):
    code = serializers.CharField(help_text="ISO 639-1 or 639-3.")
    name = serializers.CharField()
    note = _text()


class Phone(_Identified):
    number = serializers.CharField(help_text="E.164 or a short code.")
    type = serializers.ChoiceField(["voice", "text"])
    description = _text()
    languages = Language(many=True, required=False)


class Schedule(_Identified):
    freq = _text()
    interval = serializers.IntegerField(required=False)
    wkst = _text()
    byday = _text(help_text="MO,TU,...")
    dtstart = _text()
    until = _text()
    count = serializers.IntegerField(required=False)
    valid_from = _text()
    valid_to = _text()
    opens_at = _text(help_text="HH:MM, local time.")
    closes_at = _text(help_text="HH:MM, local time; before opens_at: on the next day.")
    timezone = _number(help_text="Hours ahead of UTC at the time of publication.")
    description = _text()
    notes = _text()


class ServiceArea(_Identified):
    name = serializers.CharField()
    description = _text()
    extent = _text()
    extent_type = _text()


class CostOption(_Identified):
    option = serializers.CharField()
    amount = _number()
    amount_description = _text()


class RequiredDocument(_Identified):
    document = serializers.CharField()


class Accessibility(_Identified):
    description = serializers.CharField()


class Address(_Identified):
    address_1 = serializers.CharField(allow_blank=True, help_text="Empty if only the town is told.")
    city = serializers.CharField()
    state_province = serializers.CharField(allow_blank=True)
    postal_code = serializers.CharField(allow_blank=True)
    country = serializers.CharField(help_text="ISO 3166-1 alpha-2.")
    address_type = serializers.CharField(help_text="Always physical.")


class Location(_Identified):
    location_type = serializers.ChoiceField(["physical"])
    name = _text()
    description = _text()
    transportation = _text()
    latitude = _number(help_text="Degrees; missing if only the town is told.")
    longitude = _number()


class LocationDetail(Location):
    addresses = Address(many=True)
    accessibility = Accessibility(many=True, required=False)


class Organization(_Identified):
    name = serializers.CharField()
    description = serializers.CharField(help_text="The kind of organisation.")
    website = _text()


class Service(_Identified):
    name = serializers.CharField()
    description = _text()
    url = _text()
    email = _text()
    status = serializers.ChoiceField(["active", "temporarily closed"])
    interpretation_services = _text()
    application_process = _text()
    fees_description = _text()
    eligibility_description = _text()
    minimum_age = serializers.IntegerField(required=False)
    maximum_age = serializers.IntegerField(required=False)
    assured_date = _text(help_text="Day on which somebody last checked this service.")
    alert = _text()
    last_modified = serializers.DateTimeField(help_text="Publication in which the latest change first appeared.")
    organization = Organization(required=False)


class MinimalService(_Identified):
    last_modified = serializers.DateTimeField()


class ServiceAtLocation(_Identified):
    location = Location()
    service = Service()


class Site(_Identified):
    location = LocationDetail()


class WholeService(Service):
    phones = Phone(many=True)
    schedules = Schedule(many=True)
    languages = Language(many=True)
    service_areas = ServiceArea(many=True)
    cost_options = CostOption(many=True)
    required_documents = RequiredDocument(many=True)
    attributes = Attribute(many=True)


class ServiceDetail(WholeService):
    service_at_locations = Site(many=True)


class ServiceAtLocationDetail(_Identified):
    location = LocationDetail()
    service = WholeService()


class OfferedService(_Identified):
    name = serializers.CharField()
    status = serializers.ChoiceField(["active", "temporarily closed"])


class OrganizationDetail(Organization):
    services = OfferedService(many=True)


class OrganizationWithServices(Organization):
    services = ServiceDetail(many=True)


def any_of(name: str, *shapes: type[serializers.Serializer]) -> Any:
    """For the description only: one of these pages, depending on the parameters."""
    pages = [page_of(shape) for shape in shapes]
    return PolymorphicProxySerializer(name, serializers=pages, resource_type_field_name=None)


def page_of(child: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """HSDS's page of such objects."""
    fields = {
        "total_items": serializers.IntegerField(),
        "total_pages": serializers.IntegerField(),
        "page_number": serializers.IntegerField(),
        "size": serializers.IntegerField(help_text="Objects on this page."),
        "first_page": serializers.BooleanField(),
        "last_page": serializers.BooleanField(),
        "empty": serializers.BooleanField(),
        "contents": child(many=True),
    }
    return type(f"{child.__name__}Page", (serializers.Serializer,), fields)
