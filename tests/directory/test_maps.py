"""The maps: what lies where, how dots are gathered, the check of a pin, the file of points; never an exact confidential place."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from directory.maps.clusters import DETAILED
from directory.maps.sites import FRESHNESS, freshness_of
from directory.maps.texts import tile_origin
from directory.maps.towns import Box, centre_of, towns_in
from directory.middleware import ContentSecurityPolicy
from directory.models import ConfidentialPlace, Location, Service, ServiceAtLocation

pytestmark = pytest.mark.django_db
WORLD = {"bbox": "-180,-90,180,90", "zoom": "3"}
EXACT = (37.8642975, 23.8913579)
"""Where a confidential place lies: no answer may hold these figures."""


def text_of(answer: Any) -> str:
    """The body; a streamed one is read once and kept."""
    if answer.streaming and not hasattr(answer, "_read"):
        answer._read = b"".join(answer.streaming_content)
    body = answer._read if answer.streaming else answer.content
    return str(body.decode())


@pytest.fixture
def hidden(service: Service) -> Location:
    """The place of the sample service, which has become confidential: known are the city and its centre."""
    location = service.locations.get()
    location.lat, location.lon = EXACT
    location.address, location.name = "ZZSENTINEL Street 99", "ZZNAME House"
    location.save()
    location.visibility = Location.Visibility.AREA_ONLY
    location.save()
    stored = ConfidentialPlace.objects.get(location=location)
    assert (stored.lat, stored.lon, stored.address) == (*EXACT, "ZZSENTINEL Street 99")
    return location


def leaks(text: str) -> list[str]:
    return [figure for figure in ("ZZSENTINEL", "37.864", "23.891") if figure in text]


@pytest.mark.parametrize("superuser", [True, False])
@pytest.mark.parametrize("visibility", ["area_only", "contact_only"])
def test_no_exact_confidential_place_leaves(
    hidden: Location,
    service: Service,
    client: Client,
    editor: Callable[..., Client],
    django_user_model: Any,
    visibility: str,
    superuser: bool,
) -> None:
    Location.objects.filter(pk=hidden.pk).update(visibility=visibility)
    if superuser:
        client.force_login(django_user_model.objects.create_superuser("admin", password="a long pass phrase"))
    else:
        client = editor("view_service", "view_location", "change_location", "view_serviceatlocation", "change_service")
    near = {"bbox": "23,37,24,38.5", "zoom": "15"}
    pages = [
        client.get(reverse("maps:coverage"), {"country": "GR"}),
        client.get(reverse("maps:points"), WORLD),
        client.get(reverse("maps:points"), near),
        client.get(reverse("maps:points"), {"bbox": "23.89,37.86,23.9,37.87", "zoom": "18"}),
        client.get(reverse("maps:geojson")),
        client.get(reverse("admin:directory_service_change", args=[service.pk])),
    ]
    if not superuser:  # who may see it finds it on the page of the place, in its own part
        pages.append(client.get(reverse("admin:directory_location_change", args=[hidden.pk])))
    for page in pages:
        assert page.status_code == 200
        assert leaks(text_of(page)) == [], page.request["PATH_INFO"]
    assert not [page for page in pages[:5] if "ZZNAME" in text_of(page)]
    found = json.loads(text_of(client.get(reverse("maps:geojson"))))
    features = {row["id"]: row for row in found["features"]}
    mine = features[f"{service.public_id}:{hidden.public_id}"]
    expected = {"area_only": ([hidden.centre_lon, hidden.centre_lat], "city"), "contact_only": (None, "none")}[
        visibility
    ]
    assert (mine["geometry"] and mine["geometry"]["coordinates"], mine["properties"]["precision"]) == expected
    assert "address" not in mine["properties"]


def test_a_confidential_place_is_a_dot_at_the_centre_of_its_city(
    staff: Client, hidden: Location, service: Service
) -> None:
    Location.objects.filter(pk=hidden.pk).update(centre_lat=38.5, centre_lon=22.5)
    answer = staff.get(reverse("maps:points"), {"bbox": "22.4,38.4,22.6,38.6", "zoom": "14"}).json()
    (dot,) = answer["clusters"]
    assert (dot["lat"], dot["lon"], dot["count"]) == (38.5, 22.5, 1)
    assert dot["services"][0]["city_only"] is True
    assert dot["services"][0]["url"] == reverse("admin:directory_service_change", args=[service.pk])


def test_the_page_of_a_place_shows_the_confidential_pin_only_to_those_who_may(
    hidden: Location, editor: Callable[..., Client]
) -> None:
    client = editor(
        "view_location", "change_location", "view_confidential", "change_confidentialplace", "view_confidentialplace"
    )
    page = text_of(client.get(reverse("admin:directory_location_change", args=[hidden.pk])))
    assert str(EXACT[0]) in page and 'id="map-settings"' in page and "directory/maps/place.js" in page


def test_geojson_is_longitude_first_and_holds_every_visible_service(staff: Client) -> None:
    answer = staff.get(reverse("maps:geojson"))
    assert answer["Content-Type"] == "application/geo+json" and "attachment" in answer["Content-Disposition"]
    found = json.loads(text_of(answer))
    assert found["type"] == "FeatureCollection"
    public = Service.objects.filter(status__in=Service.PUBLIC_STATUSES)
    sites = ServiceAtLocation.objects.filter(service__in=public)
    assert len(found["features"]) == sites.count() + public.filter(sites__isnull=True).count() > 20
    by_id = {row["id"]: row for row in found["features"]}
    assert len(by_id) == len(found["features"])
    precisions = set()
    for site in sites.select_related("location", "service"):
        row, place = by_id[site.public_id], site.location
        precisions.add(row["properties"]["precision"])
        if place.visibility == "public":
            assert row["geometry"] == {"type": "Point", "coordinates": [place.lon, place.lat]}
        assert row["properties"]["freshness"] == freshness_of(site.service)
    assert precisions == {"exact", "city", "none"}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"country": "GR"}, lambda s: "GR" in {place.country for place in s.locations.all()}),
        ({"category": "legal_aid"}, lambda s: "legal_aid" in {c.code for c in s.categories.all()}),
        ({"freshness": "current"}, lambda s: freshness_of(s) == "current"),
        ({"status": "draft"}, lambda s: True),
        ({"country": "ZZ", "category": "no_such"}, lambda s: False),
        ({"country": "nonsense", "freshness": "nonsense", "status": "nonsense"}, lambda s: True),
    ],
)
def test_filters_agree_on_map_and_table(
    staff: Client, query: dict[str, str], expected: Callable[[Service], bool]
) -> None:
    statuses = ("draft",) if query.get("status") == "draft" else Service.PUBLIC_STATUSES
    known = Service.objects.filter(status__in=statuses).prefetch_related("locations", "categories")
    wanted = [s for s in known if expected(s)]
    located = ServiceAtLocation.objects.filter(service__in=wanted)
    page = staff.get(reverse("maps:coverage"), query)
    assert sum(row["count"] for row in page.context["rows"]) == located.count()
    assert all(sum(row["states"]) == row["count"] for row in page.context["rows"])
    answer = staff.get(reverse("maps:points"), {**WORLD, **query}).json()
    assert answer["total"] == sum(dot["count"] for dot in answer["clusters"]) == located.count()


@pytest.mark.parametrize(
    ("verified", "due", "hidden", "state"),
    [
        (-10, 20, 80, "current"),
        (-30, 0, 60, "current"),
        (-31, -1, 59, "due"),
        (-90, -60, 0, "due"),
        (-91, -61, -1, "hidden"),
        (None, None, None, "never"),
    ],
)
def test_freshness_by_day_is_the_same_in_python_and_in_the_database(
    staff: Client, service: Service, verified: int | None, due: int | None, hidden: int | None, state: str
) -> None:
    today = timezone.localdate()
    day = [None if offset is None else today + timedelta(days=offset) for offset in (verified, due, hidden)]
    Service.objects.filter(pk=service.pk).update(verified_on=day[0], review_due=day[1], hidden_after=day[2])
    place = service.locations.get()
    Location.objects.filter(pk=place.pk).update(lat=0.5, lon=0.5, country="GH", city="Sea")
    box = {"bbox": "0.4,0.4,0.6,0.6", "zoom": "12"}
    assert freshness_of(Service.objects.get(pk=service.pk)) == state
    for other in FRESHNESS:
        answer = staff.get(reverse("maps:points"), {**box, "freshness": other}).json()
        assert answer["total"] == int(other == state), other
    page = staff.get(reverse("maps:coverage"), {"country": "GH"})
    assert dict(zip(FRESHNESS, page.context["rows"][0]["states"]))[state] == 1


@pytest.mark.parametrize(("zoom", "most", "least"), [(0, 4, 1), (4, 400, 1), (19, 600, 300)])
def test_many_places_are_counted_in_the_database(
    staff: Client, service: Service, zoom: int, most: int, least: int
) -> None:
    """More places than are told one by one: dots with counts, spread like a raster of the screen, nothing lost."""
    organisation, number = service.organisation, DETAILED + 200
    made = Location.objects.bulk_create(
        Location(
            public_id=f"many-{n}",
            organisation=organisation,
            city="Sea",
            country="GH",
            lat=0.01 * (n // 25),
            lon=0.01 * (n % 25),
            tz="UTC",
        )
        for n in range(number)
    )
    ServiceAtLocation.objects.bulk_create(ServiceAtLocation(service=service, location=place) for place in made)
    answer = staff.get(reverse("maps:points"), {"bbox": "-1,-1,2,2", "zoom": str(zoom)}).json()
    dots = answer["clusters"]
    assert answer["total"] == sum(dot["count"] for dot in dots) == number
    assert least <= len(dots) <= most
    assert all(sum(dot["states"].values()) == dot["count"] and "services" not in dot for dot in dots)
    for dot in dots:
        south, west, north, east = dot["box"]
        assert (
            south <= dot["lat"] + 1e-4
            and dot["lat"] <= north + 1e-4
            and west <= dot["lon"] + 1e-4
            and dot["lon"] <= east + 1e-4
        )


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"bbox": "1,2,3", "zoom": "3"},
        {"bbox": "1,2,nan,4", "zoom": "3"},
        {"bbox": "3,0,1,1", "zoom": "3"},
        {"bbox": "0,0,1,1", "zoom": "x"},
    ],
)
def test_a_bad_view_is_refused(staff: Client, query: dict[str, str]) -> None:
    assert staff.get(reverse("maps:points"), query).status_code == 400


@pytest.mark.parametrize("name", ["coverage", "points", "geojson", "towns"])
def test_strangers_log_in_first_and_others_need_the_permission(
    client: Client, editor: Callable[..., Client], name: str
) -> None:
    address = reverse(f"maps:{name}")
    assert client.get(address).status_code == 302
    assert editor().get(address, WORLD).status_code == (200 if name == "towns" else 403)


def test_a_partner_sees_only_what_they_may(client: Client, django_user_model: Any, service: Service) -> None:
    from django.contrib.auth.models import Permission

    user = django_user_model.objects.create_user("partner", password="a long pass phrase", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=("view_service", "view_location")))
    user.membership_set.create(organisation=service.organisation)
    client.force_login(user)
    own = Service.objects.filter(organisation=service.organisation)
    others = set(Service.objects.exclude(organisation=service.organisation).values_list("public_id", flat=True))
    found = json.loads(text_of(client.get(reverse("maps:geojson"))))
    seen = {row["properties"]["service"] for row in found["features"]}
    assert service.public_id in seen and not seen & others
    answer = client.get(reverse("maps:points"), WORLD).json()
    assert answer["total"] == ServiceAtLocation.objects.filter(service__in=own).count()


ATHENS = {"country": "GR", "city": "Athens"}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({**ATHENS, "lat": "37.99", "lon": "23.73"}, {"inside": True, "swapped": False, "found": True}),
        ({**ATHENS, "lat": "23.73", "lon": "37.99"}, {"inside": False, "swapped": True}),
        ({**ATHENS, "lat": "37,99", "lon": "23,73"}, {"inside": True, "swapped": False}),
        ({**ATHENS, "lat": "0", "lon": "0"}, {"inside": False, "swapped": False}),
        ({"country": "AR", "city": "Mendoza", "lat": "-68.84", "lon": "-32.89"}, {"inside": False, "swapped": True}),
        (
            {"country": "AR", "city": "", "lat": "-150", "lon": "-32.89"},
            {"inside": False, "swapped": False, "km": None},
        ),
        ({**ATHENS, "lat": "", "lon": ""}, {"inside": None, "km": None, "found": True}),
        (
            {**ATHENS, "centre_lat": "38", "centre_lon": "24", "lat": "38", "lon": "24"},
            {"km": 0.0, "found": False, "centre": [38.0, 24.0]},
        ),
        ({"country": "GR", "city": "Nowhere at all"}, {"centre": None, "found": False}),
        ({"country": "", "city": "", "lat": "inf", "lon": "nan"}, {"centre": None, "inside": None}),
    ],
)
def test_check_of_a_pin(staff: Client, typed: dict[str, str], expected: dict[str, Any]) -> None:
    answer = staff.post(reverse("maps:check"), typed).json()
    assert {name: answer[name] for name in expected} == expected


def test_check_tells_the_distance_and_takes_no_pin_from_the_address(staff: Client) -> None:
    typed = {**ATHENS, "lat": "38.0738", "lon": "23.72784"}
    assert 9.5 < staff.post(reverse("maps:check"), typed).json()["km"] < 10.5
    assert staff.get(reverse("maps:check"), typed).status_code == 405


def test_towns_of_a_view_are_the_largest(staff: Client) -> None:
    found = staff.get(reverse("maps:towns"), {"bbox": "23,37,25,39"}).json()["towns"]
    assert found[0][0] == "Athens" and len(found) <= 200
    assert [row[3] for row in found] == sorted((row[3] for row in found), reverse=True)
    assert len(towns_in(Box.parse("-180,-90,180,90"))) == 200
    assert towns_in(Box.parse("-30,-40,-25,-35")) == []


@pytest.mark.parametrize(
    ("city", "country", "found"),
    [
        ("athens", "GR", "Athens"),
        ("Saint Denis", "FR", "Saint-Denis"),
        ("Athens", "US", "Athens"),
        ("Athens", "DE", None),
    ],
)
def test_centre_of_a_city(city: str, country: str, found: str | None) -> None:
    town = centre_of(city, country)
    assert (town and town.name) == found and (town is None or town.country == country)


@pytest.mark.parametrize(
    ("template", "origin"),
    [
        ("", ""),
        ("https://tiles.example.org/{z}/{x}/{y}.png", "https://tiles.example.org"),
        ("https://{s}.tiles.example.org:8443/{z}/{x}/{y}.png?key=1", "https://*.tiles.example.org:8443"),
        ("http://tiles.example.org/{z}/{x}/{y}.png", None),
        ("https://tiles.example.org/{z}/{x}.png", None),
        ("https://tiles.{s}.org/{z}/{x}/{y}.png", None),
        ("https://a; script-src */{z}/{x}/{y}", None),
    ],
)
def test_pictures_come_from_elsewhere_only_if_a_tile_server_is_set(
    settings: Any, template: str, origin: str | None
) -> None:
    settings.MAP_TILES = template
    if origin is None:
        with pytest.raises(ImproperlyConfigured):
            ContentSecurityPolicy(lambda request: HttpResponse())
        return
    assert tile_origin(template) == origin
    policy = ContentSecurityPolicy(lambda request: HttpResponse())(None)["Content-Security-Policy"]  # type: ignore[arg-type]
    assert f"img-src 'self' data:{' ' + origin if origin else ''};" in policy and "default-src 'self';" in policy


def test_the_map_of_the_world_is_small_and_whole() -> None:
    from django.contrib.staticfiles import finders

    path = finders.find("directory/maps/world.json")
    with open(str(path), encoding="utf-8") as file:
        text = file.read()
    kinds = {feature["properties"]["kind"]: feature["geometry"]["type"] for feature in json.loads(text)["features"]}
    assert kinds == {"land": "MultiPolygon", "borders": "MultiLineString"} and len(text) < 500_000
