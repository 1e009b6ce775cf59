"""The directory's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from directory import views
from directory.reports import reports

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("api/reports", reports, name="reports"),
    path("hsds", RedirectView.as_view(url="/hsds/", permanent=True)),
    path("hsds/", include("directory.hsds.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
