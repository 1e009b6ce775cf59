"""Addresses of the staff's pages about freshness."""

from __future__ import annotations

from django.urls import path

from directory.freshness import views

app_name = "freshness"
urlpatterns = [
    path("", views.due, name="due"),
    path("links/", views.links, name="links"),
]
