"""Waypost's admin site: its name, a start page that shows what needs work, and the button that publishes."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

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

    def has_permission(self, request: HttpRequest) -> bool:
        """A member of staff who has also passed the second factor, if that is required or set up."""
        from directory.accounts.second import passed

        return super().has_permission(request) and passed(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """Name and password; the second step is on pages of `directory.accounts`."""
        from directory.accounts.login import SignIn, next_step

        if request.method == "GET" and self.has_permission(request):
            return redirect("admin:index")
        if request.method == "GET" and super().has_permission(request):
            return redirect(next_step(request.user))  # type: ignore[arg-type]
        asked = REDIRECT_FIELD_NAME in request.GET or REDIRECT_FIELD_NAME in request.POST
        context = {
            **self.each_context(request),
            "title": _("Log in"),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
            **({} if asked else {REDIRECT_FIELD_NAME: reverse("admin:index", current_app=self.name)}),
            **(extra_context or {}),
        }
        request.current_app = self.name  # type: ignore[attr-defined]
        answer: Any = SignIn.as_view(extra_context=context)(request)
        return answer  # type: ignore[no-any-return]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from directory.accounts.second import has_device
        from directory.accounts.start import links, panels

        user: Any = request.user
        work = {"panels": panels(user), "links": links(user), "has_second_factor": has_device(user)}
        return super().index(request, {**work, "latest": self._latest(), **(extra_context or {})})

    def _latest(self) -> Any:
        publications = apps.get_model("directory", "Publication").objects
        return publications.filter(state="published").select_related("by").first()
