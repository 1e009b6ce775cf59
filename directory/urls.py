"""The directory's addresses."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from directory import views
from directory.insight.counts import counts
from directory.reports import reports

urlpatterns = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("api/reports", reports, name="reports"),
    path("api/counts", counts, name="counts"),
    path("hsds", RedirectView.as_view(url="/hsds/", permanent=True)),
    path("hsds/", include("directory.hsds.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("staff/changes/", include("directory.changes.urls")),
    path("staff/maps/", include("directory.maps.urls")),
    path("staff/duplicates/", include("directory.duplicates.urls")),
    path("staff/translations/", include("directory.translations.urls")),
    path("staff/exchange/", include("directory.exchange.urls")),
    path("staff/freshness/", include("directory.freshness.urls")),
    path("check/", include("directory.freshness.public_urls")),
    path("staff/accounts/", include("directory.accounts.urls")),
    path("staff/insight/", include("directory.insight.urls")),
    path("admin/", admin.site.urls),
]
