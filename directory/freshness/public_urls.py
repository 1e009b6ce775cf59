"""Addresses of the pages behind the links in letters."""

from __future__ import annotations

from django.urls import path

from directory.freshness import public

app_name = "check"
urlpatterns = [
    path("stop/<str:token>/", public.stop, name="stop"),
    path("<str:token>/", public.answer, name="answer"),
]
