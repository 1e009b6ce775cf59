"""Organisations, their members, and regions."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from directory.admin.common import Inline, RecordAdmin
from directory.admin.filters import CountryFilter
from directory.models import Membership, Organisation, Region


class MembershipInline(Inline):
    model = Membership
    fields = ("user", "role")
    autocomplete_fields = ("user",)


@admin.register(Organisation)
class OrganisationAdmin(RecordAdmin):
    list_display = ("name", "kind", "trusted_level", "website", "sample")
    list_filter = ("kind", "trusted_level", "sample")
    search_fields = ("name", "public_id")
    search_help_text = _("Name")
    autocomplete_fields = ("parent",)
    inlines = (MembershipInline,)
    fields = (
        "name",
        "kind",
        "parent",
        "website",
        "trusted_level",
        "licence_of_data",
        "external_ids",
        "public_id",
        "sample",
    )


@admin.register(Region)
class RegionAdmin(RecordAdmin):
    list_display = ("name", "country", "trail", "sample")
    list_filter = (CountryFilter, "trail", "sample")
    search_fields = ("name", "public_id")
    filter_horizontal = ("validators",)
    fields = ("name", "country", "trail", "admin_codes", "validators", "public_id", "sample")
