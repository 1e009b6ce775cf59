"""Readiness of the directory: each thing that may be missing is found, and nothing where nothing is missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from bot.checks import CHECKS
from bot.settings import load
from directory import readiness
from directory.backup.last import last, note
from directory.management.commands import serve
from directory.models import Article, ArticleText, ChoreRun, Publication, Service, ServiceText, User
from directory.sample.demo import DEMO_PASSWORD, DEMO_USER
from tests.directory.world import person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


class Deployment:
    """A directory that lacks nothing; a test breaks one thing of it."""

    def __init__(self, settings: Any, monkeypatch: pytest.MonkeyPatch, var: Path) -> None:
        self.settings, self.environment = settings, monkeypatch
        settings.PRODUCTION = True
        settings.ALLOWED_HOSTS = ["directory.example.org"]
        settings.HTTPS = settings.TWO_FACTOR_REQUIRED = True
        settings.SITE_URL = "https://directory.example.org"
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.VAR = var
        self.key = var / "directory.key"
        self.key.touch(mode=0o600)
        self.log_level("INFO")
        for name in ("WAYPOST_DEBUG", "WAYPOST_DIRECTORY_SECRET_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(readiness.connection, "vendor", "postgresql")
        for model in readiness._RECORDS:  # as if staff had entered them
            model.objects.update(sample=False)
        Service.objects.exclude(public_id="gr-athens-legal-1").update(status="archived")
        Article.objects.update(status="archived")
        ServiceText.objects.filter(service__public_id="gr-athens-legal-1").update(state="approved")
        for name in ("coordinator", "reviewer", "protection"):
            person(name)
        ChoreRun.objects.create(name="insight.purge", started_at=NOW - timedelta(minutes=5))
        Publication.objects.create(state="published")
        note(NOW - timedelta(days=1))

    def set(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self.settings, name, value)

    def log_level(self, word: str, accepted: str = "") -> None:
        config = load({"WAYPOST_LOG_LEVEL": word, "WAYPOST_ACCEPTED_FINDINGS": accepted})
        self.environment.setattr(readiness, "waypost", lambda: config)


@pytest.fixture
def deployment(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Deployment:
    return Deployment(settings, monkeypatch, tmp_path)


def article_of_a_machine(deployment: Deployment) -> None:
    due = {"review_due": "2099-01-01", "source_name": "x", "source_url": "https://example.org/"}
    article = Article.objects.create(topic="info_rights", country="GR", status="published", **due)
    ArticleText.objects.create(article=article, lang="ti", title="x", body="y", state="machine")


def unmigrated(deployment: Deployment) -> None:
    deployment.environment.setattr(readiness, "_pending", lambda: 2)


def only_one_decides(deployment: Deployment) -> None:
    User.objects.filter(username="coordinator").update(is_active=False)


BREAKS: list[tuple[str, Callable[[Deployment], Any]]] = [
    ("debug-pages", lambda d: d.environment.setenv("WAYPOST_DEBUG", "1")),
    ("debug-log", lambda d: d.log_level("debug")),
    ("hosts-any", lambda d: d.set(ALLOWED_HOSTS=["*"])),
    ("hosts-any", lambda d: d.set(ALLOWED_HOSTS=[".example.org"])),
    ("hosts", lambda d: d.set(ALLOWED_HOSTS=["localhost", "127.0.0.1", "[::1]"])),
    ("https-off", lambda d: d.set(HTTPS=False)),
    ("site-url", lambda d: d.set(SITE_URL="http://127.0.0.1:8000")),
    ("two-factor", lambda d: d.set(TWO_FACTOR_REQUIRED=False)),
    ("mail", lambda d: d.set(EMAIL_BACKEND="django.core.mail.backends.filebased.EmailBackend")),
    ("directory-key-open", lambda d: d.key.chmod(0o640)),
    ("demo-user", lambda d: User.objects.create_user(DEMO_USER, password=DEMO_PASSWORD)),
    ("second-person", only_one_decides),
    ("protection-none", lambda d: User.objects.filter(username="protection").update(is_active=False)),
    ("sample-data", lambda d: Service.objects.update(sample=True)),
    ("service-texts", lambda d: ServiceText.objects.filter(lang="en").update(state="machine")),
    ("article-texts", article_of_a_machine),
    ("chores", lambda d: ChoreRun.objects.all().delete()),
    ("chores", lambda d: ChoreRun.objects.update(started_at=NOW - timedelta(hours=2))),
    ("chores-failing", lambda d: ChoreRun.objects.update(line="failed: OSError")),
    ("publication-failed", lambda d: Publication.objects.create(state="failed")),
    ("backup-never", lambda d: (d.settings.VAR / "last-backup").unlink()),
    ("backup-old", lambda d: note(NOW - timedelta(days=8))),
    ("database-sqlite", lambda d: d.environment.setattr(readiness.connection, "vendor", "sqlite")),
]  # fmt: skip


def test_a_directory_that_lacks_nothing_is_a_go(deployment: Deployment) -> None:
    assert readiness.everything(NOW) == ([], [])


@pytest.mark.parametrize(("identifier", "breaks"), BREAKS, ids=[f"{n}-{row[0]}" for n, row in enumerate(BREAKS)])
def test_each_lack_is_found_and_nothing_else(
    deployment: Deployment, identifier: str, breaks: Callable[[Deployment], Any]
) -> None:
    breaks(deployment)
    found, unchecked = readiness.everything(NOW)
    assert ([row.check.id for row in found], unchecked) == ([identifier], [])


@pytest.mark.parametrize(
    "identifier", sorted(check.id for check in CHECKS.values() if check.hard and "directory" in check.stops)
)
def test_production_does_not_serve_with_it(
    deployment: Deployment, identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr(serve.uvicorn, "run", lambda *args, **options: served.append(options["host"]))
    breaks = {**dict(reversed(BREAKS)), "migrations": unmigrated}[identifier]
    breaks(deployment)
    with pytest.raises(CommandError, match=f"Not started in production mode.*\n  - {identifier}: ") as refused:
        call_command("serve")
    assert refused.value.returncode == 3 and not served
    deployment.log_level(
        "debug" if identifier == "debug-log" else "INFO", f"{identifier} until 2999-01-01: Trial of one week, A. Name"
    )
    if identifier != "migrations":
        call_command("serve")
        assert served == ["127.0.0.1"]


@pytest.mark.parametrize(
    "breaks", [lambda d: None, *[row[1] for row in BREAKS if "directory" not in CHECKS[row[0]].stops]]
)
def test_it_serves_with_all_that_only_staff_can_mend(
    deployment: Deployment, breaks: Callable[[Deployment], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[str] = []
    monkeypatch.setattr(serve.uvicorn, "run", lambda *args, **options: served.append(options["host"]))
    breaks(deployment)
    call_command("serve")
    assert served == ["127.0.0.1"]


def test_outside_production_it_serves(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[str] = []
    monkeypatch.setattr(serve.uvicorn, "run", lambda *args, **options: served.append(options["host"]))
    deployment.set(PRODUCTION=False, ALLOWED_HOSTS=["*"], TWO_FACTOR_REQUIRED=False)
    call_command("serve")
    assert served == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("breaks", "code", "word"),
    [(None, 0, "go"), ("demo-user", 1, "no-go"), ("mail", 0, "go"), ("migrations", 1, "no-go")],
)
def test_the_command_and_its_exit_status(
    deployment: Deployment, breaks: str | None, code: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if breaks:
        {**dict(BREAKS), "migrations": unmigrated}[breaks](deployment)
    ChoreRun.objects.update(started_at=datetime.now(timezone.utc))
    note(datetime.now(timezone.utc))
    for form in ("text", "json"):
        out = StringIO()
        try:
            call_command("readiness", format=form, stdout=out)
            status = 0
        except SystemExit as ended:
            status = int(str(ended.code))
        assert status == code
        if form == "json":
            assert json.loads(out.getvalue())["verdict"] == word
        else:
            assert out.getvalue().splitlines()[-1].startswith(word.upper())


def test_texts_are_told_by_language_and_state(deployment: Deployment) -> None:
    ServiceText.objects.filter(lang="en").update(state="machine")
    ServiceText.objects.filter(lang="ar").update(state="needs_review")
    (row,) = readiness.everything(NOW)[0]
    assert set(row.details) == {"ar: 1 needs_review", "en: 1 machine"}
    deployment.set(MACHINE_TEXTS=False)  # then a machine's do not go out
    (row,) = readiness.everything(NOW)[0]
    assert row.details == ("ar: 1 needs_review",)


def test_a_backup_elsewhere_is_remembered_and_one_in_its_folder_found(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "last-backup").unlink()
    assert last() is None
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "waypost-20261120T101500.tar.gz.sealed").touch()
    assert last() == datetime(2026, 11, 20, 10, 15, tzinfo=timezone.utc)
    note(NOW)
    assert last() == NOW
