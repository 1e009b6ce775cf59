"""Who offers help and who may edit it: organisations, their members, and the regions that reviewers look after."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from directory.fields import CodeListField, CountryField
from directory.models.base import Record
from directory.validators import validate_link

__all__ = ["Membership", "Organisation", "Region"]


class Organisation(Record):
    """An organisation that offers services."""

    class Kind(models.TextChoices):
        NGO = "ngo", _("NGO")
        UN = "un", _("United Nations agency")
        RED_CROSS = "red_cross", _("Red Cross or Red Crescent")
        STATE = "state", pgettext_lazy("kind of organisation", "state")
        FAITH = "faith", _("faith group")
        COMMUNITY = "community", _("community group")
        LEGAL = "legal", _("law office or bar")

    class Trust(models.TextChoices):
        REVIEWED = "reviewed", _("every change is reviewed")
        TRUSTED = "trusted", _("may publish its own hours, closures and phones")

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, verbose_name=_("belongs to"))
    website = models.CharField(_("website"), max_length=300, blank=True, validators=[validate_link])
    trusted_level = models.CharField(_("trust"), max_length=10, choices=Trust.choices, default=Trust.REVIEWED)
    licence_of_data = models.CharField(_("licence of its data"), max_length=100, blank=True)
    external_ids = models.JSONField(_("ids elsewhere"), default=dict, blank=True, help_text=_('Like {"ifrc": "1234"}.'))
    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        seen, above = {self.pk}, self.parent
        while above is not None:
            if above.pk in seen:
                raise ValidationError({"parent": _("An organisation cannot belong to itself.")})
            seen.add(above.pk)
            above = above.parent


class Region(Record):
    """A part of a country that certain reviewers look after."""

    class Trail(models.TextChoices):
        MEDITERRANEAN_BALKANS = "mediterranean_balkans", _("Mediterranean and Balkans")
        CENTRAL_AMERICA = "central_america", _("Central America")
        EAST_AFRICA_GULF = "east_africa_gulf", _("East Africa and the Gulf")

    name = models.CharField(_("name"), max_length=120)
    country = CountryField(_("country"))
    trail = models.CharField(_("trail"), max_length=40, choices=Trail.choices, blank=True)
    admin_codes = CodeListField(_("administrative codes"), upper=True, help_text=_("ISO 3166-2 codes, like GR-I."))
    validators = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, related_name="regions", verbose_name=_("reviewers")
    )
    history = HistoricalRecords()

    class Meta:
        ordering = ("country", "name")
        verbose_name = _("region")
        verbose_name_plural = _("regions")

    def __str__(self) -> str:
        return f"{self.name} ({self.country})"

    def readable(self) -> str:
        return f"{self.country} {self.name}"


class Membership(models.Model):
    """What a person may do for an organisation."""

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        EDITOR = "editor", _("editor")
        VIEWER = "viewer", _("viewer")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("person"))
    organisation = models.ForeignKey(Organisation, models.CASCADE, verbose_name=_("organisation"))
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.EDITOR)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="one_role_per_organisation")]

    def __str__(self) -> str:
        return f"{self.user}, {self.organisation}: {self.get_role_display()}"
