"""What people tell the bot about places comes in here: `POST /api/reports`, from the bot only, without any identity."""

from __future__ import annotations

import datetime
import hmac
import json
import logging
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bot.identity import REPORT_HEADER, load_key, report_token
from bot.settings import settings
from directory.models import Service, UserReport

__all__ = ["reports"]

log = logging.getLogger(__name__)

KINDS = {"wrong": UserReport.Kind.OTHER, "feedback": UserReport.Kind.OTHER}
"""What the bot can tell today; it does not ask yet what exactly is wrong."""
NOTES = {"wrong": "told the bot that something here is wrong", "feedback": "praise or complaint told to the bot"}


@csrf_exempt
@require_POST
def reports(request: HttpRequest) -> JsonResponse:
    """Store `{"reports": [{"kind", "service", "language", "day"}]}`; 403 without the bot's token, 400 for other bodies.

    Reports about services that do not exist (any more) are left out and counted.
    """
    token = report_token(load_key(settings().path("secret_file")))
    if not hmac.compare_digest(request.headers.get(REPORT_HEADER, ""), token):
        return JsonResponse({"error": "only the bot may report"}, status=403)
    try:
        rows: list[dict[str, Any]] = json.loads(request.body)["reports"]
        parsed = [(KINDS[row["kind"]], row, datetime.date.fromisoformat(row["day"])) for row in rows]
    except (ValueError, KeyError, TypeError) as error:
        return JsonResponse({"error": f"not a list of reports: {type(error).__name__}"}, status=400)
    services = {s.public_id: s for s in Service.objects.filter(public_id__in=[row.get("service") for row in rows])}
    stored = [
        UserReport(
            service=services[row["service"]],
            kind=kind,
            lang=str(row.get("language", ""))[:8],
            reported_on=day,
            note=NOTES[row["kind"]],
        )
        for kind, row, day in parsed
        if row.get("service") in services
    ]
    UserReport.objects.bulk_create(stored)
    if len(stored) < len(rows):
        log.info("%d reports about services that do not exist", len(rows) - len(stored))
    return JsonResponse({"stored": len(stored), "unknown": len(rows) - len(stored)})
