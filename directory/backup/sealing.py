"""Encrypting an archive with a passphrase: scrypt makes the key, AES-256-GCM seals it chunk by chunk.

File: MAGIC, salt (16 bytes), nonce prefix (7 bytes), then chunks of 1 MiB, each with its tag. The nonce of a chunk is the prefix,
its number (4 bytes) and whether it is the last (1 byte), so chunks cannot be cut off, moved or repeated unnoticed (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015, as in age).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from directory.backup.errors import BackupError

__all__ = ["MAGIC", "SHORTEST", "is_sealed", "passphrase", "seal", "unseal"]

MAGIC = b"waypost backup, sealed, 1\n"
SHORTEST = 16
"""Characters of a passphrase."""
_CHUNK, _TAG, _SALT, _PREFIX = 1 << 20, 16, 16, 7
_COST = 1 << 17
"""scrypt's N with r = 8, p = 1: 128 MiB and some tenths of a second for each guess (OWASP's recommendation)."""


def passphrase(file: Path | None, environ: str = "WAYPOST_BACKUP_PASSPHRASE") -> str:
    """The passphrase, from a file (its last line end is cut) or the environment; never from the command line, which others see."""
    try:
        words = file.read_text(encoding="utf-8").rstrip("\r\n") if file else os.environ.get(environ, "")
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"The passphrase cannot be read: {error}") from error
    if not words:
        raise BackupError(f"A passphrase is needed: --passphrase-file FILE, or {environ} in the environment.")
    if len(words) < SHORTEST:
        raise BackupError(f"The passphrase is too short: at least {SHORTEST} characters, like five words drawn by lot.")
    return words


def is_sealed(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(MAGIC)) == MAGIC


def _cipher(words: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=_COST, r=8, p=1).derive(words.encode()))


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([last])


def _chunks(stream: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """(number, chunk, whether it is the last); an empty stream is one empty chunk."""
    number, chunk = 0, stream.read(size)
    while True:
        following = stream.read(size)
        yield number, chunk, not following
        if not following:
            return
        number, chunk = number + 1, following


def seal(plain: BinaryIO, sealed: BinaryIO, words: str) -> None:
    """Encrypt what is read from `plain` into `sealed`."""
    salt, prefix = os.urandom(_SALT), os.urandom(_PREFIX)
    header = MAGIC + salt + prefix
    sealed.write(header)
    cipher = _cipher(words, salt)
    for number, chunk, last in _chunks(plain, _CHUNK):
        sealed.write(cipher.encrypt(_nonce(prefix, number, last), chunk, header))


def unseal(sealed: BinaryIO, plain: BinaryIO, words: str) -> None:
    """Decrypt. Raises BackupError for another passphrase and for any change of the file; `plain` is worth nothing then."""
    header = sealed.read(len(MAGIC) + _SALT + _PREFIX)
    if len(header) != len(MAGIC) + _SALT + _PREFIX or not header.startswith(MAGIC):
        raise BackupError("This is not an encrypted backup, or it is damaged.")
    salt, prefix = header[len(MAGIC) : -_PREFIX], header[-_PREFIX:]
    cipher = _cipher(words, salt)
    for number, chunk, last in _chunks(sealed, _CHUNK + _TAG):
        try:
            plain.write(cipher.decrypt(_nonce(prefix, number, last), chunk, header))
        except InvalidTag as error:
            reason = "The passphrase is another one, or the file is damaged." if number == 0 else "The file is damaged."
            raise BackupError(reason) from error
