"""Logging in: the password, then the code of the second factor, or setting it up. And setting up another one later."""

from __future__ import annotations

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_lockout_response
from django.contrib import admin, messages
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from directory.accounts import second
from directory.accounts.forms import CodeForm, SignInForm
from directory.models import User
from directory.pages import render_page, staff_page

__all__ = ["SignIn", "code", "codes", "set_up"]

CODES = "recovery_codes"
"""Where the session keeps new recovery codes until they have been read."""


class SignIn(LoginView):
    """The first step, behind `admin:login`."""

    authentication_form = SignInForm
    template_name = "admin/login.html"
    next_page = "admin:index"

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not second.needed(user):
            return super().form_valid(form)
        second.begin(self.request, user, self.get_success_url())
        return HttpResponseRedirect(next_step(user))


def next_step(user: User) -> str:
    """The address of the second step: the code, or setting up the app that shows codes."""
    return reverse("accounts:code" if second.has_device(user) else "accounts:set_up")


def _inside(request: HttpRequest, onward: str) -> HttpResponse:
    here = url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure())
    return redirect(onward if onward and here else reverse("admin:index"))


def _locked_out(request: HttpRequest, user: User) -> HttpResponse | None:
    credentials = {"username": user.get_username()}
    if AxesProxyHandler.is_allowed(request, credentials):
        return None
    request.session.pop(second.PENDING, None)
    return get_lockout_response(request, None, credentials)  # type: ignore[no-any-return]


@never_cache
@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the app, or a recovery code."""
    user = second.waiting(request)
    if user is None:
        return redirect("admin:index" if admin.site.has_permission(request) else "admin:login")
    if not second.has_device(user):
        return redirect("accounts:set_up")
    if (locked := _locked_out(request, user)) is not None:
        return locked
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        device = second.accept(request, user, form.cleaned_data["code"])
        if device is not None:
            onward = second.finish(request, user, device)
            _warn_of_few_codes(request, user, device)
            return _inside(request, onward)
        if (locked := _locked_out(request, user)) is not None:
            return locked
        form.add_error("code", _("This code is not right, or it was used before. Wait for the next one and try again."))
    return render_page(request, "accounts/code.html", _("Second step"), {"form": form, "name": user.get_username()})


def _warn_of_few_codes(request: HttpRequest, user: User, device: Any) -> None:
    left = second.remaining_codes(user)
    if "static" in type(device).__name__.lower() or left <= 2:
        line = _("You have %(count)d recovery codes left. Make new ones under “My account”.")
        messages.warning(request, line % {"count": left})


@never_cache
@require_http_methods(["GET", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """Set up the app: after the first password, or from “My account”, there also instead of an earlier app."""
    user = second.waiting(request)
    if user is None and admin.site.has_permission(request) and isinstance(request.user, User):
        user = request.user
    if user is None:
        return redirect("admin:login")
    inside = admin.site.has_permission(request)
    if second.has_device(user) and not inside:
        return redirect("accounts:code")  # a password alone does not replace the app
    if (locked := _locked_out(request, user)) is not None:
        return locked
    device = second.new_device(user)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = second.confirm(device, form.cleaned_data["code"])
        if made is not None:
            onward = second.finish(request, user, device)
            request.session[CODES] = made
            request.session["after_codes"] = onward
            return redirect("accounts:codes")
        form.add_error(
            "code", _("This code is not right. Look at the app again: it shows another code every 30 seconds.")
        )
    context = {
        "form": form,
        "qr": second.qr_code(device),
        "secret": second.secret(device),
        "name": user.get_username(),
        "inside": inside,
        "replaces": second.has_device(user),
    }
    return render_page(request, "accounts/set_up.html", _("Set up your second factor"), context)


@staff_page()
@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """Recovery codes. POST `make`: ten new ones. They are shown until the person says that they are written down."""
    user = request.user
    if not isinstance(user, User) or not second.has_device(user):
        return redirect("accounts:set_up")
    if "make" in request.POST:
        request.session[CODES] = second.new_codes(user)
        return redirect("accounts:codes")
    if "done" in request.POST:
        request.session.pop(CODES, None)
        messages.success(
            request, _("Your second factor is set up. From now on you log in with your password and a code.")
        )
        return _inside(request, str(request.session.pop("after_codes", "")))
    context = {"codes": request.session.get(CODES), "left": second.remaining_codes(user)}
    return render_page(request, "accounts/codes.html", _("Recovery codes"), context)
