"""What was found missing before going live, what somebody takes the risk of, and how both are told (docs/readiness.md).

The bot's own part is found by `bot/production.py`, the directory's by `directory/readiness.py`; `bot/readiness.py` puts them together.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bot.checks import CHECKS, Check
from bot.settings import Settings, SettingsError

__all__ = [
    "Acceptance",
    "Finding",
    "accepted",
    "as_data",
    "as_text",
    "finding",
    "from_data",
    "open_to_others",
    "stopping",
    "tell",
    "verdict",
]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be."""

    check: Check
    what: str
    details: tuple[str, ...] = ()
    """A line each: countries, languages, files."""


def finding(identifier: str, what: str, details: Iterable[str] = ()) -> Finding:
    """A finding of the check of that id. Raises KeyError for one that is not in the table."""
    return Finding(CHECKS[identifier], what, tuple(details))


def open_to_others(path: Path) -> str:
    """How others can read or change a file that is secret; empty if they cannot. Raises OSError if there is none."""
    state = path.stat()
    if state.st_uid not in (os.geteuid(), 0):
        return f"{path} belongs to another user"
    if state.st_mode & 0o077:
        return f"{path} has mode {state.st_mode & 0o777:03o}: others can use it"
    return ""


# --- what was accepted ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acceptance:
    """That somebody takes the risk of a finding, until a day."""

    until: date
    reason: str


_ENTRY = re.compile(r"\s*([a-z-]+)\s+until\s+(\d{4}-\d{2}-\d{2})\s*:\s*(.*\S)\s*", re.DOTALL)
_SHORTEST_REASON = 15
_FEW = 6


def accepted(config: Settings) -> dict[str, Acceptance]:
    """The setting `accepted_findings` by id. Raises SettingsError for what is not `<id> until <YYYY-MM-DD>: <reason>; ...`."""
    found = {}
    for entry in config.accepted_findings.split(";"):
        if not entry.strip():
            continue
        match = _ENTRY.fullmatch(entry)
        if not match or len(match[3]) < _SHORTEST_REASON:
            raise SettingsError(
                f"accepted_findings: {entry.strip()!r} is not like `texts-crisis until 2027-01-31: who takes the risk, and why`"
            )
        check = CHECKS.get(match[1])
        if check is None or not check.hard:
            raise SettingsError(f"accepted_findings: {match[1]!r} is no no-go of docs/readiness.md")
        try:
            found[check.id] = Acceptance(date.fromisoformat(match[2]), match[3])
        except ValueError as error:
            raise SettingsError(f"accepted_findings: {match[2]} is not a day") from error
    return found


def _taken(one: Finding, taken: Mapping[str, Acceptance], today: date) -> Acceptance | None:
    acceptance = taken.get(one.check.id)
    return acceptance if acceptance and acceptance.until >= today else None


def stopping(
    findings: Iterable[Finding], process: str, taken: Mapping[str, Acceptance], today: date
) -> tuple[list[Finding], list[tuple[Finding, Acceptance]]]:
    """Of these, what keeps `run`, `bot` or `directory` from starting in production, and what would if it were not accepted."""
    stops, passed = [], []
    for one in findings:
        if one.check.hard and process in one.check.stops:
            acceptance = _taken(one, taken, today)
            if acceptance:
                passed.append((one, acceptance))
            else:
                stops.append(one)
    return stops, passed


def tell(
    stops: Iterable[Finding], passed: Iterable[tuple[Finding, Acceptance]], unchecked: Iterable[str] = ()
) -> list[str]:
    """The lines that say why a program does not start in production. What somebody took the risk of goes to the log."""
    for one, acceptance in passed:
        log.warning(
            "starting although %s: %s; accepted until %s: %s",
            one.check.id,
            one.what,
            acceptance.until,
            acceptance.reason,
        )
    lines = []
    for one in stops:
        lines.append(f"{one.check.id}: {one.what}. {one.check.why} {one.check.cure}")
        lines += [f"    {line}" for line in one.details[:_FEW]]
        if len(one.details) > _FEW:
            lines.append(f"    ... and {len(one.details) - _FEW} more")
    return [*lines, *(f"could not be checked: {line}" for line in unchecked)]


