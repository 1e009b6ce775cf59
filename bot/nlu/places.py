"""Place names to places: the gazetteer that `places_build` wrote, the staff's own names, and what a name can mean."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from anyascii import anyascii
from rapidfuzz import fuzz, process

from bot.languages import languages
from bot.nlu import place_mentions
from bot.nlu.place_key import key, script_of
from bot.nlu.place_mentions import Found, Mention
from bot.settings import settings

__all__ = ["Alias", "Gazetteer", "Place", "Resolution", "covers", "distance_km", "places"]

DOMINANT = 10
"""A place so many times larger than the next of its name is what people mean (directory.md, part 7, step 2)."""
CITY_STATE = 0.4
"""A city that holds this share of its country's people and bears its name is meant by it: Singapore, Djibouti."""
FAMOUS = 1_000_000
"""A city of this size is meant as likely as another country of the same name."""
SUGGESTED = 15_000
"""Smallest population of a place that a misspelt or transliterated name is compared with."""
_CONFUSED = (frozenset({"NE", "NG"}), frozenset({"CG", "CD"}), frozenset({"GN", "GW", "GQ", "PG"}))
"""Countries whose names are mistaken for each other: always confirmed."""
_KNOWN = 50_000
"""From this population on, a city's own Latin name keeps others from being understood by a by-name alike."""
_MOST = 6
_COLUMNS = "p.id, p.kind, p.name, p.country, p.admin1, p.lat, p.lon, p.population, p.tz"


