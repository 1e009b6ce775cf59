"""People at risk: the number to call first, from a record; then what helps. No question stands before the number."""

from __future__ import annotations

import logging

from actions.turn import Turn, WaypostAction
from actions.where import learn_place
from bot.lookup.cards import card
from bot.lookup.emergency import GSM
from bot.lookup.records import EmergencyNumber
from bot.lookup.search import Query, search
from bot.messages import Card, Choice, Text
from bot.replies.texts import TEXTS

__all__ = ["Crisis", "Protection", "emergency_number"]

log = logging.getLogger(__name__)

CLASSES = {
    "emergency_sea": "sea",
    "emergency_danger": "danger",
    "disclose_self_harm": "self_harm",
    "disclose_child_alone": "child",
    "disclose_detained": "detained",
    "disclose_gbv": "gbv",
    "disclose_trafficking": "trafficking",
}
"""Class of a crisis by intent."""

_KINDS = {"danger": "general", "detained": "detention"}
"""Kind of number that is looked for first, where its name is not the class (bot/lookup/schema.py)."""

_TEXTS = {
    "sea": ("crisis:sea", "crisis:sea_stay"),
    "danger": ("crisis:danger",),
    "self_harm": ("crisis:self_harm", "crisis:self_harm_next"),
    "child": ("crisis:child",),
    "detained": ("crisis:detained", "crisis:detained_family"),
}

_HELP = {
    "sea": (),
    "danger": (("category:health_care", "find_health_care"),),
    "self_harm": (("category:mental_health", "find_mental_health"),),
    "child": (("category:child_protection", "find_child_protection"),),
    "detained": (
        ("category:legal_aid", "find_legal_aid"),
        ("topic:info_detention", "info_detention"),
        ("category:family_links", "find_family_links"),
    ),
    "gbv": (
        ("category:safe_space", "find_safe_space"),
        ("category:health_care", "find_health_care"),
        ("category:legal_aid", "find_legal_aid"),
    ),
    "trafficking": (("category:legal_aid", "find_legal_aid"), ("category:safe_space", "find_safe_space")),
}
"""What can be picked after the number: label and intent."""


def emergency_number(turn: Turn, kind: str) -> EmergencyNumber | None:
    """The number to call in the person's country, or on any mobile network where the country is not known."""
    try:
        rows = turn.directory.emergency(turn.country, (_KINDS.get(kind, kind), "general"))
    except Exception as error:  # a damaged file; the number of any network goes out all the same (safety.md, S17)
        log.error("no emergency numbers can be read: %s", type(error).__name__)
        rows = [GSM]
    return rows[0] if rows else None


def _learn_place(turn: Turn) -> None:
    # Where the gazetteer or the directory breaks, the number goes out without a place.
    try:
        learn_place(turn)
    except Exception as error:
        log.error("no place can be looked up: %s", type(error).__name__)
        turn.replies.clear()


def _help_choices(kind: str) -> tuple[Choice, ...]:
    return tuple(Choice(Text(label), intent) for label, intent in _HELP[kind])


def _who(row: EmergencyNumber | Card | None, channel: str) -> list[Text]:
    """Who answers there, if a record says so, and what they must report, or that this is not known (safety.md, S9, N24).

    On SMS only what they must report, where it is known: each line costs.
    """
    if row is None:
        return []
    report = f"report:{row.must_report}" if f"report:{row.must_report}" in TEXTS else "report:unknown"
    if channel == "sms":
        return [Text(report)] if report != "report:unknown" else []
    operator = f"operator:{row.operator_type}"
    return [Text(key) for key in (operator, report) if key in TEXTS]


class Crisis(WaypostAction):
    """emergency_*, self-harm, a child alone, somebody detained."""

    action = "action_crisis"

    def answer(self, turn: Turn) -> None:
        kind = CLASSES.get(turn.intent, "danger")
        _learn_place(turn)
        legal = _legal_phone(turn) if kind == "detained" else None
        row = None if legal else emergency_number(turn, kind)
        first: list[Text] = []
        numbers = [row.as_data()] if row else []
        if legal:
            first.append(Text("crisis:legal_phone", {"phone": {"phone": legal.phones[0]}, "name": legal.name}))
            numbers = [{"number": legal.phones[0], "country": legal.country, "verified": True, "source": legal.id}]
        elif row:
            first.append(Text("crisis:call", {"number": {"phone": row.number}}))
            if row.verified_on is None:
                first.append(Text("crisis:unverified"))
        else:
            first.append(Text("crisis:no_number"))
        who = _who(legal or row, turn.channel)
        rest = [*who, *(Text(key) for key in _TEXTS[kind]), Text("crisis:not_rescue")]
        data = {"class": kind, "numbers": numbers}
        turn.set(question=None, crisis=kind)
        if turn.channel == "sms":  # one segment with the number, alone; the rest follows
            turn.say("crisis", *first, data=data)
            turn.say("text", *rest, choices=_help_choices(kind), data={"class": kind})
        else:
            turn.say("crisis", *first, *rest, choices=_help_choices(kind), data=data)


class Protection(WaypostAction):
    """disclose_gbv, disclose_trafficking: believed, nothing asked, the person decides."""

    action = "action_protection"

    def answer(self, turn: Turn) -> None:
        kind = CLASSES.get(turn.intent, "gbv")
        _learn_place(turn)
        row = emergency_number(turn, kind)
        first = [Text("protection:call", {"number": {"phone": row.number}})] if row else [Text("protection:no_number")]
        if row and row.verified_on is None:
            first.append(Text("crisis:unverified"))
        believe = Text("protection:believe" if kind == "gbv" else "protection:trafficking")
        cards = (
            () if turn.channel == "sms" else tuple(_discreet(found) for found in _phone_services(turn, "safe_space"))
        )
        choices = (*_help_choices(kind), Choice(Text("choice:delete"), "delete_my_data"))
        turn.set(question=None)
        turn.say(
            "protection",
            *first,
            *_who(row, turn.channel),
            believe,
            *((Text("protection:help"),) if cards else ()),
            cards=cards,
            choices=choices,
            footer=(Text("protection:erase"),),
            data={"class": kind, "numbers": [row.as_data()] if row else []},
        )


def _phone_services(turn: Turn, category: str) -> list[Card]:
    place = turn.place
    if place is None or not turn.directory.available:
        return []
    query = Query(
        category=category,
        lat=place.lat,
        lon=place.lon,
        country=place.country,
        language=turn.language,
        now=turn.now,
        limit=10,
    )
    try:
        hits = search(turn.directory, query).hits
        found = [card(hit, turn.language, turn.get("second_language"), now=turn.now) for hit in hits]
    except Exception as error:
        log.error("no services can be read: %s", type(error).__name__)
        return []
    return [service for service in found if service.phones][:2]


def _discreet(found: Card) -> Card:
    # Only how to reach them: no place of such a service goes out here, whoever asks (safety.md, S8).
    return Card(
        id=found.id,
        name=found.name,
        organisation=found.organisation,
        phones=found.phones,
        languages=found.languages,
        cost=found.cost,
        verified_on=found.verified_on,
        overdue=found.overdue,
        country=found.country,
        text_language=found.text_language,
        must_report=found.must_report,
        sample=found.sample,
        reported=found.reported,
    )


def _legal_phone(turn: Turn) -> Card | None:
    services = _phone_services(turn, "legal_aid")
    return services[0] if services else None
