"""Addresses of the staff's pages about import and export."""

from __future__ import annotations

from django.urls import path

from directory.exchange import views

app_name = "exchange"
urlpatterns = [
    path("", views.runs, name="list"),
    path("export/<str:name>", views.export, name="export"),
    path("<int:pk>/", views.run, name="run"),
    path("<int:pk>/columns/", views.columns, name="columns"),
    path("<int:pk>/decide/", views.decide, name="decide"),
    path("<int:pk>/check/", views.again, name="check"),
    path("<int:pk>/apply/", views.apply, name="apply"),
    path("<int:pk>/undo/", views.undo, name="undo"),
    path("<int:pk>/marked.xlsx", views.marked, name="marked"),
]
