"""What the settings need before Django is there: flags, the database's address, the signing key."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

__all__ = ["choice", "database", "flag", "mail", "secret_key"]


def flag(name: str, *, default: bool) -> bool:
    """A yes-or-no variable of the environment. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name, "").strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    if value:
        raise ImproperlyConfigured(f"{name}: {value!r} is neither yes nor no")
    return default


def choice(name: str, words: tuple[str, ...], *, default: str) -> str:
    """A setting that is one of a few words."""
    given = os.environ.get(name, "").strip().lower() or default
    if given not in words:
        raise ImproperlyConfigured(f"{name}: expected {' or '.join(words)}, not {given!r}")
    return given


def database(url: str, sqlite: Path) -> dict[str, Any]:
    """Django's entry of a database: PostgreSQL at a URL, else the SQLite file.

    SQLite runs with a write-ahead log, so that publishing reads while staff write, and takes the write lock when a
    transaction begins, so that two writers wait for each other instead of failing half way.
    """
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": sqlite,
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
            },
        }
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgres", "postgresql") or not name:
        raise ImproperlyConfigured("WAYPOST_DIRECTORY_DATABASE_URL: expected postgresql://user:password@host:port/name")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
    }


def mail(url: str, folder: Path) -> dict[str, Any]:
    """Django's mail settings: `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`; else letters lie in a folder as files."""
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend", "EMAIL_FILE_PATH": folder}
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise ImproperlyConfigured("WAYPOST_DIRECTORY_MAIL_URL: expected smtp://user:password@host:port or smtps://...")
    implicit = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if implicit else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": implicit,
        "EMAIL_USE_TLS": not implicit and parts.hostname not in ("localhost", "127.0.0.1"),
        "EMAIL_TIMEOUT": 20,
    }


def secret_key(file: Path) -> str:
    """Key that signs sessions: from the environment, else from a file that only the owner can read, made at first use."""
    given = os.environ.get("WAYPOST_DIRECTORY_SECRET_KEY", "")
    if given:
        if len(given) < 32:
            raise ImproperlyConfigured("WAYPOST_DIRECTORY_SECRET_KEY: at least 32 characters are needed")
        return given
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = file.read_text(encoding="ascii").strip()
        if len(key) < 32:
            raise ImproperlyConfigured(
                f"{file}: damaged; remove it to make a new key (everybody logs in again)"
            ) from None
        return key
    key = secrets.token_urlsafe(48)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(key)
    return key
