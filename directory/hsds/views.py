"""The addresses of the API: one class for each list and each object."""
# mypy: disable-error-code="misc, import-untyped, no-untyped-call, untyped-decorator"

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from directory.duplicates.identity import survivor_of
from directory.hsds import parameters, selection, serializers
from directory.hsds.base import HsdsView, paged
from directory.hsds.objects import Objects
from directory.hsds.published import NothingPublished, Published, opened
from directory.hsds.taxonomy import taxonomies, terms

__all__ = ["docs"]

VERSION = "3.0"
SERVICES = serializers.any_of(
    "ServicesAnswer", serializers.Service, serializers.ServiceDetail, serializers.MinimalService
)
ORGANIZATIONS = serializers.any_of(
    "OrganizationsAnswer",
    serializers.Organization,
    serializers.OrganizationDetail,
    serializers.OrganizationWithServices,
)
ORGANIZATION = PolymorphicProxySerializer(
    "OrganizationAnswer",
    serializers=[serializers.OrganizationDetail, serializers.OrganizationWithServices],
    resource_type_field_name=None,
)
SITES = serializers.any_of(
    "ServiceAtLocationsAnswer", serializers.ServiceAtLocation, serializers.ServiceAtLocationDetail
)


def _schema(name: str, query: Any, answer: Any, summary: str, *, one: bool = False) -> Callable[[Any], Any]:
    """How the OpenAPI page describes a view."""
    failures = dict.fromkeys((400, *((404,) if one else ()), 429, 503), serializers.Failure)
    wanted = [query] if query else []
    decorated: Callable[[Any], Any] = extend_schema(
        operation_id=name,
        summary=summary,
        parameters=wanted,
        responses={200: answer, **failures},
        auth=[],
        tags=["HSDS"],
    )
    return decorated


def _page(
    request_parameters: dict[str, Any], items: Sequence[Any], build: Callable[[Sequence[Any]], list[Any]], shape: Any
) -> Response:
    page, per_page = request_parameters["page"], request_parameters["per_page"]
    part = items[(page - 1) * per_page : page * per_page]
    contents = shape(build(part), many=True).data if part else []
    headers = {"Content-Language": request_parameters["language"]}
    return Response(paged(len(items), page, per_page, list(contents)), headers=headers)


def _one(request_parameters: dict[str, Any], found: dict[str, Any], shape: Any) -> Response:
    return Response(shape(found).data, headers={"Content-Language": request_parameters["language"]})


def _by_id(uuids: dict[str, str], id: UUID, published: Published) -> str:
    """Public id of the service with this UUID, if it is told. Raises NotFound."""
    for public_id, uuid in uuids.items():
        if uuid == str(id):
            if public_id in selection.service_ids(published, selection.Wanted(), {public_id: uuid}):
                return public_id
            break
    raise NotFound


class Root(HsdsView):
    @_schema("about", None, serializers.About, "Version of this API, and where its description is")
    def get(self, request: Request) -> Response:
        parameters.read(parameters.Detail, request.query_params)
        about: dict[str, Any] = {
            "version": VERSION,
            "profile": request.build_absolute_uri(reverse("hsds:docs")),
            "openapi_url": request.build_absolute_uri(reverse("hsds:openapi")),
        }
        try:
            with opened() as published:
                about["published_at"] = published.at
        except NothingPublished:
            pass
        return Response(serializers.About(about).data)


class Services(HsdsView):
    @_schema("services", parameters.ServicePage, SERVICES, "Services, page by page")
    def get(self, request: Request) -> Response:
        asked = parameters.read(parameters.ServicePage, request.query_params)
        with opened() as published:
            live = published.live()
            found = selection.service_ids(published, parameters.wanted(asked), live)
            if asked["minimal"]:
                modified = published.last_modified()
                rows = [{"id": live[service], "last_modified": modified[service]} for service in found]
                return _page(asked, rows, list, serializers.MinimalService)
            objects = Objects(published, live, asked["language"])
            shape = serializers.ServiceDetail if asked["full"] else serializers.Service
            return _page(asked, found, lambda part: objects.services(list(part), full=asked["full"]), shape)


