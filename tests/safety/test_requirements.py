"""docs/safety.md: every requirement is there once, and every test that it names exists."""

from __future__ import annotations

import pytest

from tests.safety.requirements import IDS, PAGE, Requirement, exists, registry, written


def test_every_requirement_is_there_once_and_in_order() -> None:
    assert tuple(row.id for row in registry()) == IDS


@pytest.mark.parametrize("row", registry(), ids=lambda row: str(row.id))
def test_every_test_that_is_named_exists(row: Requirement) -> None:
    assert not [test for test in row.tests if not exists(test)]


@pytest.mark.parametrize(
    "test",
    ["", "tests/x.py::test_x", "tests/safety/test_requirements.py::test_nothing", "tests/safety/test_requirements.py"],
)
def test_what_does_not_exist_is_found(test: str) -> None:
    assert not exists(test)


def test_a_promise_without_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="S99"):
        Requirement("S99", "Something.")


def test_the_page_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "run: make safety-page"
