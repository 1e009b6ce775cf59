"""The staff's directory with 100,000 services: `python benchmarks/directory.py [--services 100000] [--keep FOLDER]`.

Invents the directory in a database of its own (`tests/directory/many.py`; SQLite, or an empty PostgreSQL that
WAYPOST_DIRECTORY_DATABASE_URL names), serves it with `manage.py serve`, and measures each kind of request as an administrator,
a reviewer of one region and a partner see it; then how long publishing takes, and the bot's look-up in what was published.
Limits (issue E): list and search p95 500 ms, publishing 60 s, look-up p50 2 ms and p99 15 ms. With --keep the folder stays, and
is measured again without inventing anew. Needs the gazetteer (`python -m bot.nlu.places_build`).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.lookup import report_searches
from bot.lookup.snapshot import Directory
from bot.settings import settings
from tests.e2e.conftest import free_port

LIST_LIMIT, PUBLISH_LIMIT = 0.5, 60.0
"""Seconds."""
TIMES = 30
LIST = "/admin/directory/service/"


def say(line: str) -> None:
    print(line, flush=True)


def environment(folder: Path) -> None:
    """This process, and those that it starts, use the folder."""
    places = settings().path("places")
    os.environ.update(
        WAYPOST_VAR=str(folder),
        WAYPOST_SNAPSHOT=str(folder / "snapshot.sqlite"),
        WAYPOST_PLACES=str(places),
        DJANGO_SETTINGS_MODULE="directory.settings",
        WAYPOST_LOG_LEVEL="ERROR",
    )
    settings.cache_clear()


def invent(services: int) -> None:
    """Make the database and fill it."""
    from django.core.management import call_command

    from directory.models import Service
    from tests.directory.many import ATHENS, fill, towns

    call_command("migrate", verbosity=0)
    if Service.objects.exists():
        return
    started = time.perf_counter()
    dense = services // 20
    where = [*towns(settings().path("places"), services - dense, random.Random(1)), *[ATHENS] * dense]
    fill(where, tell=lambda line: say(f"  {line} ({time.perf_counter() - started:.0f} s)"))
    started = time.perf_counter()
    call_command("rebuildsearch", verbosity=0)
    say(f"index of the search: {time.perf_counter() - started:.1f} s")


def people() -> dict[str, tuple[dict[str, str], int]]:
    """Who measures: the cookies of three people who have logged in, and how many services each sees."""
    from django.conf import settings as django_settings
    from django.contrib.auth.models import Group
    from django.test import Client

    from directory.access import Role, sees
    from directory.models import Membership, Region, Service, User

    athens = Service.objects.filter(region__country="GR").order_by("-pk")[0]
    found = {}
    for name, role in (("administrator", Role.ADMINISTRATOR), ("reviewer", Role.REVIEWER), ("partner", Role.PARTNER)):
        user, _ = User.objects.get_or_create(username=name, defaults={"is_staff": True})
        user.is_superuser = role == Role.ADMINISTRATOR
        user.save()
        user.groups.set([Group.objects.get_or_create(name=role)[0]])
        if role == Role.REVIEWER:
            Region.objects.get(country="GR").validators.add(user)
        if role == Role.PARTNER:
            Membership.objects.get_or_create(user=user, organisation=athens.organisation)
        client = Client()
        client.force_login(user)
        session = client.session
        _second_factor(user, session)
        found[name] = (
            {django_settings.SESSION_COOKIE_NAME: session.session_key},
            sees(user, Service.objects.all()).count(),
        )
    return found


def _second_factor(user: Any, session: Any) -> None:
    """Note in the session that the second factor was given."""
    from django.apps import apps

    if not apps.is_installed("django_otp.plugins.otp_totp"):
        return
    from django_otp import DEVICE_ID_SESSION_KEY
    from django_otp.plugins.otp_totp.models import TOTPDevice

    device, _ = TOTPDevice.objects.get_or_create(user=user, name="benchmark")
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()


@contextmanager
def server() -> Iterator[tuple[str, int]]:
    """`manage.py serve`: its address and process id."""
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/healthz", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        yield url, process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)


def _busy(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def requests(seen: int) -> list[tuple[str, Callable[[int], dict[str, Any]]]]:
    """(what, query of the n-th request) for somebody who sees so many services."""
    from directory.models import Location, Organisation, Service

    chance = random.Random(7)
    cities = list(Location.objects.order_by("pk").values_list("city", flat=True)[:400])
    names = list(Organisation.objects.order_by("pk").values_list("name", flat=True)[:400])
    ids = list(Service.objects.order_by("pk").values_list("public_id", flat=True)[:400])
    pages = (seen - 1) // 50 + 1
    chance.shuffle(cities)
    return [
        ("first page", lambda n: {}),
        ("a page in the middle", lambda n: {"p": min(pages, pages // 2 + n + 1)}),
        ("last page", lambda n: {"p": pages}),
        ("sorted by review", lambda n: {"o": "2"}),
        ("filter: overdue", lambda n: {"review": "due"}),
        ("filter: country", lambda n: {"country": ("GR", "DE", "TR", "IN", "MX")[n % 5]}),
        ("filter: category", lambda n: {"categories__code__exact": ("shelter", "legal_aid", "health")[n % 3]}),
        (
            "filter: country, category, overdue",
            lambda n: {"country": "GR", "categories__code__exact": "shelter", "review": "due"},
        ),
        ("filter: visibility", lambda n: {"visibility": "public"}),
        ("search: city", lambda n: {"q": cities[n]}),
        ("search: a city of 5,000", lambda n: {"q": "athens"}),
        ("search: a word of every eighth service", lambda n: {"q": "clinic"}),
        ("search: Arabic name", lambda n: {"q": f"عيادة {cities[n]}"}),
        ("search: organisation", lambda n: {"q": names[n]}),
        ("search: public id", lambda n: {"q": ids[n]}),
        ("search: one letter", lambda n: {"q": "abcdefghij"[n % 10]}),
        ("search: nothing found", lambda n: {"q": f"xyzzy{n}"}),
        ("search within a filter", lambda n: {"q": "athens clinic", "review": "due"}),
    ]


def measure(url: str, pid: int, who: str, jar: dict[str, str], seen: int, only: str = "") -> float:
    """Print p50 and p95 of each request; returns the worst p95, in seconds."""
    worst = 0.0
    with httpx.Client(base_url=url, cookies=jar, timeout=120) as client:
        for what, query in requests(seen):
            if only not in what:
                continue
            wall = []
            client.get(f"{LIST}?{urlencode(query(0))}")
            used = _busy(pid)
            for n in range(TIMES):
                started = time.perf_counter()
                answer = client.get(f"{LIST}?{urlencode(query(n))}")
                wall.append(time.perf_counter() - started)
                if answer.status_code != 200 or 'id="changelist"' not in answer.text:
                    raise SystemExit(f"{who}, {what}: {answer.status_code} {answer.headers.get('location', '')}")
            used = (_busy(pid) - used) / TIMES
            late = sorted(wall)[int(TIMES * 0.95)]
            worst = max(worst, late)
            line = f"p50 {statistics.median(wall) * 1000:7.1f} ms  p95 {late * 1000:7.1f} ms  CPU {used * 1000:6.1f} ms"
            say(f"{who + ': ' + what:<58} {line}{'  TOO SLOW' if late > LIST_LIMIT else ''}")
    return worst


def publish() -> float:
    """Publish as staff do on the command line; its progress is shown. Returns seconds."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "manage.py", "publish"], cwd=ROOT, check=True)
    return time.perf_counter() - started


def main(words: Sequence[str] | None = None) -> int:
    """Command line; 1 if a limit was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=100_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="", help="only requests with this in their name")
    given = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as temporary:
        folder: Path = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        environment(folder)
        import django

        django.setup()
        say(f"inventing {given.services} services ...")
        invent(given.services)
        with server() as (url, pid):
            worst = max([measure(url, pid, who, *mine, given.only) for who, mine in people().items()])
        say(f"slowest p95 of list and search: {worst * 1000:.0f} ms (limit {LIST_LIMIT * 1000:.0f})")
        if given.only:
            return int(worst > LIST_LIMIT)
        seconds = publish()
        say(f"publishing: {seconds:.1f} s (limit {PUBLISH_LIMIT:.0f})")
        from directory.models import Location

        spread = Location.objects.exclude(city="Athens").order_by("pk")
        report_searches(Directory(folder / "snapshot.sqlite"), list(spread.values_list("lat", "lon", "country", "tz")))
        return int(worst > LIST_LIMIT or seconds > PUBLISH_LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
