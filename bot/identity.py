"""Who writes, without knowing who: conversation ids as keyed hashes, and what is kept of people sealed with the same key.

`python -m bot.identity rotate` makes a new key. The one before stays for some days, so that conversations go on and what
was sealed with it can be read; then it is deleted, and whatever was still sealed with it can be read by nobody (docs/privacy.md).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import os
import secrets
import sys
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from cryptography.fernet import Fernet, InvalidToken

from bot.settings import settings

__all__ = [
    "REPORT_HEADER",
    "Keys",
    "conversation_id",
    "drop_expired",
    "earlier_ids",
    "load_key",
    "load_keys",
    "new_visitor",
    "report_token",
    "rotate",
    "seal",
    "unseal",
]

REPORT_HEADER = "X-Waypost-Token"
DAY = 86400.0
_REMEMBERED = 20_000
"""Conversations whose earlier ids a process knows while an old key is kept."""


# --- keys ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """The key in use, and those before it that are still kept."""

    current: bytes
    earlier: tuple[tuple[bytes, float], ...] = ()
    """Newest first: key, and until when it is kept, in seconds since 1970."""


def load_key(path: Path) -> bytes:
    """The 32-byte key in use; made with mode 0600 if the file does not exist. Raises ValueError if it is damaged."""
    return load_keys(path).current


def load_keys(path: Path, now: float | None = None) -> Keys:
    """The keys in that file: a line with the key in use, then a line for each that is kept: key, blank, seconds since 1970.

    A key is 64 hexadecimal digits. Keys past their time are left out. Raises ValueError if the file is damaged."""
    _make(path)
    now = time.time() if now is None else now
    lines = path.read_text().split("\n")
    earlier = []
    for line in lines[1:]:
        if line.strip():
            digits, _, until = line.strip().partition(" ")
            try:
                at = float(until)
            except ValueError as error:
                raise ValueError(f"{path}: a key that is kept has no time until when") from error
            if at > now:
                earlier.append((_key_of(digits, path), at))
    return Keys(_key_of(lines[0].strip(), path), tuple(earlier))


def _make(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))


def _key_of(digits: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(digits)
    except ValueError as error:
        raise ValueError(f"{path} does not hold a key in hexadecimal digits") from error
    if len(key) != 32:
        raise ValueError(f"{path} holds a key of {len(key)} bytes, not 32")
    return key


def rotate(path: Path, keep_days: float, now: float | None = None) -> Keys:
    """Put a new key in use, and keep the one before for so many days. Programs that run take it up by themselves.

    Raises ValueError if the file is damaged."""
    now = time.time() if now is None else now
    before = load_keys(path, now)
    kept = ((before.current, now + keep_days * DAY), *before.earlier)
    return _write(path, Keys(secrets.token_bytes(32), kept if keep_days > 0 else before.earlier))


def drop_expired(path: Path, now: float | None = None) -> int:
    """Delete the keys that are past their time from the file; returns how many. Raises ValueError if it is damaged."""
    whole = load_keys(path, now=0.0)
    kept = load_keys(path, now)
    gone = len(whole.earlier) - len(kept.earlier)
    if gone:
        _write(path, kept)
    return gone


def _write(path: Path, keys: Keys) -> Keys:
    # Beside it and then in its place: whoever reads meanwhile finds one or the other.
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join([keys.current.hex(), *(f"{key.hex()} {until:.0f}" for key, until in keys.earlier)]))
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    return keys


@lru_cache(maxsize=2)
def _loaded(path: Path, _changed: int, _inode: int) -> Keys:
    return load_keys(path)


def _keys() -> Keys:
    """The keys of the settings' file, read again when it has changed."""
    path = settings().path("secret_file")
    _make(path)
    state = path.stat()
    keys = _loaded(path, state.st_mtime_ns, state.st_ino)
    now = time.time()
    if any(until <= now for _, until in keys.earlier):
        return Keys(keys.current, tuple(row for row in keys.earlier if row[1] > now))
    return keys


# --- ids ----------------------------------------------------------------------------------------------------------------

_earlier: OrderedDict[str, tuple[str, ...]] = OrderedDict()
_lock = Lock()


def conversation_id(channel: str, address: str, key: bytes | None = None) -> str:
    """32 hexadecimal digits for one person on one channel. Without the key nobody can compute it from a phone number.

    HMAC-SHA256 cut to 128 bits (safety.md, P4: phone numbers are few enough that a plain hash can be reversed).
    """
    if key is not None:
        return _hashed(channel, address, key)
    keys = _keys()
    identifier = _hashed(channel, address, keys.current)
    if keys.earlier:
        with _lock:
            _earlier[identifier] = tuple(_hashed(channel, address, old) for old, _ in keys.earlier)
            _earlier.move_to_end(identifier)
            while len(_earlier) > _REMEMBERED:
                _earlier.popitem(last=False)
    return identifier


def _hashed(channel: str, address: str, key: bytes) -> str:
    return hmac.new(key, f"{channel}\0{address}".encode(), hashlib.sha256).hexdigest()[:32]


def earlier_ids(conversation: str) -> tuple[str, ...]:
    """Ids that the same conversation had under the keys before, if this process has computed its id; newest first."""
    if not _earlier:
        return ()
    with _lock:
        return _earlier.get(conversation, ())


# --- sealing ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _box(key: bytes) -> Fernet:
    derived = hmac.new(key, b"address", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(words: str, key: bytes | None = None) -> str:
    """An address, a message or a memory encrypted, as it stands in the mailbox until it is deleted (safety.md, P5)."""
    return _box(key or _keys().current).encrypt(words.encode()).decode()


def unseal(sealed: str, key: bytes | None = None) -> str:
    """What was sealed. Raises ValueError if it was sealed with a key that is not there (any more) or is damaged."""
    keys: Sequence[bytes]
    if key:
        keys = [key]
    else:
        known = _keys()
        keys = [known.current, *(old for old, _ in known.earlier)]
    for one in keys:
        try:
            return _box(one).decrypt(sealed.encode()).decode()
        except InvalidToken:
            continue
    raise ValueError("this was sealed with another key")


def new_visitor() -> str:
    """A random id for a new visitor of the web page; it lives in an HttpOnly cookie."""
    return secrets.token_urlsafe(24)


def report_token(key: bytes) -> str:
    """What the bot shows to the directory with its reports, and the directory checks: both read the same key file."""
    return hmac.new(key, b"reports", hashlib.sha256).hexdigest()


def main() -> int:
    """`python -m bot.identity rotate [--keep-days N]` or `python -m bot.identity show`"""
    parser = argparse.ArgumentParser(description="The key of conversation ids and of what is sealed.")
    commands = parser.add_subparsers(dest="command", required=True)
    rotating = commands.add_parser("rotate", help="put a new key in use; nothing needs to be restarted")
    rotating.add_argument(
        "--keep-days", type=float, help="days for which the key before is kept (default: the setting retention_days)"
    )
    commands.add_parser("show", help="how old the key is and how many are kept; never the keys themselves")
    arguments = parser.parse_args()
    path = settings().path("secret_file")
    try:
        if arguments.command == "rotate":
            days = settings().retention_days if arguments.keep_days is None else arguments.keep_days
            rotate(path, days)
            print(f"{path}: a new key is in use; the one before is kept for {days:g} days")
        else:
            keys = load_keys(path)
            age = (time.time() - path.stat().st_mtime) / DAY
            print(f"{path}: in use since {age:.1f} days at least; {len(keys.earlier)} kept beside it")
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
