"""The promises of docs/safety.md and their tests: `python -m tests.safety.requirements` runs them and prints id, promise, test, result."""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

import yaml

from bot.settings import ROOT

__all__ = ["IDS", "PAGE", "Requirement", "exists", "registry", "table", "written"]

IDS = tuple(
    f"{part}{n}" for part, most in {"P": 15, "S": 18, "A": 10, "I": 10, "M": 6}.items() for n in range(1, most + 1)
) + tuple(f"N{n:02}" for n in range(1, 26))
"""Every requirement of the design, in its order: privacy, safety, accountability, inclusion, misinformation, neutral texts."""
FILE = Path(__file__).with_suffix(".yml")
PAGE = ROOT / "docs" / "safety.md"
BEGIN, END = "<!-- promises: written by `make safety-page` -->\n", "<!-- end of promises -->"
PARTS = {
    "P": "Privacy", "S": "Safety", "A": "Accountability", "I": "Inclusion", "M": "Misinformation", "N": "Neutral texts",
}  # fmt: skip
PASSED, FAILED, SKIPPED, MISSING = "passed", "FAILED", "skipped", "MISSING"


@dataclass(frozen=True)
class Requirement:
    """One promise: at least one of tests, a task for people, or what is not done."""

    id: str
    promise: str
    tests: tuple[str, ...] = ()
    """Each "file::function", from the root of the project."""
    human: str = ""
    open: str = ""

    def __post_init__(self) -> None:
        if not self.promise or not (self.tests or self.human or self.open):
            raise ValueError(f"{self.id}: a promise without test, task or what is open")


class _Loader(yaml.SafeLoader):
    """YAML in which a key that comes twice is a mistake."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = [key.value for key, _ in node.value]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"twice in {FILE.name}: {', '.join(sorted(twice))}")
        return dict(super().construct_mapping(node, deep))


def _flat(tests: object) -> Iterator[str]:
    if isinstance(tests, str):
        yield tests
    elif isinstance(tests, list):
        for one in tests:
            yield from _flat(one)


@lru_cache(maxsize=1)
def registry() -> tuple[Requirement, ...]:
    """The rows of requirements.yml in the order of the file. Raises ValueError for an id that comes twice or an empty row."""
    rows = yaml.load(FILE.read_text(encoding="utf-8"), _Loader)  # a SafeLoader
    found = []
    for identifier, row in rows.items():
        if unknown := row.keys() - {"promise", "tests", "human", "open"}:
            raise ValueError(f"{identifier}: {', '.join(sorted(unknown))}")
        tests = tuple(dict.fromkeys(_flat(row.get("tests", []))))
        found.append(Requirement(identifier, row["promise"], tests, row.get("human", ""), row.get("open", "")))
    return tuple(found)


@lru_cache(maxsize=256)
def _functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def exists(test: str) -> bool:
    """Whether there is a test function of that name in that file."""
    file, _, name = test.partition("::")
    path = ROOT / file
    return name.startswith("test_") and path.is_file() and name in _functions(path)


# --- The page ---------------------------------------------------------------------------------------------------------------


def table() -> str:
    """The table of docs/safety.md: id, promise, how it is tested; nothing that ages."""
    lines: list[str] = []
    part = ""
    for row in registry():
        if row.id[0] != part:
            part = row.id[0]
            lines += ["", f"### {PARTS[part]}", "", "| id | promise | how it is tested |", "|---|---|---|"]
        cells = [f"[{test.partition('::')[2]}](../{test.partition('::')[0]})" for test in row.tests]
        cells += [f"**human:** {row.human}"] if row.human else []
        cells += [f"**open:** {row.open}"] if row.open else []
        lines.append(f"| {row.id} | {row.promise} | {'<br>'.join(cells)} |".replace("\n", " "))
    return "\n".join(lines).strip() + "\n"


def written(page: str) -> str:
    """The page with the table between its two markers. Raises ValueError where a marker is missing."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has no place for the table")
    return f"{before}{begin}\n{table()}\n{end}{after}"


# --- Running the tests --------------------------------------------------------------------------------------------------------


@dataclass
class Result:
    """What came of one test: how many of its cases passed, failed and were skipped."""

    counts: dict[str, int] = field(default_factory=dict)

    def word(self) -> str:
        for word in (FAILED, PASSED, SKIPPED):
            if self.counts.get(word):
                skipped = f", {self.counts[SKIPPED]} skipped" if word != SKIPPED and self.counts.get(SKIPPED) else ""
                return f"{word} ({self.counts[word]}{skipped})"
        return MISSING


def run(tests: list[str]) -> dict[str, Result]:
    """Run the tests in one pytest and return the result of each; what pytest does not report is MISSING."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--junitxml={report}", *tests]
        subprocess.run([*command, "-o", "junit_family=xunit1"], cwd=ROOT, check=False)
        cases = ElementTree.parse(report).iter("testcase") if report.exists() else iter(())  # of our own pytest
        found = {test: Result() for test in tests}
        for case in cases:
            test = f"{case.get('file', '')}::{case.get('name', '').partition('[')[0]}"
            kinds = {child.tag for child in case}
            word = FAILED if kinds & {"failure", "error"} else SKIPPED if "skipped" in kinds else PASSED
            if test in found:
                found[test].counts[word] = found[test].counts.get(word, 0) + 1
    return found


def report(rows: list[Requirement], results: dict[str, Result]) -> tuple[str, bool]:
    """The table of ids, tests and results, and whether nothing failed or is missing."""
    lines, good = [], True
    for row in rows:
        lines.append(f"{row.id:4} {row.promise}")
        for test in row.tests:
            word = results[test].word()
            good = good and not word.startswith((FAILED, MISSING))
            lines.append(f"     {word:24} {test}")
        lines += [f"     {'human':24} {row.human}"] if row.human else []
        lines += [f"     {'open':24} {row.open}"] if row.open else []
    tested = [row for row in rows if row.tests]
    unproven = [row for row in tested if all(results[test].word().startswith(SKIPPED) for test in row.tests)]
    lines.append(
        f"\n{len(rows)} promises: {len(tested)} with tests ({len(unproven)} of them only skipped here), "
        f"{sum(bool(row.human) for row in rows)} with a task for people, {sum(bool(row.open) for row in rows)} with something open. "
        + ("All tests that ran passed." if good else "NOT ALL PASSED.")
    )
    return "\n".join(lines), good


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ids", nargs="*", help="only these, or all of one letter: S17, P")
    parser.add_argument("--page", action="store_true", help="run nothing, write the table into docs/safety.md")
    options = parser.parse_args(arguments)
    if options.page:
        PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    rows = [row for row in registry() if not options.ids or any(part in (row.id, row.id[0]) for part in options.ids)]
    tests = sorted({test for row in rows for test in row.tests})
    text, good = report(rows, run(tests) if tests else {})
    print(text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
