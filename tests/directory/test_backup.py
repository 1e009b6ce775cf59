"""Backup and restore as an administrator runs them, on both databases and across them, and what a restore refuses."""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from bot.settings import ROOT
from directory.backup.errors import BackupError
from directory.backup.sealing import seal, unseal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
POSTGRES = os.environ.get("WAYPOST_TEST_POSTGRES", "")
KINDS = ["postgresql"] if POSTGRES else ["sqlite"]
"""The tests run once with each database (tests/postgres.py)."""
WORDS = "correct horse battery staple"


@dataclass
class Place:
    """An installation: a folder, and a database in it or on the test's PostgreSQL server."""

    var: Path
    url: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Other settings come from nowhere else."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("WAYPOST_")}
        own = {"WAYPOST_VAR": str(self.var), "WAYPOST_DIRECTORY_DATABASE_URL": self.url, "WAYPOST_LOG_LEVEL": "ERROR"}
        own["WAYPOST_CONFIG"] = str(self.var / "waypost.toml")
        return {**kept, **own, **self.extra}

    def manage(self, *words: str | Path, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *map(str, words)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sql(self, statement: str) -> list[Any]:
        if self.url:
            with psycopg.connect(self.url, autocommit=True) as connection:
                cursor = connection.execute(statement)
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.var / "directory.sqlite3", isolation_level=None)) as database:
            return database.execute(statement).fetchall()

    def services(self) -> int:
        return int(self.sql("SELECT count(*) FROM directory_service")[0][0])

    def content(self) -> dict[str, Any]:
        """All rows as a backup writes them."""
        file = self.var / f"content-{time.monotonic_ns()}.tar.gz"
        self.manage("backup", file)
        return {name: data for name, data in members(file).items() if name == "rows.jsonl"}


