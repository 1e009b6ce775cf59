"""`make audit`: known weaknesses of dependencies (pip-audit), of our code (bandit), and of the directory's settings (Django).

What is accepted, and why, is in data/security/; docs/dependencies.md tells the reasons. pip-audit runs in an environment of its own,
because Rasa pins a `packaging` that is too old for it, and asks a database on the internet.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import tomli
import yaml

from bot.settings import ROOT

__all__ = ["bandit", "deploy", "judge_advisories", "judge_bandit", "locked", "main", "pip_audit"]

SECURITY = ROOT / "data" / "security"
PIP_AUDIT = "pip-audit==2.10.1"
OK, BAD, UNKNOWN = 0, 1, 2


def locked() -> dict[str, str]:
    """Version by package, from uv.lock."""
    rows = tomli.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    return {row["name"]: row.get("version", "") for row in rows}


def _uv() -> str:
    """uv where the Makefile finds it."""
    return os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")


# --- dependencies -----------------------------------------------------------------------------------------------------


def judge_advisories(
    report: Mapping[str, Any], accepted: Sequence[Mapping[str, Any]], today: str
) -> tuple[int, list[str]]:
    """What a report of pip-audit (`--format json`) means beside what was accepted: the status and lines.

    A package that could not be looked up is never passed over: pip-audit itself ends with 0 then.
    """
    by_package = {row["package"]: row for row in accepted}
    bad, skipped, known = [], [], set()
    for package in report["dependencies"]:
        if "skip_reason" in package:
            skipped.append(package["name"])
        for found in package.get("vulns", ()):
            row = by_package.get(package["name"])
            names = {found["id"], *found.get("aliases", ())}
            here = f"{package['name']} {package['version']}: {found['id']} ({', '.join(sorted(names - {found['id']}))})"
            fixed = f"; fixed in {', '.join(found['fix_versions'])}" if found.get("fix_versions") else ""
            if row is None or row["version"] != package["version"] or not names & set(row["ids"]):
                bad.append(f"NOT ACCEPTED {here}{fixed}")
            elif row["until"] < today:
                bad.append(f"ACCEPTED ONLY UNTIL {row['until']} {here}{fixed}")
            else:
                known.update((row["package"], name) for name in names & set(row["ids"]))
    lines = [*bad]
    if not skipped:
        unheard = [
            f"{row['package']} {name}" for row in accepted for name in row["ids"] if (row["package"], name) not in known
        ]
        if unheard:
            lines.append(f"accepted, but not reported (remove what is settled): {', '.join(unheard)}")
    if skipped:
        lines.append(
            f"{len(skipped)} of {len(report['dependencies'])} packages COULD NOT BE LOOKED UP ({', '.join(skipped[:5])}, ...):"
            " this says nothing about them. Run it where the database of advisories can be reached."
        )
    lines.append(f"{len(known)} known advisories are accepted (data/security/advisories.yml)")
    return BAD if bad else UNKNOWN if skipped else OK, lines


def pip_audit() -> tuple[int, list[str]]:
    """Asks for advisories on what uv.lock installs to run (not on tools of developers)."""
    uv = _uv()
    with tempfile.TemporaryDirectory() as folder:
        wanted, report = Path(folder) / "requirements.txt", Path(folder) / "report.json"
        export = [
            uv,
            "export",
            "--frozen",
            "--quiet",
            "--no-dev",
            "--no-hashes",
            "--no-emit-project",
            "-o",
            str(wanted),
        ]
        audit = [uv, "tool", "run", "--quiet", "--from", PIP_AUDIT, "pip-audit", "-r", str(wanted), "--no-deps"]
        audit += ["--disable-pip", "--progress-spinner", "off", "--format", "json", "--output", str(report)]
        audit += ["--vulnerability-service", os.environ.get("AUDIT_SERVICE", "pypi")]
        for command in (export, audit):
            try:
                done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            except OSError as error:
                return UNKNOWN, [f"{command[0]} could not be started: {error}"]
        if not report.exists():
            return UNKNOWN, [
                f"pip-audit could not look: {(done.stderr.strip() or 'it said nothing').splitlines()[-1][:300]}"
            ]
        accepted = yaml.safe_load((SECURITY / "advisories.yml").read_text(encoding="utf-8"))["accepted"]
        rows = [{**row, "until": row["until"].isoformat()} for row in accepted]
        today = datetime.now(timezone.utc).date().isoformat()
        return judge_advisories(json.loads(report.read_text(encoding="utf-8")), rows, today)


# --- our code ---------------------------------------------------------------------------------------------------------


def judge_bandit(report: Mapping[str, Any], known: Mapping[str, Any]) -> list[str]:
    """What is wrong: findings that nobody has looked at, files that could not be read, entries that nothing is found for."""
    wrong = [f"{row['filename']}: could not be read: {row['reason']}" for row in report["errors"]]
    counts = Counter((row["test_id"], row["filename"].removeprefix("./")) for row in report["results"])
    reviewed = {(row["test"], row["file"]): row["most"] for row in known["reviewed"]}
    for (test, file), count in sorted(counts.items()):
        if test not in known["skipped"] and count > reviewed.get((test, file), 0):
            places = [
                row for row in report["results"] if (row["test_id"], row["filename"].removeprefix("./")) == (test, file)
            ]
            where = ", ".join(str(row["line_number"]) for row in places)
            wrong.append(
                f"{file}: {count} of {test} ({places[0]['issue_text']}) in lines {where}; {reviewed.get((test, file), 0)} reviewed"
            )
    wrong += [
        f"{file}: {test} is in bandit.yml and not found any more" for test, file in reviewed if not counts[test, file]
    ]
    return wrong


def bandit() -> tuple[int, list[str]]:
    """Looks through our code."""
    command = [sys.executable, "-m", "bandit", "--quiet", "--recursive", "bot", "actions", "directory", "manage.py"]
    command += ["--exclude", "directory/migrations", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return UNKNOWN, [f"bandit could not look: {done.stderr.strip()[-300:]}"]
    known = yaml.safe_load((SECURITY / "bandit.yml").read_text(encoding="utf-8"))
    wrong = judge_bandit(report, known)
    looked = f"{len(report['results'])} findings, {len(known['reviewed'])} entries reviewed (data/security/bandit.yml)"
    return (BAD if wrong else OK), [*wrong, looked]


# --- the directory's settings -----------------------------------------------------------------------------------------


def deploy() -> tuple[int, list[str]]:
    """Django's own checks under the settings of docs/readiness.md, with a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
        environment = {
            **kept,
            "WAYPOST_PRODUCTION": "1",
            "WAYPOST_VAR": folder,
            "WAYPOST_CONFIG": str(Path(folder) / "none.toml"),
            "WAYPOST_DIRECTORY_HOSTS": "directory.example.org",
            "WAYPOST_DIRECTORY_URL": "https://directory.example.org",
            "WAYPOST_DIRECTORY_MAIL_URL": "smtp://user:password@mail.example.org:587",
        }
        command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return (OK if done.returncode == 0 else BAD), (done.stdout + done.stderr).strip().splitlines()[-20:]


LOOKS = {"deploy": deploy, "bandit": bandit, "pip-audit": pip_audit}


def main(names: Sequence[str]) -> int:
    """`python -m tests.audit [deploy] [bandit] [pip-audit]`; status 0: clean or explained, 1: not, 2: something could not be looked at."""
    if unknown := set(names) - set(LOOKS):
        print(f"no such look: {', '.join(sorted(unknown))}; there are {', '.join(LOOKS)}", file=sys.stderr)
        return UNKNOWN
    worst = OK
    for name in names or LOOKS:
        status, lines = LOOKS[name]()
        worst = BAD if BAD in (worst, status) else max(worst, status)
        print(f"{name}: {('clean or explained', 'NOT CLEAN', 'NOT KNOWN')[status]}")
        for line in lines:
            print(f"  {line}")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
