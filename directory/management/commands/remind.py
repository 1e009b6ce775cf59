"""`manage.py remind`: today's letters about services that are due; with --dry-run it says who would get which."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directory.freshness.reminders import open_tasks, plan, send_all


class Command(BaseCommand):
    help = "Send reminders of services that are due for a check (docs/freshness.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="send nothing, store nothing, say who would get what"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.localdate()
        letters = plan(today)
        if options["dry_run"]:
            for letter in letters:
                self.stdout.write(f"{letter.email} ({letter.language})")
                for organisation, rows in letter.partner.items():
                    self.stdout.write(f"  asked as partner of {organisation}:")
                    for service, stage in rows:
                        self.stdout.write(f"    {service}: {stage.label}, {service.review_due}")
                if letter.staff:
                    self.stdout.write("  told as staff:")
                for service, stage in letter.staff:
                    self.stdout.write(f"    {service}: {stage.label}, {service.review_due}")
            self.stdout.write(f"{len(letters)} letters would be sent; nothing was sent.")
            return
        tasks = open_tasks(today)
        sent, failed = send_all(letters, today)
        self.stdout.write(f"{sent} letters sent, {failed} failed, {tasks} new tasks.")
