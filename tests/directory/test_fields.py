"""What staff may type, as tables: times, phones, links, hosts, codes, coordinates."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from directory import codes, geography, validators
from directory.fields import format_clock, parse_clock


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        ("9:00", 540),
        ("09:00", 540),
        ("0900", 540),
        ("930", 570),
        ("9h30", 570),
        ("9h", 540),
        ("9 h 05", 545),
        ("9:", None),
        ("9:5", None),
        ("9.30", 570),
        ("9", 540),
        (" 17:45 ", 1065),
        ("9 pm", 1260),
        ("12am", 0),
        ("12:30 pm", 750),
        ("24:00", 1440),
        ("0:00", 0),
        ("٩:٣٠", 570),
        ("۱۷:۰۰", 1020),
        ("９：００", 540),
        ("24:01", None),
        ("25:00", None),
        ("9:60", None),
        ("13 pm", None),
        ("0 am", None),
        ("morning", None),
        ("9-17", None),
        ("", None),
        ("-1", None),
    ],
)
def test_times_of_day(typed: str, minutes: int | None) -> None:
    if minutes is None:
        with pytest.raises(ValidationError) as caught:
            parse_clock(typed)
        assert typed in caught.value.messages[0]
    else:
        assert parse_clock(typed) == minutes
        assert parse_clock(format_clock(minutes)) == minutes


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("phone", "+30 210 0000000", "+302100000000"),
        ("phone", "+1 (800) 733-2767", "+18007332767"),
        ("phone", "+1 800 RED CROS", "+18007332767"),
        ("phone", "116 000", "116000"),
        ("phone", "112", "112"),
        ("phone", "0210 0000000", None),
        ("phone", "+30 210", None),
        ("phone", "+999 123456", None),
        ("phone", "+441632960101", None),
        ("phone", "call me", None),
        ("whatsapp", "+1 202 555 0123", "+12025550123"),
        ("whatsapp", "112", None),
        ("signal", "waypost", None),
        ("telegram", "@waypost_help", "@waypost_help"),
        ("telegram", "https://t.me/waypost_help", "@waypost_help"),
        ("telegram", "way post", None),
        ("email", " help@example.org ", "help@example.org"),
        ("email", "help.example.org", None),
        ("web", "https://example.org/a", "https://example.org/a"),
        ("web", "example.org", None),
        ("web", "javascript:alert(1)", None),
        ("web", "https://user@example.org/", None),
        ("web", "https://10.0.0.1/", None),
        ("web", "https://example.org:8080/", None),
        ("web", "https://[", None),  # found by fuzzing
    ],
)
def test_contacts(kind: str, typed: str, stored: str | None) -> None:
    if stored is None:
        with pytest.raises(ValidationError):
            validators.clean_contact(kind, typed)
    else:
        assert validators.clean_contact(kind, typed) == stored


def test_sample_records_may_use_numbers_that_are_reserved_for_fiction() -> None:
    assert validators.clean_phone("+44 1632 960101", sample=True) == "+441632960101"


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("help.unhcr.org", True),
        ("xn--bcher-kva.example", True),
        ("Help.unhcr.org", False),
        ("https://help.unhcr.org", False),
        ("help.unhcr.org/path", False),
        ("localhost", False),
        ("127.0.0.1", False),
        ("help.unhcr.org:443", False),
        ("-a.org", False),
    ],
)
def test_hosts(host: str, good: bool) -> None:
    if good:
        validators.validate_host(host)
    else:
        with pytest.raises(ValidationError):
            validators.validate_host(host)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (codes.validate_country, ["GR", "XK", "SS", "PS"], ["EU", "UK", "gr", "Greece", ""]),
        (codes.validate_language, ["en", "prs", "ckb", "el", "rhg", "xki"], ["english", "xx", "EN", ""]),
        (codes.validate_waypost_language, ["en", "ti"], ["el", "zz"]),
        (codes.validate_topic, ["info_asylum"], ["asylum", "find_food", "info asylum"]),
        (
            validators.validate_timezone,
            ["Europe/Athens", "America/Costa_Rica"],
            ["Athens", "UTC+2", "../etc/passwd", "EET", "Europe/Nowhere"],
        ),
        (validators.validate_dialable, ["112", "+302100000000", "*1#", "5055"], ["1", "0800 123", "+0123456", "one"]),
    ],
)
def test_codes(check, good: list[str], bad: list[str]) -> None:  # type: ignore[no-untyped-def]
    for value in good:
        check(value)
    for value in bad:
        with pytest.raises(ValidationError):
            check(value)


@pytest.mark.parametrize(
    ("place", "lat", "lon", "country", "answer"),
    [
        ("Athens", 37.98, 23.73, "GR", True),
        ("north of Lesvos, near Türkiye", 39.37, 26.20, "GR", True),
        ("Lampedusa", 35.50, 12.61, "IT", True),
        ("between Agadez and Dirkou, in Niger's empty north", 18.5, 10.5, "NE", True),
        ("Belgrade, said to be in Hungary", 44.80, 20.46, "HU", False),
        ("Ceuta", 35.89, -5.32, "ES", True),
        ("Necoclí", 8.43, -76.78, "CO", True),
        ("Buenos Aires with its figures swapped", -58.38, -34.60, "AR", False),
        ("Athens, said to be in Serbia", 37.98, 23.73, "RS", False),
        ("the Gulf of Guinea", 0.1, 0.1, "GR", False),
        ("nowhere known", 0, 0, "ZZ", None),
    ],
)
def test_points_and_countries(place: str, lat: float, lon: float, country: str, answer: bool | None) -> None:
    assert geography.lies_in(lat, lon, country) is answer


@pytest.mark.parametrize(
    ("lat", "lon", "country", "message"),
    [
        (91, 0, "", "-90 and 90"),
        (0, 181, "", "-180 and 180"),
        (0, 0, "", "0, 0"),
        (23.73, 37.98, "GR", "swapped"),
        (37.98, 23.73, "RS", "50 km"),
    ],
)
def test_bad_coordinates_say_what_is_wrong(lat: float, lon: float, country: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        validators.validate_coordinates(lat, lon, country)
    assert message in " ".join(caught.value.messages)


def test_good_coordinates_pass() -> None:
    validators.validate_coordinates(37.98, 23.73, "GR")
