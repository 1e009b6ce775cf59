"""Addresses of the pages on duplicates."""

from __future__ import annotations

from django.urls import path

from directory.duplicates import views

app_name = "duplicates"
urlpatterns = [
    path("", views.listing, name="list"),
    path("look/", views.look_again, name="look"),
    path("<int:pk>/", views.pair_page, name="pair"),
    path("<int:pk>/decide/", views.decide, name="decide"),
]
