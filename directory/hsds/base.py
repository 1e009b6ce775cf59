"""What all addresses of the API have in common: no login, no cookies, a limit for each address, errors as JSON, CORS."""
# mypy: disable-error-code="misc, import-untyped"

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.openapi import AutoSchema
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView, set_rollback

from directory.hsds.published import NothingPublished

__all__ = ["HsdsView", "paged"]

log = logging.getLogger(__name__)
MESSAGES = {
    404: "There is nothing at this address.",
    405: "This API can only be read: GET, HEAD and OPTIONS.",
}


class PerAddress(SimpleRateThrottle):
    """So many requests from one network address (setting HSDS_RATE), counted in the memory of this process."""

    scope = "hsds"

    def get_rate(self) -> str:
        return str(settings.HSDS_RATE)

    def get_cache_key(self, request: Request, view: Any) -> str:
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})


@method_decorator(conditional_page, name="dispatch")
class HsdsView(APIView):
    """Base of the views. Answers carry an ETag of their content, so what has not changed is not sent again."""

    authentication_classes: Sequence[Any] = ()
    permission_classes: Sequence[Any] = ()
    renderer_classes: Sequence[Any] = (JSONRenderer,)
    throttle_classes: Sequence[Any] = (PerAddress,)
    http_method_names = ["get", "head", "options"]
    schema = AutoSchema()

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before it lets a page of another site read."""
        return Response(status=status.HTTP_204_NO_CONTENT, headers={"Allow": "GET, HEAD, OPTIONS"})

    def handle_exception(self, exc: Exception) -> Response:
        """Every error as `{"error": sentence}`; a bad request also names its parameters."""
        if isinstance(exc, NothingPublished):
            return self._failed(503, "Nothing has been published yet.", headers={"Retry-After": "600"})
        if isinstance(exc, exceptions.APIException):
            set_rollback()
            if isinstance(exc, exceptions.ValidationError):
                fields = {name: [str(text) for text in texts] for name, texts in exc.detail.items()}
                sentence = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())
                return self._failed(exc.status_code, sentence, fields=fields)
            headers = {"Allow": "GET, HEAD, OPTIONS"} if exc.status_code == 405 else {}
            if isinstance(exc, exceptions.Throttled):
                wait = max(1, round(exc.wait or 1))
                words = f"Too many requests from your address; ask again in {wait} s."
                return self._failed(429, words, headers={"Retry-After": str(wait)})
            return self._failed(exc.status_code, MESSAGES.get(exc.status_code, str(exc.detail)), headers=headers)
        log.exception("HSDS request failed")
        return self._failed(500, "The directory cannot answer at this moment.")

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
        answer["Access-Control-Expose-Headers"] = "ETag, Retry-After"
        answer["Cache-Control"] = "no-cache"
        answer.headers.setdefault("Content-Language", "en")
        return answer

    def _failed(self, code: int, sentence: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
        response = Response({"error": sentence, **more}, status=code, headers=headers)
        response.exception = True
        return response


def paged(total: int, page: int, per_page: int, contents: list[Any]) -> dict[str, Any]:
    """HSDS's page object around the objects of one page."""
    pages = -(-total // per_page)
    return {
        "total_items": total,
        "total_pages": pages,
        "page_number": page,
        "size": len(contents),
        "first_page": page == 1,
        "last_page": page >= pages,
        "empty": not contents,
        "contents": contents,
    }
