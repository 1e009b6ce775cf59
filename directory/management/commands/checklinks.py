"""`manage.py checklinks`: try the links of the directory whose week is over."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from directory.freshness.linkchecks import advice, check_due
from directory.models import LinkCheck


class Command(BaseCommand):
    help = "Try the links of organisations, contacts and articles; sample data is left out (docs/freshness.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=100, help="at most so many links (default: 100)")
        parser.add_argument("--again", action="store_true", help="also links that were tried this week")

    def handle(self, *args: Any, **options: Any) -> None:
        done = check_due(options["limit"], again=options["again"])
        for link in LinkCheck.objects.filter(failures__gt=0):
            self.stdout.write(f"{link.failures}x {link.url}: {advice(link)}")
        self.stdout.write(done.reason or f"{done.tried} links tried, {done.failing} fail.")
