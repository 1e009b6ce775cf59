"""Which languages are spoken at a service."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory.codes import language_name
from directory.fields import LanguageField
from directory.models.services import Service

__all__ = ["SpokenLanguage"]


class SpokenLanguage(models.Model):
    """A language that staff of the service speak, themselves or through an interpreter."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="spoken", verbose_name=_("service"))
    lang = LanguageField(_("language"))
    via_interpreter = models.BooleanField(_("through an interpreter"), default=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ("via_interpreter", "pk")
        verbose_name = _("spoken language")
        verbose_name_plural = _("spoken languages")
        constraints = [models.UniqueConstraint(fields=["service", "lang"], name="one_row_per_spoken_language")]

    def __str__(self) -> str:
        return language_name(self.lang)
