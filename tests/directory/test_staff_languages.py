"""The staff's side in French, Spanish and Arabic: catalogues complete, placeholders kept, pages in the language and its direction."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from directory.management.commands import updatestaffmessages

LOCALE = updatestaffmessages.ROOT / "locale"
CODES = ("fr", "es", "ar")


def catalog(code: str) -> Any:
    path = LOCALE / code / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        return read_po(file, locale=code)


def test_nothing_is_missing() -> None:
    call_command("updatestaffmessages", "--check")


def test_a_missing_translation_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = (LOCALE / "fr" / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
    target = tmp_path / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    target.parent.mkdir(parents=True)
    target.write_text(re.sub(r'msgstr "[^"]+"\n\n', 'msgstr ""\n\n', source, count=1), encoding="utf-8")
    known = updatestaffmessages.template()
    monkeypatch.setattr(updatestaffmessages, "template", lambda: known)
    monkeypatch.setattr(updatestaffmessages, "ROOT", tmp_path)
    with pytest.raises(CommandError, match="not translated"):
        call_command("updatestaffmessages", "--check")


@pytest.mark.parametrize("code", CODES)
def test_placeholders_are_kept(code: str) -> None:
    broken = {}
    for message in catalog(code):
        if message.id:
            sources = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
            wanted = set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", sources[-1]))
            if any(set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", words)) != wanted for words in strings):
                broken[sources[0]] = strings
    assert not broken


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "word", "direction"), [("en", "Services", "ltr"), ("fr", "Services", "ltr"), ("es", "Servicios", "ltr"), ("ar", "الخدمات", "rtl")]
)  # fmt: skip
def test_pages_speak_the_language(admin_client: Client, code: str, word: str, direction: str) -> None:
    call_command("compilestaffmessages")
    admin_client.cookies[settings.LANGUAGE_COOKIE_NAME] = code
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert f'lang="{code}"' in page and f'dir="{direction}"' in page
    assert word.lower() in page.lower()
