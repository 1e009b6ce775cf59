"""The map of coverage, the data behind the maps, the check of a pin, and the services as GeoJSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from directory.access import sees
from directory.admin.common import person
from directory.codes import country_name
from directory.geography import distance_km, lies_in
from directory.maps.clusters import clusters
from directory.maps.geojson import pieces
from directory.maps.sites import FRESHNESS, STATUSES, Filters, counts, services, sites
from directory.maps.texts import map_settings
from directory.maps.towns import Box, centre_of, towns_in
from directory.models import Category, Location
from directory.pages import render_page, staff_page

__all__ = ["check", "coverage", "points", "services_geojson", "towns"]

_PAGE = 100


def _bad(what: str) -> JsonResponse:
    return JsonResponse({"error": what}, status=400)


@require_safe
@staff_page("directory.view_service")
def coverage(request: HttpRequest) -> HttpResponse:
    """The map, its filters, and below it the same as a table of cities."""
    user = person(request)
    wanted = Filters.parse(request.GET.dict())
    by_city = sites(user, wanted).values("location__country", "location__city").annotate(count=Count("pk"), **counts())
    page = Paginator(by_city.order_by("location__country", "location__city"), _PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "country": country_name(row["location__country"]),
            "city": row["location__city"],
            "count": row["count"],
            "states": [row[state] for state in FRESHNESS],
        }
        for row in page
    ]
    countries = sees(user, Location.objects.all()).order_by().values_list("country", flat=True).distinct()
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "rows": rows,
        "wanted": wanted,
        "query": query.urlencode(),
        "categories": list(Category.objects.all()),
        "countries": sorted(((code, country_name(code)) for code in countries), key=lambda item: item[1].casefold()),
        "freshness": list(FRESHNESS.items()),
        "statuses": list(STATUSES.items()),
        "nowhere": services(user, wanted).filter(sites__isnull=True).count(),
        "map": map_settings(),
    }
    return render_page(request, "maps/coverage.html", _("Map of services"), context)


@require_safe
@staff_page("directory.view_service")
def points(request: HttpRequest) -> HttpResponse:
    """JSON: dots in `bbox` (west,south,east,north) at `zoom` (0 to 19), with the filters of the page."""
    try:
        box, zoom = Box.parse(request.GET.get("bbox", "")), int(request.GET.get("zoom", ""))
    except ValueError:
        return _bad("bbox: west,south,east,north; zoom: a whole number")
    wanted = Filters.parse(request.GET.dict())
    return JsonResponse(clusters(person(request), wanted, box, min(19, max(0, zoom))))


@require_safe
@staff_page()
def towns(request: HttpRequest) -> HttpResponse:
    """JSON: the largest towns in `bbox` as [name, latitude, longitude, population]."""
    try:
        box = Box.parse(request.GET.get("bbox", ""))
    except ValueError:
        return _bad("bbox: west,south,east,north")
    found = [[town.name, town.lat, town.lon, town.population] for town in towns_in(box)]
    return JsonResponse({"towns": found})


def _number(text: str | None, limit: float) -> float | None:
    try:
        value = float((text or "").replace(",", ".").strip())
    except ValueError:
        return None
    return value if abs(value) <= limit else None


@require_POST
@staff_page("directory.view_location")
def check(request: HttpRequest) -> HttpResponse:
    """What there is to say about a pin: JSON with the city's centre, the pin's distance from it, and doubts.

    The pin comes in the body, not in the address, because it may be confidential and addresses end up in logs. Nothing of
    it is kept. `inside`: whether it can lie in the country (None: not known); `swapped`: whether it could if latitude and
    longitude changed places; `found`: whether the centre is one that was looked up, not typed.
    """
    country, city = request.POST.get("country", "").upper(), request.POST.get("city", "")
    typed = [_number(request.POST.get(name), 180) for name in ("lat", "lon", "centre_lat", "centre_lon")]
    lat, lon, centre_lat, centre_lon = typed
    answer: dict[str, Any] = {"centre": None, "found": False, "km": None, "inside": None, "swapped": False}
    if centre_lat is None or centre_lon is None:
        town = centre_of(city, country) if city and country else None
        if town is not None:
            centre_lat, centre_lon, answer["found"] = town.lat, town.lon, True
    if centre_lat is not None and centre_lon is not None and abs(centre_lat) <= 90:
        answer["centre"] = [centre_lat, centre_lon]
    if lat is not None and lon is not None:
        answer["inside"] = lies_in(lat, lon, country) if abs(lat) <= 90 else False
        if answer["inside"] is False and abs(lon) <= 90:
            answer["swapped"] = bool(lies_in(lon, lat, country))
        if answer["centre"] and abs(lat) <= 90:
            answer["km"] = round(distance_km(lat, lon, *answer["centre"]), 2)
    return JsonResponse(answer)


async def _in_turn(pieces: Iterator[str]) -> AsyncIterator[str]:
    """The pieces one after the other, so that a server with ASGI sends each as soon as it is there."""
    while (piece := await sync_to_async(lambda: next(pieces, None))()) is not None:
        yield piece


@require_safe
@staff_page("directory.view_service")
def services_geojson(request: HttpRequest) -> Any:
    """All services that the person sees and the filters let through, as a file."""
    made = pieces(person(request), Filters.parse(request.GET.dict()))
    content: Any = _in_turn(made) if isinstance(request, ASGIRequest) else made
    answer = StreamingHttpResponse(content, content_type="application/geo+json")
    answer["Content-Disposition"] = f'attachment; filename="services-{timezone.localdate():%Y-%m-%d}.geojson"'
    return answer
