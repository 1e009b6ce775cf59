"""Search: who is found, who is not, in which order, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.lookup.geometry import boxes, distance_km
from bot.lookup.ranking import overdue
from bot.lookup.search import Query, national_services, search
from bot.lookup.snapshot import Directory
from tests.lookup.builder import Row, area, service, site
from tests.lookup.conftest import Opener

LAT, LON = 37.98, 23.73
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=ZoneInfo("Europe/Athens"))
OPEN = [(day, 0, 1440) for day in range(7)]
CLOSED_NOW = [(0, 1200, 1260)]


def query(**fields: Any) -> Query:
    values: dict[str, Any] = {
        "category": "food", "lat": LAT, "lon": LON, "country": "GR", "now": MONDAY, "language": "ar", "limit": 10,
    }  # fmt: skip
    return Query(**{**values, **fields})


def away(km: float) -> Row:
    """A site so many km north of the person."""
    return site(LAT + km / 111.195, LON)


def ids(directory: Directory, **fields: Any) -> list[str]:
    return [hit.service.id for hit in search(directory, query(**fields)).hits]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, True),
        ({"category": "shelter"}, False),
        ({"categories": ["shelter", "food"]}, True),
        ({"hidden_after": "2026-11-23"}, True),
        ({"hidden_after": "2026-11-22"}, False),
        ({"paused": 1}, True),
        ({"genders": "women"}, True),
        ({"min_age": 18}, True),
        ({"nationalities": ["SY"]}, True),
        ({"papers": "status_required"}, True),
        ({"audiences": ["lgbtqi"]}, True),
        ({"booking": "referral_only"}, True),
    ],
)
def test_hard_filters_without_a_word_about_the_person(directory: Opener, fields: Row, found: bool) -> None:
    """What is not known excludes nobody."""
    assert bool(ids(directory(service("a", site=away(1), **fields)))) is found


@pytest.mark.parametrize(
    ("fields", "people", "found"),
    [
        ({"genders": "women"}, {"man"}, False),
        ({"genders": "women"}, {"woman"}, True),
        ({"genders": "women"}, {"man", "woman"}, True),
        ({"genders": "men"}, {"pregnant"}, False),
        ({"genders": "men"}, {"man"}, True),
        ({"min_age": 18}, {"unaccompanied_child"}, False),
        ({"min_age": 18}, {"family", "child"}, True),
        ({"min_age": 12}, {"unaccompanied_child"}, True),
        ({"max_age": 17}, {"adult"}, False),
        ({"max_age": 17}, {"child"}, True),
        ({"audiences": ["gbv_survivor"]}, {"disability"}, True),
    ],
)
def test_only_explicit_contradictions_exclude(directory: Opener, fields: Row, people: set[str], found: bool) -> None:
    assert bool(ids(directory(service("a", site=away(1), **fields)), people=frozenset(people))) is found


@pytest.mark.parametrize(
    ("kilometres", "radius", "scope", "wider", "found"),
    [
        ([1, 2, 3, 20], 5.0, "near", None, 3),
        ([1, 2, 20], 25.0, "near", None, 3),
        ([1, 2, 20, 21], 25.0, "near", None, 4),
        ([8, 9, 10], 25.0, "near", 5.0, 3),
        ([60, 70, 80], 100.0, "near", 25.0, 3),
        ([60], 100.0, "near", 25.0, 1),
        ([300, 310], None, "country", 100.0, 2),
        ([1, 300], 100.0, "near", None, 1),
        ([], None, "none", None, 0),
    ],
)
def test_widening(
    directory: Opener, kilometres: list[float], radius: float | None, scope: str, wider: float | None, found: int
) -> None:
    rows = [service(f"s{n}", site=away(km)) for n, km in enumerate(kilometres)]
    result = search(directory(*rows), query(limit=3))
    assert (result.radius_km, result.scope, result.wider_than_km) == (radius, scope, wider)
    assert result.widened is (bool(kilometres) and radius != 5.0)
    near = [hit for hit in result.hits if (hit.distance_km or 0) <= (radius or 1000)]
    assert len(near) == min(found, 3)


def test_paused_and_long_unchecked_services_do_not_keep_the_search_near(directory: Opener) -> None:
    opened = directory(
        service("paused", site=away(1), paused=1),
        service("stale", site=away(1), verified_on="2026-05-01", review_due="2026-07-01"),
        service("near", site=away(2)),
        service("far", site=away(10)),
    )
    assert ids(opened) == ["near", "far", "stale", "paused"] or ids(opened) == ["near", "far", "paused", "stale"]


def test_another_country_is_not_searched_beyond_the_radius(directory: Opener) -> None:
    opened = directory(
        service("abroad-near", site=site(LAT + 0.5, LON, country="BG")),
        service("abroad-far", site=site(LAT + 4, LON, country="BG")),
        service("home-far", site=site(LAT + 3, LON)),
    )
    assert ids(opened) == ["abroad-near", "home-far"]


@pytest.mark.parametrize(
    ("better", "worse", "part"),
    [
        ({"languages": ["ar"]}, {"languages": ["en"]}, "language"),
        ({"languages": {"ar": True}}, {"languages": ["en"]}, "language"),
        ({"hours": OPEN}, {"hours": CLOSED_NOW}, "open_now"),
        ({"hours": CLOSED_NOW}, {"hours": [(1, 540, 600)]}, "opens_today"),
        ({"papers": "none_needed"}, {"papers": "any_id"}, "eligibility"),
        ({"verified_on": "2026-11-20", "review_due": "2026-12-20"}, {"verified_on": "2026-10-25", "review_due": "2026-11-25"}, "fresh"),
        ({}, {"verified_on": "2026-10-01", "review_due": "2026-11-20"}, "past_due"),
        ({}, {"booking": "referral_only"}, "referral"),
    ],
)  # fmt: skip
def test_each_part_of_the_score_decides_within_a_bucket(directory: Opener, better: Row, worse: Row, part: str) -> None:
    """The worse one is nearer and first by id; only the part tells them apart."""
    opened = directory(
        service("a", category="legal_aid", site=away(2.5), **worse),
        service("b", category="legal_aid", site=away(4.5), **better),
    )
    hits = search(opened, query(category="legal_aid")).hits
    assert [hit.service.id for hit in hits] == ["b", "a"]
    assert (part in hits[0].parts) != (part in hits[1].parts)
    assert hits[0].score == sum(hits[0].parts.values())


@pytest.mark.parametrize(
    ("better", "worse", "told"),
    [
        ({"genders": "women"}, {}, {"mentioned": {"woman"}}),
        ({}, {"genders": "men"}, {"mentioned": {"woman"}}),
        ({"max_age": 17}, {}, {"mentioned": {"child"}}),
        ({}, {"min_age": 18}, {"mentioned": {"child"}}),
        ({"audiences": ["disability"]}, {"audiences": ["family"]}, {"mentioned": {"disability"}}),
        ({"languages": ["ti"]}, {"languages": ["en"]}, {"spoken": {"ti"}}),
        ({"hours": [(1, 540, 600)]}, {"hours": OPEN[:1]}, {"at": datetime(2026, 11, 24, 9, 30, tzinfo=ZoneInfo("Europe/Athens"))}),
    ],
)  # fmt: skip
def test_what_was_told_puts_fitting_services_first_and_leaves_none_out(
    directory: Opener, better: Row, worse: Row, told: dict[str, Any]
) -> None:
    """The worse one is nearer; without what was told it comes first."""
    opened = directory(
        service("a", category="legal_aid", site=away(2.5), **worse),
        service("b", category="legal_aid", site=away(4.5), **better),
    )
    told = {name: frozenset(value) if isinstance(value, set) else value for name, value in told.items()}
    assert ids(opened, category="legal_aid") == ["a", "b"]
    assert ids(opened, category="legal_aid", **told) == ["b", "a"]


def test_the_bucket_of_distance_comes_before_the_score(directory: Opener) -> None:
    opened = directory(
        service("near", category="legal_aid", site=away(1.5)),
        service("better", category="legal_aid", site=away(2.5), languages=["ar"], papers="none_needed", hours=OPEN),
    )
    assert ids(opened, category="legal_aid") == ["near", "better"]


def test_urgent_needs_get_open_places_first(directory: Opener) -> None:
    rows = [
        service("closed", categories=["food", "legal_aid"], site=away(1), hours=CLOSED_NOW, languages=["ar"]),
        service("unknown", categories=["food", "legal_aid"], site=away(2.5)),
        service("open", categories=["food", "legal_aid"], site=away(4), hours=OPEN),
    ]
    opened = directory(*rows)
    assert ids(opened) == ["open", "unknown", "closed"]
    assert ids(opened, category="legal_aid") == ["closed", "open", "unknown"]


def test_paused_and_long_overdue_come_last(directory: Opener) -> None:
    opened = directory(
        service("paused", site=away(0.5), paused=1, hours=OPEN, languages=["ar"]),
        service("overdue", site=away(0.5), verified_on="2026-05-01", review_due="2026-07-01", languages=["ar"]),
        service("plain", site=away(4)),
    )
    result = search(opened, query())
    assert result.hits[0].service.id == "plain"
    assert {hit.service.id: hit.overdue for hit in result.hits} == {"plain": 0, "paused": 0, "overdue": 2}


@pytest.mark.parametrize(
    ("day", "order", "late"),
    [
        ("2026-02-15", ["old", "trusted"], 0),  # until its date distance counts alone
        ("2026-03-01", ["old", "trusted"], 0),
        ("2026-03-02", ["trusted", "old"], 1),  # behind those of about the same distance
        ("2026-04-30", ["trusted", "old"], 1),
        ("2026-05-01", ["far", "old"], 2),  # call first: behind all others
        ("2026-06-29", ["far", "old"], 2),
        ("2026-06-30", ["far"], None),  # hidden, also from old buttons
    ],
)
def test_the_life_of_an_entry_that_nobody_checks(
    directory: Opener, day: str, order: list[str], late: int | None
) -> None:
    """Checked on 31 December, due after 60 days: said with less trust, then last, then gone."""
    checked = {"verified_on": "2025-12-31", "review_due": "2026-03-01", "hidden_after": "2026-06-29"}
    trusted = {"verified_on": "2025-01-01", "review_due": "2026-12-31"}
    other = service(order[0] if order[0] != "old" else order[1], site=away(40 if "far" in order else 4.5), **trusted)
    opened = directory(service("old", site=away(2.5), **checked), other)
    now = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    hits = search(opened, query(now=now)).hits
    assert [hit.service.id for hit in hits] == order
    assert {hit.service.id: hit.overdue for hit in hits}.get("old") == late
    assert (opened.service("old", now.date()) is None) is (late is None) and opened.service("old") is not None


@pytest.mark.parametrize(
    ("today", "expected"),
    [("2026-01-30", 0), ("2026-01-31", 0), ("2026-02-01", 1), ("2026-03-02", 1), ("2026-03-03", 2)],
)
def test_overdue(today: str, expected: int) -> None:
    assert overdue("2026-01-01", "2026-01-31", datetime.fromisoformat(today).date()) == expected


def test_services_of_the_whole_country_are_always_there(directory: Opener) -> None:
    opened = directory(
        service("line", delivery="phone", serves_countries=["GR", "IT"]),
        service("web", delivery="online", areas=[area()]),
        service("italy", delivery="phone", serves_countries=["IT"]),
        service("other", delivery="phone", category="shelter", serves_countries=["GR"]),
        service("near", site=away(1)),
        service("beyond", site=away(60)),
    )
    result = search(opened, query())
    assert [hit.service.id for hit in result.hits] == ["near", "line", "web", "beyond"]
    assert [hit.national for hit in result.hits] == [False, True, True, False]
    assert [hit.distance_km is None for hit in result.hits] == [False, True, True, False]
    assert ids(opened, country=None) == ["near", "beyond"]


def test_only_national_services(directory: Opener) -> None:
    result = search(directory(service("line", delivery="phone", serves_countries=["GR"])), query())
    assert (result.scope, result.radius_km, result.total) == ("national", None, 1)


def test_national_services_before_the_town_is_known(directory: Opener) -> None:
    rows = [service(f"line{n}", delivery="phone", serves_countries=["GR"], phones=["+302100000000"]) for n in range(5)]
    opened = directory(*rows, service("near", site=away(1)))
    cards = national_services(opened, "food", "GR", "en", MONDAY)
    assert [found.id for found in cards] == ["line0", "line1", "line2"]
    assert national_services(opened, "food", "IT", "en", MONDAY) == []


def test_a_service_without_a_place_is_found_in_its_area_and_tells_no_place(directory: Opener) -> None:
    around = area("place", name="Athens", lat=LAT, lon=LON, radius_km=20.0)
    opened = directory(service("secret", areas=[around], phones=["+302100000001"]), service("near", site=away(4)))
    inside = search(opened, query(lat=LAT + 0.1))
    hit = next(hit for hit in inside.hits if hit.service.id == "secret")
    assert (hit.site, hit.distance_km, hit.national) == (None, None, False)
    assert "secret" not in ids(opened, lat=LAT + 0.5, limit=1)
    assert "secret" not in ids(opened, country="TR")


def test_a_place_that_is_not_public_has_no_distance(directory: Opener) -> None:
    opened = directory(service("hidden", site=site(LAT, LON, visibility="area_only")))
    (hit,) = search(opened, query()).hits
    assert hit.distance_km is None


def test_a_service_with_several_sites_is_found_once_at_the_nearest(directory: Opener) -> None:
    (hit,) = search(directory(service("a", sites=[away(4), away(1), away(3)])), query()).hits
    assert hit.distance_km == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("here", "there"), [(179.99, -179.99), (-179.99, 179.99), (180.0, -180.0)])
def test_the_date_line_is_no_wall(directory: Opener, here: float, there: float) -> None:
    opened = directory(service("a", site=site(-16.8, there, country="FJ", tz="Pacific/Fiji")))
    assert ids(opened, lat=-16.8, lon=here, country="FJ") == ["a"]


@settings(max_examples=200, deadline=None)
@given(st.floats(-89, 89), st.floats(-180, 180), st.floats(0.1, 500), st.floats(-89.9, 89.9), st.floats(-180, 180))
def test_boxes_hold_every_point_within_the_radius(lat: float, lon: float, radius: float, y: float, x: float) -> None:
    near_y, near_x = lat + (y / 90) * radius / 111.2, (lon + (x / 180) * radius / 60 + 180) % 360 - 180
    for point in ((y, x), (max(-90.0, min(90.0, near_y)), near_x)):
        if distance_km(lat, lon, *point) <= radius * 0.9999:
            assert any(s <= point[0] <= n and w <= point[1] <= e for s, n, w, e in boxes(lat, lon, radius))


def test_pages_hold_every_service_once_and_never_change(directory: Opener) -> None:
    rows = [service(f"s{n:02d}", site=away(0.3 * n), hours=OPEN if n % 3 else CLOSED_NOW) for n in range(40)]
    opened = directory(
        *rows, service("line", delivery="phone", serves_countries=["GR"]), service("far", site=away(300))
    )
    pages, offset = [], 0
    while True:
        result = search(opened, query(offset=offset, limit=3))
        pages += [hit.service.id for hit in result.hits]
        offset += 3
        if result.total <= offset:
            break
        assert len(result.hits) == 3
    assert len(pages) == len(set(pages)) == 42
    assert pages == [i for at in range(0, 42, 3) for i in ids(opened, offset=at, limit=3)]
    assert pages[-1] == "far"
    assert ids(opened, offset=42) == []


def test_there_is_a_next_page_if_services_lie_farther_away(directory: Opener) -> None:
    opened = directory(*(service(f"s{n}", site=away(1 + n / 10)) for n in range(3)), service("later", site=away(50)))
    result = search(opened, query(limit=3))
    assert result.total > len(result.hits) == 3
    assert ids(opened, offset=3, limit=3) == ["later"]


def test_equal_services_keep_their_order(directory: Opener) -> None:
    opened = directory(*(service(name, site=away(1)) for name in ("c", "a", "b")))
    assert ids(opened) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "fields",
    [{"category": "football"}, {"lat": 91.0}, {"lon": 181.0}, {"now": datetime(2026, 1, 1)}, {"offset": -1}, {"limit": 0},
     {"people": frozenset({"tall"})}],
)  # fmt: skip
def test_what_cannot_be_a_query_is_an_error(fields: Row) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        query(**fields)
