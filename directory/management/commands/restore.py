"""`manage.py restore FILE`: bring back a backup (docs/backup.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.backup.errors import BackupError
from directory.backup.restore import restore
from directory.backup.sealing import is_sealed, passphrase


class Command(BaseCommand):
    """The directory has to be stopped. Exit code 1: nothing was changed."""

    help = "Restore a backup of the directory into the database that the settings name, SQLite or PostgreSQL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="in the place of what is there, which is kept aside")
        parser.add_argument("--passphrase-file", type=Path, help="else WAYPOST_BACKUP_PASSPHRASE in the environment")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        try:
            words = passphrase(options["passphrase_file"]) if file.is_file() and is_sealed(file) else ""
            done = restore(file, words=words, replace=options["replace"], tell=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"Nothing was changed. {error}") from error
        self.stdout.write(self.style.SUCCESS(f"Restored: {done.services} services of {done.made_at}."))
        self.stdout.write("  Start the directory again. Everybody logs in anew.")
