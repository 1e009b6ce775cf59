"""Distances, dates, lists, names and numbers as people write them, and their direction."""

from __future__ import annotations

import unicodedata

import pytest
import yaml

from bot.languages import LOCALES, languages
from bot.replies import bidi, formats
from bot.replies.bidi import directed, foreign, isolate, isolate_runs, unprotected
from bot.replies.checks import SCRIPTS

ALL = tuple(languages())


@pytest.mark.parametrize(
    ("km", "language", "country", "expected"),
    [
        (0.0, "en", "GR", "50 m"),
        (0.42, "en", "GR", "400 m"),
        (0.43, "fr", None, "450 m"),
        (0.974, "en", "GR", "950 m"),
        (0.98, "en", "GR", "1 km"),
        (1.25, "fr", "FR", "1,2 km"),
        (9.97, "es", "MX", "10 km"),
        (25.4, "ar", "GR", "25 كم"),
        (0.42, "en", "US", "0.3 mi"),
        (0.01, "en", "US", "0.1 mi"),
        (25.4, "en", "GB", "16 mi"),
        (1.25, "fa", "IR", "۱٫۲ کیلومتر"),
    ],
)
def test_distance(km: float, language: str, country: str | None, expected: str) -> None:
    assert formats.distance(km, language, country) == expected


@pytest.mark.parametrize(
    ("iso", "language", "expected"),
    [
        ("2026-11-24", "en", "24 Nov 2026"),
        ("2026-11-24T10:00", "fr", "24 nov. 2026"),
        ("2026-11-24", "es", "24 nov 2026"),
        ("2026-11-24", "ar", "24 نوفمبر 2026"),
        ("2026-11-24", "fa", "۲۴ نوامبر ۲۰۲۶"),
    ],
)
def test_date(iso: str, language: str, expected: str) -> None:
    assert formats.date(iso, language) == expected


@pytest.mark.parametrize("bad", ["24.11.2026", "", "2026-13-01"])
def test_a_bad_date_is_an_error(bad: str) -> None:
    with pytest.raises(ValueError):
        formats.date(bad, "en")


@pytest.mark.parametrize("code", ALL)
def test_weekdays_are_in_the_script_of_the_language(code: str) -> None:
    names = [formats.weekday(day, code) for day in range(7)]
    assert len(set(names)) == 7
    letters = {unicodedata.name(letter).split()[0] for name in names for letter in name if letter.isalpha()}
    assert letters - {"MODIFIER"} == {SCRIPTS[languages()[code].script]}


def test_weekdays() -> None:
    assert [formats.weekday(0, code) for code in ("en", "ar", "fr", "es")] == ["Monday", "الاثنين", "lundi", "lunes"]


@pytest.mark.parametrize("code", ALL)
def test_nothing_from_cldr_brings_hidden_characters(code: str) -> None:
    texts = [
        formats.distance(1.2, code),
        formats.distance(0.3, code),
        formats.date("2026-08-24", code),
        formats.clock("09:05", code),
        formats.number(12345.6, code),
        formats.joined(["A", "B", "C"], code),
        *(formats.language_name(other, code) for other in ALL),
        *(formats.country_name(country, code) for country in ("GR", "SY", "ER", "XK")),
    ]
    assert not [t for t in texts if set(t) & (bidi.MARKS | {"\u00a0", "\u202f"}) or not t.strip()]


@pytest.mark.parametrize(
    ("code", "language", "expected"),
    [
        ("ar", "en", "Arabic"),
        ("prs", "en", "Dari"),
        ("ckb", "fr", "sorani"),
        ("ti", "ar", "التغرينية"),
        ("el", "es", "griego"),
        ("prs", "ckb", "دری"),  # CLDR has none: its own name
        ("qqq", "fr", "qqq"),
    ],
)
def test_language_name(code: str, language: str, expected: str) -> None:
    assert formats.language_name(code, language) == expected


@pytest.mark.parametrize(
    ("code", "language", "expected"),
    [("GR", "en", "Greece"), ("gr", "ar", "اليونان"), ("TR", "fr", "Turquie"), ("QQ", "fr", "QQ")],
)
def test_country_name(code: str, language: str, expected: str) -> None:
    assert formats.country_name(code, language) == expected


@pytest.mark.parametrize(
    ("items", "language", "expected"),
    [
        (["a"], "en", "a"),
        (["a", "b"], "fr", "a et b"),
        (["a", "b", "c"], "en", "a, b and c"),
        (["a", "b", "c"], "es", "a, b y c"),
        (["ا", "ب"], "ar", "ا وب"),
        ([], "en", ""),
    ],
)
def test_joined(items: list[str], language: str, expected: str) -> None:
    assert formats.joined(items, language) == expected


@pytest.mark.parametrize(
    ("value", "country", "expected"),
    [
        ("+302100000001", "TR", "+30 21 0000 0001"),
        ("+302100000001", None, "+30 21 0000 0001"),
        ("+442079460000", "GB", "020 7946 0000"),
        ("112", "GR", "112"),
        ("1-800-RED", "US", "1-800-RED"),
        ("+1", "US", "+1"),
    ],
)
def test_phone(value: str, country: str | None, expected: str) -> None:
    assert formats.phone(value, country) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("+30 21 0000", "tel:+30210000"), ("112", "tel:112"), ("*31#", "tel:*31#")]
)
def test_tel(value: str, expected: str) -> None:
    assert formats.tel(value) == expected


