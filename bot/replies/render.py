"""From what is to be said (`Reply`) to words of one language (`Outbound`)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.messages import Card, Choice, Outbound, Reply, Text, choices_token
from bot.replies import cards as worded_cards
from bot.replies import short, sms
from bot.replies.bidi import RLM, directed, isolate
from bot.replies.catalogue import VERBATIM, say, spoken
from bot.replies.formats import Reader
from bot.replies.texts import TEXTS

__all__ = ["around_cards", "block", "custom", "offered", "with_a_person", "word"]

logger = logging.getLogger(__name__)

SAME_LINE = frozenset({"crisis:unverified"})
"""Texts that continue the line before them: the first line of a crisis holds the number and whether it is verified."""


def word(
    reply: Reply,
    language: str,
    *,
    channel: str,
    now: datetime,
    country: str | None,
    second_language: str | None = None,
) -> Outbound:
    """A reply in words of `language`, in the form that `channel` needs.

    `now` is aware, or naive in the local time of the services; `country` (ISO alpha-2) is where the person is.
    A text or card that cannot be worded is left out and logged: the rest is still said.
    """
    return offered(reply, language, channel=channel, now=now, country=country, second_language=second_language)[0]


def offered(
    reply: Reply,
    language: str,
    *,
    channel: str,
    now: datetime,
    country: str | None,
    second_language: str | None = None,
) -> tuple[Outbound, tuple[Choice, ...]]:
    """As `word`, and what each of the message's choices means: those of the reply, and on SMS "Read on" and "More options"."""
    reader = Reader(language, channel, country, second_language, now)
    details = reply.kind == "details"
    head = _texts(reply.texts, reader)
    foot = _texts(_footer(reply), reader)
    numbers = [None if details else n for n in range(1, len(reply.cards) + 1)]
    blocks = [_card(card, reader, number, details) for card, number in zip(reply.cards, numbers)]
    whole = "\n\n".join(part for part in (_joined(head), *map(block, blocks), _joined(foot)) if part)
    outbound = Outbound(
        kind=reply.kind,
        language=language,
        text=directed(whole, language),
        choices=tuple(_choice(choice, reader) for choice in reply.choices),
        custom=custom(reply),
        cards=tuple(blocks),
        ask_location=reply.ask_location,
        page=reply.page,
    )
    choices = reply.choices
    if channel == "sms":
        outbound, choices = short.shortened(outbound, reply, reader, head, foot)
    meanings = [{"intent": choice.intent, "entities": dict(choice.entities)} for choice in choices]
    return replace(outbound, token=choices_token(meanings) if meanings else ""), choices


def with_a_person(reply: Reply, language: str, second_language: str | None = None) -> Reply:
    """The reply with a way to a person, if a part of it may not be said in the reader's language (setting `texts`)."""
    keys = [text.key for text in (*reply.texts, *reply.footer) if text.key != VERBATIM]
    fallen = any(spoken(key, language, second_language)[1] != language for key in keys if key in TEXTS)
    if not fallen or any(choice.intent == "talk_to_human" for choice in reply.choices):
        return reply
    return replace(reply, choices=(*reply.choices, Choice(Text("menu:person"), "talk_to_human")))


def block(card: Mapping[str, Any]) -> str:
    """A worded card as it stands in the text: its title, numbered in a list, and its lines."""
    title = f"{card['number']}. {card['title']}" if card["number"] is not None else card["title"]
    return "\n".join((title, *card["lines"]))


def around_cards(outbound: Outbound) -> tuple[str, str]:
    """The text before and behind the cards, for a channel that shows `outbound.cards` as blocks of its own."""
    if not outbound.cards:
        return outbound.text, ""
    first, last = block(outbound.cards[0]), block(outbound.cards[-1])
    if first not in outbound.text or last not in outbound.text:
        return outbound.text, ""
    head, _, rest = outbound.text.partition(first)
    _, _, foot = (first + rest).rpartition(last)
    return head.strip(f"\n{RLM}"), foot.strip()


def custom(reply: Reply) -> dict[str, Any]:
    """What the inspection contract reports of a reply: its kind, its facts, and the services that it shows."""
    facts: dict[str, Any] = {"kind": "services" if reply.kind == "details" else reply.kind, **reply.data}
    facts["kind"] = "services" if reply.kind == "details" else reply.kind
    if reply.kind == "details":
        facts["details"] = True
    if reply.cards or reply.kind in {"services", "details"}:
        facts["services"] = [_service(card) for card in reply.cards]
    return facts


def _service(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "distance_km": card.distance_km,
        "open": worded_cards.open_now(card),
        "phones": list(card.phones),
        "verified_on": card.verified_on,
    }


def _footer(reply: Reply) -> tuple[Text, ...]:
    """The footer, with the notice about sample data wherever a sample record is shown."""
    if any(card.sample for card in reply.cards) and all(t.key != "sample" for t in (*reply.texts, *reply.footer)):
        return (*reply.footer, Text("sample"))
    return reply.footer


def _texts(texts: Iterable[Text], reader: Reader) -> list[tuple[str, str]]:
    """Key and words of each text; texts of SAME_LINE are added to the words before them, on SMS if one segment holds both."""
    said: list[tuple[str, str]] = []
    for text in texts:
        try:
            words = say(text, reader)
        except (KeyError, ValueError):
            logger.exception("text %s cannot be worded in %s", text.key, reader.language)
            continue
        key, before = said[-1] if said else ("", "")
        line = f"{before} {words}"
        if text.key in SAME_LINE and said and (reader.channel != "sms" or sms.segments(sms.plain(line)) == 1):
            said[-1] = (key, line)
        elif words:
            said.append((text.key, words))
    return said


def _joined(said: list[tuple[str, str]]) -> str:
    return "\n".join(words for _, words in said)


def _card(card: Card, reader: Reader, number: int | None, details: bool) -> dict[str, Any]:
    try:
        return worded_cards.worded(card, reader, number=number, details=details)
    except (KeyError, ValueError):
        logger.exception("service %s cannot be worded in %s", card.id, reader.language)
        return worded_cards.minimum(card, reader, number=number)


def _choice(choice: Choice, reader: Reader) -> str:
    """The label of a choice; never empty, so that numbers keep picking the right one."""
    if isinstance(choice.label, str):
        return isolate(choice.label, reader.language, reader.channel)
    try:
        return say(choice.label, reader)
    except (KeyError, ValueError):
        logger.exception("choice %s cannot be worded in %s", choice.label.key, reader.language)
        return choice.intent
