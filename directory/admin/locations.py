"""Places. Exact places that are confidential are shown only to those who have the permission for it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.forms import Script
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.bases import StackedInline
from directory.admin.common import Inline
from directory.admin.filters import CountryFilter
from directory.admin.reviewed import ReviewedAdmin
from directory.maps.texts import map_settings
from directory.models import ConfidentialPlace, ContactPoint, Location, ServiceAtLocation

VIEW_CONFIDENTIAL = "directory.view_confidential"


class ConfidentialPlaceInline(StackedInline):
    """The exact place; not even its existence is told to those who may not see it."""

    model = ConfidentialPlace
    extra = 0
    max_num = 1
    fields = ("address", "postcode", ("lat", "lon"), "transport", "note")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(VIEW_CONFIDENTIAL)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and super().has_delete_permission(request, obj)


class ServiceInline(Inline):
    """The services at this place. Places are given to a service on its own page, where the change waits for a reviewer."""

    model = ServiceAtLocation
    fields = ("service", "note")
    autocomplete_fields = ("service",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Location)
class LocationAdmin(ReviewedAdmin):
    list_display = ("place", "city", "country", "visibility", "organisation", "sample")
    list_display_links = ("place",)
    list_filter = (CountryFilter, "visibility", "wheelchair", "sample")
    list_select_related = ("organisation",)
    search_fields = ("name", "city", "address", "organisation__name", "public_id")
    search_help_text = _("Name, city, public address, or organisation")
    autocomplete_fields = ("organisation",)
    inlines = (ConfidentialPlaceInline, ServiceInline)
    fieldsets = (
        (
            None,
            {"fields": ("visibility", "name", "organisation", "city", "admin1", "country", "tz", "point_confirmed")},
        ),
        (
            _("Public place"),
            {
                "fields": ("address", "postcode", ("lat", "lon"), "transport", "wheelchair"),
                "description": _("Only if everybody may know it. Otherwise leave this empty."),
            },
        ),
        (
            _("Centre of the city"),
            {
                "fields": (("centre_lat", "centre_lon"),),
                "description": _("Shown instead of the place if that is not public."),
            },
        ),
        (_("Origin"), {"classes": ("collapse",), "fields": ("public_id", "external_ids", "sample")}),
    )

    class Media:
        css = {"all": ("directory/leaflet/leaflet.css", "directory/maps/maps.css")}
        js = (
            "directory/leaflet/leaflet.js",
            Script("directory/maps/base.js", defer=True),
            Script("directory/maps/place.js", defer=True),
        )

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return super().render_change_form(request, {**context, "map": map_settings()}, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A confidential place goes only with those who may know it."""
        hidden = obj is not None and obj.visibility != Location.Visibility.PUBLIC
        return super().has_delete_permission(request, obj) and (not hidden or request.user.has_perm(VIEW_CONFIDENTIAL))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """A place that has just become confidential already has its confidential part: what was typed goes into that."""
        if formset.model is ConfidentialPlace:
            for typed in formset.save(commit=False):
                made = ConfidentialPlace.objects.filter(location=form.instance).first()
                typed.pk = typed.pk or (made and made.pk)
                typed.save()
            for gone in formset.deleted_objects:
                gone.delete()
            return
        super().save_formset(request, form, formset, change)

    @admin.display(description=_("location"), ordering="name")
    def place(self, location: Location) -> str:
        return location.name or location.address or location.public_id


@admin.register(ContactPoint)
class ContactPointAdmin(ReviewedAdmin):
    """Every number and address once, with the services that use it."""

    list_display = ("value", "kind", "organisation", "last_check", "verified_on", "sample")
    list_filter = ("kind", "last_check", "sample")
    list_select_related = ("organisation",)
    search_fields = ("value", "organisation__name")
    search_help_text = _("Number, address, or organisation")
    autocomplete_fields = ("organisation",)
    readonly_fields = ("used_by", "last_check", "verified_on")
    fields = (
        "organisation",
        "kind",
        "value",
        "languages",
        "toll_free",
        "reachable_from_abroad",
        "hours",
        "used_by",
        "last_check",
        "verified_on",
        "public_id",
        "sample",
    )

    @admin.display(description=_("used by"))
    def used_by(self, contact: ContactPoint) -> str:
        return ", ".join(service.public_id for service in contact.services.all()) or "–" if contact.pk else "–"
