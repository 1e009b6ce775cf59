"""The SMS form of a reply: one place in full and the names of the others, short lines, at most three segments.

What does not fit is left out in the order of DROP_ORDER; then the free text of an article is cut, then the names of the
other places are cut or left out (their details can still be chosen), then the choices are laid on pages, then the first
name is cut, a warning says "call first" without its date, and "closed" is said without when it opens. The rest of an
article and what was left out of the details of a place comes with "Read on"; an address waits there only where nothing
else helps, and names are put into Latin letters for whoever reads such. Never left out: the first name, a phone number,
whether it is open, if that is known, what they must report, a warning that the record is old, and any choice. Who runs a
place waits only if it is not the state.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from anyascii import anyascii

from bot.languages import language as language_of
from bot.messages import Card, Choice, Outbound, Reply, Text
from bot.replies import sms
from bot.replies.bidi import LRM, directed, isolate
from bot.replies.cards import DISCLOSED, SHARED_ROWS, lines, opening_state
from bot.replies.catalogue import VERBATIM, say, wording
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
_WARNINGS = ("overdue", "reported")
_WAITING = ("operator", "address", "city", "sample")
"""Facts of a place that may wait for "Read on" where nothing else helps, in the order in which they go."""
_NAMES = frozenset({"name", "other", "address", "city"})
"""What keeps the letters of its country in every language; our own texts have none that an SMS lacks."""
_NOT_OF_A_CARD = frozenset({"text_language", "sample", "notice", "draft_texts", "ask_place_share", VERBATIM})

_NAME_CHARS = (24, 18, 12)
"""To how many characters the names of other places are cut, as far as need be."""


@dataclass(frozen=True)
class _Piece:
    fact: str
    text: str
    row: int | None = None
    """Neighbours of one row are joined by a full stop in place of a line break."""
    brief: str = ""
    """What it says at least, where the text does not fit: "call first", "closed now"."""


def _first(card: Card, title: str, reader: Reader, details: bool) -> list[_Piece]:
    brief = dict.fromkeys(_WARNINGS, say(Text("card:call_first"), reader))
    if card.open == "closed":
        brief["open"] = opening_state(replace(card, opens_at=None), reader)
    found = [
        _Piece(line.fact, line.text, line.row if line.row in SHARED_ROWS else None, brief.get(line.fact, ""))
        for line in lines(card, reader, details=details)
    ]
    return [_Piece("name", title), *found]


def _numbers(card: Card, title: str, reader: Reader) -> _Piece:
    """A line of help in one row: name and phone numbers; at least the beginning of the name, and the numbers."""
    phones = ", ".join(phone_in_text(value, reader) for value in card.phones)
    if not phones:
        return _Piece("name", title)
    return _Piece("line", f"{title}: {phones}", brief=f"{_cut(title, _NAME_CHARS[0])}: {phones}")


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
    if reply.kind == "details":  # in one line, as under the list whose numbers they keep
        outbound = replace(outbound, numbered=_place_of_read_on(reply))
    fit = _Fit(outbound, reply, reader)
    if fit.size(pieces) <= MOST_SEGMENTS:
        return fit.made(pieces), reply.choices
    if reply.kind in READ_ON:
        fit = _Fit(outbound, reply, reader, _place_of_read_on(reply))
    latin = language_of(reader.language).script == "Latn"
    for kept in _ever_less(_fitted(pieces, fit), reply, latin=latin):
        made, choices = _laid_out(pieces, kept, fit, reply)
        if sms.segments(as_text(made, "sms")) <= MOST_SEGMENTS:
            break
    if reply.kind == "details" and _of_the_card(pieces) and not _of_the_card(kept):
        made, choices = _laid_out(pieces, _beginning(pieces, kept, fit.size), fit, reply)
    if (cost := sms.segments(as_text(made, "sms"))) > MOST_SEGMENTS:
        logger.info("a reply of kind %s costs %d SMS segments in %s", reply.kind, cost, reader.language)
    return made, choices


def _laid_out(
    pieces: Sequence[_Piece], kept: Sequence[_Piece], fit: _Fit, reply: Reply
) -> tuple[Outbound, tuple[Choice, ...]]:
    """The kept pieces with their choices, "Read on" among them if it brings one that was not kept, on pages if need be."""
    choices = reply.choices
    if fit.position is not None:
        read_on = _read_on(pieces, kept, reply)
        if read_on is None:  # nothing that can be read on was left out
            fit = fit.without_read_on()
        else:
            choices = (*choices[: fit.position], read_on, *choices[fit.position :])
    made = fit.made(kept)
    if made.page is None:
        more = _label("choice:more_options", fit.reader)
        made, choices = paged(made, choices, more, more, lambda m: sms.segments(as_text(m, "sms")) <= MOST_SEGMENTS)
    return made, choices


def _ever_less(kept: list[_Piece], reply: Reply, *, latin: bool) -> Iterator[list[_Piece]]:
    """What was kept, then with a name cut, "call first" without its date, and without what may wait for "Read on".

    `latin`: the reader's language is written in Latin letters; at last names are, too."""
    yield kept
    if not reply.cards:
        return
    yield (kept := _names_cut(_in_brief(kept, "line"), "name", _NAME_CHARS[0]))
    if reply.cards[0].open == "unknown":
        yield (kept := [piece for piece in kept if piece.fact != "open"])
    for fact in ("overdue", "open"):
        yield (kept := _in_brief(kept, fact))
    for most in _NAME_CHARS[1:]:
        yield (kept := _names_cut(kept, "name", most))
    if reply.kind == "details":
        by_the_state = any(card.operator_type in DISCLOSED for card in reply.cards)  # a person must know at once
        for fact in _WAITING[by_the_state:]:
            yield (kept := [piece for piece in kept if piece.fact != fact])
    yield (kept := _in_brief(kept, "reported"))
    if latin:  # one Greek or Arabic name makes every SMS hold 70 letters in place of 160
        yield [replace(piece, text=anyascii(piece.text)) if piece.fact in _NAMES else piece for piece in kept]


