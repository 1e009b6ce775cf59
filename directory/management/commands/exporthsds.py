"""`manage.py exporthsds`: everything that is public as HSDS 3, as JSON or as CSV tables in a zip."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.exchange.export import hsds_json, hsds_zip
from directory.hsds.published import NothingPublished


class Command(BaseCommand):
    help = "Write everything that is public as HSDS 3.0: a .json with all services, or a .zip with CSV tables."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a new file that ends with .json or .zip; overwrites")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        makers = {".json": hsds_json, ".zip": hsds_zip}
        if path.suffix not in makers:
            raise CommandError("The file must end with .json or .zip.", returncode=2)
        try:
            data = makers[path.suffix]()
            path.write_bytes(data)
        except NothingPublished as error:
            raise CommandError("Nothing has been published yet.") from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error}") from error
        self.stdout.write(f"{path}: {len(data) / 1024:.0f} kB")
