"""Forgetting what is past its time: counts after 400 days, references of deliveries after 70."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from directory.chores import chore
from directory.models import BotDelivery, Tally

__all__ = ["forget_counts"]


@chore(every=timedelta(hours=24))
def forget_counts() -> str | None:
    """Delete what is past its time."""
    now = timezone.now()
    old, _ = Tally.objects.filter(day__lt=now.date() - timedelta(days=Tally.KEEP_DAYS)).delete()
    refs, _ = BotDelivery.objects.filter(received_at__lt=now - timedelta(days=BotDelivery.KEEP_DAYS)).delete()
    return f"{old} counts, {refs} references of deliveries" if old or refs else None
