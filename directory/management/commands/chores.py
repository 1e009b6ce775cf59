"""`manage.py chores`: the work in the background, until it is stopped; `--once` does what is due and ends."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import close_old_connections

from directory.backup.running import hold
from directory.chores import run_due


class Command(BaseCommand):
    help = "Do the work in the background: imports, reminders, link checks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due, then end")
        parser.add_argument("--every", type=float, default=2.0, help="seconds between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        hold()
        while True:
            for name, line in run_due().items():
                self.stdout.write(f"{name}: {line}")
                self.stdout.flush()
            if options["once"]:
                return
            close_old_connections()
            time.sleep(options["every"])
