"""Cards, explanations and emergency numbers: what a record becomes for one reader."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.lookup.cards import card
from tests.lookup.builder import Row, area, article, number, service, site
from tests.lookup.conftest import Opener

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Athens"))
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("texts", "language", "second", "name", "text_language"),
    [
        ({"en": "Kitchen", "ar": "مطبخ"}, "ar", None, "مطبخ", ""),
        ({"en": "Kitchen", "fr": "Cuisine"}, "ar", "fr", "Cuisine", "fr"),
        ({"en": "Kitchen", "fr": "Cuisine"}, "ar", None, "Kitchen", "en"),
        ({"el": "Κουζίνα"}, "ar", "fr", "Κουζίνα", "el"),
        ({}, "ar", None, "Test organisation", ""),
    ],
)
def test_the_language_of_a_card(
    directory: Opener, texts: Row, language: str, second: str | None, name: str, text_language: str
) -> None:
    record = directory(service("a", site=site(37.98, 23.73), texts=texts)).service("a")
    assert record is not None
    found = card(record, language, second, now=NOW)
    assert (found.name, found.text_language) == (name, text_language)


def test_a_draft_is_not_shown(directory: Opener) -> None:
    texts = {"ar": {"name": "مسودة", "state": "draft"}, "en": "Kitchen"}
    record = directory(service("a", site=site(37.98, 23.73), texts=texts)).service("a")
    assert record is not None
    assert card(record, "ar", now=NOW).name == "Kitchen"


@pytest.mark.parametrize("state", ["approved", "needs_review", "outdated", "machine", "machine_outdated"])
def test_the_state_of_the_text_that_is_shown(directory: Opener, state: str) -> None:
    texts = {"ar": {"name": "مطبخ", "state": state}, "en": "Kitchen"}
    record = directory(service("a", site=site(37.98, 23.73), texts=texts)).service("a")
    assert record is not None
    assert card(record, "ar", now=NOW).text_state == state
    assert card(record, "en", now=NOW).text_state == "approved"


def test_the_facts_of_a_card(directory: Opener) -> None:
    words = {
        "name": "Kitchen", "short_text": "Hot meals", "how_to_get_help": "Come in", "what_to_bring": "A bag",
        "eligibility_text": "Everybody", "cost_note": "No payment",
    }  # fmt: skip
    record = directory(
        service(
            "a",
            site=site(
                37.98, 23.73, address="1 Street", name="Hall", postcode="105 63", transport="Metro", wheelchair="yes"
            ),
            texts={"en": words},
            languages={"en": False, "el": False, "fa": True},
            phones=["+302100000001"],
            contacts=[("whatsapp", "+306900000001"), ("email", "a@example.org")],
            hours=[(0, 540, 1020), (1, 540, 1020, 1), (2, 0, 60, 0, "2027-01-01", None)],
            papers="none_needed",
            sample=1,
        )
    ).service("a")
    assert record is not None
    found = card(record, "en", now=NOW, here=(37.98, 23.75))
    assert found.distance_km == pytest.approx(1.753, abs=0.01)
    assert (found.open, found.open_until, found.opens_at) == ("open", "2026-11-23T17:00+02:00", None)
    assert (found.address, found.city, found.country) == ("Hall, 1 Street, 105 63 Athens", "Athens", "GR")
    assert found.phones == ("+302100000001",)
    assert [contact["kind"] for contact in found.contacts] == ["phone", "whatsapp", "email"]
    assert (found.languages, found.interpreted) == (("el", "en"), ("fa",))
    assert [row["weekday"] for row in found.hours] == [0, 1]
    assert [found.hours[n]["appointment_only"] for n in (0, 1)] == [False, True]
    assert (found.short_text, found.what_to_bring, found.eligibility) == ("Hot meals", "A bag", "Everybody")
    assert (found.lat, found.lon, found.transport, found.wheelchair, found.sample) == (
        37.98,
        23.73,
        "Metro",
        "yes",
        True,
    )


@pytest.mark.parametrize(
    ("fields", "state", "until", "opens"),
    [
        ({"hours": [(0, 540, 1020)]}, "open", "2026-11-23T17:00+02:00", None),
        ({"hours": [(0, 1200, 1260)]}, "closed", None, "2026-11-23T20:00+02:00"),
        ({"hours": [(0, 540, 1020)], "paused": 1}, "paused", None, None),
        ({"hours": [(1, 540, 1020, 1)]}, "appointment", None, "2026-11-24T09:00+02:00"),
        ({"hours": [(0, 540, 1020, 1)]}, "appointment", "2026-11-23T17:00+02:00", None),
        ({}, "unknown", None, None),
    ],
)
def test_the_opening_of_a_card(
    directory: Opener, fields: Row, state: str, until: str | None, opens: str | None
) -> None:
    record = directory(service("a", site=site(37.98, 23.73), **fields)).service("a")
    assert record is not None
    found = card(record, "en", now=NOW)
    assert (found.open, found.open_until, found.opens_at) == (state, until, opens)


def test_a_telephone_service_has_its_area_for_a_place(directory: Opener) -> None:
    opened = directory(
        service("line", delivery="phone", serves_countries=["GR"], phones=["+302100000001"]),
        service("town", delivery="phone", areas=[area("place", name="Patras", lat=38.2, lon=21.7, radius_km=20.0)]),
    )
    line, town = (opened.service(name) for name in ("line", "town"))
    assert line is not None
    assert town is not None
    assert (card(line, "en", now=NOW).city, card(line, "en", now=NOW).country) == ("", "GR")
    assert (card(town, "en", now=NOW).city, card(town, "en", now=NOW).lat) == ("Patras", None)


VERIFIED = {"verified_on": "2026-11-01"}
NUMBERS = [
    number("gr-general-020-100", "GR", "general", "100"),
    number("gr-general-010-112", "GR", "general", "112"),
    number("gr-sea-010-108", "GR", "sea", "108"),
    number("gr-gbv-010-15900", "GR", "gbv", "15900", **VERIFIED),
    number("gr-police-010-101", "GR", "police", "101", **VERIFIED),
    number("it-general-010-113", "IT", "general", "113", **VERIFIED),
    number("it-sea-010-1530", "IT", "sea", "1530", **VERIFIED),
    number("it-child-010-114", "IT", "child", "114", expires_on="2026-11-22", **VERIFIED),
    number("it-child-020-19696", "IT", "child", "19696", expires_on="2026-11-23"),
    number("gsm-general-010-112", "", "general", "112"),
    number("us-general-010-911", "US", "general", "911", expires_on="2026-01-01", **VERIFIED),
]


@pytest.mark.parametrize(
    ("country", "kinds", "expected"),
    [
        ("GR", ("sea",), ["108", "112", "100"]),
        ("GR", ("gbv", "general"), ["15900", "112", "100"]),
        ("GR", ("self_harm", "general"), ["112", "100"]),
        ("GR", (), ["112", "100"]),
        ("GR", ("sea", "gbv"), ["15900", "108", "112", "100"]),
        ("IT", ("sea",), ["1530", "113"]),
        ("IT", ("child",), ["113", "19696"]),
        (None, ("sea",), ["112"]),
        ("US", ("sea",), ["112"]),
        ("FR", ("sea",), ["112"]),
    ],
)
def test_emergency_numbers(directory: Opener, country: str | None, kinds: tuple[str, ...], expected: list[str]) -> None:
    rows = directory(numbers=NUMBERS).emergency(country, kinds, TODAY)
    assert [row.number for row in rows] == expected
    assert {row.country for row in rows} <= {country, ""}


@pytest.mark.parametrize("country", ["GR", "IT", "US", "FR", "TR", None])
@pytest.mark.parametrize(
    "kind", ["general", "police", "ambulance", "fire", "sea", "child", "gbv", "self_harm", "detention"]
)
def test_never_the_number_of_another_country(directory: Opener, country: str | None, kind: str) -> None:
    rows = directory(numbers=NUMBERS).emergency(country, (kind,), TODAY)
    assert {row.country for row in rows} <= {country, ""}
    assert all(row.expires_on is None or row.expires_on >= TODAY.isoformat() for row in rows)


ARTICLES = [
    article("general", "info_asylum", "", {"en": "General", "ar": "عام"}),
    article("greek", "info_asylum", "GR", {"en": "In Greece", "fr": "En Grèce"}),
    article("old", "info_rights", "GR", {"en": "Long ago"}, checked_on="2025-01-01", review_due="2025-04-01"),
    article("late", "info_scams", "", {"en": "A little late"}, checked_on="2026-08-01", review_due="2026-11-01"),
]


@pytest.mark.parametrize(
    ("topic", "country", "language", "second", "expected"),
    [
        ("info_asylum", "GR", "fr", None, ("greek", "fr", False)),
        ("info_asylum", "GR", "ar", None, ("greek", "en", False)),
        ("info_asylum", "GR", "ar", "fr", ("greek", "fr", False)),
        ("info_asylum", "IT", "ar", None, ("general", "ar", False)),
        ("info_asylum", None, "es", None, ("general", "en", False)),
        ("info_rights", "GR", "en", None, None),
        ("info_scams", "GR", "en", None, ("late", "en", True)),
        ("info_return", "GR", "en", None, None),
    ],
)
def test_articles(
    directory: Opener,
    topic: str,
    country: str | None,
    language: str,
    second: str | None,
    expected: tuple[str, str, bool],
) -> None:
    found = directory(articles=ARTICLES).article(topic, country, language, second, TODAY)
    assert (found and (found.id, found.text_language, found.overdue)) == expected


def test_aliases(directory: Opener) -> None:
    rows = [
        {
            "name": "ليسبوس",
            "lang": "ar",
            "label": "Lesvos",
            "country": "GR",
            "lat": 39.1,
            "lon": 26.5,
            "radius_km": 40.0,
        }
    ]
    (alias,) = directory(aliases=rows).aliases()
    assert (alias.name, alias.label, alias.radius_km) == ("ليسبوس", "Lesvos", 40.0)


@pytest.mark.parametrize("reported", [0, 1])
def test_what_several_people_reported_is_on_the_card(directory: Opener, reported: int) -> None:
    record = directory(service("a", site=site(37.98, 23.73), reported=reported)).service("a")
    assert record is not None and card(record, "en", now=NOW).reported is bool(reported)
