"""`manage.py loadbackup`: the half of a restore that fills a new database; `restore` runs it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from directory.backup.errors import BackupError
from directory.backup.rows import load
from directory.search import rebuild


class Command(BaseCommand):
    """Refuses a database that has tables."""

    help = "Fill a new database with the rows of a backup (run by `restore`)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("rows", type=Path)
        parser.add_argument("migrations", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if connection.introspection.table_names():
            raise CommandError("This database is not new.")
        try:
            with options["rows"].open(encoding="utf-8") as stream:
                load(stream, json.loads(options["migrations"].read_text()))
        except (BackupError, ValueError) as error:
            raise CommandError(str(error)) from error
        call_command("migrate", verbosity=0, interactive=False)
        rebuild()
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:  # one file, without a log beside it
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
