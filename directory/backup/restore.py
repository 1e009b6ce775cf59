"""Restoring: everything is prepared beside what is there, and takes its place in one step at the end.

A child process fills a new database: with SQLite a file in a folder of its own, with PostgreSQL a schema. A restore that fails or
is killed before the last step leaves everything as it was. What was there is kept aside under a name with the time.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

from django.conf import settings
from django.db import Error, connection, transaction

from bot.settings import ROOT
from bot.settings import settings as waypost
from directory.backup.archive import Manifest, alone, staging, unpack
from directory.backup.errors import BackupError
from directory.backup.rows import unknown
from directory.backup.running import stopped

__all__ = ["SCHEMA", "restore"]

SCHEMA = "waypost_restoring"
"""The schema that PostgreSQL fills."""
Tell = Callable[[str], None]


def restore(archive: Path, *, words: str = "", replace: bool = False, tell: Tell = lambda line: None) -> Manifest:
    """Bring back what a backup holds. Raises BackupError, and has changed nothing then.

    `replace` is needed where a directory is: it is kept aside, not deleted.
    """
    if not archive.is_file():
        raise BackupError(f"{archive}: there is no such file.")
    var = Path(settings.VAR)
    with stopped() as lock, alone(var / ".restore.lock"), staging(var, ".restoring-") as folder:
        in_use = _in_use()
        if in_use and not replace:
            raise BackupError(
                "There is a directory already. `--replace` (make restore … REPLACE=1) restores in its place and keeps it aside."
            )
        members = folder / "members"
        members.mkdir(mode=0o700)
        tell("checking the backup ...")
        manifest = unpack(archive, members, words)
        if newer := unknown(manifest.migrations):
            raise BackupError(
                f"This backup was made by a newer Waypost: update this one first ({', '.join(newer[:3])})."
            )
        tell(f"backup of {manifest.made_at}: {manifest.services} services; filling a new database ...")
        (folder / "migrations.json").write_text(json.dumps(manifest.migrations))
        _fill(folder, lock)
        stamp = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        tell("putting it in place ...")
        if connection.vendor == "postgresql":
            _swap_schema(stamp)
        else:
            _swap_file(folder / "new" / "directory.sqlite3", stamp, keep=in_use)
        _files(members, var, stamp)
    return manifest


def _in_use() -> bool:
    """Whether there is anything that somebody could miss."""
    if connection.vendor == "sqlite" and not Path(settings.DATABASES["default"]["NAME"]).exists():
        return False
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        for table in ("directory_service", "directory_organisation", "directory_user"):
            if table in tables:
                cursor.execute(f"SELECT count(*) FROM {table}")
                if cursor.fetchone()[0]:
                    return True
    return False


def _fill(folder: Path, lock: int) -> None:
    """Run `manage.py loadbackup` over a new database. It holds the lock too, should this process be killed."""
    new = folder / "new"
    new.mkdir(mode=0o700)
    environment = {**os.environ, "WAYPOST_VAR": str(new)}
    if connection.vendor == "postgresql":
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
                cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        except Error as error:
            raise BackupError(f"The database's user may not make a schema: {error}") from error
        environment["PGOPTIONS"] = f"-c search_path={SCHEMA}"
    else:
        environment.pop("WAYPOST_DIRECTORY_DATABASE_URL", None)
    connection.close()
    command = [
        sys.executable,
        "manage.py",
        "loadbackup",
        str(folder / "members" / "rows.jsonl"),
        str(folder / "migrations.json"),
    ]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, pass_fds=(lock,), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupError(f"The backup could not be loaded: {(done.stderr or done.stdout).strip()[-1000:]}")


def _swap_file(new: Path, stamp: str, *, keep: bool) -> None:
    """Keep the old file under a second name (if it holds anything), then put the new one in its place: a rename, whole or not at all."""
    old = Path(settings.DATABASES["default"]["NAME"])
    if old.exists():
        with closing(sqlite3.connect(old)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.execute("PRAGMA journal_mode = DELETE")  # leaves no log that the new file could be taken to own
        os.chmod(old, 0o600)
        if keep:
            os.link(old, old.with_name(f"{old.stem}.before-{stamp}{old.suffix}"))
    for log in (old.with_name(f"{old.name}-wal"), old.with_name(f"{old.name}-shm")):
        log.unlink(missing_ok=True)
    os.chmod(new, 0o600)
    os.replace(new, old)


def _swap_schema(stamp: str) -> None:
    """In one transaction: the tables of today go into a schema `before_<time>`, the new ones into theirs."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        current = (cursor.fetchone() or ["public"])[0]
        if not re.fullmatch(r"\w+", current):
            raise BackupError(f"The schema {current} cannot be replaced.")
        cursor.execute(f"ALTER SCHEMA {current} RENAME TO before_{stamp.lower()}")
        cursor.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {current}")


def _files(members: Path, var: Path, stamp: str) -> None:
    """Snapshots, settings and keys. The bot reads on from the snapshot that it has open until it sees the new one."""
    target = Path(settings.SNAPSHOT)
    target.parent.mkdir(parents=True, exist_ok=True)
    found = {int(m[1]): p for p in members.glob("snapshot-*.sqlite") if (m := re.search(r"-(\d+)\.sqlite$", p.name))}
    newest = found[max(found)] if found else members / "snapshot.sqlite"
    if newest.exists():
        fresh = target.with_name(".restored.tmp")
        shutil.copyfile(newest, fresh)
        os.chmod(fresh, 0o644)
        os.replace(fresh, target)
    if (members / "settings.toml").exists():
        os.replace(members / "settings.toml", var / "restored-settings.toml")
    for name, place in (("secret.key", waypost().path("secret_file")), ("directory.key", var / "directory.key")):
        if (members / name).exists():
            if place.exists():
                os.replace(place, place.with_name(f"{place.name}.before-{stamp}"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(b"")
            os.chmod(place, 0o600)
            place.write_bytes((members / name).read_bytes())
