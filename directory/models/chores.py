"""When each kind of work in the background last ran."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["ChoreRun"]


class ChoreRun(models.Model):
    """The last run of one chore (`directory.chores`)."""

    name = models.CharField(_("name"), max_length=80, primary_key=True)
    started_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    line = models.CharField(_("result"), max_length=300, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("work in the background")
        verbose_name_plural = _("work in the background")

    def __str__(self) -> str:
        return self.name
