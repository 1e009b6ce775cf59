"""Which services are on the map, where, and how fresh they are. Of places that are not public only their city's centre.

`ConfidentialPlace` is never read in this package; a test looks for its coordinates in every answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, Exists, F, FloatField, OuterRef, Q, QuerySet, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.access import sees
from directory.maps.towns import Box
from directory.models import Category, Location, Service, ServiceAtLocation, User

__all__ = ["FRESHNESS", "Filters", "counts", "freshness", "freshness_of", "located", "services", "sites"]

FRESHNESS = {
    "current": _("checked in time"),
    "due": _("due for a check"),
    "hidden": _("three periods late: not shown to people"),
    "never": _("never checked: not shown to people"),
}
"""How long ago a service was checked, in the order of the legend."""
STATUSES = {
    "public": _("published or temporarily closed"),
    "draft": _("draft"),
    "closed": _("closed for good"),
    "all": _("all but archived"),
}


@dataclass(frozen=True)
class Filters:
    """What is looked for; empty: everything. `status` is one of STATUSES, `freshness` one of FRESHNESS."""

    category: str = ""
    country: str = ""
    freshness: str = ""
    status: str = "public"

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> Filters:
        """From a query string; what is not known is left out."""
        category, country = query.get("category", ""), query.get("country", "").upper()
        freshness, status = query.get("freshness", ""), query.get("status", "public")
        return cls(
            category if Category.objects.filter(code=category).exists() else "",
            country if len(country) == 2 and country.isalpha() else "",
            freshness if freshness in FRESHNESS else "",
            status if status in STATUSES else "public",
        )


def _fresh(state: str, today: date, prefix: str = "") -> Q:
    conditions: dict[str, dict[str, Any]] = {
        "current": {"review_due__gte": today, "verified_on__isnull": False},
        "due": {"review_due__lt": today, "hidden_after__gte": today},
        "hidden": {"hidden_after__lt": today},
        "never": {"verified_on__isnull": True},
    }
    return Q(**{prefix + name: value for name, value in conditions[state].items()})


def freshness(
    verified_on: date | None, review_due: date | None, hidden_after: date | None, today: date | None = None
) -> str:
    """One of FRESHNESS, from the dates of a service."""
    today = today or timezone.localdate()
    if verified_on is None or review_due is None or hidden_after is None:
        return "never"
    if hidden_after < today:
        return "hidden"
    return "due" if review_due < today else "current"


def freshness_of(service: Service) -> str:
    """One of FRESHNESS."""
    return freshness(service.verified_on, service.review_due, service.hidden_after)


def _wanted(wanted: Filters, prefix: str, service: str) -> Q:
    """The filters as a condition on a service that is reached over `prefix`; `service` names its primary key there."""
    if wanted.status == "public":
        found = Q(**{f"{prefix}status__in": Service.PUBLIC_STATUSES})
    elif wanted.status == "all":
        found = ~Q(**{f"{prefix}status": Service.Status.ARCHIVED})
    else:
        found = Q(**{f"{prefix}status": wanted.status})
    if wanted.category:
        found &= Q(
            Exists(Service.categories.through.objects.filter(category_id=wanted.category, service_id=OuterRef(service)))
        )
    if wanted.freshness:
        found &= _fresh(wanted.freshness, timezone.localdate(), prefix)
    return found


def services(user: User, wanted: Filters) -> QuerySet[Service]:
    """The services that the person sees and asks for (the country is a matter of their places: see `sites`)."""
    found: QuerySet[Service] = sees(user, Service.objects.all()).order_by()
    return found.filter(_wanted(wanted, "", "pk"))


def sites(user: User, wanted: Filters) -> QuerySet[ServiceAtLocation]:
    """Services at their places. Joined, not looked up in a list of services: 20 times as fast where few of many are wanted."""
    found = ServiceAtLocation.objects.order_by().filter(_wanted(wanted, "service__", "service_id"))
    visible = sees(user, Service.objects.all()).order_by()
    if visible.query.where:  # somebody who does not see all
        found = found.filter(service__in=visible.values("pk"))
    return found.filter(location__country=wanted.country) if wanted.country else found


def located(found: QuerySet[ServiceAtLocation], box: Box | None = None) -> Any:
    """Those with a point, as `plat` and `plon`: the place itself if it is public, else the centre of its city."""
    public = Q(location__visibility=Location.Visibility.PUBLIC)

    def either(exact: str, centre: str) -> Case:
        return Case(When(public, then=F(exact)), default=F(centre), output_field=FloatField())

    if box is not None:
        lat, lon = (box.south, box.north), (box.west, box.east)
        inside = Q(location__lat__range=lat, location__lon__range=lon) & public
        inside |= Q(location__centre_lat__range=lat, location__centre_lon__range=lon) & ~public
        found = found.filter(inside)
    points = found.annotate(
        plat=either("location__lat", "location__centre_lat"), plon=either("location__lon", "location__centre_lon")
    )
    return points.filter(plat__isnull=False, plon__isnull=False)


def counts(prefix: str = "service__") -> dict[str, Count]:
    """Aggregates: services by freshness, under the names of FRESHNESS."""
    today = timezone.localdate()
    return {state: Count("pk", filter=_fresh(state, today, prefix)) for state in FRESHNESS}