def verdict(
    findings: Iterable[Finding], unchecked: Sequence[str], taken: Mapping[str, Acceptance], today: date
) -> tuple[str, int]:
    """The word and the exit code: go 0, no-go 1, unknown 2 (something could not be checked, and the rest is a go)."""
    if any(one.check.hard and not _taken(one, taken, today) for one in findings):
        return "no-go", 1
    return ("unknown", 2) if unchecked else ("go", 0)


# --- the report -------------------------------------------------------------------------------------------------------


def as_data(
    findings: Sequence[Finding], unchecked: Sequence[str], taken: Mapping[str, Acceptance], today: date
) -> dict[str, Any]:
    """The report as JSON knows it."""
    rows = []
    for one in findings:
        acceptance = _taken(one, taken, today)
        rows.append(
            {
                "id": one.check.id,
                "severity": "no-go" if one.check.hard else "warning",
                "what": one.what,
                "details": list(one.details),
                "why": one.check.why,
                "do": one.check.cure,
                "accepted": {"until": acceptance.until.isoformat(), "reason": acceptance.reason}
                if acceptance
                else None,
            }
        )
    return {
        "verdict": verdict(findings, unchecked, taken, today)[0],
        "day": today.isoformat(),
        "findings": rows,
        "unchecked": list(unchecked),
    }


def from_data(text: str) -> tuple[list[Finding], list[str]]:
    """Findings and what could not be checked, from a report as JSON. Raises ValueError if it is none."""
    try:
        data = json.loads(text)
        rows = [Finding(CHECKS[row["id"]], row["what"], tuple(row["details"])) for row in data["findings"]]
        return rows, list(data["unchecked"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a report: {error!r}") from error


def _grouped(details: Iterable[str]) -> list[str]:
    """Lines "GR: x", "KE: x" as one: "GR, KE: x"."""
    names: dict[str, list[str]] = {}
    for line in details:
        name, colon, rest = line.partition(": ")
        names.setdefault(rest if colon else "", []).append(name if colon else line)
    alone = names.pop("", [])
    return [*alone, *(f"{', '.join(those)}: {rest}" for rest, those in names.items())]


def _lines(one: Finding, mark: str, most: int) -> Iterable[str]:
    yield f"{mark} {one.check.id}: {one.what}"
    lines = _grouped(one.details)
    for line in lines[:most]:
        yield f"        {line}"
    if len(lines) > most:
        yield f"        ... and {len(lines) - most} more (--format json shows all)"


def as_text(
    findings: Sequence[Finding],
    unchecked: Sequence[str],
    taken: Mapping[str, Acceptance],
    today: date,
    facts: Sequence[str] = (),
    most: int = 24,
) -> str:
    """The report for a terminal: what stops going live first; `facts` are lines that only inform."""
    out: list[str] = []
    hard = [one for one in findings if one.check.hard]
    for one in sorted(hard, key=lambda one: _taken(one, taken, today) is not None):
        acceptance = _taken(one, taken, today)
        out += _lines(one, "ACCEPTED" if acceptance else "NO-GO   ", most)
        if acceptance:
            out.append(f"      until {acceptance.until}: {acceptance.reason}")
        else:
            out += [f"      why: {one.check.why}", f"      do:  {one.check.cure}"]
    for one in findings:
        if not one.check.hard:
            out += _lines(one, "warning ", most)
            out += [f"      why: {one.check.why}", f"      do:  {one.check.cure}"]
    out += [f"?        could not be checked: {line}" for line in unchecked]
    out += ["", *facts] if facts else []
    word, _code = verdict(findings, unchecked, taken, today)
    open_ones = sum(_taken(one, taken, today) is None for one in hard)
    summary = f"{open_ones} no-go, {len(hard) - open_ones} accepted, {len(findings) - len(hard)} warnings" + (
        f", {len(unchecked)} not checked" if unchecked else ""
    )
    return "\n".join([*out, "", f"{word.upper()}: {summary}."])
