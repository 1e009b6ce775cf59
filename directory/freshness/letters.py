"""The words of a letter, in the language of its reader: plain text, one link for each organisation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language_bidi, ngettext, override

from directory.freshness.states import SOON_DAYS
from directory.freshness.summary import Summary, prepared, summary
from directory.freshness.tokens import check_link, stop_link
from directory.models import CheckRequest, Service

if TYPE_CHECKING:
    from directory.freshness.reminders import Planned

__all__ = ["write"]

LISTED = 20
"""So many services are described in a letter; the page behind the link shows all."""


def _isolated(text: str) -> str:
    """Left-to-right inside a right-to-left line, so that a number is not turned around."""
    return f"\u2066{text}\u2069" if get_language_bidi() else text


def _lines(says: Summary) -> dict[str, Any]:
    return {
        "name": says.name,
        "places": says.places,
        "hours": says.hours,
        "contacts": [(kind, _isolated(value)) for kind, value in says.contacts],
        "checked": says.checked,
    }


def _part(request: CheckRequest, today: date) -> dict[str, Any]:
    asked = request.services.count()
    services = prepared(request.services.order_by("review_due", "pk"))[:LISTED]
    return {
        "organisation": request.organisation.name,
        "link": check_link(request),
        "until": request.expires_at,
        "services": [_lines(summary(service, request.language, today)) for service in services],
        "more": max(0, asked - LISTED),
    }


def _overdue(rows: Sequence[tuple[Service, Any]], language: str, today: date) -> list[dict[str, Any]]:
    """Services for a member of staff, the oldest first, by region."""
    chosen = sorted(rows, key=lambda row: (row[0].review_due, row[0].pk))[:LISTED]
    found = {s.pk: s for s in prepared(Service.objects.filter(pk__in=[service.pk for service, _stage in chosen]))}
    return [
        {
            "name": summary(found[service.pk], language, today).name,
            "organisation": service.organisation.name,
            "region": str(service.region or ""),
            "due": service.review_due,
        }
        for service, _stage in chosen
        if service.pk in found
    ]


def write(letter: Planned, requests: Sequence[CheckRequest], today: date, connection: Any = None) -> EmailMessage:
    """The letter, ready to be sent."""
    with override(letter.language):
        stop = stop_link(letter.email)
        asked = sum(request.services.count() for request in requests)
        text = render_to_string(
            "freshness/letter.txt",
            {
                "parts": [_part(request, today) for request in requests],
                "overdue": _overdue(letter.staff, letter.language, today),
                "more_overdue": max(0, len(letter.staff) - LISTED),
                "late": len(letter.staff),
                "page": f"{settings.SITE_URL}{reverse('freshness:due')}?{urlencode({'state': 'late'})}",
                "soon": SOON_DAYS,
                "stop": stop,
                "site": settings.SITE_URL,
            },
        )
        if requests:
            subject = ngettext(
                "Is this still correct? %(count)d service in the directory",
                "Is this still correct? %(count)d services in the directory",
                asked,
            ) % {"count": asked}
        else:
            subject = ngettext(
                "%(count)d service is late for its check",
                "%(count)d services are late for their check",
                len(letter.staff),
            ) % {"count": len(letter.staff)}
    headers = {
        "List-Unsubscribe": f"<{stop}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
    }
    return EmailMessage(subject, text, to=[letter.email], headers=headers, connection=connection)
