"""`make run`: prepares everything that is not prepared yet, then starts and watches all servers.

A step is skipped while its inputs are unchanged: a stamp in `var/stamps/` holds a hash of them. A server that dies is
started again; when this program ends, however it ends, the servers end too.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bot.channels.registry import channels, ready
from bot.readiness import refusal
from bot.settings import ROOT, Settings, SettingsError, settings

__all__ = ["STEPS", "Step", "main", "prepare"]

PYTHON = sys.executable
STARTED = time.monotonic()


def say(text: str) -> None:
    """One line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


# --- preparation ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One step of preparation."""

    name: str
    title: str
    commands: tuple[tuple[str, ...], ...]
    inputs: tuple[str, ...]
    """Glob patterns below the project's root; the step runs again when one of these files changes."""
    outputs: Callable[[Settings], tuple[Path, ...]]
    """Files that must exist for the step to be skipped."""
    lane: int = 0
    """Steps of one lane run one after the other, the lanes at the same time."""


def _manage(*words: str) -> tuple[str, ...]:
    return (PYTHON, "manage.py", *words)


SAMPLE = _manage("loadsample")
"""Loads the sample directory; edits of staff are kept. Not in production."""

STEPS = (
    Step(
        "locales",
        "compiling the catalogues",
        ((PYTHON, "-m", "bot.replies.locales", "compile"), _manage("compilestaffmessages")),
        ("locales/**/*.po", "directory/locale/**/*.po", "bot/replies/locales.py"),
        lambda _: (),
    ),
    Step(
        "places",
        "building the gazetteer (234,000 towns)",
        ((PYTHON, "-m", "bot.nlu.places_build"),),
        ("bot/nlu/place*.py", "bot/nlu/place_words.yml", "data/places/*.yml", "locales/languages.yml", "uv.lock"),
        lambda config: (config.path("places"),),
    ),
    Step(
        "database",
        "preparing the directory's database and the sample directory",
        (
            _manage("migrate", "--verbosity", "0"),
            _manage("collectstatic", "--noinput", "--verbosity", "0"),
            SAMPLE,
        ),
        ("directory/migrations/*.py", "directory/static/**/*", "data/directory/**/*.yaml", "uv.lock"),
        lambda config: (config.path("var") / "directory.sqlite3",),
    ),
    Step(
        "publish",
        "publishing the directory",
        (_manage("publish"),),
        ("bot/lookup/schema.py", "directory/publish.py", "data/directory/**/*.yaml"),
        lambda config: (config.path("snapshot"),),
    ),
    Step(
        "model",
        "training the language model (about two minutes)",
        (
            (
                PYTHON,
                "-m",
                "rasa",
                "train",
                "--quiet",
                "--skip-validation",
                "--fixed-model-name",
                "waypost",
                "--out",
                "{models}",
            ),
        ),
        (
            "config.yml",
            "domain.yml",
            "data/nlu/**/*.yml",
            "data/dev/**/*.yml",
            "data/stories/*.yml",
            "bot/nlu/*.py",
            "bot/engine/importer.py",
            "locales/languages.yml",
            "uv.lock",
        ),
        lambda config: (config.path("models") / "waypost.tar.gz",),
        lane=1,
    ),
)


def fingerprint(step: Step, config: Settings) -> str:
    """A hash over the step's commands, the mode, and the contents of its input files."""
    mode = f"{config.demo} {config.production} "
    digest = hashlib.sha256(mode.encode() + repr(step.commands).replace(PYTHON, "python").encode())
    for pattern in step.inputs:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def run_step(step: Step, config: Settings, environment: dict[str, str]) -> bool:
    """Run a step unless it is up to date; False if one of its commands failed (its output has been printed)."""
    stamp = config.path("var") / "stamps" / step.name
    wanted = fingerprint(step, config)
    if stamp.exists() and stamp.read_text() == wanted and all(path.exists() for path in step.outputs(config)):
        return True
    say(f"{step.title} ...")
    started = time.monotonic()
    for command in step.commands:
        if command == SAMPLE and config.production:
            continue
        words = [word.replace("{models}", str(config.path("models"))) for word in command]
        result = subprocess.run(
            words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        if result.returncode:
            print(result.stdout, file=sys.stderr)
            say(f"FAILED: {step.title}: `{' '.join(words)}` ended with {result.returncode}; its output is above")
            return False
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    say(f"{step.title}: done in {time.monotonic() - started:.1f} s")
    return True


def prepare(config: Settings, environment: dict[str, str], only: Sequence[str] = ()) -> bool:
    """Run all steps (or those named) in their lanes; False if one failed."""
    chosen = [step for step in STEPS if not only or step.name in only]
    failed = threading.Event()

    def run_lane(lane: int) -> None:
        for step in chosen:
            if step.lane == lane and not run_step(step, config, environment):
                failed.set()
                return

    lanes = [threading.Thread(target=run_lane, args=(lane,)) for lane in sorted({step.lane for step in chosen})]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    return not failed.is_set()


# --- servers -------------------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """One watched process."""

    name: str
    command: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)

    def start(self, environment: dict[str, str]) -> None:
        self.starts = [at for at in self.starts if at > time.monotonic() - 60] + [time.monotonic()]
        self.process = subprocess.Popen(self.command, cwd=ROOT, env=environment, preexec_fn=_die_with_parent)

    def pause(self) -> float:
        """Seconds to wait before the next start: none at first, up to 10 if it keeps dying."""
        return min(10.0, 0.0 if len(self.starts) < 3 else 2.0 ** (len(self.starts) - 2))


