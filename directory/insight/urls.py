"""Addresses of the pages on what people ask for and tell."""

from __future__ import annotations

from django.urls import path

from directory.insight import views

app_name = "insight"
urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("csv/<slug:slug>/", views.as_csv, name="csv"),
    path("reports/", views.report_list, name="reports"),
    path("reports/settle/", views.settle_reports, name="settle"),
]
