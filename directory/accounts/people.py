"""The pages of invitations: inviting, sending again, withdrawing, and the page that an invited person opens."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth import login, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from directory.accounts import invitations as inviting
from directory.accounts import second
from directory.accounts.forms import AcceptForm, InvitationForm
from directory.accounts.login import next_step
from directory.models import Invitation, User
from directory.pages import render_page, staff_page

__all__ = ["accept", "invitations", "resend", "withdraw"]

log = logging.getLogger(__name__)


def _inviter(request: HttpRequest) -> User:
    if not isinstance(request.user, User) or not inviting.invitable(request.user):
        raise PermissionDenied
    return request.user


def _send(request: HttpRequest, invitation: Invitation) -> None:
    """Mail it and say so. If no mail can be sent, the invitation stays and can be sent again."""
    try:
        inviting.send(invitation)
    except OSError:  # smtplib's errors are OSErrors
        log.exception("an invitation could not be sent")
        messages.error(request, _("The mail could not be sent. The invitation is kept: send it again later."))
        return
    line = _("The invitation was sent to %(email)s. The link in it works once, for 7 days.")
    messages.success(request, line % {"email": invitation.email})


@staff_page("directory.add_invitation")
@require_http_methods(["GET", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """The open invitations, and the form that makes one."""
    user = _inviter(request)
    form = InvitationForm(request.POST or None, instance=Invitation(invited_by=user), **inviting.offered(user))
    if request.method == "POST" and form.is_valid():
        invitation = form.save()
        _send(request, invitation)
        return redirect("accounts:invitations")
    context = {
        "form": form,
        "pending": inviting.pending(user),
        "only_partners": inviting.invitable(user) == {"partner"},
    }
    return render_page(request, "accounts/invitations.html", _("Invitations"), context)


def _pending(request: HttpRequest, pk: int) -> Invitation:
    found: Invitation = get_object_or_404(inviting.pending(_inviter(request)), pk=pk)
    return found


@staff_page("directory.add_invitation")
@require_POST
def resend(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link; the old one stops working."""
    _send(request, _pending(request, pk))
    return redirect("accounts:invitations")


@staff_page("directory.add_invitation")
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The link stops working."""
    invitation = _pending(request, pk)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    messages.success(
        request, _("The invitation of %(email)s is withdrawn; its link no longer works.") % {"email": invitation.email}
    )
    return redirect("accounts:invitations")


@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link in an invitation: name and password, then the second factor."""
    invitation = inviting.read_token(token)
    if invitation is None or not invitation.is_open or invitation.has_expired:
        reason = "unknown" if invitation is None else "used" if invitation.accepted_at else "expired"
        return render_page(
            request, "accounts/no_invitation.html", _("This link does not work"), {"reason": reason}, status=410
        )
    form = AcceptForm(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            user = inviting.accept(
                invitation, first_name=data["first_name"], last_name=data["last_name"], password=data["password"]
            )
        except inviting.NoLongerOpen:
            context = {"reason": "used"}
            return render_page(
                request, "accounts/no_invitation.html", _("This link does not work"), context, status=410
            )
        logout(request)
        if second.needed(user):
            second.begin(request, user, reverse("admin:index"))
            return redirect(next_step(user))
        login(request, user, backend=second.BACKEND)
        messages.success(request, _("Welcome. Your account is ready."))
        return redirect("admin:index")
    return render_page(request, "accounts/accept.html", _("Your account"), {"form": form, "invitation": invitation})
