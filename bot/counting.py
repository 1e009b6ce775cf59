"""What of a turn is counted, for the staff's pictures: how many, never who; nothing of what anybody wrote.

Events and what they carry (`bot.mailbox.tallies.Count`):

    begun           language, channel             a conversation, new or after a long silence (`memory_minutes`)
    answered        area, language, channel       a message
    failed          language, channel             a message whose answer broke
    seconds         channel; value: bucket        from the message's arrival to its answer
    need            area, language, channel; value: category      services were looked for near a place
    nothing         as need                       ... and none was found there
    topic           country, language, channel; value: topic      an information was asked for
    no_article      as topic                      ... and there is none
    asked_back      language, channel             the bot offered what the message may mean
    not_understood  language, channel
    person          language, channel             shown how to reach a person
    crisis          country; value: class

Area: country and first-level area (GeoNames). People at risk are few: of a crisis only its class and the country are counted,
and needs of SENSITIVE categories with their country only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from bot.engine.engine import Turn
from bot.mailbox import Claim, Count

__all__ = ["BUCKETS", "SENSITIVE", "bucket", "counts", "day"]

BUCKETS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper limits of answer times in seconds; what took longer is in the bucket "inf"."""
SENSITIVE = frozenset({"safe_space", "child_protection"})
"""Categories whose seekers are looked for by those from whom they flee."""


def day(at: float) -> str:
    """The UTC day of a moment (seconds since 1970), ISO."""
    return datetime.fromtimestamp(at, timezone.utc).date().isoformat()


def bucket(seconds: float) -> str:
    """The upper limit of the bucket of that answer time: "0.5"; "inf" beyond all."""
    return next((f"{limit:g}" for limit in BUCKETS if seconds <= limit), "inf")


def counts(claim: Claim, before: Mapping[str, Any], turn: Turn, seconds: float, *, begun: bool) -> list[Count]:
    """What happened in a turn that answers `claim`; `before` is the memory with which it began, `seconds` the answer time."""
    return list(_counts(claim.inbound.channel, before, turn, seconds, begun=begun))


def _counts(channel: str, before: Mapping[str, Any], turn: Turn, seconds: float, *, begun: bool) -> Iterator[Count]:
    memory = turn.memory or {}
    place = memory.get("place") or {}
    country = str(place.get("country") or "")
    area = {"country": country, "admin1": str(place.get("admin1") or "")}
    language = turn.answers[0].language if turn.answers else ""
    said = {"language": language, "channel": channel}
    if begun:
        yield Count("begun", **said)
    yield Count("failed", **said) if turn.failed else Count("answered", **area, **said)
    yield Count("seconds", bucket(seconds), channel=channel)
    if turn.failed:
        return
    facts = [answer.custom for answer in turn.answers]
    kinds = [str(fact.get("kind")) for fact in facts]
    if need := _need(memory, facts):
        category, found = need
        where = Count("need", category, country) if category in SENSITIVE else Count("need", category, **area, **said)
        yield where
        if not found:
            yield where._replace(event="nothing")
    for fact, kind in zip(facts, kinds):
        if kind == "info":
            about = Count("topic", str(fact.get("topic", "")), country, **said)
            yield about
            if not fact.get("found"):
                yield about._replace(event="no_article")
    if "handoff" in kinds:
        yield Count("person", **said)
    if int(memory.get("misses") or 0) > int(before.get("misses") or 0) and "services" not in kinds:
        yield Count("asked_back" if "choices" in kinds else "not_understood", **said)
    risk = next((fact for fact, kind in zip(facts, kinds) if kind in ("crisis", "protection")), None)
    if risk is not None:
        yield Count("crisis", str(risk.get("class", "")), country)


def _need(memory: Mapping[str, Any], facts: list[Mapping[str, Any]]) -> tuple[str, bool] | None:
    """Category that was searched in this turn and whether something was found near; None for further pages and details."""
    for fact in facts:
        if fact.get("results") == 0 and fact.get("category"):
            return str(fact["category"]), False
    listed = [fact for fact in facts if fact.get("kind") == "services" and not fact.get("details")]
    first = bool(memory.get("shown")) and memory["shown"] == len(memory.get("results") or ())
    if not listed or not first or memory.get("question") or not memory.get("need"):
        return None
    return str(memory["need"]), not any(fact.get("scope") == "national" for fact in listed)
