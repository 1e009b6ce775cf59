"""Addresses that are asked whether entries are still correct, the questions that were sent to them, and who wants no letters."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.access import approves
from directory.admin.bases import ModelAdmin
from directory.admin.common import Inline, ReadOnlyAdmin, Scoped, person
from directory.models import CheckRequest, NoLetters, OrganisationContact

__all__ = ["CheckContactInline"]


class CheckContactInline(Inline):
    """On the page of an organisation. Who proposes its changes to a reviewer edits the addresses on their own page instead."""

    model = OrganisationContact
    fields = ("role", "email", "language", "active")

    def _at_once(self, request: HttpRequest, organisation: Any) -> bool:
        return organisation is None or approves(person(request), organisation)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and self._at_once(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._at_once(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._at_once(request, obj)


@admin.register(OrganisationContact)
class OrganisationContactAdmin(Scoped, ModelAdmin):
    list_display = ("email", "role", "organisation", "language", "active")
    list_filter = ("active", "language")
    list_select_related = ("organisation",)
    search_fields = ("email", "role", "organisation__name")
    autocomplete_fields = ("organisation",)


@admin.register(CheckRequest)
class CheckRequestAdmin(ReadOnlyAdmin):
    """The secret of the link is never shown."""

    list_display = ("organisation", "email", "sent_at", "used_at", "confirmed", "changed")
    list_select_related = ("organisation",)
    date_hierarchy = "sent_at"
    search_fields = ("email", "organisation__name")
    fields = ("organisation", "email", "language", "sent_at", "used_at", "confirmed", "changed", "services")


@admin.register(NoLetters)
class NoLettersAdmin(Scoped, ModelAdmin):
    list_display = ("email", "since")
    search_fields = ("email",)
    search_help_text = _("E-mail")
