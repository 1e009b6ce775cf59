"""What every answer passes through: static files, and the Content-Security-Policy (only this server, no framing)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from directory.maps.texts import tile_origin

__all__ = ["ContentSecurityPolicy", "StaticFiles"]

POLICY = (
    "default-src 'self'; img-src 'self' data:{tiles}; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Inline styles are allowed because Django's own admin pages carry some. Pictures come from a tile server only if one is set."""


class ContentSecurityPolicy:
    """Middleware that adds the header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        try:
            origin = tile_origin(settings.MAP_TILES)
        except ValueError as error:
            raise ImproperlyConfigured(str(error)) from error
        self.policy = POLICY.format(tiles=f" {origin}" if origin else "")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise with whole answers instead of streamed ones: the files are small, and ASGI cannot stream a file object."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file:
                content = found.file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response
