"""The services that people find: what is offered to whom, on which conditions, and in which words."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory import codes
from directory.fields import CodeListField
from directory.models.base import Record, TranslatedText, Versioned
from directory.models.organisations import Organisation, Region

__all__ = ["MustReport", "OperatorType", "Category", "Service", "ServiceText"]


class OperatorType(models.TextChoices):
    """Who answers; people are told before they call."""

    RCRC = "rcrc", _("Red Cross or Red Crescent")
    UN = "un", _("United Nations")
    NGO = "ngo", _("NGO")
    HEALTH = "health", _("health service")
    GOVERNMENT = "government", _("government")
    POLICE = "police", _("police")
    IMMIGRATION_AUTHORITY = "immigration_authority", _("immigration authority")


class MustReport(models.TextChoices):
    """What the operator has to tell authorities; people are told before they call."""

    NONE = "none", _("nothing")
    CHILD = "child", _("when a child is in danger")
    DANGER = "danger", _("when somebody is in danger")
    ALL = "all", _("everything")
    UNKNOWN = "unknown", _("not known")


class Category(models.Model):
    """A kind of help: the codes come from `bot.lookup.categories` at each migration, the review period may be tuned."""

    code = models.SlugField(_("code"), primary_key=True, max_length=40)
    label = models.CharField(_("label"), max_length=100)
    urgent = models.BooleanField(_("urgent"), default=False)
    review_days = models.PositiveSmallIntegerField(
        _("days between checks"), default=90, help_text=_("Staff are asked to check an entry again after so many days.")
    )
    position = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta:
        ordering = ("position",)
        verbose_name = _("category")
        verbose_name_plural = _("categories")

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if not self.review_days:
            raise ValidationError({"review_days": _("Give at least one day.")})


class Service(Record, Versioned):
    """One service of one organisation. Archived rather than deleted."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        PAUSED = "paused", _("temporarily closed")
        CLOSED = "closed", _("closed for good")
        ARCHIVED = "archived", _("archived")

    class Delivery(models.TextChoices):
        PLACE = "place", _("at a place")
        PHONE = "phone", _("by phone")
        ONLINE = "online", _("online")
        MOBILE = "mobile", _("mobile team")

    class Urgency(models.TextChoices):
        EMERGENCY = "emergency", _("emergency")
        ROUTINE = "routine", _("routine")

    class Papers(models.TextChoices):
        NONE_NEEDED = "none_needed", _("no papers needed")
        ANY_ID = "any_id", _("any identity document")
        STATUS_REQUIRED = "status_required", _("a legal status is required")
        UNKNOWN = "unknown", _("not known")

    class SharesData(models.TextChoices):
        NO = "no", _("no")
        YES = "yes", _("yes")
        UNKNOWN = "unknown", _("not known")

    class Genders(models.TextChoices):
        ANY = "any", _("everybody")
        WOMEN = "women", _("women")
        MEN = "men", _("men")

    class Audience(models.TextChoices):
        UNACCOMPANIED_CHILD = "unaccompanied_child", _("children who are alone")
        FAMILY = "family", _("families")
        PREGNANT = "pregnant", _("pregnant women")
        GBV_SURVIVOR = "gbv_survivor", _("survivors of gender-based violence")
        TRAFFICKING_SURVIVOR = "trafficking_survivor", _("survivors of trafficking")
        DISABILITY = "disability", _("people with a disability")
        LGBTQI = "lgbtqi", _("LGBTQI+ people")

    class Cost(models.TextChoices):
        FREE = "free", _("free")
        LOW = "low", _("low cost")
        PAID = "paid", _("paid")
        UNKNOWN = "unknown", _("not known")

    class Booking(models.TextChoices):
        WALK_IN = "walk_in", _("just come")
        CALL_FIRST = "call_first", _("call first")
        APPOINTMENT = "appointment", _("by appointment")
        REFERRAL_ONLY = "referral_only", _("only by referral")

    PUBLIC_STATUSES = (Status.PUBLISHED, Status.PAUSED)

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="services", verbose_name=_("organisation")
    )
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="services", verbose_name=_("region")
    )
    categories = models.ManyToManyField(Category, related_name="services", verbose_name=_("categories"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, db_index=True)
    delivery = models.CharField(_("delivery"), max_length=8, choices=Delivery.choices, default=Delivery.PLACE)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency.choices, default=Urgency.ROUTINE)
    papers = models.CharField(_("papers"), max_length=16, choices=Papers.choices, default=Papers.UNKNOWN)
    shares_data = models.CharField(
        _("shares data with authorities"), max_length=8, choices=SharesData.choices, default=SharesData.UNKNOWN
    )
    genders = models.CharField(_("for"), max_length=6, choices=Genders.choices, default=Genders.ANY)
    min_age = models.PositiveSmallIntegerField(_("from age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("to age"), null=True, blank=True)
    audiences = CodeListField(_("especially for"), options=Audience.choices)
    nationalities = CodeListField(
        _("only for nationals of"),
        check=codes.validate_country,
        upper=True,
        help_text=_("Country codes, like: SY, AF. Empty: everybody."),
    )
    cost = models.CharField(_("cost"), max_length=8, choices=Cost.choices, default=Cost.UNKNOWN)
    booking = models.CharField(_("how to come"), max_length=14, choices=Booking.choices, default=Booking.WALK_IN)
    capacity_note = models.CharField(_("note on capacity"), max_length=200, blank=True, help_text=_("For staff only."))
    serves_countries = CodeListField(
        _("answers people in"),
        check=codes.validate_country,
        upper=True,
        help_text=_("Country codes, for services by phone or online."),
    )
    operator_type = models.CharField(_("who answers"), max_length=24, choices=OperatorType.choices)
    must_report = models.CharField(
        _("must tell authorities"), max_length=8, choices=MustReport.choices, default=MustReport.UNKNOWN
    )
    source = models.CharField(_("source"), max_length=200, blank=True)
    source_licence = models.CharField(_("licence of the source"), max_length=100, blank=True)
    external_ids = models.JSONField(_("ids elsewhere"), default=dict, blank=True)
    verified_on = models.DateField(_("last checked"), null=True, blank=True, editable=False, db_index=True)
    review_due = models.DateField(_("check again by"), null=True, blank=True, editable=False, db_index=True)
    hidden_after = models.DateField(_("hidden after"), null=True, blank=True, editable=False, db_index=True)
    history = HistoricalRecords(m2m_fields=[categories])

    class Meta:
        ordering = ("public_id",)
        verbose_name = _("service")
        verbose_name_plural = _("services")

    def __str__(self) -> str:
        return self.public_id or str(_("new service"))

    def readable(self) -> str:
        region = f"{self.region.country} {self.region.name} " if self.region else ""
        return f"{region}{self.organisation.name}"

    def clean(self) -> None:
        if self.min_age is not None and self.max_age is not None and self.min_age > self.max_age:
            raise ValidationError({"max_age": _("The upper age is below the lower one.")})
        if self.delivery in (self.Delivery.PHONE, self.Delivery.ONLINE) and not self.serves_countries:
            raise ValidationError({"serves_countries": _("Say in which countries people can use it.")})

    @property
    def review_days(self) -> int:
        """Days between two checks: the shortest period of its categories."""
        return min((category.review_days for category in self.categories.all()), default=90)

    def refresh_review(self) -> None:
        """Derive `verified_on`, `review_due` and `hidden_after` (three periods) from the latest successful check."""
        checks = self.verifications.filter(outcome__in=("confirmed", "changed"))
        latest = checks.aggregate(at=models.Max("at"))["at"]
        self.verified_on = latest
        self.review_due = latest + timedelta(days=self.review_days) if latest else None
        self.hidden_after = latest + timedelta(days=3 * self.review_days) if latest else None
        type(self).objects.filter(pk=self.pk).update(
            verified_on=self.verified_on, review_due=self.review_due, hidden_after=self.hidden_after
        )

    def review_state(self, today: date | None = None) -> str:
        """never, current, due, call_first (twice the period has passed) or hidden (three times)."""
        today = today or timezone.localdate()
        if not (self.verified_on and self.review_due and self.hidden_after):
            return "never"
        if today > self.hidden_after:
            return "hidden"
        if today > self.verified_on + 2 * (self.review_due - self.verified_on):
            return "call_first"
        return "due" if today > self.review_due else "current"


class ServiceText(TranslatedText):
    """The words of a service in one language; facts (phone, hours, address) live elsewhere and need no translation."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="texts")
    name = models.CharField(_("name"), max_length=120)
    short_text = models.CharField(_("in one sentence"), max_length=300, blank=True)
    how_to_get_help = models.TextField(_("how to get help"), max_length=1000, blank=True)
    what_to_bring = models.TextField(_("what to bring"), max_length=1000, blank=True)
    eligibility_text = models.TextField(_("who can come"), max_length=1000, blank=True)
    cost_note = models.CharField(_("note on cost"), max_length=200, blank=True)
    history = HistoricalRecords()

    WORDING = ("name", "short_text", "how_to_get_help", "what_to_bring", "eligibility_text", "cost_note")

    class Meta:
        ordering = ("pk",)
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints = [models.UniqueConstraint(fields=["service", "lang"], name="one_service_text_per_language")]

    def __str__(self) -> str:
        return f"{self.lang}: {self.name}"
