"""Updates the staff's catalogues from the code and templates, with Babel: translations are kept, nothing is guessed."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from django.core.management.base import BaseCommand, CommandError

ROOT = Path(__file__).resolve().parent.parent.parent
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "translate": None, "pgettext_lazy": ((1, "c"), 2), "pgettext": ((1, "c"), 2),
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "warn": (2, 3),
}  # fmt: skip
_TRANSLATE = re.compile(r"""\{%\s*trans(?:late)?\s+(["'])(.+?)\1""")
_BLOCK = re.compile(
    r"\{%\s*blocktrans(?:late)?\b[^%]*?(\btrimmed\b)?\s*%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.DOTALL
)
_PLURAL = re.compile(r"\{%\s*plural\s*%\}")


def _block_message(form: str, trimmed: bool) -> str:
    """The message of a block as Django's tag looks it up: {{ name }} is %(name)s; lines of a trimmed one are joined."""
    words = re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", form)
    return " ".join(line.strip() for line in words.splitlines() if line.strip()) if trimmed else words


def template() -> Catalog:
    """Every message of the staff's side."""
    catalog = Catalog(fuzzy=False)
    methods = [("**/migrations/**.py", "ignore"), ("**.py", "python")]
    for _file, _line, message, comments, context in extract_from_dir(ROOT, methods, keywords=KEYWORDS):
        catalog.add(message, context=context, auto_comments=comments)
    for file in sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".txt")):
        text = file.read_text(encoding="utf-8")
        found = [match.group(2) for match in _TRANSLATE.finditer(text)]
        for words in found:
            catalog.add(words)
        for trimmed, block in _BLOCK.findall(text):
            forms = [_block_message(form, bool(trimmed)) for form in _PLURAL.split(block)]
            catalog.add(forms[0] if len(forms) == 1 else tuple(forms))
    return catalog


def merged(path: Path) -> bytes:
    """The catalogue in a file, brought up to date."""
    with path.open("rb") as file:
        catalog = read_po(file, locale=path.parent.parent.name, domain="django")
    header, comment = catalog.mime_headers, catalog.header_comment
    catalog.update(template(), no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    catalog.mime_headers, catalog.header_comment = header, comment
    buffer = BytesIO()
    write_po(buffer, catalog, width=120, no_location=True, ignore_obsolete=True, sort_output=False)
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By|Project-Id-Version|Report-Msgid-Bugs-To|Last-Translator|Language-Team): [^"]*"\n', b"", buffer.getvalue()).rstrip(b"\n") + b"\n"  # fmt: skip


class Command(BaseCommand):
    """`manage.py updatestaffmessages [--check]`."""

    help = "Update the staff's catalogues; with --check only say what they lack."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail if a catalogue is behind or lacks a translation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        behind = []
        for path in sorted((ROOT / "locale").glob("*/LC_MESSAGES/django.po")):
            content = merged(path)
            if content != path.read_bytes():
                behind.append(f"{path.relative_to(ROOT.parent)} is behind the code")
                if not options["check"]:
                    path.write_bytes(content)
                    self.stdout.write(f"changed {path.relative_to(ROOT.parent)}")
            catalog = read_po(BytesIO(content), locale=path.parent.parent.name)
            missing = [
                str(m.id)
                for m in catalog
                if m.id and not (all(m.string) if isinstance(m.string, (tuple, list)) else m.string)
            ]
            behind += [f"{path.relative_to(ROOT.parent)}: {text!r} is not translated" for text in missing]
        if options["check"] and behind:
            raise CommandError("\n".join(behind) + "\nRun `python manage.py updatestaffmessages` and translate.")
