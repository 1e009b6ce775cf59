"""What the channels' parsers share: reading a position, and saying what is wrong with a request."""

from __future__ import annotations

from typing import Any

from bot.messages import Location

__all__ = ["BadRequest", "location_from"]


class BadRequest(ValueError):
    """The request is not of the agreed form; the message says why."""


def location_from(data: Any) -> Location | None:
    """A position from `{"lat": .., "lon": ..}`; None from None. Raises BadRequest."""
    if data is None:
        return None
    try:
        lat, lon = float(data["lat"]), float(data["lon"])
    except (TypeError, KeyError, ValueError) as error:
        raise BadRequest('location must be {"lat": number, "lon": number}') from error
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise BadRequest("location: lat must be in -90..90 and lon in -180..180")
    return Location(round(lat, 2), round(lon, 2))  # about 1 km: the exact position is never stored
