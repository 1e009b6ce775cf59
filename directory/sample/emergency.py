"""Emergency numbers of all regions from the tables of libphonenumber: unverified until a member of staff has checked them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

import phonenumbers
from django.db import transaction
from django.utils import timezone
from phonenumbers import PhoneMetadata
from phonenumbers.shortdata import _AVAILABLE_REGION_CODES as REGIONS

from directory.models import EmergencyNumber
from directory.sample.upsert import edited_by_staff, upsert

__all__ = ["load_numbers", "numbers_of"]

LONGEST = 6
FIRST = ("112", "911", "999")
"""Told before the others where a region has them: they are the numbers that handsets and foreign networks know best.
In the Americas 911 goes before 112, which reaches it there by a detour of the network, if at all."""
_TABLE = "libphonenumber short numbers, phonenumbers "
_GSM = "3GPP TS 22.101, 10.1: 112 is an emergency number on any GSM network"


@lru_cache(maxsize=LONGEST)
def _every_number(length: int) -> str:
    """All numbers of so many digits, a line each: one search through them is far faster than a million small ones."""
    return "\n".join(f"{number:0{length}d}" for number in range(10**length))


def _without_ranges(numbers: Iterable[str]) -> list[str]:
    """Leaves out numbers of which a whole hundred is marked (Gabon's 1300 to 1399): a range, not numbers to dial."""
    found = list(numbers)
    stems = [number[:-2] for number in found if len(number) > 3]
    ranges = {stem for stem in stems if stems.count(stem) == 100}
    return [number for number in found if len(number) <= 3 or number[:-2] not in ranges]


def numbers_of(region: str) -> list[str]:
    """Numbers of up to 6 digits that the table marks as emergency numbers of a region, in the order in which to tell them."""
    metadata = PhoneMetadata.short_metadata_for_region(region)
    emergency = metadata and metadata.emergency
    if not emergency or not emergency.national_number_pattern:
        return []
    line = re.compile(f"^(?:{emergency.national_number_pattern})$", re.MULTILINE)
    lengths = [length for length in emergency.possible_length if 0 < length <= LONGEST]
    found = _without_ranges(match[0] for length in lengths for match in line.finditer(_every_number(length)))
    american = str(phonenumbers.country_code_for_region(region))[:1] in ("1", "5")
    first = [number for number in (("911", *FIRST) if american else FIRST) if number in found]
    rest = sorted(set(found) - set(first), key=lambda number: (len(number), number))
    return [*dict.fromkeys(first), *rest]


@transaction.atomic
def load_numbers(today: date | None = None) -> int:
    """Bring the unverified rows in line with the table; rows that staff have verified or edited stay.

    Returns the number of rows of the directory. A table that was read before is not read again. The kind is always
    `general`: the table does not tell who answers. `source_date` is the day on which the table was read.
    """
    day, source = today or timezone.localdate(), _TABLE + phonenumbers.__version__
    if EmergencyNumber.objects.filter(source=source).exists():
        return EmergencyNumber.objects.count()
    wanted = {("", "112"): (10, _GSM)}
    for region in sorted(REGIONS):
        for position, number in enumerate(numbers_of(region)):
            wanted[(region, number)] = (10 + position, source)
    kind = EmergencyNumber.Kind.GENERAL
    for (country, number), (position, origin) in wanted.items():
        row = EmergencyNumber.objects.filter(country=country, kind=kind, number=number).first()
        if row is None:
            keys = {"country": country, "kind": kind, "number": number}
            upsert(EmergencyNumber, keys, {"position": position, "source": origin, "source_date": day})
        elif not row.verified_on and (row.position, row.source) != (position, origin) and not edited_by_staff(row):
            row.position, row.source, row.source_date = position, origin, day
            row.save()
    for row in EmergencyNumber.objects.filter(source__startswith=_TABLE, verified_on__isnull=True):
        if (row.country, row.number) not in wanted and not edited_by_staff(row):
            row.delete()
    return EmergencyNumber.objects.count()
