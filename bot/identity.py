"""Who writes, without knowing who: conversation ids as keyed hashes, and addresses that are sealed until the answer is sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from bot.settings import settings

__all__ = ["REPORT_HEADER", "conversation_id", "load_key", "new_visitor", "report_token", "seal", "unseal"]

REPORT_HEADER = "X-Waypost-Token"


def load_key(path: Path) -> bytes:
    """The 32-byte key in that file; made with mode 0600 if the file does not exist. Raises ValueError if it is damaged."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        pass
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return load_key(path)
    else:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    text = path.read_text().strip()
    try:
        key = bytes.fromhex(text)
    except ValueError as error:
        raise ValueError(f"{path} does not hold a key in hexadecimal digits") from error
    if len(key) != 32:
        raise ValueError(f"{path} holds a key of {len(key)} bytes, not 32")
    return key


@lru_cache(maxsize=1)
def _key() -> bytes:
    return load_key(settings().path("secret_file"))


def conversation_id(channel: str, address: str, key: bytes | None = None) -> str:
    """32 hexadecimal digits for one person on one channel. Without the key nobody can compute it from a phone number.

    HMAC-SHA256 cut to 128 bits (safety.md, P4: phone numbers are few enough that a plain hash can be reversed).
    """
    digest = hmac.new(key or _key(), f"{channel}\0{address}".encode(), hashlib.sha256)
    return digest.hexdigest()[:32]


def _box(key: bytes | None) -> Fernet:
    derived = hmac.new(key or _key(), b"address", hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(address: str, key: bytes | None = None) -> str:
    """An address (chat id, phone number) encrypted, to be kept only until the answer is sent (safety.md, P5)."""
    return _box(key).encrypt(address.encode()).decode()


def unseal(sealed: str, key: bytes | None = None) -> str:
    """The address again. Raises ValueError if it was sealed with another key or is damaged."""
    try:
        return _box(key).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise ValueError("this address was sealed with another key") from error


def new_visitor() -> str:
    """A random id for a new visitor of the web page; it lives in an HttpOnly cookie."""
    return secrets.token_urlsafe(24)


def report_token(key: bytes) -> str:
    """What the bot shows to the directory with its reports, and the directory checks: both read the same key file."""
    return hmac.new(key, b"reports", hashlib.sha256).hexdigest()