def _in_brief(pieces: Sequence[_Piece], fact: str) -> list[_Piece]:
    return [replace(p, text=p.brief) if p.fact == fact and p.brief else p for p in pieces]


class _Fit:
    """A message in the making: what it costs with some pieces. `position`: where "Read on" stands among the choices."""

    def __init__(self, outbound: Outbound, reply: Reply, reader: Reader, position: int | None = None) -> None:
        self.position = position
        self.reader = reader
        self._plain, self._reply = outbound, reply
        if position is not None:
            label = _label("choice:read_on", reader)
            labels = outbound.choices
            outbound = replace(outbound, choices=(*labels[:position], label, *labels[position:]))
        self._outbound = outbound

    def made(self, of: Sequence[_Piece]) -> Outbound:
        text = directed(_cheap(_joined(of, self.reader), self.reader), self.reader.language)
        return replace(self._outbound, text=text)

    def without_read_on(self) -> _Fit:
        return _Fit(self._plain, self._reply, self.reader)

    def size(self, of: Sequence[_Piece]) -> int:
        """Segments; of a message that is read on, with its first choices only: the others stand on a page of their own."""
        made = self.made(of)
        if self.position is not None and isinstance(self._reply.data.get("skip"), list):
            shown = made.choices[: self.position + 1]
            if len(shown) < len(made.choices):
                made = replace(made, choices=(*shown, _label("choice:more_options", self.reader)))
        return sms.segments(as_text(made, "sms"))


def _place_of_read_on(reply: Reply) -> int:
    """Where "Read on" goes: behind the details, whose numbers stand for places of the list, before everything else."""
    return sum(choice.intent == "ask_service_details" for choice in reply.choices)


def _label(key: str, reader: Reader) -> str:
    return _cheap(sms.plain(wording(Text(key), reader.language)), reader)


def _not_read_before(pieces: list[_Piece], reply: Reply) -> list[_Piece]:
    """Without what "Read on" left behind: facts of a place (`data["skip"]`, a list), characters of an article (a number).

    A fact that was read in part stands in the list with what is left of it: "hours@57" has 57 more characters."""
    skip = reply.data.get("skip")
    if isinstance(skip, int):
        texts = [n for n, piece in enumerate(pieces) if piece.fact == VERBATIM]
        for n in texts[-1:]:
            pieces[n] = replace(pieces[n], text=sms.plain(pieces[n].text)[skip:].lstrip())
    elif isinstance(skip, list):
        for entry in map(str, skip):
            fact, _, left = entry.partition("@")
            length = sum(len(sms.plain(piece.text)) for piece in pieces if piece.fact == fact)
            pieces = _behind(pieces, fact, length - int(left or 0))
        pieces = _names_cut(pieces, "name", _NAME_CHARS[0])
    return [piece for piece in pieces if piece.text]


def _behind(pieces: Sequence[_Piece], fact: str, start: int) -> list[_Piece]:
    """The pieces without the first characters of a fact's."""
    rest = []
    for piece in pieces:
        if piece.fact == fact and start > 0:
            text = sms.plain(piece.text)
            piece, start = replace(piece, text=text[start:].lstrip()), start - len(text)
        rest.append(piece)
    return rest


