"""What the bot itself can see of its readiness: settings, keys, the published directory, texts, channels, what is kept.

`before_start` asks the part of it that costs next to nothing, in the gateway, the worker and the sender.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import sqlalchemy as sa
import yaml
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.registry import channels
from bot.findings import Finding, accepted, finding, open_to_others, stopping, tell
from bot.identity import load_keys
from bot.languages import languages, served
from bot.lookup.snapshot import Snapshot, SnapshotError
from bot.mailbox.limits import LIMITS, seconds_of, words_of
from bot.replies import reviews
from bot.replies.neutrality import RULES
from bot.replies.texts import sources
from bot.settings import ROOT, Settings, SettingsError

__all__ = ["advisories", "before_start", "everything", "quick", "retention"]

log = logging.getLogger(__name__)

KEY_DAYS = 100
SNAPSHOT_DAYS = 30
EXPIRING_DAYS = 14
ADVISED = (30, 24)
"""Days of silence and hours of waiting answers (safety.md, P5)."""
LONGEST = (90, 168)
LATE = 86400.0
"""Seconds past its limit after which a row counts as forgotten by the purge."""
ADVISORIES = ROOT / "data" / "security" / "advisories.yml"
_READ = re.compile(r"\bRead by \S.*\d{4}-\d{2}-\d{2}")


# --- settings, keys, files --------------------------------------------------------------------------------------------


def _settings(config: Settings) -> Iterator[Finding]:
    if not config.production:
        yield finding("production-off", "production is off")
        if config.inspection:
            yield finding("inspection-on", "the inspection contract is served")
    if config.log_level.strip().upper() in ("DEBUG", "NOTSET"):
        yield finding("debug-log", f"log_level is {config.log_level}")
    if not config.operator.strip():
        yield finding("operator", "the operator has no name")
    if not config.duty_contact.strip():
        yield finding("duty-contact", "nobody is named who is on duty")
    if config.texts == "draft":
        yield finding("texts-draft", "the setting `texts` is draft: unread texts are said")
    if config.bot_host not in ("127.0.0.1", "::1", "localhost"):
        yield finding("bot-open", f"bot_host is {config.bot_host}")
    if not config.public_url.startswith("https://"):
        yield finding("public-url", f"public_url is {config.public_url or 'empty'}")
    days, hours = config.retention_days, config.reply_hours
    kept = f"retention_days={days}, reply_hours={hours}"
    if not (1 <= days <= LONGEST[0] and 1 <= hours <= LONGEST[1]):
        yield finding("retention-off", kept)
    elif days > ADVISED[0] or hours > ADVISED[1]:
        yield finding("retention-long", kept)


def _keys(config: Settings) -> Iterator[Finding]:
    path = config.path("secret_file")
    if not path.is_file():
        yield finding("secret-key", f"there is no {path}")
        return
    try:
        load_keys(path)
    except (OSError, ValueError) as error:
        yield finding("secret-key", f"{path} cannot be used: {type(error).__name__}")
    if problem := open_to_others(path):
        yield finding("secret-key-open", problem)
    age = (time.time() - path.stat().st_mtime) / 86400
    if age > KEY_DAYS:
        yield finding("secret-key-old", f"{path} was last changed {age:.0f} days ago")


def _files(config: Settings) -> Iterator[Finding]:
    var = config.path("var")
    if var.is_dir() and var.stat().st_mode & 0o077:
        readable = sorted(
            path.name
            for pattern in ("*.sqlite3", "*.sqlite3-wal", "backups/*", "mail/*", "imports/*")
            for path in var.glob(pattern)
            if path.is_file() and path.stat().st_mode & 0o077 and not (path.parent != var and _closed(path.parent))
        )
        if readable:
            yield finding("files-open", f"others can read {len(readable)} files in {var}", readable)


def _closed(folder: Path) -> bool:
    return not folder.stat().st_mode & 0o077


def quick(config: Settings) -> list[Finding]:
    """What costs next to nothing to see: settings and keys."""
    return [*_settings(config), *_keys(config)]


# --- the published directory ------------------------------------------------------------------------------------------


def _snapshot(config: Settings, today: date) -> Iterator[Finding]:
    path = config.path("snapshot")
    if not path.exists():
        yield finding("snapshot", f"nothing has been published: there is no {path}")
        return
    try:
        snapshot = Snapshot(path)
    except SnapshotError as error:
        yield finding("snapshot", f"{path} cannot be used: {error}")
        return
    try:
        if not snapshot.meta.services:
            yield finding("snapshot", "no service is published")
        if snapshot.meta.sample:
            yield finding("snapshot-sample", "invented records are published")
        published = datetime.fromisoformat(snapshot.meta.published_at.replace("Z", "+00:00")).date()
        if today - published > timedelta(days=SNAPSHOT_DAYS):
            yield finding("snapshot-old", f"last published on {published}")
        yield from _numbers(snapshot, today)
        yield from _reviews_due(snapshot, today)
    finally:
        snapshot.db.close()


_GENERAL = "general"
_KINDS = ("sea", "child", "gbv", "trafficking", "self_harm", "detention")


def _numbers(snapshot: Snapshot, today: date) -> Iterator[Finding]:
    """Of each country with published services: whether somebody has verified a number, and until when that counts."""
    day, soon = today.isoformat(), (today + timedelta(days=EXPIRING_DAYS)).isoformat()
    unverified, expired, expiring, kinds, silent = [], [], [], [], []
    for country in snapshot.meta.countries:
        rows = snapshot.db.execute(
            "SELECT kind, number, verified_on, expires_on, must_report FROM emergency_number WHERE country = ?",
            (country,),
        ).fetchall()
        general = [row for row in rows if row[0] == _GENERAL]
        valid = [row for row in rows if row[2] and row[3] and row[3] >= day]
        if not any(row in valid for row in general):
            past = [f"{row[1]} on {row[3]}" for row in general if row[2] and row[3]]
            if past:
                expired.append(f"{country}: {', '.join(past)}")
            else:
                unverified.append(f"{country}: {', '.join(row[1] for row in general) or 'no number at all'}")
        expired += [
            f"{country}: {row[0]} {row[1]} on {row[3]}"
            for row in rows
            if row[0] != _GENERAL and row[3] and row[3] < day
        ]
        expiring += [f"{country}: {row[0]} {row[1]} on {row[3]}" for row in valid if row[3] <= soon]
        if missing := [kind for kind in _KINDS if kind not in {row[0] for row in valid}]:
            kinds.append(f"{country}: {', '.join(missing)}")
        silent += [f"{country}: {row[0]} {row[1]}" for row in valid if row[4] == "unknown"]
    for identifier, lines, what in (
        ("numbers-unverified", unverified, "countries with services have no verified number for danger"),
        ("numbers-expired", expired, "verifications of numbers have expired"),
        ("numbers-expiring", expiring, f"verifications of numbers expire within {EXPIRING_DAYS} days"),
        ("numbers-kinds", kinds, "countries have no verified number for some dangers"),
        ("numbers-report", silent, "verified numbers do not say what their operator must report"),
        ("handoff", _without_people(snapshot), "countries have nobody whom people can call to talk to"),
    ):
        if lines:
            yield finding(identifier, f"{len(lines)} {what}", lines)


def _without_people(snapshot: Snapshot) -> list[str]:
    """Countries without a service with a phone of the kinds that `talk_to_human` offers (actions/conversation.py)."""
    reached = {
        row[0]
        for row in snapshot.db.execute(
            "SELECT DISTINCT coalesce(site.country, service_area.country, served.value) FROM service_category AS kind"
            " JOIN contact_point AS phone ON phone.service_id = kind.service_id AND phone.kind = 'phone'"
            " JOIN service ON service.id = kind.service_id"
            " LEFT JOIN site ON site.service_id = kind.service_id"
            " LEFT JOIN service_area ON service_area.service_id = kind.service_id"
            " LEFT JOIN json_each(service.serves_countries) AS served"
            " WHERE kind.category IN ('family_links', 'legal_aid', 'mental_health', 'community')"
        )
    }
    return [country for country in snapshot.meta.countries if country not in reached]


def _reviews_due(snapshot: Snapshot, today: date) -> Iterator[Finding]:
    day = today.isoformat()
    total, due, hidden = snapshot.db.execute(
        "SELECT count(*), coalesce(sum(review_due < ?), 0), coalesce(sum(hidden_after < ?), 0) FROM service", (day, day)
    ).fetchone()
    if due:
        yield finding(
            "services-overdue", f"{due} of {total} services are past their review date, {hidden} of them are hidden"
        )
    old = [
        f"{identifier}: {until}"
        for identifier, until in snapshot.db.execute(
            "SELECT id, review_due FROM article WHERE review_due < ? ORDER BY review_due", (day,)
        )
    ]
    if old:
        yield finding("articles-overdue", f"{len(old)} articles are past their review date", old)


# --- texts ------------------------------------------------------------------------------------------------------------


def _kind(key: str) -> str:
    """The kind of a text, as the report counts them: the beginning of its key."""
    for beginning in reviews.APPROVED_BY_TWO:
        if key.startswith(beginning):
            return beginning.strip(":_")
    return key.partition(":")[0] if ":" in key else "other"


def _texts() -> Iterator[Finding]:
    known = sources()
    crisis: list[str] = []
    rest: list[str] = []
    counts: Counter[str] = Counter()
    for code in [known_language.code for known_language in served()]:
        texts = reviews.texts_of(code)
        by: dict[bool, Counter[str]] = {True: Counter(), False: Counter()}
        for key, source in known.items():
            state = reviews.state(code, key, source, texts[key]) if key in texts else "missing"
            if state != "approved":
                by[reviews.needs_two(key)][f"{_kind(key)} {state}"] += 1
        for two, lines, name in ((True, crisis, "texts-crisis"), (False, rest, "texts-rest")):
            if by[two]:
                counts[name] += sum(by[two].values())
                lines.append(f"{code}: " + ", ".join(f"{count} {kind}" for kind, count in sorted(by[two].items())))
    if crisis:
        what = (
            f"{counts['texts-crisis']} texts that two people must approve are not approved, in {len(crisis)} languages"
        )
        yield finding("texts-crisis", what, crisis)
    if rest:
        yield finding(
            "texts-rest", f"{counts['texts-rest']} other texts are not approved, in {len(rest)} languages", rest
        )


def _words() -> Iterator[Finding]:
    unread = []
    for code in [known.code for known in served()]:
        path = RULES / f"{code}.yml"
        if not path.exists():
            unread.append(f"{languages()[code].english}: there are none")
        elif not _READ.search(path.read_text(encoding="utf-8").partition("\n")[0]):
            unread.append(f"{languages()[code].english}: not read")
    if unread:
        yield finding("words-unread", f"rules on neutral words of {len(unread)} languages are unread", unread)


# --- channels, what is kept, the model ---------------------------------------------------------------------------------


_SHARED = {"twilio": ("sms", "whatsapp")}
"""Settings with this beginning serve these channels."""


def _channels(config: Settings) -> Iterator[Finding]:
    known = channels()
    on = [name for name, channel in known.items() if channel.configured(config)]
    broken = [f"{name}: {problem}" for name in on for problem in known[name].problems(config)]
    if broken:
        yield finding(
            "channel-broken", f"{len({line.partition(':')[0] for line in broken})} channels cannot start", broken
        )
    plain = Settings()
    partial = []
    for beginning in (*known, *_SHARED):
        if set(_SHARED.get(beginning, (beginning,))) & set(on):
            continue
        given = [
            name
            for name in vars(plain)
            if name.startswith(f"{beginning}_")
            and name != "whatsapp_templates"
            and getattr(config, name) != getattr(plain, name)
        ]
        if given:
            partial.append(f"{beginning}: {', '.join(given)}")
    if partial:
        yield finding("channel-partial", "settings are there of channels that are off", partial)
    if not on:
        yield finding("channel-none", "no channel but the web chat is set up")


def _mailbox(config: Settings) -> Iterator[Finding]:
    url = make_url(config.mailbox_url)
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite and config.workers > 1:
        yield finding("database-sqlite", f"{config.workers} workers share a mailbox on SQLite")
    if sqlite and not (url.database and Path(url.database).exists()):
        return
    late = []
    lengths = seconds_of(config.reply_hours, config.retention_days)
    now = time.time()
    engine = sa.create_engine(url, future=True, hide_parameters=True)
    try:
        present = set(sa.inspect(engine).get_table_names())
        with engine.connect() as connection:
            for table, limits in LIMITS.items():
                for limit in limits if table in present else ():
                    before: float | str = now - lengths[limit.length] - LATE
                    if isinstance(limit.column.type, sa.String):
                        before = time.strftime("%Y-%m-%d", time.gmtime(float(before)))
                    rows = sa.select(sa.func.count()).where(limit.column < before, limit.where)
                    if count := connection.execute(rows).scalar_one():
                        late.append(f"{table}: {count} rows older than {words_of(lengths[limit.length])}")
    finally:
        engine.dispose()
    if late:
        yield finding("retention-late", f"{len(late)} tables hold what should have been deleted", late)


def retention(config: Settings) -> list[str]:
    """How long each table of the mailbox keeps a row, a line each."""
    lengths = seconds_of(config.reply_hours, config.retention_days)
    return [
        f"kept: {table} {', '.join(words_of(lengths[limit.length]) for limit in limits)}"
        for table, limits in sorted(LIMITS.items())
    ]


def _model(config: Settings) -> Iterator[Finding]:
    folder = config.path("models")
    if not any(folder.glob("*.tar.gz")):
        yield finding("model", f"there is no trained model in {folder}")


def advisories(today: date) -> Iterator[Finding]:
    """Advisories on dependencies that were accepted until a day that has passed."""
    rows = yaml.safe_load(ADVISORIES.read_text(encoding="utf-8"))["accepted"]
    past = [f"{row['package']} {row['version']}: {row['until']}" for row in rows if row["until"] < today]
    if past:
        yield finding("advisories", f"{len(past)} accepted advisories want another look", past)


def everything(config: Settings, today: date | None = None) -> tuple[list[Finding], list[str]]:
    """All that the bot can see by itself, and what it could not look at."""
    today = today or datetime.now(timezone.utc).date()
    found, unchecked = quick(config), []
    looks: tuple[tuple[str, Callable[[], Iterable[Finding]]], ...] = (
        ("files", lambda: _files(config)),
        ("the published directory", lambda: _snapshot(config, today)),
        ("texts", _texts),
        ("rules on neutral words", _words),
        ("channels", lambda: _channels(config)),
        ("the mailbox", lambda: _mailbox(config)),
        ("the model", lambda: _model(config)),
        ("accepted advisories", lambda: advisories(today)),
    )
    for name, look in looks:
        try:
            found += look()
        except (OSError, ValueError, KeyError, TypeError, SQLAlchemyError) as error:
            unchecked.append(f"{name} ({type(error).__name__})")
    return found, unchecked


# --- at the start -----------------------------------------------------------------------------------------------------


def before_start(config: Settings) -> None:
    """In production: ends the program (status 3) if settings or keys are not fit for it. Called by gateway, worker and sender."""
    if not config.production:
        return
    try:
        stops, passed = stopping(quick(config), "bot", accepted(config), datetime.now(timezone.utc).date())
    except SettingsError as error:
        log.error("not started in production mode: %s", error)
        raise SystemExit(3) from error
    for line in tell(stops, passed):
        log.error("not started in production mode: %s", line)
    if stops:
        log.error("`make readiness` tells more; docs/readiness.md says how a finding is accepted")
        raise SystemExit(3)