@pytest.mark.parametrize(
    ("value", "language", "channel", "expected"),
    [
        ("+30 21 0000", "en", "web", "+30 21 0000"),
        ("+30 21 0000", "ar", "web", "\u2066+30 21 0000\u2069"),
        ("+30 21 0000", "ar", "sms", "\u200e+30 21 0000\u200e"),
        ("112", "ar", "web", "112"),
        ("24/11/2026", "ar", "web", "24/11/2026"),
        ("Athens", "ar", "web", "\u2066Athens\u2069"),
        ("أثينا", "ar", "web", "أثينا"),
        ("عيادة Hope", "ar", "web", "\u2068عيادة Hope\u2069"),
        ("عيادة Hope", "ar", "sms", "عيادة Hope"),
        ("عيادة", "fr", "web", "\u2067عيادة\u2069"),
        ("عيادة", "fr", "sms", "عيادة"),
        ("\u2066Athens\u2069", "ar", "web", "\u2066Athens\u2069"),
        ("", "ar", "web", ""),
    ],
)
def test_isolate(value: str, language: str, channel: str, expected: str) -> None:
    assert isolate(value, language, channel) == expected


@pytest.mark.parametrize(
    ("line", "runs"),
    [
        ("اتصلوا: +30 21 0000", ["+30 21 0000"]),
        ("اتصلوا: \u2066+30 21 0000\u2069", []),
        ("اتصلوا: \u200e+30 21 0000\u200e.", []),
        ("الموقع: https://example.org/a?b=1، ثم", ["https://example.org/a?b=1"]),
        ("اكتبوا إلى help@example.org", ["help@example.org"]),
        ("الاثنين: 09:00-12:00، 13:00-17:00", []),
        ("العمر 18", []),
        ("+30 21 0000", []),  # a line of its own has no other direction
    ],
)
def test_unprotected_runs_are_found_and_mended(line: str, runs: list[str]) -> None:
    assert unprotected(line, "ar") == runs
    assert unprotected(line, "en") == []
    for channel in ("web", "sms"):
        mended = isolate_runs(line, "ar", channel)
        assert unprotected(mended, "ar") == []
        assert bidi.strip_marks(mended) == bidi.strip_marks(line)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("\u2066Clinic\u2069\nمفتوح", "ar", "\u200f\u2066Clinic\u2069\nمفتوح"),
        ("1. مفتوح Clinic", "ar", "1. مفتوح Clinic"),
        ("\u200f\u2066Clinic\u2069", "ar", "\u200f\u2066Clinic\u2069"),
        ("112", "ar", "112"),
        ("Clinic", "en", "Clinic"),
    ],
)
def test_a_message_has_the_direction_of_its_language(text: str, language: str, expected: str) -> None:
    assert directed(text, language) == expected


def test_foreign_text_is_isolated_whole() -> None:
    assert foreign("Ring the bell.", "ar") == "\u2066Ring the bell.\u2069"
    assert foreign("اتصلوا: +30 21 0000", "ar") == "اتصلوا: \u2066+30 21 0000\u2069"
    assert foreign("Ring the bell.", "en") == "Ring the bell."


@pytest.mark.parametrize(
    ("iso", "language", "expected"),
    [
        ("2026-11-24", "en", "24 Nov 2026"),
        ("2026-11-24", "fa", "۲۴ نوامبر ۲۰۲۶ (۳ آذر ۱۴۰۵)"),
        ("2026-03-21", "prs", "۲۱ مارچ ۲۰۲۶ (۱ حمل ۱۴۰۵)"),
        ("2026-03-20", "ps", "۲۰ مارچ ۲۰۲۶ (۲۹ کب ۱۴۰۴)"),
        ("2026-09-11", "am", "11 ሴፕቴምበር 2026 (1 መስከረም 2019)"),
        ("2026-09-10", "ti", "10 መስከረም 2026 (5 ጳጉሜን 2018)"),
    ],
)
def test_the_calendar_that_people_keep_stands_beside_the_date(iso: str, language: str, expected: str) -> None:
    assert formats.date(iso, language, both=True) == expected
    assert formats.date(iso, language) == expected.partition(" (")[0]


@pytest.mark.parametrize(
    ("time", "language", "country", "expected"),
    [
        ("09:05", "en", "GR", "09:05"),
        ("21:00", "en", "US", "9:00 pm"),
        ("21:00", "es", "MX", "21:00"),
        ("00:30", "en", "PK", "12:30 am"),
        ("09:00", "am", "ET", "09:00 (ጠዋት 3:00)"),
        ("13:30", "am", "GR", "13:30 (ከሰዓት 7:30)"),
        ("18:00", "ti", "ER", "18:00 (ምሸት 12:00)"),
        ("00:00", "ti", "SD", "00:00 (ለይቲ 6:00)"),
        ("06:00", "ti", None, "06:00 (ንግሆ 12:00)"),
    ],
)
def test_clock(time: str, language: str, country: str | None, expected: str) -> None:
    assert formats.clock(time, language, country) == expected


def test_corrections_are_complete() -> None:
    rows = yaml.safe_load((LOCALES / "formats.yml").read_text(encoding="utf-8"))
    for code, row in rows.items():
        assert set(row) <= {"date", "months", "days", "km", "m", "and", "comma", "calendar", "calendar_months", "clock"}
        assert len(row.get("months", [0] * 12)) == 12 and len(row.get("days", [0] * 7)) == 7, code
        assert len(row.get("calendar_months", [])) == {"persian": 12, "ethiopian": 13, None: 0}[row.get("calendar")], (
            code
        )
