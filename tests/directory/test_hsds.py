"""The HSDS API: addresses, shapes, filters, and that nothing goes out which is not public."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import jsonschema
import pytest
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bot.lookup.geometry import distance_km
from directory.hsds import published as reading
from directory.hsds.rates import rate
from directory.hsds.schedules import schedules
from directory.hsds.taxonomy import taxonomies, term, terms
from directory.models import (
    ConfidentialPlace,
    ContactPoint,
    Location,
    OpeningException,
    OpeningInterval,
    Organisation,
    Publication,
    Service,
    ServiceText,
)
from directory.publish import publish

pytestmark = pytest.mark.django_db
ATHENS = (37.98376, 23.72784)
SCHEMAS = json.loads((Path(__file__).parent / "hsds_schemas" / "3.0.json").read_text(encoding="utf-8"))
SECRETS = ("ZZSENTINEL", "ZZPOST", "ZZBUS", "ZZNOTE", "ZZNAME", "ZZSTAFF", "37.98765", "23.71234", "1632967999")
MOST_QUERIES = 15


@pytest.fixture(autouse=True)
def fresh(settings: Any) -> None:
    """No counts of earlier tests, and no limit but where it is tested."""
    cache.clear()
    settings.HSDS_RATE = "100000/min"


@pytest.fixture
def site(db: None, client: Client) -> Client:
    """A reader of the sample directory, just published."""
    publish()
    return client


def get(client: Client, path: str, **query: Any) -> Any:
    answer = client.get(f"/hsds/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def hide(service: Service, visibility: str) -> Location:
    """Make the service's place confidential, with a sentinel in every field that must not go out."""
    place = service.locations.get()
    place.visibility, place.centre_lat, place.centre_lon, place.name = visibility, 37.5, 23.25, "ZZNAME"
    place.address, place.postcode, place.transport = "ZZSENTINEL Street 99", "ZZPOST", "ZZBUS"
    place.lat, place.lon = 37.98765431, 23.71234567
    place.save()
    ConfidentialPlace.objects.filter(location=place).update(note="ZZNOTE")
    service.sites.update(note="ZZSTAFF")
    Service.objects.filter(pk=service.pk).update(capacity_note="ZZSTAFF")
    return place


def crawl(client: Client) -> str:
    """Every word that the API tells: all lists in full, all objects one by one, and the pages around them."""
    told = [client.get(path).content.decode() for path in ("/hsds/", "/hsds/docs", "/hsds/openapi.json")]
    for kind, query in (
        ("services", "full=true"),
        ("services", "minimal=true"),
        ("services", "search=ZZ"),
        ("organizations", "full_service=true"),
        ("service_at_locations", "full=true"),
        ("service_at_locations", "proximity=37.98765431,23.71234567,0.5"),
        ("taxonomies", ""),
        ("taxonomy_terms", ""),
    ):
        page, pages = 1, 1
        while page <= pages:
            answer = client.get(f"/hsds/{kind}?per_page=100&page={page}&{query}")
            told.append(answer.content.decode())
            pages, page = answer.json()["total_pages"], page + 1
    return "\n".join(told)


FORMATS = jsonschema.FormatChecker(formats=["uuid", "email"])


@FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: Any) -> bool:
    return datetime.fromisoformat(str(value).replace("Z", "+00:00")).tzinfo is not None


@FORMATS.checks("uri")
def _is_uri(value: Any) -> bool:
    return bool(urlsplit(str(value)).scheme)


def check(kind: str, found: Any) -> None:
    """Raises unless this is such an object by HSDS's own schema, its ids and times included."""
    schema = {**SCHEMAS, "$ref": f"#/{kind}"}
    jsonschema.Draft202012Validator(schema, format_checker=FORMATS).validate(found)


def strange(kind: str, found: Any) -> set[str]:
    """Fields that HSDS's schema of that kind does not name."""
    return {f"{kind}.{name}" for name in found if name not in SCHEMAS[kind]["properties"]}


