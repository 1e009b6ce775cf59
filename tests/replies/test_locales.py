"""The catalogues: extraction, merging, compiling, and each check broken once."""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

import pytest

from bot.languages import LOCALES, language, served
from bot.replies import locales, po
from bot.replies.checks import RULES, check, check_text
from bot.replies.extract import extract
from bot.replies.texts import TEXTS

SOURCE = b"""
# --- Menu ---------------------------------

# At most 20 characters.
# Warm.
_("a", "One")
_("b", "Two")

# A loose remark.

_("c", "Three")
_(key, "not a literal")
other("d", "Four")
"""


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    """A copy of `locales/`."""
    return Path(shutil.copytree(LOCALES, tmp_path / "locales", ignore=shutil.ignore_patterns("*.mo")))


def change(folder: Path, code: str, key: str, string: str | None, *, fuzzy: bool = False) -> None:
    """Change one translation in a copy; None takes the message out."""
    path = po.po_path(code, folder)
    catalog = po.read(path, language(code))
    message = next(m for m in catalog if m.context == key)
    if string is None:
        catalog.delete(message.id, key)
    else:
        message.string = string
        message.flags |= {"fuzzy"} if fuzzy else set()
    path.write_bytes(po.po_bytes(catalog))


def test_extraction_takes_the_heading_and_the_comment_directly_above() -> None:
    assert [(f, args, comments) for _, f, args, comments in extract(BytesIO(SOURCE), ["_"], [], {})] == [
        ("_", ("a", "One"), ["Section: Menu.", "At most 20 characters.", "Warm."]),
        ("_", ("b", "Two"), ["Section: Menu."]),
        ("_", ("c", "Three"), ["Section: Menu."]),
    ]


def test_every_text_is_extracted_with_its_key() -> None:
    sources = locales.sources()
    assert {key: sources[key] for key in TEXTS} == TEXTS
    assert all(key.startswith("category:") for key in set(sources) - set(TEXTS))


def test_the_catalogues_are_complete_and_right() -> None:
    assert [str(problem) for problem in locales.check_all()] == []


@pytest.mark.parametrize(
    ("rule", "source", "text", "code"),
    [
        ("placeholders", "Call {number} now.", "Appelez maintenant.", "fr"),
        ("placeholders", "Call {number} now.", "Appelez le {numero}.", "fr"),
        ("placeholders", "Call now.", "Appelez {.", "fr"),
        ("numbers", "Within 72 hours.", "Dans les 27 heures.", "fr"),
        ("numbers", "Within 72 hours.", "خلال ٢٧ ساعة.", "ar"),
        ("links", "See https://example.org/a", "Voir https://example.com/a", "fr"),
        ("script", "Language", "Idiоma", "es"),  # with a Cyrillic o
        ("script", "Language", "langue اللغة", "ar"),
        ("english", "Talk to a person", "Talk to a person", "es"),
        ("english", "Other help", "Otra help", "es"),
        ("marks", "Language", "اللغة\u200f", "ar"),
    ],
)
def test_each_rule_can_fail(rule: str, source: str, text: str, code: str) -> None:
    assert rule in [found for found, _ in check_text(source, text, language(code))]


def test_each_rule_is_broken_above() -> None:
    (table,) = (mark.args[1] for mark in test_each_rule_can_fail.pytestmark)
    assert {row[0] for row in table} == set(RULES)


@pytest.mark.parametrize(
    ("source", "text", "code"),
    [
        ("Within 72 hours.", "خلال ٧٢ ساعة.", "ar"),
        ("WhatsApp: {phone}", "WhatsApp: {phone}", "es"),
        ("{days}: {times}", "{days}: {times}", "ar"),
        ("Menu", "Menu", "fr"),
    ],
)
def test_good_translations_pass(source: str, text: str, code: str) -> None:
    assert list(check_text(source, text, language(code))) == []


@pytest.mark.parametrize(
    ("string", "fuzzy", "rule"),
    [
        (None, False, "missing"),
        ("", False, "untranslated"),
        ("Bonjour.", True, "fuzzy"),
        ("Hello {n}", False, "placeholders"),
    ],
)
def test_check_finds_a_bad_message(folder: Path, string: str | None, fuzzy: bool, rule: str) -> None:
    change(folder, "fr", "greeting", string, fuzzy=fuzzy)
    assert [(p.language, p.key, p.rule) for p in locales.check_all(folder) if p.rule != "english"] == [
        ("fr", "greeting", rule)
    ]


def test_check_finds_a_changed_source_an_extra_message_and_a_wrong_state() -> None:
    catalog = po.new(language("fr"))
    catalog.add("Hello.", "Bonjour.", context="greeting")
    catalog.add("Old", "Vieux", context="old")
    catalog.state = "approved"
    problems = {(p.key, p.rule) for p in check(catalog, {"greeting": "Hi."}, language("fr"))}
    assert problems == {("header", "state"), ("old", "extra"), ("greeting", "missing")}


def test_check_finds_a_template_that_is_not_up_to_date(folder: Path) -> None:
    pot = folder / "bot.pot"
    pot.write_text(pot.read_text(encoding="utf-8").replace("Hello.", "Hi."), encoding="utf-8")
    po.po_path("es", folder).unlink()
    assert [(p.language, p.rule) for p in locales.check_all(folder)] == [("en", "template"), ("es", "missing")]


def test_update_keeps_translations_guesses_nothing_and_changes_nothing_twice(folder: Path) -> None:
    assert locales.update_all(folder) == []
    path = po.po_path("fr", folder)
    text = path.read_text(encoding="utf-8")
    # the English of one text was another before, and one text no longer exists
    text = text.replace('msgid "Hello. What do you need?"', 'msgid "Hello. What do you want?"')
    path.write_text(text + '\nmsgctxt "old"\nmsgid "Old"\nmsgstr "Vieux"\n', encoding="utf-8")
    assert locales.update_all(folder) == [path]
    catalog = {m.context: m for m in po.read(path, language("fr"))}
    assert "old" not in catalog and "Vieux" not in path.read_text(encoding="utf-8")
    assert (catalog["greeting"].string, catalog["greeting"].fuzzy) == ("", False)
    assert catalog["menu:language"].string == "Langue"
    assert locales.update_all(folder) == []


def test_the_state_survives_an_update(folder: Path) -> None:
    path = po.po_path("ar", folder)
    text = path.read_text(encoding="utf-8")
    assert "X-Waypost-State: draft\\n" in text
    path.write_text(text.replace("X-Waypost-State: draft", "X-Waypost-State: reviewed"), encoding="utf-8")
    assert locales.update_all(folder) == []
    assert po.read(path, language("ar")).state == "reviewed"


def test_compile_writes_only_what_is_old(folder: Path) -> None:
    written = locales.compile_all(folder)
    assert written == [po.mo_path(language.code, folder) for language in served() if language.code != "en"]
    assert locales.compile_all(folder) == []


@pytest.mark.parametrize(("command", "words"), [("status", "draft"), ("check", "0 problems")])
def test_commands(command: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert locales.main([command]) == 0
    assert words in capsys.readouterr().out


def test_a_text_that_nothing_says_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert locales.unused() == []
    known = locales.sources()
    monkeypatch.setattr(locales, "sources", lambda: {**known, "nobody_says_this": "Hm.", "report:nobody": "Hm."})
    assert locales.unused() == ["nobody_says_this", "report:nobody"]
