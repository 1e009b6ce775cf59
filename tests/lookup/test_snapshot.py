"""The snapshot: refused when damaged, changed over while it is read, and never a confidential place in what it answers."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.lookup import snapshot as snapshot_module
from bot.lookup.cards import card
from bot.lookup.hit import Hit
from bot.lookup.records import Service
from bot.lookup.schema import SCHEMA_VERSION
from bot.lookup.search import Query, search
from bot.lookup.snapshot import Directory
from tests.lookup.builder import area, build, service, site

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Athens"))
QUERY = Query("food", 37.98, 23.73, "GR", NOW, "en")


def names(directory: Directory) -> list[str]:
    return [hit.service.id for hit in search(directory, QUERY).hits]


def here(identifier: str) -> dict[str, object]:
    return service(identifier, site=site(37.98, 23.73))


def test_what_it_says_about_itself(tmp_path: Path) -> None:
    path = build(tmp_path / "s.sqlite", [here("a")], hosts=["example.org"], meta={"publication": "7", "sample": "1"})
    opened = Directory(path)
    assert (opened.meta.publication, opened.meta.services, opened.sample) == ("7", 1, True)
    assert opened.countries == ("GR",)
    assert opened.allowed_hosts() == {"example.org"}
    assert opened.aliases() is opened.aliases()


def test_without_a_file_it_knows_only_the_gsm_number_and_finds_the_file_later(tmp_path: Path) -> None:
    opened = Directory(tmp_path / "s.sqlite")
    assert not opened.available
    assert (opened.service("a"), opened.article("info_asylum", None, "en")) == (None, None)
    assert [row.number for row in opened.emergency("GR")] == ["112"], "nobody in danger is left without a number"
    assert (list(opened.aliases()), opened.countries, opened.allowed_hosts()) == ([], (), frozenset())
    assert search(opened, QUERY).scope == "none"
    build(tmp_path / "s.sqlite", [here("a")])
    opened.refresh()
    assert names(opened) == ["a"]


def test_a_newer_file_is_taken_and_the_open_one_stays_readable(tmp_path: Path) -> None:
    path = build(tmp_path / "s.sqlite", [here("a")])
    opened = Directory(path)
    before = opened.current
    assert before is not None
    build(path, [here("b")])
    assert names(opened) == ["a"]
    opened.refresh()
    assert names(opened) == ["b"]
    assert before.reader.service("a") is not None
    assert opened.service("a") is None


def test_an_unchanged_file_is_not_opened_again(tmp_path: Path) -> None:
    opened = Directory(build(tmp_path / "s.sqlite", [here("a")]))
    before = opened.current
    opened.refresh()
    assert opened.current is before


def _flip(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("UPDATE contact_point SET value = '+302100000009'")
    db.commit()
    db.close()


def _cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def _scribble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    # A whole page at least: much of a small file is not used.
    data[len(data) // 3 : len(data) // 3 + 8192] = os.urandom(8192)
    path.write_bytes(bytes(data))


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _page(path: Path) -> None:
    path.write_bytes(b"<html>502 Bad Gateway</html>" * 200)


def _meta(**values: str) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        build(path, [here("b")], meta=values)

    return damage


DAMAGE: dict[str, Callable[[Path], None]] = {
    "one digit of a number changed": _flip,
    "half of it missing": _cut,
    "scribbled over": _scribble,
    "empty": _empty,
    "not a database": _page,
    "older schema": _meta(schema_version=str(SCHEMA_VERSION - 1)),
    "newer schema": _meta(schema_version=str(SCHEMA_VERSION + 1)),
    "wrong digest": _meta(digest="0" * 64),
    "countries are not JSON": _meta(countries="GR"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_bad_file_is_refused_with_one_line_and_the_old_one_stays(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = build(tmp_path / "s.sqlite", [service("a", site=site(37.98, 23.73), phones=["+302100000001"])])
    opened = Directory(path)
    fresh = tmp_path / "fresh.sqlite"
    build(fresh, [service("b", site=site(37.98, 23.73), phones=["+302100000002"])])
    DAMAGE[damage](fresh)
    os.replace(fresh, path)
    with caplog.at_level(logging.ERROR):
        opened.refresh()
        opened.refresh()
    assert names(opened) == ["a"]
    assert len([record for record in caplog.records if "refused" in record.getMessage()]) == 1
    assert not Directory(path).available


def test_the_file_may_vanish(tmp_path: Path) -> None:
    path = build(tmp_path / "s.sqlite", [here("a")])
    opened = Directory(path)
    path.unlink()
    opened.refresh()
    assert names(opened) == ["a"]


def test_change_over_while_many_read(tmp_path: Path) -> None:
    """Each answer is of one version, whole."""
    path = build(tmp_path / "s.sqlite", [here(f"old{n}") for n in range(3)])
    opened = Directory(path)
    mixed: list[list[str]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            opened.refresh()
            found = names(opened)
            if len({name[:3] for name in found}) != 1 or len(found) != 3:
                mixed.append(found)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for turn in range(10):
        build(path, [here(f"{'new' if turn % 2 == 0 else 'old'}{n}") for n in range(3)])
    stop.set()
    for reader in readers:
        reader.join()
    assert mixed == []


def test_a_large_file_is_checked_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "s.sqlite", [here("a")])
    opened = Directory(path)
    monkeypatch.setattr(snapshot_module, "LARGE", 1)
    build(path, [here("b")])
    opened.refresh()
    for thread in threading.enumerate():
        if thread.name == "snapshot":
            thread.join(10)
    assert names(opened) == ["b"]


def test_a_confidential_place_is_nowhere_in_what_is_answered(tmp_path: Path) -> None:
    """Not even if a faulty publisher let an address slip into an area_only site."""
    hidden = {
        **site(37.9, 23.7, visibility="area_only"),
        "address": "9 Secret Road",
        "name": "Safe house",
        "transport": "Bus 9",
    }
    path = build(
        tmp_path / "s.sqlite",
        [
            service("site", site=hidden, phones=["+302100000001"]),
            service("area", areas=[area("place", name="Athens", lat=37.91, lon=23.71, radius_km=30.0)]),
        ],
    )
    opened = Directory(path)
    result = search(opened, Query("food", 37.9, 23.7, "GR", NOW, "en", limit=10))
    assert len(result.hits) == 2
    seen: list[Hit | Service] = [*result.hits, *(hit.service for hit in result.hits)]
    for found in seen:
        said = json.dumps(card(found, "en", now=NOW, here=(37.9, 23.7)).__dict__, default=str)
        for secret in ("Secret", "Safe house", "Bus 9", "37.9", "23.7"):
            assert secret not in said
        assert '"distance_km": null' in said
