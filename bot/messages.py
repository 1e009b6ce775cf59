"""What travels through the rooms: `Inbound` comes in, `Reply` is to be said, `Outbound` is worded and goes out.

    phone -> channel -> Inbound -> engine -> Reply -> replies -> Outbound -> channel -> phone

All are plain, immutable values that survive JSON (`to_dict`, `from_dict`): they cross processes through the mailbox.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = [
    "KINDS",
    "Card",
    "Choice",
    "Inbound",
    "Location",
    "Outbound",
    "Reply",
    "Text",
    "choices_token",
    "payload",
    "pressed",
]

KINDS = frozenset(
    {
        "services",
        "details",
        "crisis",
        "protection",
        "neutral",
        "info",
        "question",
        "choices",
        "menu",
        "privacy",
        "feedback",
        "handoff",
        "text",
    }
)
"""What a message can be; docs/inspection.md describes each."""


@dataclass(frozen=True)
class Location:
    """A shared position in degrees; rounded to about 1 km before it is stored anywhere."""

    lat: float
    lon: float


Crowd = Literal["", "first", "more", "flood"]
"""Of a sender with many unanswered messages only calls for help are answered, and the first of the others with the word to write
again. In a flood, of one sender or of all, nothing is read: a number to call is the answer (safety.md, S17)."""


@dataclass(frozen=True)
class Inbound:
    """What a channel understood of one message from one person."""

    channel: str
    """Name of the channel: web, rest, telegram, sms, whatsapp."""
    conversation: str
    """Keyed hash of channel and address (`bot.identity`); never the address itself."""
    provider_id: str
    """The provider's id of this message, unique within the conversation; a repeated one is answered once."""
    text: str = ""
    location: Location | None = None
    render_as: str = ""
    """Channel whose limits the answer must fit, if another than `channel` (inspection only)."""
    language_hint: str = ""
    """Language of the app or browser, if the channel tells it; only a hint."""
    media: str = ""
    """Kind of an attachment that was not kept: voice, image, video, file, contact, sticker."""
    label: str = ""
    """Words on the button that was pressed, where `text` is what stands behind it; they count if the button is an old one."""
    intent: str = ""
    """What the channel knows that it means, because it was picked in the channel's own menu of commands."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    crowd: Crowd = ""
    """Set where many messages wait for an answer before this one."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Inbound:
        location = data.get("location")
        return cls(**{**data, "location": Location(**location) if location else None})


@dataclass(frozen=True)
class Text:
    """One piece of wording by its key in `bot/replies/texts.py`, with the values that it names."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    """Numbers, names, or nested forms that the renderer formats: {"date": "2026-11-24"}, {"km": 1.2}, {"text": key}."""


@dataclass(frozen=True)
class Choice:
    """One thing that a person can pick by tap, number, or word."""

    label: Text | str
    """A `Text`, or a name that is not translated (a place, a service)."""
    intent: str
    """What picking it means."""
    entities: Mapping[str, Any] = field(default_factory=dict)
    """Entities of that intent, e.g. {"place": {...}} or {"service": 2}."""


@dataclass(frozen=True)
class Card:
    """One service as a person sees it: facts of its record, already in the reader's language where they are words."""

    id: str
    name: str
    organisation: str
    short_text: str = ""
    distance_km: float | None = None
    address: str | None = None
    city: str = ""
    """Shown alone where the exact address is not public."""
    open: str = "unknown"
    """open, closed, appointment, unknown, paused."""
    open_until: str | None = None
    """ISO local date and time of the next closing, if open."""
    opens_at: str | None = None
    """ISO local date and time of the next opening, if closed."""
    hours: tuple[Mapping[str, Any], ...] = ()
    """Weekly hours for the details: {"weekday": 0, "opens": 540, "closes": 1020, "appointment_only": False}."""
    cost: str = "unknown"
    cost_note: str = ""
    delivery: str = "place"
    """place, phone, online, mobile."""
    booking: str = "walk_in"
    papers: str = "unknown"
    languages: tuple[str, ...] = ()
    interpreted: tuple[str, ...] = ()
    """Languages that are spoken through an interpreter."""
    phones: tuple[str, ...] = ()
    """E.164 or short codes, of the record."""
    contacts: tuple[Mapping[str, str], ...] = ()
    """All contact points: {"kind": "whatsapp", "value": "+44..."}."""
    how_to_get_help: str = ""
    what_to_bring: str = ""
    eligibility: str = ""
    genders: str = "any"
    min_age: int | None = None
    max_age: int | None = None
    transport: str = ""
    wheelchair: str = "unknown"
    operator_type: str = ""
    must_report: str = "unknown"
    verified_on: str = ""
    overdue: int = 0
    """0: checked in time; 1: past its review date; 2: past twice the period, ask to call first."""
    lat: float | None = None
    lon: float | None = None
    """Only of public places, for a map link."""
    country: str = ""
    text_language: str = ""
    """Language of name and texts, if another than the reader's had to be taken."""
    text_state: str = ""
    """State of the texts as the snapshot says it: approved, needs_review, outdated, machine or machine_outdated."""
    sample: bool = False
    reported: bool = False
    """Several people said that something of it is wrong: call first."""


