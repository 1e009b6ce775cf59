"""Telling another process that there is something in the mailbox, so that nobody has to ask a database all the time.

A doorbell is a datagram socket in a folder. Ringing never blocks and never fails: a lost ring only costs the time
until the listener looks by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

__all__ = ["Doorbell", "ring"]


class Doorbell:
    """The listening end, `<folder>/<name>.bell`. One process listens on a name."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}.bell"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))

    async def wait(self, timeout: float) -> str | None:
        """What was rung for, or None after `timeout` seconds."""
        loop = asyncio.get_running_loop()
        try:
            data = await asyncio.wait_for(loop.sock_recv(self._socket, 256), timeout)
        except asyncio.TimeoutError:
            return None
        return data.decode(errors="replace")

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ring(folder: Path, pattern: str, about: str = "") -> None:
    """Ring all doorbells whose name matches a glob pattern (`worker-*`), saying what it is about."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        for path in folder.glob(f"{pattern}.bell"):
            with contextlib.suppress(OSError):
                sender.sendto(about.encode()[:256], str(path))
