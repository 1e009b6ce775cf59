"""Publishing: what is in the snapshot, what never is, and that a failure leaves the last one as it was."""

from __future__ import annotations

import json
import os
import sqlite3
import struct
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bot.lookup.digest import digest
from directory import publish as publishing
from directory.models import (
    ConfidentialPlace,
    Location,
    OpeningInterval,
    Publication,
    Service,
    ServiceAtLocation,
    ServiceText,
)
from directory.publish import KEEP, PublishError, publish

pytestmark = pytest.mark.django_db
SENTINEL = "ZZSENTINEL Street 99"


def hide(service: Service, visibility: str) -> Location:
    """Make the service's place confidential, with a sentinel in every exact field."""
    place = service.locations.get()
    place.visibility, place.centre_lat, place.centre_lon = visibility, 37.5, 23.25
    place.address, place.postcode, place.transport, place.lat, place.lon = (
        SENTINEL,
        "ZZPOST",
        "ZZBUS",
        37.98765431,
        23.71234567,
    )
    place.save()
    ConfidentialPlace.objects.filter(location=place).update(note="ZZNOTE")
    return place


def test_meta_tells_what_is_in_it(published: Callable[..., sqlite3.Connection]) -> None:
    snapshot = published()
    meta = dict(snapshot.execute("SELECT key, value FROM meta").fetchall())
    publication = Publication.objects.latest("pk")
    assert meta["schema_version"] == "2" and meta["sample"] == "1"
    assert meta["publication"] == str(publication.pk) and publication.state == "published"
    assert meta["published_at"].endswith("Z")
    assert int(meta["services"]) == snapshot.execute("SELECT count(*) FROM service").fetchone()[0] > 100
    assert {"GR", "LY", "MX", "ET"} <= set(json.loads(meta["countries"]))
    assert meta["digest"] == digest(snapshot) == publication.digest


def test_one_service_as_the_bot_reads_it(service: Service, published: Callable[..., sqlite3.Connection]) -> None:
    snapshot = published()
    row = snapshot.execute("SELECT * FROM service WHERE id = ?", (service.public_id,)).fetchone()
    assert (row["organisation_id"], row["paused"], row["papers"], row["sample"]) == (
        "sample-legal-athens",
        0,
        "none_needed",
        1,
    )
    assert row["verified_on"] == str(service.verified_on) and row["hidden_after"] == str(service.hidden_after)
    hours = snapshot.execute(
        "SELECT weekday, opens, closes FROM opening WHERE service_id = ?", (service.public_id,)
    ).fetchall()
    assert sorted(tuple(row) for row in hours) == [(day, 540, 1020) for day in range(5)]
    site = snapshot.execute("SELECT * FROM site WHERE service_id = ?", (service.public_id,)).fetchone()
    assert site["address"] and site["city"] == "Athens" and site["tz"] == "Europe/Athens"
    phones = "SELECT value FROM contact_point WHERE service_id = ? AND kind = 'phone' ORDER BY position"
    assert [row[0] for row in snapshot.execute(phones, (service.public_id,))] == ["+441632960101"]
    texts = snapshot.execute(
        "SELECT lang, state FROM service_text WHERE service_id = ?", (service.public_id,)
    ).fetchall()
    assert dict(tuple(row) for row in texts) | {"en": "approved"} == dict(tuple(row) for row in texts)


@pytest.mark.parametrize(
    ("status", "rows"),
    [("published", [0]), ("paused", [1]), ("draft", []), ("closed", []), ("archived", [])],
)
def test_only_published_and_paused_services_go_out(
    service: Service, published: Callable[..., sqlite3.Connection], status: str, rows: list[int]
) -> None:
    Service.objects.filter(pk=service.pk).update(status=status)
    found = published().execute("SELECT paused FROM service WHERE id = ?", (service.public_id,)).fetchall()
    assert [row[0] for row in found] == rows


@pytest.mark.parametrize(
    ("spoil", "warning"),
    [
        (lambda s: s.verifications.all().delete() and s.refresh_review(), "never checked"),
        (lambda s: s.categories.clear(), "no category or no public text"),
        (lambda s: s.texts.update(state=ServiceText.State.DRAFT), "no category or no public text"),
    ],
)
def test_what_cannot_be_shown_is_left_out_with_a_warning(
    service: Service, spoil: Callable[[Service], object], warning: str, snapshot_path: Path
) -> None:
    spoil(service)
    done = publish()
    assert any(warning in line for line in done.warnings)
    with sqlite3.connect(done.path) as snapshot:
        assert not snapshot.execute("SELECT 1 FROM service WHERE id = ?", (service.public_id,)).fetchall()


