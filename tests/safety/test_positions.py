"""A bare position counts as a cry for help (S1), typed or as the gateway stores it, and is the place where one was asked for."""

from __future__ import annotations

import pytest

from bot.engine.positions import HELP, located
from bot.messages import Inbound, Location
from bot.redact import redacted

POSITIONS = [
    ("34.123, 12.456", (34.12, 12.45)),
    ("GPS: 34.12345,12.45678", (34.12, 12.45)),
    ("lat 34.1234 lon -12.4567", (34.12, -12.45)),
    ("34°12'30\"N 12°27'10\"E", (34.2, 12.45)),
    ("34° 12.5' N, 12° 27.1' W", (34.2, -12.45)),
    ("E012.456 N34.123", (34.12, 12.45)),
    ("-33.8688 151.2093", (-33.86, 151.2)),
    ("34,12345 12,45678", (34.12, 12.45)),
    ("٣٤٫١٢٣٤ ١٢٫٤٥٦٧", (34.12, 12.45)),
    ("۳۴.۱۲۳۴، ۱۲.۴۵۶۷", (34.12, 12.45)),
    ("https://maps.google.com/?q=34.1234,12.4567", (34.12, 12.45)),
    ("https://www.google.com/maps/@34.1234,12.4567,15z", (34.12, 12.45)),
    ("geo:34.1234,12.4567", (34.12, 12.45)),
]


def stored(text: str) -> Inbound:
    return redacted(Inbound("sms", "conversation", "1", text=text))


@pytest.mark.parametrize(("text", "place"), POSITIONS)
def test_a_bare_position_is_a_cry_for_help(text: str, place: tuple[float, float]) -> None:
    message = located(stored(text), {})
    assert message.intent == HELP and message.metadata["position"] == {"lat": place[0], "lon": place[1]}


@pytest.mark.parametrize(("text", "place"), POSITIONS)
def test_where_a_place_was_asked_for_it_is_the_place(text: str, place: tuple[float, float]) -> None:
    message = located(stored(text), {"question": "place"})
    assert not message.intent and message.location == Location(*place)


@pytest.mark.parametrize("text", ["6G7XH6QV+4W", "///filled.count.soap"])
def test_a_code_of_a_position_is_a_cry_for_help_without_a_place(text: str) -> None:
    message = located(stored(text), {})
    assert message.intent == HELP and "position" not in message.metadata


@pytest.mark.parametrize(
    "text",
    ["10.30 11.45", "12.50, 13.20", "2", "112", "99.123, 12.456 euros", "i am at 34.123, 12.456 and need food",
     "190.123, 212.456", "24.12.2026", "1.234,56", "...", "…", "https://example.org/news/2026", ""],
)  # fmt: skip
def test_other_numbers_are_not(text: str) -> None:
    message = stored(text)
    assert located(message, {}) == message
