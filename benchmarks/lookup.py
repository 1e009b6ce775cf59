"""How fast the directory is searched and places are found: `python -m benchmarks.lookup [--services 100000]`.

Makes its own synthetic snapshot: 95 % of the services spread like the world's people (by the gazetteer), 5 % in Athens,
every tenth by phone or in an area only. Prints medians, 95th and 99th percentiles in ms. Needs the gazetteer
(`python -m bot.nlu.places_build`).
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from bot.lookup.categories import CATEGORIES
from bot.lookup.digest import digest
from bot.lookup.schema import DDL, SCHEMA_VERSION
from bot.lookup.search import Query, search
from bot.lookup.snapshot import Directory
from bot.nlu.place_key import key
from bot.nlu.places import Gazetteer
from bot.settings import settings

Town = tuple[float, float, str, str]
ATHENS: Town = (37.98376, 23.72784, "GR", "Europe/Athens")
LANGUAGES = ["en", "ar", "fr", "es", "fa", "uk", "so", "el", "it", "de"]


def _towns(count: int, chance: random.Random) -> list[Town]:
    """Towns drawn by population from the gazetteer."""
    db = sqlite3.connect(f"file:{settings().path('places')}?mode=ro", uri=True)
    rows = db.execute(
        "SELECT lat, lon, country, tz, population FROM place WHERE kind = 'city' AND population > 0"
    ).fetchall()
    return [row[:4] for row in chance.choices(rows, [row[4] for row in rows], k=count)]


def synthetic(path: Path, services: int, seed: int = 1) -> list[Town]:
    """Write a snapshot with so many services; returns the towns they are in."""
    chance = random.Random(seed)
    dense = services // 20
    towns = [*_towns(services - dense, chance), *[ATHENS] * dense]
    today = date.today()
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + DDL)
    db.execute("INSERT INTO organisation VALUES ('org', 'Synthetic', 'ngo', NULL)")
    for number, (lat, lon, country, tz) in enumerate(towns):
        name = f"s{number:06d}"
        remote = number % 10 == 0
        verified = today - timedelta(days=chance.randrange(0, 80))
        db.execute(
            "INSERT INTO service VALUES (?,'org',0,?,'routine',?,'unknown','any',NULL,NULL,'[]','[]','free',?,?,'ngo','none',?,?,?,"
            "'synthetic',1,0)",
            (
                name,
                "phone" if remote else "place",
                chance.choice(["none_needed", "unknown"]),
                chance.choice(["walk_in", "walk_in", "call_first", "appointment", "referral_only"]),
                json.dumps([country] if remote and number % 20 else []),
                verified.isoformat(),
                (verified + timedelta(days=90)).isoformat(),
                (verified + timedelta(days=270)).isoformat(),
            ),
        )
        for category in chance.sample(sorted(CATEGORIES), chance.choice([1, 1, 1, 2])):
            db.execute("INSERT INTO service_category VALUES (?, ?)", (category, name))
        db.execute(
            "INSERT INTO service_text (service_id, lang, name, state) VALUES (?, 'en', ?, 'approved')", (name, name)
        )
        for lang in chance.sample(LANGUAGES, 3):
            db.execute("INSERT INTO spoken_language VALUES (?, ?, 0)", (name, lang))
        y, x = lat + chance.gauss(0, 0.03), lon + chance.gauss(0, 0.03)
        if not remote:
            db.execute(
                "INSERT INTO site VALUES (?, ?, 'public', '', '1 Street', 'Town', '', NULL, ?, ?, ?, ?, '', 'unknown')",
                (name, name, country, y, x, tz),
            )
        elif number % 20 == 0:
            db.execute(
                "INSERT INTO service_area VALUES (?, 'place', ?, 'Town', ?, ?, 25, ?)", (name, country, y, x, tz)
            )
        opens = chance.choice([480, 540, 600])
        db.executemany(
            "INSERT INTO opening VALUES (?, ?, ?, ?, 0, NULL, NULL)",
            [(name, day, opens, opens + 480) for day in range(5)],
        )
        db.execute(
            "INSERT INTO contact_point VALUES (?, ?, 0, 'phone', '+302100000000', '[]', 0, 1, NULL)", (name, name)
        )
    meta = {
        "schema_version": SCHEMA_VERSION,
        "publication": 1,
        "countries": "[]",
        "services": services,
        "digest": digest(db),
    }
    db.executemany("INSERT INTO meta VALUES (?, ?)", [(name, str(value)) for name, value in meta.items()])
    db.commit()
    db.close()
    return towns


def _report(what: str, run: Callable[[int], object], times: int) -> None:
    wall, busy = [], []
    for number in range(times):
        started, used = time.perf_counter(), time.thread_time()
        run(number)
        wall.append((time.perf_counter() - started) * 1000)
        busy.append((time.thread_time() - used) * 1000)
    late, latest = (sorted(wall)[int(times * share)] for share in (0.95, 0.99))
    half = f"p50 {statistics.median(wall):7.3f} ms (CPU {statistics.median(busy):7.3f})"
    print(f"{what:<58} {half}  p95 {late:7.3f} ms  p99 {latest:7.3f} ms")


def _searches(directory: Directory, towns: Sequence[Town], seed: int) -> Callable[[int], object]:
    chance = random.Random(seed)
    now = datetime.now(timezone.utc)
    queries = [
        Query(
            chance.choice(sorted(CATEGORIES)),
            min(90.0, max(-90.0, lat + chance.gauss(0, 0.02))),
            min(180.0, max(-180.0, lon + chance.gauss(0, 0.02))),
            country,
            now,
            chance.choice(LANGUAGES),
        )
        for lat, lon, country, _ in chance.choices(towns, k=500)
    ]
    return lambda number: search(directory, queries[number])


def report_searches(directory: Directory, spread: Sequence[Town]) -> None:
    """Print the figures of the look-up: people in these towns, people in Athens, and one in twenty of them in Athens."""
    _report("search, people spread like the world's", _searches(directory, spread, 2), 500)
    _report("search in a city of 5 % of all services", _searches(directory, [ATHENS], 3), 500)
    mixed = [*random.Random(4).choices(spread, k=950), *[ATHENS] * 50]
    _report("search, mixed", _searches(directory, mixed, 5), 500)
    _report("refresh of an unchanged snapshot", lambda _: directory.refresh(), 1000)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Benchmark of the look-up.")
    parser.add_argument("--services", type=int, default=100_000)
    services: int = parser.parse_args().services
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot.sqlite"
        print(f"writing {services} services ...", flush=True)
        towns = synthetic(path, services)
        started = time.perf_counter()
        directory = Directory(path)
        print(f"{path.stat().st_size / 1e6:.1f} MB, opened and checked in {time.perf_counter() - started:.2f} s")
        report_searches(directory, towns[: -(services // 20)])
    gazetteer = Gazetteer(settings().path("places"))
    names = [key(name) for name in ("Thessaloniki", "طرابلس", "Αθήνα", "Київ", "cucuta", "አዲስ አበባ", "ঢাকা", "zahle")]

    def cold(number: int) -> None:
        gazetteer.forget()
        gazetteer.find([names[number % len(names)]])

    _report("one place name, never asked before", cold, 800)
    messages = [
        ("please help we are family of five in Athens near the station and need doctor today", "en"),
        ("لو سمحتم نحن عائلة من خمسة اشخاص موجودين بأثينا قرب ساحة فيكتوريا ونحتاج دكتور اليوم", "ar"),
        ("somos una familia de cinco personas en Tapachula cerca del parque y necesitamos un doctor hoy", "es"),
    ]

    def mentions(number: int) -> None:
        gazetteer.forget()
        gazetteer.mentions(*messages[number % len(messages)])

    _report("place names in a message of 15 words, never asked before", mentions, 300)
    _report("a misspelt name", lambda _: gazetteer.resolve("Warsaaw"), 100)


if __name__ == "__main__":
    main()
