"""Wording: values of every form, and what happens when something is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.languages import LOCALES, language
from bot.messages import Text
from bot.replies import catalogue, po
from bot.replies.catalogue import VERBATIM, wording
from bot.replies.samples import LANGUAGES, NOW, PHONE
from bot.replies.texts import TEXTS
from bot.replies.web import web_strings


@pytest.fixture()
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the catalogues in which the bot looks."""
    copy = Path(shutil.copytree(LOCALES, tmp_path / "locales", ignore=shutil.ignore_patterns("*.mo")))
    for name in ("po_path", "mo_path"):
        original = getattr(po, name)
        monkeypatch.setattr(po, name, lambda code, root=copy, original=original: original(code, root))
    catalogue.reload()
    yield copy
    catalogue.reload()


def rewrite(folder: Path, code: str, key: str, string: str) -> Path:
    path = po.po_path(code, folder)
    catalog = po.read(path, language(code))
    next(message for message in catalog if message.context == key).string = string
    path.write_bytes(po.po_bytes(catalog))
    return path


@pytest.mark.parametrize(
    ("value", "english", "arabic"),
    [
        ("Athens", "Athens", "\u2066Athens\u2069"),
        ("أثينا", "\u2067أثينا\u2069", "أثينا"),
        (12, "12", "12"),
        ({"date": "2026-11-24"}, "24 Nov 2026", "24 نوفمبر 2026"),
        ({"datetime": "2026-11-24T18:00"}, "24 Nov 2026 18:00", "24 نوفمبر 2026 18:00"),
        ({"when": "2026-11-25T09:00"}, "tomorrow 09:00", "غدا 09:00"),
        ({"time": "09:00"}, "09:00", "09:00"),
        ({"km": 1.24}, "1.2 km", "1.2 كم"),
        ({"language": "ar"}, "Arabic", "العربية"),
        ({"country": "GR"}, "Greece", "اليونان"),
        ({"category": "food"}, "Food", "طعام"),
        ({"phone": PHONE}, "+30 21 0000 0001", "\u2066+30 21 0000 0001\u2069"),
        ({"phone": "112"}, "112", "112"),
        ({"text": "days:range", "values": {"first": "A", "last": "B"}}, "A to B", "من \u2066A\u2069 إلى \u2066B\u2069"),
        ({"list": [{"language": "ar"}, {"language": "fr"}]}, "Arabic and French", "العربية والفرنسية"),
        ({"list": ["a", "b", "c"]}, "a, b and c", "\u2066a\u2069 و\u2066b\u2069 و\u2066c\u2069"),
    ],
)
def test_values(value: Any, english: str, arabic: str) -> None:
    for code, expected in (("en", english), ("ar", arabic)):
        said = wording(Text("card:languages", {"languages": value}), code, now=NOW)
        assert said == wording(Text("card:languages", {"languages": catalogue.Ready(expected)}), code)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24T18:00", "today 18:00"),
        ("2026-11-25T09:00", "tomorrow 09:00"),
        ("2026-11-26T09:00", "Thursday 09:00"),
        ("2026-11-30T09:00", "Monday 09:00"),
        ("2026-12-01T09:00", "1 Dec 2026 09:00"),  # the same weekday, a week later
        ("2026-11-23T09:00", "23 Nov 2026 09:00"),
    ],
)
def test_when(moment: str, expected: str) -> None:
    assert wording(Text("card:opens", {"when": {"when": moment}}), "en", now=NOW) == f"Closed now, opens {expected}"


def test_when_compares_in_the_zone_of_the_place() -> None:
    now = NOW.fromisoformat("2026-11-24T22:30+00:00")  # 00:30 on the 25th in Athens
    assert "today 09:00" in wording(Text("card:opens", {"when": {"when": "2026-11-25T09:00+02:00"}}), "en", now=now)


def test_sms_has_its_own_words_and_cheap_dates() -> None:
    assert wording(Text("sample"), "en", channel="sms") == TEXTS["sample@sms"] != wording(Text("sample"), "en")
    august = Text("card:checked", {"date": {"date": "2026-08-24"}})
    assert wording(august, "fr", channel="sms") == "Vérifié le 24/08/2026"
    assert wording(august, "fr") == "Vérifié le 24 août 2026"
    assert wording(august, "en", channel="sms") == "Last checked: 24 Aug 2026"


def test_values_are_never_read_as_templates() -> None:
    assert (
        wording(Text("results", {"category": "{place}", "place": "{0.__class__}"}), "en")
        == "{place}, near {0.__class__}:"
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (Text("no_such_key"), KeyError),
        (Text("category:no_such_category"), KeyError),
        (Text("results", {"place": "Athens"}), KeyError),
        (Text("card:phone", {"phone": {"fax": "1"}}), ValueError),
        (Text("card:phone", {"phone": None}), ValueError),
    ],
)
def test_mistakes_of_the_program_are_errors(text: Text, error: type[Exception]) -> None:
    with pytest.raises(error):
        wording(text, "fr")


def test_a_missing_translation_falls_back_with_one_line_in_the_log(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rewrite(folder, "fr", "greeting", "")
    assert [wording(Text("greeting"), "fr") for _ in range(3)] == [TEXTS["greeting"]] * 3
    assert [record.getMessage() for record in caplog.records] == ["text greeting is not translated into fr"]
    assert wording(Text("greeting"), "fr", second_language="es") == "Hola. ¿Qué necesita?"


def test_a_language_without_a_catalogue_is_answered_in_english(folder: Path) -> None:
    po.po_path("ti", folder).unlink()
    catalogue.reload()
    assert wording(Text("greeting"), "ti") == TEXTS["greeting"]
    assert wording(Text("greeting"), "ti", second_language="ar") == wording(Text("greeting"), "ar")


def test_a_damaged_translation_is_said_in_english(folder: Path) -> None:
    rewrite(folder, "fr", "crisis:call", "Appelez le {numero}.")
    assert wording(Text("crisis:call", {"number": {"phone": "112"}}), "fr") == "Call 112 now."


def test_the_compiled_file_is_used_unless_it_is_older(folder: Path) -> None:
    path = rewrite(folder, "fr", "greeting", "Compilé.")
    mo = po.mo_path("fr", folder)
    mo.write_bytes(po.mo_bytes(po.read(path, language("fr"))))
    rewrite(folder, "fr", "greeting", "Plus neuf.")
    os.utime(mo, (path.stat().st_mtime + 5,) * 2)
    assert wording(Text("greeting"), "fr") == "Compilé."
    os.utime(mo, (path.stat().st_mtime - 5,) * 2)
    catalogue.reload()
    assert wording(Text("greeting"), "fr") == "Plus neuf."


def test_verbatim_text_is_kept_and_isolated() -> None:
    body = "اتصلوا على +30 21 0000 0001 اليوم\nOnly English. Really."
    expected = "اتصلوا على \u2066+30 21 0000 0001\u2069 اليوم\n\u2066Only English. Really.\u2069"
    assert wording(Text(VERBATIM, {"text": body}), "ar") == expected
    assert wording(Text(VERBATIM, {"text": "{braces} stay"}), "en") == "{braces} stay"


@pytest.mark.parametrize("code", LANGUAGES)
def test_web_strings(code: str) -> None:
    strings = web_strings(code)
    assert set(strings) == {key[4:] for key in TEXTS if key.startswith("web:")} | {"language_pick"}
    assert all(strings.values())
    assert strings["send"] == wording(Text("web:send"), code)
