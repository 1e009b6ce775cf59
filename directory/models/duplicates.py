"""Services that are perhaps listed twice, what people decided about them, and the ids of those that were merged into others."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.services import Service

__all__ = ["DuplicatePair", "FormerId"]


class DuplicatePair(models.Model):
    """Two services that look like one. It is only a suggestion: people merge them, or say that they are different.

    `a` is the one with the lower primary key. A decision is remembered, so the same suggestion never comes back.
    """

    class State(models.TextChoices):
        OPEN = "open", _("open")
        PROPOSED = "proposed", _("waits for a second person")
        MERGED = "merged", _("merged")
        NOT_DUPLICATE = "not_duplicate", _("not a duplicate")

    class Reason(models.TextChoices):
        NEAR = "near", _("less than 200 m apart")
        NAME = "name", _("similar name")
        PHONE = "phone", _("same number")
        ORGANISATION = "organisation", _("same organisation")
        CITY = "city", _("same city")

    a = models.ForeignKey(Service, models.CASCADE, related_name="+", verbose_name=_("service"))
    b = models.ForeignKey(Service, models.CASCADE, related_name="+", verbose_name=_("service"))
    score = models.PositiveSmallIntegerField(_("likeness"), help_text=_("0 to 100."), db_index=True)
    reasons = models.JSONField(_("reasons"), default=list)
    distance_m = models.PositiveIntegerField(
        _("distance in metres"), null=True, blank=True, help_text=_("Of public places.")
    )
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.OPEN, db_index=True)
    survivor = models.ForeignKey(
        Service, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("kept")
    )
    choices = models.JSONField(default=dict, blank=True, editable=False, help_text="What was chosen, field by field.")
    undo = models.JSONField(
        default=dict, blank=True, editable=False, help_text="What a merge changed; see duplicates/undo.py."
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("proposed by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    found_at = models.DateTimeField(_("found"), default=timezone.now)

    class Meta:
        ordering = ("-score", "pk")
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        constraints = [
            models.UniqueConstraint(fields=["a", "b"], name="one_row_per_pair_of_services"),
            models.CheckConstraint(condition=models.Q(a__lt=models.F("b")), name="pair_of_services_is_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.a.public_id} / {self.b.public_id}"

    def other(self, service: Service) -> Service:
        """The service of the pair that is not this one."""
        return self.b if service.pk == self.a.pk else self.a


class FormerId(models.Model):
    """The ids of a service that was merged into another: whoever asks for them finds `service`."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="former_ids", verbose_name=_("service"))
    public_id = models.SlugField(_("former public id"), max_length=80, unique=True)
    uuid = models.UUIDField(unique=True)
    external_ids = models.JSONField(_("ids elsewhere"), default=dict, blank=True)
    since = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        ordering = ("public_id",)
        verbose_name = _("former id")
        verbose_name_plural = _("former ids")

    def __str__(self) -> str:
        return self.public_id
