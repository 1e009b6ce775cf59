"""The HSDS API against its own description: schemathesis invents requests, right and wrong ones, the same in each run.

No request is answered with an error of the server, every answer has the shape that the description gives, requests within the
description are answered, and those outside it are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from directory.publish import publish

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
EXAMPLES = 30
"""For each address."""


@pytest.fixture
def description(db: None, settings: Any) -> Iterator[Any]:
    """The API in this process, over the sample directory, without a limit of requests."""
    settings.HSDS_RATE = "1000000/min"
    settings.ALLOWED_HOSTS = ["*"]
    cache.clear()
    publish()
    signals = (request_started, request_finished)
    for signal in signals:  # a request would close the connection in which this test's transaction is open
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/hsds/openapi.json", get_wsgi_application())
    for signal in signals:
        signal.connect(close_old_connections)


api = schemathesis.pytest.from_fixture("description")


@api.parametrize()
@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: Any) -> None:
    case.call_and_validate()


def test_objects_that_exist_are_as_described(description: Any) -> None:
    """Invented ids are hardly ever those of a record: here each kind of object is asked for by ids of its list."""
    operations = {found.ok().path: found.ok() for found in description.get_all_operations()}
    asked = 0
    for path in (path for path in operations if "{id}" in path):
        answer = operations[path.removesuffix("/{id}")].Case(query={"per_page": 8}).call()
        languages = ("en", "ar", "ti", "fa", "ckb", "my", "uk", "es")
        for row, language in zip(answer.json()["contents"], languages, strict=False):
            operations[path].Case(path_parameters={"id": row["id"]}, query={"language": language}).call_and_validate()
            asked += 1
    assert asked >= 30