def _die_with_parent() -> None:
    # In the child, before exec: a new session (Ctrl+C reaches only us), and on Linux a signal when we are killed.
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def servers(config: Settings, sending: bool) -> list[Server]:
    """All servers of one machine. `sending`: a channel is set up that does not fetch its answers."""
    workers = [
        Server(f"worker-{n}", (PYTHON, "-m", "bot.worker", "--name", f"worker-{n}"))
        for n in range(1, config.workers + 1)
    ]
    directory = ("manage.py", "serve", "--host", config.bot_host, "--port", str(config.directory_port))
    return [
        Server("gateway", (PYTHON, "-m", "bot.gateway")),
        *([Server("sender", (PYTHON, "-m", "bot.sender"))] if sending else []),
        Server("directory", (PYTHON, *directory)),
        Server("chores", (PYTHON, "manage.py", "chores")),
        *workers,
    ]


def _port_taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _ready(config: Settings) -> bool:
    bells = config.path("var") / "run"
    if not all((bells / f"worker-{n}.bell").exists() for n in range(1, config.workers + 1)):
        return False
    try:
        for port in (config.bot_port, config.directory_port):
            httpx.get(f"http://{config.bot_host}:{port}/healthz", timeout=2.0).raise_for_status()
    except httpx.HTTPError:
        return False
    return True


def watch(config: Settings, environment: dict[str, str]) -> int:
    """Start all servers and keep them running until a signal says to stop; returns the exit code."""
    for port, name in ((config.bot_port, "BOT_PORT"), (config.directory_port, "DIRECTORY_PORT")):
        if _port_taken(config.bot_host, port):
            say(f"port {port} is in use by another program: set {name} to a free one")
            return 1
    for bell in (config.path("var") / "run").glob("*.bell"):
        bell.unlink(missing_ok=True)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    usable = ready(config)
    say(channels_line(config, usable))
    running = servers(config, bool(usable))
    say("starting the servers ...")
    for server in running:
        server.start(environment)
    told = False
    while not stopping.wait(0.2):
        for server in running:
            if server.process is not None and server.process.poll() is not None:
                pause = server.pause()
                say(
                    f"{server.name} ended with {server.process.returncode}; starting it again"
                    + (f" in {pause:.0f} s" if pause else "")
                )
                if stopping.wait(pause):
                    break
                server.start(environment)
        if not told and _ready(config):
            told = True
            say(ready_line(config))
    say("stopping ...")
    for server in running:
        if server.process is not None:
            server.process.terminate()
    deadline = time.monotonic() + 10
    for server in running:
        if server.process is not None:
            try:
                server.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                server.process.kill()
    return 0


def ready_line(config: Settings) -> str:
    """The last line of a start: what to open."""
    chat = f"http://{config.bot_host}:{config.bot_port}/"
    staff = f"http://{config.bot_host}:{config.directory_port}/"
    login = " (user staff, password waypost-demo)" if config.demo and not config.production else ""
    return f"Ready. Chat: {chat}   Staff: {staff}{login}   Ctrl+C stops."


def channels_line(config: Settings, usable: Collection[str]) -> str:
    """Which channels beside the web are on (`usable`), off, or not able to start."""
    states = []
    for name, channel in channels().items():
        if name in usable:
            states.append(f"{name} on")
        elif channel.configured(config):
            states.append(f"{name} CANNOT START (its settings: see above; `make channel-check`)")
        else:
            states.append(f"{name} off")
    return f"channels: web on, {', '.join(states)} (docs/channels/)" if states else "channels: web on"


def main() -> int:
    """`python -m bot.run [--prepare STEP ... | --serve]`"""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--prepare", nargs="*", metavar="STEP", help="only prepare (these steps, default all), do not serve"
    )
    parser.add_argument("--serve", action="store_true", help="only serve what has been prepared before")
    arguments = parser.parse_args()
    try:
        config = settings()
    except SettingsError as error:
        print(f"A setting cannot be used: {error}", file=sys.stderr)
        return 2
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": "ignore",  # Rasa's own, of old libraries: dozens at each start
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "RASA_TELEMETRY_ENABLED": "false",
    }
    if arguments.prepare is not None:
        return 0 if prepare(config, environment, arguments.prepare) else 1
    if not arguments.serve and not prepare(config, environment):
        return 1
    if reasons := refusal(config, environment):
        say("not started in production mode:\n  - " + "\n  - ".join(reasons).replace("  -     ", "      "))
        say(
            "`make readiness` tells more. Staff can mend what is in the directory meanwhile: python manage.py serve, beside it"
            " python manage.py chores. docs/readiness.md says how a finding is accepted."
        )
        return 3
    return watch(config, environment)


if __name__ == "__main__":
    sys.exit(main())
