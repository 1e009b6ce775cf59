"""The pages behind the links in letters: for people without an account, without cookies, for no search engine.

Opening a link changes nothing, because mail scanners open links; only the button of the page does. The secret in the address
is the permission, so the forms need no CSRF token: whoever can forge the request has the secret.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from rest_framework.throttling import SimpleRateThrottle  # type: ignore[import-untyped]

from directory.freshness import answers, tokens
from directory.models import NoLetters

__all__ = ["answer", "stop"]

View = Callable[[HttpRequest, str], HttpResponse]


class _PerAddress(SimpleRateThrottle):  # type: ignore[misc]
    """So many requests from one network address, counted in the memory of this process."""

    scope, rate = "check", "30/min"

    def get_cache_key(self, request: HttpRequest, view: Any) -> str:  # type: ignore[override]
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})


def _language(request: HttpRequest, default: str = "") -> str:
    """The language that was chosen on the page, else that of the letter, else that of the browser."""
    known = [code for code, _name in settings.LANGUAGES]
    wanted = (request.GET.get("lang", ""), default, get_language() or "")
    return next((code for code in wanted if code in known), settings.LANGUAGE_CODE)


def _page(request: HttpRequest, name: str, language: str, status: int = 200, **context: Any) -> HttpResponse:
    with override(language):
        return render(request, f"freshness/{name}.html", {**context, "languages": settings.LANGUAGES}, status=status)


def _public(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        throttle = _PerAddress()
        if not throttle.allow_request(request, None):  # type: ignore[arg-type]
            response = _page(request, "notice", _language(request), 429, notice="often")
            response.headers["Retry-After"] = str(max(1, round(throttle.wait() or 1)))
        else:
            try:
                response = view(request, token)
            except tokens.Forged:
                response = _page(request, "notice", _language(request), 404, notice="forged")
            except tokens.Expired:
                response = _page(request, "notice", _language(request), 410, notice="expired")
            except tokens.Used as used:
                asked = used.args[0]
                language = _language(request, asked.language)
                response = _page(request, "notice", language, 410, notice="used", asked=asked)
        add_never_cache_headers(response)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return guarded


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_public
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """What the bot says about the due services of an organisation, and whether that is still true."""
    asked = tokens.asked(token)
    language = _language(request, asked.language)
    with override(language):
        rows = answers.questions(asked, language, timezone.localdate())
        fine = request.method == "POST" and answers.read(rows, request.POST)
    if fine:
        answers.store(asked, rows)
        return _page(request, "notice", language, notice="thanks", asked=asked, stop=_stop_path(asked.email))
    tried = request.method == "POST"
    context = {"asked": asked, "rows": rows, "tried": tried, "longest": answers.LONGEST}
    return _page(request, "answer", language, 400 if tried else 200, stop=_stop_path(asked.email), **context)


def _stop_path(email: str) -> str:
    return tokens.stop_link(email).removeprefix(settings.SITE_URL)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@_public
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ends all letters to an address, or begins them again; mail programs post here for their button (RFC 8058)."""
    email = tokens.email_of(token)
    if request.method == "POST" and "again" in request.POST:
        NoLetters.objects.filter(email=email).delete()
    elif request.method == "POST":
        NoLetters.objects.get_or_create(email=email)
    stopped = NoLetters.objects.filter(email=email).exists()
    return _page(request, "stop", _language(request), email=email, stopped=stopped)
