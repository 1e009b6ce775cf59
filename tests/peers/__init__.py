"""Independent peers to test the channels against: other people's programs and the providers' own specifications (README.md beside this).

They run on 127.0.0.1 only and come from the npm registry at their first use, into `var/peers/`; where Node or the registry is not there,
the tests that need them are skipped and say so.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.settings import ROOT

__all__ = [
    "CALCULATOR",
    "PRISM",
    "TELEGRAM",
    "TELEGRAM_SPEC",
    "TWILIO_SPEC",
    "TelegramServer",
    "npm",
    "prism",
    "schema",
    "telegram_server",
]

HERE = Path(__file__).parent
TELEGRAM_SPEC = HERE / "telegram-openapi.json"
TWILIO_SPEC = HERE / "twilio-openapi.json"
TELEGRAM = "telegram-test-api@4.2.1"
PRISM = "@stoplight/prism-cli@5.14.2"
CALCULATOR = "sms-segments-calculator@1.3.0"
TOKEN = "123456:abcdefghijklmnopqrstuvwxyz0123456789"
"""A token of the right form, for the fake Telegram: it takes every token."""
PERSON = 4711
"""Id of the person who writes, unless a test says another."""

_INSTALL_SECONDS = 300
_START_SECONDS = 60


# --- installing ----------------------------------------------------------------------------------------------------------


def npm(package: str) -> Path:
    """The folder whose `node_modules` holds that pinned package ("name@1.2.3"); installed there once, for all tests and processes.

    Skips the test where it cannot be had."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: install Node.js 18 or later (with npm) to test against {package}")
    folder = ROOT / "var" / "peers" / package.replace("/", "+")
    done = folder / "installed"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _install(package, folder)
            done.touch()
    return folder


def _install(package: str, folder: Path) -> None:
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", package]
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{package} was not installed within {_INSTALL_SECONDS} s: is the npm registry reached?")
    if run.returncode:
        said = (run.stderr.strip() or run.stdout.strip())[-300:]
        pytest.skip(f"{package} cannot be installed, the npm registry must be reached once: {said}")


# --- starting ------------------------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _running(command: list[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """A program that listens on that port of this machine. Raises RuntimeError with its last words if it does not."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            _wait_for(process, port, output)
            yield
        finally:
            _end(process)


def _wait_for(process: subprocess.Popen[bytes], port: int, output: Any) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    output.seek(0)
    raise RuntimeError(f"the peer did not start: {output.read()[-1000:].decode(errors='replace')}")


def _end(process: subprocess.Popen[bytes]) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            os.killpg(process.pid, how)
        try:
            process.wait(timeout=3)
            return
        except subprocess.TimeoutExpired:
            continue


@contextmanager
def prism(spec: Path) -> Iterator[str]:
    """The address of a server that checks every request against that OpenAPI file and answers with its example (422: not as specified)."""
    folder = npm(PRISM)
    port = _free_port()
    program = folder / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
    command = ["node", str(program), "mock", "-h", "127.0.0.1", "-p", str(port), "--errors", str(spec)]
    with _running(command, port):
        yield f"http://127.0.0.1:{port}"


def schema(spec: Path, name: str) -> dict[str, Any]:
    """The JSON schema of a component ("InlineKeyboardMarkup"), for what Prism does not look into: JSON in a form's field."""
    components = json.loads(spec.read_text(encoding="utf-8"))["components"]
    return {"$ref": f"#/components/schemas/{name}", "components": components}


# --- Telegram ------------------------------------------------------------------------------------------------------------


@contextmanager
def telegram_server(token: str = TOKEN) -> Iterator[TelegramServer]:
    """A Telegram of our own for the time of a `with` block; the channel's `telegram_api` is its `url`."""
    folder = npm(TELEGRAM)
    port = _free_port()
    command = ["node", str(HERE / "telegram-server.js"), str(port)]
    with _running(command, port, {"NODE_PATH": str(folder / "node_modules")}):
        server = TelegramServer(f"http://127.0.0.1:{port}", token)
        try:
            yield server
        finally:
            server.close()


class TelegramServer:
    """The fake Telegram: what the bot called, what people write, what goes wrong."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self._http = httpx.Client(base_url=url, timeout=30)

    def close(self) -> None:
        """Close the connections to it; the server ends with its `with` block."""
        self._http.close()

    def _post(self, path: str, data: Any) -> Any:
        answer = self._http.post(path, json=data)
        answer.raise_for_status()
        return answer.json()

    def calls(self, method: str = "") -> list[dict[str, Any]]:
        """What the bot called, in order: {"method": "sendMessage", "body": {...}, "t": milliseconds}; form fields are texts."""
        rows: list[dict[str, Any]] = self._http.get("/_calls").json()
        return [row for row in rows if method in ("", row["method"])]

    def wait_for(self, method: str, count: int = 1, seconds: float = 10.0) -> list[dict[str, Any]]:
        """The calls of that method as soon as there are so many. Raises AssertionError. (It blocks: in an event loop, use a thread.)"""
        until = time.monotonic() + seconds
        while len(found := self.calls(method)) < count:
            assert time.monotonic() < until, f"{len(found)} calls of {method} in {seconds} s, {count} were expected"
            time.sleep(0.05)
        return found

    def fail(
        self, method: str, status: int, body: Mapping[str, Any] | str = "", times: int = 1, delay: float = 0.0
    ) -> None:
        """The next calls of that method are refused. A text as `body` is Telegram's description of the error; status 0 cuts the connection.

        `delay`: seconds before it answers."""
        said = {"ok": False, "error_code": status, "description": body} if isinstance(body, str) else dict(body)
        self._post(f"/_fail/{method}", {"status": status, "body": said, "times": times, "delay": delay})

    def update(self, update: Mapping[str, Any], secret: str | None = None) -> dict[str, Any]:
        """An update, given as it is (`update_id` is added where it lacks). In webhook mode it is delivered now, with the secret that the bot
        set or with this one: {"status", "data", "ms"}; else it waits for getUpdates."""
        data = {"token": self.token, "update": dict(update), **({} if secret is None else {"secret": secret})}
        answer: dict[str, Any] = self._post("/_update", data)
        return answer

    def user_message(self, text: str | None = None, *, person: int = PERSON, **more: Any) -> None:
        """Somebody writes; `more` are other fields of the message: location={"latitude": 52.5, "longitude": 13.4}."""
        people = self._people(person)
        message = {"botToken": self.token, "date": int(time.time()), **people, **more}
        self._post("/sendMessage", {**message, **({} if text is None else {"text": text})})

    def user_callback(self, data: str, *, person: int = PERSON, message: Mapping[str, Any] | None = None) -> None:
        """Somebody presses a button of `message` (its `reply_markup` holds the words on it)."""
        people = self._people(person)
        below = {"chat": people["chat"], **(message or {})}
        self._post("/sendCallback", {"botToken": self.token, "from": people["from"], "message": below, "data": data})

    @staticmethod
    def _people(person: int) -> dict[str, Any]:
        somebody = {"id": person, "first_name": "T"}
        return {"from": {**somebody, "is_bot": False, "language_code": "en"}, "chat": {**somebody, "type": "private"}}
