"""Conversation ids: keyed, stable, and of no use without the key."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from bot.identity import conversation_id, load_key

KEY, OTHER = b"k" * 32, b"o" * 32


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (("sms", "+15551234", KEY), ("sms", "+15551234", KEY), True),
        (("sms", "+15551234", KEY), ("whatsapp", "+15551234", KEY), False),
        (("sms", "+15551234", KEY), ("sms", "+15551235", KEY), False),
        (("sms", "+15551234", KEY), ("sms", "+15551234", OTHER), False),
        (("a", "bc", KEY), ("ab", "c", KEY), False),
    ],
)
def test_ids(left: tuple[str, str, bytes], right: tuple[str, str, bytes], same: bool) -> None:
    assert (conversation_id(*left) == conversation_id(*right)) is same


def test_the_key_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret.key"
    key = load_key(path)
    assert load_key(path) == key and len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "not hexadecimal", "abcd"])
def test_a_damaged_key_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secret.key"
    path.write_text(content)
    with pytest.raises(ValueError, match="key"):
        load_key(path)
