"""The commands as an operator runs them: from nothing to a published snapshot, in a folder of its own."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.lookup.digest import digest
from bot.settings import ROOT


def run(var: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`manage.py command` with its own folder for everything that it writes."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    return subprocess.run(
        [sys.executable, "manage.py", *command],
        cwd=ROOT,
        env={**kept, "WAYPOST_VAR": str(var), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_from_nothing_to_a_snapshot(tmp_path: Path, sample_copy: Path) -> None:
    assert run(tmp_path, "migrate", "-v0").returncode == 0
    loaded = run(tmp_path, "loadsample", "--folder", str(sample_copy), WAYPOST_DEMO="1")
    assert loaded.returncode == 0 and "staff / waypost-demo" in loaded.stdout, loaded.stderr
    done = run(tmp_path, "publish")
    assert done.returncode == 0 and "2 services" in done.stdout, done.stderr
    snapshot = tmp_path / "snapshot" / "snapshot.sqlite"
    with sqlite3.connect(snapshot) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()[0] == digest(connection)
    assert stat.S_IMODE((tmp_path / "directory.key").stat().st_mode) == 0o600
    before = snapshot.read_bytes()
    with sqlite3.connect(tmp_path / "directory.sqlite3") as directory:
        directory.execute("UPDATE directory_servicetext SET name = CAST(x'ff' AS TEXT) WHERE lang = 'en'")
    failed = run(tmp_path, "publish")
    assert failed.returncode == 1 and "the last snapshot stays" in failed.stderr
    assert snapshot.read_bytes() == before


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"WAYPOST_DIRECTORY_DATABASE_URL": "mysql://host/name"}, "expected postgresql://"),
        ({"WAYPOST_DIRECTORY_SECRET_KEY": "short"}, "at least 32 characters"),
        ({"WAYPOST_DIRECTORY_HTTPS": "perhaps"}, "neither yes nor no"),
    ],
)
def test_settings_that_cannot_be_used_are_explained(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    refused = run(tmp_path, "check", **environment)
    assert refused.returncode != 0 and message in refused.stderr


def test_a_deployment_passes_djangos_own_checks(tmp_path: Path) -> None:
    checked = run(
        tmp_path,
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        WAYPOST_DIRECTORY_HOSTS="directory.example.org",
        WAYPOST_DIRECTORY_SECRET_KEY="x4J9-" * 15,
        WAYPOST_PRODUCTION="1",
    )
    assert checked.returncode == 0, checked.stderr