UNKNOWN = str(uuid4())


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("", 200),
        ("services", 200),
        ("services?full=true&per_page=100", 200),
        ("services?minimal=true", 200),
        ("services?search=legal", 200),
        ("services?search=100%25_", 200),
        ("services?language=ar", 200),
        ("services?format=json", 200),
        ("services?page=9999", 200),
        ("services?modified_after=2020-01-01", 200),
        ("services?modified_after=2020-01-01T10:00:00Z", 200),
        (f"services?taxonomy_term_id={UNKNOWN}", 200),
        (f"services?organization_id={UNKNOWN}", 200),
        ("organizations?full=true", 200),
        ("organizations?full_service=true&per_page=2", 200),
        ("service_at_locations", 200),
        ("service_at_locations?proximity=37.98,23.73,5", 200),
        ("service_at_locations?proximity=90,180,500", 200),
        ("taxonomies", 200),
        ("taxonomy_terms", 200),
        ("openapi.json", 200),
        ("docs", 200),
        (f"services/{UNKNOWN}", 404),
        (f"organizations/{UNKNOWN}", 404),
        (f"service_at_locations/{UNKNOWN}", 404),
        (f"taxonomies/{UNKNOWN}", 404),
        (f"taxonomy_terms/{UNKNOWN}", 404),
        ("services/1", 404),
        ("services/", 404),
        ("locations", 404),
        ("services?page=0", 400),
        ("services?page=x", 400),
        ("services?per_page=101", 400),
        ("services?per_page=0", 400),
        ("services?minimal=true&per_page=10001", 400),
        ("services?format=ndjson", 400),
        ("services?language=xx", 400),
        ("services?modified_after=yesterday", 400),
        ("services?full=perhaps", 400),
        ("services?taxonomy_id=shelter", 400),
        ("services?organisation_id=1", 400),
        ("services?search=%00", 400),
        ("service_at_locations?postcode=10431", 400),
        ("service_at_locations?proximity=5", 400),
        ("service_at_locations?proximity=91,0,5", 400),
        ("service_at_locations?proximity=nan,0,5", 400),
        ("service_at_locations?proximity=0,0,501", 400),
        ("service_at_locations?proximity=0,0,-1", 400),
        ("taxonomies?minimal=true", 400),
    ],
)
def test_addresses(site: Client, path: str, status: int) -> None:
    answer = site.get(f"/hsds/{path}")
    assert answer.status_code == status, answer.content
    assert not answer.cookies
    if path != "docs":
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    if status >= 400:
        assert answer.json()["error"]
    if status == 400:
        assert answer.json()["fields"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["", "services", "locations", f"services/{UNKNOWN}"])
def test_it_can_only_be_read(site: Client, method: str, path: str) -> None:
    answer = getattr(site, method)(f"/hsds/{path}")
    assert answer.status_code == 405 and "only be read" in answer.json()["error"]
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_head_options_and_the_address_without_a_slash(site: Client) -> None:
    assert site.head("/hsds/services").status_code == 200
    answer = site.options("/hsds/services")
    assert answer.status_code == 204 and "GET" in answer.headers["Access-Control-Allow-Methods"]
    assert site.get("/hsds").headers["Location"] == "/hsds/"


def test_what_has_not_changed_is_not_sent_again(site: Client) -> None:
    tag = site.get("/hsds/services").headers["ETag"]
    assert site.get("/hsds/services", headers={"If-None-Match": tag}).status_code == 304
    Service.objects.filter(public_id="gr-athens-legal-1").update(status="archived")
    assert site.get("/hsds/services", headers={"If-None-Match": tag}).status_code == 200


