"""What the channels' parsers share: reading a body and a position, and saying what is wrong with a request."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from bot.messages import Location

__all__ = ["BadRequest", "TooLarge", "body_of", "location_from", "storable"]


class BadRequest(ValueError):
    """The request is not of the agreed form; the message says why."""


class TooLarge(BadRequest):
    """The body is larger than the channel reads."""


async def body_of(request: Request, most: int) -> bytes:
    """The body of a request, of at most that many bytes; not more of it is read. Raises TooLarge."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise TooLarge(f"a request may have at most {most} bytes")
    return bytes(body)


def location_from(data: Any) -> Location | None:
    """A position from `{"lat": .., "lon": ..}`; None from None. Raises BadRequest."""
    if data is None:
        return None
    try:
        lat, lon = float(data["lat"]), float(data["lon"])
    except (TypeError, KeyError, ValueError, OverflowError) as error:
        raise BadRequest('location must be {"lat": number, "lon": number}') from error
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise BadRequest("location: lat must be in -90..90 and lon in -180..180")
    return Location(round(lat, 2), round(lon, 2))  # about 1 km: the exact position is never stored


def storable(text: str) -> str:
    """The text without NUL, and a ? for half of a surrogate pair: JSON can hold one (an emoji that a page cut in two), no store can."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
