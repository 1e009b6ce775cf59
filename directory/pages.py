"""What the staff's pages beside the admin share: who may open them, and the admin's frame around them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

__all__ = ["render_page", "staff_page"]

View = Callable[..., HttpResponse]


def staff_page(*permissions: str) -> Callable[[View], View]:
    """A page for members of staff with all of the permissions (`directory.view_service`); others log in first, or get a 403."""

    def around(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not admin.site.has_permission(request):
                return redirect_to_login(request.get_full_path(), "admin:login")
            if not request.user.has_perms(permissions):
                raise PermissionDenied
            response = view(request, *args, **kwargs)
            add_never_cache_headers(response)
            return response

        return guarded

    return around


def render_page(
    request: HttpRequest, template: str, title: Any, context: dict[str, Any] | None = None, **kwargs: Any
) -> HttpResponse:
    """A template that extends `admin/base_site.html`, in the admin's frame (header, language, messages, breadcrumbs)."""
    return render(request, template, {**admin.site.each_context(request), "title": title, **(context or {})}, **kwargs)
