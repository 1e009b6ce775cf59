"""Filters of the lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.codes import country_name
from directory.models import Location, ServiceArea, ServiceAtLocation, Task

__all__ = [
    "CountryFilter",
    "ReportedFilter",
    "ReviewFilter",
    "ServiceCountryFilter",
    "VerifiedFilter",
    "VisibilityFilter",
]


class ReviewFilter(admin.SimpleListFilter):
    """By how long ago a service was checked."""

    title = _("review")
    parameter_name = "review"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [
            ("due", _("overdue")),
            ("soon", _("due within 7 days")),
            ("current", _("checked in time")),
            ("hidden", _("hidden: three periods late")),
            ("never", _("never checked")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = timezone.localdate()
        chosen = {
            "due": Q(review_due__lt=today),
            "soon": Q(review_due__gte=today, review_due__lte=today + timedelta(days=7)),
            "current": Q(review_due__gte=today),
            "hidden": Q(hidden_after__lt=today),
            "never": Q(verified_on__isnull=True),
        }
        value = self.value() or ""
        return queryset.filter(chosen[value]) if value in chosen else queryset


class ReportedFilter(admin.SimpleListFilter):
    """By whether several people said that something has changed."""

    title = _("reports from people")
    parameter_name = "reported"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("reported as changed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(pk__in=Task.reported_services()) if self.value() == "yes" else queryset


class ServiceCountryFilter(admin.SimpleListFilter):
    """By the country of a service's places or areas."""

    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        places = Location.objects.order_by().values_list("country", flat=True).distinct()
        areas = ServiceArea.objects.order_by().values_list("country", flat=True).distinct()
        return sorted(((code, country_name(code)) for code in {*places, *areas}), key=lambda row: row[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        places = ServiceAtLocation.objects.filter(location__country=self.value())
        areas = ServiceArea.objects.filter(country=self.value())
        return queryset.filter(Q(pk__in=places.values("service_id")) | Q(pk__in=areas.values("service_id")))


class CountryFilter(admin.SimpleListFilter):
    """By the record's own country, with names instead of codes."""

    title = _("country")
    parameter_name = "country"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        found = model_admin.model.objects.order_by().values_list("country", flat=True).distinct()
        return sorted(((code, country_name(code)) for code in found if code), key=lambda row: row[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(country=self.value()) if self.value() else queryset


class VisibilityFilter(admin.SimpleListFilter):
    """By what people are told of a service's place."""

    title = _("visibility")
    parameter_name = "visibility"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Location.Visibility.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        places = ServiceAtLocation.objects.filter(location__visibility=self.value())
        return queryset.filter(pk__in=places.values("service_id"))


class VerifiedFilter(admin.SimpleListFilter):
    """By whether the verification of a number still counts."""

    title = _("verified")
    parameter_name = "verified"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("verified")), ("no", _("not verified, or expired"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        valid = Q(verified_on__isnull=False, expires_on__gte=timezone.localdate())
        if self.value() == "yes":
            return queryset.filter(valid)
        return queryset.exclude(valid) if self.value() == "no" else queryset
