"""Targets: what goes out: the guard, the direction of text, SMS, and whole replies of random facts in every language."""

from __future__ import annotations

import dataclasses
import json
import unicodedata
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from bot.messages import Card, Choice, Outbound, Reply, Text
from bot.replies import bidi, sms
from bot.replies.guard import guard
from bot.replies.numbered import as_text
from bot.replies.render import offered
from tests.fuzz.registry import invented, within
from tests.fuzz.strategies import LANGUAGES, NUMBERS, TEXTS

__all__: list[str] = []

MOST_SEGMENTS = 4
"""One more than promised (I5): a choice that is a name of 80 letters outside GSM-7 is not cut (docs/fuzzing.md, what is left open)."""
NOW = datetime(2026, 11, 24, 10, 0)
_CODES = st.sampled_from(LANGUAGES)


def _digits(text: str) -> str:
    """ASCII digits of a text as a person reads them."""
    return "".join(str(unicodedata.digit(c)) for c in unicodedata.normalize("NFKC", text) if c.isdigit())


# --- direction and SMS --------------------------------------------------------------------------------------------------


@invented(
    "direction",
    "marks are all that is added, and every number is isolated",
    text=TEXTS,
    number=NUMBERS,
    language=_CODES,
    channel=st.sampled_from(("", "sms")),
)
def direction(text: str, number: str, language: str, channel: str) -> None:
    text = bidi.strip_marks(text.replace("\r", "")) + f" {number} "
    with within():
        for found in (
            bidi.isolate_runs(text, language, channel),
            bidi.isolate(text, language, channel),
            bidi.foreign(text, language, channel),
            bidi.directed(text, language),
        ):
            assert bidi.strip_marks(found) == text
        made = bidi.isolate_runs(text, language, channel)
        assert not bidi.unprotected(made, language)
        assert bidi.isolate_runs(made, language, channel) == made


@invented(
    "sms",
    "parts fit, nothing but white space is lost, a beginning never costs more",
    text=TEXTS,
    most=st.integers(min_value=1, max_value=4),
)
def texts_by_sms(text: str, most: int) -> None:
    with within():
        made = sms.split(text, most)
        assert all(sms.segments(part) <= most for part in made)
        assert "".join("".join(made).split()) == "".join(text.split())
        assert sms.segments(sms.trim(text, most)) <= most
        assert sms.segments(sms.plain(text)) >= 0 and len(sms.without_marks(text)) >= 0


# --- the guard ----------------------------------------------------------------------------------------------------------

_SEEN = st.sampled_from(
    (
        "",
        " ",
        "-",
        ".",
        "/",
        " - ",
        "(",
        ")",
        "\u00a0",
        "\u2011",
        "\u2013",
        "_",
        "*",
        ":",
        "\u202f",
        "\u2009",
        "\t",
        "\u3000",
    )
)
_UNSEEN = st.sampled_from(
    (
        "",
        "\u200b",
        "\u200e",
        "\u2066",
        "\u00ad",
        "\u2060",
        "\ufeff",
        "\u200d",
        "\ufe0f\u20e3",
        "\u0336",
        "\x01",
        "\u034f",
        "\U000e0061",
    )
)
_ZEROS = st.sampled_from((0x30, 0x660, 0x6F0, 0x966, 0x9E6, 0xFF10))


@st.composite
def _written(draw: st.DrawFn, number: str) -> str:
    """A phone number as somebody may write it: gaps, digits of any script."""
    zero = draw(_ZEROS)
    seen, unseen, group = draw(_SEEN), draw(_UNSEEN), draw(st.integers(min_value=1, max_value=4))
    plus = draw(st.sampled_from(("+", "00", "", "＋", "(+", "Tel: +")))
    return plus + "".join(
        chr(zero + int(c)) + unseen + ("" if i % group else seen) for i, c in enumerate(number.lstrip("+"), 1)
    )


@st.composite
def _told(draw: st.DrawFn) -> tuple[Outbound, Reply, str]:
    """A message of a record's facts into which somebody has written a number that the record does not have."""
    number = draw(NUMBERS)
    foreign = draw(NUMBERS.filter(lambda n: n != number and n[1:] not in number and number[1:] not in n))
    written = draw(_written(foreign))
    free = draw(TEXTS)
    kind = draw(st.sampled_from(("services", "details", "info", "crisis", "text")))
    where = draw(st.integers(min_value=0, max_value=4))
    line = f"{free} {written}"
    card = Card(
        "s1",
        "Clinic" if where != 1 else f"Clinic {written}",
        "Org",
        phones=(number,),
        short_text=free if where != 2 else line,
    )
    texts = (f"{number}", line if where == 0 else free)
    outbound = Outbound(
        kind, draw(_CODES), "\n".join(texts), ("Menu", line if where == 3 else "More"), {"kind": kind},
        ({"id": "s1", "title": card.name, "lines": [free, line if where == 4 else number], "phones": [number]},),
    )  # fmt: skip
    numbers = [{"number": number, "verified": True}] if kind == "crisis" else []
    return outbound, Reply(kind, cards=(card,), data={"numbers": numbers}), foreign


