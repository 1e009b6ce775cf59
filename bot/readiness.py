"""`make readiness`: what is missing before this service may go live, and whether it is a go (docs/readiness.md)."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from bot.channel_check import findings as ask_provider
from bot.channels.registry import channels
from bot.findings import Finding, accepted, as_data, as_text, finding, from_data, stopping, tell, verdict
from bot.logs import configure
from bot.production import everything, retention
from bot.settings import ROOT, Settings, SettingsError, settings

__all__ = ["directory_part", "main", "refusal"]

MOST_SECONDS = 180.0
NOT_STARTED = "Not started in production mode (docs/readiness.md):"


def directory_part(environment: Mapping[str, str] | None = None) -> tuple[list[Finding], list[str]]:
    """The directory's findings and what it could not look at; it is asked in a process of its own, for only it knows Django."""
    command = [sys.executable, "manage.py", "readiness", "--format", "json"]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=dict(environment if environment is not None else os.environ),
            capture_output=True,
            text=True,
            check=False,
            timeout=MOST_SECONDS,
        )
        return from_data(done.stdout)
    except subprocess.TimeoutExpired:
        return [], [f"the directory (no answer in {MOST_SECONDS:.0f} s)"]
    except ValueError:
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1][:300]
        return [], [f"the directory ({said})"]


def _both(config: Settings, environment: Mapping[str, str] | None = None) -> tuple[list[Finding], list[str]]:
    """The bot's and the directory's findings, each kind once."""
    ours, unchecked = everything(config)
    theirs, more = directory_part(environment)
    known = {(one.check.id, one.what) for one in ours}
    return [*ours, *(one for one in theirs if (one.check.id, one.what) not in known)], [*unchecked, *more]


def _asked(config: Settings) -> list[Finding]:
    """What the providers of the channels say."""
    bad = []
    for name, channel in channels().items():
        if channel.configured(config) and not channel.problems(config):
            bad += [f"{name}: {row.what}" for row in asyncio.run(ask_provider(channel, config)) if not row.ok]
    return [finding("channel-refused", f"{len(bad)} things are wrong with channels", bad)] if bad else []


def refusal(config: Settings, environment: Mapping[str, str]) -> list[str]:
    """Why `make run` does not start in production, a line each; none outside production.

    What could not be checked is a reason, too. What was accepted is logged.
    """
    if not config.production:
        return []
    configure(config.log_level)
    try:
        taken = accepted(config)
    except SettingsError as error:
        return [str(error)]
    found, unchecked = _both(config, environment)
    stops, passed = stopping(found, "run", taken, datetime.now(timezone.utc).date())
    return tell(stops, passed, unchecked)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 0: go, 1: no-go, 2: something could not be checked."""
    parser = argparse.ArgumentParser(prog="python -m bot.readiness", description=__doc__)
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--ask", action="store_true", help="ask the providers of the channels, too (make channel-check)"
    )
    options = parser.parse_args(arguments)
    try:
        config = settings()
        taken = accepted(config)
    except SettingsError as error:
        print(f"A setting cannot be used: {error}", file=sys.stderr)
        return 2
    configure("ERROR")
    found, unchecked = _both(config)
    if options.ask:
        found += _asked(config)
    today = datetime.now(timezone.utc).date()
    if options.format == "json":
        report = {**as_data(found, unchecked, taken, today), "retention": retention(config)}
        print(json.dumps(report, indent=1, ensure_ascii=False))
    else:
        print(as_text(found, unchecked, taken, today, retention(config)))
    return verdict(found, unchecked, taken, today)[1]


if __name__ == "__main__":
    sys.exit(main())