def members(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as tar:
        return {m.name: stream.read() for m in tar if (stream := tar.extractfile(m))}


def packed(file: Path, contents: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(file, "w:gz") as tar:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data), kind if name != "manifest.json" else tarfile.REGTYPE
            tar.addfile(info, io.BytesIO(data))
    return file


def new_database(name: str) -> str:
    """An empty database on the test's server."""
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{name}"))


@pytest.fixture(scope="module", params=KINDS)
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The sample directory, published, with a settings file and a mailbox."""
    var = tmp_path_factory.mktemp("filled")
    place = Place(var, new_database("waypost_filled") if request.param == "postgresql" else "")
    (var / "waypost.toml").write_text(
        'sms_per_second = 2.0\ntelegram_token = "ZZTOKEN"\nmailbox = "sqlite:////ZZMAIL"\n'
    )
    (var / "mailbox.sqlite3").write_bytes(b"ZZMESSAGES of people")
    (var / "secret.key").write_text("ab" * 32)
    place.extra = {"WAYPOST_DEMO": "1"}
    place.manage("migrate", "--verbosity", "0")
    place.manage("loadsample")
    place.manage("publish")
    yield place


@pytest.fixture(scope="module")
def archive(filled: Place) -> Path:
    file = filled.var / "backups" / "one.tar.gz"
    filled.manage("backup", file)
    return file


@pytest.fixture(params=["sqlite", *(["postgresql"] if POSTGRES else [])])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    var = tmp_path / "empty"
    var.mkdir()
    return Place(var, new_database("waypost_empty") if request.param == "postgresql" else "")


@pytest.fixture
def copy(filled: Place, tmp_path: Path) -> Place:
    """A copy of the filled place that a test may spoil."""
    var = tmp_path / "copy"
    shutil.copytree(filled.var, var, ignore=shutil.ignore_patterns("backups", "content-*"))
    if not filled.url:
        return Place(var)
    url = new_database("waypost_copy")
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute("DROP DATABASE waypost_copy")
        connection.execute("CREATE DATABASE waypost_copy TEMPLATE waypost_filled")
    return Place(var, url)


def test_what_is_in_an_archive(filled: Place, archive: Path) -> None:
    found = members(archive)
    assert set(found) == {"manifest.json", "rows.jsonl", "snapshot-1.sqlite", "settings.toml"}
    assert archive.stat().st_mode & 0o777 == 0o600
    everything = b"".join(found.values())
    assert b"ZZTOKEN" not in everything and b"ZZMAIL" not in everything and b"ZZMESSAGES" not in everything
    assert b"sms_per_second = 2.0" in found["settings.toml"] and b"ab" * 32 not in everything
    manifest = json.loads(found["manifest.json"])
    assert manifest["rows"]["directory.service"] == filled.services() > 100
    assert not any(name.startswith(("sessions.", "axes.")) for name in manifest["rows"])
    assert [p.name for p in archive.parent.iterdir() if p.name != ".backup.lock"] == ["one.tar.gz"]


def test_goes_into_an_empty_place_of_either_kind(filled: Place, archive: Path, empty: Place) -> None:
    out = empty.manage("restore", archive)
    assert f"Restored: {filled.services()} services" in out
    assert empty.content() == filled.content()
    assert (empty.var / "snapshot" / "snapshot.sqlite").read_bytes() == members(archive)["snapshot-1.sqlite"]
    empty.manage("publish")
    digests = [
        place.sql("SELECT digest FROM directory_publication ORDER BY id DESC LIMIT 1") for place in (empty, filled)
    ]
    assert digests[0] == digests[1], "what is published is the same"
    empty.manage("loadsample")  # new rows get new ids
    assert not list(empty.var.glob(".restoring-*")) and not list(empty.var.glob("*.before-*"))


def test_replaces_only_when_asked_and_keeps_the_old(copy: Place, archive: Path) -> None:
    copy.sql("UPDATE directory_organisation SET name = 'ZZ' WHERE id = (SELECT min(id) FROM directory_organisation)")
    assert "There is a directory already" in copy.manage("restore", archive, fails=True)
    assert copy.sql("SELECT count(*) FROM directory_organisation WHERE name = 'ZZ'")[0][0] == 1
    copy.manage("restore", archive, "--replace")
    assert copy.sql("SELECT count(*) FROM directory_organisation WHERE name = 'ZZ'")[0][0] == 0
    if copy.url:
        aside = copy.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'before%'")[0][0]
        assert copy.sql(f"SELECT count(*) FROM {aside}.directory_organisation WHERE name = 'ZZ'")[0][0] == 1
    else:
        (aside,) = copy.var.glob("directory.before-*.sqlite3")
        assert aside.stat().st_mode & 0o777 == 0o600
        with closing(sqlite3.connect(aside)) as old:
            assert old.execute("SELECT count(*) FROM directory_organisation WHERE name = 'ZZ'").fetchone() == (1,)


SPOILT: dict[str, tuple[Callable[[Path, Path], Path], str]] = {
    "not an archive": (lambda file, good: _written(file, b"PK\x03\x04 hello"), "not a backup of Waypost"),
    "empty": (lambda file, good: _written(file, b""), "not a backup of Waypost"),
    "cut off": (lambda file, good: _written(file, good.read_bytes()[:-2000]), "damaged"),
    "one byte": (lambda file, good: _written(file, _flipped(good.read_bytes())), "damaged"),
    "another row": (
        lambda file, good: _with(file, good, rows=lambda rows: rows.replace(b"Athens", b"Sparta", 1)),
        "rows.jsonl in the backup is missing or damaged",
    ),
    "newer format": (lambda file, good: _with(file, good, manifest={"format": 99}), "newer Waypost"),
    "newer migrations": (
        lambda file, good: _with(file, good, manifest={"migrations": {"directory": ["9999_future"]}}),
        "newer Waypost: update this one first (directory.9999_future)",
    ),
    "no database": (lambda file, good: _with(file, good, manifest={"files": {}}, only=True), "holds no database"),
    "no manifest": (lambda file, good: packed(file, {"rows.jsonl": b""}), "does not begin with its manifest"),
    "outside": (lambda file, good: _with(file, good, more={"../escaped.key": b"x"}), "does not belong there"),
    "absolute": (lambda file, good: _with(file, good, more={"/tmp/escaped.key": b"x"}), "does not belong there"),
    "unnamed": (lambda file, good: _with(file, good, more={"secret.key": b"x"}), "its manifest does not name"),
    "a link": (
        lambda file, good: packed(
            file, {"manifest.json": members(good)["manifest.json"], "rows.jsonl": b""}, tarfile.SYMTYPE
        ),
        "does not belong there",
    ),
}


def _written(file: Path, data: bytes) -> Path:
    file.write_bytes(data)
    return file


def _flipped(data: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _with(
    file: Path,
    good: Path,
    *,
    manifest: dict[str, Any] | None = None,
    rows: Callable[[bytes], bytes] = bytes,
    more: dict[str, bytes] | None = None,
    only: bool = False,
) -> Path:
    found = members(good)
    described = {**json.loads(found.pop("manifest.json")), **(manifest or {})}
    found["rows.jsonl"] = rows(found["rows.jsonl"])
    return packed(file, {"manifest.json": json.dumps(described).encode(), **({} if only else found), **(more or {})})


@pytest.mark.parametrize("what", SPOILT)
def test_refuses_a_spoilt_archive(
    filled: Place, archive: Path, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from directory.backup.archive import unpack
    from directory.backup.rows import unknown

    spoil, reason = SPOILT[what]
    folder = tmp_path / "members"
    folder.mkdir()
    with pytest.raises(BackupError) as error:
        newer = unknown(unpack(spoil(tmp_path / "bad.tar.gz", archive), folder).migrations)
        raise BackupError(f"newer Waypost: update this one first ({newer[0]})" if newer else "nothing wrong")
    assert reason in str(error.value)
    assert not list(tmp_path.glob("**/escaped*")) and not Path("/tmp/escaped.key").exists()


def test_a_refused_archive_changes_nothing(copy: Place, archive: Path, tmp_path: Path) -> None:
    before = copy.content()
    bad = _with(tmp_path / "bad.tar.gz", archive, rows=lambda rows: rows.replace(b"Athens", b"Sparta", 1))
    assert "Nothing was changed" in copy.manage("restore", bad, "--replace", fails=True)
    lines = members(archive)["rows.jsonl"].splitlines(keepends=True)
    cut = tmp_path / "cut.tar.gz"  # a whole archive of a database that is not: the loading itself fails
    from directory.backup.archive import _sha256

    (tmp_path / "rows").write_bytes(b"".join(lines[:-5]))
    files = {"rows.jsonl": _sha256(tmp_path / "rows")}
    _with(cut, archive, manifest={"files": files}, rows=lambda rows: b"".join(lines[:-5]), only=True)
    packed(cut, {"manifest.json": members(cut)["manifest.json"], "rows.jsonl": b"".join(lines[:-5])})
    assert "cut off" in copy.manage("restore", cut, "--replace", fails=True)
    assert copy.content() == before and not list(copy.var.glob(".restoring-*"))


def test_killed_in_the_middle(copy: Place, archive: Path) -> None:
    """The old directory is whole afterwards, and the next restore works."""
    copy.sql("UPDATE directory_organisation SET name = 'ZZ' WHERE id = (SELECT min(id) FROM directory_organisation)")
    state = "SELECT count(*), (SELECT count(*) FROM directory_organisation WHERE name = 'ZZ') FROM directory_service"
    before = copy.sql(state)
    words = [sys.executable, "manage.py", "restore", str(archive), "--replace"]
    process = subprocess.Popen(words, cwd=ROOT, env=copy.environment, start_new_session=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(copy.var.glob(".restoring-*/new/directory.key")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)
    assert process.poll() is None, "it is loading"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert copy.sql(state) == before and before[0][1] == 1
    if not copy.url:
        assert copy.sql("PRAGMA integrity_check") == [("ok",)]
    copy.manage("restore", archive, "--replace")
    assert copy.sql(state) == [(before[0][0], 0)]
    assert not list(copy.var.glob(".restoring-*"))


def test_refuses_while_the_directory_runs(copy: Place, archive: Path) -> None:
    with (copy.var / ".directory.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        assert "The directory is running" in copy.manage("restore", archive, "--replace", fails=True)
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "being restored" in copy.manage("chores", "--once", fails=True)
    if copy.url:
        with psycopg.connect(copy.url):
            assert "connected to the database" in copy.manage("restore", archive, "--replace", fails=True)


def test_encrypted_with_keys(copy: Place, empty: Place, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text(WORDS + "\n")
    file = tmp_path / "one.sealed"
    assert "only into an encrypted backup" in copy.manage("backup", file, "--with-keys", fails=True)
    assert "A passphrase is needed" in copy.manage("backup", file, "--encrypt", fails=True)
    copy.manage("backup", file, "--passphrase-file", passphrase, "--with-keys")
    assert (copy.var / "last-backup").exists()  # readiness asks when the last one was made
    assert "exists already" in copy.manage("backup", file, fails=True)
    assert not any(word in file.read_bytes() for word in (b"Athens", b"manifest.json", b"ab" * 32))
    assert "A passphrase is needed" in empty.manage("restore", file, fails=True)
    empty.extra = {"WAYPOST_BACKUP_PASSPHRASE": "another one, as long"}
    assert "The passphrase is another one" in empty.manage("restore", file, fails=True)
    empty.extra = {"WAYPOST_BACKUP_PASSPHRASE": WORDS}
    empty.manage("restore", file)
    for name in ("secret.key", "directory.key"):
        assert (empty.var / name).read_bytes() == (copy.var / name).read_bytes()
        assert (empty.var / name).stat().st_mode & 0o777 == 0o600


def sealed(data: bytes) -> bytes:
    out = io.BytesIO()
    seal(io.BytesIO(data), out, WORDS)
    return out.getvalue()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_sealing_goes_round(size: int) -> None:
    data, out = os.urandom(size), io.BytesIO()
    unseal(io.BytesIO(sealed(data)), out, WORDS)
    assert out.getvalue() == data


@pytest.mark.parametrize("change", ["flip", "cut", "cut at a chunk", "append", "swap", "header"])
def test_sealing_notices(change: str) -> None:
    good, chunk = sealed(os.urandom(3 << 20)), (1 << 20) + 16
    start = len(good) - 3 * chunk
    bad = {
        "flip": _flipped(good),
        "cut": good[:-1],
        "cut at a chunk": good[:-chunk],
        "append": good + b"x",
        "swap": good[:start]
        + good[start + chunk : start + 2 * chunk]
        + good[start : start + chunk]
        + good[start + 2 * chunk :],
        "header": good[:30] + bytes([good[30] ^ 1]) + good[31:],
    }[change]
    with pytest.raises(BackupError, match="damaged"):
        unseal(io.BytesIO(bad), io.BytesIO(), WORDS)


def test_an_archive_is_plain_gzip(archive: Path) -> None:
    """Anybody can look into it without Waypost."""
    assert gzip.decompress(archive.read_bytes())
