"""Counts: added in the transaction of the answer, passed on in batches that arrive once, and forgotten."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.mailbox import Count, Mailbox
from bot.messages import Inbound, Outbound
from bot.reports import pass_on_counts, pass_on_reports, reference

NEED = Count("need", "food", "GR", "ESYE31", "ar", "sms")
KEY = b"k" * 32


def answered(mailbox: Mailbox, number: int, *counts: Count, day: str = "2026-11-24", finish: bool = True) -> bool:
    mailbox.put(Inbound("sms", f"c{number}", f"{number}"))
    claim = mailbox.claim("w")
    assert claim is not None and 0 <= time.time() - claim.received_at < 60
    done = mailbox.finish(claim, [Outbound("text", "en", "hi")], {}, (), counts, day)
    return done if finish else mailbox.finish(claim, [], {}, (), counts, day)


def row(count: int, day: str = "2026-11-24") -> dict[str, Any]:
    return {"day": day, **NEED._asdict(), "count": count}


def test_counts_grow(mailbox: Mailbox) -> None:
    for number in range(3):
        assert answered(mailbox, number, NEED, NEED, Count("begun"))
    batch = mailbox.batch()
    assert batch is not None and sorted((r["event"], r["count"]) for r in batch.rows) == [("begun", 3), ("need", 6)]
    assert next(r for r in batch.rows if r["event"] == "need") == row(6)


def test_what_another_worker_answered_is_counted_once(mailbox: Mailbox) -> None:
    assert not answered(mailbox, 1, NEED, finish=False)
    batch = mailbox.batch()
    assert batch is not None and batch.rows == [row(1)]


def test_a_batch_keeps_its_id_and_rows_until_it_is_dropped(mailbox: Mailbox) -> None:
    answered(mailbox, 1, NEED)
    first = mailbox.batch()
    answered(mailbox, 2, NEED)
    assert first is not None and mailbox.batch() == first, "what is counted meanwhile travels in the next one"
    mailbox.drop_batch(first.id)
    second = mailbox.batch()
    assert second is not None and second.id != first.id and second.rows == [row(1)]
    mailbox.drop_batch(second.id)
    assert mailbox.batch() is None


def test_a_batch_is_of_one_day(mailbox: Mailbox) -> None:
    answered(mailbox, 1, NEED, day="2026-11-24")
    answered(mailbox, 2, NEED, day="2026-11-23")
    days = []
    while (batch := mailbox.batch()) is not None:
        days.append(batch.rows)
        mailbox.drop_batch(batch.id)
    assert days == [[row(1, "2026-11-23")], [row(1)]]


def test_a_value_that_is_too_long_breaks_no_answer(mailbox: Mailbox) -> None:
    assert answered(mailbox, 1, Count("need", "x" * 500, "GREECE", "y" * 500))
    batch = mailbox.batch()
    assert batch is not None and (batch.rows[0]["value"], batch.rows[0]["country"]) == ("x" * 40, "GR")


def test_counts_that_nobody_took_are_forgotten_after_two_months(mailbox: Mailbox) -> None:
    now = 1795564799.0  # 2026-11-24
    answered(mailbox, 1, NEED, day="2026-09-24")
    answered(mailbox, 2, NEED, day="2026-09-26")
    assert mailbox.purge(now, reply_hours=24, retention_days=30)["tally"] == 1


@pytest.mark.parametrize("status", [200, 500])
async def test_passed_on_until_taken(tmp_path: Path, status: int) -> None:
    mailbox = Mailbox(f"sqlite:///{tmp_path}/mailbox.sqlite3")
    answered(mailbox, 1, NEED)
    answered(mailbox, 2, NEED, day="2026-11-23")
    seen: list[Any] = []

    def directory(request: httpx.Request) -> httpx.Response:
        seen.append(request.read())
        return httpx.Response(status, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(directory)) as client:
        if status == 200:
            await pass_on_counts(mailbox, client, "http://directory/api/counts")
            assert len(seen) == 2 and mailbox.batch() is None
        else:
            for _ in range(2):
                with pytest.raises(httpx.HTTPStatusError):
                    await pass_on_counts(mailbox, client, "http://directory/api/counts")
            assert len(seen) == 2 and seen[0] == seen[1], "the same batch again"


async def test_a_report_is_passed_on_with_its_reference_and_not_its_number(tmp_path: Path) -> None:
    mailbox = Mailbox(f"sqlite:///{tmp_path}/mailbox.sqlite3")
    mailbox.put(Inbound("sms", "c", "1"))
    claim = mailbox.claim("w")
    assert claim is not None
    report = {"kind": "wrong", "service": "a", "language": "en", "day": "2026-11-24"}
    mailbox.finish(claim, [], {}, [report])
    (stored,) = mailbox.reports()
    bodies = []

    def directory(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.read()))
        return httpx.Response(200, json={})

    async with httpx.AsyncClient(transport=httpx.MockTransport(directory)) as client:
        await pass_on_reports(mailbox, client, "http://directory/api/reports", KEY)
    assert bodies == [{"reports": [{**report, "ref": reference(stored, KEY)}]}] and mailbox.reports() == []
    assert reference(stored, KEY) != reference({**stored, "id": stored["id"] + 1}, KEY)
