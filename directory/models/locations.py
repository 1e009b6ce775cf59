"""Where help is given. Exact places that must not be known live in a table of their own, behind a permission."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory.fields import CountryField
from directory.models.base import Record
from directory.models.organisations import Organisation
from directory.models.services import Service
from directory.validators import validate_coordinates, validate_timezone

__all__ = ["ConfidentialPlace", "Location", "ServiceArea", "ServiceAtLocation"]


def _empty_when_confidential() -> models.Q:
    exact = models.Q(address="", postcode="", transport="", lat__isnull=True, lon__isnull=True)
    return models.Q(visibility="public") | exact


class Location(Record):
    """A place. Unless it is public it holds no more than its city; the rest is in its `ConfidentialPlace`.

    When a public place becomes confidential, `save` moves its exact data there and wipes them from the history and from
    whatever else remembers them (`directory.withdrawn`).
    """

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("public")
        AREA_ONLY = "area_only", _("only the city is told")
        CONTACT_ONLY = "contact_only", _("only the phone is told")

    class Wheelchair(models.TextChoices):
        YES = "yes", _("yes")
        NO = "no", _("no")
        UNKNOWN = "unknown", _("not known")

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, blank=True, related_name="locations", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=12, choices=Visibility.choices, default=Visibility.PUBLIC, db_index=True
    )
    address = models.CharField(_("address"), max_length=300, blank=True, help_text=_("Only of a public place."))
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=120)
    admin1 = models.CharField(_("province"), max_length=120, blank=True)
    country = CountryField(_("country"), db_index=True)
    lat = models.FloatField(_("latitude"), null=True, blank=True, help_text=_("In degrees, like 37.98376."))
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    centre_lat = models.FloatField(
        _("latitude of the city's centre"), null=True, blank=True, help_text=_("Shown for places that are not public.")
    )
    centre_lon = models.FloatField(_("longitude of the city's centre"), null=True, blank=True)
    point_confirmed = models.BooleanField(
        _("the point is right"),
        default=False,
        help_text=_("Tick this if a correct point is refused because it seems to lie in another country."),
    )
    tz = models.CharField(_("time zone"), max_length=40, validators=[validate_timezone], help_text="Europe/Athens")
    transport = models.CharField(_("how to get there"), max_length=200, blank=True)
    wheelchair = models.CharField(
        _("wheelchair access"), max_length=8, choices=Wheelchair.choices, default=Wheelchair.UNKNOWN
    )
    external_ids = models.JSONField(_("ids elsewhere"), default=dict, blank=True)
    services: models.ManyToManyField[Service, Any] = models.ManyToManyField(Service, through="ServiceAtLocation", related_name="locations")
    history = HistoricalRecords()

    _withdrawn: dict[str, Any] | None = None
    """Exact data on its way from this record to its `ConfidentialPlace`."""
    EXACT = ("address", "postcode", "transport", "lat", "lon")

    class Meta:
        ordering = ("country", "city", "name")
        verbose_name = _("location")
        verbose_name_plural = _("locations")
        constraints = [models.CheckConstraint(condition=_empty_when_confidential(), name="confidential_place_has_no_address")]

    def __str__(self) -> str:
        place = self.address if self.visibility == self.Visibility.PUBLIC else ""
        return ", ".join(part for part in (self.name, place, self.city, self.country) if part)

    def readable(self) -> str:
        return f"{self.country} {self.city} {self.name}"

    def clean(self) -> None:
        exact, centre = (self.lat, self.lon), (self.centre_lat, self.centre_lon)
        if (self.lat is None) != (self.lon is None) or (self.centre_lat is None) != (self.centre_lon is None):
            raise ValidationError(_("Give both latitude and longitude, or neither."))
        if self.visibility == self.Visibility.PUBLIC:
            if None in exact:
                raise ValidationError({"lat": _("A public place needs its coordinates.")})
        else:
            self._withdraw()
            if any(getattr(self, field) not in ("", None) for field in self.EXACT):
                message = _("This place is not public: address, directions and coordinates belong to its confidential part.")
                raise ValidationError(message, code="confidential")
            if None in centre:
                raise ValidationError({"centre_lat": _("Give the centre of the city: it is shown instead of the place.")})
        country = "" if self.point_confirmed else self.country
        if self.lat is not None and self.lon is not None:
            validate_coordinates(self.lat, self.lon, country)
        if self.centre_lat is not None and self.centre_lon is not None:
            try:
                validate_coordinates(self.centre_lat, self.centre_lon, country)
            except ValidationError as error:
                messages = {f"centre_{field}": texts for field, texts in error.message_dict.items()}
                raise ValidationError(messages) from error

    def _withdraw(self) -> None:
        """If the stored record is public and this one no longer is: take the exact data out of it, for `save` to move."""
        if not self.pk or self.visibility == self.Visibility.PUBLIC:
            return
        stored = type(self).objects.filter(pk=self.pk, visibility=self.Visibility.PUBLIC).first()
        if stored is not None:
            given = self if any(getattr(self, field) not in ("", None) for field in self.EXACT) else stored
            self._withdrawn = self._withdrawn or {field: getattr(given, field) for field in self.EXACT}
            self.address = self.postcode = self.transport = ""
            self.lat = self.lon = None

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._withdraw()
        if not self._withdrawn:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            ConfidentialPlace.objects.update_or_create(location=self, defaults=self._withdrawn)
            super().save(*args, **kwargs)
            self.history.update(address="", postcode="", transport="", lat=None, lon=None)
            from directory.withdrawn import forget

            forget(self, self._withdrawn)
        self._withdrawn = None


class ConfidentialPlace(models.Model):
    """The exact place behind an `area_only` or `contact_only` location: never in lists, history, exports or snapshots."""

    location = models.OneToOneField(Location, models.CASCADE, related_name="confidential", verbose_name=_("location"))
    address = models.CharField(_("exact address"), max_length=300, blank=True)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True)
    transport = models.CharField(_("how to get there"), max_length=200, blank=True)
    lat = models.FloatField(_("exact latitude"), null=True, blank=True)
    lon = models.FloatField(_("exact longitude"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        verbose_name = _("confidential place")
        verbose_name_plural = _("confidential places")
        permissions = [("view_confidential", _("Can see exact places that are confidential"))]

    def __str__(self) -> str:
        return str(_("confidential place of %(location)s")) % {"location": self.location.public_id}

    def clean(self) -> None:
        if (self.lat is None) != (self.lon is None):
            raise ValidationError(_("Give both latitude and longitude, or neither."))
        if self.lat is not None and self.lon is not None:
            country = "" if self.location.point_confirmed else self.location.country
            validate_coordinates(self.lat, self.lon, country)


class ServiceAtLocation(models.Model):
    """A service offered at a place."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="sites", verbose_name=_("service"))
    location = models.ForeignKey(Location, models.PROTECT, related_name="sites", verbose_name=_("location"))
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("For staff, like: second floor."))
    history = HistoricalRecords()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("place of a service")
        verbose_name_plural = _("places")
        constraints = [models.UniqueConstraint(fields=["service", "location"], name="one_site_per_service_and_location")]

    def __str__(self) -> str:
        return f"{self.service.public_id}: {self.location}"

    @property
    def public_id(self) -> str:
        return f"{self.service.public_id}:{self.location.public_id}"


