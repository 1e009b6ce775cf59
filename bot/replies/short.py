"""The SMS form of a reply: one place in full and the names of the others, short lines, at most three segments.

What does not fit is left out in the order of DROP_ORDER; then the free text of an article is cut, then the names of the
other places are cut or left out (their details can still be chosen), then the choices are laid on pages. The rest of an
article and what was left out of the details of a place comes with "Read on". Never left out: the first name, a phone
number, whether it is open, an address, who runs it and what they must report, a warning that the record is old, our own
sentences, and any choice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.languages import language as language_of
from bot.messages import Card, Choice, Outbound, Reply, Text
from bot.replies import sms
from bot.replies.bidi import LRM, directed, isolate
from bot.replies.cards import DISCLOSED, SHARED_ROWS, lines
from bot.replies.catalogue import VERBATIM, wording
from bot.replies.formats import Reader, full_stop, phone_in_text
from bot.replies.numbered import as_text
from bot.replies.pages import paged

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
    "text_state",
    "booking",
    "papers",
    "cost",
    "language_switched",
    "hours",
    "checked",
    "limits",
    "distance",
)
"""Facts of a card and keys of texts in the order in which they give way."""

READ_ON = ("details", "info")
"""Kinds of replies whose rest can be read on: it is taken from the record again, nothing of it is remembered."""
_SECOND = ("operator",)
"""Facts of a place that may wait for "Read on" where nothing else helps."""
_NOT_OF_A_CARD = frozenset({"text_language", "sample", "notice", "draft_texts", "ask_place_share", VERBATIM})

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
) -> tuple[Outbound, tuple[Choice, ...]]:
    """The message in its SMS form and what its choices mean; `head` and `foot` are the worded texts, each with its key."""
    pieces = [_Piece(key, text) for key, text in head]
    pieces += _pieces(reply, reader)
    pieces += [_Piece(key, text) for key, text in foot]
    pieces = _not_read_before(pieces, reply)
    outbound = replace(outbound, choices=tuple(_cheap(sms.plain(choice), reader) for choice in outbound.choices))
    fit = _Fit(outbound, reply, reader)
    if fit.size(pieces) <= MOST_SEGMENTS:
        return fit.made(pieces), reply.choices
    if reply.kind in READ_ON:
        fit = _Fit(outbound, reply, reader, _place_of_read_on(reply))
    kept = _fitted(pieces, fit, _SECOND if _may_wait(reply) else ())
    choices = reply.choices
    if fit.position is not None:
        read_on = _read_on(pieces, kept, reply)
        if read_on is None:  # nothing that can be read on was left out
            fit = _Fit(outbound, reply, reader)
        else:
            choices = (*choices[: fit.position], read_on, *choices[fit.position :])
    made = fit.made(kept)
    if outbound.page is None:
        more = _label("choice:more_options", reader)
        made, choices = paged(made, choices, more, more, lambda m: sms.segments(as_text(m, "sms")) <= MOST_SEGMENTS)
    if (cost := sms.segments(as_text(made, "sms"))) > MOST_SEGMENTS:
        logger.info("a reply of kind %s costs %d SMS segments in %s", reply.kind, cost, reader.language)
    return made, choices


class _Fit:
    """A message in the making: what it costs with some pieces. `position`: where "Read on" stands among the choices."""

    def __init__(self, outbound: Outbound, reply: Reply, reader: Reader, position: int | None = None) -> None:
        self.position = position
        self._reader = reader
        if position is not None:
            label = _label("choice:read_on", reader)
            labels = outbound.choices
            outbound = replace(outbound, choices=(*labels[:position], label, *labels[position:]))
        self._outbound = outbound

    def made(self, of: Sequence[_Piece]) -> Outbound:
        text = directed(_cheap(_joined(of, self._reader), self._reader), self._reader.language)
        return replace(self._outbound, text=text)

    def size(self, of: Sequence[_Piece]) -> int:
        return sms.segments(as_text(self.made(of), "sms"))


def _place_of_read_on(reply: Reply) -> int:
    """Where "Read on" goes: behind the details, whose numbers stand for places of the list, before everything else."""
    return sum(choice.intent == "ask_service_details" for choice in reply.choices)


def _label(key: str, reader: Reader) -> str:
    return _cheap(sms.plain(wording(Text(key), reader.language)), reader)


def _not_read_before(pieces: list[_Piece], reply: Reply) -> list[_Piece]:
    """Without what "Read on" left behind: facts of a place (`data["skip"]`, a list), characters of an article (a number)."""
    skip = reply.data.get("skip")
    if isinstance(skip, int):
        texts = [n for n, piece in enumerate(pieces) if piece.fact == VERBATIM]
        for n in texts[-1:]:
            pieces[n] = replace(pieces[n], text=sms.plain(pieces[n].text)[skip:].lstrip())
    elif skip:
        pieces = [piece for piece in pieces if piece.fact not in skip]
    return [piece for piece in pieces if piece.text]


def _read_on(pieces: Sequence[_Piece], kept: Sequence[_Piece], reply: Reply) -> Choice | None:
    """The choice that brings what did not fit: the rest of the article, the other facts of the place."""
    if reply.kind == "details":
        before = list(reply.data.get("skip") or ())
        facts = {piece.fact for piece in kept} - {"name"}
        left = {piece.fact for piece in pieces} - facts - {"name"} - _NOT_OF_A_CARD
        if not left or not reply.cards:
            return None
        skip = sorted({*before, *facts})
        return Choice(Text("choice:read_on"), "ask_service_details", {"service": reply.cards[0].id, "skip": skip})
    body = next((piece.text for piece in reversed(pieces) if piece.fact == VERBATIM), "")
    shown = next((piece.text for piece in reversed(kept) if piece.fact == VERBATIM), "")
    if "topic" not in reply.data or len(shown) >= len(sms.plain(body)) or not sms.plain(body).startswith(shown):
        return None
    skip_before = reply.data.get("skip")
    start = skip_before if isinstance(skip_before, int) else 0
    gap = len(sms.plain(body)) - len(sms.plain(body)[len(shown) :].lstrip())
    return Choice(Text("choice:read_on"), str(reply.data["topic"]), {"skip": start + gap})


def _may_wait(reply: Reply) -> bool:
    """Whether who runs a place may come with "Read on": not if the state does, which a person must know at once."""
    return reply.kind == "details" and all(card.operator_type not in DISCLOSED for card in reply.cards)


def _fitted(pieces: list[_Piece], fit: _Fit, last: Sequence[str]) -> list[_Piece]:
    """The pieces that fit: others left out or cut, in the order that the module's first lines tell; `last`: facts that go last."""
    size = fit.size
    for fact in (*DROP_ORDER, *last):
        if size(pieces) <= MOST_SEGMENTS:
            return pieces
        pieces = [piece for piece in pieces if piece.fact != fact]
    if size(pieces) > MOST_SEGMENTS:
        pieces = _fit_free_text(pieces, size)
    for most in _NAME_CHARS:
        if size(pieces) > MOST_SEGMENTS:
            pieces = [replace(p, text=_cut(p.text, most)) if p.fact == "other" else p for p in pieces]
    if size(pieces) > MOST_SEGMENTS:
        pieces = [p for p in pieces if p.fact != "other"]
    return pieces


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
