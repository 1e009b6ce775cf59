"""What staff have to look at beside the lists of records: rows that a file no longer holds, links that do not open, and the like."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models.base import Handled
from directory.models.organisations import Organisation
from directory.models.services import Service

__all__ = ["Task"]


class Task(Handled):
    """One thing to do about a service or an organisation. It is closed by a person and never deleted with what it found."""

    class Kind(models.TextChoices):
        MISSING_FROM_SOURCE = "missing_from_source", _("no longer in the file of its source")
        BROKEN_LINK = "broken_link", _("a link does not open")
        POSSIBLE_DUPLICATE = "possible_duplicate", _("perhaps listed twice")
        REPORTED = "reported", _("reported by several people")
        OVERDUE = "overdue", _("long overdue for a check")
        OTHER = "other", _("something else")

    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="tasks", verbose_name=_("service"))
    organisation = models.ForeignKey(
        Organisation, models.CASCADE, null=True, blank=True, related_name="tasks", verbose_name=_("organisation")
    )
    details = models.CharField(_("details"), max_length=300, blank=True)
    key = models.CharField(
        max_length=120, blank=True, editable=False, help_text="Says what was found, so that finding it again opens no second task."
    )
    created_at = models.DateTimeField(_("found"), default=timezone.now)

    class Meta:
        ordering = ("-created_at", "-pk")
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=models.Q(state="open") & ~models.Q(key=""), name="one_open_task_per_finding"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.service or self.organisation or self.details}"

    @classmethod
    def reported_services(cls) -> models.QuerySet[Task, int]:
        """Keys of the services of which several people said that something has changed, until staff have settled it.

        Complaints open tasks of the same kind (`directory.insight.flags`), but nobody is told to call first because of them.
        """
        return cls.reported("changed").values_list("service_id", flat=True)

    @classmethod
    def reported(cls, family: str) -> models.QuerySet[Task]:
        """Open tasks that rest on reports of people: "changed" or "complaint" (`directory.insight.flags.FAMILIES`)."""
        return cls.objects.filter(
            kind=cls.Kind.REPORTED, state=cls.State.OPEN, service__isnull=False, key__startswith=f"{family}:"
        )

    @classmethod
    def found(cls, kind: str, key: str, **fields: object) -> Task:
        """The open task of this finding; made if there is none."""
        task, made = cls.objects.get_or_create(kind=kind, key=key, state=cls.State.OPEN, defaults=fields)
        return task
