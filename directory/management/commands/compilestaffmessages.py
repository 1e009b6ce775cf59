"""Compiles the staff's catalogues, `directory/locale/*/LC_MESSAGES/django.po`, with Babel: no GNU gettext is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.core.management.base import BaseCommand

LOCALE = Path(__file__).resolve().parent.parent.parent / "locale"


class Command(BaseCommand):
    """`manage.py compilestaffmessages`."""

    help = "Compile the staff's catalogues; those that are up to date are left alone."

    def handle(self, *args: Any, **options: Any) -> None:
        for source in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
            compiled = source.with_suffix(".mo")
            if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
                continue
            with source.open("rb") as file:
                catalog = read_po(file, locale=source.parent.parent.name, domain="django")
            partial = compiled.with_suffix(".mo.new")
            with partial.open("wb") as out:
                write_mo(out, catalog)
            partial.replace(compiled)
            self.stdout.write(f"compiled {source.relative_to(LOCALE.parent.parent)}")