class ServiceArea(models.Model):
    """Where people can use a service that has no public place: by phone, online, or with a confidential address."""

    class Kind(models.TextChoices):
        COUNTRY = "country", _("a whole country")
        PLACE = "place", _("around a place")

    service = models.ForeignKey(Service, models.CASCADE, related_name="areas", verbose_name=_("service"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    country = CountryField(_("country"))
    name = models.CharField(_("name"), max_length=120, blank=True, help_text=_("Of the city or region; empty for a country."))
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    radius_km = models.FloatField(_("radius in km"), null=True, blank=True)
    tz = models.CharField(_("time zone"), max_length=40, validators=[validate_timezone], help_text="Europe/Athens")
    history = HistoricalRecords()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        constraints = [
            models.UniqueConstraint(fields=["service", "kind", "country", "name"], name="one_area_per_service_and_name")
        ]

    def __str__(self) -> str:
        return self.name or self.country

    def clean(self) -> None:
        if self.kind == self.Kind.COUNTRY:
            self.name, self.lat, self.lon, self.radius_km = "", None, None, None
            return
        if not self.name or self.lat is None or self.lon is None or not self.radius_km:
            raise ValidationError(_("An area around a place needs its name, latitude, longitude and radius."))
        if not 0 < self.radius_km <= 500:
            raise ValidationError({"radius_km": _("The radius lies between 0 and 500 km.")})
        validate_coordinates(self.lat, self.lon, self.country)
