"""Keeping the directory true: who is asked about an organisation's services, what was sent to whom, and links that were tried."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.organisations import Organisation
from directory.models.services import Service

__all__ = ["CheckRequest", "Letter", "LinkCheck", "NoLetters", "OrganisationContact", "Reminder"]


def _nonce() -> str:
    return secrets.token_urlsafe(24)


class OrganisationContact(models.Model):
    """An address of an organisation to which questions like "is this still correct?" go. It has no account and is not published."""

    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="check_contacts", verbose_name=_("organisation")
    )
    role = models.CharField(
        _("role"),
        max_length=80,
        blank=True,
        help_text=_("Like: front desk, coordinator of the clinic. Not the name of a person."),
    )
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language of letters"), max_length=8, choices=settings.LANGUAGES, default="en")
    active = models.BooleanField(_("is asked"), default=True)

    class Meta:
        ordering = ("organisation", "email")
        verbose_name = _("address for checks")
        verbose_name_plural = _("addresses for checks")
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "email"], name="one_check_contact_per_organisation_and_email"
            )
        ]

    def __str__(self) -> str:
        return self.role or self.email

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)


class CheckRequest(models.Model):
    """One question to one address about the due services of one organisation: the secret behind a link that works once."""

    VALID_DAYS = 14

    nonce = models.CharField(max_length=40, unique=True, default=_nonce, editable=False)
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, related_name="check_requests", verbose_name=_("organisation")
    )
    services: models.ManyToManyField[Service, Any] = models.ManyToManyField(
        Service, related_name="check_requests", verbose_name=_("services")
    )
    email = models.EmailField(_("e-mail"))
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="en")
    sent_at = models.DateTimeField(_("sent"), default=timezone.now, db_index=True)
    used_at = models.DateTimeField(_("answered"), null=True, blank=True)
    confirmed = models.PositiveIntegerField(_("still correct"), default=0)
    changed = models.PositiveIntegerField(_("something changed"), default=0)

    class Meta:
        ordering = ("-sent_at", "-pk")
        verbose_name = _("question to a partner")
        verbose_name_plural = _("questions to partners")

    def __str__(self) -> str:
        return f"{self.organisation}, {self.sent_at:%Y-%m-%d}"

    @property
    def expires_at(self) -> datetime:
        """The link is worth nothing from then on."""
        return self.sent_at + timedelta(days=self.VALID_DAYS)


class Letter(models.Model):
    """That an address was written to on a day: nobody gets a second letter on the same day."""

    email = models.EmailField(_("e-mail"))
    day = models.DateField(_("day"), default=timezone.localdate, db_index=True)
    sent = models.BooleanField(
        _("sent"), default=False, help_text=_("Not ticked: the sending failed or was interrupted.")
    )

    class Meta:
        ordering = ("-day", "email")
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [models.UniqueConstraint(fields=["email", "day"], name="one_letter_a_day")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.email}"


class Reminder(models.Model):
    """That somebody was reminded of a service. `due` names the period: after the next check there is another one."""

    class Stage(models.IntegerChoices):
        SOON = 1, _("due within a week")
        DUE = 2, _("due")
        LATE = 3, _("a week late")
        ESCALATED = 4, _("two weeks late")

    service = models.ForeignKey(Service, models.CASCADE, related_name="reminders", verbose_name=_("service"))
    due = models.DateField(_("check was due on"))
    stage = models.PositiveSmallIntegerField(_("stage"), choices=Stage.choices)
    email = models.EmailField(_("e-mail"))
    letter = models.ForeignKey(Letter, models.CASCADE, related_name="reminders", verbose_name=_("letter"))

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [
            models.UniqueConstraint(
                fields=["service", "due", "email", "stage"], name="one_reminder_per_period_and_stage"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.get_stage_display()}"


class NoLetters(models.Model):
    """An address that asked for no more letters."""

    email = models.EmailField(_("e-mail"), unique=True)
    since = models.DateField(_("since"), default=timezone.localdate)

    class Meta:
        ordering = ("email",)
        verbose_name = _("address without letters")
        verbose_name_plural = _("addresses without letters")

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        if self.since and self.since > timezone.localdate():
            raise ValidationError({"since": _("This day has not come yet.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)


class LinkCheck(models.Model):
    """The last try to open one link of the directory."""

    class Result(models.TextChoices):
        OK = "ok", _("opens")
        MOVED = "moved", _("opens at a new address")
        UNCLEAR = "unclear", _("does not let programs in")
        GONE = "gone", _("there is no such page")
        FAILING = "failing", _("the site reports an error")
        NAME = "name", _("the name does not exist")
        TLS = "tls", _("the certificate is not valid")
        NO_ANSWER = "no_answer", _("no answer")
        LOOP = "loop", _("leads on and on")
        REFUSED = "refused", _("leads to an address that is not public")

    FINE = (Result.OK, Result.MOVED, Result.UNCLEAR)
    """`unclear` is no failure: many sites refuse programs and let people in."""
    EVERY = timedelta(days=7)
    BROKEN_AFTER = 3
    """So many failures in a row, in as many weeks, make a task."""

    url = models.CharField(_("link"), max_length=400, unique=True)
    result = models.CharField(_("result"), max_length=10, choices=Result.choices, blank=True, db_index=True)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    leads_to = models.CharField(_("new address"), max_length=400, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0, db_index=True)
    first_failed = models.DateTimeField(_("fails since"), null=True, blank=True)
    checked_at = models.DateTimeField(_("tried"), null=True, blank=True, db_index=True)

    class Meta:
        ordering = ("-failures", "url")
        verbose_name = _("link")
        verbose_name_plural = _("links")

    def __str__(self) -> str:
        return self.url

    @property
    def broken(self) -> bool:
        """Whether it failed so often that somebody has to act."""
        return self.failures >= self.BROKEN_AFTER
