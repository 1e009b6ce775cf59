"""One command adds a language: run on an invented one, in a copy of the project, up to being understood."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.add_language import describe
from bot.intents import INTENTS
from bot.nlu.sentence_checks import LEAST, missing
from bot.nlu.sentences import TRAINING, read
from bot.settings import ROOT

CODE = "qab"
"""Reserved by ISO 639-2 for local use; CLDR does not know it."""
COPIED = (
    "bot", "actions", "directory", "data", "locales", "tests", "docs", "config.yml", "domain.yml", "pyproject.toml", "babel.cfg",
)  # fmt: skip
_LETTER = re.compile(r"[a-zA-Z]")


def invented(text: str) -> str:
    """English as nobody speaks it: every letter 13 places on, a vowel with an accent. Braces, links and names stay."""
    parts = re.split(r"(\{\w*\}|<\w+>|https?://\S+|\b(?:Waypost|WhatsApp|Telegram|Signal|SMS|GPS)\b|[#~*])", text)
    return "".join(part if position % 2 else _LETTER.sub(_moved, part) for position, part in enumerate(parts))


def _moved(letter: re.Match[str]) -> str:
    char = letter.group()
    base = ord("a" if char.islower() else "A")
    moved = chr(base + (ord(char) - base + 13) % 26)
    return {"a": "á", "e": "é"}.get(moved, moved)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, without what was built."""
    root = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy(source, root / name)
    return root


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project), "WAYPOST_VAR": str(project / "var")}
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=project, env=environment, capture_output=True, text=True, timeout=280
    )


def add(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(project, "bot.add_language", CODE, *options)


def fill(project: Path) -> None:
    """What native speakers would do."""
    english = read(TRAINING, ["en"])
    spare = {name: [row.text for row in english if row.intent == name] for name in INTENTS}
    for folder in LEAST:
        for file in sorted((project / "data" / folder.name / CODE).glob("*.yml")):
            text = file.read_text(encoding="utf-8")
            for name, count in missing(folder, []).items():
                taken, spare[name] = spare[name][:count], spare[name][count:]
                lines = "".join(f"    - {invented(line)}\n" for line in taken)
                block = f"- intent: {name}\n  examples: |\n"
                if block in text:
                    text = text.replace(block, block + lines)
                else:
                    spare[name] = [*taken, *spare[name]]
            file.write_text(text, encoding="utf-8")
    words = yaml.safe_load((project / "data/words/en.yml").read_text(encoding="utf-8"))
    (project / f"data/words/{CODE}.yml").write_text(
        yaml.safe_dump(_inside(words), allow_unicode=True), encoding="utf-8"
    )
    cases = yaml.safe_load((project / "tests/nlu/entities/en.yml").read_text(encoding="utf-8"))
    # the hour of "6pm" is read in every language: the invented one says "6cz"
    told = [{**case, "text": invented(case["text"])} for case in cases if "6pm" not in case["text"]]
    (project / f"tests/nlu/entities/{CODE}.yml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    phrases = yaml.load((project / "data/neutrality/en.yml").read_text(encoding="utf-8"), yaml.BaseLoader)
    (project / f"data/neutrality/{CODE}.yml").write_text(
        yaml.safe_dump(_inside(phrases), allow_unicode=True), encoding="utf-8"
    )
    lines = yaml.safe_load((project / "tests/replies/neutrality/en.yml").read_text(encoding="utf-8"))
    neutral = [{**line, "text": invented(line["text"])} for line in lines]
    (project / f"tests/replies/neutrality/{CODE}.yml").write_text(
        yaml.safe_dump(neutral, allow_unicode=True), encoding="utf-8"
    )
    po = project / f"locales/{CODE}/LC_MESSAGES/bot.po"
    assert run(project, "tests.invent", str(po)).returncode == 0


def _inside(value: object) -> object:
    if isinstance(value, dict):
        return {key: _inside(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return list(dict.fromkeys(invented(str(word)) for word in value))
    return value


def test_the_command_and_the_tables_on_an_invented_language(project: Path) -> None:
    asked = add(project)
    assert asked.returncode == 2 and "LOCALE=" in asked.stderr
    options = ("--name", "Qabish", "--english", "Qabish", "--locale", "en", "--script", "Latn")
    added = add(project, *options)
    assert added.returncode == 0, added.stderr
    assert add(project, *options).returncode == 2, "nothing is added twice"
    assert run(project, "bot.replies.locales", "check").returncode == 0, "an unfinished language breaks nothing"
    lacking = add(project, "--check")
    assert lacking.returncode == 1
    for file in (
        "data/nlu",
        "data/dev",
        "data/tests",
        f"data/words/{CODE}.yml",
        f"data/neutrality/{CODE}.yml",
        f"locales/{CODE}",
    ):
        assert file in lacking.stdout
    fill(project)
    complete = add(project, "--check")
    assert complete.returncode == 0, complete.stdout + complete.stderr
    rows = project / "locales/languages.yml"
    text = rows.read_text(encoding="utf-8")
    rows.write_text(re.sub(rf"(code: {CODE}, .*?)(review)", r"\1served: true, \2", text), encoding="utf-8")
    assert run(project, "bot.replies.locales", "compile").returncode == 0
    tables = (
        "tests/replies",
        "tests/nlu/test_sentences.py",
        "tests/nlu/test_commands.py",
        "tests/nlu/test_entities.py",
    )
    tested = run(project, "pytest", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:django", *tables, "-k", CODE)
    assert tested.returncode == 0, tested.stdout[-3000:]
    assert re.search(r"\d{2,} passed", tested.stdout)
    understood = run(project, "tests.invent", "--understand", CODE)
    assert understood.returncode == 0, understood.stderr[-3000:]
    language, intent = map(float, understood.stdout.split())
    assert language > 0.95
    assert intent > 0.2, "characters alone, 20 sentences an intent: far above 1 in 60"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("sq", ("shqip", "Albanian", "sq", "Latn", "ltr")),
        ("ug", ("ئۇيغۇرچە", "Uyghur", "ug", "Arab", "rtl")),
        ("sr", ("српски", "Serbian", "sr", "Cyrl", "ltr")),
    ],
)
def test_what_cldr_knows(code: str, expected: tuple[str, ...]) -> None:
    found = describe(code)
    assert (found.name, found.english, found.locale, found.script, found.direction) == expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"code": "Albanian"}, "ISO 639"),
        ({"code": "qab"}, "LOCALE="),
        ({"code": "qab", "locale": "xx_XX"}, "xx_XX"),
        ({"code": "qab", "locale": "en"}, "NAME="),
        ({"code": "el"}, "Grek"),
    ],
)
def test_what_is_refused(options: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        describe(**options)
