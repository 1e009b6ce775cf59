"""The secrets in letters: a link that answers one question once, within 14 days, and a link that stops letters."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, SignatureExpired, Signer, TimestampSigner
from django.urls import reverse

from directory.models import CheckRequest, Membership, OrganisationContact

__all__ = ["Expired", "Forged", "Used", "asked", "check_link", "email_of", "stop_link"]

_CHECK = TimestampSigner(salt="directory.freshness.check", sep=".")
_STOP = Signer(salt="directory.freshness.stop", sep=".")


class Forged(Exception):
    """This secret is not ours."""


class Expired(Exception):
    """The 14 days are over, or the address is no longer one that is asked."""


class Used(Exception):
    """The question was answered; the request is the exception's argument."""


def check_link(request: CheckRequest) -> str:
    """The address for the letter."""
    return settings.SITE_URL + reverse("check:answer", args=[_CHECK.sign(request.nonce)])


def asked(token: str) -> CheckRequest:
    """The question behind a link. Raises Forged, Expired or Used."""
    try:
        nonce = _CHECK.unsign(token, max_age=timedelta(days=CheckRequest.VALID_DAYS))
    except SignatureExpired as error:
        raise Expired from error
    except BadSignature as error:
        raise Forged from error
    request = CheckRequest.objects.select_related("organisation").filter(nonce=nonce).first()
    if request is None:
        raise Expired
    if request.used_at:
        raise Used(request)
    if not _still_asked(request):
        raise Expired
    return request


def _still_asked(request: CheckRequest) -> bool:
    """A link dies with the address: a contact that was switched off, a member who left."""
    contacts = OrganisationContact.objects.filter(organisation=request.organisation, email=request.email, active=True)
    members = Membership.objects.filter(
        organisation=request.organisation, user__email__iexact=request.email, user__is_active=True
    )
    return contacts.exists() or members.exists()


def stop_link(email: str) -> str:
    """The address at which the person behind `email` ends all letters."""
    return settings.SITE_URL + reverse("check:stop", args=[_STOP.sign_object(email)])


def email_of(token: str) -> str:
    """The e-mail address behind a stop link; it does not expire. Raises Forged."""
    try:
        return str(_STOP.unsign_object(token))
    except BadSignature as error:
        raise Forged from error
    except ValueError as error:
        raise Forged from error
