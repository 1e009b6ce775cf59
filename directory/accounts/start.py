"""The start page: by role, each person's own work as counts with links, and the way to the staff's other pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.access import Role, edits, roles, sees
from directory.accounts import invitations
from directory.codes import language_name
from directory.models import (
    Article,
    ArticleText,
    ChangeRequest,
    DuplicatePair,
    EmergencyNumber,
    ImportRun,
    Location,
    Publication,
    Service,
    ServiceText,
    Task,
    User,
    UserReport,
)
from directory.rows import SENSITIVE_REPORTS

__all__ = ["Panel", "Work", "links", "panels"]


@dataclass(frozen=True)
class Work:
    """One line: how many of what wait, and where."""

    label: Any
    count: int
    url: str


@dataclass(frozen=True)
class Panel:
    """The work of one role."""

    key: str
    title: Any
    rows: list[Work]


PAGES = (
    ("changes:list", _("Proposed changes"), "view_changerequest"),
    ("freshness:due", _("What is due"), "view_service"),
    ("translations:coverage", _("Translations"), "view_servicetext"),
    ("duplicates:list", _("Listed twice?"), "view_duplicatepair"),
    ("exchange:list", _("Import and export"), "view_importrun"),
    ("maps:coverage", _("Map"), "view_service"),
    ("insight:dashboard", _("What people ask for"), "view_service"),
)
"""The staff's pages beside the lists of records: name of the address, label, and the permission without which it is not offered."""


def to(name: str, fallback: str = "", query: str = "", **kwargs: Any) -> str:
    """The address of a staff page; while there is none, that of the list of records (`service`)."""
    try:
        return reverse(name, kwargs=kwargs) + (f"?{query}" if query and not name.startswith("admin") else "")
    except NoReverseMatch:
        return reverse(f"admin:directory_{fallback}_changelist") if fallback else ""


def records(model: str, query: str = "") -> str:
    """The admin's list of a kind of record."""
    return reverse(f"admin:directory_{model}_changelist") + (f"?{query}" if query else "")


def links(user: User) -> list[dict[str, Any]]:
    """The pages that exist and that the person may open."""
    found = [
        {"label": label, "url": to(name)}
        for name, label, needs in PAGES
        if user.has_perm(f"directory.{needs}") and to(name)
    ]
    if user.has_perm("directory.add_invitation") and invitations.invitable(user):
        found.append({"label": _("Invitations"), "url": reverse("accounts:invitations")})
    return [*found, {"label": _("My account"), "url": reverse("accounts:me")}]


def panels(user: User) -> list[Panel]:
    """The panels of the person's roles. Somebody without a role gets the reviewer's lines for which they have permission."""
    named = roles(user)
    if user.is_superuser:
        named |= {Role.REVIEWER, Role.PROTECTION}
    elif not named:
        named = frozenset({Role.PARTNER if user.membership_set.exists() else Role.REVIEWER})
    if {Role.REVIEWER, Role.COORDINATOR} <= named:
        named -= {Role.REVIEWER}
    return [
        Panel(role, title, rows)
        for role, title, lines in LINES
        if role in named and (rows := [line for line in lines(user) if line is not None])
    ]


def _line(user: User, label: Any, rows: QuerySet[Any], url: str, *, editable: bool = False) -> Work | None:
    """A line about rows that the person sees, or with `editable` may change; None without Django's permission to look."""
    if not user.has_perm(f"directory.view_{rows.model._meta.model_name}"):
        return None
    return Work(label, (edits if editable else sees)(user, rows).count(), url)


def _live() -> QuerySet[Service]:
    return Service.objects.filter(status__in=Service.PUBLIC_STATUSES)


def _due() -> QuerySet[Service]:
    return _live().filter(review_due__lt=timezone.localdate())


def _pending(user: User) -> QuerySet[ChangeRequest]:
    return ChangeRequest.objects.filter(state=ChangeRequest.State.PENDING).exclude(author=user)


def _partner(user: User) -> list[Work | None]:
    mine = ChangeRequest.objects.filter(author=user)
    changes = to("changes:list", "changerequest")
    return [
        _line(user, _("services of your organisations"), Service.objects.all(), records("service")),
        _line(user, _("services to check again"), _due(), to("freshness:due", "service")),
        _line(user, _("drafts"), Service.objects.filter(status="draft"), records("service", "status__exact=draft")),
        _line(user, _("of your changes wait for a decision"), mine.filter(state="pending"), changes),
        _line(user, _("of your changes were sent back with a note"), mine.filter(state="sent_back"), changes),
        _line(
            user,
            _("open reports from people"),
            UserReport.objects.filter(state="open"),
            records("userreport", "state__exact=open"),
        ),
        _line(
            user,
            _("open tasks"),
            Task.objects.filter(state="open"),
            to("insight:tasks") or to("freshness:due", "service"),
        ),
    ]


