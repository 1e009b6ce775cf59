"""`manage.py exportxliff`: texts in one language as an XLIFF file for a translation program."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from bot.languages import languages
from directory.translations import xliff
from directory.translations.coverage import worklist
from directory.translations.filters import SELECTIONS
from directory.translations.interchange import outgoing
from directory.translations.kinds import KINDS


class Command(BaseCommand):
    """Writes the file to --out, else to standard output."""

    help = "Write the texts of services or articles in one language as XLIFF."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("lang", help="language to translate into, like ar")
        parser.add_argument("--kind", choices=sorted(KINDS), default="service")
        parser.add_argument("--state", choices=sorted(SELECTIONS), default="todo", help="default: todo")
        parser.add_argument("--source", default="en", help="language that they are translated from (default: en)")
        parser.add_argument("--xliff", choices=xliff.VERSIONS, default="1.2")
        parser.add_argument("--drafts", action="store_true", help="also entries that are not published yet")
        parser.add_argument("--out", type=Path, help="file to write")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["lang"] not in languages():
            raise CommandError(f"{options['lang']}: not a language of Waypost (see locales/languages.yml)")
        kind = KINDS[options["kind"]]
        found = kind.record.objects.filter(status__in=kind.open if options["drafts"] else kind.live)
        rows = worklist(kind, found, options["lang"], SELECTIONS[options["state"]])
        file = outgoing(kind, rows, languages()[options["lang"]], options["source"])
        content = xliff.write(file, options["xliff"])
        if options["out"] is None:
            sys.stdout.buffer.write(content)
            return
        options["out"].write_bytes(content)
        self.stdout.write(f"{options['out']}: {len(file.units)} texts")
