"""Addresses of the maps."""

from __future__ import annotations

from django.urls import path

from directory.maps import views

app_name = "maps"
urlpatterns = [
    path("", views.coverage, name="coverage"),
    path("points.json", views.points, name="points"),
    path("towns.json", views.towns, name="towns"),
    path("check", views.check, name="check"),
    path("services.geojson", views.services_geojson, name="geojson"),
]