class OneService(HsdsView):
    @_schema(
        "service",
        parameters.Detail,
        serializers.ServiceDetail,
        "One service with everything that belongs to it",
        one=True,
    )
    def get(self, request: Request, id: UUID) -> Response:
        asked = parameters.read(parameters.Detail, request.query_params)
        with opened() as published:
            live = published.live()
            kept = survivor_of(id)
            service = _by_id(live, kept.uuid if kept else id, published)
            found = Objects(published, live, asked["language"]).services([service], full=True)[0]
            answer = _one(asked, found, serializers.ServiceDetail)
            if kept:  # it was merged: the record says its id of today, and a header where it is
                answer["Content-Location"] = reverse("hsds:service", args=[kept.uuid])
            return answer


class _Organisations(HsdsView):
    def build(
        self, published: Published, live: dict[str, str], asked: dict[str, Any], ids: Sequence[str], found: list[str]
    ) -> list[Any]:
        """Organisations of these public ids with those of the services `found` that they offer."""
        objects = Objects(published, live, asked["language"])
        by_organisation = objects.organisations(ids)
        for organisation in by_organisation.values():
            organisation["services"] = []
        if asked.get("full") or asked.get("full_service") or "page" not in asked:
            rows = published.rows_of("SELECT id, organisation_id FROM service WHERE id IN", found)
            offered = {row["id"]: row["organisation_id"] for row in rows if row["organisation_id"] in by_organisation}
            services = objects.services(sorted(offered), full=asked["full_service"])
            for service, fields in zip(sorted(offered), services):
                by_organisation[offered[service]]["services"].append(fields)
        return [by_organisation[id] for id in ids]

    def shape(self, asked: dict[str, Any]) -> Any:
        if asked["full_service"]:
            return serializers.OrganizationWithServices
        return serializers.OrganizationDetail if asked.get("full", True) else serializers.Organization


class Organizations(_Organisations):
    @_schema("organizations", parameters.OrganizationPage, ORGANIZATIONS, "Organisations, page by page")
    def get(self, request: Request) -> Response:
        asked = parameters.read(parameters.OrganizationPage, request.query_params)
        with opened() as published:
            live = published.live()
            services = selection.service_ids(published, selection.Wanted(), live)
            found = selection.organisation_ids(published, services, asked.get("search", ""))
            return _page(
                asked, found, lambda part: self.build(published, live, asked, part, services), self.shape(asked)
            )


class OneOrganization(_Organisations):
    @_schema(
        "organization",
        parameters.OrganizationDetailQuery,
        ORGANIZATION,
        "One organisation with its services",
        one=True,
    )
    def get(self, request: Request, id: UUID) -> Response:
        asked = parameters.read(parameters.OrganizationDetailQuery, request.query_params)
        with opened() as published:
            live = published.live()
            of_it = selection.service_ids(published, selection.Wanted(organization_id=str(id)), live)
            found = selection.organisation_ids(published, of_it)
            if not found:
                raise NotFound
            return _one(asked, self.build(published, live, asked, found, of_it)[0], self.shape(asked))


class ServiceAtLocations(HsdsView):
    @_schema(
        "service_at_locations",
        parameters.SitePage,
        SITES,
        "Services at their places, page by page; also the nearest ones",
    )
    def get(self, request: Request) -> Response:
        asked = parameters.read(parameters.SitePage, request.query_params)
        with opened() as published:
            live, wanted = published.live(), parameters.wanted(asked)
            found = selection.sites(published, selection.service_ids(published, wanted, live), wanted.proximity)
            objects = Objects(published, live, asked["language"])
            shape = serializers.ServiceAtLocationDetail if asked["full"] else serializers.ServiceAtLocation
            return _page(asked, found, lambda part: objects.sites(list(part), full=asked["full"]), shape)


