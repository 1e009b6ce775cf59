"""`manage.py loadsample`: the invented directory of a first run, emergency numbers, and the demo user."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from directory.sample.demo import DEMO_PASSWORD, DEMO_USER
from directory.sample.emergency import load_numbers
from directory.sample.loader import SampleError, load, remove


class Command(BaseCommand):
    """Exit code 1 with every problem, if anything is wrong with the files; then nothing is loaded."""

    help = "Load the sample directory (data/directory) and the emergency numbers. Loading again changes only dates."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, default=settings.SAMPLE_DATA, help="default: data/directory")
        parser.add_argument("--reset", action="store_true", help="also overwrite sample records that staff have edited")
        parser.add_argument("--remove", action="store_true", help="delete all sample records instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["remove"]:
            self.stdout.write(self.style.SUCCESS(f"{remove()} sample records removed"))
            return
        if settings.PRODUCTION:
            raise CommandError("This is a production directory: sample data is not loaded into it.", returncode=1)
        try:
            counts = load(options["folder"], keep_edits=not options["reset"], progress=self.stdout.write)
        except SampleError as error:
            lines = "\n".join(f"  - {problem}" for problem in error.problems)
            raise CommandError(f"Nothing was loaded; {len(error.problems)} problems:\n{lines}", returncode=1) from error
        numbers = load_numbers()
        self.stdout.write(
            self.style.SUCCESS(
                f"Loaded {', '.join(f'{count} {kind}' for kind, count in counts.items())}, {numbers} emergency numbers"
            )
        )
        if settings.DEMO:
            self._demo_user()

    def _demo_user(self) -> None:
        """A user whom everybody knows: only for a demo on this machine."""
        users = get_user_model().objects
        if not users.filter(username=DEMO_USER).exists():
            users.create_superuser(username=DEMO_USER, password=DEMO_PASSWORD)
        self.stdout.write(f"Demo login: {DEMO_USER} / {DEMO_PASSWORD}")
