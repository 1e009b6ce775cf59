"""All targets: importing this knows them."""

from __future__ import annotations

from tests.fuzz import hearing, reading, saying, serving  # noqa: F401
from tests.fuzz.registry import TARGETS

__all__ = ["TARGETS"]
