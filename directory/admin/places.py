"""Known places with their names, and the hosts that may be linked to."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.common import Inline, RecordAdmin
from directory.admin.filters import CountryFilter
from directory.models import AllowedHost, PlaceAlias, PlaceAliasName


class NameInline(Inline):
    model = PlaceAliasName
    fields = ("name", "lang")
    min_num = 1


@admin.register(PlaceAlias)
class PlaceAliasAdmin(RecordAdmin):
    list_display = ("label", "country", "radius_km", "added_by", "sample")
    list_filter = (CountryFilter, "sample")
    search_fields = ("label", "names__name")
    search_help_text = _("Any of its names")
    inlines = (NameInline,)
    fields = ("label", "country", ("lat", "lon"), "radius_km", "public_id", "sample")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.added_by = request.user
        super().save_model(request, obj, form, change)


@admin.register(AllowedHost)
class AllowedHostAdmin(RecordAdmin):
    list_display = ("host", "note", "sample")
    list_filter = ("sample",)
    search_fields = ("host", "note")
