"""Reads and writes gettext catalogues with Babel: header `X-Waypost-State`, no dates, same content in same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileParser, write_po

from bot.languages import LOCALES, Language

__all__ = ["DOMAIN", "BotCatalog", "mo_bytes", "mo_path", "new", "po_bytes", "po_path", "read"]

DOMAIN = "bot"
_VARYING = {"POT-Creation-Date", "PO-Revision-Date", "Generated-By"}


class BotCatalog(Catalog):  # type: ignore[misc]  # Babel is untyped for mypy
    """Babel's catalogue, with the state of the translation and without dates, so that equal content is equal bytes."""

    state = "draft"
    """draft, reviewed or approved: what the header `X-Waypost-State` says."""

    def _headers(self) -> list[tuple[str, str]]:
        kept = [(name, value.strip()) for name, value in self._get_mime_headers() if name not in _VARYING]
        return [*kept, ("X-Waypost-State", f"{self.state}\n")]

    def _take_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        rows = list(headers)
        self._set_mime_headers(rows)
        for name, value in rows:
            if name.lower() == "x-waypost-state":
                self.state = value.strip()

    mime_headers = property(_headers, _take_headers)


def po_path(language: str, root: Path = LOCALES) -> Path:
    """Where the translations into a language lie."""
    return root / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def mo_path(language: str, root: Path = LOCALES) -> Path:
    """Where the compiled catalogue of a language lies (not kept in git)."""
    return po_path(language, root).with_suffix(".mo")


def new(language: Language | None = None) -> BotCatalog:
    """An empty catalogue; without a language the template."""
    catalog = BotCatalog(
        locale=language.locale if language else None,
        domain=DOMAIN,
        project="Waypost",
        version="1",
        copyright_holder="the Waypost contributors",
        header_comment=(
            f"# What the bot says, in {language.english}." if language else "# Template of what the bot says."
        )
        + "\n# Context is the key of the text; {words} in braces are filled in and stay as they are.",
        fuzzy=False,
    )
    catalog.language_team = language.english if language else "none"
    catalog.last_translator = "none"
    catalog.msgid_bugs_address = "the issue tracker"
    return catalog


def read(path: Path, language: Language | None = None) -> BotCatalog:
    """The catalogue in a .po or .pot file. Raises OSError or babel's PoFileError."""
    catalog = new(language)
    with path.open("rb") as file:
        PoFileParser(catalog, abort_invalid=True).parse(file)
    return catalog


def po_bytes(catalog: Catalog) -> bytes:
    """The file of a catalogue: in the order of the source, no line numbers, obsolete messages dropped."""
    buffer = BytesIO()
    write_po(buffer, catalog, width=120, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue().rstrip(b"\n") + b"\n"


def mo_bytes(catalog: Catalog) -> bytes:
    """The compiled form that gettext reads."""
    buffer = BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()
