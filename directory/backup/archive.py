"""The archive: what goes into a backup, and reading one without trusting it.

A gzipped tar, perhaps encrypted as a whole (`sealing`): `manifest.json` first (version, time, counts, migrations, SHA-256 of every
other member), `rows.jsonl` (`rows`), the newest snapshots, the settings without secrets, and the keys if they were asked for.
Messages of people are in the mailbox, which is never backed up.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import tomli

from bot.settings import ROOT, Settings, settings
from directory.backup.errors import BackupError
from directory.backup.rows import applied, dump
from directory.backup.sealing import is_sealed, seal, unseal
from directory.moment import one_moment
from directory.publish import sync

__all__ = ["FORMAT", "Manifest", "alone", "staging", "unpack", "write"]

FORMAT = 1
SNAPSHOTS = 2
"""The newest publications that are kept in a backup."""
_MEMBERS = re.compile(r"manifest\.json|rows\.jsonl|settings\.toml|snapshot(-\d+)?\.sqlite|secret\.key|directory\.key")
_MANIFEST_LIMIT = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself."""

    made_at: str
    database: str
    """sqlite or postgresql: the kind that it came from; it goes into either."""
    migrations: dict[str, list[str]]
    rows: dict[str, int]
    files: dict[str, str]
    """SHA-256 of each member."""
    keys: bool
    format: int = FORMAT

    @property
    def services(self) -> int:
        return self.rows.get("directory.service", 0)


@contextmanager
def alone(lock: Path) -> Iterator[int]:
    """One backup or restore at a time; gives the descriptor of the lock, which a child may hold on to."""
    with lock.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BackupError("Another backup or restore is running.") from error
        yield stream.fileno()


@contextmanager
def staging(folder: Path, prefix: str) -> Iterator[Path]:
    """A folder of our own for unfinished work, removed at the end; what a killed run left behind is removed first.

    Only while `alone` holds.
    """
    for left in folder.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sha256(file: Path) -> str:
    total = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            total.update(chunk)
    return total.hexdigest()


# --- writing -----------------------------------------------------------------------------------------------------------------------


def _snapshots(current: Path) -> list[Path]:
    """The newest numbered snapshots, newest first; else the current one."""
    numbered = {
        int(m[1]): p for p in current.parent.glob("snapshot-*.sqlite") if (m := re.search(r"-(\d+)\.sqlite$", p.name))
    }
    newest = [numbered[number] for number in sorted(numbered, reverse=True)[:SNAPSHOTS]]
    return newest or ([current] if current.exists() else [])


def _settings_without_secrets() -> str:
    """The settings file, without what is secret or may hold a password."""
    file = Path(os.environ.get("WAYPOST_CONFIG", ROOT / "waypost.toml"))
    if not file.exists():
        return ""
    public = {field.name for field in fields(Settings) if field.repr} - {"mailbox"}
    found = tomli.loads(file.read_text(encoding="utf-8"))
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in found.items() if name in public]
    return "\n".join(["# Without secrets: tokens and the mailbox's address are to be set again.", *lines, ""])


