"""Adds a language: `make language CODE=sq` writes every file that it needs, `make language-check CODE=sq` says what they lack.

Nothing is overwritten. The new language is not served until its row in `locales/languages.yml` says so, and `make check`
refuses that while something is missing. docs/add-a-language.md is for those who fill the files and do not program.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml
from babel import Locale, UnknownLocaleError
from babel.core import get_global

from bot.intents import GROUPS, INTENTS
from bot.languages import LOCALES, Language, languages
from bot.nlu import sentence_checks
from bot.nlu.entities import EntityWords
from bot.nlu.place_words import WORDS_FILE
from bot.nlu.sentences import DEVELOPMENT, TESTS, TRAINING
from bot.nlu.words import WORDS, read_words
from bot.replies import po
from bot.replies.checks import SCRIPTS, check
from bot.replies.locales import sources, update_all
from bot.replies.neutrality import RULES, lexicon
from bot.settings import ROOT

__all__ = ["add", "describe", "main", "shortfalls"]

ROWS = LOCALES / "languages.yml"
CASES = ROOT / "tests" / "nlu" / "entities"
NEUTRAL_CASES = ROOT / "tests" / "replies" / "neutrality"
TERMS = ROOT / "docs" / "terms"
_CODE = re.compile(r"[a-z]{2,3}")
_ABOUT = {
    TRAINING: "What people write, to learn from",
    DEVELOPMENT: "Written by somebody else, without looking at data/nlu: sets how sure is sure",
    TESTS: "Written by a third person, without looking at the others: only measures, never learnt",
}
_NEEDED_WORDS = ("commands", "asking_for_language", "called", "choices", "numbers", "people", "age", "group", "times")


def describe(
    code: str,
    name: str | None = None,
    english: str | None = None,
    locale: str | None = None,
    script: str | None = None,
    direction: str | None = None,
) -> Language:
    """The language of an ISO 639 code, from CLDR where it knows it. Raises ValueError, naming the option, for what it does not."""
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no ISO 639-1 or 639-3 code (two or three small letters)")
    try:
        known = Locale.parse(locale or code)
    except (UnknownLocaleError, ValueError):
        if locale:
            raise ValueError(
                f"CLDR has no locale {locale!r}: give that of a language with the same dates and numbers"
            ) from None
        raise ValueError(
            f"CLDR does not know {code!r}: give LOCALE=, one with the same dates and numbers, e.g. en"
        ) from None
    likely = str(get_global("likely_subtags").get(known.language, "")).split("_")
    english = english or (known.get_display_name("en") if not locale else None)
    name = name or (known.get_display_name() if not locale else None)
    script = script or known.script or next((part for part in likely if len(part) == 4), None)
    for option, value in (("NAME", name), ("ENGLISH", english), ("SCRIPT", script)):
        if not value:
            raise ValueError(f"CLDR does not say it: give {option}=")
    if script not in SCRIPTS:
        raise ValueError(f"script {script}: only {', '.join(SCRIPTS)} are known (bot/replies/checks.py, SCRIPTS)")
    direction = direction or ("rtl" if script == "Arab" else "ltr")
    return Language(code, str(name), str(english), locale or code, str(script), direction)


def add(language: Language) -> Iterator[Path]:
    """Write the files of a language; yields those that are new or changed. Raises ValueError if it exists already."""
    if language.code in languages():
        raise ValueError(
            f"{language.code} is in {ROWS.relative_to(ROOT)} already: see `make language-check CODE={language.code}`"
        )
    with ROWS.open("a", encoding="utf-8") as file:
        file.write(
            f"- {{code: {language.code}, name: {language.name}, english: {language.english}, locale: {language.locale}, "
            f"script: {language.script}, direction: {language.direction}, review: draft}}\n"
        )
    languages.cache_clear()
    yield ROWS
    for folder, about in _ABOUT.items():
        for group in GROUPS:
            yield from _write(folder / language.code / f"{group}.yml", _sentences(language, folder, group, about))
    yield from _write(WORDS / f"{language.code}.yml", _words(language))
    yield from _write(CASES / f"{language.code}.yml", _cases(language))
    yield from _write(RULES / f"{language.code}.yml", _neutral(language))
    yield from _write(NEUTRAL_CASES / f"{language.code}.yml", _neutral_cases(language))
    yield from _write(TERMS / f"{language.code}.md", _terms(language))
    text = WORDS_FILE.read_text(encoding="utf-8")
    if not re.search(rf"^  {language.code}:", text, re.MULTILINE):
        row = f"  {language.code}:  # {language.english}: to be filled\n    at: []\n    from: []\n    to: []\n    around: []\n    never: []\n"
        WORDS_FILE.write_text(
            re.sub(r"^countries:", row + "countries:", text, count=1, flags=re.MULTILINE), encoding="utf-8"
        )
        yield WORDS_FILE
    po_file = po.po_path(language.code)
    if not po_file.exists():
        po_file.parent.mkdir(parents=True, exist_ok=True)
        po_file.write_bytes(po.po_bytes(po.new(language)))
    yield po_file
    yield from (path for path in update_all() if path != po_file)


def _write(path: Path, text: str) -> Iterator[Path]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        yield path


def _sentences(language: Language, folder: Path, group: str, about: str) -> str:
    hard, others = sentence_checks.LEAST[folder]
    lines = [
        f"# {language.english}. {about}.",
        "# Below each `examples: |` one sentence a line, behind four spaces and `- `. docs/add-a-language.md says how to write them.",
        'version: "3.1"',
        "nlu:",
    ]
    for intent in INTENTS.values():
        if intent.group == group:
            lines += [
                "",
                f"# {intent.meaning}",
                f"#   as in: {intent.example}",
                f"#   at least {hard if group in sentence_checks.HARD else others}",
                f"- intent: {intent.name}",
                "  examples: |",
            ]
    return "\n".join(lines) + "\n"


def _words(language: Language) -> str:
    """The file of English words without its words, which stay as a remark."""
    lines = [
        f"# Words that people use in {language.english}, beside sentences (data/nlu/{language.code}/). data/words/en.yml explains the keys",
        "# and has English words for each; write here, between [ and ], what people really say, not what those words mean.",
    ]
    blocks = re.sub(r"\n {4,}(?=[^\s#-])(?!\d+:|before:)", " ", (WORDS / "en.yml").read_text(encoding="utf-8"))
    key = ""
    for line in blocks.splitlines():
        found = re.match(r"^( *)([\w]+):(?: +(\[.*|\d+.*|#.*)?)?$", line)
        if not found:
            continue  # remarks and the items of lists
        key = found.group(2)
        value = found.group(3) or ""
        if value.startswith("["):
            lines.append(f"{found.group(1)}{key}: []")
        elif value[:1].isdigit():
            lines.append(line)
        elif found.group(1) or key in {"commands", "choices", "numbers", "people", "times"}:
            lines.append(f"{found.group(1)}{key}:")
        else:
            lines.append(f"{key}: []")
    return "\n".join(lines) + "\n"


def _cases(language: Language) -> str:
    return (
        f"# What messages in {language.english} tell beside their need: twenty and more, written before data/words/{language.code}.yml.\n"
        "# en.yml beside this file shows how. Some tell nothing, though they look as if they did.\n[]\n"
    )


def _neutral(language: Language) -> str:
    lists = list(yaml.safe_load((RULES / "en.yml").read_text(encoding="utf-8")))
    return (
        f"# Phrases that a neutral service does not say in {language.english}, by the lists of rules.yml. Draft.\n"
        "# data/neutrality/en.yml explains the notation and has English phrases for each list.\n"
        + "".join(f"{name}: []\n" for name in lists)
    )


def _neutral_cases(language: Language) -> str:
    return f"# What must fire in {language.english}, and what must not; en.yml beside this file shows how.\n[]\n"


def _terms(language: Language) -> str:
    return (
        f"# Terms: {language.english} ({language.code})\n\nThe word that was chosen for each term, why, and what was doubted; so that the next translator "
        "says the same.\nfr.md and so.md beside this file show how.\n"
    )


def shortfalls(code: str) -> Iterator[str]:
    """What a language lacks before it can be served, one line each; nothing if it is ready. Raises KeyError for an unknown one."""
    language = languages()[code]
    yield from sentence_checks.problems(code)
    words = read_words(WORDS / f"{code}.yml") if (WORDS / f"{code}.yml").exists() else {}
    empty = [key for key in _NEEDED_WORDS if not _filled(words.get(key))]
    if empty:
        yield f"data/words/{code}.yml: nothing under {', '.join(empty)}"
    EntityWords(words, f"{code}.yml")
    try:
        phrases = lexicon(code)
        lacking = ["all"] if phrases is None else phrases.empty
    except ValueError as error:
        lacking = [str(error)]
    if lacking:
        yield f"data/neutrality/{code}.yml: nothing under {', '.join(lacking)}"
    path = po.po_path(code)
    found = list(check(po.read(path, language), sources(), language)) if path.exists() else []
    untranslated = [problem for problem in found if problem.rule == "untranslated"]
    if untranslated:
        yield f"{path.relative_to(ROOT)}: {len(untranslated)} texts are not translated"
    yield from (str(problem) for problem in found if problem.rule != "untranslated")
    if not path.exists():
        yield f"{path.relative_to(ROOT)}: is missing; run `make locales`"


def _filled(value: object) -> bool:
    return any(map(_filled, value.values())) if isinstance(value, dict) else bool(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.add_language", description=__doc__)
    parser.add_argument("code", help="ISO 639 code: sq, rhg")
    parser.add_argument("--check", action="store_true", help="say what an added language lacks")
    parser.add_argument("--name", help="what its speakers call it, in its own script")
    parser.add_argument("--english", help="its English name")
    parser.add_argument("--locale", help="CLDR locale for dates and numbers, where CLDR does not know the language")
    parser.add_argument("--script", help=f"script of its texts, ISO 15924: {', '.join(SCRIPTS)}")
    options = parser.parse_args(arguments)
    try:
        if options.check:
            return _report(options.code)
        language = describe(options.code, options.name, options.english, options.locale, options.script)
        for path in add(language):
            print(f"wrote {path.relative_to(ROOT)}")
    except (ValueError, KeyError) as error:
        print(f"{options.code}: {error}", file=sys.stderr)
        return 2
    print(
        f"\n{language.english} is added and not served yet. docs/add-a-language.md says how to fill these files;\n"
        f"`make language-check CODE={language.code}` says what is missing."
    )
    return 0


def _report(code: str) -> int:
    if code not in languages():
        raise ValueError(f"no such language in {ROWS.relative_to(ROOT)}: add it with `make language CODE={code}`")
    lacking = list(shortfalls(code))
    for line in lacking:
        print(line)
    if lacking:
        print(f"\n{code}: {len(lacking)} things to do")
        return 1
    state = (
        "is served"
        if languages()[code].served
        else f"can be served: put `served: true` into its row of {ROWS.relative_to(ROOT)}"
    )
    print(f"{code}: complete, {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
