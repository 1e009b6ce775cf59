"""How a service is reached. A contact point belongs to an organisation and may be shared by many of its services."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory import codes
from directory.fields import CodeListField
from directory.models.base import Record
from directory.models.organisations import Organisation
from directory.models.services import Service
from directory.validators import clean_contact

__all__ = ["ContactPoint", "ServiceContact"]


class ContactPoint(Record):
    """A number, address or link; numbers are text. One correction reaches every service that uses it."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("phone")
        SMS = "sms", _("SMS")
        WHATSAPP = "whatsapp", _("WhatsApp")
        TELEGRAM = "telegram", _("Telegram")
        SIGNAL = "signal", _("Signal")
        EMAIL = "email", _("e-mail")
        WEB = "web", _("web")

    class Check(models.TextChoices):
        OK = "ok", _("works")
        BAD = "bad", _("does not work")
        UNCHECKED = "unchecked", _("not checked")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="contacts", verbose_name=_("organisation"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    value = models.CharField(_("number, address or link"), max_length=300)
    languages = CodeListField(_("languages"), check=codes.validate_language, help_text=_("Spoken there, like: en, ar."))
    toll_free = models.BooleanField(_("free to call"), null=True, blank=True)
    reachable_from_abroad = models.BooleanField(_("reachable from abroad"), null=True, blank=True)
    hours = models.CharField(_("hours"), max_length=100, blank=True, help_text=_("If other than those of the service."))
    verified_on = models.DateField(_("last checked"), null=True, blank=True, editable=False)
    last_check = models.CharField(
        _("last check"), max_length=10, choices=Check.choices, default=Check.UNCHECKED, editable=False
    )
    services: models.ManyToManyField[Service, Any] = models.ManyToManyField(Service, through="ServiceContact", related_name="contacts")
    history = HistoricalRecords()

    class Meta:
        ordering = ("organisation__name", "kind", "value")
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = [
            models.UniqueConstraint(fields=["organisation", "kind", "value"], name="one_contact_per_organisation_and_value")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"

    def readable(self) -> str:
        return f"{self.organisation.public_id} {self.kind}"

    def clean(self) -> None:
        try:
            self.value = clean_contact(self.kind, self.value, sample=self.sample)
        except ValidationError as error:
            raise ValidationError({"value": error}) from error


class ServiceContact(models.Model):
    """That a service is reached through a contact point, and in which order it is told."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="service_contacts")
    contact = models.ForeignKey(ContactPoint, models.PROTECT, related_name="service_contacts", verbose_name=_("contact"))
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    history = HistoricalRecords()

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("contact of a service")
        verbose_name_plural = _("contacts")
        constraints = [models.UniqueConstraint(fields=["service", "contact"], name="one_use_of_a_contact_per_service")]

    def __str__(self) -> str:
        return str(self.contact)
