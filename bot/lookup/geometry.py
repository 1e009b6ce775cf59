"""Distances and boxes on the globe."""

from __future__ import annotations

import math

__all__ = ["boxes", "distance_km"]

KM_PER_DEGREE = 111.195
"""Length of one degree of latitude on a sphere of 6371 km radius."""


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance in km (haversine, mean earth radius 6371 km)."""
    half_lat = math.radians(other_lat - lat) / 2
    half_lon = math.radians(other_lon - lon) / 2
    a = (
        math.sin(half_lat) ** 2
        + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(half_lon) ** 2
    )
    return 12742.0 * math.asin(math.sqrt(min(1.0, a)))


def boxes(lat: float, lon: float, radius_km: float) -> list[tuple[float, float, float, float]]:
    """Boxes (south, north, west, east) in degrees that hold all points within the radius: two across the date line."""
    high = radius_km / KM_PER_DEGREE
    south, north = max(-90.0, lat - high), min(90.0, lat + high)
    if north >= 90.0 or south <= -90.0:
        return [(south, north, -180.0, 180.0)]
    # the circle is widest a little nearer to the pole than its centre
    wide = math.degrees(math.asin(min(1.0, math.sin(math.radians(high)) / math.cos(math.radians(lat)))))
    west, east = lon - wide, lon + wide
    if west < -180.0:
        return [(south, north, west + 360.0, 180.0), (south, north, -180.0, east)]
    if east > 180.0:
        return [(south, north, west, 180.0), (south, north, -180.0, east - 360.0)]
    return [(south, north, west, east)]