def _of_the_card(pieces: Sequence[_Piece]) -> dict[str, int]:
    """By fact of a place, how many characters of it stand in the pieces, a warning in brief not counted."""
    lengths: dict[str, int] = {}
    for piece in pieces:
        if piece.fact not in _NOT_OF_A_CARD and piece.fact != "name" and piece.text != piece.brief:
            lengths[piece.fact] = lengths.get(piece.fact, 0) + len(sms.plain(piece.text))
    return lengths


def _beginning(pieces: Sequence[_Piece], kept: list[_Piece], size: Callable[[Sequence[_Piece]], int]) -> list[_Piece]:
    """What was kept and as much as fits of the first fact that did not: reading on always comes to an end."""
    fact = next(iter(_of_the_card(pieces)))
    made = [piece for piece in kept if piece.fact != "sample"]
    for piece in (piece for piece in pieces if piece.fact == fact):
        made = _cut_to_fit([*made, piece], len(made), size)
        if len(made[-1].text) < len(sms.plain(piece.text)):
            break
    return [piece for piece in made if piece.text]


def _read_on(pieces: Sequence[_Piece], kept: Sequence[_Piece], reply: Reply) -> Choice | None:
    """The choice that brings what did not fit: the rest of the article, the other facts of the place."""
    if reply.kind == "details":
        all_of, read = _of_the_card(pieces), _of_the_card(kept)
        if not reply.cards or all_of == read:
            return None
        before = [entry for entry in map(str, reply.data.get("skip") or ()) if entry.partition("@")[0] not in read]
        now = [fact if read[fact] >= all_of[fact] else f"{fact}@{all_of[fact] - read[fact]}" for fact in read]
        return Choice(
            Text("choice:read_on"),
            "ask_service_details",
            {"service": reply.cards[0].id, "skip": sorted([*before, *now])},
        )
    body = next((piece.text for piece in reversed(pieces) if piece.fact == VERBATIM), "")
    shown = next((piece.text for piece in reversed(kept) if piece.fact == VERBATIM), "")
    if "topic" not in reply.data or len(shown) >= len(sms.plain(body)) or not sms.plain(body).startswith(shown):
        return None
    skip_before = reply.data.get("skip")
    start = skip_before if isinstance(skip_before, int) else 0
    gap = len(sms.plain(body)) - len(sms.plain(body)[len(shown) :].lstrip())
    return Choice(Text("choice:read_on"), str(reply.data["topic"]), {"skip": start + gap})


def _fitted(pieces: list[_Piece], fit: _Fit) -> list[_Piece]:
    """The pieces that fit: others left out or cut, in the order that the module's first lines tell."""
    size = fit.size
    for fact in DROP_ORDER:
        if size(pieces) <= MOST_SEGMENTS:
            return pieces
        pieces = [piece for piece in pieces if piece.fact != fact]
    if size(pieces) > MOST_SEGMENTS:
        pieces = _fit_free_text(pieces, size)
    for most in _NAME_CHARS:
        if size(pieces) > MOST_SEGMENTS:
            pieces = _names_cut(pieces, "other", most)
    if size(pieces) > MOST_SEGMENTS:
        pieces = [p for p in pieces if p.fact != "other"]
    return pieces


def _cheap(text: str, reader: Reader) -> str:
    return sms.without_marks(text) if language_of(reader.language).script == "Latn" else text


def _names_cut(pieces: Sequence[_Piece], fact: str, most: int) -> list[_Piece]:
    return [replace(piece, text=_cut(piece.text, most)) if piece.fact == fact else piece for piece in pieces]


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
        pieces = _cut_to_fit(pieces, index, size)
        if size(pieces) <= MOST_SEGMENTS:
            break
    return [piece for piece in pieces if piece.text]


def _cut_to_fit(pieces: list[_Piece], index: int, size: Callable[[Sequence[_Piece]], int]) -> list[_Piece]:
    """The pieces, one of them cut after the last sentence or word with which the message fits."""
    text = sms.plain(pieces[index].text)

    def cut(words: str) -> list[_Piece]:
        return [*pieces[:index], replace(pieces[index], text=words), *pieces[index + 1 :]]

    low, high = 0, len(text)
    while low < high:  # longest beginning with which the message fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if size(cut(text[:middle])) <= MOST_SEGMENTS else (low, middle - 1)
    return cut(sms.whole_words(text, low))
