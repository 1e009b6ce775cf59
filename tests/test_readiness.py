"""Readiness: each thing that may be missing is found, one at a time; a service that lacks nothing is a go; production refuses the rest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot import production, readiness, run
from bot.checks import CHECKS
from bot.findings import Finding, accepted, as_data, as_text, finding, from_data, stopping, verdict
from bot.identity import load_keys
from bot.mailbox.tables import conversation, create_engine, inbox, outbox, report
from bot.replies import reviews
from bot.replies.reviews import Reviews, text_hash
from bot.settings import ROOT, Settings, SettingsError
from tests.lookup.builder import area, article, build, number, service, site

TODAY = date(2026, 11, 24)
texts_of = lru_cache(maxsize=64)(reviews.texts_of)
"""The catalogues, read once for all tests."""


@lru_cache(maxsize=64)
def approved_by_two(language: str) -> dict[str, dict[str, Any]]:
    """Rows of reviews in which everything is approved."""
    known = reviews.sources()
    return {
        key: {"hash": text_hash(known[key], text), "approved": ["A", "B"]} for key, text in texts_of(language).items()
    }


DANGERS = ("general", "sea", "child", "gbv", "trafficking", "self_harm", "detention")
VERIFIED = {"verified_on": "2026-11-01", "expires_on": "2027-01-30", "operator": "Test", "must_report": "none"}


def numbers(country: str = "GR", **fields: Any) -> list[dict[str, Any]]:
    """A verified number of each kind."""
    return [number(f"{country}-{kind}", country, kind, "112", **{**VERIFIED, **fields}) for kind in DANGERS]


class World:
    """A service that lacks nothing; a test breaks one thing of it."""

    def __init__(self, folder: Path) -> None:
        self.var = folder / "var"
        self.var.mkdir(mode=0o700)
        self.models = folder / "models"
        self.models.mkdir()
        (self.models / "waypost.tar.gz").touch()
        self.words = folder / "neutrality"
        self.words.mkdir()
        for code in [known.code for known in production.served()]:
            (self.words / f"{code}.yml").write_text("# Phrases. Read by A. Speaker and B. Officer, 2026-11-20.\n")
        self.advisories = folder / "accepted.yml"
        self.advisories.write_text("accepted:\n- {package: x, version: '1', until: 2027-01-01}\n")
        self.config = Settings(
            production=True,
            operator="Test Society",
            duty_contact="Duty officer, +30 210 0000000, day and night",
            texts="approved",
            public_url="https://bot.example.org",
            telegram_token="123456789:" + "A" * 35,
            var=self.var,
            models=self.models,
            secret_file=self.var / "secret.key",
            snapshot=self.var / "snapshot.sqlite",
            mailbox=f"sqlite:///{self.var}/mailbox.sqlite3",
        )
        load_keys(self.config.secret_file)
        self.unapproved: dict[str, set[str]] = {}
        self.services = [service("a", site=site(37.98, 23.73), category="legal_aid", phones=["+302100000000"])]
        self.numbers = numbers()
        self.articles = [article("x", "info_rights", "GR", {"en": "Rights."})]
        self.meta: dict[str, str] = {"countries": '["GR"]', "published_at": "2026-11-23T08:00:00Z", "services": "1"}
        self.publish()
        create_engine(self.config.mailbox_url).dispose()

    def set(self, **values: Any) -> None:
        self.config = replace(self.config, **values)

    def publish(self) -> None:
        build(
            self.config.snapshot,
            services=self.services,
            numbers=self.numbers,
            articles=self.articles,
            meta=self.meta,
        )

    def reviews(self, language: str) -> Reviews:
        """Everything is approved by two people, except what `unapproved` names."""
        rows = approved_by_two(language)
        left_out = self.unapproved.get(language)
        return Reviews({key: row for key, row in rows.items() if key not in left_out} if left_out else rows)

    def insert(self, table: sa.Table, **values: Any) -> None:
        engine = create_engine(self.config.mailbox_url)
        with engine.begin() as connection:
            connection.execute(sa.insert(table).values(**values))
        engine.dispose()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    monkeypatch.setattr(reviews, "reviews", made.reviews)
    monkeypatch.setattr(production, "RULES", made.words)
    monkeypatch.setattr(production, "ADVISORIES", made.advisories)
    monkeypatch.setattr(reviews, "texts_of", texts_of)
    return made


def found(world: World) -> dict[str, Finding]:
    rows, unchecked = production.everything(world.config, TODAY)
    assert not unchecked
    return {row.check.id: row for row in rows}


def old_key(world: World) -> None:
    then = time.time() - 400 * 86400
    os.utime(world.config.secret_file, (then, then))


def snapshot(**fields: Any) -> Callable[[World], None]:
    def breaks(world: World) -> None:
        for name, value in fields.items():
            setattr(world, name, {**world.meta, **value} if name == "meta" else value)
        world.publish()

    return breaks


def row(table: sa.Table, **values: Any) -> Callable[[World], None]:
    return lambda world: world.insert(table, **values)


LONG_AGO = time.time() - 120 * 86400
BREAKS: list[tuple[str, Callable[[World], None]]] = [
    ("production-off", lambda world: world.set(production=False, inspection=False)),
    ("debug-log", lambda world: world.set(log_level="debug")),
    ("operator", lambda world: world.set(operator=" ")),
    ("duty-contact", lambda world: world.set(duty_contact="")),
    ("texts-draft", lambda world: world.set(texts="draft")),
    ("bot-open", lambda world: world.set(bot_host="0.0.0.0")),
    ("public-url", lambda world: world.set(public_url="http://bot.example.org")),
    ("secret-key", lambda world: world.config.secret_file.unlink()),
    ("secret-key", lambda world: world.config.secret_file.write_text("abc")),
    ("secret-key-open", lambda world: world.config.secret_file.chmod(0o644)),
    ("secret-key-old", old_key),
    ("files-open", lambda world: world.var.chmod(0o755)),
    ("snapshot", lambda world: world.config.snapshot.unlink()),
    ("snapshot", lambda world: world.config.snapshot.write_bytes(b"SQLite format 3\0 and then nothing")),
    ("snapshot", snapshot(services=[], meta={"services": "0", "countries": "[]"}, articles=[])),
    ("snapshot-sample", snapshot(meta={"sample": "1"})),
    ("snapshot-old", snapshot(meta={"published_at": "2026-09-01T08:00:00Z"})),
    ("numbers-unverified", snapshot(numbers=[*numbers()[1:], number("u", "GR", "general", "112")])),
    ("numbers-unverified", snapshot(numbers=numbers()[1:])),
    ("numbers-expired", snapshot(numbers=[*numbers()[1:], *numbers(expires_on="2026-11-23")[:1]])),
    ("numbers-expired", snapshot(numbers=[*numbers(), number("s", "GR", "sea", "108", **{**VERIFIED, "expires_on": "2026-11-23"})])),
    ("numbers-expiring", snapshot(numbers=numbers(expires_on="2026-11-30"))),
    ("numbers-kinds", snapshot(numbers=numbers()[:-1])),
    ("numbers-report", snapshot(numbers=numbers(must_report="unknown"))),
    ("handoff", snapshot(services=[service("a", site=site(37.98, 23.73), category="food", phones=["+302100000000"])])),
    ("handoff", snapshot(services=[service("a", site=site(37.98, 23.73), category="legal_aid")])),
    ("services-overdue", snapshot(services=[service("a", site=site(1, 2), category="legal_aid", phones=["+3"], review_due="2026-11-23")])),
    ("articles-overdue", snapshot(articles=[article("x", "info_rights", "GR", {"en": "x"}, review_due="2026-11-23")])),
    ("texts-crisis", lambda world: world.unapproved.update(ti={"crisis:call"})),
    ("texts-rest", lambda world: world.unapproved.update(so={"menu:person"})),
    ("words-unread", lambda world: (world.words / "ti.yml").write_text("# Phrases. Draft: nobody has read it.\n")),
    ("words-unread", lambda world: (world.words / "ti.yml").unlink()),
    ("model", lambda world: (world.models / "waypost.tar.gz").unlink()),
    ("channel-broken", lambda world: world.set(telegram_token="short")),
    ("channel-broken", lambda world: world.set(telegram_mode="webhook")),
    ("channel-partial", lambda world: world.set(twilio_account_sid="AC" + "0" * 32)),
    ("channel-none", lambda world: world.set(telegram_token="")),
    ("retention-off", lambda world: world.set(retention_days=0)),
    ("retention-off", lambda world: world.set(retention_days=3650)),
    ("retention-off", lambda world: world.set(reply_hours=1000)),
    ("retention-long", lambda world: world.set(retention_days=60)),
    ("retention-late", row(conversation, id="c", channel="web", memory="", updated_at=LONG_AGO)),
    ("retention-late", row(inbox, channel="web", conversation="c", provider_id="1", state="done", attempts=1, received_at=1.0, done_at=LONG_AGO)),
    ("retention-late", row(outbox, inbox_id=1, position=0, channel="web", conversation="c", state="delivered", created_at=1.0, done_at=LONG_AGO)),
    ("retention-late", row(report, kind="closed", service="a", language="en", day="2026-01-01")),
    ("database-sqlite", lambda world: world.set(workers=3)),
    ("advisories", lambda world: world.advisories.write_text("accepted:\n- {package: x, version: '1', until: 2026-11-23}\n")),
]  # fmt: skip


def test_a_service_that_lacks_nothing_is_a_go(world: World) -> None:
    assert found(world) == {}
    assert verdict([], [], {}, TODAY) == ("go", 0)


@pytest.mark.parametrize(("identifier", "breaks"), BREAKS, ids=[f"{n}-{row[0]}" for n, row in enumerate(BREAKS)])
def test_each_lack_is_found_and_nothing_else(world: World, identifier: str, breaks: Callable[[World], None]) -> None:
    breaks(world)
    rows = found(world)
    assert set(rows) == {identifier}
    assert verdict(rows.values(), [], {}, TODAY)[0] == ("no-go" if CHECKS[identifier].hard else "go")


def test_outside_production_the_inspection_contract_counts(world: World) -> None:
    world.set(production=False)
    assert set(found(world)) == {"production-off", "inspection-on"}


def test_texts_are_told_by_language_and_kind(world: World) -> None:
    world.unapproved.update(ti={"crisis:call", "crisis:sea", "notice"}, am={"crisis:call"})
    assert found(world)["texts-crisis"].details == ("am: 1 crisis draft", "ti: 2 crisis draft, 1 notice draft")
    report = as_text(list(found(world).values()), [], {}, TODAY)
    assert "2 crisis draft" in report and report.endswith("NO-GO: 1 no-go, 0 accepted, 0 warnings.")


def test_numbers_are_told_by_country(world: World) -> None:
    """Only countries with published services count; each is named with what there is."""
    world.services.append(service("b", areas=[area(country="TN")], phones=["+2161"], category="legal_aid"))
    world.numbers.append(number("dz", "DZ", "general", "14"))
    world.numbers.append(number("tn", "TN", "general", "197"))
    snapshot(meta={"countries": '["GR", "TN"]', "services": "2"})(world)
    assert found(world)["numbers-unverified"].details == ("TN: 197",)


def test_every_check_of_the_bot_is_broken_once() -> None:
    elsewhere = {"inspection-on", "channel-refused"}
    by_the_directory = set(re.findall(r'finding\(\s*"([a-z-]+)"', (ROOT / "directory/readiness.py").read_text()))
    by_the_directory |= {"service-texts", "article-texts"}
    assert {row[0] for row in BREAKS} | elsewhere | by_the_directory == set(CHECKS)


def test_every_check_is_documented() -> None:
    text = (ROOT / "docs/readiness.md").read_text(encoding="utf-8")
    for check in CHECKS.values():
        line = f"| `{check.id}` | {'no-go' if check.hard else 'warning'} | {', '.join(sorted(check.stops)) or '–'} |"
        assert line in text, line


# --- what stops a start -----------------------------------------------------------------------------------------------


def test_everything_hard_that_time_does_not_bring_about_stops_a_start() -> None:
    """The no-gos that stop nothing are these, and each has a reason (docs/readiness.md)."""
    assert {check.id for check in CHECKS.values() if check.hard and not check.stops} == {
        "production-off",  # outside production nothing is refused
        "inspection-on",  # only there is it served
        "numbers-expired",  # a restart in the night must not silence the service
        "article-texts",  # staff mend it in the running directory, and people see the state
        "channel-refused",  # asked only with --ask
        "retention-late",  # it is the start that mends it
        "chores",  # likewise
    }


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("operator until 2027-01-01: too short", "is not like"),
        ("operator: Pilot with thirty people, A. Name", "is not like"),
        ("nothing until 2027-01-01: Pilot with thirty people, A. Name", "no no-go"),
        ("mail until 2027-01-01: Pilot with thirty people, A. Name", "no no-go"),
        ("operator until 2027-02-31: Pilot with thirty people, A. Name", "not a day"),
    ],
)
def test_an_acceptance_without_a_day_or_a_reason_is_refused(setting: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        accepted(Settings(accepted_findings=setting))


@pytest.mark.parametrize(
    ("setting", "stops"),
    [
        ("", True),
        ("operator until 2026-11-24: Pilot with thirty people, A. Name", False),
        ("operator until 2026-11-23: Pilot with thirty people, A. Name", True),
        ("duty-contact until 2026-11-24: Pilot with thirty people, A. Name", True),
        (
            "duty-contact until 2026-12-01: Pilot, A. Name decided; operator until 2026-12-01: Pilot, A. Name decided",
            False,
        ),
    ],
)
def test_only_an_acceptance_that_is_still_valid_lets_it_start(setting: str, stops: bool) -> None:
    taken = accepted(Settings(accepted_findings=setting))
    rows = [finding("operator", "the operator has no name")]
    refused, passed = stopping(rows, "run", taken, TODAY)
    assert (bool(refused), bool(passed)) == (stops, not stops)
    assert verdict(rows, [], taken, TODAY)[0] == ("no-go" if stops else "go")


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({}, None),
        ({"operator": ""}, 3),
        ({"operator": "", "production": False}, None),
        ({"texts": "draft"}, 3),
        ({"duty_contact": ""}, 3),
        ({"retention_days": 0}, 3),
        ({"log_level": "DEBUG"}, 3),
        ({"accepted_findings": "operator"}, 3),
        ({"operator": "", "accepted_findings": "operator until 2999-01-01: Pilot with thirty people, A. Name"}, None),
    ],
)
def test_gateway_worker_and_sender_refuse_what_they_see(
    world: World, values: dict[str, Any], status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    world.set(**values)
    if status is None:
        production.before_start(world.config)
        if "accepted_findings" in values:
            assert "accepted until 2999-01-01: Pilot with thirty people, A. Name" in caplog.text
    else:
        with pytest.raises(SystemExit) as ended:
            production.before_start(world.config)
        assert ended.value.code == status and "not started in production mode" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("program", ["bot.gateway", "bot.sender", "bot.worker"])
def test_the_programs_themselves_refuse(tmp_path: Path, program: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WAYPOST_")}
    environment |= {"WAYPOST_PRODUCTION": "1", "WAYPOST_VAR": str(tmp_path), "WAYPOST_CONFIG": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-m", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    for identifier in ("operator", "duty-contact", "texts-draft", "secret-key"):
        assert f"not started in production mode: {identifier}: " in done.stderr


@pytest.mark.parametrize(
    ("ours", "theirs", "unchecked", "starts"),
    [
        ([], [], [], True),
        (["mail"], ["hosts"], [], True),
        (["numbers-unverified"], [], [], False),
        ([], ["demo-user"], [], False),
        ([], [], ["the directory"], False),
        (["numbers-expired"], ["chores"], [], True),
    ],
)
def test_make_run_refuses_in_production(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ours: list[str],
    theirs: list[str],
    unchecked: list[str],
    starts: bool,
) -> None:
    rows = [[finding(name, "something") for name in names] for names in (ours, theirs)]
    monkeypatch.setattr(readiness, "everything", lambda config: (rows[0], []))
    monkeypatch.setattr(readiness, "directory_part", lambda environment=None: (rows[1], unchecked))
    monkeypatch.setattr(run, "settings", lambda: world.config)
    monkeypatch.setattr(run, "watch", lambda config, environment: 0)
    monkeypatch.setattr(sys, "argv", ["run", "--serve"])
    assert run.main() == (0 if starts else 3)
    said = capsys.readouterr().out
    for name in [*ours, *theirs]:
        assert (f"{name}: something" in said) == ("run" in CHECKS[name].stops and CHECKS[name].hard)
    world.set(production=False)
    assert run.main() == 0


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "unchecked", "code", "word"),
    [([], [], 0, "go"), (["mail"], [], 0, "go"), (["demo-user"], [], 1, "no-go"), ([], ["the directory"], 2, "unknown"),
     (["demo-user"], ["the directory"], 1, "no-go")],
)  # fmt: skip
def test_the_exit_status_says_go_or_no_go(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    theirs: list[str],
    unchecked: list[str],
    code: int,
    word: str,
) -> None:
    monkeypatch.setattr(readiness, "settings", lambda: world.config)
    monkeypatch.setattr(readiness, "everything", lambda config: production.everything(config, TODAY))
    rows = [finding(name, "something", ["GR: x"]) for name in theirs]
    monkeypatch.setattr(readiness, "directory_part", lambda environment=None: (rows, unchecked))
    assert readiness.main(["--format", "json"]) == code
    data = json.loads(capsys.readouterr().out)
    assert (data["verdict"], data["unchecked"]) == (word, unchecked)
    assert {row["id"] for row in data["findings"]} == set(theirs)
    assert all(row["what"] and row["why"] and row["do"] for row in data["findings"])
    assert "kept: conversation 30 days" in data["retention"]
    assert readiness.main([]) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith(word.upper() + ": ")


def test_a_bad_setting_is_not_a_go(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(readiness, "settings", lambda: Settings(accepted_findings="everything"))
    assert readiness.main([]) == 2
    assert "accepted_findings" in capsys.readouterr().err


def test_what_breaks_while_looking_is_told_not_passed_over(world: World) -> None:
    world.advisories.unlink()
    world.set(mailbox="postgresql://nobody@127.0.0.1:1/none")
    rows, unchecked = production.everything(world.config, TODAY)
    assert (rows, len(unchecked)) == ([], 2)
    assert verdict(rows, unchecked, {}, TODAY) == ("unknown", 2)


def test_a_report_survives_the_way_between_the_programs() -> None:
    rows = [finding("demo-user", "x", ["a", "b"]), finding("mail", "y")]
    assert from_data(json.dumps(as_data(rows, ["z"], {}, TODAY))) == (rows, ["z"])
    for text in ("", "[]", '{"findings": [{"id": "nothing"}], "unchecked": []}', '{"findings": 1}'):
        with pytest.raises(ValueError):
            from_data(text)


def test_expiry_is_a_matter_of_days(world: World) -> None:
    for days, known in ((-1, {"numbers-expired"}), (0, {"numbers-expiring"}), (15, set())):
        world.numbers = numbers(expires_on=(TODAY + timedelta(days)).isoformat())
        world.publish()
        assert set(found(world)) - {"numbers-kinds"} == known
