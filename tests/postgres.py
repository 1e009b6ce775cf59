"""Runs a command with a PostgreSQL to test on: `python -m tests.postgres pytest tests/directory`.

WAYPOST_TEST_POSTGRES names the database if it is set (it will be emptied); else a throw-away server is started in a folder of its
own, without a network port, as an ordinary user. The command finds it as WAYPOST_TEST_POSTGRES and as the directory's database.
Where PostgreSQL's programs are not installed it says so and does nothing.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["programs", "server"]

FAST = "fsync=off synchronous_commit=off full_page_writes=off shared_buffers=64MB max_connections=40 listen_addresses="
"""For a database that nobody misses."""


def programs() -> Path | None:
    """The folder of initdb and pg_ctl; Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[-3]))
    return installed[-1].parent if installed else None


def _person() -> str | None:
    """PostgreSQL refuses to run as root: whoever is to run it instead."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def server(tools: Path) -> Iterator[str]:
    """A new server with an empty database; gives its URL, and removes everything at the end."""
    person = _person()
    user = person or pwd.getpwuid(os.getuid()).pw_name
    with tempfile.TemporaryDirectory(prefix="waypost-postgres-", dir="/tmp") as name:
        folder = Path(name)
        if person:
            shutil.chown(folder, person)

        def run(*words: str | Path) -> None:
            done = subprocess.run(words, cwd="/", user=person, capture_output=True, text=True, check=False)
            if done.returncode:
                log = folder / "log"
                raise SystemExit(f"{words[0]}: {done.stdout}{done.stderr}{log.read_text() if log.exists() else ''}")

        data, control = folder / "data", tools / "pg_ctl"
        run(tools / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = " ".join(f"-c {option}" for option in FAST.split()) + f" -k {folder}"
        # its output goes to a file: a pipe would stay open as long as the server runs
        run(control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            run(tools / "createdb", "-h", folder, "-U", user, "waypost")
            yield f"postgresql://{user}@/waypost?host={folder}"
        finally:
            run(control, "-D", data, "-m", "immediate", "stop")


def main(command: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server ends, too
    given = os.environ.get("WAYPOST_TEST_POSTGRES", "")
    if given:
        return _with(given, command)
    tools = programs()
    if tools is None:
        print(
            "PostgreSQL is not installed (apt install postgresql), and WAYPOST_TEST_POSTGRES is not set: SKIPPED on it."
        )
        return 0
    with server(tools) as url:
        return _with(url, command)


def _with(url: str, command: list[str]) -> int:
    environment = {**os.environ, "WAYPOST_TEST_POSTGRES": url, "WAYPOST_DIRECTORY_DATABASE_URL": url}
    return subprocess.run([sys.executable, "-m", *command], env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