@invented("guard", "a number that no record has never goes out, however it is written", told=_told(), share=2.0)
def guarded(told: tuple[Outbound, Reply, str]) -> None:
    outbound, reply, foreign = told
    with within():
        made = guard(outbound, reply, ("example.org",))
    said = [made.text, *made.choices, *(line for card in made.cards for line in (card["title"], *card["lines"]))]
    for text in said:
        for line in text.split("\n"):
            assert foreign[1:] not in _digits(line), "a number of nobody's record went out"
    assert made.text or made.choices
    if outbound.kind == "crisis":
        assert reply.data["numbers"][0]["number"][1:] in _digits(made.text.split("\n")[0]), (
            "a crisis without its number"
        )


@invented(
    "guard on anything",
    "the guard answers for every message",
    language=_CODES,
    text=TEXTS,
    other=TEXTS,
    kind=st.sampled_from(("info", "crisis", "services")),
    number=st.one_of(NUMBERS, TEXTS),
)
def guard_on_anything(language: str, text: str, other: str, kind: str, number: str) -> None:
    reply = Reply(kind, (Text("verbatim", {"text": other}),), data={"numbers": [{"number": number, "verified": False}]})
    with within():
        assert isinstance(guard(Outbound(kind, language, text, (other,)), reply, ()), Outbound)


# --- whole replies ------------------------------------------------------------------------------------------------------

_SHORT_TEXTS = TEXTS.map(lambda text: " ".join(text.replace("\x00", "").split())[:120])
_NAMES = _SHORT_TEXTS.map(lambda text: text[:80] or "Clinic")
_CARDS = st.builds(
    Card,
    id=st.sampled_from(("a", "b", "c", "d")),
    name=_NAMES,
    organisation=_NAMES,
    short_text=_SHORT_TEXTS,
    distance_km=st.one_of(st.none(), st.floats(min_value=0, max_value=20_000)),
    address=st.one_of(st.none(), _SHORT_TEXTS),
    city=_SHORT_TEXTS,
    open=st.sampled_from(("open", "closed", "appointment", "unknown", "paused")),
    open_until=st.sampled_from((None, "2026-11-24T17:00", "2026-11-25T00:00")),
    opens_at=st.sampled_from((None, "2026-11-25T09:00", "2026-12-24T09:00")),
    cost=st.sampled_from(("unknown", "free", "paid", "depends")),
    cost_note=_SHORT_TEXTS,
    delivery=st.sampled_from(("place", "phone", "online", "mobile")),
    booking=st.sampled_from(("walk_in", "appointment", "referral", "unknown")),
    languages=st.lists(st.sampled_from(LANGUAGES), max_size=6, unique=True).map(tuple),
    phones=st.lists(NUMBERS, min_size=1, max_size=2).map(tuple),
    how_to_get_help=_SHORT_TEXTS,
    what_to_bring=_SHORT_TEXTS,
    eligibility=_SHORT_TEXTS,
    verified_on=st.sampled_from(("2026-11-01", "2025-01-31", "")),
    overdue=st.integers(min_value=0, max_value=2),
    country=st.sampled_from(("GR", "GB", "TR", "")),
    sample=st.booleans(),
    reported=st.booleans(),
)


@invented(
    "whole replies",
    "random records are worded in every language and channel; the first place and its number stay; SMS keeps to its segments",
    kind=st.sampled_from(("services", "details")),
    cards=st.lists(_CARDS, min_size=1, max_size=4),
    language=_CODES,
    channel=st.sampled_from(("web", "sms", "sms", "whatsapp", "telegram")),
    share=3.0,
)
def replies(kind: str, cards: list[Card], language: str, channel: str) -> None:
    shown = cards[:1] if kind == "details" else [dataclasses.replace(card, id=f"s{n}") for n, card in enumerate(cards)]
    choices = (
        tuple(Choice(card.name, "ask_service_details", {"service": n}) for n, card in enumerate(shown, 1))
        if kind == "services"
        else ()
    )
    reply = Reply(kind, cards=tuple(shown), choices=(*choices, Choice(Text("choice:menu"), "ask_menu")))
    with within(6.0):
        outbound, meant = offered(reply, language, channel=channel, now=NOW, country="GR")
        made = guard(outbound, reply, ())
        text = as_text(made, channel)
    json.dumps(made.to_dict())
    assert Outbound.from_dict(json.loads(json.dumps(made.to_dict()))).text == made.text
    assert Reply.from_dict(json.loads(json.dumps(reply.to_dict()))).kind == reply.kind
    if channel == "sms":
        assert sms.segments(text) <= MOST_SEGMENTS, f"{sms.segments(text)} segments"
        assert len(meant) >= len(made.choices[: made.page[1]] if made.page else made.choices)
    said = _digits(text) if channel == "sms" else _digits(text + json.dumps(made.cards, ensure_ascii=False))
    for number in shown[0].phones:
        assert number[-6:] in said, "the first place lost its number"


@invented(
    "values across processes",
    "Inbound, Reply and Outbound survive JSON",
    text=TEXTS,
    values=st.dictionaries(
        st.sampled_from(("text", "km", "n")), st.one_of(TEXTS, st.integers(), st.none()), max_size=3
    ),
)
def values(text: str, values: dict[str, Any]) -> None:
    reply = Reply(
        "text",
        (Text("verbatim", values),),
        choices=(Choice(text, "x", values), Choice(Text("choice:menu"), "y")),
        data=values,
        page=(0, 1),
    )
    assert Reply.from_dict(json.loads(json.dumps(reply.to_dict()))).to_dict() == reply.to_dict()
