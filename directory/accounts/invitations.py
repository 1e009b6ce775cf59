"""Inviting people: who may invite whom, the signed link, and the account that comes of it."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import Group
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from directory.access import Role, edits, roles, sees
from directory.models import Invitation, Membership, Organisation, Region, User

__all__ = ["accept", "invitable", "make_token", "offered", "pending", "read_token", "send"]

log = logging.getLogger(__name__)
SALT = "directory.accounts.invitation"


def invitable(user: User) -> frozenset[str]:
    """The roles that the person may give: administrators all, coordinators and owners of an organisation only partners."""
    if user.is_superuser or Role.ADMINISTRATOR in roles(user):
        return frozenset(Role.values)
    if Role.COORDINATOR in roles(user) or user.membership_set.filter(role=Membership.Role.OWNER).exists():
        return frozenset({Role.PARTNER.value})
    return frozenset()


def offered(user: User) -> dict[str, Any]:
    """What the form offers: `roles`, `organisations` and `regions`."""
    named, organisations = roles(user), Organisation.objects.all()
    if not (user.is_superuser or Role.ADMINISTRATOR in named):
        owned = Organisation.objects.filter(membership__user=user, membership__role=Membership.Role.OWNER)
        if Role.COORDINATOR in named:
            # Of those that the person edits the ones of their regions; as a mere editor for one they do not invite to it.
            editor = Membership.objects.filter(user=user).values("organisation")
            owned = Organisation.objects.filter(pk__in=owned.values("pk")) | edits(user, organisations).exclude(
                pk__in=editor
            )
        organisations = Organisation.objects.filter(pk__in=owned.values("pk"))
    return {"roles": invitable(user), "organisations": organisations.order_by("name"), "regions": Region.objects.all()}


def pending(user: User) -> Any:
    """Open invitations that the person may send again or withdraw."""
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).select_related(
        "organisation", "invited_by"
    )
    return sees(user, waiting)


def make_token(invitation: Invitation) -> str:
    """The secret part of the link: signed, and bound to this sending of this invitation."""
    return signing.dumps([invitation.pk, invitation.nonce.hex], salt=SALT)


def read_token(token: str) -> Invitation | None:
    """The invitation behind a link that was signed by us and sent last. It may be expired, accepted or withdrawn by now."""
    try:
        key, nonce = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    found = Invitation.objects.filter(pk=key).first()
    return found if found is not None and found.nonce.hex == nonce else None


def send(invitation: Invitation) -> None:
    """Mail the link; any link that was sent before stops working. Raises OSError or SMTPException if no mail could be sent."""
    invitation.nonce, invitation.sent_at = uuid4(), timezone.now()
    with transaction.atomic():
        invitation.save(update_fields=["nonce", "sent_at"])
        context = {
            "invitation": invitation,
            "inviter": (invitation.invited_by.get_full_name() or invitation.invited_by.get_username())
            if invitation.invited_by
            else "",
            "link": settings.SITE_URL + reverse("accounts:accept", args=[make_token(invitation)]),
            "days": Invitation.VALID_DAYS,
        }
        words = render_to_string("accounts/invitation_mail.txt", context)
        send_mail(_("Your account in the Waypost directory"), words, settings.DEFAULT_FROM_EMAIL, [invitation.email])
    log.info("invitation %s was sent", invitation.pk)


class NoLongerOpen(Exception):
    """The invitation was accepted, withdrawn or has expired in the meantime."""


def accept(invitation: Invitation, *, first_name: str, last_name: str, password: str) -> User:
    """Make the account of an invited person: once. Raises `NoLongerOpen` if the link has stopped working."""
    with transaction.atomic():
        found = Invitation.objects.select_for_update().get(pk=invitation.pk)
        taken = User.objects.filter(username__iexact=found.email).exists()
        if not found.is_open or found.has_expired or found.nonce != invitation.nonce or taken:
            raise NoLongerOpen
        user = User.objects.create_user(
            found.email,
            email=found.email,
            password=password,
            first_name=first_name,
            last_name=last_name,
            is_staff=True,
            languages=found.languages,
        )
        user.groups.add(Group.objects.get(name=found.role))
        if found.organisation is not None:
            Membership.objects.create(user=user, organisation=found.organisation, role=found.membership)
        for region in found.regions.all():
            region.validators.add(user)
        found.accepted_at, found.accepted_by = timezone.now(), user
        found.save(update_fields=["accepted_at", "accepted_by"])
    return user
