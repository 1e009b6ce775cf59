"""The words of the web page around the chat."""

from __future__ import annotations

from bot.messages import Text
from bot.replies.catalogue import wording
from bot.replies.texts import TEXTS

__all__ = ["web_strings"]

_PREFIX = "web:"
_ALSO = ("language_pick",)


def web_strings(language: str) -> dict[str, str]:
    """The words of the page in a language: the keys `web:<name>` as `<name>`, and `language_pick` over the picker."""
    strings = {key[len(_PREFIX) :]: wording(Text(key), language) for key in TEXTS if key.startswith(_PREFIX)}
    return strings | {key: wording(Text(key), language) for key in _ALSO}
