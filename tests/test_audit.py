"""The audit: bandit and Django's deployment checks are clean or explained; what is accepted of dependencies is true and dated."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import pytest
import yaml

from bot.settings import ROOT
from tests import audit

ADVISORIES: list[dict[str, Any]] = yaml.safe_load((audit.SECURITY / "advisories.yml").read_text(encoding="utf-8"))[
    "accepted"
]
KNOWN: dict[str, Any] = yaml.safe_load((audit.SECURITY / "bandit.yml").read_text(encoding="utf-8"))
PROGRAMS = {
    "gateway": "import bot.gateway; from bot.channels.registry import channels; channels()",
    "sender": "import bot.sender; from bot.channels.registry import channels; channels()",
    "directory": "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'directory.settings'; import directory.asgi, uvicorn;"
    " from django.urls import get_resolver; get_resolver().url_patterns; from importlib import import_module;"
    " from directory.chores import MODULES; [import_module(name) for name in MODULES]",
}
"""What a program imports before it serves; all of these face a network."""


@pytest.mark.slow
def test_bandit_finds_nothing_that_nobody_has_looked_at() -> None:
    status, lines = audit.bandit()
    assert status == audit.OK, "\n".join(lines)


@pytest.mark.slow
def test_djangos_deployment_checks_are_clean_under_production_settings() -> None:
    status, lines = audit.deploy()
    assert status == audit.OK, "\n".join(lines)


@pytest.mark.parametrize("row", ADVISORIES, ids=lambda row: row["package"])
def test_what_is_accepted_is_of_the_locked_version_explained_and_dated(row: dict[str, Any]) -> None:
    assert audit.locked()[row["package"]] == row["version"]
    assert row["ids"] and all(re.fullmatch(r"(CVE-\d{4}|PYSEC-\d{4}|GHSA)-[\w-]+", name) for name in row["ids"])
    assert len(row["why"]) > 40
    assert row["until"] <= date.today() + timedelta(days=366), "nothing is accepted for longer than a year"
    assert f"| {row['package']} {row['version']} |" in (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_that_face_a_network_do_not_load_the_weak_code(program: str) -> None:
    asked = f"import sys, json; {PROGRAMS[program]}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    modules = set(json.loads(done.stdout.splitlines()[-1]))
    assert {row["package"] for row in ADVISORIES if row["module"] in modules} == {
        row["package"] for row in ADVISORIES if program in row["loaded"]
    }


def _package(name: str, *vulns: dict[str, Any], version: str = "1.0") -> dict[str, Any]:
    return {"name": name, "version": version, "vulns": list(vulns)}


def _vuln(identifier: str, *aliases: str) -> dict[str, Any]:
    return {"id": identifier, "aliases": list(aliases), "fix_versions": ["2.0"]}


ACCEPTED = [{"package": "rasa", "version": "1.0", "ids": ["CVE-1"], "until": "2027-01-01"}]


@pytest.mark.parametrize(
    ("packages", "today", "status", "says"),
    [
        ([_package("rasa")], "2026-11-24", audit.OK, "not reported"),
        ([_package("rasa", _vuln("CVE-1"))], "2026-11-24", audit.OK, "1 known advisories"),
        ([_package("rasa", _vuln("GHSA-1", "CVE-1"))], "2026-11-24", audit.OK, "1 known advisories"),
        ([_package("rasa", _vuln("CVE-1"))], "2027-01-02", audit.BAD, "ACCEPTED ONLY UNTIL 2027-01-01"),
        ([_package("rasa", _vuln("CVE-2"))], "2026-11-24", audit.BAD, "NOT ACCEPTED rasa 1.0: CVE-2"),
        ([_package("rasa", _vuln("CVE-1"), version="1.1")], "2026-11-24", audit.BAD, "NOT ACCEPTED"),
        ([_package("other", _vuln("CVE-1"))], "2026-11-24", audit.BAD, "fixed in 2.0"),
        ([{"name": "x", "skip_reason": "not found"}], "2026-11-24", audit.UNKNOWN, "1 of 1 packages COULD NOT BE LOOKED UP"),
        ([{"name": "x", "skip_reason": "not found"}, _package("y", _vuln("CVE-3"))], "2026-11-24", audit.BAD, "NOT ACCEPTED y"),
    ],
)  # fmt: skip
def test_a_report_of_pip_audit_is_judged(packages: list[dict[str, Any]], today: str, status: int, says: str) -> None:
    found, lines = audit.judge_advisories({"dependencies": packages}, ACCEPTED, today)
    assert found == status and any(says in line for line in lines)


def _finding(test: str, file: str, line: int = 1) -> dict[str, Any]:
    return {"test_id": test, "filename": f"./{file}", "line_number": line, "issue_text": "x"}


@pytest.mark.parametrize(
    ("results", "wrong"),
    [
        ([_finding("B608", "a.py")], 0),
        ([_finding("B608", "a.py"), _finding("B101", "b.py")], 0),
        ([_finding("B608", "a.py"), _finding("B608", "a.py", 2)], 1),
        ([_finding("B608", "a.py"), _finding("B608", "b.py")], 1),
        ([_finding("B608", "a.py"), _finding("B301", "a.py")], 1),
        ([], 1),
    ],
)
def test_a_report_of_bandit_is_judged(results: list[dict[str, Any]], wrong: int) -> None:
    known = {"skipped": {"B101": "x"}, "reviewed": [{"test": "B608", "file": "a.py", "most": 1, "why": "x"}]}
    assert len(audit.judge_bandit({"results": results, "errors": []}, known)) == wrong
    assert (
        len(audit.judge_bandit({"results": results, "errors": [{"filename": "c", "reason": "r"}]}, known)) == wrong + 1
    )


def test_every_reviewed_finding_says_why() -> None:
    assert all(row["why"] and (ROOT / row["file"]).exists() for row in KNOWN["reviewed"])
    pairs = [(row["test"], row["file"]) for row in KNOWN["reviewed"]]
    assert len(pairs) == len(set(pairs))
