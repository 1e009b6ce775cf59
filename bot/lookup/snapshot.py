"""Opens the published snapshot, checks it, and changes over to a newer one while the bot runs."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timezone
from pathlib import Path

from bot.lookup import articles, emergency
from bot.lookup.digest import digest
from bot.lookup.index import Index
from bot.lookup.reading import ServiceReader
from bot.lookup.records import Article, EmergencyNumber, Meta, PlaceAlias, Service
from bot.lookup.schema import SCHEMA_VERSION

__all__ = ["Directory", "Snapshot", "SnapshotError"]

log = logging.getLogger(__name__)

LARGE = 20_000_000
"""Bytes from which on a newer file is checked aside, while the old one answers (checking takes about 1 s per 50 MB)."""


class SnapshotError(Exception):
    """The file cannot be used; the message says why."""


class Snapshot:
    """One version of the published records, open for reading. Safe for threads."""

    def __init__(self, path: Path) -> None:
        """Open and check the file. Raises SnapshotError if it is missing, damaged or of another schema."""
        try:
            self.db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
        except sqlite3.Error as error:
            raise SnapshotError(str(error)) from error
        try:
            self.meta = self._checked()
            self.reader = ServiceReader(self.db)
            self.aliases = tuple(PlaceAlias(*row) for row in self.db.execute(_ALIASES))
            self.allowed_hosts = frozenset(row[0] for row in self.db.execute("SELECT host FROM allowed_host"))
            self.index = Index(self.db)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
            self.db.close()
            raise SnapshotError(str(error)) from error
        except SnapshotError:
            self.db.close()
            raise

    def _checked(self) -> Meta:
        rows: dict[str, str] = dict(self.db.execute("SELECT key, value FROM meta").fetchall())
        version = int(rows["schema_version"])
        if version != SCHEMA_VERSION:
            raise SnapshotError(f"schema version {version}, this program reads {SCHEMA_VERSION}")
        problem = self.db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise SnapshotError(f"damaged: {problem}")
        if digest(self.db) != rows["digest"]:
            raise SnapshotError("damaged: the digest does not fit the rows")
        return Meta(
            schema_version=version,
            publication=rows.get("publication", ""),
            published_at=rows.get("published_at", ""),
            sample=rows.get("sample") == "1",
            countries=tuple(json.loads(rows.get("countries", "[]"))),
            services=int(rows.get("services", "0")),
            digest=rows["digest"],
        )


_ALIASES = "SELECT name, lang, label, country, lat, lon, radius_km FROM place_alias ORDER BY name, lang"


class Directory:
    """The newest usable snapshot at a path. Without one it answers that it is not `available`, and nothing else.

    A reader that began before a change-over goes on with the version it took (`current`)."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._current: Snapshot | None = None
        self._seen: tuple[int, int, int] | None = None
        self._lock = threading.Lock()
        self.refresh(wait=True)

    def refresh(self, *, wait: bool = False) -> None:
        """Change over to the file at the path if it is a new one; call once a turn (one `stat` as a rule).

        A file that cannot be used is refused with one line in the log, and the former snapshot stays. A large file is
        checked in a thread, unless `wait` or nothing is open yet."""
        try:
            stat = os.stat(self.path)
        except OSError:
            return
        signature = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if signature == self._seen or not self._lock.acquire(blocking=wait):
            return
        self._seen = signature
        if wait or self._current is None or stat.st_size < LARGE:
            self._open()
        else:
            threading.Thread(target=self._open, name="snapshot", daemon=True).start()

    def _open(self) -> None:
        try:
            fresh = Snapshot(self.path)
        except SnapshotError as error:
            kept = f", publication {self._current.meta.publication} stays" if self._current else ""
            log.error("snapshot %s refused: %s%s", self.path, error, kept)
        else:
            self._current = fresh  # one assignment: readers see the old version or the new one
            log.info("snapshot: publication %s, %s services", fresh.meta.publication, fresh.meta.services)
        finally:
            self._lock.release()

    @property
    def current(self) -> Snapshot | None:
        """The version that answers now, None if there is none."""
        return self._current

    @property
    def available(self) -> bool:
        """Whether there are records to read."""
        return self._current is not None

    @property
    def meta(self) -> Meta:
        """What the snapshot says about itself; empty without one."""
        return self._current.meta if self._current else Meta()

    @property
    def countries(self) -> tuple[str, ...]:
        """Countries with services."""
        return self.meta.countries

    @property
    def sample(self) -> bool:
        """Whether a sample record is in it."""
        return self.meta.sample

    def service(self, identifier: str, today: date | None = None) -> Service | None:
        """The service of that id, None if it is not published (any more), or unchecked for so long that it is hidden on `today`."""
        found = self._current.reader.service(identifier) if self._current else None
        return None if found and today and found.hidden_after < today.isoformat() else found

    def aliases(self) -> Sequence[PlaceAlias]:
        """Names of places that staff know; the same object until the snapshot changes."""
        return self._current.aliases if self._current else ()

    def allowed_hosts(self) -> frozenset[str]:
        """Hosts that links may lead to."""
        return self._current.allowed_hosts if self._current else frozenset()

    def article(
        self,
        topic: str,
        country: str | None,
        language: str,
        second_language: str | None = None,
        today: date | None = None,
    ) -> Article | None:
        """The explanation of a topic (an `info_*` intent): the country's, else the general one; see `articles`."""
        if self._current is None:
            return None
        return articles.article(self._current.db, topic, country, language, second_language, today or _today())

    def emergency(
        self, country: str | None, kinds: Iterable[str] = (), today: date | None = None
    ) -> list[EmergencyNumber]:
        """Numbers for one of the kinds, best first; see `emergency`."""
        if self._current is None:
            return [emergency.GSM]
        return emergency.numbers(self._current.db, country, kinds, today or _today())


def _today() -> date:
    return datetime.now(timezone.utc).date()
