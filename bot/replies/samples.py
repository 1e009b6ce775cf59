"""Things to word, for tests and for the translators' preview: a value for every placeholder, cards and replies of each kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.languages import served
from bot.messages import Card, Choice, Reply, Text
from bot.replies.catalogue import placeholders, source

__all__ = [
    "CARD", "CHANNELS", "CLOSED", "DETAILS", "HIDDEN", "HOSTS", "LANGUAGES", "NOW", "PHONE", "SERVICES", "VALUES", "choices", "crisis",
    "text",
]  # fmt: skip

NOW = datetime(2026, 11, 24, 12, 0)  # a Tuesday
CHANNELS = ("web", "rest", "telegram", "whatsapp", "sms")
LANGUAGES = tuple(language.code for language in served())
HOSTS = frozenset({"example.org"})

PHONE = "+302100000001"
"""A number of a Greek form that belongs to nobody."""

VALUES: dict[str, Any] = {
    "address": "12 Viktoria Square",
    "age": 18,
    "category": {"category": "legal_aid"},
    "country": {"country": "GR"},
    "date": {"date": "2026-08-24"},
    "day": "Monday",
    "days": 30,
    "distance": {"km": 25},
    "email": "help@example.org",
    "first": "Monday",
    "language": {"language": "fr"},
    "languages": {"list": [{"language": "ar"}, {"language": "ti"}, {"language": "fr"}]},
    "last": "Friday",
    "link": "https://example.org/a?b=1",
    "n": 2,
    "name": "Sample Legal Clinic",
    "number": {"phone": "112"},
    "operator": "Sample Society",
    "phone": {"phone": PHONE},
    "place": "Athens, Greece",
    "range": "1-3",
    "source": "Sample Ministry",
    "text": "Ring the bell.",
    "time": {"time": "17:00"},
    "times": "09:00-17:00",
    "when": {"when": "2026-11-25T09:00"},
}


def text(key: str) -> Text:
    """A text with a value for each of its placeholders."""
    return Text(key, {name: VALUES[name] for name in placeholders(source(key))})


CARD = Card(
    id="legal-1",
    name="Sample Legal Clinic",
    organisation="Sample Society",
    short_text="Lawyers for people who ask for asylum.",
    distance_km=0.42,
    address="12 Viktoria Square",
    city="Athens",
    open="open",
    open_until="2026-11-24T17:00",
    hours=tuple({"weekday": day, "opens": 540, "closes": 1020, "appointment_only": False} for day in range(5)),
    cost="free",
    booking="walk_in",
    papers="none_needed",
    languages=("en", "ar", "fa", "fr", "el"),
    interpreted=("fa",),
    phones=(PHONE,),
    contacts=({"kind": "phone", "value": PHONE}, {"kind": "web", "value": "https://example.org/a"}),
    how_to_get_help="Ring the bell.",
    what_to_bring="Letters from the office.",
    eligibility="Everybody.",
    transport="Bus 112 to Viktoria",
    wheelchair="yes",
    operator_type="ngo",
    must_report="child",
    verified_on="2026-11-01",
    lat=37.99312,
    lon=23.73045,
    country="GR",
)

CLOSED = replace(
    CARD, id="legal-2", name="Sample Advice Office", open="closed", open_until=None, opens_at="2026-11-25T09:00"
)
HIDDEN = replace(
    CARD, id="safe-1", name="Sample Women's House", address=None, lat=None, lon=None, genders="women", min_age=18
)


def choices(*labels: str, details: int = 0) -> tuple[Choice, ...]:
    """Choices: first the details of so many cards, then those of the labels (keys of texts)."""
    first = (
        Choice(Text("choice:details", {"n": n}), "ask_service_details", {"service": n}) for n in range(1, details + 1)
    )
    return (*first, *(Choice(text(key), "ask_menu") for key in labels))


SERVICES = Reply(
    "services",
    (Text("results", {"category": {"category": "legal_aid"}, "place": "Athens, Greece"}),),
    (CARD, CLOSED, HIDDEN),
    choices("choice:more", "choice:menu", details=3),
    data={"category": "legal_aid"},
)
DETAILS = Reply("details", (), (CARD,), choices("choice:more", "choice:wrong"))


def crisis(number: str, *, verified: bool = False) -> Reply:
    """A crisis at sea with its number first, as actions/crisis.py says it."""
    note = () if verified else (Text("crisis:unverified"),)
    keys = ("crisis:not_rescue", "crisis:sea", "crisis:sea_stay")
    row = {"number": number, "country": "GR", "verified": verified, "source": "sample"}
    first = Text("crisis:call", {"number": {"phone": number}})
    return Reply("crisis", (first, *note, *(Text(key) for key in keys)), data={"class": "sea", "numbers": [row]})