class Alias(Protocol):
    """A row of the snapshot's `place_alias`."""

    @property
    def name(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def country(self) -> str: ...
    @property
    def lat(self) -> float: ...
    @property
    def lon(self) -> float: ...
    @property
    def radius_km(self) -> float: ...


@dataclass(frozen=True)
class Place:
    """One place. `id` is `geonames:<number>`, `country:<code>` or `alias:<country>:<lat>:<lon>`."""

    id: str
    name: str
    """In Latin script as a rule; say `Gazetteer.label` to people."""
    country: str
    """ISO 3166-1 alpha-2."""
    admin1: str
    """GeoNames' code of the region, "" if unknown."""
    lat: float
    lon: float
    """Degrees; a country has those of its capital: good for a time zone, not for a distance."""
    population: int
    tz: str
    """IANA zone."""
    kind: str
    """city, alias, country."""
    radius_km: float = 0.0
    """Of an alias: how far around its centre it reaches."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Place:
        """Raises TypeError if fields are missing or unknown."""
        return cls(**data)


@dataclass(frozen=True)
class Resolution:
    """What a name means. `one`: exactly this place; `ambiguous`: ask which; `country`: ask for the city; `suggest`: ask
    whether it was meant; `none`: not known (`places` is empty)."""

    state: str
    places: tuple[Place, ...] = ()


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance in km (haversine, mean earth radius 6371 km)."""
    half_lat = math.radians(other_lat - lat) / 2
    half_lon = math.radians(other_lon - lon) / 2
    a = (
        math.sin(half_lat) ** 2
        + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * math.sin(half_lon) ** 2
    )
    return 12742.0 * math.asin(math.sqrt(min(1.0, a)))


def _place(row: Sequence[Any]) -> Place:
    number, kind, name, country, admin1, lat, lon, population, tz = row
    identifier = f"country:{country}" if kind == "country" else f"geonames:{number}"
    return Place(identifier, name, country, admin1, lat, lon, population, tz, kind)


class Gazetteer:
    """Names and places. Without its file it knows the aliases only. Safe for threads: it reads one immutable file."""

    def __init__(self, path: Path | None) -> None:
        """Raises sqlite3.DatabaseError if the file at `path` is not a gazetteer."""
        self._db: sqlite3.Connection | None = None
        self._common: frozenset[str] = frozenset()
        self._cache: dict[str, tuple[Found, ...]] = {}
        self._aliases: dict[str, tuple[Found, ...]] = {}
        self._alias_labels: dict[str, dict[str, str]] = {}
        self._alias_rows: Iterable[Alias] = ()
        self._fuzzy: tuple[list[str], list[int]] | None = None
        if path is not None and path.exists():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._common = frozenset(row[0] for row in self._rows("SELECT key FROM common"))

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        return self._db.execute(sql, values).fetchall() if self._db is not None else []

    def forget(self) -> None:
        """Empty the cache of names (for measurements)."""
        self._cache.clear()

    def is_common(self, folded: str) -> bool:
        """Whether that key is also an everyday word of some language."""
        return folded in self._common

    @lru_cache(maxsize=64)  # noqa: B019 - one gazetteer lives as long as the process
    def country_keys(self, language: str) -> frozenset[str]:
        """Keys of the countries' names in that language."""
        rows = self._rows("SELECT name FROM display WHERE place < 0 AND language = ?", (language,))
        return frozenset(key(row[0]) for row in rows) | frozenset(key(row[0].partition(" (")[0]) for row in rows)

    def set_aliases(self, rows: Iterable[Alias]) -> None:
        """Take the staff's names (the snapshot's `place_alias`) in place of the former ones; they win over GeoNames.

        Costs nothing if `rows` is the very object of the last call."""
        if rows is self._alias_rows:
            return
        found: dict[str, dict[str, Place]] = {}
        labels: dict[str, dict[str, str]] = {}
        for row in rows:
            identifier = f"alias:{row.country}:{row.lat:.4f}:{row.lon:.4f}"
            near = self.nearest(row.lat, row.lon)
            place = Place(
                id=identifier,
                name=row.label,
                country=row.country,
                admin1=near.admin1 if near else "",
                lat=row.lat,
                lon=row.lon,
                population=0,
                tz=near.tz if near else "UTC",
                kind="alias",
                radius_km=row.radius_km,
            )
            labels.setdefault(identifier, {}).setdefault("", row.label)
            labels[identifier].setdefault(row.lang, row.label)
            for name in (row.name, row.label):
                if key(name):
                    found.setdefault(key(name), {}).setdefault(identifier, place)
        self._alias_rows, self._alias_labels = rows, labels
        self._aliases = {folded: tuple(Found(p, 0) for p in rows_.values()) for folded, rows_ in found.items()}

    def find(self, keys: Iterable[str]) -> dict[str, tuple[Found, ...]]:
        """Places called exactly so, by key (`bot.nlu.place_key.key`): aliases alone if any, else the largest first."""
        result: dict[str, tuple[Found, ...]] = {}
        missing = []
        for folded in keys:
            known = self._aliases.get(folded) or self._cache.get(folded)
            if known is None:
                missing.append(folded)
            elif known:
                result[folded] = known
        if missing and self._db is not None:
            if len(self._cache) > 20_000:
                self._cache.clear()
            fresh: dict[str, list[Found]] = {folded: [] for folded in missing}
            for start in range(0, len(missing), 500):
                part = missing[start : start + 500]
                marks = ",".join("?" * len(part))
                for row in self._rows(
                    f"SELECT n.key, n.grade, {_COLUMNS} FROM name n JOIN place p ON p.id = n.place"
                    f" WHERE n.key IN ({marks})",
                    part,
                ):
                    fresh[row[0]].append(Found(_place(row[2:]), row[1]))
            for folded, rows in fresh.items():  # an exonym of a country gives way to a city's own name
                rows.sort(key=lambda f: (f.place.kind == "country" and f.grade > 0, -f.place.population, f.place.id))
                if folded.isascii() and any(
                    not f.grade and f.place.population >= _KNOWN for f in rows if f.place.kind == "city"
                ):
                    rows = [f for f in rows if f.grade != 1 or f.place.kind == "country"]  # Cancún, not Changchun
                self._cache[folded] = tuple(rows)
                if rows:
                    result[folded] = self._cache[folded]
        return result

    def _named(self, text: str) -> tuple[Place, ...]:
        """Places of exactly that name, or of "name, country" and "name, state"."""
        words = key(text).split()
        whole = " ".join(words)
        splits = [(" ".join(words[:n]), " ".join(words[n:])) for n in range(len(words) - 1, 0, -1)][:4]
        splits += [(tail, head) for head, tail in splits]
        found = self.find({whole, *(part for pair in splits for part in pair)} - {""})

        def real(folded: str) -> list[Place]:
            rows = [item for item in found.get(folded, ()) if item.grade < 2]
            city = any(
                item.place.kind == "city" and not item.grade and item.place.population >= 100_000 for item in rows
            )
            return [item.place for item in rows if not (city and item.grade and item.place.kind == "country")]

        if real(whole):
            return tuple(real(whole))
        for name, region in splits:
            countries = {place.country for place in real(region) if place.kind == "country"}
            states = {(c, code) for c, code, label in self._states() if label == region}
            inside = [
                p
                for p in real(name)
                if p.kind != "country" and (p.country in countries or (p.country, p.admin1) in states)
            ]
            if inside:
                return tuple(inside)
        return ()

    @lru_cache(maxsize=1)  # noqa: B019 - one gazetteer lives as long as the process
    def _states(self) -> list[tuple[str, str, str]]:
        return [(row[0], row[1], key(row[2])) for row in self._rows("SELECT country, code, name FROM admin1")]

    def mentions(self, text: str, language: str) -> list[Mention]:
        """Place names inside a running message, in its order; `language` is one of Waypost's codes or ""."""
        return place_mentions.mentions(self, text, language)

    def resolve(self, text: str, country_hint: str | None = None, prefer_countries: Iterable[str] = ()) -> Resolution:
        """What a place name means (directory.md, part 7, steps 1 and 2).

        `country_hint` is the country in which the person is known to be, `prefer_countries` are those of the
        deployment: theirs come first among several. One place is taken without asking only if it alone bears the name,
        or if it lies in a country of the deployment (any, if none is named), is `DOMINANT` times larger than the next
        one there, and none elsewhere is larger. A by-name unlike the place's own name ("Moria" for Jerusalem) is only
        suggested.
        """
        preferred = frozenset(prefer_countries)
        named = self._named(text)
        folded = key(text)
        if named:
            decided = self._decide(named, country_hint, preferred, folded)
            if decided.state == "one" and self._by_name(folded, decided.places[0]):
                return Resolution("suggest", decided.places)
            return decided
        guesses = self._transliterated(text) or self._misspelt(folded)
        guesses = _ordered(guesses, country_hint, preferred) if len(guesses) > 1 else guesses
        return Resolution("suggest", tuple(guesses[:4])) if guesses else Resolution("none")

    def _by_name(self, folded: str, place: Place) -> bool:
        if not folded.isascii() or place.kind != "city":
            return False
        grades = [f.grade for f in self.find([folded]).get(folded, ()) if f.place.id == place.id]
        return grades == [1] and fuzz.ratio(folded, key(place.name)) < 50

    def decide(
        self,
        candidates: Sequence[Place],
        country_hint: str | None = None,
        prefer_countries: Iterable[str] = (),
        typed: str = "",
    ) -> Resolution:
        """As `resolve`, for the candidates of a mention; `typed` is the name as it stands in the message."""
        named = sorted(candidates, key=lambda p: -p.population)
        if not named:
            return Resolution("none")
        return self._decide(named, country_hint, frozenset(prefer_countries), key(typed))

    def _decide(self, named: Sequence[Place], hint: str | None, preferred: frozenset[str], folded: str) -> Resolution:
        countries = [p for p in named if p.kind == "country"]
        cities = _apart(p for p in named if p.kind != "country")
        if countries:
            group = next((g for g in _CONFUSED if any(p.country in g for p in countries)), None)
            if group is not None:
                others = [self.by_id(f"country:{code}") for code in sorted(group - {p.country for p in countries})]
                all_named = [*countries, *(p for p in others if p is not None)]
                return Resolution("ambiguous", tuple(sorted(all_named, key=lambda p: p.country != hint)))
            country = countries[0]
            inside = [p for p in cities if p.country == country.country and p.population >= 100_000][:1]
            if inside and inside[0].population >= CITY_STATE * country.population:
                return Resolution("one", tuple(inside))
            if inside and key(country.name) != folded == key(inside[0].name):
                return Resolution("one", tuple(inside))  # "Tunis" is Tunisia only in other languages
            # "عمان" is Oman, and the capital of Jordan
            outside = [p for p in cities if p.country != country.country and p.population >= FAMOUS][:1]
            if inside or outside or len(countries) > 1:
                return Resolution("ambiguous", tuple(_ordered([*inside, *outside, *countries], hint, preferred, False)))
            return Resolution("country", (country,))
        inside = [p for p in cities if p.country in preferred] if preferred else cities
        if len(cities) == 1:
            return Resolution("one", (cities[0],))
        dominant = len(inside) == 1 or (inside and inside[0].population >= DOMINANT * max(1, inside[1].population))
        if dominant and inside[0].population >= cities[0].population:
            return Resolution("one", (inside[0],))
        asked = _ordered(cities, hint, preferred)
        if cities[0] not in asked[:4]:  # the largest is always among the first four, that fit on buttons
            asked.remove(cities[0])
            asked.insert(3, cities[0])
        return Resolution("ambiguous", tuple(asked[:_MOST]))

    def _transliterated(self, text: str) -> list[Place]:
        if script_of(text) in ("Latn", ""):
            return []
        folded = key(anyascii(text))
        rows = self.find([folded]).get(folded, ()) if len(folded) >= 4 else ()
        return _apart([item.place for item in rows if item.place.population >= SUGGESTED])

    def _misspelt(self, folded: str) -> list[Place]:
        if not (len(folded) >= 4 and folded.isascii()):
            return []
        if self._fuzzy is None:
            rows = self._rows("SELECT key, place FROM fuzzy")
            self._fuzzy = ([row[0] for row in rows], [row[1] for row in rows])
        names, numbers = self._fuzzy
        near = process.extract(folded, names, scorer=fuzz.ratio, score_cutoff=80, limit=8)
        best = near[0][1] if near else 0.0
        wanted = list(dict.fromkeys(numbers[at] for _, score, at in near if score >= best - 6))
        marks = ",".join("?" * len(wanted))
        rows = self._rows(f"SELECT {_COLUMNS} FROM place p WHERE p.id IN ({marks}) ORDER BY p.population DESC", wanted)
        return _apart([_place(row) for row in rows])

    def nearest(self, lat: float, lon: float) -> Place | None:
        """The place by which to call a position, None if none is within about 500 km; a city counts as up to 5 times
        nearer than a village (10 times the population: one more)."""
        best: Place | None = None
        for degrees in (0.1, 0.5, 2.0, 5.0):
            wide = min(180.0, degrees / max(0.05, math.cos(math.radians(lat))))
            spans = [(lon - wide, lon + wide)]
            if lon - wide < -180:
                spans.append((lon - wide + 360, 180.0))
            if lon + wide > 180:
                spans.append((-180.0, lon + wide - 360))
            rows = [
                _place(row)
                for low, high in spans
                for row in self._rows(
                    f"SELECT {_COLUMNS} FROM place p WHERE p.lat BETWEEN ? AND ? AND p.lon BETWEEN ? AND ?"
                    " AND p.kind = 'city'",
                    (lat - degrees, lat + degrees, low, high),
                )
            ]
            if rows:
                best = min(rows, key=lambda p: distance_km(lat, lon, p.lat, p.lon) / (1 + _size(p.population)))
                break
        return best

    def by_id(self, identifier: str) -> Place | None:
        """The place of that id, None if it is not known (any more)."""
        kind, _, rest = identifier.partition(":")
        if kind == "alias":
            return next((f.place for rows in self._aliases.values() for f in rows if f.place.id == identifier), None)
        where, value = ("p.country = ? AND p.kind = 'country'", rest) if kind == "country" else ("p.id = ?", rest)
        rows = self._rows(f"SELECT {_COLUMNS} FROM place p WHERE {where}", (value,))
        return _place(rows[0]) if rows else None

    def name(self, place: Place, language: str, typed: str = "") -> str:
        """The place's name alone in that language; `typed` if nothing better is known and its script is right."""
        if place.kind == "alias":
            labels = self._alias_labels.get(place.id, {})
            return labels.get(language) or labels.get("") or place.name
        known = languages().get(language)
        script = known.script if known else "Latn"
        tags = [language, *(["fa"] if language == "prs" else []), script]
        kind, _, number = place.id.partition(":")
        where = "(SELECT id FROM place WHERE country = ? AND kind = 'country')" if kind == "country" else "?"
        marks = ",".join("?" * len(tags))
        rows = dict(
            self._rows(
                f"SELECT language, name FROM display WHERE place = {where} AND language IN ({marks})", [number, *tags]
            )
        )
        for tag in tags:
            if tag in rows:
                return str(rows[tag])
        return typed if typed and script != "Latn" and script_of(typed) == script else place.name

    def label(self, place: Place, language: str, typed: str = "", among: Sequence[Place] = ()) -> str:
        """How a place is said back: its name in the script of the language where known (else as typed, else in Latin
        letters) and its country's name. If another of `among` would read the same, its state or a large city near it is
        put between."""
        name = self.name(place, language, typed)
        if place.kind == "country":
            return name
        parts = [name]
        if any(
            p.id != place.id and p.country == place.country and self.name(p, language, typed) == name for p in among
        ):
            parts += [part for part in (self._region(place, language),) if part and part != name]
        country = self.by_id(f"country:{place.country}")
        parts.append(self.name(country, language) if country else place.country)
        known = languages().get(language)
        comma = {"Arab": "، ", "Ethi": "፣ "}.get(known.script if known else "", ", ")
        return comma.join(parts)

    def _region(self, place: Place, language: str) -> str:
        state = self._rows("SELECT name FROM admin1 WHERE country = ? AND code = ?", (place.country, place.admin1))
        if state:
            return str(state[0][0])
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM place p WHERE p.lat BETWEEN ? AND ? AND p.lon BETWEEN ? AND ? AND p.country = ?"
            " AND p.population >= 50000 AND p.kind = 'city'",
            (place.lat - 2, place.lat + 2, place.lon - 3, place.lon + 3, place.country),
        )
        others = [p for p in map(_place, rows) if p.id != place.id and p.name != place.name]
        if not others:
            return ""
        return self.name(min(others, key=lambda p: distance_km(place.lat, place.lon, p.lat, p.lon)), language)


def _size(population: int) -> float:
    return min(4.0, max(0.0, math.log10(max(population, 1) / 1000)))


def _apart(rows: Iterable[Place]) -> list[Place]:
    """Largest first, without parts and doubles of a larger place within 20 km."""
    kept: list[Place] = []
    for place in sorted(rows, key=lambda p: -p.population):
        same = (k for k in kept if k.kind == place.kind == "city" and k.country == place.country)
        if not any(distance_km(place.lat, place.lon, k.lat, k.lon) < 20 for k in same):
            kept.append(place)
    return kept


def _ordered(
    rows: Iterable[Place], hint: str | None, preferred: frozenset[str], by_population: bool = True
) -> list[Place]:
    return sorted(
        rows, key=lambda p: (p.country != hint, p.country not in preferred, -p.population if by_population else 0)
    )


def covers(text: str, mention: Mention, language: str) -> bool:
    """Whether the message says nothing but that place, apart from words like "I am in"."""
    return place_mentions.covers(text, mention, language)


@lru_cache(maxsize=1)
def places() -> Gazetteer:
    """The gazetteer of this process (the setting `places`); it knows only aliases while the file is not there."""
    return Gazetteer(settings().path("places"))
