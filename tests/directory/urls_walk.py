"""Walks every address of the project as every role: each URL pattern, filled with examples, asked with GET."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from tests.directory.world import World

__all__ = ["EXAMPLES", "FOREIGN", "LABELS", "WHO", "WHO_FOREIGN", "answers", "line", "path_of", "routes"]

WHO = (
    "anonymous",
    "partner",
    "reviewer",
    "translator",
    "protection",
    "coordinator",
    "administrator",
    "superuser",
)
"""The columns of the table."""
WHO_FOREIGN = ("partner", "viewer", "reviewer_gr", "coordinator")
"""People who do not see everything: the columns of the table of what belongs to others."""
LOGS_OUT = ("admin/logout/", "staff/accounts/log-out-everywhere/", "admin/password_change/", "admin/login/")
"""Addresses that may end a login."""

EXAMPLES: dict[str, str] = {
    "app_label": "directory",
    "url": "no/such/page",
    "token": "no-such-token",
    "uidb64": "MQ",
    "lang": "ar",
    "kind": "service",
    "model": "service",
    "content_type_id": "1",
}
"""What stands for a variable part of an address by its name, if no record of the world does."""

LABELS: dict[str, str] = {
    "service": "service:ours",
    "servicetext": "text:ours:ar",
    "location": "location:ours",
    "organisation": "organisation:ours",
    "contactpoint": "contact:ours",
    "article": "article:GR",
    "emergencynumber": "number:GR",
    "placealias": "alias:GR",
    "allowedhost": "host",
    "region": "region:athens",
    "changerequest": "change:ours",
    "userreport": "report:ours",
    "task": "task:ours",
    "verification": "check:ours",
    "publication": "publication",
    "importrun": "import:coordinator",
    "invitation": "invitation:ours",
    "duplicatepair": "pair:ours",
    "organisationcontact": "desk:ours",
    "checkrequest": "asked:ours",
    "noletters": "silent",
    "published": "published",
}
"""By the name of a model, the record of the world that its addresses are filled with."""

ROOMS: dict[str, str] = {
    "staff/changes/": "changerequest",
    "staff/changes/history/": "service",
    "staff/changes/publications/": "published",
    "staff/duplicates/": "duplicatepair",
    "staff/translations/": "service",
    "staff/accounts/people/": "user",
    "staff/accounts/invitations/": "invitation",
    "staff/exchange/": "importrun",
    "staff/insight/": "task",
    "staff/freshness/": "service",
    "hsds/services/": "service",
    "hsds/organizations/": "organisation",
}
"""By the beginning of an address, the model whose key it holds; the longest one counts."""


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every URL pattern as Django writes it, with those that it is included in."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


FOREIGN: dict[str, str] = {
    "service": "service:theirs",
    "servicetext": "text:theirs:ar",
    "location": "location:theirs",
    "organisation": "organisation:theirs",
    "contactpoint": "contact:theirs",
    "article": "article:KE",
    "emergencynumber": "number:KE",
    "placealias": "alias:KE",
    "region": "region:nairobi",
    "changerequest": "change:theirs",
    "userreport": "report:theirs",
    "task": "task:theirs",
    "verification": "check:theirs",
    "importrun": "import",
    "duplicatepair": "pair:theirs",
    "organisationcontact": "desk:theirs",
    "checkrequest": "asked:theirs",
}
"""The same of another organisation in another region."""


def _record(route: str, world: World, labels: dict[str, str] = LABELS) -> Any:
    admin = re.match(r"admin/directory/(\w+)/", route)
    begins = max((begin for begin in ROOMS if route.startswith(begin)), key=len, default="")
    model = admin[1] if admin else ROOMS.get(begins, "")
    if model == "user":
        return world.people["partner"]
    label = labels.get(model, "")
    return world.records.get(label) or world.extra.get(label)


def path_of(route: str, world: World, labels: dict[str, str] = LABELS) -> str:
    """The pattern as an address, filled with a record that the partner may see (or of other `labels`), or with an example."""
    record = _record(route, world, labels)

    def fill(name: str) -> str:
        if name == "id" and hasattr(record, "uuid"):
            return str(record.uuid)
        if name in ("pk", "id", "object_id", "number") and record is not None:
            return str(record.pk)
        if name in ("public_id", "slug") and hasattr(record, "public_id"):
            return str(record.public_id)
        if name in ("public_id", "uuid"):
            return str(getattr(world[labels["service"]], name))
        if name == "version":
            return str(record.history.latest().pk) if hasattr(record, "history") else "0"
        return EXAMPLES.get(name, "0")

    groups = iter(("object_id", "version"))
    path = re.sub(r"\(\[\^/\]\+\)", lambda found: fill(next(groups)), route)
    path = path.replace("^", "").replace("$", "").replace("\\Z", "")
    path = re.sub(r"\(\?P<(\w+)>[^()]*\)", lambda found: fill(found[1]), path)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: fill(found[1]), path)
    return "/" + path


def answer(client: Client, path: str, method: str = "get") -> str:
    """The status; `login` for the way to the login page."""
    found = getattr(client, method)(path)
    if found.status_code in (301, 302) and found.headers["Location"].startswith(reverse("admin:login")):
        return "login"
    return str(found.status_code)


def answers(
    world: World,
    who: str,
    chosen: list[str] | None = None,
    *,
    labels: dict[str, str] = LABELS,
    method: str = "get",
) -> dict[str, str]:
    """By route, what a person of that role is answered. Each address is asked in a browser that has just logged in."""
    cookies = Client().cookies
    if who != "anonymous":
        first = Client()
        first.force_login(world.people[who])
        cookies = first.cookies
    found = {}
    for route in list(routes()) if chosen is None else chosen:
        client = Client(raise_request_exception=False)
        client.cookies = cookies if route not in LOGS_OUT else Client().cookies
        if who != "anonymous" and route in LOGS_OUT:
            client.force_login(world.people[who])
        found[route] = answer(client, path_of(route, world, labels), method)
    return found


def line(route: str, by_role: dict[str, str], columns: tuple[str, ...] = WHO) -> str:
    """One line of the table, as it stands in `urls_table.py`."""
    return f'    r"{route}": "{" ".join(by_role[who] for who in columns)}",'
