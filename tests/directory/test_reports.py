"""Reports of the bot: only with its token, only about services that exist, and nothing about who told it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from bot.identity import REPORT_HEADER, load_key, report_token
from directory import reports
from directory.models import UserReport

pytestmark = pytest.mark.django_db

ROW = {"kind": "wrong", "service": "gr-athens-legal-1", "language": "ar", "day": "2026-11-24"}


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    key = tmp_path / "secret.key"

    class Here:
        def path(self, name: str) -> Path:
            return key

    monkeypatch.setattr(reports, "settings", Here)
    return report_token(load_key(key))


def post(token: str, body: Any) -> Any:
    return Client().post(
        "/api/reports", data=json.dumps(body), content_type="application/json", headers={REPORT_HEADER: token}
    )


def test_a_report_lies_beside_the_service(token: str) -> None:
    response = post(token, {"reports": [ROW, {**ROW, "service": "gone"}]})
    assert response.json() == {"stored": 1, "unknown": 1, "repeated": 0}
    report = UserReport.objects.get()
    assert (report.service.public_id, report.lang, report.state) == ("gr-athens-legal-1", "ar", "open")


@pytest.mark.parametrize("wrong", ["", "guess"])
def test_only_the_bot_may_report(token: str, wrong: str) -> None:
    assert post(wrong, {"reports": [ROW]}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"reports": 5},
        {"reports": [5]},
        {"reports": [{**ROW, "kind": "x"}]},
        {"reports": [{**ROW, "day": "soon"}]},
    ],
    ids=json.dumps,
)
def test_other_bodies_are_refused(token: str, body: Any) -> None:
    assert post(token, body).status_code == 400
