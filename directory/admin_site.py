"""Waypost's admin site: its name, a start page that shows what needs work, and the button that publishes."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

__all__ = ["PUBLISH", "WaypostAdminSite", "publish_and_tell"]

PUBLISH = "directory.publish"
"""Permission to publish."""

ORDER = (
    "Service",
    "Location",
    "ContactPoint",
    "Organisation",
    "Article",
    "EmergencyNumber",
    "UserReport",
    "ChangeRequest",
    "Verification",
    "Publication",
    "ImportRun",
    "PlaceAlias",
    "AllowedHost",
    "Category",
    "Region",
    "User",
)


def publish_and_tell(request: HttpRequest) -> None:
    """Publish the directory and tell the member of staff what was published, or why nothing was."""
    from directory.publish import PublishError, publish

    try:
        done = publish(request.user)
    except PublishError as error:
        messages.error(request, translate("Nothing was published; the bot goes on with the last publication."))
        for reason in error.reasons:
            messages.error(request, reason)
        return
    facts = {"number": done.publication, **done.counts}
    messages.success(
        request,
        translate(
            "Publication %(number)d: %(service)d services, %(article)d articles, %(emergency_number)d emergency numbers."
        )
        % facts,
    )
    for warning in done.warnings:
        messages.warning(request, warning)


class WaypostAdminSite(AdminSite):
    """Django's admin under Waypost's name."""

    site_title = site_header = _("Waypost directory")
    index_title = _("Directory")
    index_template = "admin/waypost_index.html"
    enable_nav_sidebar = True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        may_publish = request.user.has_perm(PUBLISH) if self.has_permission(request) else False
        return {**super().each_context(request), "may_publish": may_publish, "ui_languages": settings.LANGUAGES}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """The records in the order in which staff need them, instead of the alphabet's."""
        found = super().get_app_list(request, app_label)
        for app in found:
            app["models"].sort(
                key=lambda row: ORDER.index(row["object_name"]) if row["object_name"] in ORDER else len(ORDER)
            )
        return sorted(found, key=lambda app: app["app_label"] != "directory")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [path("publish/", self.admin_view(self.publish_view), name="publish"), *super().get_urls()]

    def publish_view(self, request: HttpRequest) -> HttpResponse:
        """POST: publish, then back to where the button was."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if request.user.has_perm(PUBLISH):
            publish_and_tell(request)
        else:
            messages.error(request, translate("You may not publish. Please ask a colleague who may."))
        back = request.POST.get("next", "")
        here = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        return redirect(back if here else reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        return super().index(request, {"work": self._work(request), "latest": self._latest(), **(extra_context or {})})

    def _latest(self) -> Any:
        publications = apps.get_model("directory", "Publication").objects
        return publications.filter(state="published").select_related("by").first()

    def _work(self, request: HttpRequest) -> list[dict[str, Any]]:
        """What waits: a label, a count, and the list where it is done. Only of records that the person may see."""
        services, today = apps.get_model("directory", "Service").objects, timezone.localdate()
        live = services.filter(status__in=("published", "paused"))
        numbers = apps.get_model("directory", "EmergencyNumber").objects
        unverified = numbers.exclude(verified_on__isnull=False, expires_on__gte=today)
        reports = apps.get_model("directory", "UserReport").objects.filter(state="open")
        changes = apps.get_model("directory", "ChangeRequest").objects.filter(state="pending")
        rows = [
            ("service", _("services to check again"), live.filter(review_due__lt=today), "?review=due"),
            ("service", _("services that were never checked"), live.filter(verified_on__isnull=True), "?review=never"),
            ("service", _("drafts"), services.filter(status="draft"), "?status__exact=draft"),
            ("userreport", _("open reports from people"), reports, "?state__exact=open"),
            ("changerequest", _("proposed changes"), changes, "?state__exact=pending"),
            ("emergencynumber", _("emergency numbers to verify"), unverified, "?verified=no"),
        ]
        return [
            {"label": label, "count": found.count(), "url": reverse(f"admin:directory_{model}_changelist") + query}
            for model, label, found, query in rows
            if request.user.has_perm(f"directory.view_{model}")
        ]