def write(target: Path, *, var: Path, snapshot: Path, words: str = "", keys: bool = False) -> Manifest:
    """Write a backup to `target`, which appears only when it is whole, readable by its owner only.

    `words` is the passphrase; without one the archive is not encrypted, and `keys` are refused.
    """
    from django.db import connection

    if keys and not words:
        raise BackupError("Keys go only into an encrypted backup: add --encrypt.")
    if target.exists():
        raise BackupError(f"{target} exists already.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with alone(target.parent / ".backup.lock"), staging(target.parent, ".backup-") as folder:
        members = folder / "members"
        members.mkdir(mode=0o700)
        with (members / "rows.jsonl").open("w", encoding="utf-8") as stream, one_moment():
            migrations = applied()
            rows = dump(stream)
        for file in _snapshots(snapshot):
            shutil.copyfile(file, members / file.name)
        if text := _settings_without_secrets():
            (members / "settings.toml").write_text(text, encoding="utf-8")
        if keys:
            for file, name in (
                (settings().path("secret_file"), "secret.key"),
                (var / "directory.key", "directory.key"),
            ):
                if file.exists():
                    shutil.copyfile(file, members / name)
        files = {file.name: _sha256(file) for file in sorted(members.iterdir())}
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        manifest = Manifest(now, connection.vendor, migrations, rows, files, keys)
        made = _pack(folder, members, manifest)
        if words:
            sealed = folder / "sealed"
            with made.open("rb") as plain, sealed.open("wb") as stream_out:
                seal(plain, stream_out, words)
            made = sealed
        os.chmod(made, 0o600)
        sync(made)
        os.link(made, target)  # unlike a rename it never replaces another backup
        sync(target.parent)
    return manifest


def _pack(folder: Path, members: Path, manifest: Manifest) -> Path:
    made = folder / "archive"
    (members / "manifest.json").write_text(json.dumps(vars(manifest), indent=1, sort_keys=True), encoding="utf-8")
    with gzip.open(made, "wb", compresslevel=3) as stream, tarfile.open(fileobj=stream, mode="w") as tar:
        for name in ["manifest.json", *manifest.files]:
            tar.add(members / name, name, filter=_anonymous)
    return made


def _anonymous(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the name of the person who made the backup."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


# --- reading -----------------------------------------------------------------------------------------------------------------------


def unpack(archive: Path, folder: Path, words: str = "") -> Manifest:
    """Check an archive and put its members into the folder. Raises BackupError for one that is damaged, newer or not ours."""
    try:
        if is_sealed(archive):
            if not words:
                raise BackupError("This backup is encrypted: give its passphrase.")
            opened = folder / "opened"
            with archive.open("rb") as sealed, opened.open("wb") as plain:
                unseal(sealed, plain, words)
            archive = opened
        with gzip.open(archive, "rb") as stream, closing(tarfile.open(fileobj=stream, mode="r|")) as tar:
            manifest = _members(tar, folder)
            while stream.read(1 << 20):  # the checksum stands at the end
                pass
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BackupError(f"{archive.name} is not a backup of Waypost, or it is damaged ({error}).") from error
    for name, wanted in manifest.files.items():
        if not (folder / name).exists() or _sha256(folder / name) != wanted:
            raise BackupError(f"{name} in the backup is missing or damaged.")
    if "rows.jsonl" not in manifest.files:
        raise BackupError("The backup holds no database.")
    return manifest


def _members(tar: tarfile.TarFile, folder: Path) -> Manifest:
    """Only plain files under names that we know, each once, and none that the manifest does not name."""
    manifest: Manifest | None = None
    for member in tar:
        if not member.isreg() or not _MEMBERS.fullmatch(member.name) or (folder / member.name).exists():
            raise BackupError(f"The backup holds {member.name!r}, which does not belong there.")
        source = tar.extractfile(member)
        if source is None or (manifest is None) != (member.name == "manifest.json"):
            raise BackupError("The backup does not begin with its manifest.")
        if manifest is None:
            if member.size > _MANIFEST_LIMIT:
                raise BackupError("The manifest of the backup is too long.")
            manifest = _manifest(json.loads(source.read()))
            continue
        if member.name not in manifest.files:
            raise BackupError(f"The backup holds {member.name!r}, which its manifest does not name.")
        with open(os.open(folder / member.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            shutil.copyfileobj(source, stream, 1 << 20)
    if manifest is None:
        raise BackupError("The backup is empty.")
    return manifest


def _manifest(found: dict[str, Any]) -> Manifest:
    if int(found["format"]) > FORMAT:
        raise BackupError("This backup was made by a newer Waypost: update this one first.")
    files = found.get("files")
    if not isinstance(files, dict) or not all(
        _MEMBERS.fullmatch(name) and isinstance(sha, str) for name, sha in files.items()
    ):
        raise BackupError("The manifest of the backup names files that do not belong there.")
    known = {field.name for field in fields(Manifest)}
    return Manifest(**{name: value for name, value in found.items() if name in known})
