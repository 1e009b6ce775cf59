"""What tests of the look-up share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.lookup.snapshot import Directory
from tests.lookup.builder import build

Opener = Callable[..., Directory]


@pytest.fixture
def directory(tmp_path: Path) -> Opener:
    """A function that builds a snapshot and opens it: `directory(services=[...], numbers=[...])`."""

    def opened(*services: Any, **parts: Any) -> Directory:
        return Directory(build(tmp_path / "snapshot.sqlite", services, **parts))

    return opened
