"""`manage.py loadnumbers`: emergency numbers of all regions from libphonenumber's tables, to be verified by staff."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from directory.sample.emergency import load_numbers


class Command(BaseCommand):
    """Rows that staff have verified or edited stay as they are."""

    help = "Load emergency numbers of all regions from libphonenumber; they count as unverified until staff check them."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(self.style.SUCCESS(f"{load_numbers()} emergency numbers, to be verified by staff"))
