"""Who checked a record, when, how, and with what result; a record's dates of review derive from these."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.articles import Article
from directory.models.contacts import ContactPoint
from directory.models.emergency import EmergencyNumber
from directory.models.services import Service

__all__ = ["Verification"]

TARGETS = ("service", "contact", "article", "emergency_number")


def _exactly_one_target() -> models.Q:
    one = models.Q(pk__in=[])
    for target in TARGETS:
        one |= models.Q(**{f"{name}__isnull": name != target for name in TARGETS})
    return one


class Verification(models.Model):
    """One check of one record."""

    class Method(models.TextChoices):
        CALL = "call", _("call")
        VISIT = "visit", _("visit")
        WEB = "web", _("web page")
        PARTNER_CONFIRMED = "partner_confirmed", _("the partner confirmed it")
        USER_REPORT = "user_report", _("a person reported it")

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", _("still correct")
        CHANGED = "changed", _("corrected")
        WRONG = "wrong", _("not correct")
        NOT_REACHED = "not_reached", _("nobody was reached")

    SUCCESSES = (Outcome.CONFIRMED, Outcome.CHANGED)

    service = models.ForeignKey(
        Service, models.CASCADE, null=True, blank=True, related_name="verifications", verbose_name=_("service")
    )
    contact = models.ForeignKey(
        ContactPoint, models.CASCADE, null=True, blank=True, related_name="verifications", verbose_name=_("contact")
    )
    article = models.ForeignKey(
        Article, models.CASCADE, null=True, blank=True, related_name="verifications", verbose_name=_("article")
    )
    emergency_number = models.ForeignKey(
        EmergencyNumber,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="verifications",
        verbose_name=_("emergency number"),
    )
    at = models.DateField(_("checked on"), default=timezone.localdate, db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by"))
    method = models.CharField(_("method"), max_length=18, choices=Method.choices)
    outcome = models.CharField(_("result"), max_length=12, choices=Outcome.choices, default=Outcome.CONFIRMED)
    note = models.CharField(_("note"), max_length=300, blank=True)

    class Meta:
        ordering = ("-at", "-pk")
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        constraints = [models.CheckConstraint(condition=_exactly_one_target(), name="verification_has_one_target")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.get_outcome_display()}"

    @property
    def target(self) -> Service | ContactPoint | Article | EmergencyNumber | None:
        """The record that was checked."""
        return self.service or self.contact or self.article or self.emergency_number

    def clean(self) -> None:
        if sum(getattr(self, f"{name}_id") is not None for name in TARGETS) > 1:
            raise ValidationError(_("A check is about one record."))
        if self.at and self.at > timezone.localdate():
            raise ValidationError({"at": _("This day has not come yet.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        self._tell_target()

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        result = super().delete(*args, **kwargs)
        self._tell_target()
        return result

    def _tell_target(self) -> None:
        if self.service is not None:
            self.service.refresh_review()
        elif self.contact is not None and self.pk:
            works = self.outcome in self.SUCCESSES
            self.contact.last_check = ContactPoint.Check.OK if works else ContactPoint.Check.BAD
            self.contact.verified_on = self.at if works else self.contact.verified_on
            self.contact.save()
        elif self.article is not None and self.pk and self.outcome in self.SUCCESSES:
            self.article.checked_on = self.at
            self.article.review_due = self.at + timedelta(days=Article.REVIEW_DAYS)
            self.article.save()
        elif self.emergency_number is not None and self.pk and self.outcome in self.SUCCESSES:
            number = self.emergency_number
            number.verified_by, number.verified_on = self.by, self.at
            number.expires_on = self.at + timedelta(days=EmergencyNumber.VALID_DAYS)
            number.save()
