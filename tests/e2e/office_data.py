"""Fills the directory of an office for tests and screenshots: `python -m tests.e2e.office_data`, in the environment of its servers.

The sample directory, published; an administrator; two services of one organisation that are late for their check, with a letter's
address beside them; a report of what people told. Everybody else is invited in the browser.
"""

from __future__ import annotations

import os
from datetime import timedelta

import django

__all__ = ["ADMINISTRATOR", "ASKED", "LATE", "PASSWORD", "SERVICE"]

ADMINISTRATOR, PASSWORD = "administrator@office.example.org", "four wise owls read maps"
SERVICE = "gr-athens-legal-1"
LATE = ("gr-athens-legal-1", "gr-athens-legal-2")
ASKED = "office@legal.example.org"
"""The address to which the letter about the late services goes; nobody there has an account."""


def fill() -> None:
    from django.contrib.auth.models import Group
    from django.core.management import call_command
    from django.utils import timezone

    from directory.models import ChoreRun, OrganisationContact, Service, User, UserReport, Verification

    call_command("migrate", verbosity=0)
    call_command("loadsample")
    call_command("publish")
    administrator = User.objects.create_user(ADMINISTRATOR, ADMINISTRATOR, PASSWORD, is_staff=True, first_name="Amina")
    administrator.groups.add(Group.objects.get(name="administrator"))
    before = timezone.localdate() - timedelta(days=100)
    for service in Service.objects.filter(public_id__in=LATE):
        Verification.objects.filter(service=service).update(at=before)
        service.refresh_review()
    ours = Service.objects.get(public_id=SERVICE)
    OrganisationContact.objects.create(organisation=ours.organisation, email=ASKED)
    UserReport.objects.create(service=ours, kind="wrong_number", lang="ar")
    ChoreRun.objects.create(name="freshness.chores.links", started_at=timezone.now())  # no link leaves this machine


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "directory.settings")
    django.setup()
    fill()
