"""Cards in words: opening, cost, limits, hidden addresses, age of the record, hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from anyascii import anyascii

from bot.messages import Card, Reply, Text
from bot.replies import sms
from bot.replies.bidi import unprotected
from bot.replies.cards import hours_lines, lines, map_link, open_now, opening_state, worded
from bot.replies.catalogue import wording
from bot.replies.formats import Reader
from bot.replies.render import word
from bot.replies.samples import CARD, CLOSED, HIDDEN, LANGUAGES, NOW, PHONE

READER = Reader("en", "web", "TR", None, NOW)


def facts(card: Card, reader: Reader = READER, *, details: bool = False) -> list[str]:
    return [line.fact for line in lines(card, reader, details=details)]


def said(card: Card, fact: str, reader: Reader = READER, *, details: bool = False) -> list[str]:
    return [line.text for line in lines(card, reader, details=details) if line.fact == fact]


@pytest.mark.parametrize(
    ("changes", "expected", "is_open"),
    [
        ({"open_until": "2026-11-24T17:00"}, "Open now, until 17:00", True),
        ({"open_until": "2026-11-25T02:00"}, "Open now, until 02:00", True),
        ({"open_until": "2026-11-25T17:00"}, "Open now, until tomorrow 17:00", True),
        ({"open_until": None}, "Open day and night", True),
        ({"open": "closed", "opens_at": "2026-11-24T18:00"}, "Closed now, opens today 18:00", False),
        ({"open": "closed", "opens_at": "2026-11-25T09:00"}, "Closed now, opens tomorrow 09:00", False),
        ({"open": "closed", "opens_at": "2026-11-27T09:00"}, "Closed now, opens Friday 09:00", False),
        ({"open": "closed", "opens_at": None}, "Closed now", False),
        ({"open": "appointment", "opens_at": "2026-11-25T09:00"}, "With appointment, tomorrow 09:00", None),
        ({"open": "appointment", "open_until": "2026-11-24T17:00"}, "With appointment, until 17:00", None),
        ({"open": "appointment", "open_until": None}, "Appointment needed", None),
        ({"open": "paused"}, "Closed for some time", False),
        ({"open": "unknown"}, "Opening hours not known", None),
    ],
)
def test_opening(changes: dict[str, Any], expected: str, is_open: bool | None) -> None:
    card = replace(CARD, **changes)
    assert (opening_state(card, READER), open_now(card)) == (expected, is_open)


def test_the_order_of_a_list() -> None:
    card = replace(CARD, genders="women", min_age=18, max_age=60)
    assert facts(card) == [
        *("distance", "open", "cost", "booking", "papers", "limits", "limits", "limits"),
        *("languages", "interpreted", "phone", "checked"),
    ]


def test_a_list_entry_in_words() -> None:
    assert worded(CLOSED, READER, number=2) == {
        "id": "legal-2",
        "number": 2,
        "title": "Sample Advice Office",
        "lines": [
            "400 m away · Closed now, opens tomorrow 09:00",
            "Free · You can just come · No papers needed",
            "Languages: English, Arabic, French, Greek",
            "With interpreter: Persian",
            "Phone: +30 21 0000 0001",
            "Last checked: 1 Nov 2026",
        ],
        "phones": [{"display": "+30 21 0000 0001", "tel": f"tel:{PHONE}"}],
        "map": "https://www.openstreetmap.org/?mlat=37.99312&mlon=23.73045#map=17/37.99312/23.73045",
    }


def test_the_details_in_words() -> None:
    card = replace(
        CARD, cost_note="Copies cost 1.", contacts=(*CARD.contacts, {"kind": "telegram", "value": "@sample"})
    )
    link = "https://www.openstreetmap.org/?mlat=37.99312&mlon=23.73045#map=17/37.99312/23.73045"
    assert worded(card, READER, number=None, details=True)["lines"] == [
        "Sample Society",
        "Lawyers for people who ask for asylum.",
        "400 m away · Open now, until 17:00",
        "Free · You can just come",
        "No papers needed",
        "Run by: an aid organisation",
        "They may have to report when a child is in danger.",
        "Languages: English, Arabic, French, Greek",
        "With interpreter: Persian",
        "Phone: +30 21 0000 0001",
        "Web: https://example.org/a",
        "Telegram: @sample",
        "Address: 12 Viktoria Square, Athens",
        f"Map: {link}",
        "How to get there: Bus 112 to Viktoria",
        "Works with a wheelchair",
        "Opening hours:",
        "Monday to Friday: 09:00-17:00",
        "Cost: Copies cost 1.",
        "How to get help: Ring the bell.",
        "Bring: Letters from the office.",
        "For whom: Everybody.",
        "Last checked: 1 Nov 2026",
    ]


@pytest.mark.parametrize(
    ("changes", "fact", "expected"),
    [
        ({"cost": "low"}, "cost", ["Low cost"]),
        ({"cost": "unknown"}, "cost", ["Ask if it costs money"]),
        ({"booking": "referral_only"}, "booking", ["Another service must send you"]),
        ({"papers": "any_id"}, "papers", ["Bring any identity paper"]),
        ({"papers": "unknown"}, "papers", []),
        ({"genders": "men"}, "limits", ["Only for men"]),
        ({"max_age": 17}, "limits", ["Up to 17 years"]),
        ({"distance_km": None, "delivery": "phone"}, "distance", ["By phone or online"]),
        ({"distance_km": None, "delivery": "mobile"}, "distance", ["Comes to different places"]),
        ({"distance_km": None}, "distance", []),
        ({"overdue": 1}, "overdue", ["Last checked: 1 Nov 2026. It may have changed."]),
        ({"overdue": 2}, "overdue", ["Last checked: 1 Nov 2026. Call before you go there."]),
        ({"reported": True}, "reported", ["People told us that this may have changed. Call first."]),
        ({"reported": True, "overdue": 2}, "checked", ["Last checked: 1 Nov 2026"]),  # no warning twice
        ({}, "reported", []),
        ({"verified_on": ""}, "checked", []),
        ({"phones": (), "contacts": CARD.contacts[1:]}, "phone", ["Web: https://example.org/a"]),
        (
            {"phones": (PHONE, "+302100000002", "+302100000003")},
            "phone",
            ["Phone: +30 21 0000 0001", "Phone: +30 21 0000 0002"],
        ),
        ({"operator_type": "police"}, "operator", ["Run by: the police"]),
        ({"operator_type": "ngo"}, "operator", []),
        ({"must_report": "all"}, "must_report", ["They may have to tell the authorities about you."]),
        ({"text_language": "fr"}, "text_language", ["Text only in French"]),
        ({"text_language": "en"}, "text_language", []),
        (
            {"languages": ("el", "fr", "it", "sr", "de", "en")},
            "languages",
            ["Languages: English, Greek, French, Italian"],
        ),
    ],
)
def test_facts_of_a_list(changes: dict[str, Any], fact: str, expected: list[str]) -> None:
    assert said(replace(CARD, interpreted=(), **changes), fact) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("approved", []),
        ("needs_review", []),
        ("outdated", ["This text may be out of date."]),
        ("machine", ["A machine translated this text. It may be wrong."]),
        ("machine_outdated", ["A machine translated this text. It may be wrong.", "This text may be out of date."]),
    ],
)
def test_doubtful_texts_are_labelled_where_they_are_shown(state: str, expected: list[str]) -> None:
    card = replace(CARD, text_state=state)
    assert said(card, "text_state", details=True) == expected
    assert said(card, "text_state") == [], "a list shows facts, which are of today"
    bare = replace(card, short_text="", cost_note="", how_to_get_help="", what_to_bring="", eligibility="")
    assert said(bare, "text_state", details=True) == []


def test_a_hidden_address_shows_the_town_alone() -> None:
    shown = "\n".join(worded(HIDDEN, READER, number=None, details=True)["lines"])
    assert "In Athens\nThe address is not public. Call them." in shown
    assert "Viktoria Square" not in shown and "openstreetmap" not in shown
    assert map_link(HIDDEN) is None and worded(HIDDEN, READER, number=1)["map"] is None


def test_a_place_without_a_public_address_gets_no_map_even_if_it_has_a_position() -> None:
    card = replace(HIDDEN, lat=37.9, lon=23.7)
    assert worded(card, READER, number=None, details=True)["map"] is None
    assert said(card, "map", details=True) == []


@pytest.mark.parametrize("operator", ["rcrc", "un", "ngo", "health", "government", "police", "immigration_authority"])
@pytest.mark.parametrize("report", ["none", "child", "danger", "all", "unknown"])
def test_the_details_always_say_who_runs_it_and_what_they_report(operator: str, report: str) -> None:
    card = replace(CARD, operator_type=operator, must_report=report)
    assert len(said(card, "operator", details=True)) == len(said(card, "must_report", details=True)) == 1


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (
            [(0, 540, 1020), (1, 540, 1020), (2, 540, 1020), (4, 540, 1020)],
            ["Monday to Wednesday: 09:00-17:00", "Friday: 09:00-17:00"],
        ),
        ([(0, 540, 720), (0, 780, 1020)], ["Monday: 09:00-12:00, 13:00-17:00"]),
        ([(5, 1200, 1560)], ["Saturday: 20:00-02:00"]),
        ([(day, 0, 1440) for day in range(7)], ["Monday to Sunday: day and night"]),
        ([(3, 600, 1440)], ["Thursday: 10:00-00:00"]),
        ([], []),
    ],
)
def test_hours(hours: list[tuple[int, int, int]], expected: list[str]) -> None:
    rows = tuple({"weekday": day, "opens": opens, "closes": closes} for day, opens, closes in hours)
    assert hours_lines(rows, READER) == expected


def test_hours_with_appointment() -> None:
    rows = (
        {"weekday": 0, "opens": 540, "closes": 720, "appointment_only": True},
        {"weekday": 0, "opens": 780, "closes": 1020, "appointment_only": False},
    )
    assert hours_lines(rows, READER) == ["Monday: 09:00-12:00, with appointment, 13:00-17:00"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", ["web", "sms"])
@pytest.mark.parametrize("details", [False, True])
def test_cards_in_every_language(language: str, channel: str, details: bool) -> None:
    reader = Reader(language, channel, "TR", None, NOW)
    expected = facts(CARD, details=details)
    for card in (CARD, CLOSED, HIDDEN):
        found = lines(card, reader, details=details)
        assert not [line.text for line in found if unprotected(line.text, language) or "{" in line.text]
        assert card is not CARD or [line.fact for line in found] == expected


def test_no_wording_of_another_language_in_an_arabic_card() -> None:
    reader = Reader("ar", "web", "TR", None, NOW)
    card = replace(CARD, name="مكتب", how_to_get_help="", short_text="", eligibility="", what_to_bring="", transport="")
    assert worded(card, reader, number=1)["lines"] == [
        "على بعد 400 متر · مفتوح الآن، حتى 17:00",
        "مجاني · يمكنكم الحضور مباشرة · لا حاجة إلى أوراق",
        "اللغات: العربية، الإنجليزية، الفرنسية، اليونانية",
        "مع مترجم: الفارسية",
        "الهاتف: \u2066+30 21 0000 0001\u2069",
        "آخر تحقق: 1 نوفمبر 2026",
    ]


def test_an_aware_now_is_read_in_the_zone_of_the_place() -> None:
    reader = replace(READER, now=datetime.fromisoformat("2026-11-24T23:30+00:00"))  # 01:30 on the 25th in Athens
    card = replace(CARD, open="closed", opens_at="2026-11-25T09:00+02:00")
    assert opening_state(card, reader) == "Closed now, opens today 09:00"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["services", "details"])
def test_an_sms_never_leaves_out_that_an_entry_was_reported(language: str, kind: str) -> None:
    long = replace(CARD, overdue=2, must_report="all", sample=True, how_to_get_help="Ring the bell twice. " * 12)
    old, reported = (
        word(Reply(kind, cards=(card,)), language, channel="sms", now=NOW, country="GR").text
        for card in (long, replace(long, reported=True))
    )
    warning, at_least = (wording(Text(f"card:{key}"), language) for key in ("reported", "call_first"))
    whole, short, text = (anyascii(sms.plain(words)) for words in (warning, at_least, reported))
    assert whole in text or short in text, "accents may go on an SMS"
    assert sms.segments(reported) <= 3 and sms.segments(old) <= 3
