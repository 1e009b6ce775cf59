"""Gathers services that lie close together on the screen into one dot with a count; done here, so that 100,000 stay light."""

from __future__ import annotations

from collections import defaultdict
from math import floor
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, QuerySet
from django.db.models.functions import Floor
from django.urls import reverse

from directory.duplicates.compare import display_name
from directory.maps.sites import FRESHNESS, Filters, counts, freshness_of, located, sites
from directory.maps.towns import Box
from directory.models import Location, Service, ServiceAtLocation, User

__all__ = ["DETAILED", "clusters"]

DETAILED = 400
"""Up to so many places in view, the dots also tell which services they stand for."""
NAMED = 12
"""Services that one dot names."""
_MOST = 3000
_PIXELS = 64
"""Edge of a cell of the grid on the screen."""


def _cell(zoom: int) -> float:
    """Edge of a cell in degrees: the world is 256 * 2^zoom pixels wide."""
    return float(360.0 * _PIXELS / (256 * 2**zoom))


def clusters(user: User, wanted: Filters, box: Box, zoom: int) -> dict[str, Any]:
    """{"total": places in the box, "clusters": [{lat, lon, count, states: {state: count}, box?, services?}]}.

    `box` (south, west, north, east) says how far to zoom in. `services` of a dot: {name, url, state, city, city_only}.
    """
    found = located(sites(user, wanted), box)
    total = found.count()
    made = _named(found, zoom) if total <= DETAILED else _counted(found, zoom)
    return {"total": total, "clusters": made}


def _counted(found: QuerySet[Any], zoom: int) -> list[dict[str, Any]]:
    edge = _cell(zoom)
    cells = found.annotate(row=Floor(F("plat") / edge), column=Floor(F("plon") / edge)).values("row", "column")
    extent = {"south": Min("plat"), "west": Min("plon"), "north": Max("plat"), "east": Max("plon")}
    rows = cells.annotate(count=Count("pk"), lat=Avg("plat"), lon=Avg("plon"), **extent, **counts()).order_by("-count")
    return [
        {
            "lat": round(row["lat"], 5),
            "lon": round(row["lon"], 5),
            "count": row["count"],
            "states": {state: row[state] for state in FRESHNESS if row[state]},
            "box": [row["south"], row["west"], row["north"], row["east"]],
        }
        for row in rows[:_MOST]
    ]


def _named(found: Any, zoom: int) -> list[dict[str, Any]]:
    edge = _cell(zoom)
    rows = list(found.select_related("location").order_by("pk"))
    services = Service.objects.prefetch_related("texts").in_bulk({row.service_id for row in rows})
    cells: dict[tuple[int, int], list[ServiceAtLocation]] = defaultdict(list)
    for row in rows:
        lat, lon = _point(row)
        cells[floor(lat / edge), floor(lon / edge)].append(row)
    made = []
    for members in cells.values():
        lats, lons = zip(*map(_point, members))
        states: dict[str, int] = defaultdict(int)
        for row in members:
            states[freshness_of(services[row.service_id])] += 1
        dot: dict[str, Any] = {
            "lat": round(sum(lats) / len(lats), 6),
            "lon": round(sum(lons) / len(lons), 6),
            "count": len(members),
            "states": dict(states),
            "services": [_named_one(row, services[row.service_id]) for row in members[:NAMED]],
        }
        if len(members) > 1:
            dot["box"] = [min(lats), min(lons), max(lats), max(lons)]
        made.append(dot)
    return made


def _point(site: Any) -> tuple[float, float]:
    """What `located` has found."""
    return site.plat, site.plon


def _named_one(site: ServiceAtLocation, service: Service) -> dict[str, Any]:
    return {
        "name": display_name(service),
        "url": reverse("admin:directory_service_change", args=[service.pk]),
        "state": freshness_of(service),
        "city": site.location.city,
        "city_only": site.location.visibility != Location.Visibility.PUBLIC,
    }
