"""Publishing: the public records become a new snapshot, which replaces the last one only when it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import timezone as datetime_timezone
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from bot.lookup.digest import digest
from bot.lookup.schema import DDL, SCHEMA_VERSION
from directory import snapshot_checks
from directory.models import Location, Publication
from directory.moment import one_moment
from directory.snapshot_rows import tables

__all__ = ["KEEP", "PublishError", "Published", "publish", "sync"]

KEEP = 5
"""Snapshots that stay beside the current one, as `snapshot-<publication>.sqlite`; none that tells a place that is confidential now."""
BATCH = 5000
TELL_EVERY = 1.0
"""Seconds between two lines of progress of one table."""
log = logging.getLogger(__name__)


class PublishError(Exception):
    """Nothing was published and the last snapshot stays; the reasons are for staff."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Published:
    """What was published."""

    publication: int
    path: Path
    digest: str
    counts: dict[str, int]
    """Rows by table."""
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0


PATIENCE = 15.0
"""How long a publication waits for another one, in seconds."""


def _quiet(message: str) -> None:
    """Progress that nobody reads."""


def publish(
    by: Any = None, *, path: Path | None = None, today: date | None = None, progress: Callable[[str], None] = _quiet
) -> Published:
    """Publish to `path` (default: the setting) for the user `by`. Raises PublishError; the last snapshot stays then."""
    started = time.monotonic()
    target = path or settings.SNAPSHOT
    publication = Publication.objects.create(by=by)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(target.parent), _file(target.parent) as file:
            counts, found = _build(file, publication, today or timezone.localdate(), progress)
            fingerprint = _seal(file)
            progress(f"checked, digest {fingerprint[:12]}")
            _replace(file, target, publication.pk)
    except PublishError as error:
        _failed(publication, error.reasons)
        raise
    except (OSError, sqlite3.Error) as error:
        _failed(publication, [str(error)])
        raise PublishError([str(error)]) from error
    except Exception as error:
        log.exception("publication %s failed", publication.pk)
        _failed(publication, [repr(error)])
        raise PublishError([repr(error)]) from error
    publication.state, publication.digest = Publication.State.PUBLISHED, fingerprint
    publication.counts, publication.warnings = counts, found
    publication.save()
    log.info("published %s: %s services, digest %s", publication.pk, counts["service"], fingerprint)
    return Published(publication.pk, target, fingerprint, counts, found, time.monotonic() - started)


def _failed(publication: Publication, reasons: list[str]) -> None:
    publication.state, publication.error = Publication.State.FAILED, "\n".join(reasons)
    publication.save()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One publisher at a time; a second one waits for PATIENCE: an approval is published by itself, and whoever approved then
    often presses "Publish now"."""
    with open(folder / ".publish.lock", "w", encoding="ascii") as lock:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise PublishError(["somebody else is publishing at this moment; try again in a minute"]) from error
                time.sleep(0.1)
        yield


@contextlib.contextmanager
def _file(folder: Path) -> Iterator[Path]:
    """A new file in the folder of the snapshot, so that it can be renamed in one step; removed if it still lies there."""
    handle, name = tempfile.mkstemp(prefix=".snapshot-", suffix=".tmp", dir=folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _build(
    file: Path, publication: Publication, today: date, progress: Callable[[str], None]
) -> tuple[dict[str, int], list[str]]:
    """Write all rows and check them. Returns rows by table, and warnings."""
    samples = not settings.PRODUCTION
    counts: dict[str, int] = {}
    snapshot = sqlite3.connect(file, isolation_level=None)
    with contextlib.closing(snapshot), one_moment():
        snapshot.execute("PRAGMA journal_mode = OFF")
        snapshot.execute("PRAGMA synchronous = OFF")
        snapshot.executescript(DDL)
        snapshot.execute("BEGIN")
        told = time.monotonic()
        for table, rows in tables(today, samples=samples):
            counts[table] = 0
            iterator = iter(rows)
            while batch := list(islice(iterator, BATCH)):
                marks = ", ".join("?" * len(batch[0]))
                snapshot.executemany(f'INSERT INTO "{table}" VALUES ({marks})', batch)
                counts[table] += len(batch)
                if time.monotonic() > told + TELL_EVERY:
                    told = time.monotonic()
                    progress(f"{table}: {counts[table]} rows so far")
            progress(f"{table}: {counts[table]} rows")
        progress("checking what was written ...")
        _describe(snapshot, publication, counts)
        snapshot.execute("COMMIT")
        reasons = snapshot_checks.problems(snapshot, counts) + snapshot_checks.leaks(snapshot)
        if reasons:
            raise PublishError(reasons)
        return counts, snapshot_checks.warnings(today, samples=samples)


def _describe(snapshot: sqlite3.Connection, publication: Publication, counts: dict[str, int]) -> None:
    """Fill `meta`."""
    countries = {row[0] for row in snapshot.execute("SELECT country FROM site UNION SELECT country FROM service_area")}
    for row in snapshot.execute("SELECT DISTINCT serves_countries FROM service"):
        countries.update(json.loads(row[0]))
    sample = snapshot.execute("SELECT (SELECT max(sample) FROM service) = 1 OR (SELECT max(sample) FROM article) = 1")
    at = publication.at.astimezone(datetime_timezone.utc)
    meta = {
        "schema_version": str(SCHEMA_VERSION),
        "publication": str(publication.pk),
        "published_at": _iso(at),
        "sample": str(int(bool(sample.fetchone()[0]))),
        "countries": json.dumps(sorted(countries)),
        "services": str(counts["service"]),
        "digest": digest(snapshot),
    }
    snapshot.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _seal(file: Path) -> str:
    """Open the finished file as the bot does, compare its digest, and bring it safely onto the disk."""
    with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as snapshot:
        written = snapshot.execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()[0]
        if digest(snapshot) != written:
            raise PublishError(["the file that was written differs from what was meant; is the disk full or failing?"])
    os.chmod(file, 0o644)
    sync(file)
    return str(written)


def sync(path: Path) -> None:
    """Bring a file or a folder safely onto the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _replace(file: Path, target: Path, publication: int) -> None:
    """Keep a second name for this version, then put it in the place of the current snapshot in one step."""
    kept = target.with_name(f"{target.stem}-{publication}{target.suffix}")
    kept.unlink(missing_ok=True)
    os.link(file, kept)
    os.replace(file, target)
    sync(target.parent)
    versions = {
        int(p.stem.rsplit("-", 1)[1]): p for p in target.parent.glob(f"{target.stem}-*{target.suffix}") if _numbered(p)
    }
    for number in sorted(versions)[:-KEEP]:
        versions.pop(number).unlink(missing_ok=True)
    hidden = set(Location.objects.exclude(visibility="public").values_list("public_id", flat=True))
    for number, file in versions.items():
        if number != publication and _shows(file, hidden):
            file.unlink(missing_ok=True)


def _shows(file: Path, hidden: set[str]) -> bool:
    """Whether an earlier snapshot tells the exact place of one that is confidential now."""
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as snapshot:
            sites = snapshot.execute("SELECT id FROM site WHERE visibility = 'public'")
            return any(str(row[0]).split(":", 1)[1] in hidden for row in sites)
    except sqlite3.Error:
        return False


def _numbered(path: Path) -> bool:
    return path.stem.rsplit("-", 1)[1].isdigit()
