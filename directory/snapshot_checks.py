"""What is checked before a snapshot may replace the last one, and what staff are warned of after it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date

from django.db.models import F, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bot.languages import served
from directory.models import (
    AllowedHost,
    Article,
    ConfidentialPlace,
    EmergencyNumber,
    Location,
    Service,
    ServiceAtLocation,
    ServiceText,
)
from directory.snapshot_rows import public_services, published_states, return_alone, wanted_services

__all__ = ["leaks", "problems", "warnings"]

SAME_PLACE = 0.0002
"""Degrees (about 20 m) within which a published point counts as the confidential one itself."""
SHORTEST_ADDRESS = 6
"""Shorter addresses are not looked for in texts: they would be found everywhere."""


def problems(connection: sqlite3.Connection, written: Mapping[str, int]) -> list[str]:
    """Why this file must not be published: damage, rows that are missing or point nowhere, places that are not public."""
    found: list[str] = []
    answers = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if answers != ["ok"]:
        found.append(_("The file is damaged: %s") % "; ".join(answers[:3]))
    for table, _row, parent, _index in connection.execute("PRAGMA foreign_key_check").fetchmany(5):
        found.append(_("%(table)s: a row refers to a missing %(parent)s") % {"table": table, "parent": parent})
    for table, count in written.items():
        held = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        if held != count:
            found.append(
                _("%(table)s: %(held)d rows instead of %(count)d") % {"table": table, "held": held, "count": count}
            )
    exact = "address IS NOT NULL OR postcode IS NOT NULL OR name <> '' OR transport <> ''"
    wrong = f"SELECT id FROM site WHERE visibility NOT IN ('public', 'area_only') OR (visibility = 'area_only' AND ({exact}))"
    found.extend(_("Place %s: tells more than its city") % row[0] for row in connection.execute(wrong).fetchmany(5))
    return found


def _words(text: str) -> str:
    return " ".join(text.casefold().replace(",", " ").split())


def leaks(connection: sqlite3.Connection) -> list[str]:
    """Services whose confidential address or position is found in the file, also where staff wrote it into a text."""
    found: list[str] = []
    places = ConfidentialPlace.objects.select_related("location").prefetch_related("location__sites__service")
    for place in places.iterator(500):
        for site in place.location.sites.all():
            service = site.service.public_id
            if place.location.visibility == Location.Visibility.PUBLIC:
                text = _(
                    "Service %s: its place is public and confidential at once; if everybody may know it, delete the confidential part"
                )
                found.append(text % service)
                continue
            points = connection.execute(
                "SELECT lat, lon FROM site WHERE service_id = ? UNION ALL SELECT lat, lon FROM service_area WHERE service_id = ?",
                (service, service),
            )
            for lat, lon in points:
                if None not in (lat, lon, place.lat, place.lon) and (
                    abs(lat - place.lat) < SAME_PLACE and abs(lon - place.lon) < SAME_PLACE
                ):
                    found.append(_("Service %s: a published point is the confidential place itself") % service)
            address = _words(place.address)
            if len(address) < SHORTEST_ADDRESS:
                continue
            texts = connection.execute("SELECT * FROM service_text WHERE service_id = ?", (service,)).fetchall()
            texts += connection.execute(
                "SELECT name, address, transport FROM site WHERE service_id = ?", (service,)
            ).fetchall()
            texts += connection.execute("SELECT value FROM contact_point WHERE service_id = ?", (service,)).fetchall()
            if any(address in _words(text) for row in texts for text in row if isinstance(text, str)):
                found.append(_("Service %s: its confidential address stands in a published text") % service)
    return found


def warnings(today: date, *, samples: bool) -> list[str]:
    """What staff should mend, one line each; none of it stops a publication."""
    found: list[str] = []
    wanted, public = wanted_services(samples=samples), public_services(samples=samples)

    def warn(count: int, one: str, many: str) -> None:
        if count:
            found.append(ngettext(one, many, count) % {"count": count})

    if not samples:
        count = Service.objects.filter(status__in=Service.PUBLIC_STATUSES, sample=True).count()
        warn(count, "%(count)d sample service was left out", "%(count)d sample services were left out")
    unchecked = wanted.filter(verified_on__isnull=True).count()
    warn(unchecked, "%(count)d service was left out: never checked", "%(count)d services were left out: never checked")
    alone = return_alone(wanted.filter(verified_on__isnull=False), samples=samples)
    warn(
        len(alone),
        "%(count)d service about return was left out: its country lists neither legal aid nor asylum",
        "%(count)d services about return were left out: their countries list neither legal aid nor asylum",
    )
    left = wanted.filter(verified_on__isnull=False).exclude(pk__in=public.values("pk")).exclude(pk__in=alone).count()
    warn(
        left,
        "%(count)d service was left out: it has no category or no public text",
        "%(count)d services were left out: they have no category or no public text",
    )
    hidden = public.filter(hidden_after__lt=today).count()
    warn(
        hidden,
        "%(count)d service is hidden: three review periods have passed",
        "%(count)d services are hidden: three review periods have passed",
    )
    due = public.filter(review_due__lt=today, hidden_after__gte=today).count()
    warn(due, "%(count)d service is overdue for review", "%(count)d services are overdue for review")
    confidential = (Location.Visibility.AREA_ONLY, Location.Visibility.CONTACT_ONLY)
    nowhere = public.filter(sites__isnull=True, areas__isnull=True).count()
    warn(
        nowhere,
        "%(count)d service has neither a place nor an area: nobody finds it",
        "%(count)d services have neither a place nor an area: nobody finds them",
    )
    survivors = public.filter(Q(audiences__icontains="gbv_survivor") | Q(audiences__icontains="trafficking_survivor"))
    shown = (
        survivors.filter(sites__location__visibility=Location.Visibility.PUBLIC, categories="shelter")
        .distinct()
        .count()
    )
    warn(
        shown,
        "%(count)d shelter for survivors has a public address",
        "%(count)d shelters for survivors have a public address",
    )
    silent = ServiceAtLocation.objects.filter(
        service__in=public, location__visibility__in=confidential, service__service_contacts__isnull=True
    ).count()
    warn(
        silent,
        "%(count)d confidential place has no phone or other contact",
        "%(count)d confidential places have no phone or other contact",
    )
    for language in served():
        texts = ServiceText.objects.filter(lang=language.code, state__in=published_states())
        missing = public.exclude(pk__in=texts.values("service")).count()
        if missing:
            parts = {"count": missing, "language": language.english}
            found.append(
                ngettext(
                    "%(count)d service has no text in %(language)s",
                    "%(count)d services have no text in %(language)s",
                    missing,
                )
                % parts
            )
    behind = ServiceText.objects.filter(service__in=public, source_version__lt=F("service__version")).count()
    warn(behind, "%(count)d translation is out of date", "%(count)d translations are out of date")
    old = Article.objects.filter(status=Article.Status.PUBLISHED, review_due__lt=today).count()
    warn(old, "%(count)d article is overdue for review", "%(count)d articles are overdue for review")
    numbers = EmergencyNumber.objects.exclude(verified_on__isnull=False, expires_on__gte=today).count()
    warn(numbers, "%(count)d emergency number is not verified", "%(count)d emergency numbers are not verified")
    hosts = set(AllowedHost.objects.values_list("host", flat=True))
    links = public.filter(contacts__kind="web").values_list("contacts__value", flat=True)
    barred = sum(link.split("/")[2] not in hosts for link in links)
    warn(
        barred,
        "%(count)d link leads to a host that is not allowed",
        "%(count)d links lead to hosts that are not allowed",
    )
    return found