@pytest.mark.parametrize("visibility", ["area_only", "contact_only"])
def test_a_confidential_place_is_in_no_byte_of_the_snapshot(
    service: Service, published: Callable[..., sqlite3.Connection], snapshot_path: Path, visibility: str
) -> None:
    hide(service, visibility)
    snapshot = published()
    content = snapshot_path.read_bytes()
    sentinels = [
        b"ZZSENTINEL",
        b"ZZPOST",
        b"ZZBUS",
        b"ZZNOTE",
        struct.pack(">d", 37.98765431),
        struct.pack(">d", 23.71234567),
    ]
    assert [word for word in sentinels if word in content] == []
    sites = snapshot.execute("SELECT * FROM site WHERE service_id = ?", (service.public_id,)).fetchall()
    areas = snapshot.execute("SELECT * FROM service_area WHERE service_id = ?", (service.public_id,)).fetchall()
    if visibility == "area_only":
        assert [(row["lat"], row["lon"], row["address"], row["city"]) for row in sites] == [
            (37.5, 23.25, None, "Athens")
        ]
    else:
        assert sites == []
        assert [(row["kind"], row["name"], row["lat"], row["lon"]) for row in areas] == [
            ("place", "Athens", 37.5, 23.25)
        ]


def test_the_sentinels_would_be_found_in_a_public_place(service: Service, published: Any, snapshot_path: Path) -> None:
    service.locations.update(address=SENTINEL, lat=37.98765431)
    published()
    content = snapshot_path.read_bytes()
    assert b"ZZSENTINEL" in content and struct.pack(">d", 37.98765431) in content


def test_sample_places_that_are_confidential_are_not_in_the_snapshot(published: Any, snapshot_path: Path) -> None:
    published()
    content = snapshot_path.read_bytes()
    exact = [struct.pack(">d", place.lat) for place in ConfidentialPlace.objects.filter(lat__isnull=False) if place.lat]
    assert exact and not [value for value in exact if value in content]


@pytest.mark.parametrize(
    ("leak", "reason"),
    [
        (lambda s: s.texts.filter(lang="en").update(how_to_get_help=f"Come to {SENTINEL.lower()}"), "published text"),
        (lambda s: s.locations.update(centre_lat=37.98765, centre_lon=23.71235), "confidential place itself"),
        (lambda s: s.locations.update(visibility="public", lat=37.9, lon=23.7), "public and confidential at once"),
    ],
)
def test_a_leak_stops_the_publication(
    service: Service, leak: Callable[[Service], object], reason: str, snapshot_path: Path
) -> None:
    publish()
    before = snapshot_path.read_bytes()
    hide(service, "area_only")
    leak(service)
    with pytest.raises(PublishError) as caught:
        publish()
    assert any(service.public_id in line and reason in line for line in caught.value.reasons)
    assert snapshot_path.read_bytes() == before
    assert Publication.objects.latest("pk").state == "failed"


