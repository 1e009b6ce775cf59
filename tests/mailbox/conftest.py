"""A mailbox on SQLite and, where WAYPOST_TEST_POSTGRES names a database that may be emptied, on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.mailbox import Mailbox
from bot.mailbox.tables import create_engine, metadata

POSTGRES = os.environ.get("WAYPOST_TEST_POSTGRES", "")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/mailbox.sqlite3"
        return
    if not POSTGRES:
        pytest.skip(
            "WAYPOST_TEST_POSTGRES is not set: postgresql://user:password@127.0.0.1/database, which will be emptied"
        )
    engine = create_engine(POSTGRES)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    engine.dispose()
    yield POSTGRES


@pytest.fixture
def mailbox(url: str) -> Mailbox:
    return Mailbox(url)
