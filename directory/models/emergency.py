"""Numbers to call in danger, by country: with operator, source, and the day on which somebody verified them."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory import codes
from directory.fields import CodeListField, CountryField
from directory.models.base import Record
from directory.models.services import MustReport, OperatorType
from directory.validators import validate_dialable

__all__ = ["EmergencyNumber"]


class EmergencyNumber(Record):
    """One number. `verified_on` stays empty until a member of staff has checked it, and people are told so."""

    class Kind(models.TextChoices):
        GENERAL = "general", _("emergency in general")
        POLICE = "police", _("police")
        AMBULANCE = "ambulance", _("ambulance")
        FIRE = "fire", _("fire brigade")
        SEA = "sea", _("rescue at sea")
        CHILD = "child", _("children")
        GBV = "gbv", _("gender-based violence")
        TRAFFICKING = "trafficking", _("trafficking")
        SELF_HARM = "self_harm", _("thoughts of suicide")
        DETENTION = "detention", _("detention")

    VALID_DAYS = 90
    """A verified number counts as unverified again after so many days (design: safety, A4)."""

    country = CountryField(_("country"), blank=True, db_index=True, help_text=_("Empty: on any GSM network."))
    kind = models.CharField(_("for"), max_length=12, choices=Kind.choices, default=Kind.GENERAL)
    number = models.CharField(_("number"), max_length=20, validators=[validate_dialable])
    position = models.PositiveSmallIntegerField(_("order"), default=50, help_text=_("Lower comes first."))
    dialable_from = CodeListField(
        _("dialable from"),
        check=codes.validate_country,
        upper=True,
        help_text=_("Codes of other countries from where it works. Empty: only inside the country."),
    )
    operator = models.CharField(_("operator"), max_length=200, blank=True)
    operator_type = models.CharField(_("who answers"), max_length=24, choices=OperatorType.choices, blank=True)
    must_report = models.CharField(
        _("must tell authorities"), max_length=8, choices=MustReport.choices, default=MustReport.UNKNOWN
    )
    free = models.BooleanField(_("free"), null=True, blank=True)
    without_sim = models.BooleanField(_("works without a SIM card"), null=True, blank=True)
    hours = models.CharField(_("hours"), max_length=100, blank=True)
    languages = CodeListField(_("languages"), check=codes.validate_language, help_text=_("Spoken there, like: en, ar."))
    source = models.CharField(_("source"), max_length=300)
    source_date = models.DateField(_("date of the source"))
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("verified by")
    )
    verified_on = models.DateField(_("verified on"), null=True, blank=True, db_index=True)
    expires_on = models.DateField(_("expires on"), null=True, blank=True, db_index=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("country", "kind", "position", "number")
        verbose_name = _("emergency number")
        verbose_name_plural = _("emergency numbers")
        constraints = [models.UniqueConstraint(fields=["country", "kind", "number"], name="one_row_per_emergency_number")]

    def __str__(self) -> str:
        return f"{self.country or '—'} {self.get_kind_display()}: {self.number}"

    def readable(self) -> str:
        return f"{self.country or 'any'} {self.kind} {self.number}"

    def clean(self) -> None:
        if self.verified_on and self.verified_on > timezone.localdate():
            raise ValidationError({"verified_on": _("This day has not come yet.")})
        if self.verified_on and not (self.expires_on and self.verified_by):
            raise ValidationError(_("A verified number needs the person who verified it and the day on which that expires."))
        if self.verified_on and self.expires_on and self.expires_on <= self.verified_on:
            raise ValidationError({"expires_on": _("It cannot expire before it was verified.")})
        if self.verified_on and not (self.operator and self.operator_type):
            raise ValidationError(_("Before a number is marked as verified, say who answers it."))

    def is_verified(self, today: date | None = None) -> bool:
        """Whether its verification still counts."""
        return bool(self.verified_on and self.expires_on and (today or timezone.localdate()) <= self.expires_on)