@pytest.mark.parametrize("failing", ["digest", "os.replace", "os.fsync", "snapshot_checks.problems", "os.link"])
def test_a_failure_leaves_the_last_snapshot(monkeypatch: pytest.MonkeyPatch, snapshot_path: Path, failing: str) -> None:
    publish()
    before = snapshot_path.read_bytes()

    def fail(*args: object, **kwargs: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(f"directory.publish.{failing}", fail)
    with pytest.raises(CommandError) as caught:
        call_command("publish")
    monkeypatch.undo()
    assert caught.value.returncode == 1 and "No space left on device" in str(caught.value)
    assert snapshot_path.read_bytes() == before
    assert not list(snapshot_path.parent.glob(".snapshot-*"))
    failed = Publication.objects.latest("pk")
    assert failed.state == "failed" and "No space left" in failed.error


def test_a_damaged_file_is_not_published(monkeypatch: pytest.MonkeyPatch, snapshot_path: Path) -> None:
    publish()
    before = snapshot_path.read_bytes()
    honest = publishing._describe

    def spoil(snapshot: sqlite3.Connection, publication: Publication, counts: dict[str, int]) -> None:
        honest(snapshot, publication, counts)
        snapshot.execute("DELETE FROM service_text WHERE lang = 'en'")
        snapshot.execute("UPDATE service SET organisation_id = 'nobody' WHERE id = 'gr-athens-legal-1'")

    monkeypatch.setattr(publishing, "_describe", spoil)
    with pytest.raises(PublishError) as caught:
        publish()
    told = " ".join(caught.value.reasons)
    assert "service_text" in told and "missing organisation" in told
    assert snapshot_path.read_bytes() == before


def test_a_reader_keeps_the_old_snapshot_while_a_new_one_comes(snapshot_path: Path) -> None:
    first = publish().publication
    reader = sqlite3.connect(f"{snapshot_path.as_uri()}?mode=ro", uri=True)
    query = "SELECT value FROM meta WHERE key = 'publication'"
    assert reader.execute(query).fetchone()[0] == str(first)
    second = publish().publication
    assert reader.execute(query).fetchone()[0] == str(first)
    assert sqlite3.connect(snapshot_path).execute(query).fetchone()[0] == str(second)


def test_the_last_versions_are_kept(snapshot_path: Path) -> None:
    numbers = [publish().publication for _ in range(KEEP + 2)]
    kept = sorted(int(path.stem.split("-")[1]) for path in snapshot_path.parent.glob("snapshot-*.sqlite"))
    assert kept == numbers[-KEEP:]
    newest = snapshot_path.with_name(f"snapshot-{numbers[-1]}.sqlite")
    assert newest.read_bytes() == snapshot_path.read_bytes()
    assert not os.stat(snapshot_path).st_mode & 0o022


def test_two_publishers_do_not_meet(snapshot_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "PATIENCE", 0.3)
    snapshot_path.parent.mkdir(parents=True)
    with publishing._alone(snapshot_path.parent), pytest.raises(PublishError, match="somebody else"):
        publish()


def test_one_waits_for_the_other(snapshot_path: Path) -> None:
    snapshot_path.parent.mkdir(parents=True)
    other = publishing._alone(snapshot_path.parent)
    other.__enter__()
    ends = threading.Timer(0.4, other.__exit__, (None, None, None))
    ends.start()
    assert publish().counts["service"]
    ends.join()


def test_the_digest_follows_the_rows_and_nothing_else(service: Service) -> None:
    first, second = publish().digest, publish().digest
    assert first == second
    OpeningInterval.objects.filter(service=service).update(closes=1021)
    assert publish().digest != first


def test_overdue_records_and_missing_texts_are_warned_of(service: Service, snapshot_path: Path) -> None:
    Service.objects.filter(pk=service.pk).update(review_due=service.verified_on, hidden_after=service.verified_on)
    before = publish(today=service.verified_on).warnings
    after = publish(today=service.verified_on + timedelta(days=1)).warnings  # type: ignore[operator]
    assert before != after and any("hidden" in line for line in after)
    service.texts.filter(lang="ar").delete()
    assert any("no text in Arabic" in line for line in publish().warnings)


def test_production_publishes_no_samples(settings: Any, published: Callable[..., sqlite3.Connection]) -> None:
    settings.PRODUCTION = True
    snapshot = published()
    tables = ("service", "article", "place_alias", "allowed_host")
    assert [snapshot.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables] == [0, 0, 0, 0]
    assert snapshot.execute("SELECT count(*) FROM emergency_number").fetchone()[0] > 700
    assert snapshot.execute("SELECT value FROM meta WHERE key = 'sample'").fetchone()[0] == "0"


def test_rows_of_numbers_sorted_by_id_come_in_the_order_to_tell_them(
    published: Callable[..., sqlite3.Connection],
) -> None:
    snapshot = published()
    found = snapshot.execute(
        "SELECT number, verified_on FROM emergency_number WHERE country = 'MX' ORDER BY id"
    ).fetchall()
    assert [row["number"] for row in found][:2] == ["911", "060"]
    assert {row["verified_on"] for row in found} == {None}
    gsm = snapshot.execute("SELECT number, source FROM emergency_number WHERE country = ''").fetchall()
    assert [row["number"] for row in gsm] == ["112"] and "3GPP TS 22.101" in gsm[0]["source"]


def test_a_service_may_be_at_many_places(service: Service, published: Callable[..., sqlite3.Connection]) -> None:
    other = Location.objects.filter(visibility="public").exclude(services=service).first()
    ServiceAtLocation.objects.create(service=service, location=other)
    rows = published().execute("SELECT id FROM site WHERE service_id = ?", (service.public_id,)).fetchall()
    assert len({row["id"] for row in rows}) == 2


@pytest.mark.django_db(transaction=False)
def test_the_command_says_what_was_published(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("publish", verbosity=2)
    told = capsys.readouterr().out
    assert "services" in told and "opening:" in told and "warning:" in told
