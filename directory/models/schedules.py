"""When a service is open: weekly intervals and dated exceptions, in the local time of its place."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory.fields import ClockField, format_clock
from directory.models.services import Service

__all__ = ["OpeningException", "OpeningInterval", "interval_minutes"]


def interval_minutes(opens: int, closes: int) -> tuple[int, int]:
    """An interval as the snapshot holds it: closing at or before opening runs past midnight (22:00-06:00: 1320, 1800)."""
    return opens, closes if closes > opens else closes + 24 * 60


class OpeningInterval(models.Model):
    """Open on a weekday from one time to another; a lunch break makes two intervals."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="hours", verbose_name=_("service"))
    weekday = models.PositiveSmallIntegerField(_("day"), choices=list(WEEKDAYS.items()))
    opens = ClockField(_("opens"))
    closes = ClockField(_("closes"), help_text=_("6:00 after an opening at 22:00 is the next morning. 24:00 is midnight."))
    appointment_only = models.BooleanField(_("by appointment"), default=False)
    valid_from = models.DateField(_("from"), null=True, blank=True)
    valid_to = models.DateField(_("until"), null=True, blank=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("weekday", "opens")
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {format_clock(self.opens)}–{format_clock(self.closes)}"

    def clean(self) -> None:
        if self.opens == 24 * 60:
            raise ValidationError({"opens": _("Opening at 24:00 is opening at 0:00 of the next day.")})
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValidationError({"valid_to": _("The last day is before the first.")})


class OpeningException(models.Model):
    """Other hours on one date, instead of the weekly ones; without times it is closed."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="exceptions", verbose_name=_("service"))
    date = models.DateField(_("date"))
    opens = ClockField(_("opens"), null=True, blank=True, help_text=_("Leave both times empty for closed."))
    closes = ClockField(_("closes"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=100, blank=True, help_text=_("For staff, like: national holiday."))
    history = HistoricalRecords()

    class Meta:
        ordering = ("date", "opens")
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions (holidays, other hours)")

    def __str__(self) -> str:
        if self.opens is None or self.closes is None:
            return f"{self.date:%Y-%m-%d}: {_('closed')}"
        return f"{self.date:%Y-%m-%d} {format_clock(self.opens)}–{format_clock(self.closes)}"

    def clean(self) -> None:
        if (self.opens is None) != (self.closes is None):
            raise ValidationError(_("Give both times, or leave both empty for closed."))
