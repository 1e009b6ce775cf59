"""The directory's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from directory import views
from directory.reports import reports

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("api/reports", reports, name="reports"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
