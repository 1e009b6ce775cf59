"""`manage.py restorepublication N`: all records as they were when publication N was made."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.changes.history import changed_since, restore_publication
from directory.changes.words import subject
from directory.models import Publication, User


class Command(BaseCommand):
    help = "Bring the directory back to a publication: records as they were then, newer ones archived."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("publication", type=int, help="its number")
        parser.add_argument("--user", required=True, help="user name of the person who answers for it")
        parser.add_argument("--dry-run", action="store_true", help="only say what has changed since")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wanted = Publication.objects.get(pk=options["publication"], state=Publication.State.PUBLISHED)
            user = User.objects.get(username=options["user"])
        except (Publication.DoesNotExist, User.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        if options["dry_run"]:
            for record in changed_since(wanted):
                self.stdout.write(f"{record._meta.verbose_name}: {subject(record)}")
            return

        def tell(done: int, total: int) -> None:
            if done % 500 == 0 or done == total:
                self.stdout.write(f"{done} of {total}")

        for row in restore_publication(wanted, user, progress=tell):
            self.stdout.write(f"{row.outcome}: {row.record} {row.detail}".rstrip())
        self.stdout.write("Nothing is published yet: run publish.")
