"""The loader: the real sample directory, loading twice, edits of staff, and files with mistakes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from bot.lookup.categories import CATEGORIES
from directory.models import (
    Article,
    Category,
    ConfidentialPlace,
    EmergencyNumber,
    Location,
    Organisation,
    Region,
    Service,
)
from directory.sample.emergency import load_numbers, numbers_of
from directory.sample.loader import SampleError, load, remove

pytestmark = pytest.mark.django_db


def test_everything_is_loaded_and_marked_as_sample() -> None:
    assert Service.objects.count() >= 100 and Article.objects.exists()
    for model in (Service, Organisation, Region, Article, Location):
        assert not model.objects.filter(sample=False).exists(), model
    assert set(Category.objects.values_list("code", flat=True)) == set(CATEGORIES)
    assert not Service.objects.filter(verified_on__isnull=True).exists()


def test_places_that_are_not_public_are_kept_apart() -> None:
    hidden = Location.objects.exclude(visibility="public")
    assert hidden.exists()
    assert not hidden.exclude(address="", lat__isnull=True).exists()
    assert ConfidentialPlace.objects.filter(lat__isnull=False).exists()


def test_days_are_counted_from_the_day_of_loading(service: Service) -> None:
    day = date(2025, 5, 1)
    load(django_settings.SAMPLE_DATA, today=day)
    service.refresh_from_db()
    assert service.verified_on == day - timedelta(days=12)
    assert service.exceptions.order_by("date").first().date == day + timedelta(days=3)  # type: ignore[union-attr]


def test_loading_twice_changes_nothing(published: Callable[..., Any]) -> None:
    def fingerprint() -> str:
        return str(published().execute("SELECT value FROM meta WHERE key = 'digest'").fetchone()[0])

    today = date.today()  # one day for both: the tests may run over midnight
    load(django_settings.SAMPLE_DATA, today=today)
    counts = {model: model.history.count() for model in (Service, Location, Organisation, Article)}
    before = fingerprint()
    load(django_settings.SAMPLE_DATA, today=today)
    assert fingerprint() == before
    assert counts == {model: model.history.count() for model in counts}


@pytest.mark.parametrize(("keep", "cost"), [(True, "paid"), (False, "free")])
def test_what_staff_have_edited_stays(service: Service, keep: bool, cost: str) -> None:
    service.cost = "paid"
    service._history_user = get_user_model().objects.create_user("editor")  # type: ignore[attr-defined]
    service.save()
    load(django_settings.SAMPLE_DATA, keep_edits=keep)
    service.refresh_from_db()
    assert service.cost == cost


def test_samples_can_be_removed() -> None:
    assert remove() > 100
    assert not Service.objects.exists() and not Organisation.objects.exists() and not ConfidentialPlace.objects.exists()
    assert EmergencyNumber.objects.exists()


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.update(organisation="nobody"), "organisation “nobody” does not exist"),
        (lambda s: s.update(categories=["shelter", "bed"]), "category “bed” does not exist"),
        (lambda s: s.update(categories=[]), "name at least one"),
        (lambda s: s.update(status="open"), "status"),
        (lambda s: s.update(shares_data=False), "put quotes"),
        (lambda s: s.update(min_age=18, max_age=5), "below the lower"),
        (lambda s: s.update(verified_days_ago="yesterday"), "number of days"),
        (lambda s: s.update(opening="9-5"), "unknown keys: opening"),
        (lambda s: s.pop("texts"), "lacks texts"),
        (lambda s: s.update(texts={}), "at least one text"),
        (lambda s: s["texts"].update(xx={"name": "?"}), "language of Waypost"),
        (lambda s: s["texts"]["en"].update(name=""), "name"),
        (lambda s: s["hours"].append({"days": ["monday"], "opens": "9", "closes": "10"}), "not a day"),
        (lambda s: s["hours"].append({"days": ["mon"], "opens": "late", "closes": "10"}), "“late” is not a time"),
        (lambda s: s["exceptions"].append({"in_days": 1}), "either"),
        (lambda s: s["contacts"].append({"kind": "phone", "value": "0210 123456"}), "must begin with +"),
        (lambda s: s["contacts"].append({"kind": "fax", "value": "+302100000000"}), "kind"),
        (lambda s: s["location"].update(lat=23.7, lon=37.9), "swapped"),
        (lambda s: s["location"].update(lat=44.8, lon=20.46), "50 km"),
        (lambda s: s["location"].update(lat=None), "both"),
        (lambda s: s["languages"].append("Greek"), "language code"),
        (lambda s: s.update(nationalities=["Syria"]), "country code"),
    ],
)
def test_mistakes_are_named_and_nothing_is_loaded(sample_copy: Path, change: Change, message: str) -> None:
    file = sample_copy / "services" / "athens.yaml"
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    change(data["services"][0])
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    before = Service.objects.values_list("pk", "updated_at")
    stamp = list(before)
    with pytest.raises(SampleError) as caught:
        load(sample_copy)
    problems = caught.value.problems
    assert len(problems) == 1
    assert problems[0].startswith("athens.yaml: gr-athens-legal-1") and message in problems[0]
    assert list(before.all()) == stamp


def test_all_mistakes_are_told_at_once(sample_copy: Path) -> None:
    (sample_copy / "aliases.yaml").unlink()
    (sample_copy / "articles.yaml").write_text("- {id: a\n", encoding="utf-8")
    (sample_copy / "regions.yaml").write_text("{}", encoding="utf-8")
    twice = (sample_copy / "services" / "athens.yaml").read_text(encoding="utf-8")
    (sample_copy / "services" / "twice.yaml").write_text(twice, encoding="utf-8")
    with pytest.raises(SampleError) as caught:
        load(sample_copy)
    told = "\n".join(caught.value.problems)
    for part in (
        "aliases.yaml: this file is missing",
        "articles.yaml: not valid YAML",
        "regions.yaml: this file must be a list",
    ):
        assert part in told
    assert "twice.yaml: gr-athens-legal-1: this id is also in athens.yaml" in told


def test_the_command_prints_problems_and_fails(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("loadsample", folder=tmp_path)
    assert caught.value.returncode == 1 and "organisations.yaml: this file is missing" in str(caught.value)


def test_a_production_directory_takes_no_samples(settings: Any) -> None:
    settings.PRODUCTION = True
    with pytest.raises(CommandError):
        call_command("loadsample")


@pytest.mark.parametrize("demo", [True, False])
def test_the_demo_user_exists_only_in_a_demo(settings: Any, demo: bool, capsys: pytest.CaptureFixture[str]) -> None:
    settings.DEMO = demo
    call_command("loadsample")
    assert get_user_model().objects.filter(username="staff", is_superuser=True).exists() is demo
    assert ("waypost-demo" in capsys.readouterr().out) is demo


@pytest.mark.parametrize(
    ("region", "numbers"),
    [
        ("GR", ["112", "100", "166", "199"]),
        ("US", ["911", "112"]),
        ("MX", ["911", "060", "065", "066", "068", "080"]),
        ("GA", ["18", "1730"]),
        ("NA", ["10111"]),
        ("GN", []),
        ("ZZ", []),
    ],
)
def test_numbers_of_a_region(region: str, numbers: list[str]) -> None:
    assert numbers_of(region) == numbers


def test_loaded_numbers_are_not_verified_and_one_is_for_every_network() -> None:
    assert not EmergencyNumber.objects.filter(verified_on__isnull=False).exists()
    assert set(EmergencyNumber.objects.values_list("kind", flat=True)) == {"general"}
    assert EmergencyNumber.objects.get(country="").number == "112"
    assert EmergencyNumber.objects.values("country").distinct().count() > 230


def test_a_newer_table_replaces_only_what_nobody_verified(django_user_model: Any) -> None:
    EmergencyNumber.objects.filter(source__startswith="libphonenumber").update(
        source="libphonenumber short numbers, phonenumbers 1"
    )
    by = django_user_model.objects.create_user("checker")
    checked = EmergencyNumber.objects.get(country="GR", number="166")
    checked.verified_on, checked.verified_by, checked.source = date(2026, 1, 1), by, "ministry"
    checked.save()
    gone = EmergencyNumber.objects.create(
        country="GR", number="555", source="libphonenumber short numbers, phonenumbers 1", source_date=date(2026, 1, 1)
    )
    EmergencyNumber.objects.filter(country="GR", number="199").delete()
    load_numbers()
    checked.refresh_from_db()
    assert checked.source == "ministry"
    assert not EmergencyNumber.objects.filter(pk=gone.pk).exists()
    assert EmergencyNumber.objects.filter(country="GR", number="199").exists()
