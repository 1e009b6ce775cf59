"""`manage.py checkfile`: what is wrong with a spreadsheet, before anything of it goes into the directory."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from directory.exchange.checks import Incoming, run
from directory.exchange.checks.base import country_code
from directory.exchange.columns import MappingError, load_mapping, with_mapping
from directory.exchange.marked import write_marked
from directory.exchange.report import Report
from directory.exchange.table import TableError, read_table

LONG_ROWS = 2_000
"""From so many rows on each step is told."""


class Command(BaseCommand):
    """Exit code 0: no errors; 1: errors in the file; 2: the file or the mapping could not be read."""

    help = "Check a CSV or XLSX file and report what was found. Nothing is stored."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a .csv or .xlsx file")
        parser.add_argument("--country", default="", help="country of rows that name none: a code or name, like AR")
        parser.add_argument("--mapping", type=Path, help="YAML file that says which column is what (docs/import.md)")
        parser.add_argument("--format", choices=("text", "json"), default="text")
        parser.add_argument("--out", type=Path, help="write a workbook (.xlsx) with the cells marked; overwrites")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        out: Path | None = options["out"]
        if out and (out.suffix.lower() != ".xlsx" or out.resolve() == options["file"].resolve()):
            raise CommandError("--out is a new file that ends with .xlsx, not the checked file itself.", returncode=2)
        if options["file"].is_file() and options["file"].stat().st_size > 500_000:
            self.stderr.write("  reading ...")
        try:
            mapping = load_mapping(options["mapping"]) if options["mapping"] else {}
            table = read_table(options["file"])
            columns = with_mapping(table.headers, mapping)
        except (TableError, MappingError) as error:
            raise CommandError(str(error), returncode=2) from error
        named = str(options["country"] or mapping.get("country") or "")
        country = country_code(named)
        if named and not country:
            raise CommandError(f"“{named}” is not a country: write a code like AR.", returncode=2)

        def progress(name: str) -> None:
            if len(table.rows) >= LONG_ROWS:
                self.stderr.write(f"  {time.monotonic() - started:5.1f} s  checking {name} ...")

        incoming = Incoming(table, columns, country)
        report = Report(incoming, run(incoming, progress))
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.data(), ensure_ascii=False, indent=1))
        else:
            for line in report.text():
                self.stdout.write(line)
        if out:
            progress("is done, writing the marked workbook")
            try:
                write_marked(report, out)
            except OSError as error:
                raise CommandError(f"{out} cannot be written: {error}", returncode=2) from error
            self.stderr.write(f"Marked workbook: {out}")
        if report.failed:
            raise CommandError("The file has errors; they are listed above.", returncode=1)