def _reviewer(user: User) -> list[Work | None]:
    numbers = EmergencyNumber.objects.exclude(verified_on__isnull=False, expires_on__gte=timezone.localdate())
    pairs = DuplicatePair.objects.filter(state="open")
    return [
        _line(
            user,
            _("proposed changes to decide on"),
            _pending(user).filter(confidential=False),
            to("changes:list", "changerequest"),
            editable=True,
        ),
        _line(
            user,
            _("open reports from people"),
            UserReport.objects.filter(state="open"),
            records("userreport", "state__exact=open"),
        ),
        _line(user, _("services to check again"), _due(), to("freshness:due") or records("service", "review=due")),
        _line(
            user,
            _("services that were never checked"),
            _live().filter(verified_on__isnull=True),
            records("service", "review=never"),
        ),
        _line(user, _("drafts"), Service.objects.filter(status="draft"), records("service", "status__exact=draft")),
        _line(user, _("emergency numbers to verify"), numbers, records("emergencynumber", "verified=no")),
        _line(user, _("pairs that are perhaps listed twice"), pairs, to("duplicates:list", "service")),
    ]


def _coordinator(user: User) -> list[Work | None]:
    running = ImportRun.objects.exclude(state__in=("applied", "undone", "failed"))
    lines = [
        *_reviewer(user),
        _line(
            user,
            _("open tasks"),
            Task.objects.filter(state="open"),
            to("insight:tasks") or to("freshness:due", "service"),
        ),
        _line(user, _("imports that are not finished"), running, to("exchange:list", "importrun")),
    ]
    if invitations.invitable(user):
        lines.append(Work(_("open invitations"), invitations.pending(user).count(), reverse("accounts:invitations")))
    return lines


def _protection(user: User) -> list[Work | None]:
    sensitive = UserReport.objects.filter(state="open", kind__in=SENSITIVE_REPORTS)
    return [
        _line(
            user,
            _("changes of confidential places that wait for a second person"),
            _pending(user).filter(confidential=True),
            to("changes:list", "changerequest"),
        ),
        _line(
            user,
            _("places that are not public"),
            Location.objects.exclude(visibility="public"),
            records("location", "visibility__exact=contact_only"),
        ),
        _line(
            user, _("reports of danger or of asking for money"), sensitive, records("userreport", "state__exact=open")
        ),
    ]


def _administrator(user: User) -> list[Work | None]:
    people = User.objects.filter(is_active=True)
    failed = Publication.objects.filter(state="failed", at__gte=timezone.now() - timedelta(days=7))
    without = people.filter(Q(totpdevice__isnull=True) | Q(totpdevice__confirmed=False)).distinct()
    return [
        _line(user, _("people with an account"), people, records("user", "is_active__exact=1")),
        _line(user, _("of them have no second factor yet"), without, records("user", "is_active__exact=1")),
        Work(_("open invitations"), invitations.pending(user).count(), reverse("accounts:invitations")),
        _line(
            user,
            _("publications that failed in the last 7 days"),
            failed,
            records("publication", "state__exact=failed"),
        ),
    ]


def _translator(user: User) -> list[Work | None]:
    lines: list[Work | None] = []
    for code in user.languages:
        missing = outdated = 0
        for records_, texts in ((_live(), ServiceText), (Article.objects.filter(status="published"), ArticleText)):
            rows = records_.exclude(source_language=code)
            parent = "service" if texts is ServiceText else "article"
            written = texts._default_manager.filter(lang=code, state__in=ServiceText.PUBLISHED_STATES)
            missing += rows.exclude(pk__in=written.values(parent)).count()
            outdated += written.filter(
                **{f"{parent}__in": rows.values("pk")}, source_version__lt=F(f"{parent}__version")
            ).count()
        page = to("translations:work", lang=code) or to("translations:coverage", "service")
        facts = {"language": language_name(code)}
        lines += [
            Work(_("texts are missing in %(language)s") % facts, missing, page),
            Work(_("texts are out of date in %(language)s") % facts, outdated, page),
        ]
    return lines


Lines = Callable[[User], "list[Work | None]"]
LINES: tuple[tuple[str, Any, Lines], ...] = (
    (Role.PARTNER, _("Your organisation"), _partner),
    (Role.COORDINATOR, _("Your region"), _coordinator),
    (Role.REVIEWER, _("What needs work"), _reviewer),
    (Role.TRANSLATOR, _("Your languages"), _translator),
    (Role.PROTECTION, _("Protection"), _protection),
    (Role.ADMINISTRATOR, _("People and publications"), _administrator),
)
"""Which role has which lines, in the order of the page."""