class OneServiceAtLocation(HsdsView):
    @_schema(
        "service_at_location",
        parameters.Detail,
        serializers.ServiceAtLocationDetail,
        "One service at one place, with everything",
        one=True,
    )
    def get(self, request: Request, id: UUID) -> Response:
        asked = parameters.read(parameters.Detail, request.query_params)
        with opened() as published:
            live = published.live()
            services = selection.service_ids(published, selection.Wanted(), live)
            objects = Objects(published, live, asked["language"])
            for site in selection.sites(published, services):
                if objects.site_id(site) == str(id):
                    return _one(asked, objects.sites([site], full=True)[0], serializers.ServiceAtLocationDetail)
        raise NotFound


class Taxonomies(HsdsView):
    @_schema("taxonomies", parameters.Page, serializers.page_of(serializers.TaxonomyObject), "Our fields as taxonomies")
    def get(self, request: Request) -> Response:
        asked = parameters.read(parameters.Page, request.query_params)
        words = asked.get("search", "").casefold()
        found = [known for known in taxonomies().values() if words in known.name.casefold()]
        return _page(
            {**asked, "language": "en"},
            found,
            lambda part: [known.hsds() for known in part],
            serializers.TaxonomyObject,
        )


class OneTaxonomy(HsdsView):
    @_schema("taxonomy", parameters.Detail, serializers.TaxonomyObject, "One taxonomy", one=True)
    def get(self, request: Request, id: UUID) -> Response:
        asked = parameters.read(parameters.Detail, request.query_params)
        known = taxonomies().get(str(id))
        if known is None:
            raise NotFound
        return _one({**asked, "language": "en"}, known.hsds(), serializers.TaxonomyObject)


class TaxonomyTerms(HsdsView):
    @_schema(
        "taxonomy_terms",
        parameters.TermPage,
        serializers.page_of(serializers.TaxonomyTerm),
        "Values of our fields as terms",
    )
    def get(self, request: Request) -> Response:
        asked = parameters.read(parameters.TermPage, request.query_params)
        words, taxonomy = asked.get("search", "").casefold(), asked.get("taxonomy_id")
        found = [
            known
            for known in terms().values()
            if words in known.name.casefold() and (taxonomy is None or known.taxonomy.id == str(taxonomy))
        ]
        return _page(
            {**asked, "language": "en"}, found, lambda part: [known.hsds() for known in part], serializers.TaxonomyTerm
        )


class OneTaxonomyTerm(HsdsView):
    @_schema("taxonomy_term", parameters.Detail, serializers.TaxonomyTerm, "One term", one=True)
    def get(self, request: Request, id: UUID) -> Response:
        asked = parameters.read(parameters.Detail, request.query_params)
        known = terms().get(str(id))
        if known is None:
            raise NotFound
        return _one({**asked, "language": "en"}, known.hsds(detail=True), serializers.TaxonomyTerm)


class OpenApi(HsdsView):
    """The description of the API, as JSON."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(_description())


class Nothing(HsdsView):
    """Any other address."""

    @extend_schema(exclude=True)
    def get(self, request: Request, rest: str = "") -> Response:
        raise NotFound


@lru_cache(maxsize=1)
def _description() -> dict[str, Any]:
    """OpenAPI of these addresses only."""
    from directory.hsds import urls

    schema: dict[str, Any] = SchemaGenerator(patterns=urls.described()).get_schema(public=True)
    for component in schema["components"]["schemas"].values():
        if "oneOf" in component:  # the shapes are nested in each other, so an answer can fit two of them
            component["anyOf"] = component.pop("oneOf")
    return schema


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The addresses and their parameters as a page that loads nothing from elsewhere."""
    paths = [
        {"path": path, **operation}
        for path, methods in _description()["paths"].items()
        for method, operation in methods.items()
        if method == "get"
    ]
    return render(request, "hsds/docs.html", {"paths": paths})
