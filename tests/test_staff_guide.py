"""docs/staff-guide.md: its pictures are there and small, and what it prints in bold stands on the staff's pages."""

from __future__ import annotations

import re

import pytest
from babel.messages.pofile import read_po

from bot.settings import ROOT

GUIDE = ROOT / "docs" / "staff-guide.md"
TEXT = GUIDE.read_text(encoding="utf-8")
PICTURES = re.findall(r'src="(images/[^"]+)"', TEXT)
BOLD = sorted({" ".join(words.split()) for words in re.findall(r"\*\*([^*]+)\*\*", TEXT)})
DJANGO = {"Save"}
"""Words of Django's own pages."""
LIMIT = 150_000


def _staff_words() -> set[str]:
    with (ROOT / "directory/locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file)
    return {
        word.casefold()
        for message in catalogue
        for word in ([message.id] if isinstance(message.id, str) else message.id)
    }


@pytest.mark.parametrize("name", PICTURES)
def test_each_picture_is_there_and_small(name: str) -> None:
    path = GUIDE.parent / name
    assert path.is_file(), "python docs/screenshots.py staff"
    assert path.stat().st_size < LIMIT


def test_no_picture_is_left_over() -> None:
    made = {f"images/{path.name}" for path in (GUIDE.parent / "images").glob("staff-*.png")}
    assert made == set(PICTURES)


def test_what_is_printed_in_bold_stands_on_a_page() -> None:
    assert len(BOLD) > 15
    known = _staff_words() | {word.casefold() for word in DJANGO}
    assert [words for words in BOLD if words.casefold() not in known] == []


def test_each_page_that_is_named_exists() -> None:
    for link in re.findall(r"\]\(([^)]+\.md)\)", TEXT):
        assert (GUIDE.parent / link).is_file(), link
