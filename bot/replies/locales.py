"""The catalogues in `locales/`: `python -m bot.replies.locales update|compile|check|status`.

update   writes the template `locales/bot.pot` from the source and merges it into the `bot.po` of every served language:
         translations are kept, nothing is guessed, what the source no longer has is dropped
compile  writes the .mo files that gettext reads; those that are up to date are left alone
check    says what is missing or wrong, and ends with 1 if anything is
status   prints a table of languages
English is the source and has no catalogue.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages.extract import extract_from_file
from babel.messages.frontend import parse_mapping_cfg

from bot.languages import LOCALES, Language, languages, served
from bot.replies import po
from bot.replies.checks import Problem, check

__all__ = ["check_all", "compile_all", "main", "sources", "template", "update_all"]

ROOT = LOCALES.parent
KEYWORDS = {"_": ((1, "c"), 2)}
"""Babel's `_:1c,2`: the first argument is the context, the second the message."""


NOT_SAYING = {"texts.py", "samples.py", "preview.py"}
"""Files that name texts without saying them."""


def template(root: Path = ROOT) -> po.BotCatalog:
    """The template, extracted as `babel.cfg` says."""
    catalog = po.new()
    with (root / "babel.cfg").open(encoding="utf-8") as file:
        method_map, _ = parse_mapping_cfg(file)
    for pattern, method in method_map:
        for _line, message, comments, context in extract_from_file(method, root / pattern, keywords=KEYWORDS):
            catalog.add(message, context=context, locations=[(pattern, 0)], auto_comments=comments)
    return catalog


def sources() -> dict[str, str]:
    """The English source by key, in the order of the files."""
    return {str(message.context): str(message.id) for message in template() if message.id}


def translated() -> list[Language]:
    """The languages that have or need a catalogue: those that are served, and those in preparation; not the source's own."""
    known = [language for language in languages().values() if language.code != "en"]
    return [language for language in known if language.served or po.po_path(language.code).exists()]


def _write(path: Path, content: bytes) -> bool:
    """Write a file if its content changes; whether it did."""
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def update_all(root: Path = LOCALES) -> list[Path]:
    """Write the template and merge it into all catalogues; the files that changed."""
    source = template()
    changed = []
    if _write(root / "bot.pot", po.po_bytes(source)):
        changed.append(root / "bot.pot")
    for language in translated():
        path = po.po_path(language.code, root)
        catalog = po.read(path, language) if path.exists() else po.new(language)
        catalog.update(source, no_fuzzy_matching=True, update_creation_date=False)
        if _write(path, po.po_bytes(catalog)):
            changed.append(path)
    return changed


def compile_all(root: Path = LOCALES) -> list[Path]:
    """Write the .mo files that are older than their .po; the files that were written."""
    written = []
    for language in translated():
        po_file, mo_file = po.po_path(language.code, root), po.mo_path(language.code, root)
        if mo_file.exists() and mo_file.stat().st_mtime >= po_file.stat().st_mtime:
            continue
        temporary = mo_file.with_suffix(".mo.new")
        temporary.write_bytes(po.mo_bytes(po.read(po_file, language)))
        temporary.replace(mo_file)  # a running bot never reads half a file
        written.append(mo_file)
    return written


def check_all(root: Path = LOCALES) -> Iterator[Problem]:
    """Everything that is wrong with the catalogues; a language that is not served yet may lack texts."""
    source = template()
    pot = root / "bot.pot"
    if not pot.exists() or pot.read_bytes() != po.po_bytes(source):
        yield Problem("en", "bot.pot", "template", "not what the source says; run update")
    texts = {str(message.context): str(message.id) for message in source if message.id}
    for language in translated():
        path = po.po_path(language.code, root)
        if not path.exists():
            yield Problem(language.code, str(path.name), "missing", "no catalogue; run update")
            continue
        found = check(po.read(path, language), texts, language)
        yield from (problem for problem in found if language.served or problem.rule != "untranslated")


def unused() -> list[str]:
    """Keys of texts that nothing says: neither the whole key stands in the code nor its beginning before a value that does
    (`f"report:{...}"`, "child")."""
    files = [
        file
        for folder in ("bot", "actions", "directory")
        for kind in ("*.py", "*.js", "*.html")
        for file in (ROOT / folder).rglob(kind)
        if file.name not in NOT_SAYING
    ]
    code = "\n".join(file.read_text(encoding="utf-8") for file in files)
    said = set(re.findall(r"""["'`]([\w:@]+)["'`]""", code))
    beginnings = set(re.findall(r"""f["']([\w]+:)\{""", code)) | {word for word in said if word.endswith(":")}
    properties = set(re.findall(r"\.(\w+)\b", code))
    found = []
    for key in sources():
        plain = key.partition("@")[0]
        beginning, _, rest = plain.rpartition(":")
        values = {rest, rest.removesuffix("_options")}
        if plain not in said and not (f"{beginning}:" in beginnings and values & (said | properties)):
            found.append(key)
    return found


def _status() -> int:
    texts = sources()
    rows = [("language", "translated", "unused", "missing", "state"), ("en", str(len(texts)), "0", "source")]
    for language in translated():
        path = po.po_path(language.code)
        catalog = po.read(path, language) if path.exists() else po.new(language)
        done = sum(1 for message in catalog if message.id and message.string and message.context in texts)
        rows.append((language.code, str(done), str(len(texts) - done), catalog.state))
    for row in rows:
        print("".join(f"{cell:<12}" for cell in row).rstrip())
    return 0


def _update() -> int:
    for path in update_all():
        print(f"changed {path.relative_to(ROOT)}")
    return 0


def _compile() -> int:
    for path in compile_all():
        print(f"compiled {path.relative_to(ROOT)}")
    return 0


def _check() -> int:
    problems = list(check_all())
    from bot.replies.rendered_checks import check_rendered  # compiling has no use for what wording needs

    problems += [problem for language in served() for problem in check_rendered(language.code)]
    problems += [Problem("en", key, "unused", "nothing says it: remove it, or say it") for key in unused()]
    for problem in problems:
        print(problem, file=sys.stderr)
    count = len(sources())
    print(f"{count} texts in {1 + len(translated())} languages, {len(problems)} problems")
    return 1 if problems else 0


COMMANDS: dict[str, Callable[[], int]] = {"update": _update, "compile": _compile, "check": _check, "status": _status}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.replies.locales", description="The bot's catalogues.")
    parser.add_argument("command", choices=COMMANDS)
    return COMMANDS[parser.parse_args(arguments).command]()


if __name__ == "__main__":
    sys.exit(main())
