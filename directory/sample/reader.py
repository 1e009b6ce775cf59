"""Reads the YAML files of a sample directory and says, with file and id, what in them is not as it must be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, four times as fast, where libyaml is built in

__all__ = ["Entry", "Problems", "Sample", "read"]

SERVICE_KEYS = {
    "id", "organisation", "categories", "delivery", "urgency", "status", "papers", "shares_data", "genders", "min_age",
    "max_age", "audiences", "nationalities", "cost", "booking", "languages", "operator_type", "must_report",
    "verified_days_ago", "serves_countries", "location", "area", "contacts", "hours", "exceptions", "texts",
}  # fmt: skip
KEYS: dict[str, tuple[set[str], set[str]]] = {
    # kind of entry: keys that it must have, keys that it may have
    "organisation": ({"id", "name", "kind"}, {"website"}),
    "region": ({"id", "name", "country"}, {"trail"}),
    "city": ({"city", "country", "region", "tz", "centre", "services"}, set()),
    "centre": ({"lat", "lon"}, set()),
    "service": (SERVICE_KEYS, {"capacity_note"}),
    "location": ({"address", "visibility"}, {"name", "postcode", "lat", "lon", "transport", "wheelchair"}),
    "area": ({"kind"}, {"country", "name", "lat", "lon", "radius_km"}),
    "contact": ({"kind", "value"}, {"languages", "toll_free", "reachable_from_abroad"}),
    "hours": ({"days", "opens", "closes"}, {"appointment_only"}),
    "exception": ({"in_days"}, {"closed", "opens", "closes"}),
    "service text": ({"name"}, {"short", "how_to_get_help", "what_to_bring", "eligibility", "cost_note", "state"}),
    "article": (
        {"id", "topic", "source_name", "source_url", "texts"},
        {"country", "adviser_category", "checked_days_ago"},
    ),
    "article text": ({"title", "body"}, {"state"}),
    "alias": ({"names", "label", "country", "lat", "lon"}, {"radius_km"}),
}


class Problems(list[str]):
    """What is wrong, one line each: `file: id: what`."""

    def add(self, file: str, record: object, message: object) -> None:
        self.append(f"{file}: {record}: {message}" if record else f"{file}: {message}")


@dataclass(frozen=True)
class Entry:
    """One record of a file."""

    file: str
    id: str
    data: dict[str, Any]
    city: dict[str, Any] = field(default_factory=dict)
    """Of a service: the head of its file (city, country, region, tz, centre)."""


@dataclass
class Sample:
    """Everything that was read."""

    organisations: list[Entry] = field(default_factory=list)
    regions: list[Entry] = field(default_factory=list)
    services: list[Entry] = field(default_factory=list)
    articles: list[Entry] = field(default_factory=list)
    aliases: list[Entry] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


def read(folder: Path) -> tuple[Sample, Problems]:
    """All files of a folder; what could be read, and what is wrong with the rest."""
    problems, sample = Problems(), Sample()
    for name, kind, into in (
        ("organisations.yaml", "organisation", sample.organisations),
        ("regions.yaml", "region", sample.regions),
        ("articles.yaml", "article", sample.articles),
        ("aliases.yaml", "alias", sample.aliases),
    ):
        into.extend(_entries(folder / name, kind, _list(folder / name, problems), problems))
    for file in sorted((folder / "services").glob("*.yaml")):
        city = _load(file, problems)
        if city is None or not _keys(file.name, None, "city", city, problems):
            continue
        if not _keys(file.name, "centre", "centre", city["centre"], problems):
            continue
        head = {key: value for key, value in city.items() if key != "services"}
        rows = city["services"] if isinstance(city["services"], list) else []
        for entry in _entries(file, "service", rows, problems):
            if _service_parts(entry, problems):
                sample.services.append(Entry(entry.file, entry.id, entry.data, head))
    if not sample.services and not problems:
        problems.add("services/", None, "no service file (*.yaml) lies there")
    for article in sample.articles:
        _texts(article, "article text", problems)
    sample.hosts = [str(host) for host in _list(folder / "allowed_hosts.yaml", problems)]
    _refuse_twins(sample, problems)
    return sample, problems


def _load(file: Path, problems: Problems) -> Any:
    try:
        return yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError:
        problems.add(file.name, None, "this file is missing")
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.add(file.name, None, "not valid YAML: " + " ".join(str(error).split()))
    return None


def _list(file: Path, problems: Problems) -> list[Any]:
    data = _load(file, problems)
    if data is None or isinstance(data, list):
        return data or []
    problems.add(file.name, None, "this file must be a list")
    return []


def _entries(file: Path, kind: str, rows: list[Any], problems: Problems) -> Iterator[Entry]:
    for number, row in enumerate(rows, start=1):
        name = (row.get("id") or row.get("label")) if isinstance(row, Mapping) else None
        record = str(name or f"entry {number}")
        if _keys(file.name, record, kind, row, problems):
            yield Entry(file.name, record, dict(row))


def _keys(file: str, record: object, kind: str, data: object, problems: Problems) -> bool:
    """Whether the mapping has the keys of its kind; says which are missing or not known."""
    if not isinstance(data, Mapping):
        problems.add(file, record, f"{kind} must be a mapping of keys and values, not {type(data).__name__}")
        return False
    needed, allowed = KEYS[kind]
    missing, unknown = sorted(needed - set(data)), sorted(set(map(str, data)) - needed - allowed)
    if missing:
        problems.add(file, record, f"{kind} lacks {', '.join(missing)}")
    if unknown:
        problems.add(file, record, f"{kind} has unknown keys: {', '.join(unknown)}")
    return not missing and not unknown


def _service_parts(entry: Entry, problems: Problems) -> bool:
    """Whether all parts of a service have the right shape."""
    before, data = len(problems), entry.data
    for key, kind in (("contacts", "contact"), ("hours", "hours"), ("exceptions", "exception")):
        if not isinstance(data[key], list):
            problems.add(entry.file, entry.id, f"{key} must be a list")
            continue
        for part in data[key]:
            _keys(entry.file, entry.id, kind, part, problems)
    for key in ("location", "area"):
        if data[key] is not None:
            _keys(entry.file, entry.id, key, data[key], problems)
    for key in ("categories", "audiences", "nationalities", "languages", "serves_countries"):
        if not isinstance(data[key], list):
            problems.add(entry.file, entry.id, f"{key} must be a list")
    for key in ("shares_data", "must_report"):
        if not isinstance(data[key], str):
            problems.add(entry.file, entry.id, f"{key} must be text: put quotes around no and yes")
    if not isinstance(data["verified_days_ago"], int) or data["verified_days_ago"] < 0:
        problems.add(entry.file, entry.id, "verified_days_ago must be a number of days, 0 or more")
    _texts(entry, "service text", problems)
    return len(problems) == before


def _texts(entry: Entry, kind: str, problems: Problems) -> None:
    texts = entry.data["texts"]
    if not isinstance(texts, Mapping) or not texts:
        problems.add(entry.file, entry.id, "texts must be a mapping of language codes, with at least one text")
        return
    for lang, text in texts.items():
        _keys(entry.file, f"{entry.id} ({lang})", kind, text, problems)


def _refuse_twins(sample: Sample, problems: Problems) -> None:
    for entries in (sample.organisations, sample.regions, sample.services, sample.articles, sample.aliases):
        seen: dict[str, str] = {}
        for entry in entries:
            if entry.id in seen:
                problems.add(entry.file, entry.id, f"this id is also in {seen[entry.id]}")
            seen[entry.id] = entry.file
