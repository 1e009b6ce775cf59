"""`manage.py importxliff`: what an XLIFF file would do, and with --apply, take it over as texts that wait for review."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.models import User
from directory.translations import xliff
from directory.translations.interchange import REASONS, STATUSES, apply, dry_run


class Command(BaseCommand):
    """Exit code 1: the file cannot be read; nothing is changed then, nor without --apply."""

    help = "Show what an XLIFF file of translations would do; with --apply, take it over."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--apply", action="store_true", help="take the texts over; they wait for review")
        parser.add_argument("--user", help="user name of the translator; only what that person may write is taken over")

    def handle(self, *args: Any, **options: Any) -> None:
        user = None
        if options["user"]:
            user = User.objects.filter(username=options["user"]).first()
            if user is None:
                raise CommandError(f"{options['user']}: no such user")
        try:
            if options["file"].stat().st_size > xliff.MOST_BYTES:
                raise xliff.BadFile("large")
            content = options["file"].read_bytes()
            report, sent, kept = apply(user, content) if options["apply"] else (dry_run(user, content), 0, 0)
        except OSError as error:
            raise CommandError(str(error)) from error
        except xliff.BadFile as error:
            raise CommandError(f"{options['file']}: {REASONS[error.reason]}") from error
        for outcome in report.outcomes:
            if outcome.status == "refused":
                self.stdout.write(f"  refused {outcome.unit}: {outcome.reason}")
        counts = ", ".join(f"{report.count(status)} {label}" for status, label in STATUSES.items())
        self.stdout.write(f"{report.language.english}: {counts}")
        if options["apply"]:
            self.stdout.write(f"{sent} entries sent to review, {kept} kept as incomplete drafts")
        else:
            self.stdout.write("Nothing was changed; --apply takes it over.")
