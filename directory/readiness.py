"""What the directory can see of its readiness for real people: its settings, its staff, its records, its work in the background.

The bot's part is `bot/production.py`; `make readiness` shows both (docs/readiness.md).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.utils import timezone

from bot.findings import Finding, accepted, finding, open_to_others, stopping, tell
from bot.settings import SettingsError
from bot.settings import settings as waypost
from directory.access import REVIEWING, Role
from directory.backup.last import last
from directory.environment import flag
from directory.models import (
    AllowedHost,
    Article,
    ArticleText,
    ChoreRun,
    ContactPoint,
    EmergencyNumber,
    Location,
    Organisation,
    PlaceAlias,
    Publication,
    Region,
    Service,
    ServiceText,
    User,
)
from directory.models.base import TranslatedText
from directory.sample.demo import DEMO_PASSWORD, DEMO_USER
from directory.snapshot_rows import public_articles, public_services, published_states

__all__ = ["before_serving", "everything"]

BACKUP_DAYS = 7
CHORES_HOURS = 1
_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}


# --- settings ---------------------------------------------------------------------------------------------------------


def _settings() -> Iterator[Finding]:
    if flag("WAYPOST_DEBUG", default=False):
        yield finding("debug-pages", "WAYPOST_DEBUG is set")
    if waypost().log_level.strip().upper() in ("DEBUG", "NOTSET"):
        yield finding("debug-log", f"log_level is {waypost().log_level}")
    hosts = set(settings.ALLOWED_HOSTS)
    if any(host.startswith(("*", ".")) for host in hosts):
        yield finding("hosts-any", f"WAYPOST_DIRECTORY_HOSTS is {', '.join(sorted(hosts))}")
    elif hosts <= _LOOPBACK:
        yield finding("hosts", "no host but this machine is named")
    if not settings.HTTPS and not hosts <= _LOOPBACK:
        yield finding("https-off", "WAYPOST_DIRECTORY_HTTPS is off")
    if not settings.SITE_URL.startswith("https://"):
        yield finding("site-url", f"links in letters begin with {settings.SITE_URL}")
    if not settings.TWO_FACTOR_REQUIRED:
        yield finding("two-factor", "a second factor is optional")
    if "smtp" not in settings.EMAIL_BACKEND:
        yield finding("mail", "no mail server is set")
    key = Path(settings.VAR) / "directory.key"
    if not os.environ.get("WAYPOST_DIRECTORY_SECRET_KEY") and key.exists() and (problem := open_to_others(key)):
        yield finding("directory-key-open", problem)


# --- people and records -------------------------------------------------------------------------------------------------


def _people() -> Iterator[Finding]:
    demo = User.objects.filter(username=DEMO_USER, is_active=True).first()
    if demo and demo.check_password(DEMO_PASSWORD):
        yield finding("demo-user", f"the user {DEMO_USER} has the password of the demo")
    active = User.objects.filter(is_active=True, is_staff=True)
    deciding = active.filter(Q(groups__name__in=REVIEWING) | Q(is_superuser=True)).distinct().count()
    if deciding < 2:
        yield finding("second-person", f"{deciding} people can approve changes")
    if not active.filter(groups__name=Role.PROTECTION).exists():
        yield finding("protection-none", "nobody has the role of protection officer")


_RECORDS: tuple[Any, ...] = (
    Service,
    Organisation,
    Location,
    ContactPoint,
    Article,
    Region,
    PlaceAlias,
    AllowedHost,
    EmergencyNumber,
)


def _samples() -> Iterator[Finding]:
    counts = {model._meta.verbose_name_plural: model._default_manager.filter(sample=True).count() for model in _RECORDS}
    lines = [f"{count} {name}" for name, count in counts.items() if count]
    if lines:
        yield finding("sample-data", "the directory holds invented records", lines)


def _texts() -> Iterator[Finding]:
    """Texts that go out and that nobody has approved, by language and state."""
    state = TranslatedText.State.APPROVED
    services = ServiceText.objects.filter(service__in=public_services(samples=False), state__in=published_states())
    articles = ArticleText.objects.filter(article__in=public_articles(samples=False), state__in=published_states())
    for identifier, texts, what in (
        ("service-texts", services, "texts of services"),
        ("article-texts", articles, "texts of articles"),
    ):
        counts: Counter[tuple[str, str]] = Counter(texts.exclude(state=state).values_list("lang", "state"))  # type: ignore[attr-defined]
        if counts:
            by: dict[str, list[str]] = {}
            for (lang, one), count in sorted(counts.items()):
                by.setdefault(lang, []).append(f"{count} {one}")
            lines = [f"{lang}: {', '.join(states)}" for lang, states in by.items()]
            yield finding(
                identifier,
                f"{counts.total() if hasattr(counts, 'total') else sum(counts.values())} {what} are not approved",
                lines,
            )


# --- work in the background ----------------------------------------------------------------------------------------------


def _work(now: datetime) -> Iterator[Finding]:
    runs = list(ChoreRun.objects.all())
    latest = max((run.started_at for run in runs), default=None)
    if latest is None or now - latest > timedelta(hours=CHORES_HOURS):
        yield finding(
            "chores",
            f"the work in the background last ran at {latest:%Y-%m-%d %H:%M} UTC" if latest else "it never ran",
        )
    failing = [f"{run.name}: {run.line}" for run in runs if run.line.startswith("failed")]
    if failing:
        yield finding("chores-failing", f"{len(failing)} kinds of work fail", failing)
    newest = Publication.objects.order_by("-pk").first()
    if newest and newest.state == Publication.State.FAILED:
        yield finding("publication-failed", f"the last publication, of {newest.at:%Y-%m-%d}, failed")


def _backup(now: datetime) -> Iterator[Finding]:
    made = last()
    if made is None:
        yield finding("backup-never", "no backup has been made of this directory")
    elif now - made > timedelta(days=BACKUP_DAYS):
        yield finding("backup-old", f"the last backup is of {made:%Y-%m-%d}")


def _database() -> Iterator[Finding]:
    if connection.vendor == "sqlite":
        yield finding("database-sqlite", "the directory's database is SQLite")


def _pending() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def everything(now: datetime | None = None) -> tuple[list[Finding], list[str]]:
    """All that the directory can see by itself, and what it could not look at."""
    now = now or timezone.now()
    found: list[Finding] = list(_settings())
    try:
        if pending := _pending():
            found.append(finding("migrations", f"{pending} migrations have not been run"))
            return found, ["records, staff and work of the directory (the database is older than the program)"]
        for look in (_people(), _samples(), _texts(), _work(now), _backup(now), _database()):
            found += look
    except DatabaseError as error:
        return found, [f"the directory's database ({type(error).__name__})"]
    return found, []


def before_serving(today: date | None = None) -> list[str]:
    """Why the directory does not start to serve in production, a line each; none outside production."""
    if not settings.PRODUCTION:
        return []
    found, unchecked = everything()
    try:
        stops, passed = stopping(found, "directory", accepted(waypost()), today or timezone.localdate())
    except SettingsError as error:
        return [str(error)]
    if any(one.check.id == "migrations" for one in stops):
        unchecked = []
    return tell(stops, passed, unchecked)
