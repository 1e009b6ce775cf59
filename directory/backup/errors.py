"""Why a backup or a restore did not happen; nothing was changed then."""

from __future__ import annotations

__all__ = ["BackupError"]


class BackupError(Exception):
    """The message is for the person at the command line."""
