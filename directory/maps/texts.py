"""What the scripts of the maps are told by the page: addresses, words in the reader's language, and a tile server if one is set."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as translate

__all__ = ["map_settings", "tile_origin"]


def tile_origin(template: str) -> str:
    """The origin that a page must be allowed to load tiles from: https://{s}.tiles.example.org/... -> https://*.tiles.example.org

    Empty if no tile server is set. Raises ValueError if the template is not an https address with {z}, {x} and {y}.
    """
    if not template:
        return ""
    parts = urlsplit(template)
    if parts.scheme != "https" or not parts.netloc or not all(mark in template for mark in ("{z}", "{x}", "{y}")):
        raise ValueError("WAYPOST_MAP_TILES: expected https://host/{z}/{x}/{y}.png")
    host = parts.netloc.replace("{s}", "*")
    if any(sign in host for sign in "{};, '\"@") or "*" in host.removeprefix("*."):
        raise ValueError("WAYPOST_MAP_TILES: {s} may only stand for the first part of the host")
    return f"https://{host}"


def map_settings() -> dict[str, Any]:
    """For `json_script`; strings are in the reader's language."""
    return {
        "world": static("directory/maps/world.json"),
        "towns": reverse("maps:towns"),
        "points": reverse("maps:points"),
        "check": reverse("maps:check"),
        "tiles": settings.MAP_TILES,
        "credit": settings.MAP_CREDIT,
        "texts": {
            "outline": translate("Outline: Natural Earth. Towns: GeoNames."),
            "zoomIn": translate("Zoom in"),
            "zoomOut": translate("Zoom out"),
            "map": translate("Map. Arrow keys move it, plus and minus zoom."),
            "pin": translate("Pin. Arrow keys move it; with Shift in small steps."),
            "place": translate("Click on the map to place the pin, or drag it."),
            "middle": translate("Put the pin in the middle of the map"),
            "toCity": translate("Show the city"),
            "remove": translate("Remove the pin"),
            "useCentre": translate("Take this town as the centre of the city"),
            "centre": translate("centre of the city"),
            "distance": translate("{km} km from the centre of the city."),
            "far": translate("That is far for a place in this city. Please check it."),
            "outside": translate("This point does not seem to lie in the country that is chosen."),
            "swapped": translate("Latitude and longitude seem to have changed places."),
            "swap": translate("Exchange them"),
            "noCity": translate("The city is not known to the map. Zoom to it by hand."),
            "services": translate("{count} services"),
            "cityOnly": translate("only the city is told"),
            "more": translate("and {count} more"),
            "inView": translate("{count} places of services in view."),
            "failed": translate("The map could not be loaded. The fields work without it."),
            "current": translate("checked in time"),
            "due": translate("due for a check"),
            "hidden": translate("not shown any more"),
            "never": translate("never checked"),
        },
    }
