"""What the channels' tests share: a key of their own, so that no conversation id comes from this machine's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import identity


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """The key of conversation ids and of sealed addresses in these tests."""
    value = bytes(range(32))
    monkeypatch.setattr(identity, "_keys", lambda: identity.Keys(value))
    yield value
