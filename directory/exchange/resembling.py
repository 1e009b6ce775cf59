"""Finds entries of the directory that an incoming row may be: a like name, and the same number or less than 200 m apart."""

from __future__ import annotations

from collections import defaultdict
from math import cos, radians
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from directory.exchange.checks.duplicates import NAMES_ALIKE, NEAR_KM
from directory.exchange.columns import key
from directory.exchange.entries import Entry
from directory.exchange.places import of_entry
from directory.geography import distance_km
from directory.models import ServiceAtLocation, ServiceContact, ServiceText

__all__ = ["Directory"]

_CELL = 0.002
_CROWD = 200
"""On one number or spot with more entries than this, only equal names count."""


class Directory:
    """Names, numbers and public points of the services that a person may know of; points of confidential places are not in it."""

    def __init__(self, services: Any) -> None:
        self.names: dict[int, list[str]] = defaultdict(list)
        self.told: dict[int, str] = {}
        self.phones: dict[str, list[int]] = defaultdict(list)
        self.grid: dict[tuple[int, int], list[tuple[int, float, float]]] = defaultdict(list)
        self.cities: dict[tuple[str, str], list[int]] = defaultdict(list)
        for pk, name in (
            ServiceText.objects.filter(service__in=services)
            .order_by("pk")
            .values_list("service_id", "name")
            .iterator(2000)
        ):
            self.names[pk].append(key(name))
            self.told.setdefault(pk, name)
        uses = ServiceContact.objects.filter(
            service__in=services, contact__kind__in=("phone", "sms", "whatsapp", "signal")
        )
        for pk, value in uses.order_by().values_list("service_id", "contact__value").iterator(2000):
            self.phones[value].append(pk)
        sites = ServiceAtLocation.objects.filter(service__in=services)
        facts = ("service_id", "location__lat", "location__lon", "location__city")
        for pk, lat, lon, city in sites.order_by().values_list(*facts).iterator(2000):
            if lat is not None and lon is not None:
                self.grid[_cell(lat, lon)].append((pk, lat, lon))
            for name in self.names.get(pk, ()):
                self.cities[name, key(city)].append(pk)

    def like(self, entry: Entry) -> tuple[int, str] | None:
        """The entry that the row resembles most, and why; None if there is none."""
        name = key(entry.name)
        if not name:
            return None
        for kind in ("phone", "sms", "whatsapp", "signal"):
            for number in entry.values.get(f"contact/{kind}", ()):
                for pk in self._alike(name, self.phones.get(number, [])):
                    return pk, _("may be “%(name)s”: a like name and the same number") % {"name": self.told[pk]}
        for facts in of_entry(entry.values).values():
            lat, lon = facts.get("lat"), facts.get("lon")
            if lat is not None and lon is not None:
                near = [pk for pk, y, x in self._around(lat, lon) if distance_km(lat, lon, y, x) < NEAR_KM]
                for pk in self._alike(name, near):
                    return pk, _("may be “%(name)s”: a like name, less than 200 m apart") % {"name": self.told[pk]}
            for pk in self.cities.get((name, key(str(facts.get("city") or ""))), []):
                return pk, _("may be “%(name)s”: the same name in the same town") % {"name": self.told[pk]}
        return None

    def _alike(self, name: str, pks: list[int]) -> list[int]:
        if len(pks) > _CROWD:
            return [pk for pk in pks if name in self.names[pk]][:1]
        scored = [
            (max((fuzz.token_set_ratio(name, other) for other in self.names[pk]), default=0), pk)
            for pk in dict.fromkeys(pks)
        ]
        return [pk for score, pk in sorted(scored, reverse=True) if score >= NAMES_ALIKE]

    def _around(self, lat: float, lon: float) -> list[tuple[int, float, float]]:
        y, x = _cell(lat, lon)
        return [fact for dy in (-1, 0, 1) for dx in (-2, -1, 0, 1, 2) for fact in self.grid.get((y + dy, x + dx), ())]


def _cell(lat: float, lon: float) -> tuple[int, int]:
    y = int(lat // _CELL)
    return y, int(lon * max(0.05, cos(radians(y * _CELL))) // _CELL)
