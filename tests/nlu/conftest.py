"""What tests of understanding share."""

from __future__ import annotations

import pytest

from bot.nlu.places import Gazetteer
from bot.nlu.places_build import build
from bot.settings import settings


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The real gazetteer, built once (about 20 s) and kept where the program keeps it."""
    path = settings().path("places")
    build(path)
    return Gazetteer(path)
