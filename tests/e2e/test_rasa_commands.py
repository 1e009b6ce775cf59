"""Rasa's own commands work on the project, as everyone who knows Rasa expects."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bot.settings import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ENVIRONMENT = {
    **os.environ,
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(ROOT),
}


def rasa(*words: str) -> list[str]:
    return [sys.executable, "-m", "rasa", *words]


def test_data_validate_finds_nothing() -> None:
    result = subprocess.run(
        rasa("data", "validate", "--fail-on-warnings"),
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
