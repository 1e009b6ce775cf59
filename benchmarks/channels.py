"""Channels under stress: Twilio takes 5 seconds a call, Telegram is down, and 50 messages a second come in.

Real servers over what `make prepare` has built, first with providers that are well, then with these; the promises are checked in
this one run: a webhook is acknowledged in under 100 ms (p99); web users wait as long as with providers that are well under the
same load (ratio of medians at most LIMIT); one person's answers stay in order; none is given to Twilio twice.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.mailbox import Outbox
from bot.settings import load, settings
from tests.channels.provider import Provider, closed_url
from tests.channels.sms.wire import request as sms_request
from tests.channels.telegram.wire import TOKEN
from tests.e2e.conftest import free_port, launch

RATE, SECONDS, PEOPLE, PER_PERSON = 50, 20, 50, 20
SLOW = 5.0
ACKNOWLEDGED = 0.1
"""Seconds in which a webhook is acknowledged (issue D)."""
LIMIT = 1.3
"""How much longer a web user may wait than with providers that are well, under the same load."""
TEXTS = ("hello", "i need a lawyer", "Athens", "more", "menu")


@contextmanager
def servers(twilio: str, telegram: str, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """All servers with SMS and Telegram set up over these addresses."""
    config = settings()
    for name in ("directory.sqlite3", "secret.key"):
        if (config.path("var") / name).exists():
            shutil.copy(config.path("var") / name, folder / name)
    own = {
        "WAYPOST_VAR": str(folder),
        "WAYPOST_SNAPSHOT": str(config.path("snapshot")),
        "WAYPOST_PLACES": str(config.path("places")),
        "WAYPOST_MODELS": str(config.path("models")),
        "WAYPOST_DEMO": "1",
        "WAYPOST_LOG_LEVEL": "CRITICAL",
        "BOT_PORT": str(free_port()),
        "DIRECTORY_PORT": str(free_port()),
        "WAYPOST_PUBLIC_URL": "https://bot.example.org",
        "WAYPOST_TELEGRAM_TOKEN": TOKEN,
        "WAYPOST_TELEGRAM_API": telegram,
        "WAYPOST_TWILIO_ACCOUNT_SID": "AC" + "0123456789abcdef" * 2,
        "WAYPOST_TWILIO_AUTH_TOKEN": "f0e1d2c3b4a5968778695a4b3c2d1e0f",
        "WAYPOST_TWILIO_API": twilio,
        "WAYPOST_SMS_FROM": "+447700900000",
        "WAYPOST_SMS_PER_SECOND": "100",
    }
    process = launch({**os.environ, **own, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"})
    try:
        yield f"http://127.0.0.1:{own['BOT_PORT']}", own
    finally:
        process.terminate()
        process.wait(40)


def web_turn(url: str, person: str) -> float:
    """Seconds until somebody on the web page has their answer."""
    started = time.perf_counter()
    body = {"sender": person, "message": "i need food in athens", "metadata": {"channel": "web"}}
    httpx.post(f"{url}/webhooks/rest/webhook", json=body, timeout=60).raise_for_status()
    return time.perf_counter() - started


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


@dataclass
class Figures:
    """What one run gave."""

    acknowledged: list[float] = field(default_factory=list)
    web: list[float] = field(default_factory=list)
    refused: int = 0
    took: float = 0.0
    given: list[tuple[str, int]] = field(default_factory=list)
    """Address and our row of each message that Twilio was given, in its order."""
    states: dict[str, int] = field(default_factory=dict)

    def in_order(self) -> bool:
        rows: dict[str, list[int]] = defaultdict(list)
        for person, row in self.given:
            rows[person].append(row)
        return all(of == sorted(of) for of in rows.values())


def run(delay: float, telegram_down: bool) -> Figures:
    """RATE messages a second over SMS for SECONDS, with somebody on the web page beside."""
    figures = Figures()
    sid = "SM" + "0" * 32
    taken = {"status": 201, "json": {"sid": sid, "status": "active", "error_code": None}, "delay": delay}
    nothing = {"json": {"ok": True, "result": []}, "delay": 5}
    with Provider(taken) as twilio, Provider(nothing) as well, tempfile.TemporaryDirectory() as name:
        telegram = closed_url() if telegram_down else well.url
        with servers(twilio.url, telegram, Path(name)) as (url, own):
            config = load(own)
            client = httpx.Client(timeout=30, limits=httpx.Limits(max_connections=100))
            done = threading.Event()

            def web() -> None:
                while not done.is_set():
                    figures.web.append(web_turn(url, f"web-{len(figures.web)}"))
                    time.sleep(0.2)

            def post(number: int) -> None:
                person, turn = number % PEOPLE, number // PEOPLE
                identifier = f"SM{person:0>16}{turn:0>16}"
                send = {"Body": TEXTS[turn % len(TEXTS)], "MessageSid": identifier, "From": f"+4477009{person:0>5}"}
                arguments = sms_request({"send": {**send, "SmsMessageSid": identifier}}, config)
                arguments["url"] = url + arguments["url"]
                started = time.perf_counter()
                response = client.request(**arguments)
                figures.acknowledged.append(time.perf_counter() - started)
                figures.refused += response.status_code not in (200, 204)

            watcher = threading.Thread(target=web)
            watcher.start()
            begun = time.monotonic()
            with ThreadPoolExecutor(64) as pool:
                for number in range(RATE * SECONDS):
                    time.sleep(max(0.0, begun + number / RATE - time.monotonic()))
                    pool.submit(post, number)
            figures.took = time.monotonic() - begun
            done.set()
            watcher.join()
            time.sleep(delay + 1)
            for request in twilio.requests:
                if request.method == "POST":
                    row = str(request.body["StatusCallback"]).rpartition("row=")[2].partition("&")[0]
                    figures.given.append((str(request.body["To"]), int(row)))
            outbox = Outbox(config.mailbox_url)
            figures.states = {state: count for (channel, state), count in outbox.states().items() if channel == "sms"}
            outbox.close()
    return figures


def show(title: str, figures: Figures) -> None:
    """Print the figures of one run."""
    p50, p99 = statistics.median(figures.acknowledged), percentile(figures.acknowledged, 0.99)
    count = len(figures.acknowledged)
    print(title)
    print(
        f"  {count} webhooks in {figures.took:.1f} s ({count / figures.took:.0f} a second), {figures.refused} refused"
    )
    print(
        f"  acknowledged: p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, most {max(figures.acknowledged) * 1000:.1f} ms"
    )
    print(f"  answer on the web: median {statistics.median(figures.web) * 1000:.0f} ms of {len(figures.web)}")
    print(
        f"  given to Twilio: {len(figures.given)}; one person's in order: {figures.in_order()}; outbox: {figures.states}"
    )


def main() -> int:
    calm = run(0.0, False)
    show("providers that are well", calm)
    stressed = run(SLOW, True)
    show(f"Twilio takes {SLOW:.0f} s a call, Telegram is down", stressed)
    ratio = statistics.median(stressed.web) / statistics.median(calm.web)
    twice = len(stressed.given) - len({row for _, row in stressed.given})
    promises = {
        f"acknowledged in under {ACKNOWLEDGED * 1000:.0f} ms": percentile(stressed.acknowledged, 0.99) < ACKNOWLEDGED,
        f"web answers {ratio:.2f} times as long (at most {LIMIT})": ratio <= LIMIT,
        "in order": stressed.in_order() and calm.in_order(),
        "none twice, none refused": not twice and not stressed.refused,
    }
    for promise, kept in promises.items():
        print(f"{'kept  ' if kept else 'BROKEN'} {promise}")
    return 0 if all(promises.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
