"""docs/privacy.md says what the program does: its tables are compared with the lists by which is deleted."""

from __future__ import annotations

import re
from pathlib import Path

from bot.channels.registry import channels
from bot.gateway import create_app
from bot.mailbox.limits import FOREVER, LIMITS, seconds_of, words_of
from bot.mailbox.tables import metadata
from bot.settings import ROOT, Settings, load

PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Rows of the first table below a heading, without its head."""
    part = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.strip().strip("|").split("|") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_the_times_are_those_by_which_is_deleted() -> None:
    lengths = seconds_of(Settings().reply_hours, Settings().retention_days)
    promised = {row[0].strip("`"): row[2] for row in table("What is kept, and how long")}
    assert set(promised) == set(metadata.tables)
    for name, words in promised.items():
        kept = [words_of(lengths[limit.length]) for limit in LIMITS.get(name, ())]
        assert words == (kept[-1] if kept else "never"), name
    assert all(promised[name] == "never" for name in FOREVER)


def test_the_settings_that_are_named_have_these_values() -> None:
    for name, value in re.findall(r"`(reply_hours|retention_days)` \((\d+)\)", PAGE):
        assert getattr(Settings(), name) == int(value), name


def test_every_channel_says_what_others_see() -> None:
    said = {row[0].lower() for row in table("What others see")}
    assert said == {"web", *channels()}


def test_the_page_claims_no_more_than_is_so() -> None:
    assert not re.search(r"nobody can (ever )?(read|see)|100 ?%|completely (safe|anonymous)", PAGE, re.I)


ROUTES = {
    "/",
    "/chat/strings",
    "/chat/messages",
    "/chat/replies",
    "/chat/clear",
    "/healthz",
    "/static",
    "/webhooks/telegram/webhook",
    "/webhooks/sms/webhook",
    "/webhooks/sms/status",
    "/webhooks/whatsapp/webhook",
    "/webhooks/whatsapp/status",
}


def test_there_is_no_way_to_look_at_people(tmp_path: Path) -> None:
    """No export, no list, no live view (safety.md, P15): whoever adds a route thinks about it here."""
    config = load(
        {
            "WAYPOST_VAR": str(tmp_path),
            "WAYPOST_PRODUCTION": "1",
            "WAYPOST_PUBLIC_URL": "https://bot.example.org",
            "WAYPOST_TELEGRAM_TOKEN": "123456789:" + "A" * 35,
            "WAYPOST_TELEGRAM_SECRET": "s" * 32,
            "WAYPOST_TELEGRAM_MODE": "webhook",
            "WAYPOST_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "WAYPOST_TWILIO_AUTH_TOKEN": "0" * 32,
            "WAYPOST_SMS_FROM": "+447700900000",
            "WAYPOST_WHATSAPP_FROM": "+447700900001",
        }
    )
    found = {getattr(route, "path", "") for route in create_app(config).routes}
    assert found <= ROUTES, found - ROUTES
