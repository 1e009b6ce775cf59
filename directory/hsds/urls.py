"""The addresses under /hsds."""

from __future__ import annotations

from typing import Any

from django.urls import include, path, re_path

from directory.hsds import views

__all__ = ["described", "urlpatterns"]

app_name = "hsds"
urlpatterns = [
    path("", views.Root.as_view(), name="root"),
    path("services", views.Services.as_view(), name="services"),
    path("services/<uuid:id>", views.OneService.as_view(), name="service"),
    path("organizations", views.Organizations.as_view(), name="organizations"),
    path("organizations/<uuid:id>", views.OneOrganization.as_view(), name="organization"),
    path("service_at_locations", views.ServiceAtLocations.as_view(), name="service_at_locations"),
    path("service_at_locations/<uuid:id>", views.OneServiceAtLocation.as_view(), name="service_at_location"),
    path("taxonomies", views.Taxonomies.as_view(), name="taxonomies"),
    path("taxonomies/<uuid:id>", views.OneTaxonomy.as_view(), name="taxonomy"),
    path("taxonomy_terms", views.TaxonomyTerms.as_view(), name="taxonomy_terms"),
    path("taxonomy_terms/<uuid:id>", views.OneTaxonomyTerm.as_view(), name="taxonomy_term"),
    path("openapi.json", views.OpenApi.as_view(), name="openapi"),
    path("docs", views.docs, name="docs"),
    re_path("^(?P<rest>.+)$", views.Nothing.as_view(), name="nothing"),
]


def described() -> list[Any]:
    """The addresses as the OpenAPI description names them."""
    return [path("hsds/", include((urlpatterns, app_name)))]
