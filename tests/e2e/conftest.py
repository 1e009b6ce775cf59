"""Real servers for the end-to-end tests: gateway, worker and directory over the trained model and the sample directory."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.settings import ROOT, settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Servers:
    """The running programs, in a folder of their own."""

    var: Path
    bot_port: int
    directory_port: int
    environment: dict[str, str]
    process: subprocess.Popen[str]
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.bot_url, timeout=40)

    @property
    def bot_url(self) -> str:
        return f"http://127.0.0.1:{self.bot_port}"

    @property
    def directory_url(self) -> str:
        return f"http://127.0.0.1:{self.directory_port}"

    def person(self, channel: str = "web") -> Person:
        """Somebody new who writes."""
        return Person(self, uuid.uuid4().hex, channel)

    def manage(self, *words: str) -> str:
        """Run a management command of this instance's directory."""
        command = [sys.executable, "manage.py", *words]
        result = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def pids(self, module: str) -> list[int]:
        """Process ids of this instance's servers that run a module."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
                mine = f"WAYPOST_VAR={self.var}".encode() in (path / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if mine and module.encode() in words:
                found.append(int(path.name))
        return found


@dataclass
class Person:
    """Somebody who writes to the bot through the inspection contract."""

    servers: Servers
    sender: str
    channel: str = "web"

    def say(self, text: str = "", location: tuple[float, float] | None = None, **metadata: Any) -> list[dict[str, Any]]:
        """Send one message; the list of answers."""
        metadata["channel"] = self.channel
        if location:
            metadata["location"] = {"lat": location[0], "lon": location[1]}
        response = self.servers.client.post(
            "/webhooks/rest/webhook", json={"sender": self.sender, "message": text, "metadata": metadata}
        )
        assert response.status_code == 200, response.text
        answers: list[dict[str, Any]] = response.json()
        assert answers, "never silence"
        return answers

    def one(self, text: str = "", **more: Any) -> dict[str, Any]:
        """Send one message that gets exactly one answer, which may be several messages: their words together, the choices of the last."""
        answers = self.say(text, **more)
        whole = [answer for answer in answers if "part_of" not in answer["custom"]]
        assert len(whole) == 1, answers
        assert not any("buttons" in answer for answer in answers[:-1]), "choices stand on the last message"
        return {**answers[-1], **whole[0], "text": "\n\n".join(answer["text"] for answer in answers)}


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """All servers, started once for the whole session over what `bot.run --prepare` has built."""
    config = settings()
    for needed in (config.path("places"), config.path("models") / "waypost.tar.gz"):
        assert needed.exists(), f"{needed} is missing: run `make prepare` first"
    var = tmp_path_factory.mktemp("v")
    environment = {
        **os.environ,
        "WAYPOST_VAR": str(var),
        "WAYPOST_PLACES": str(config.path("places")),
        "WAYPOST_MODELS": str(config.path("models")),
        "WAYPOST_DEMO": "1",
        "BOT_PORT": str(free_port()),
        "DIRECTORY_PORT": str(free_port()),
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    for words in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"], ["loadsample"], ["publish"]):
        result = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
    process = launch(environment)
    instance = Servers(var, int(environment["BOT_PORT"]), int(environment["DIRECTORY_PORT"]), environment, process)
    try:
        yield instance
        instance.client.close()
    finally:
        instance.process.send_signal(signal.SIGTERM)
        try:
            instance.process.wait(20)
        except subprocess.TimeoutExpired:
            instance.process.kill()


def launch(environment: dict[str, str], stderr: Any = None) -> subprocess.Popen[str]:
    """Start all servers and wait until they are ready. `stderr`: a file for what they log."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.run", "--serve"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )
    assert process.stdout
    for line in process.stdout:
        if "Ready." in line:
            return process
    raise AssertionError("the servers did not come up")


def wait_until(condition: Any, seconds: float, what: str) -> None:
    """Wait for a condition, or fail saying what did not happen."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")
