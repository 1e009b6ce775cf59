"""Reports from people, proposed changes, and the logs of checks, publications and imports."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from directory.admin.bases import ModelAdmin
from directory.admin.common import ReadOnlyAdmin, Scoped, person
from directory.insight.flags import reflag
from directory.models import ChangeRequest, ImportRun, Publication, UserReport, Verification


@admin.register(UserReport)
class UserReportAdmin(Scoped, ModelAdmin):
    list_display = ("service", "kind", "reported_on", "lang", "state", "handled_by")
    list_filter = ("state", "kind", "lang")
    list_select_related = ("service", "handled_by")
    search_fields = ("service__public_id", "service__texts__name")
    autocomplete_fields = ("service",)
    fields = ("service", "kind", "lang", "reported_on", "state", "note")

    def save_model(self, request: HttpRequest, obj: UserReport, form: Any, change: bool) -> None:
        settled = obj.state != UserReport.State.OPEN
        obj.handled_by, obj.handled_at = (person(request), timezone.now()) if settled else (None, None)
        super().save_model(request, obj, form, change)
        reflag([obj.service], person(request))


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    """The log; decisions are made on the page of a change (`changes.views`)."""

    list_display = ("page", "state", "author", "created_at", "reviewer", "decided_at")
    list_filter = ("state", "kind", "confidential")
    list_select_related = ("author", "reviewer")
    fields = (
        "kind",
        "target_type",
        "state",
        "confidential",
        "reason",
        "author",
        "reviewer",
        "note_to_author",
        "decided_at",
    )

    @admin.display(description=_("proposed change"))
    def page(self, change: ChangeRequest) -> str:
        return format_html('<a href="{}">{}</a>', reverse("changes:change", args=(change.pk,)), str(change))


@admin.register(Verification)
class VerificationAdmin(Scoped, ModelAdmin):
    """Checks can be added, never changed."""

    list_display = ("at", "target", "outcome", "method", "by")
    list_filter = ("outcome", "method")
    list_select_related = ("service", "contact", "article", "emergency_number", "by")
    date_hierarchy = "at"
    autocomplete_fields = ("service", "contact", "article", "emergency_number")
    fields = ("service", "contact", "article", "emergency_number", "at", "method", "outcome", "note")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Verification, form: Any, change: bool) -> None:
        obj.by = person(request)
        super().save_model(request, obj, form, change)


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    list_display = ("id", "state", "at", "by", "services")
    list_filter = ("state",)
    fields = ("state", "at", "by", "digest", "rows", "warning_lines", "error", "back")
    readonly_fields = ("rows", "warning_lines", "back")

    @admin.display(description=_("go back"))
    def back(self, publication: Publication) -> str:
        """For administrators: a page that says what has changed since, and a button."""
        if publication.state != Publication.State.PUBLISHED:
            return "–"
        here = reverse("changes:publication", args=(publication.pk,))
        return format_html('<a href="{}">{}</a>', here, _("Bring the directory back to this publication"))

    @admin.display(description=_("services"))
    def services(self, publication: Publication) -> int:
        return int(publication.counts.get("service", 0))

    @admin.display(description=_("rows"))
    def rows(self, publication: Publication) -> str:
        return format_html_join("", "<div>{}: {}</div>", publication.counts.items())

    @admin.display(description=_("warnings"))
    def warning_lines(self, publication: Publication) -> str:
        return format_html_join("", "<div>{}</div>", ((line,) for line in publication.warnings))


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "created_at", "rows_new", "rows_changed", "rows_bad", "applied_by", "undone_at")
