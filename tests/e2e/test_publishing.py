"""Staff change something, publish, and the next answer shows it without a restart."""

from __future__ import annotations

import sqlite3

import httpx
import pytest

from tests.e2e.conftest import Servers

pytestmark = pytest.mark.e2e


def test_a_damaged_snapshot_is_refused_and_the_old_one_kept(servers: Servers) -> None:
    snapshot = servers.var / "snapshot" / "snapshot.sqlite"
    good = snapshot.read_bytes()
    before = servers.person().one("food in belgrade")["custom"]["services"]
    damaged = snapshot.with_suffix(".new")
    damaged.write_bytes(good[: len(good) // 2] + b"\0" * 4096)
    damaged.replace(snapshot)
    try:
        assert servers.person().one("food in belgrade")["custom"]["services"] == before
    finally:
        restored = snapshot.with_suffix(".new")
        restored.write_bytes(good)
        restored.replace(snapshot)


def test_a_changed_name_is_said_after_publishing(servers: Servers) -> None:
    identifier = servers.person().one("food in belgrade")["custom"]["services"][0]["id"]
    with sqlite3.connect(servers.var / "directory.sqlite3", timeout=30) as database:
        changed = database.execute(
            "UPDATE directory_servicetext SET name = 'Sample kitchen with a new name' "
            "WHERE lang = 'en' AND service_id IN (SELECT id FROM directory_service WHERE public_id = ?)",
            [identifier],
        )
        assert changed.rowcount == 1
    servers.manage("publish")
    assert "Sample kitchen with a new name" in servers.person().one("food in belgrade")["text"]


def test_the_directory_answers(servers: Servers) -> None:
    assert httpx.get(servers.directory_url + "/healthz").status_code == 200
    login = httpx.get(servers.directory_url + "/", follow_redirects=True)
    assert login.status_code == 200 and "password" in login.text
