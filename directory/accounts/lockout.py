"""What django-axes asks of us: who knocks (the right address behind a proxy), and what somebody reads who is locked out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

__all__ = ["address", "locked", "username"]


def address(request: HttpRequest) -> str:
    """The network address that a request comes from. Over TLS a proxy stands in front and adds it as the last one."""
    if settings.HTTPS:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rsplit(",", 1)[-1].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def username(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """The name that somebody tries, in one spelling, so that capitals give no further tries."""
    given = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(given).strip().lower()


def locked(request: HttpRequest, response: Any = None, credentials: Any = None, *args: Any) -> HttpResponse:
    """429: too many wrong passwords or codes; says for how long, and what to do meanwhile."""
    context = {
        **admin.site.each_context(request),
        "title": _("Too many tries"),
        "tries": settings.AXES_FAILURE_LIMIT,
        "minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60),
    }
    answer = render(request, "accounts/locked.html", context, status=429)
    answer["Retry-After"] = str(int(settings.AXES_COOLOFF_TIME.total_seconds()))
    return answer