@dataclass(frozen=True)
class Reply:
    """One message that is to be said: keys and facts, no wording."""

    kind: str
    texts: tuple[Text, ...] = ()
    """Pieces in their order, each its own line or paragraph; the first line of a crisis holds the number."""
    cards: tuple[Card, ...] = ()
    choices: tuple[Choice, ...] = ()
    footer: tuple[Text, ...] = ()
    """Pieces below the cards and choices."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What `custom` says beside the kind: {"class": "sea"}, {"topic": "info_asylum"}, {"slot": "place"}."""
    ask_location: bool = False
    """The channel may offer a button that shares the position."""
    page: tuple[int, int] | None = None
    """First and one past the last of the choices that are shown, on a later page of them; None: from the first."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Reply:
        def text(row: Mapping[str, Any]) -> Text:
            return Text(row["key"], row.get("values") or {})

        def card(row: Mapping[str, Any]) -> Card:
            fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
            return Card(**fields)

        return cls(
            kind=data["kind"],
            texts=tuple(text(row) for row in data.get("texts", ())),
            cards=tuple(card(row) for row in data.get("cards", ())),
            choices=tuple(
                Choice(
                    row["label"] if isinstance(row["label"], str) else text(row["label"]),
                    row["intent"],
                    row.get("entities") or {},
                )
                for row in data.get("choices", ())
            ),
            footer=tuple(text(row) for row in data.get("footer", ())),
            data=data.get("data") or {},
            ask_location=bool(data.get("ask_location")),
            page=tuple(data["page"]) if data.get("page") else None,
        )


@dataclass(frozen=True)
class Outbound:
    """One message in words of one language, ready for a channel to render."""

    kind: str
    language: str
    text: str
    """Text without the choices."""
    choices: tuple[str, ...] = ()
    """Labels in the order in which numbers pick them."""
    custom: Mapping[str, Any] = field(default_factory=dict)
    """What the inspection contract reports: kind and its facts (docs/inspection.md)."""
    cards: tuple[Mapping[str, Any], ...] = ()
    """Worded cards for channels that show them as blocks (web): {"id", "title", "lines": [...], "phones": [...], "map": url}."""
    ask_location: bool = False
    page: tuple[int, int] | None = None
    """First and one past the last of the choices that this message shows, where not all fit into one; None: all."""
    token: str = ""
    """`choices_token` of the choices: what a button sends back, so that an old button cannot pick from a new list."""
    numbered: int = 0
    """How many numbered cards stand in the messages of the same answer before this one: the first choices are their details."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Outbound:
        page = data.get("page")
        return cls(
            **{
                **data,
                "choices": tuple(data.get("choices", ())),
                "cards": tuple(data.get("cards", ())),
                "page": tuple(page) if page else None,
            }
        )


def choices_token(choices: Iterable[Mapping[str, Any]]) -> str:
    """Six hexadecimal digits for what the choices ({"intent", "entities"}) mean, in whatever language they are worded."""
    meanings = [(choice["intent"], choice.get("entities") or {}) for choice in choices]
    return hashlib.sha256(json.dumps(meanings, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:6]


def payload(number: int, token: str = "") -> str:
    """What stands behind the button of the choice of that number (from 1): at most 20 bytes."""
    return f"choice:{number}:{token}" if token else f"choice:{number}"


_PAYLOAD = re.compile(r"choice:(?P<number>\d{1,3})(?::(?P<token>[0-9a-f]{6}))?", re.IGNORECASE)


def pressed(text: str) -> tuple[int, str] | None:
    """Number and token (empty: none) of a text that is a `payload`; None for any other."""
    button = _PAYLOAD.fullmatch(text.strip())
    return (int(button["number"]), button["token"] or "") if button else None
