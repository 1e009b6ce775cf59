"""`manage.py readiness`: what is missing before the directory serves real people; `make readiness` adds the bot's part."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from bot.findings import accepted, as_data, as_text, verdict
from bot.settings import SettingsError
from bot.settings import settings as waypost
from directory.readiness import everything


class Command(BaseCommand):
    """Exit status 0: go, 1: no-go, 2: something could not be checked."""

    help = "What is missing before the directory serves real people."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        try:
            taken = accepted(waypost())
        except SettingsError as error:
            raise CommandError(str(error), returncode=2) from error
        found, unchecked = everything()
        if options["format"] == "json":
            self.stdout.write(json.dumps(as_data(found, unchecked, taken, today), indent=1, ensure_ascii=False))
        else:
            self.stdout.write(as_text(found, unchecked, taken, today))
        code = verdict(found, unchecked, taken, today)[1]
        if code:
            raise SystemExit(code)
