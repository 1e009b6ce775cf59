"""“My account”: the second factor, the password, and logging out everywhere. And resetting the second factor of a colleague."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from directory.access import Role, may_edit, roles
from directory.accounts import second
from directory.accounts.invitations import invitable
from directory.models import User
from directory.pages import render_page, staff_page

__all__ = ["log_out_everywhere", "me", "reset_second_factor"]

log = logging.getLogger(__name__)


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


@staff_page()
@require_http_methods(["GET"])
def me(request: HttpRequest) -> HttpResponse:
    """What the person is, and what they can do about their own account."""
    user = _person(request)
    context = {
        "roles": [label for role, label in Role.choices if role in roles(user)],
        "memberships": user.membership_set.select_related("organisation"),
        "regions": user.regions.all(),
        "has_device": second.has_device(user),
        "codes_left": second.remaining_codes(user),
        "required": settings.TWO_FACTOR_REQUIRED,
        "may_invite": bool(invitable(user)),
    }
    return render_page(request, "accounts/me.html", _("My account"), context)


@staff_page()
@require_POST
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """Ends all sessions of the person but this one, or with `here` this one too."""
    user = _person(request)
    user.end_sessions()
    if "here" in request.POST:
        logout(request)
        return redirect("admin:login")
    update_session_auth_hash(request, user)
    messages.success(request, _("You are logged out on every other device and in every other browser."))
    return redirect("accounts:me")


@staff_page("directory.change_user")
@require_http_methods(["GET", "POST"])
def reset_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """For somebody who has lost phone and recovery codes: they set up a new app at their next login. They get a mail."""
    colleague = get_object_or_404(User, pk=pk)
    asks = _person(request)
    if not may_edit(asks, colleague) or (colleague.is_superuser and not asks.is_superuser):
        raise PermissionDenied
    if request.method == "POST":
        second.reset(colleague)
        log.info("user %s has reset the second factor of user %s", asks.pk, colleague.pk)
        told = _tell(colleague, asks)
        line = _("%(name)s is logged out and sets up a new second factor at the next login.") % {"name": colleague}
        messages.success(request, line)
        if not told:
            messages.warning(request, _("No mail could be sent about it. Please tell them yourself."))
        return redirect(reverse("admin:directory_user_change", args=[colleague.pk]))
    return render_page(
        request, "accounts/reset_second_factor.html", _("Reset the second factor"), {"colleague": colleague}
    )


def _tell(colleague: User, asks: User) -> bool:
    if not colleague.email:
        return False
    words = _(
        "Hello,\n\n%(name)s has reset the second factor of your account in the Waypost directory, because you lost it. "
        "At your next login you set up a new one:\n\n%(link)s\n\n"
        "If you did not ask for this, answer this mail or call your coordinator now.\n"
    )
    facts = {"name": asks.get_full_name() or asks.get_username(), "link": settings.SITE_URL + reverse("admin:login")}
    try:
        send_mail(_("Your second factor was reset"), words % facts, settings.DEFAULT_FROM_EMAIL, [colleague.email])
    except OSError:  # smtplib's errors are OSErrors
        log.exception("the mail about a reset could not be sent")
        return False
    return True
