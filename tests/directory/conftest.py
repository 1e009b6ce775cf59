"""A database with the real sample directory, loaded once, and a snapshot path in a temporary folder."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.template import Template
from django.test import Client
from django.test.utils import _TestState
from django.utils import translation

from directory.models import Service
from directory.publish import Published, publish
from directory.sample.emergency import load_numbers
from directory.sample.loader import load


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, where the same tests run a second time (tests/postgres.py), only those that use a database."""
    if "sqlite" in django_settings.DATABASES["default"]["ENGINE"]:
        return
    here = Path(__file__).parent
    without = [
        item
        for item in items
        if here in item.path.parents
        and not item.get_closest_marker("django_db")
        and not {"db", "transactional_db", "filled"} & set(getattr(item, "fixturenames", ()))
    ]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in set(without)]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The tests' database holds the sample directory; each test's changes are rolled back."""
    with django_db_blocker.unblock():
        load(django_settings.SAMPLE_DATA)
        load_numbers()


@pytest.fixture(autouse=True)
def snapshot_path(settings: Any, tmp_path: Path) -> Path:
    """Where publishing writes in this test; passwords are hashed fast, because none of them guards anything."""
    settings.TWO_FACTOR_REQUIRED = False  # test_accounts asks for it
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SNAPSHOT = tmp_path / "snapshot" / "snapshot.sqlite"
    return Path(settings.SNAPSHOT)


@pytest.fixture
def plain_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Templates render as in production. Django's test client copies the context of each otherwise, which takes a third of
    the time of a walk over hundreds of pages; `response.context` is empty then."""
    monkeypatch.setattr(Template, "_render", _TestState.saved_data.template_render)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins in English, whatever language the one before asked for."""
    translation.activate("en")
    yield
    translation.deactivate()


@pytest.fixture
def service(db: None) -> Service:
    """One published sample service with hours, a public place, texts and contacts."""
    return Service.objects.get(public_id="gr-athens-legal-1")


@pytest.fixture
def staff(db: None, client: Client) -> Client:
    """A browser in which a superuser is logged in."""
    user = get_user_model().objects.create_superuser("administrator", password="a long pass phrase")
    client.force_login(user)
    return client


@pytest.fixture
def editor(db: None, client: Client) -> Iterator[Callable[..., Client]]:
    """Logs in a member of staff who is no superuser and has the named permissions."""
    from django.contrib.auth.models import Permission

    def log_in(*permissions: str) -> Client:
        user = get_user_model().objects.create_user("editor", password="a long pass phrase", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    yield log_in


@pytest.fixture
def published(db: None) -> Callable[..., sqlite3.Connection]:
    """Publishes and opens the snapshot."""

    def run(**options: Any) -> sqlite3.Connection:
        done: Published = publish(**options)
        connection = sqlite3.connect(f"{done.path.as_uri()}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        return connection

    return run


@pytest.fixture
def today() -> date:
    from django.utils import timezone

    return timezone.localdate()


@pytest.fixture
def sample_copy(tmp_path: Path) -> Path:
    """The sample directory cut down to two services, to be spoiled."""
    copy = tmp_path / "sample"
    (copy / "services").mkdir(parents=True)
    for name in ("organisations.yaml", "regions.yaml", "allowed_hosts.yaml"):
        shutil.copy(django_settings.SAMPLE_DATA / name, copy)
    for name in ("articles.yaml", "aliases.yaml"):
        (copy / name).write_text("[]", encoding="utf-8")
    city = yaml.safe_load((django_settings.SAMPLE_DATA / "services" / "athens.yaml").read_text(encoding="utf-8"))
    city["services"] = city["services"][:2]
    (copy / "services" / "athens.yaml").write_text(yaml.safe_dump(city, allow_unicode=True), encoding="utf-8")
    return copy
