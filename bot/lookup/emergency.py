"""Which number to call in danger: rules of order, and never the number of another country."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import date

from bot.lookup.records import EmergencyNumber

__all__ = ["GSM", "numbers"]

GENERAL = "general"
GSM = EmergencyNumber(
    id="gsm-112", country="", kind=GENERAL, number="112", dialable_from=(), operator="", operator_type="",
    must_report="unknown", free=None, without_sim=None, hours="", languages=(), verified_on=None, expires_on=None,
    source="3GPP TS 22.101, 10.1: 112 is an emergency number on any GSM network", source_date="2026-11-24",
)  # fmt: skip
"""Said if there is no snapshot to read: nobody in danger is left without a number."""


def numbers(db: sqlite3.Connection, country: str | None, kinds: Iterable[str], today: date) -> list[EmergencyNumber]:
    """Rows of `country` for the asked kinds and for danger in general, best first; expired rows never.

    Order: verified of the asked kind; verified general; unverified of the asked kind; unverified general; among equals by
    the kinds' and the staff's order, which the ids carry. Rows without a country (112 on any GSM network) answer
    if the country is not known or has no row of its own.
    """
    asked = [kind for kind in dict.fromkeys(kinds) if kind != GENERAL]
    found = _rows(db, country or "", (*asked, GENERAL), today)
    if country and not found:
        found = _rows(db, "", (*asked, GENERAL), today)

    def order(row: EmergencyNumber) -> tuple[int, int, str]:
        group = (0 if row.verified_on else 2) + (1 if row.kind == GENERAL else 0)
        return (group, asked.index(row.kind) if row.kind in asked else 0, row.id)

    return sorted(found, key=order)


def _rows(db: sqlite3.Connection, country: str, kinds: tuple[str, ...], today: date) -> list[EmergencyNumber]:
    marks = ",".join("?" * len(kinds))
    rows = db.execute(
        "SELECT id, country, kind, number, dialable_from, operator, operator_type, must_report, free, without_sim, hours,"
        " languages, source, source_date, verified_on, expires_on FROM emergency_number"
        f" WHERE country = ? AND kind IN ({marks}) AND (expires_on IS NULL OR expires_on >= ?)",
        (country, *kinds, today.isoformat()),
    )
    return [
        EmergencyNumber(
            identifier, land, kind, number, tuple(json.loads(dialable)), operator, operator_type, report,
            None if free is None else bool(free), None if sim is None else bool(sim), hours, tuple(json.loads(languages)),
            source, source_date, verified, expires,
        )
        for identifier, land, kind, number, dialable, operator, operator_type, report, free, sim, hours, languages, source,
        source_date, verified, expires in rows
    ]  # fmt: skip
