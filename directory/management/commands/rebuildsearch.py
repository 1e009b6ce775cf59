"""`manage.py rebuildsearch`: bring the index of the staff's search in line with the services."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from directory.search import CHUNK, rebuild


class Command(BaseCommand):
    """Needed after rows were written past Django; a chore does the same every night."""

    help = "Derive the index of the search anew; only rows that differ are written."

    def handle(self, *args: Any, **options: Any) -> None:
        def tell(done: int) -> None:
            if options["verbosity"] > 0 and done % (10 * CHUNK) == 0:
                self.stdout.write(f"  {done} services so far")

        written = rebuild(tell)
        if options["verbosity"] > 0:
            self.stdout.write(self.style.SUCCESS(f"The index of the search is right; {written} rows were written."))
