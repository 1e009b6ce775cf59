"""HSDS that comes in: JSON in all its shapes, CSV tables of HSDS 3 and of the older Ohana kind, and zips that are traps."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from directory.exchange.hsds_tables import services_of
from directory.exchange.table import TableError
from directory.models import Service
from tests.directory.importing import checked, go, outcomes, rules, source, upload

pytestmark = pytest.mark.django_db
SHARED = Path(__file__).resolve().parents[3] / "shared" / "samples"
SERVICE: dict[str, Any] = {
    "id": "11111111-2222-4333-8444-555555555555",
    "name": "Listening Post",
    "description": "Somebody to talk to.",
    "status": "active",
    "minimum_age": 16,
    "fees_description": "Free of charge.",
    "url": "https://listening.example.org",
    "organization": {"id": "21111111-2222-4333-8444-555555555555", "name": "Listeners", "description": "x"},
    "phones": [{"id": "p", "number": "+30 21 0321 0001", "type": "voice"}, {"id": "f", "number": "+30 21 0321 0005", "type": "fax"}],
    "contacts": [{"id": "c", "name": "Ann Persona", "phones": [{"id": "q", "number": "+30 694 000 0001"}]}],
    "schedules": [
        {"id": "s", "freq": "WEEKLY", "byday": "MO,TU", "opens_at": "10:00:00", "closes_at": "18:00:00"},
        {"id": "t", "freq": "WEEKLY", "byday": "FR", "opens_at": "10:00", "closes_at": "18:00", "valid_to": "2005-01-01"},
    ],
    "languages": [{"id": "l", "code": "ar", "name": "Arabic"}],
    "required_documents": [{"id": "d", "document": "Nothing"}],
    "attributes": [{"link_type": "topic", "taxonomy_term": {"name": "legal_aid"}}],
    "service_at_locations": [
        {
            "id": "sl",
            "location": {
                "id": "31111111-2222-4333-8444-555555555555", "location_type": "physical", "name": "House", "latitude": 37.98, "longitude": 23.73,
                "addresses": [{"id": "a", "address_1": "Street 1", "city": "Athens", "country": "GR", "postal_code": "10437", "address_type": "physical"}],
            },
        }
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.VAR = tmp_path


def packed(**files: str) -> bytes:
    """A zip of CSV tables."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".csv", text)
    return out.getvalue()


def as_json(data: Any) -> bytes:
    return json.dumps(data).encode()


SAL = {
    **SERVICE["service_at_locations"][0],
    "service": {k: v for k, v in SERVICE.items() if k != "service_at_locations"},
}
SHAPES: dict[str, Any] = {
    "a service": SERVICE,
    "a list": [SERVICE],
    "a page": {"total_items": 1, "contents": [SERVICE]},
    "under services": {"services": [SERVICE]},
    "an organization": {
        **SERVICE["organization"],
        "services": [{k: v for k, v in SERVICE.items() if k != "organization"}],
    },
    "a service at a location": SAL,
    "a page of these": {"contents": [SAL]},
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES)
def test_shapes_of_json(data: Any) -> None:
    run = go(checked(as_json(data), ".json"), "to_apply")
    assert (run.state, run.rows_new, run.report["problems"]) == ("applied", 1, 0)
    made = Service.objects.get(uuid=SERVICE["id"])
    text = made.texts.get()
    assert (text.name, text.short_text, text.cost_note, text.what_to_bring) == (
        "Listening Post",
        "Somebody to talk to.",
        "",
        "Nothing",
    )
    assert (made.organisation.name, str(made.organisation.uuid), made.min_age) == (
        "Listeners",
        SERVICE["organization"]["id"],
        16,
    )
    assert sorted(made.contacts.values_list("kind", "value")) == [
        ("phone", "+302103210001"),
        ("web", "https://listening.example.org"),
    ]
    assert sorted(made.hours.values_list("weekday", "opens", "closes")) == [(0, 600, 1080), (1, 600, 1080)]
    place = made.locations.get()
    assert (str(place.uuid), place.address, place.postcode, place.name) == (
        "31111111-2222-4333-8444-555555555555",
        "Street 1",
        "10437",
        "House",
    )
    assert [c.pk for c in made.categories.all()] == ["legal_aid"]
    assert "Persona" not in str(list(run.rows.values())) + str(run.report)
    assert outcomes(checked(as_json(data), ".json")) == {1: "unchanged"}


CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "name": ({"name": "Listening Point"}, {"texts/en/name"}),
    "paused": ({"status": "temporarily closed"}, set()),
    "phone": ({"phones": [{"number": "+30 21 0321 0002", "type": "voice"}]}, {"contact/phone"}),
    "whatsapp": ({"phones": [*SERVICE["phones"], {"number": "+30 694 000 0002", "type": "text", "description": "WhatsApp"}]}, {"contact/whatsapp"}),
    "age": ({"minimum_age": 18}, {"min_age"}),
    "languages": ({"languages": [{"code": "ar"}, {"name": "Persian", "note": "Through an interpreter."}]}, {"spoken"}),
    "checked": ({"assured_date": "2026-01-05"}, {"verified_on"}),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "fields"), CHANGES.values(), ids=CHANGES)
def test_what_changes(facts: dict[str, Any], fields: set[str]) -> None:
    go(checked(as_json(SERVICE), ".json"), "to_apply")
    run = checked(as_json({**SERVICE, **facts}), ".json")
    assert set(run.rows.get().diff) == fields
    assert go(run, "to_apply").report["problems"] == 0
    assert outcomes(checked(as_json({**SERVICE, **facts}), ".json")) == {1: "unchanged"}


REFUSED: dict[str, Any] = {
    "no JSON": b"{",
    "deep": b"[" * 100_000,
    "no services": as_json({"contents": [{"id": "x", "name": "Term", "taxonomy": "t"}]}),
    "a figure": b"1",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_no_hsds(data: bytes) -> None:
    run = checked(data, ".json")
    assert (run.state, bool(run.error), run.rows.count()) == ("failed", True, 0)


def test_strange_values_are_no_trouble() -> None:
    strange = {
        "id": 7, "name": "Odd", "organization": "x", "phones": "none", "schedules": [None, 3, {"byday": 5}], "attributes": {"a": 1},
        "service_at_locations": [{"location": None}, 4], "languages": [{"code": "zz"}], "service_areas": [{"name": "x", "extent": "{"}], "status": [],
    }  # fmt: skip
    run = checked(as_json([strange, SERVICE]), ".json")
    assert outcomes(run) == {1: "refused", 2: "new"}
    assert "organisation-missing" in rules(run, 1)


OHANA = {
    "organizations": "id,name,description\n1,Family Service,Helps\n",
    "locations": "id,organization_id,name,latitude,longitude,languages,virtual,website\n1,1,Centre,37.98,23.73,\"Greek, Arabic\",false,https://family.example.org\n",
    "addresses": "id,location_id,address_1,city,postal_code,country\n1,1,Street 5,Athens,10437,GR\n",
    "services": "id,location_id,name,description,eligibility,fees,status,taxonomy_ids\n1,1,Lunch,Warm lunch.,Everybody,None,active,101\n2,1,Old,Gone.,,,defunct,\n",
    "phones": "id,location_id,contact_id,number,number_type\n1,1,,+30 21 0321 0001,voice\n2,1,,+30 21 0321 0002,fax\n3,,1,+30 694 000 0001,voice\n",
    "contacts": "id,location_id,name\n1,1,Susan Houston\n",
    "regular_schedules": "id,location_id,weekday,opens_at,closes_at\n1,1,Monday,9am,3:00 PM\n",
    "taxonomy": "taxonomy_id,name\n101,food\n",
}  # fmt: skip


@pytest.mark.parametrize("folder", ["", "sample-csv__"])
def test_tables_of_the_older_kind(folder: str) -> None:
    run = checked(packed(**{folder + name: text for name, text in OHANA.items()}), ".zip")
    assert outcomes(run) == {2: "new", 3: "new"}
    assert "closed-in-source" in rules(run, 3)
    assert go(run, "to_apply").report["problems"] == 0
    made = Service.objects.get(external_ids={"open-door": "1"})
    assert (made.organisation.name, made.texts.get().eligibility_text, made.texts.get().cost_note) == (
        "Family Service",
        "Everybody",
        "None",
    )
    assert sorted(made.contacts.values_list("value", flat=True)) == ["+302103210001", "https://family.example.org"]
    assert list(made.hours.values_list("weekday", "opens", "closes")) == [(0, 540, 900)]
    assert [c.pk for c in made.categories.all()] == ["food"]
    assert made.locations.get() == Service.objects.get(external_ids={"open-door": "2"}).locations.get()
    assert "Houston" not in str(list(run.rows.values())) + str(run.report)
    again = checked(packed(**OHANA), ".zip")
    assert outcomes(again) == {2: "unchanged", 3: "unchanged"}


def _trap(tmp_path: Path, name: str) -> Path:
    path = tmp_path / "trap.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if name == "traversal":
            archive.writestr("../services.csv", "id,name\n1,x\n")
        elif name == "absolute":
            archive.writestr("/etc/services.csv", "id,name\n1,x\n")
        elif name == "bomb":
            archive.writestr("services.csv", "id,name\n" + "0" * 60_000_000)
        elif name == "many":
            for number in range(70):
                archive.writestr(f"{number}.csv", "id\n")
        elif name == "nothing":
            archive.writestr("readme.txt", "hello")
        elif name == "letters":
            archive.writestr("services.csv", b"id,name\n1,\xff\xfe\n")
    if name == "cut":
        path.write_bytes(packed(services="id,name\n1,x\n")[:-30])
    return path


@pytest.mark.parametrize("name", ["traversal", "absolute", "bomb", "many", "nothing", "letters", "cut"])
def test_zips_that_are_traps(tmp_path: Path, name: str) -> None:
    with pytest.raises(TableError):
        services_of(_trap(tmp_path, name))


def test_the_public_examples() -> None:
    folder = SHARED / "hsds_3.0_examples"
    if not folder.is_dir():
        pytest.skip("the public samples are not on this machine")
    of = source("examples", category_id="mental_health", country="US")
    for name in ("service_full", "organization_full", "service_at_location_full", "tabular"):
        run = checked(folder / f"{name}.json", of=of)
        number = 2 if name == "tabular" else 1
        assert outcomes(run) == {number: "refused"}, name  # its latitude is 100
        assert {"coordinates-range", "code-unknown"} <= rules(run, number)
        assert "Persona" not in str(list(run.rows.values())) + str(run.report)
    run = checked(folder / "taxonomy_term_list.json", of=of)
    assert (run.state, "no services" in run.error) == ("failed", True)


def test_the_public_ohana_tables(tmp_path: Path) -> None:
    folder = SHARED / "ohana_sample_csv"
    if not folder.is_dir():
        pytest.skip("the public samples are not on this machine")
    path = tmp_path / "ohana.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.glob("*.csv"):
            archive.write(file, file.name)
    of = source("ohana", category_id="community", country="US")
    run = checked(path, of=of)
    assert (run.rows_new, run.rows_bad) == (22, 1)
    assert go(run, "to_apply").report["problems"] == 0
    again = checked(path, of=of)
    assert (again.rows_unchanged, again.rows_bad) == (22, 1)
    go(run, "to_undo")
    assert not Service.objects.filter(external_ids__has_key="ohana").exists()


def test_upload_helper_keeps_the_ending() -> None:
    assert upload(b"[]", ".json").stored_as.endswith(".json")
