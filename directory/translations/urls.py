"""Addresses of the translators' pages."""

from __future__ import annotations

from django.urls import path

from directory.translations import editor, files, views

app_name = "translations"
urlpatterns = [
    path("", views.coverage_page, name="coverage"),
    path("coverage.csv", views.coverage_csv, name="csv"),
    path("import/", files.import_page, name="import"),
    path("<slug:lang>/", views.work_page, name="work"),
    path("<slug:lang>/export.xlf", files.export_file, name="export"),
    path("<slug:lang>/<slug:kind>/<slug:public_id>/", editor.edit_page, name="edit"),
]