def test_too_many_requests(site: Client, settings: Any) -> None:
    settings.HSDS_RATE = "2/min"
    codes = [site.get("/hsds/").status_code for _ in range(3)]
    answer = site.get("/hsds/services")
    assert codes == [200, 200, 429] and int(answer.headers["Retry-After"]) > 0 and "ask again" in answer.json()["error"]
    assert site.get("/hsds/", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert site.get("/hsds/", headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 429


@pytest.mark.parametrize("value", ["", "fast", "120", "0/min", "1/fortnight", "120/minute"])
def test_a_rate_that_is_none(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="WAYPOST_HSDS_RATE"):
        rate(value)


def test_before_the_first_publication(client: Client) -> None:
    assert "published_at" not in get(client, "")
    answer = client.get("/hsds/services")
    assert answer.status_code == 503 and "Nothing has been published" in answer.json()["error"]


def test_an_unexpected_error_tells_nothing(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Any) -> Any:
        raise RuntimeError("ZZSENTINEL")

    monkeypatch.setattr(reading.Published, "live", broken)
    answer = site.get("/hsds/services")
    assert answer.status_code == 500 and "ZZSENTINEL" not in answer.content.decode()


def test_the_api_itself(site: Client) -> None:
    about = get(site, "")
    assert about["version"] == "3.0"
    assert about["openapi_url"] == "http://testserver/hsds/openapi.json"
    assert about["profile"] == "http://testserver/hsds/docs"


@pytest.mark.parametrize(
    ("path", "kind", "query"),
    [
        ("services", "service", {}),
        ("services", "service", {"full": "true"}),
        ("services", "service", {"full": "true", "language": "ar"}),
        ("organizations", "organization", {}),
        ("organizations", "organization", {"full_service": "true"}),
        ("service_at_locations", "service_at_location", {}),
        ("service_at_locations", "service_at_location", {"full": "true"}),
        ("taxonomies", "taxonomy", {}),
        ("taxonomy_terms", "taxonomy_term", {}),
    ],
)
def test_lists_and_objects_fit_the_schemas_of_hsds(site: Client, path: str, kind: str, query: dict[str, str]) -> None:
    page = get(site, path, per_page=100, **query)
    check("page", page)
    assert page["contents"] and page["size"] == len(page["contents"])
    found = set()
    for item in page["contents"]:
        check(kind, item)
        found |= strange(kind, item)
        for service in (*item.get("services", ()), *([item["service"]] if "service" in item else ())):
            if len(service) > 3:
                check("service", service)
    assert found <= {"organization.services", "service_at_location.service"}, "both are in HSDS's compiled schemas"
    one = get(site, f"{path}/{page['contents'][0]['id']}")
    check(kind, one)


def test_every_object_has_only_fields_of_hsds(site: Client) -> None:
    lists = {
        "phones": "phone",
        "schedules": "schedule",
        "languages": "language",
        "service_areas": "service_area",
        "cost_options": "cost_option",
        "required_documents": "required_document",
        "attributes": "attribute",
    }
    seen: dict[str, int] = dict.fromkeys(lists, 0)
    found: set[str] = set()
    for service in get(site, "services", full="true", per_page=100)["contents"]:
        found |= strange("service", service)
        for name, kind in lists.items():
            seen[name] += len(service[name])
            found |= {field for item in service[name] for field in strange(kind, item)}
        for place in service["service_at_locations"]:
            found |= strange("service_at_location", place) | strange("location", place["location"])
    assert found == {"attribute.label"}, "of HSDS 3.1"
    assert min(seen.values()) > 0, seen


def test_answers_fit_our_own_description(site: Client) -> None:
    description = get(site, "openapi.json")
    assert description["openapi"].startswith("3.")
    for path, query in (
        ("services", {}),
        ("services", {"full": "true"}),
        ("services", {"minimal": "true"}),
        ("organizations", {"full": "true"}),
        ("service_at_locations", {"full": "true"}),
        ("service_at_locations", {}),
        ("taxonomy_terms", {}),
    ):
        operation = description["paths"][f"/hsds/{path}"]["get"]
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]
        jsonschema.Draft202012Validator({**description, **shape}).validate(get(site, path, **query))
        assert set(query) <= {parameter["name"] for parameter in operation["parameters"]}
    assert set(operation["responses"]) == {"200", "400", "429", "503"}


def test_the_page_for_people_loads_nothing(site: Client) -> None:
    page = site.get("/hsds/docs").content.decode()
    assert "GET /hsds/service_at_locations/{id}" in page and "proximity" in page
    assert "<script" not in page and "src=" not in page and "http" not in page.replace('charset="utf-8"', "")


def test_one_service(site: Client, service: Service) -> None:
    found = get(site, f"services/{service.uuid}")
    text = service.texts.get(lang="en")
    assert (found["id"], found["name"], found["status"]) == (str(service.uuid), text.name, "active")
    assert found["description"] == text.short_text and found["assured_date"] == str(service.verified_on)
    assert "sample" in found["alert"] and found["organization"]["id"] == str(service.organisation.uuid)
    phone = ContactPoint.objects.get(services=service, kind="phone")
    assert [(p["id"], p["number"], p["type"]) for p in found["phones"] if p["type"] == "voice"] == [
        (str(phone.uuid), "+441632960101", "voice")
    ]
    [hours] = [schedule for schedule in found["schedules"] if "byday" in schedule]
    assert (hours["byday"], hours["opens_at"], hours["closes_at"]) == ("MO,TU,WE,TH,FR", "09:00", "17:00")
    assert hours["freq"] == "WEEKLY" and hours["timezone"] in (2, 3) and "Europe/Athens" in hours["notes"]
    [place] = found["service_at_locations"]
    location = service.locations.get()
    assert place["location"]["id"] == str(location.uuid) and place["location"]["latitude"] == location.lat
    assert place["location"]["addresses"][0]["address_1"] == location.address
    values = {(a["link_type"], a["value"]) for a in found["attributes"]}
    assert {("category", "legal_aid"), ("papers", "none_needed"), ("text_language", "en")} <= values
    assert get(site, f"service_at_locations/{place['id']}")["service"]["id"] == str(service.uuid)


def test_texts_in_the_language_that_is_asked_for(site: Client, service: Service) -> None:
    answer = site.get(f"/hsds/services/{service.uuid}?language=ar", headers={"Accept-Language": "fr"})
    assert answer.json()["name"] == service.texts.get(lang="ar").name
    assert answer.headers["Content-Language"] == "ar"
    service.texts.filter(lang="ar").update(state=ServiceText.State.DRAFT)
    publish()
    assert get(site, f"services/{service.uuid}", language="ar")["name"] == service.texts.get(lang="en").name


@pytest.mark.parametrize(
    ("status", "told"),
    [("published", "active"), ("paused", "temporarily closed"), ("draft", None), ("closed", None), ("archived", None)],
)
def test_only_what_is_published(site: Client, service: Service, status: str, told: str | None) -> None:
    Service.objects.filter(pk=service.pk).update(status=status)
    if told is None:
        assert str(service.uuid) not in crawl(site), "what is withdrawn is gone before the next publication"
        publish()
        assert site.get(f"/hsds/services/{service.uuid}").status_code == 404
    else:
        publish()
        assert get(site, f"services/{service.uuid}")["status"] == told


def test_what_is_long_out_of_date_is_not_told(site: Client, service: Service, today: Any) -> None:
    Service.objects.filter(pk=service.pk).update(hidden_after=today - timedelta(days=1))
    publish()
    assert site.get(f"/hsds/services/{service.uuid}").status_code == 404


def test_edits_wait_for_the_publication(site: Client, service: Service) -> None:
    service.texts.filter(lang="en").update(name="ZZSTAFF not published yet")
    assert "ZZSTAFF" not in crawl(site)


@pytest.mark.parametrize("again", [True, False], ids=["published again", "not yet published again"])
@pytest.mark.parametrize("visibility", ["area_only", "contact_only"])
def test_a_confidential_place_is_in_no_answer(site: Client, service: Service, visibility: str, again: bool) -> None:
    before = service.locations.get()
    hidden = [before.address, str(before.lat), str(before.lon)]
    ContactPoint.objects.create(organisation=service.organisation, kind="phone", value="+441632967999")
    place = hide(service, visibility)
    if again:
        publish()
    told = crawl(site)
    one = site.get(f"/hsds/services/{service.uuid}").content.decode()
    assert str(service.uuid) in told
    assert [word for word in (*SECRETS, *hidden) if word in told + one] == []
    found = json.loads(one)["service_at_locations"]
    if visibility == "area_only" and again:
        [at] = found
        assert "latitude" not in at["location"] and "name" not in at["location"]
        assert at["location"]["addresses"][0]["city"] == "Athens"
        assert at["location"]["addresses"][0]["address_1"] == at["location"]["addresses"][0]["postal_code"] == ""
    else:
        assert found == [] and str(place.uuid) not in told


def test_nearness_does_not_betray_an_area_only_place(site: Client, service: Service) -> None:
    place = hide(service, "area_only")
    publish()

    def near(lat: float, lon: float) -> set[str]:
        page = get(site, "service_at_locations", proximity=f"{lat},{lon},1", per_page=100)
        return {item["service"]["id"] for item in page["contents"]}

    assert str(service.uuid) not in near(37.98765431, 23.71234567)
    assert str(service.uuid) in near(place.centre_lat or 0, place.centre_lon or 0)


@pytest.mark.parametrize(
    ("point", "radius"), [(ATHENS, 1), (ATHENS, 5), (ATHENS, 400), ((14.08, -87.2), 50), ((0, 179.9), 300)]
)
def test_nearness_is_that_of_the_bot(
    site: Client, snapshot_path: Path, today: Any, point: tuple[float, float], radius: float
) -> None:
    with sqlite3.connect(snapshot_path) as snapshot:
        query = "SELECT service_id, lat, lon FROM site JOIN service ON service.id = service_id WHERE hidden_after >= ?"
        rows = snapshot.execute(query, (str(today),)).fetchall()
    uuids = {service.public_id: str(service.uuid) for service in Service.objects.all()}
    near = [uuids[service] for service, lat, lon in rows if distance_km(*point, lat, lon) <= radius]
    page = get(site, "service_at_locations", proximity=f"{point[0]},{point[1]},{radius}", per_page=100)
    assert page["total_items"] == len(near)
    assert sorted(item["service"]["id"] for item in page["contents"]) == sorted(near)
    told = [
        distance_km(*point, item["location"]["latitude"], item["location"]["longitude"])
        for item in page["contents"]
        if "latitude" in item["location"]
    ]
    assert told == sorted(told)


def test_pages(site: Client) -> None:
    whole = [item["id"] for item in get(site, "services", minimal="true")["contents"]]
    pages = [get(site, "services", per_page=40, page=page) for page in range(1, -(-len(whole) // 40) + 2)]
    assert [item["id"] for page in pages for item in page["contents"]] == whole == list(dict.fromkeys(whole))
    shape = [(p["page_number"], p["first_page"], p["last_page"], p["empty"]) for p in pages]
    assert shape[0] == (1, True, False, False) and shape[-1] == (len(pages), False, True, True)
    assert shape[-2] == (len(pages) - 1, False, True, False)
    assert {(p["total_items"], p["total_pages"]) for p in pages} == {(len(whole), len(pages) - 1)}


@pytest.mark.parametrize(
    ("taxonomy", "code", "expected"),
    [
        ("category", "legal_aid", {"categories": "legal_aid"}),
        ("papers", "none_needed", {"papers": "none_needed"}),
        ("audiences", "gbv_survivor", {"audiences__icontains": "gbv_survivor"}),
        ("operator_type", "rcrc", {"operator_type": "rcrc"}),
    ],
)
def test_services_by_term(site: Client, today: Any, taxonomy: str, code: str, expected: dict[str, str]) -> None:
    current = Service.objects.filter(status__in=Service.PUBLIC_STATUSES, hidden_after__gte=today)
    wanted = {str(uuid) for uuid in current.filter(**expected).values_list("uuid", flat=True)}
    page = get(site, "services", taxonomy_term_id=term(taxonomy, code).id, minimal="true")
    assert {item["id"] for item in page["contents"]} == wanted != set()
    of_taxonomy = get(site, "services", taxonomy_id=term(taxonomy, code).taxonomy.id, minimal="true")
    assert of_taxonomy["total_items"] >= len(wanted)


def test_each_attribute_is_a_term_by_which_its_service_is_found(site: Client) -> None:
    services = get(site, "services", full="true", per_page=100)["contents"]
    used = {a["taxonomy_term_id"]: service["id"] for service in services for a in service["attributes"]}
    assert set(used) <= set(terms()) and len({terms()[id].taxonomy.id for id in used}) == len(taxonomies())
    for id, service in used.items():
        page = get(site, "services", taxonomy_term_id=id, minimal="true")
        assert service in {item["id"] for item in page["contents"]}, terms()[id]


def test_by_organisation_and_words(site: Client, service: Service) -> None:
    organisation = str(service.organisation.uuid)
    page = get(site, "services", organization_id=organisation)
    assert {item["organization"]["id"] for item in page["contents"]} == {organisation}
    offered = get(site, f"organizations/{organisation}")["services"]
    assert {item["id"] for item in offered} == {item["id"] for item in page["contents"]}
    name = service.texts.get(lang="en").name
    assert str(service.uuid) in {item["id"] for item in get(site, "services", search=name)["contents"]}
    assert get(site, "services", search="%")["total_items"] < get(site, "services")["total_items"]
    assert get(site, "organizations", search=service.organisation.name)["total_items"] >= 1


def test_an_organisation_without_public_services_is_not_told(site: Client) -> None:
    Organisation.objects.create(name="ZZSTAFF only being written", kind="ngo")
    publish()
    assert "ZZSTAFF" not in crawl(site)


def test_changes_since_the_last_visit(site: Client, service: Service, today: Any) -> None:
    Service.objects.update(verified_on=today - timedelta(days=10))  # a check of today counts until the day is over
    first = Publication.objects.latest("pk")
    Publication.objects.filter(pk=first.pk).update(at=first.at + timedelta(seconds=5))
    later = Publication.objects.create(at=first.at + timedelta(hours=1))
    later.delete()
    text = service.texts.get(lang="en")
    text.short_text = "Changed"
    text.save()
    text.history.all().update(history_date=first.at + timedelta(minutes=20))
    second = publish()
    Publication.objects.filter(pk=second.publication).update(at=first.at + timedelta(hours=1))
    with sqlite3.connect(second.path) as snapshot:
        at = (first.at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        snapshot.execute("UPDATE meta SET value = ? WHERE key = 'published_at'", (at,))
    assert get(site, "")["published_at"] == at
    changed = get(site, "services", modified_after=(first.at + timedelta(minutes=30)).isoformat())
    assert [item["id"] for item in changed["contents"]] == [str(service.uuid)], "edited before that, published after it"
    assert changed["contents"][0]["last_modified"] == at
    assert get(site, "services", modified_after="2100-01-01")["empty"] is True


def test_hours_as_schedules(site: Client, service: Service, today: Any) -> None:
    service.hours.all().delete()
    service.exceptions.all().delete()
    for weekday, opens, closes, appointment in (
        (0, 540, 720, False),
        (0, 780, 1020, False),
        (1, 540, 720, False),
        (5, 0, 1440, False),
        (6, 1320, 360, True),
    ):
        OpeningInterval.objects.create(
            service=service, weekday=weekday, opens=opens, closes=closes, appointment_only=appointment
        )
    OpeningException.objects.create(service=service, date=today + timedelta(days=3), note="ZZSTAFF")
    OpeningException.objects.create(service=service, date=today + timedelta(days=4), opens=600, closes=660)
    publish()
    found = get(site, f"services/{service.uuid}")["schedules"]
    assert [(s.get("byday"), s.get("opens_at"), s.get("closes_at")) for s in found] == [
        ("MO,TU", "09:00", "12:00"),
        ("MO", "13:00", "17:00"),
        ("SA", "00:00", "23:59"),
        ("SU", "22:00", "06:00"),
        (None, None, None),
        (None, "10:00", "11:00"),
    ]
    assert found[3]["description"] == "By appointment only." and "next day" in found[3]["notes"]
    assert "Closed" in found[4]["description"] and found[4]["dtstart"] == str(today + timedelta(days=3))
    assert len({s["id"] for s in found}) == 6 and "ZZSTAFF" not in json.dumps(found)
    assert [schedule["id"] for schedule in get(site, f"services/{service.uuid}")["schedules"]] == [
        s["id"] for s in found
    ]


def test_hours_without_a_zone() -> None:
    with sqlite3.connect(":memory:") as none:
        none.row_factory = sqlite3.Row
        rows = none.execute(
            "SELECT 0 AS weekday, 540 AS opens, 600 AS closes, 0 AS appointment_only, NULL AS valid_from, '2026-12-31' AS valid_to"
        ).fetchall()
    [found] = schedules(UNKNOWN, rows, [], "", datetime(2026, 1, 1, tzinfo=timezone.utc), since="2026-01-01")
    assert "timezone" not in found and found["until"] == "2026-12-31" and found["notes"] == ""


def test_ids_stay_and_are_of_their_own(site: Client) -> None:
    before = {item["id"]: item for item in get(site, "services", full="true", per_page=100)["contents"]}
    publish()
    after = {item["id"]: item for item in get(site, "services", full="true", per_page=100)["contents"]}
    assert before.keys() == after.keys()
    for id, service in before.items():
        assert UUID(id) and [a["id"] for a in service["attributes"]] == [a["id"] for a in after[id]["attributes"]]
        attributes = [a["id"] for a in service["attributes"]]
        assert len(set(attributes)) == len(attributes)


@pytest.mark.parametrize(
    "path",
    [
        "services?per_page={n}",
        "services?per_page={n}&full=true",
        "services?minimal=true&per_page={n}",
        "services?per_page={n}&modified_after=2020-01-01",
        "organizations?per_page={n}&full_service=true",
        "service_at_locations?per_page={n}",
        "service_at_locations?per_page={n}&full=true&proximity=37.98,23.73,500",
        "taxonomy_terms?per_page={n}",
    ],
)
def test_the_queries_do_not_grow_with_the_page(site: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    asked: list[str] = []
    plain = reading.Published.rows

    def counted(self: Any, sql: str, parameters: Any = ()) -> Any:
        asked.append(sql)
        return plain(self, sql, parameters)

    monkeypatch.setattr(reading.Published, "rows", counted)
    counts = []
    for size in (2, 100):
        asked.clear()
        with CaptureQueriesContext(connection) as queries:
            assert site.get("/hsds/" + path.format(n=size)).status_code == 200
        counts.append((len(queries), len(asked)))
    assert counts[0] == counts[1] and counts[1][0] <= MOST_QUERIES and counts[1][1] <= MOST_QUERIES + 5, counts
