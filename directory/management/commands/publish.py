"""`manage.py publish`: write a new snapshot for the bot."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.publish import PublishError, publish


class Command(BaseCommand):
    """Exit code 0: published; 1: not published, the last snapshot stays and the reasons are printed."""

    help = "Publish the directory: write a new snapshot and put it in the place of the last one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fail-on-warning", action="store_true", help="exit with 2 if anything needs mending")

    def handle(self, *args: Any, **options: Any) -> None:
        shown = options["verbosity"] > 1

        def progress(line: str) -> None:
            if shown or line.endswith(("so far", "...")):
                self.stdout.write(f"  {line}")

        self.stdout.write("Publishing ...")
        try:
            done = publish(progress=progress)
        except PublishError as error:
            lines = "\n".join(f"  - {reason}" for reason in error.reasons)
            raise CommandError(f"Nothing was published; the last snapshot stays.\n{lines}", returncode=1) from error
        counts = done.counts
        self.stdout.write(
            self.style.SUCCESS(
                f"Publication {done.publication}: {counts['service']} services, {counts['article']} articles, "
                f"{counts['emergency_number']} emergency numbers, {counts['place_alias']} place names "
                f"in {done.seconds:.1f} s"
            )
        )
        self.stdout.write(f"  {done.path}\n  digest {done.digest}")
        for warning in done.warnings:
            self.stdout.write(self.style.WARNING(f"  warning: {warning}"))
        if done.warnings and options["fail_on_warning"]:
            raise CommandError("Published, with warnings.", returncode=2)
