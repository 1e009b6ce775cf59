"""Help to return is published only where the same country also lists legal aid or explains asylum (safety, N25)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date

import pytest

from directory.models import Article, Category, Service
from directory.publish import publish
from directory.snapshot_rows import public_services, return_alone

BESIDE = ("legal_aid", "asylum_office")


def only(service: Service, *categories: str) -> None:
    """The service is of these categories, and no other one of the country gives legal aid; nothing explains asylum there."""
    for other in Service.objects.filter(categories__in=BESIDE):
        other.categories.set(Category.objects.filter(code="food"))
    service.categories.set(Category.objects.filter(code__in=categories))
    Article.objects.filter(topic="info_asylum", country="GR").delete()


def asylum_explained(country: str) -> None:
    article = Article.objects.create(
        topic="info_asylum", country=country, status="published", sample=True, review_due=date(2099, 1, 1),
        source_name="An office", source_url="https://example.org/",
    )  # fmt: skip
    article.texts.create(lang="en", title="Asylum", body="How it works.", state="approved")


CASES = [
    # (categories of the service, country of an article about asylum, published)
    (("return_support",), None, False),
    (("return_support",), "GR", True),
    (("return_support",), "IT", False),
    (("return_support",), "", False),
    (("return_support", "legal_aid"), None, True),
    (("return_support", "asylum_office"), None, True),
    (("food",), None, True),
]


@pytest.mark.parametrize(("categories", "explained", "goes_out"), CASES)
def test_return_is_never_alone(
    service: Service,
    published: Callable[..., sqlite3.Connection],
    categories: tuple[str, ...],
    explained: str | None,
    goes_out: bool,
) -> None:
    only(service, *categories)
    if explained is not None:
        asylum_explained(explained)
    found = published().execute("SELECT 1 FROM service WHERE id = ?", (service.public_id,)).fetchall()
    assert bool(found) is goes_out


def test_staff_are_told(service: Service, snapshot_path: object) -> None:
    only(service, "return_support")
    assert any("legal aid" in line for line in publish().warnings)


def test_in_several_countries_it_needs_it_in_each(service: Service) -> None:
    only(service, "return_support", "legal_aid")
    assert not return_alone(Service.objects.filter(pk=service.pk), samples=True)
    only(service, "return_support")
    asylum_explained("GR")
    Service.objects.filter(pk=service.pk).update(serves_countries=["GR", "TN"])
    assert return_alone(Service.objects.filter(pk=service.pk), samples=True) == [service.pk]


def test_no_sample_is_left_out(service: Service) -> None:
    """What the project ships obeys its own rule."""
    assert Service.objects.filter(categories="return_support").exists()
    assert {
        s.pk for s in Service.objects.filter(categories="return_support", status="published", verified_on__isnull=False)
    } <= {s.pk for s in public_services(samples=True)}
