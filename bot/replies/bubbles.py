"""A message of at most three sentences: a longer answer goes out as several messages, in its order (safety.md, I1).

A sentence is a run of words up to one of MARKS with white space or the end of the line behind it; also what is left of a line
behind a sentence, and a line that ends with a colon ("You can ask about these:"). Not a sentence are:

- choices, and a line without any mark: a title, a fact of a place, an entry of a list;
- the name of a place, and the line with a colon that stands right above places or among the facts of one: it is their title;
- a label with a number or a day behind it ("Checked: 24 Nov 2026."), a number alone ("1."), an initial ("J.");
- a mark before a small letter ("p.m. on Monday").

Facts of a place that are whole sentences count ("It may have changed."), and so do the words of the staff in its details.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.messages import Outbound
from bot.replies.bidi import PDI, RLM, directed
from bot.replies.render import block

__all__ = ["MARKS", "MOST_SENTENCES", "bubbles", "sentences"]

logger = logging.getLogger(__name__)

MOST_SENTENCES = 3
"""In one message on every channel but SMS, where each message costs and the segments are what is limited (short.py)."""
MARKS = ".!?…؟۔。፧።।"
"""What ends a sentence in the scripts that we write."""
_FEWEST_WORDS = 3
"""A message of fewer words looks lost; it is avoided, if need be by one message more."""

_PARAGRAPH = "\n\n"
_ISOLATED = re.compile("[\u2066-\u2068][^\u2066-\u2069]*\u2069")
"""A line that is foreign to the reader as a whole."""
_END = re.compile(rf"[{MARKS}]+[\"'”’»)\]\u2069\u200e\u200f]*(?=\s|$)")
_INITIAL = re.compile(r"(?:^|\s)[^\W\d_]\.$")
_LABEL = re.compile(r"[^:]+:\s*[\u2066-\u2069\u200e\u200f]*\+?\d[^:]*\d\W*")
"""A label with a number or a day: both ends of what stands behind the colon are digits."""

# How much a cut is to be avoided: below a heading (rather one message more), within a line, among the facts of a place, between places.
_HEADING, _IN_LINE, _IN_CARD, _CARDS = 1000, 100, 10, 1


@dataclass(frozen=True)
class _Piece:
    """What stays together: a line, a whole place, or one sentence of a line that holds too many."""

    text: str
    gap: str
    """What stands between it and the piece before it in one message."""
    sentences: int
    cut: int = 0
    """How much a cut before it is to be avoided."""
    card: int | None = None
    """Index of the place of which this is all or a part."""


def bubbles(outbound: Outbound, channel: str) -> list[Outbound]:
    """The messages as which an answer goes out on that channel: at most MOST_SENTENCES sentences in each, no word changed.

    Choices, their token and the wish for a position stand on the last. The first says in `custom` what the answer is; where the
    answer is a list of places, the first that shows some. `custom` of the others is {"kind": "text", "part_of": <kind>}.
    It never raises: what cannot be shared out goes out whole.
    """
    if channel == "sms":
        return [outbound]
    try:
        shares = _shared_out(list(_pieces(outbound)))
        return _messages(outbound, shares) if len(shares) > 1 else [outbound]
    except Exception:
        logger.exception("an answer of kind %s cannot be shared out in %s", outbound.kind, outbound.language)
        return [outbound]


def sentences(line: str, *, fact: bool = False) -> int:
    """How many sentences a line holds. `fact`: it is one of a place, or the title above places."""
    ended, left = _parts(line)
    count = sum(not _LABEL.fullmatch(part) for part in ended)
    goes_on = bool(ended) and any(map(str.isalpha, left))
    return count + (goes_on or (not fact and left.endswith(":")))


def _parts(line: str) -> tuple[list[str], str]:
    """The parts of a line that end like sentences, and what is left behind the last."""
    found = []
    start = 0
    for end in _END.finditer(line):
        part, rest = line[start : end.end()].strip(), line[end.end() :].lstrip()
        if sum(map(str.isalpha, part)) < 2 or rest[:1].islower() or _INITIAL.search(part):
            continue
        found.append(part)
        start = end.end()
    return found, line[start:].strip()


# --- from a message to its pieces -----------------------------------------------------------------------------------------


def _pieces(outbound: Outbound) -> Iterator[_Piece]:
    rest = outbound.text.removeprefix(RLM)
    for index, card in enumerate(outbound.cards):
        words = block(card)
        head, found, behind = rest.partition(words)
        if not found:
            break
        yield from _lines(head, title=True)
        yield from _card(words, index, _HEADING if head.rstrip().endswith(":") else _CARDS if index else 0)
        rest = behind
    yield from _lines(rest)


def _lines(text: str, *, title: bool = False) -> Iterator[_Piece]:
    """The lines of a text. `title`: its last line stands above places."""
    lines = text.strip().split("\n")
    gap, heading = _PARAGRAPH, False
    for n, line in enumerate(lines):
        if line.strip():
            is_title = title and n == len(lines) - 1
            yield from _line(line, gap, _HEADING if heading else 0, None, fact=is_title)
            heading = line.rstrip().endswith(":")
        gap = "\n" if line.strip() else _PARAGRAPH


def _card(words: str, index: int, cut: int) -> Iterator[_Piece]:
    """A place: in one piece, or its facts if the words of the staff in it are too many."""
    name, *lines = words.split("\n")
    count = sum(sentences(line, fact=True) for line in lines)
    if count <= MOST_SENTENCES:
        yield _Piece(words, _PARAGRAPH, count, cut, index)
        return
    yield _Piece(name, _PARAGRAPH, 0, cut, index)
    heading = True  # the name
    for line in lines:
        yield from _line(line, "\n", _HEADING if heading else _IN_CARD, index, fact=True)
        heading = line.rstrip().endswith(":")


def _line(line: str, gap: str, cut: int, card: int | None, *, fact: bool) -> Iterator[_Piece]:
    count = sentences(line, fact=fact)
    if count <= MOST_SENTENCES:
        yield _Piece(line, gap, count, cut, card)
        return
    opening, closing = (line[0], PDI) if _ISOLATED.fullmatch(line) else ("", "")
    ended, left = _parts(line[len(opening) : len(line) - len(closing)])
    for n, part in enumerate((*ended, left) if left else ended):
        yield _Piece(f"{opening}{part}{closing}", " " if n else gap, 1, _IN_LINE if n else cut, card)


# --- from pieces to messages ----------------------------------------------------------------------------------------------


def _shared_out(pieces: Sequence[_Piece]) -> list[Sequence[_Piece]]:
    """The pieces in their order as messages: nothing looks lost, as few as can be, cut where it hurts least, of much the same length."""
    best: list[tuple[tuple[int, ...], int]] = [((0,) * 6, 0)]
    for end in range(1, len(pieces) + 1):
        best.append(
            min(
                (tuple(map(sum, zip(best[start][0], _cost(pieces, start, end)))), start)
                for start in range(end)
                if start == end - 1 or sum(piece.sentences for piece in pieces[start:end]) <= MOST_SENTENCES
            )
        )
    shares: list[Sequence[_Piece]] = []
    end = len(pieces)
    while end:
        start = best[end][1]
        shares.insert(0, pieces[start:end])
        end = start
    return shares


def _cost(pieces: Sequence[_Piece], start: int, end: int) -> tuple[int, ...]:
    """What a message of these pieces costs; what comes first counts most."""
    share = pieces[start:end]
    count = sum(piece.sentences for piece in share)
    words = sum(len(piece.text.split()) for piece in share)
    cut = share[0].cut if start else 0
    within = start > 0 and share[0].gap != _PARAGRAPH
    lost = int(cut == _HEADING) + int(words < _FEWEST_WORDS)
    return lost, 1, cut, count * count, int(within), -start


def _messages(outbound: Outbound, shares: Sequence[Sequence[_Piece]]) -> list[Outbound]:
    """The messages of an answer: what it is on the one that shows it, the choices on the last."""
    kind = outbound.custom.get("kind", outbound.kind)
    said = [_message(outbound, share) for share in shares]
    main = next((n for n, message in enumerate(said) if message.cards and kind == "services"), 0)
    rest = {"kind": "text", "part_of": kind}
    said = [message if n == main else replace(message, kind="text", custom=rest) for n, message in enumerate(said)]
    said[-1] = replace(
        said[-1],
        choices=outbound.choices,
        ask_location=outbound.ask_location,
        page=outbound.page,
        token=outbound.token,
        numbered=sum(card["number"] is not None for message in said[:-1] for card in message.cards),
    )
    return said


def _message(outbound: Outbound, share: Sequence[_Piece]) -> Outbound:
    """The message of some pieces, without the choices; of a place that was cut, the piece with its name is its block."""
    cards = []
    for index in dict.fromkeys(piece.card for piece in share if piece.card is not None):
        words = _text([piece for piece in share if piece.card == index])
        first, *lines = words.split("\n")
        card = outbound.cards[index]
        if first == block({**card, "lines": ()}):
            cards.append({**card, "lines": lines})
    return replace(
        outbound,
        text=directed(_text(share), outbound.language),
        cards=tuple(cards),
        choices=(),
        ask_location=False,
        page=None,
        token="",
    )


def _text(share: Sequence[_Piece]) -> str:
    return "".join((piece.gap if n else "") + piece.text for n, piece in enumerate(share))
