"""`manage.py backup`: one archive of the directory (docs/backup.md)."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from directory.backup.archive import write
from directory.backup.errors import BackupError
from directory.backup.last import note
from directory.backup.sealing import passphrase


class Command(BaseCommand):
    """The directory may run meanwhile. Exit code 1: no backup was made."""

    help = "Back up the directory: its database (SQLite or PostgreSQL), the newest snapshots, the settings. Never the mailbox."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="default: var/backups/waypost-<time>.tar.gz")
        parser.add_argument("--encrypt", action="store_true", help="with a passphrase; the name then ends with .sealed")
        parser.add_argument("--passphrase-file", type=Path, help="else WAYPOST_BACKUP_PASSPHRASE in the environment")
        parser.add_argument("--with-keys", action="store_true", help="the keys, too; only with --encrypt")

    def handle(self, *args: Any, **options: Any) -> None:
        sealed = options["encrypt"] or bool(options["passphrase_file"])
        name = f"waypost-{datetime.now(timezone.utc):%Y%m%dT%H%M%S}.tar.gz{'.sealed' if sealed else ''}"
        file: Path = options["file"] or Path(settings.VAR) / "backups" / name
        try:
            words = passphrase(options["passphrase_file"]) if sealed else ""
            done = write(file, var=settings.VAR, snapshot=settings.SNAPSHOT, words=words, keys=options["with_keys"])
            note(datetime.now(timezone.utc))
        except BackupError as error:
            raise CommandError(f"No backup was made. {error}") from error
        except OSError as error:
            raise CommandError(f"No backup was made: {error}") from error
        size = file.stat().st_size / 1e6
        rows = sum(done.rows.values())
        self.stdout.write(self.style.SUCCESS(f"{file}: {done.services} services, {rows} rows, {size:.1f} MB"))
        if not sealed:
            self.stdout.write(
                "  It holds confidential addresses and is not encrypted: keep it where only they may read it who may see"
                " these, or use --encrypt."
            )
