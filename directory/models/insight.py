"""What the bot counts for staff: how often something happened on a day, in an area, a language, a channel. Nobody's traces."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

__all__ = ["BotDelivery", "Tally"]


class Tally(models.Model):
    """One count of one day, as `bot/counting.py` describes it. Kept for 400 days; shown to nobody below ten."""

    class Event(models.TextChoices):
        BEGUN = "begun", _("conversations")
        ANSWERED = "answered", _("messages answered")
        FAILED = "failed", _("answer broke")
        SECONDS = "seconds", _("time to the answer")
        NEED = "need", _("asked for help")
        NOTHING = "nothing", _("no place found")
        TOPIC = "topic", _("asked for information")
        NO_ARTICLE = "no_article", _("no information found")
        ASKED_BACK = "asked_back", _("asked what was meant")
        NOT_UNDERSTOOD = "not_understood", _("not understood")
        PERSON = "person", _("wanted a person")
        CRISIS = "crisis", _("danger")

    day = models.DateField()
    event = models.CharField(max_length=16, choices=Event.choices)
    value = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=2, blank=True)
    admin1 = models.CharField(max_length=20, blank=True)
    """GeoNames' code of the first-level area; nothing smaller is counted."""
    language = models.CharField(max_length=8, blank=True)
    channel = models.CharField(max_length=32, blank=True)
    count = models.PositiveBigIntegerField()

    CELL = ("day", "event", "value", "country", "admin1", "language", "channel")
    KEEP_DAYS = 400

    class Meta:
        verbose_name = _("count")
        verbose_name_plural = _("counts")
        constraints = [
            models.UniqueConstraint(
                fields=["event", "day", "value", "country", "admin1", "language", "channel"], name="one_count_per_cell"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.event} {self.value}"


class BotDelivery(models.Model):
    """What the bot has delivered: a reference that comes again adds nothing. It names a parcel, not a person."""

    ref = models.CharField(max_length=64, primary_key=True)
    received_at = models.DateTimeField(default=timezone.now, db_index=True)

    KEEP_DAYS = 70
    """Longer than the bot keeps what it could not deliver."""

    class Meta:
        verbose_name = _("delivery of the bot")
        verbose_name_plural = _("deliveries of the bot")

    def __str__(self) -> str:
        return self.ref
