"""Organisations, their members, and regions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.access import approves
from directory.admin.common import Inline, RecordAdmin, person
from directory.admin.filters import CountryFilter
from directory.admin.freshness import CheckContactInline
from directory.admin.reviewed import ReviewedAdmin
from directory.models import Membership, Organisation, Region


class MembershipInline(Inline):
    model = Membership
    fields = ("user", "role")
    autocomplete_fields = ("user",)


@admin.register(Organisation)
class OrganisationAdmin(ReviewedAdmin):
    list_display = ("name", "kind", "trusted_level", "website", "sample")
    list_filter = ("kind", "trusted_level", "sample")
    search_fields = ("name", "public_id")
    search_help_text = _("Name")
    autocomplete_fields = ("parent",)
    inlines = (CheckContactInline, MembershipInline)
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

    OURS = ("trusted_level", "parent", "external_ids", "sample")
    """What an organisation does not decide about itself."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None or approves(person(request), obj) else (*fixed, *self.OURS)


@admin.register(Region)
class RegionAdmin(RecordAdmin):
    list_display = ("name", "country", "trail", "sample")
    list_filter = (CountryFilter, "trail", "sample")
    search_fields = ("name", "public_id")
    filter_horizontal = ("validators",)
    fields = ("name", "country", "trail", "admin_codes", "validators", "public_id", "sample")
