"""`manage.py serve`: the directory on uvicorn, fit for production behind a proxy that speaks TLS."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandError

from bot.settings import settings as waypost
from directory.readiness import before_serving


class Command(BaseCommand):
    """Static files are served by WhiteNoise; run `collectstatic` before, so that a start takes less time."""

    help = "Serve the directory with uvicorn."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address on which it listens (default: this machine only)"
        )
        parser.add_argument("--port", type=int, default=waypost().directory_port)
        parser.add_argument("--workers", type=int, default=1, help="number of processes")

    def handle(self, *args: Any, **options: Any) -> None:
        if reasons := before_serving():
            lines = "\n  - ".join(reasons)
            raise CommandError(
                f"Not started in production mode (docs/readiness.md says how a finding is accepted):\n  - {lines}",
                returncode=3,
            )
        uvicorn.run(
            "directory.asgi:application",
            host=options["host"],
            port=options["port"],
            workers=options["workers"],
            lifespan="off",  # Django has no lifespan protocol
            ws="none",  # and no websockets; the release that Rasa pins is older than uvicorn expects
            log_level="info" if options["verbosity"] > 1 else "warning",
        )
