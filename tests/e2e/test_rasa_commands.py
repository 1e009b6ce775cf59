"""Rasa's own commands work on the project, as everyone who knows Rasa expects."""

from __future__ import annotations

import os
import pty
import select
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


def _read_until(terminal: int, wanted: str, seconds: float) -> str:
    """What the terminal shows until the wanted text is there."""
    seen, deadline = "", time.monotonic() + seconds
    while wanted not in seen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1.0)[0]:
            seen += os.read(terminal, 65536).decode(errors="replace")
    assert wanted in seen, seen[-3000:]
    return seen


def test_shell_answers_through_the_action_server() -> None:
    if _listening(5055):
        pytest.skip("port 5055, which endpoints.yml names, is in use by another program")
    nothing = subprocess.DEVNULL
    actions = subprocess.Popen(rasa("run", "actions"), cwd=ROOT, env=ENVIRONMENT, stdout=nothing, stderr=nothing)
    terminal, theirs = pty.openpty()
    shell = None
    try:
        wait_until(lambda: _listening(5055), 90, "the action server listens")
        model = str(settings().path("models") / "waypost.tar.gz")
        shell = subprocess.Popen(
            rasa("shell", "--model", model), cwd=ROOT, env=ENVIRONMENT, stdin=theirs, stdout=theirs, stderr=nothing
        )
        _read_until(terminal, "Your input", 120)
        os.write(terminal, b"boat is sinking we are 30\r")
        _read_until(terminal, "Call 112 now", 60)
    finally:
        for process in (shell, actions):
            if process is not None:
                process.kill()
                process.wait(20)
        os.close(terminal)
        os.close(theirs)
