"""Cutting a text to the length that Twilio takes, at the ends of paragraphs, sentences, or words."""

from __future__ import annotations

import unicodedata

from bot.replies.sms import whole_words

__all__ = ["LONGEST", "pieces", "utf16"]

LONGEST = 1600
"""Characters of one message, counted as UTF-16 units to be on the safe side (error 21617)."""
_JOINER = "\u200d"


def utf16(text: str) -> int:
    """UTF-16 units of a text: an emoji has two or more."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _fitting(text: str, most: int) -> int:
    """How many characters from the first fit into that many units, without taking a letter from its marks."""
    length = used = 0
    while length < len(text):
        used += 2 if ord(text[length]) > 0xFFFF else 1
        if used > most:
            break
        length += 1
    else:
        return length
    while length > 1 and (
        unicodedata.combining(text[length])
        or unicodedata.category(text[length]) in ("Mn", "Mc", "Me", "Sk")
        or text[length] == _JOINER
        or text[length - 1] == _JOINER
    ):
        length -= 1
    return max(length, 1)


def pieces(text: str, most: int = LONGEST) -> list[str]:
    """The text in pieces of at most `most` UTF-16 units; only white space at the cuts is lost. Empty for an empty text."""
    found = []
    rest = text.strip()
    while rest:
        length = _fitting(rest, most)
        if length < len(rest):
            paragraph = rest.rfind("\n\n", length // 2, length + 1)
            piece = rest[:paragraph].rstrip() if paragraph > 0 else whole_words(rest, length)
            piece = piece or rest[:length]
        else:
            piece = rest
        found.append(piece)
        rest = rest[len(piece) :].lstrip()
    return found
