"""The SMS form of a reply: one place in full and the names of the others, short lines, at most three segments.

What does not fit is left out in the order of DROP_ORDER; then the free text of an article is cut, then the names of the
other places are cut or left out (their details can still be chosen). Never left out: the first name, a phone number,
whether it is open, an address, who runs it and what they must report, a warning that the record is old, our own
sentences, and any choice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.languages import language as language_of
from bot.messages import Card, Outbound, Reply
from bot.replies import sms
from bot.replies.bidi import LRM, directed, isolate
from bot.replies.cards import SHARED_ROWS, lines
from bot.replies.catalogue import VERBATIM
from bot.replies.formats import Reader, full_stop, phone_in_text
from bot.replies.numbered import as_text

__all__ = ["DROP_ORDER", "MOST_SEGMENTS", "shortened"]

logger = logging.getLogger(__name__)

MOST_SEGMENTS = 3
"""safety.md, I5."""

DROP_ORDER = (
    "ask_place_share",
    "text_language",
    "short_text",
    "wheelchair",
    "cost_note",
    "eligibility",
    "organisation",
    "transport",
    "map",
    "what_to_bring",
    "interpreted",
    "languages",
    "contacts",
    "how_to_get_help",
    "booking",
    "papers",
    "cost",
    "hours",
    "checked",
    "limits",
    "distance",
)
"""Facts of a card and keys of texts in the order in which they give way."""

_NAME_CHARS = (24, 18, 12)
"""To how many characters the names of other places are cut, as far as need be."""


@dataclass(frozen=True)
class _Piece:
    fact: str
    text: str
    row: int | None = None
    """Neighbours of one row are joined by a full stop in place of a line break."""


def _first(card: Card, title: str, reader: Reader, details: bool) -> list[_Piece]:
    found = [
        _Piece(line.fact, line.text, line.row if line.row in SHARED_ROWS else None)
        for line in lines(card, reader, details=details)
    ]
    return [_Piece("name", title), *found]


def _numbers(card: Card, title: str, reader: Reader) -> _Piece:
    """A line of help in one row: name and phone numbers."""
    phones = [phone_in_text(value, reader) for value in card.phones]
    return _Piece("name", f"{title}: {', '.join(phones)}" if phones else title)


def _pieces(reply: Reply, reader: Reader) -> list[_Piece]:
    pieces = []
    for n, card in enumerate(reply.cards, 1):
        name = isolate(card.name, reader.language, reader.channel)
        title = name if reply.kind == "details" else f"{n}. {name}"
        if reply.kind not in {"services", "details"}:
            pieces.append(_numbers(card, title, reader))
        elif n == 1:
            pieces += _first(card, title, reader, reply.kind == "details")
        else:
            pieces.append(_Piece("other", title))
    return pieces


def _joined(pieces: Sequence[_Piece], reader: Reader) -> str:
    text = ""
    previous: _Piece | None = None
    for piece in pieces:
        if previous is None:
            text = piece.text
        elif piece.row is not None and piece.row == previous.row:
            text += ("" if text.endswith(tuple(".۔।።!?؟")) else full_stop(reader.language)) + " " + piece.text
        else:
            text += "\n" + piece.text
        previous = piece
    return sms.plain(text)


def shortened(
    outbound: Outbound, reply: Reply, reader: Reader, head: Sequence[tuple[str, str]], foot: Sequence[tuple[str, str]]
) -> Outbound:
    """The message in its SMS form; `head` and `foot` are the worded texts of the reply, each with its key."""
    pieces = [_Piece(key, text) for key, text in head]
    pieces += _pieces(reply, reader)
    pieces += [_Piece(key, text) for key, text in foot]
    outbound = replace(outbound, choices=tuple(_cheap(sms.plain(choice), reader) for choice in outbound.choices))

    def made(of: Sequence[_Piece]) -> Outbound:
        return replace(outbound, text=directed(_cheap(_joined(of, reader), reader), reader.language))

    def size(of: Sequence[_Piece]) -> int:
        return sms.segments(as_text(made(of), "sms"))

    for fact in DROP_ORDER:
        if size(pieces) <= MOST_SEGMENTS:
            return made(pieces)
        pieces = [piece for piece in pieces if piece.fact != fact]
    if size(pieces) > MOST_SEGMENTS:
        pieces = _fit_free_text(pieces, size)
    for most in _NAME_CHARS:
        if size(pieces) > MOST_SEGMENTS:
            pieces = [replace(p, text=_cut(p.text, most)) if p.fact == "other" else p for p in pieces]
    if size(pieces) > MOST_SEGMENTS:
        pieces = [p for p in pieces if p.fact != "other"]
    if size(pieces) > MOST_SEGMENTS:
        logger.info("a reply of kind %s costs %d SMS segments in %s", reply.kind, size(pieces), reader.language)
    return made(pieces)


def _cheap(text: str, reader: Reader) -> str:
    return sms.without_marks(text) if language_of(reader.language).script == "Latn" else text


def _cut(title: str, most: int) -> str:
    """A numbered name cut to its first words."""
    number, _, name = title.partition(" ")
    if len(name) <= most:
        return title
    kept = name[:most].rsplit(" ", 1)[0]
    missing = LRM if name.startswith(LRM) else ""  # closes the isolation again
    return f"{number} {kept.rstrip()}{missing}"


def _fit_free_text(pieces: list[_Piece], size: Callable[[Sequence[_Piece]], int]) -> list[_Piece]:
    """Free texts cut after a sentence, the last one first, to what the rest leaves of the message."""
    for index in reversed([i for i, piece in enumerate(pieces) if piece.fact == VERBATIM]):
        text = sms.plain(pieces[index].text)
        low, high = 0, len(text)
        while low < high:  # longest beginning with which the message fits
            middle = (low + high + 1) // 2
            cut = replace(pieces[index], text=text[:middle])
            if size([*pieces[:index], cut, *pieces[index + 1 :]]) <= MOST_SEGMENTS:
                low = middle
            else:
                high = middle - 1
        pieces[index] = replace(pieces[index], text=sms.whole_words(text, low))
        if low == len(text) or size(pieces) <= MOST_SEGMENTS:
            break
    return [piece for piece in pieces if piece.text]
