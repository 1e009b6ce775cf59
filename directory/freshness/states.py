"""How long ago services were checked, as the database sees it: the same states as `Service.review_state`, and `soon`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.lookups import GreaterThan
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.models import Location, Service, ServiceArea, ServiceText

__all__ = ["LABELS", "LATE", "PAST", "SOON_DAYS", "STATES", "chosen", "counts", "with_state"]

SOON_DAYS = 7
LABELS = {
    "never": _("never checked"),
    "hidden": _("hidden"),
    "call_first": _("long overdue"),
    "due": _("overdue"),
    "soon": _("due within 7 days"),
}
"""From the worst on."""
STATES = tuple(LABELS)
LATE, PAST = "late", ("due", "call_first", "hidden")
"""As a filter: everything past its date, and the states that this means."""


def with_state(services: QuerySet[Service], today: date | None = None) -> Any:
    """A QuerySet of the services with `freshness`: never, hidden, call_first, due, soon, or current."""
    today = today or timezone.localdate()
    late = ExpressionWrapper(Value(today, DateField()) - F("review_due"), DurationField())
    period = ExpressionWrapper(F("review_due") - F("verified_on"), DurationField())
    state = Case(
        When(verified_on__isnull=True, then=Value("never")),
        When(review_due__gt=today + timedelta(days=SOON_DAYS), then=Value("current")),
        When(review_due__gte=today, then=Value("soon")),
        When(hidden_after__lt=today, then=Value("hidden")),
        When(GreaterThan(late, period), then=Value("call_first")),
        default=Value("due"),
        output_field=CharField(),
    )
    public = services.filter(status__in=Service.PUBLIC_STATUSES)
    needs = Q(verified_on__isnull=True) | Q(review_due__lte=today + timedelta(days=SOON_DAYS))
    return public.filter(needs).annotate(freshness=state)


def chosen(
    services: Any,
    *,
    country: str = "",
    region: str = "",
    organisation: str = "",
    category: str = "",
    state: str = "",
    words: str = "",
) -> Any:
    """Those of the services (with `freshness`) that a filter leaves; empty and unknown values filter nothing out."""
    this = OuterRef("pk")
    if country:
        places = Location.objects.filter(sites__service=this, country=country)
        services = services.filter(Exists(places) | Exists(ServiceArea.objects.filter(service=this, country=country)))
    if region == "none":
        services = services.filter(region=None)
    elif region.isdecimal():
        services = services.filter(region=int(region))
    if organisation.isdecimal():
        services = services.filter(organisation=int(organisation))
    if category:
        services = services.filter(Exists(Service.categories.through.objects.filter(service=this, category=category)))
    if state in LABELS:
        services = services.filter(freshness=state)
    elif state == LATE:
        services = services.filter(freshness__in=PAST)
    if words:
        named = Exists(ServiceText.objects.filter(service=this, name__icontains=words))
        services = services.filter(Q(organisation__name__icontains=words) | Q(public_id__icontains=words) | named)
    return services


def counts(services: Any, *by: str) -> Any:
    """For each value of the fields `by`: how many services are in each state, and `total`; the most first."""
    numbers = {state: Count("pk", filter=Q(freshness=state)) for state in STATES}
    return services.order_by().values(*by).annotate(total=Count("pk"), **numbers).order_by("-total", *by)
