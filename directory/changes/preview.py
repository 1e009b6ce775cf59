"""What the bot will say of a service after a change: worded by the bot's own renderer, per channel and language.

The change is made inside a transaction that is rolled back, the service's rows go into a snapshot in memory as publishing
writes them, and the bot's reader and renderer do the rest.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from bot.languages import languages, served
from bot.lookup.cards import card
from bot.lookup.reading import ServiceReader
from bot.lookup.schema import DDL
from bot.messages import Reply
from bot.replies import sms
from bot.replies.numbered import as_text
from bot.replies.render import word
from directory.bundles import Bundle, put
from directory.models import ContactPoint, Location, Service, ServiceText
from directory.snapshot_rows import service_tables

__all__ = ["CHANNELS", "Said", "previews", "services_of", "why_hidden"]

CHANNELS = ("web", "telegram", "whatsapp", "sms")
MANY = 3
"""Services that are shown when a change concerns more of them (a place, a shared number)."""


@dataclass(frozen=True)
class Said:
    """One message of the bot."""

    language: str
    name: str
    direction: str
    channel: str
    text: str
    before: str
    segments: int
    """What an SMS costs; 0 on other channels."""

    @property
    def changed(self) -> bool:
        """Whether the change is heard here."""
        return self.text != self.before


def services_of(record: Any) -> list[Service]:
    """The services whose answers a change of the record changes, at most `MANY`."""
    if isinstance(record, Service):
        return [record]
    if isinstance(record, (Location, ContactPoint)):
        return list(record.services.order_by("pk")[:MANY])
    return []


def why_hidden(service: Service) -> list[str]:
    """Why the bot would not show the service at all, in words for staff."""
    reasons = []
    if service.status not in Service.PUBLIC_STATUSES:
        reasons.append(_("Its status is “%(status)s”.") % {"status": service.get_status_display()})
    if service.verified_on is None:
        reasons.append(_("Nobody has checked it yet."))
    if service.review_state() == "hidden":
        reasons.append(_("Its last check is too long ago."))
    if not service.texts.filter(state__in=ServiceText.PUBLISHED_STATES).exists():
        reasons.append(_("It has no text that may be published."))
    if not service.categories.exists():
        reasons.append(_("It belongs to no category."))
    if not service.sites.exists() and not service.areas.exists():
        reasons.append(_("It has neither a place nor an area."))
    return reasons


def _snapshot(service: Service) -> sqlite3.Connection:
    """The service as publishing would write it, even if it would not be published (yet)."""
    memory = sqlite3.connect(":memory:", isolation_level=None)
    memory.executescript(DDL)
    today = timezone.localdate()
    if service.verified_on is None:
        Service.objects.filter(pk=service.pk).update(verified_on=today, review_due=today, hidden_after=today)
    for table, rows in service_tables(Service.objects.filter(pk=service.pk), today):
        for row in rows:
            memory.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', row)
    return memory


def _answers(service: Service, codes: Sequence[str], now: datetime) -> dict[tuple[str, str], str]:
    """(language, channel) to the whole message with the service's details. Runs inside a transaction."""
    with transaction.atomic():
        with contextlib.closing(_snapshot(service)) as memory:
            found = ServiceReader(memory).service(service.public_id)
        transaction.set_rollback(True)
    if found is None or not found.wordings:
        return {}
    place = found.sites[0].country if found.sites else found.areas[0].country if found.areas else None
    said = {}
    for code in codes:
        reply = Reply("details", (), (card(found, code, now=now),))
        for channel in CHANNELS:
            outbound = word(reply, code, channel=channel, now=now, country=place)
            said[code, channel] = as_text(outbound, channel)
    return said


@contextlib.contextmanager
def _as_if(record: Any, bundle: Bundle) -> Iterator[None]:
    """The database as it would be with the bundle, until the block ends."""
    with transaction.atomic():
        put(record, bundle)
        yield
        transaction.set_rollback(True)


def previews(record: Any, bundle: Bundle, service: Service, codes: Sequence[str] = ()) -> tuple[list[Said], list[str]]:
    """(messages about the service if the record becomes what the bundle says, why the bot would not show it).

    For the languages of `codes` (default: those in which it has a text, and English). A bundle that is not valid gives no
    messages and its errors as reasons.
    """
    now = timezone.now()
    known = {language.code: language for language in served()}
    own = set(service.texts.values_list("lang", flat=True)) | {"en"}
    asked = [code for code in (codes or known) if code in known and (codes or code in own)]
    before = _answers(service, asked, now)
    try:
        with _as_if(record, bundle):
            fresh = Service.objects.get(pk=service.pk)
            after, hidden = _answers(fresh, asked, now), why_hidden(fresh)
    except ValidationError as error:
        return [], [f"{path}: {'; '.join(lines)}" for path, lines in error.message_dict.items()]
    said = [
        Said(
            language=code,
            name=languages()[code].name,
            direction=languages()[code].direction,
            channel=channel,
            text=text,
            before=before.get((code, channel), ""),
            segments=sms.segments(text) if channel == "sms" else 0,
        )
        for (code, channel), text in after.items()
    ]
    return said, hidden
