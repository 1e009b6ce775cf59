"""A service that a search has found, with what made it one of the first."""

from __future__ import annotations

from dataclasses import dataclass

from bot.lookup.hours import OpenState
from bot.lookup.records import Area, Service, Site

__all__ = ["Hit"]


@dataclass(frozen=True)
class Hit:
    """A service that was found."""

    service: Service
    site: Site | None
    """Its nearest site; None without a place that may be told."""
    area: Area | None
    """Where it can be used, if it has no site."""
    distance_km: float | None
    """To a public site; None where the exact place is not public or there is none."""
    opening: OpenState
    overdue: int
    score: float
    parts: dict[str, float]
    """What the score is made of (`ranking.WEIGHTS`)."""
    national: bool
    """For the whole country: by phone, online, or wherever people are."""
