"""What people tell the bot about places comes in here: `POST /api/reports`, from the bot only, without any identity."""

from __future__ import annotations

import datetime
import functools
import hmac
import json
import logging
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bot.identity import REPORT_HEADER, load_key, report_token
from bot.settings import settings
from directory.insight.flags import reflag
from directory.models import BotDelivery, Service, UserReport

__all__ = ["from_the_bot", "reports"]

log = logging.getLogger(__name__)

Kind = UserReport.Kind
SPECIFIC = {kind.value: kind for kind in (*UserReport.CHANGES, *UserReport.COMPLAINTS)}
KINDS = {"wrong": Kind.OTHER, "feedback": Kind.FEEDBACK, **SPECIFIC}
"""Words of the bot (`actions/feedback.py`): "wrong" is a report whose sender has not said yet what is wrong."""
REFINES = "wrong:"
"""Beginning of the kind of a report that says what an earlier "wrong" of the same day meant: "wrong:closed"."""
MOST = 5000
"""Reports in one body."""


def from_the_bot(view: Callable[[HttpRequest], JsonResponse]) -> Callable[[HttpRequest], JsonResponse]:
    """A view for POST requests with the bot's token; others get a 403."""

    @csrf_exempt
    @require_POST
    @functools.wraps(view)
    def guarded(request: HttpRequest) -> JsonResponse:
        token = report_token(load_key(settings().path("secret_file")))
        if not hmac.compare_digest(request.headers.get(REPORT_HEADER, "").encode(), token.encode()):
            return JsonResponse({"error": "only the bot may report"}, status=403)
        return view(request)

    return guarded


class _Row:
    """One report as the bot sends it. Raises KeyError, TypeError or ValueError for anything else."""

    def __init__(self, row: dict[str, Any]) -> None:
        word = row["kind"]
        self.refines = word.startswith(REFINES)
        self.kind = SPECIFIC[word[len(REFINES) :]] if self.refines else KINDS[word]
        self.service = str(row["service"])
        self.day = datetime.date.fromisoformat(row["day"])
        self.language = str(row.get("language", ""))[:8]
        self.ref = str(row.get("ref", ""))[:64]


@from_the_bot
def reports(request: HttpRequest) -> JsonResponse:
    """Store `{"reports": [{"kind", "service", "language", "day", "ref"}]}`; 400 for other bodies.

    A `ref` that was delivered before adds nothing. Reports about services that do not exist (any more) are left out and counted.
    """
    try:
        rows = [_Row(row) for row in json.loads(request.body)["reports"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return JsonResponse({"error": f"not a list of reports: {type(error).__name__}"}, status=400)
    if len(rows) > MOST:
        return JsonResponse({"error": f"more than {MOST} reports"}, status=400)
    stored = unknown = repeated = 0
    with transaction.atomic():
        services = {s.public_id: s for s in Service.objects.filter(public_id__in={row.service for row in rows})}
        touched: dict[int, Service] = {}
        for row in rows:
            if row.ref and not BotDelivery.objects.get_or_create(ref=f"report:{row.ref}"[:64])[1]:
                repeated += 1
            elif (service := services.get(row.service)) is None:
                unknown += 1
            else:
                _store(row, service)
                touched[service.pk] = service
                stored += 1
        reflag(touched.values())
    if unknown:
        log.info("%d reports about services that do not exist", unknown)
    return JsonResponse({"stored": stored, "unknown": unknown, "repeated": repeated})


def _store(row: _Row, service: Service) -> None:
    """Store a report. One that says what was meant takes the place of an unspecific one of its day: which one does not matter,
    since none of them tells who it is from."""
    if row.refines:
        meant = UserReport.objects.filter(
            service=service, kind=Kind.OTHER, reported_on=row.day, state=UserReport.State.OPEN
        )
        earlier = meant.filter(lang=row.language).first() or meant.first()
        if earlier is not None:
            UserReport.objects.filter(pk=earlier.pk).update(kind=row.kind)
            return
    UserReport.objects.create(service=service, kind=row.kind, lang=row.language, reported_on=row.day)
