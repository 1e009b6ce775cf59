"""Who is reminded of which services, and when: partners a week before the date and on it, reviewers a week after, then coordinators.

Each person gets each stage once a period, all of a day in one letter, and never two letters on one day.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from smtplib import SMTPAuthenticationError, SMTPConnectError, SMTPException, SMTPServerDisconnected

from django.conf import settings
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from directory.access import Role
from directory.freshness.checking import settle_overdue
from directory.freshness.letters import write
from directory.freshness.states import SOON_DAYS
from directory.models import (
    CheckRequest,
    Letter,
    Membership,
    NoLetters,
    Organisation,
    OrganisationContact,
    Reminder,
    Service,
    Task,
    User,
)

__all__ = ["ESCALATED_DAYS", "LATE_DAYS", "Planned", "due_services", "open_tasks", "plan", "send_all"]

log = logging.getLogger(__name__)
LATE_DAYS, ESCALATED_DAYS = 7, 14
Stage = Reminder.Stage
_Addresses = dict[str, str]
"""E-mail address to language."""


@dataclass
class Planned:
    """One letter: what its reader is asked as a partner, by organisation, and told as a member of staff."""

    email: str
    language: str
    partner: dict[Organisation, list[tuple[Service, Stage]]] = field(default_factory=lambda: defaultdict(list))
    staff: list[tuple[Service, Stage]] = field(default_factory=list)

    def stages(self) -> Iterator[tuple[Service, Stage]]:
        """Every service of the letter with the stage that it has reached; a service in both parts comes twice."""
        for rows in self.partner.values():
            yield from rows
        yield from self.staff


def due_services(today: date) -> QuerySet[Service]:
    """What has to be checked within a week or is late. Sample entries count only where they are published, too."""
    services = Service.objects.filter(
        status__in=Service.PUBLIC_STATUSES, review_due__lte=today + timedelta(days=SOON_DAYS)
    )
    if settings.PRODUCTION:
        services = services.filter(sample=False)
    return services.select_related("organisation", "region").order_by("review_due", "pk")


def _language(user: User) -> str:
    known = {code for code, _name in settings.LANGUAGES}
    return next((code for code in user.languages if code in known), settings.LANGUAGE_CODE)


def _staff(users: QuerySet[User]) -> _Addresses:
    return {
        user.email.lower(): _language(user) for user in users.filter(is_active=True).exclude(email="").order_by("pk")
    }


class _Readers:
    """Who is written to about a service, at each stage."""

    def __init__(self) -> None:
        self.partners: dict[int, _Addresses] = defaultdict(dict)
        writers = (Membership.Role.OWNER, Membership.Role.EDITOR)
        members = Membership.objects.filter(role__in=writers, user__is_active=True).exclude(user__email="")
        for member in members.select_related("user").order_by("pk"):
            self.partners[member.organisation_id][member.user.email.lower()] = _language(member.user)
        for contact in OrganisationContact.objects.filter(active=True).order_by("pk"):
            self.partners[contact.organisation_id][contact.email] = contact.language
        self.administrators = _staff(
            User.objects.filter(Q(is_superuser=True) | Q(groups__name=Role.ADMINISTRATOR)).distinct()
        )
        self._region: dict[tuple[int | None, tuple[str, ...]], _Addresses] = {}

    def _of_region(self, region: int | None, *roles: str) -> _Addresses:
        """The people with one of the roles who look after the region; administrators, if there is nobody."""
        key = (region, roles)
        if key not in self._region:
            found = User.objects.filter(regions=region, groups__name__in=roles).distinct() if region else None
            self._region[key] = (_staff(found) if found is not None else {}) or self.administrators
        return self._region[key]

    def staff(self, service: Service, late: int) -> Iterator[tuple[Stage, _Addresses]]:
        """(stage, addresses) that have been reached `late` days after the date; the highest first."""
        if late >= ESCALATED_DAYS:
            yield (
                Stage.ESCALATED,
                {**self._of_region(service.region_id, Role.COORDINATOR), **self.administrators},
            )
        if late >= LATE_DAYS:
            yield Stage.LATE, self._of_region(service.region_id, Role.REVIEWER, Role.COORDINATOR)


def plan(today: date) -> list[Planned]:
    """The letters of today, by address; without those who have had one today or want none."""
    services = list(due_services(today))
    sent: dict[tuple[int, str], int] = {}
    known = Reminder.objects.filter(service__review_due=F("due"), due__lte=today + timedelta(days=SOON_DAYS))
    for pk, email, stage in known.values_list("service_id", "email", "stage"):
        sent[pk, email] = max(stage, sent.get((pk, email), 0))
    silent = {*NoLetters.objects.values_list("email", flat=True)}
    silent |= {*Letter.objects.filter(day=today).values_list("email", flat=True)}
    readers, letters = _Readers(), dict[str, Planned]()

    def letter(email: str, language: str) -> Planned:
        return letters.setdefault(email, Planned(email, language))

    for service in services:
        assert service.review_due is not None  # by the query
        late = (today - service.review_due).days
        stage = Stage.SOON if late < 0 else Stage.DUE
        for email, language in readers.partners[service.organisation_id].items():
            if email not in silent and stage > sent.get((service.pk, email), 0):
                letter(email, language).partner[service.organisation].append((service, stage))
        told: set[str] = set()
        for stage, addresses in readers.staff(service, late):
            for email, language in addresses.items():
                if email not in silent and email not in told and stage > sent.get((service.pk, email), 0):
                    letter(email, language).staff.append((service, stage))
                told.add(email)
    return sorted(letters.values(), key=lambda row: row.email)


def open_tasks(today: date) -> int:
    """A task for each service that is two weeks late, once a period, whoever closed it; settled ones are closed. Returns how many were opened."""
    settle_overdue()
    late = due_services(today).filter(review_due__lte=today - timedelta(days=ESCALATED_DAYS))
    wanted = {f"{service.pk}:{service.review_due}": service for service in late}
    known = set(Task.objects.filter(kind=Task.Kind.OVERDUE).values_list("key", flat=True))
    for key in wanted.keys() - known:
        service = wanted[key]
        details = f"The check was due on {service.review_due}."
        Task.found(Task.Kind.OVERDUE, key, service=service, organisation=service.organisation, details=details)
    return len(wanted.keys() - known)


def _requests(letter: Planned, today: date) -> list[CheckRequest]:
    """One question for each organisation of the letter, about everything of it that is due, not only what is new."""
    made = []
    for organisation in letter.partner:
        request = CheckRequest.objects.create(organisation=organisation, email=letter.email, language=letter.language)
        request.services.set(due_services(today).filter(organisation=organisation))
        made.append(request)
    return made


def _send(letter: Planned, today: date, connection: object) -> bool:
    """Send one letter and note it. False if the address has had one today. Raises what the mail server raises.

    The note of the day comes first: interrupted at any moment, nobody gets a second letter, and what was not noted as said is
    said on the next day.
    """
    try:
        with transaction.atomic():
            noted = Letter.objects.create(email=letter.email, day=today)
            requests = _requests(letter, today)
    except IntegrityError:
        return False
    try:
        write(letter, requests, today, connection).send()
    except Exception:
        with transaction.atomic():
            CheckRequest.objects.filter(pk__in=[request.pk for request in requests]).delete()
            noted.delete()
        raise
    rows = [
        Reminder(service=service, due=service.review_due or today, stage=stage, email=letter.email, letter=noted)
        for service, stage in letter.stages()
    ]
    with transaction.atomic():
        Reminder.objects.bulk_create(rows, ignore_conflicts=True)
        Letter.objects.filter(pk=noted.pk).update(sent=True)
    return True


def _server_is_away(error: OSError) -> bool:
    """Whether the next letter would fare no better; one refused address says nothing about the others."""
    if isinstance(error, SMTPException):
        return isinstance(error, SMTPServerDisconnected | SMTPConnectError | SMTPAuthenticationError)
    return True


def send_all(letters: Iterable[Planned], today: date | None = None) -> tuple[int, int]:
    """(sent, failed). When the mail server is away the rest waits for the next run; a letter that failed is tried again then."""
    today = today or timezone.localdate()
    sent = failed = 0
    connection = mail.get_connection()
    try:
        for letter in letters:
            try:
                connection.open()
                sent += _send(letter, today, connection)
            except OSError as error:  # smtplib's errors are such, too
                log.warning("a letter could not be sent: %s", type(error).__name__)
                failed += 1
                if _server_is_away(error):
                    break
    finally:
        connection.close()
    return sent, failed
