"""Sessions end after 8 hours (SESSION_COOKIE_AGE) without a request, not 8 hours after the login."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

__all__ = ["IdleTime"]

STEP = 300
"""Seconds between two renewals, so that not every request writes to the database."""


class IdleTime:
    """Middleware that renews the session of somebody who is at work."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = getattr(request, "session", None)
        if session is not None and "_auth_user_id" in session and time.time() - session.get("at_work", 0) > STEP:
            session["at_work"] = int(time.time())
        return self.get_response(request)
