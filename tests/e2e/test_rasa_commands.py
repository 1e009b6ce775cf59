"""Rasa's own commands work on the project, as everyone who knows Rasa expects."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from bot.settings import ROOT, settings
from tests.e2e.conftest import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ENVIRONMENT = {
    **os.environ,
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "PYTHONWARNINGS": "ignore",
    "PYTHONPATH": str(ROOT),
    "RASA_SHELL_STREAM_READING_TIMEOUT_IN_SECONDS": "60",
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


def _listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_shell_answers_through_the_action_server() -> None:
    if _listening(5055):
        pytest.skip("port 5055, which endpoints.yml names, is in use by another program")
    actions = subprocess.Popen(
        rasa("run", "actions"), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _listening(5055), 60, "the action server listens")
        shell = subprocess.Popen(
            rasa("shell", "--model", str(settings().path("models") / "waypost.tar.gz")),
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert shell.stdin and shell.stdout
        time.sleep(1)
        shell.stdin.write("boat is sinking we are 30\n/stop\n")
        shell.stdin.flush()
        output, _ = shell.communicate(timeout=120)
    finally:
        actions.terminate()
        actions.wait(20)
    assert "112" in output, output[-3000:]
