"""Places that staff know and GeoNames does not, and the hosts that answers may link to."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory.fields import CountryField, LanguageField
from directory.models.base import Record
from directory.validators import validate_coordinates, validate_host

__all__ = ["AllowedHost", "PlaceAlias", "PlaceAliasName"]


class PlaceAlias(Record):
    """An island, camp, square or nickname with its position; it has one or many names."""

    label = models.CharField(_("name that is said back"), max_length=120)
    country = CountryField(_("country"))
    lat = models.FloatField(_("latitude"))
    lon = models.FloatField(_("longitude"))
    radius_km = models.FloatField(_("radius in km"), default=10)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ("country", "label")
        verbose_name = _("known place")
        verbose_name_plural = _("known places")

    def __str__(self) -> str:
        return f"{self.label} ({self.country})"

    def readable(self) -> str:
        return f"{self.country} {self.label}"

    def clean(self) -> None:
        if self.lat is not None and self.lon is not None:
            validate_coordinates(self.lat, self.lon, self.country)
        if self.radius_km is not None and not 0 < self.radius_km <= 500:
            raise ValidationError({"radius_km": _("The radius lies between 0 and 500 km.")})


class PlaceAliasName(models.Model):
    """One way in which people write the place."""

    alias = models.ForeignKey(PlaceAlias, models.CASCADE, related_name="names")
    lang = LanguageField(_("language"), blank=True, help_text=_("Empty: in any language."))
    name = models.CharField(_("name as people write it"), max_length=120)
    history = HistoricalRecords()

    class Meta:
        ordering = ("lang", "name")
        verbose_name = _("name")
        verbose_name_plural = _("names")
        constraints = [models.UniqueConstraint(fields=["alias", "lang", "name"], name="one_row_per_alias_name")]

    def __str__(self) -> str:
        return self.name


class AllowedHost(models.Model):
    """A host that answers may link to; links to others are not sent."""

    host = models.CharField(_("host"), max_length=253, unique=True, validators=[validate_host])
    note = models.CharField(_("note"), max_length=200, blank=True)
    sample = models.BooleanField(_("sample"), default=False)
    history = HistoricalRecords()

    class Meta:
        ordering = ("host",)
        verbose_name = _("allowed host")
        verbose_name_plural = _("allowed hosts")

    def __str__(self) -> str:
        return self.host
