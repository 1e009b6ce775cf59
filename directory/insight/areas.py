"""Names of the areas in which is counted: the staff's region, else the largest town of the area, in the reader's language."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import lru_cache

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bot.settings import settings
from directory.codes import country_name
from directory.models import Region

__all__ = ["area_names"]


@lru_cache(maxsize=8)
def _towns(language: str) -> dict[tuple[str, str], str]:
    """The largest town by country and first-level area; empty while the gazetteer has not been built."""
    path = settings().path("places")
    if not path.exists():
        return {}
    found: dict[tuple[str, str], str] = {}
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        for country, admin1, name, _population in connection.execute(
            "SELECT p.country, p.admin1, coalesce(d.name, p.name), max(p.population) FROM place p"
            " LEFT JOIN display d ON d.place = p.id AND d.language = ? WHERE p.kind = 'city' AND p.admin1 <> ''"
            " GROUP BY p.country, p.admin1",
            (language,),
        ):
            found[country, admin1] = name
    except sqlite3.Error:
        return {}
    finally:
        connection.close()
    return found


def area_names() -> Callable[[str, str], str]:
    """A function of country and first-level area ("" if not known): what staff read, "Greece" or "Greece: around Athens"."""
    regions = {code: region.name for region in Region.objects.all() for code in region.admin_codes}
    towns = _towns((get_language() or "en").partition("-")[0])

    def name(country: str, admin1: str) -> str:
        if not country:
            return _("place not known")
        if not admin1:
            return country_name(country)
        if known := regions.get(f"{country}-{admin1}"):
            return f"{country_name(country)}: {known}"
        town = towns.get((country, admin1), admin1)
        return _("%(country)s: around %(town)s") % {"country": country_name(country), "town": town}

    return name
