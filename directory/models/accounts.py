"""Invitations: how a person gets an account of their own, with a link that is mailed, works once, and dies after a week."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory import codes
from directory.access import Role
from directory.fields import CodeListField
from directory.models.organisations import Membership, Organisation, Region

__all__ = ["Invitation"]


class Invitation(models.Model):
    """An address that was invited, and the role that the person will have."""

    VALID_DAYS = 7

    email = models.EmailField(_("e-mail"), max_length=150)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.PARTNER)
    organisation = models.ForeignKey(
        Organisation,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="invitations",
        verbose_name=_("organisation"),
        help_text=_("For partners."),
    )
    membership = models.CharField(
        _("in the organisation"),
        max_length=8,
        choices=Membership.Role.choices,
        default=Membership.Role.EDITOR,
        help_text=_("An owner may invite colleagues; a viewer changes nothing."),
    )
    languages = CodeListField(
        _("languages"), check=codes.validate_waypost_language, help_text=_("For translators, like: ar, fa.")
    )
    regions: models.ManyToManyField[Region, models.Model] = models.ManyToManyField(
        Region, blank=True, related_name="+", verbose_name=_("regions"), help_text=_("For reviewers and coordinators.")
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)
    nonce = models.UUIDField(default=uuid4, editable=False)
    """Part of the link; sending again makes a new one, so that only the last link works."""
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-sent_at", "-pk")
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_invitation_per_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.get_role_display()}"

    def clean(self) -> None:
        self.email = self.email.strip().lower()
        if self.role == Role.PARTNER and self.organisation is None:
            raise ValidationError({"organisation": _("A partner works for an organisation. Choose it.")})
        if self.role == Role.TRANSLATOR and not self.languages:
            raise ValidationError({"languages": _("Say into which languages this person translates.")})

    @property
    def expires_at(self) -> datetime:
        """When the last link stops working."""
        return self.sent_at + timedelta(days=self.VALID_DAYS)

    @property
    def is_open(self) -> bool:
        """Whether it was neither accepted nor withdrawn; its link may have expired."""
        return self.accepted_at is None and self.withdrawn_at is None

    @property
    def has_expired(self) -> bool:
        return timezone.now() > self.sent_at + timedelta(days=self.VALID_DAYS)
