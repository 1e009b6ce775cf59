"""Finding services by what staff type: any part of any word, without accents, also in Latin letters for other scripts.

The words of a service stand in its `ServiceSearch`. A change of the service, or of what belongs to it, is noted and brought in
when the transaction commits or when the next search begins in this thread. Code that goes past Django's signals (`bulk_create`,
`update`) calls `refresh`; `manage.py rebuildsearch` and a chore every night mend whatever was forgotten.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

from anyascii import anyascii
from django.db import models, transaction
from django.db.models import Value
from django.db.models.functions import StrIndex
from django.db.models.signals import post_delete, post_save

from directory.chores import chore
from directory.models import (
    ContactPoint,
    Location,
    Organisation,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceContact,
    ServiceSearch,
    ServiceText,
)

__all__ = ["flush", "fold", "found", "rebuild", "refresh", "watch"]

CHUNK = 1000
MOST_WORDS = 8
"""Words of a query after these are not looked at."""
_LETTERS = str.maketrans(
    {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": None, "’": "'"}
)
_NUMBER = re.compile(r"[+\d\s().\-/]*\d{3}[+\d\s().\-/]*")
_BETWEEN = re.compile(r"[^\w\-+']+")
_noted = threading.local()
T = TypeVar("T")


def fold(text: str) -> str:
    """Small letters without accents or vowel signs, forms of Arabic letters made one, words divided by single spaces.

    Signs of scripts that are written with combining vowels (Bengali, Burmese, Tamil) stay: without them words fall together.
    """
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    kept = "".join(c for c in plain if unicodedata.combining(c) <= 9)
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", kept)).strip()


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _words(texts: Iterable[str], numbers: Iterable[str]) -> str:
    """One line with each of the words once, in the forms under which they are looked for."""
    forms: dict[str, None] = {}
    for text in texts:
        folded = fold(text)
        for form in (folded, fold(anyascii(folded)) if not folded.isascii() else "", folded.replace("-", " ")):
            if form:
                forms[form] = None
    for number in numbers:
        forms[_digits(number)] = None
    return " ".join(forms)


# --- searching ----------------------------------------------------------------------------------------------------------------------


def found(services: Any, query: str) -> Any:
    """Those of the services (a QuerySet) that have every word of the query; all of them for an empty query."""
    flush()
    if _NUMBER.fullmatch(query):
        words = [_digits(query)]
    else:
        words = _needles(query.replace("\0", ""))
        if not words:
            return services.none() if query.strip() else services
    index = ServiceSearch.objects.all()
    for word in words:
        index = index.alias(at=StrIndex("words", Value(word))).filter(at__gt=0)
    return services.filter(pk__in=index.values("service_id"))


def _needles(query: str) -> list[str]:
    """What is looked for: single words, and phrases in quotation marks."""
    phrases = re.findall(r'"([^"]*)"', query)
    single = fold(re.sub(r'"[^"]*"', " ", query)).split()
    return [part for part in [*map(fold, phrases), *single] if part.strip("-+'")][:MOST_WORDS]


# --- keeping the index right ----------------------------------------------------------------------------------------------------------


def _pieces(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while piece := list(islice(iterator, CHUNK)):
        yield piece


def refresh(services: Iterable[int]) -> int:
    """Derive the words of these services (primary keys) anew; returns how many rows were written."""
    return sum(_refresh(piece) for piece in _pieces(sorted(set(services))))


def _refresh(keys: list[int]) -> int:
    texts: dict[int, list[str]] = defaultdict(list)
    numbers: dict[int, list[str]] = defaultdict(list)
    mine = {"service__in": keys}
    for key, *names in (
        Service.objects.filter(pk__in=keys).values_list("pk", "public_id", "organisation__name").order_by()
    ):
        texts[key].extend(names)
    for model, *columns in (
        (ServiceText, "name"),
        (ServiceAtLocation, "location__city", "location__admin1"),
        (ServiceArea, "name"),
    ):
        for key, *names in model._default_manager.filter(**mine).order_by("pk").values_list("service_id", *columns):
            texts[key].extend(names)
    reached = ServiceContact.objects.filter(**mine).order_by("pk")
    for key, kind, value in reached.values_list("service_id", "contact__kind", "contact__value"):
        is_text = kind in (ContactPoint.Kind.EMAIL, ContactPoint.Kind.WEB, ContactPoint.Kind.TELEGRAM)
        (texts if is_text else numbers)[key].append(value)
    before = dict(ServiceSearch.objects.filter(**mine).values_list("service_id", "words"))
    after = {key: _words(texts[key], numbers.get(key, ())) for key in texts}
    rows = [ServiceSearch(service_id=key, words=words) for key, words in after.items() if before.get(key) != words]
    ServiceSearch.objects.bulk_create(rows, update_conflicts=True, unique_fields=["service"], update_fields=["words"])
    return len(rows)


def rebuild(tell: Callable[[int], None] = lambda done: None) -> int:
    """Compare all services with the index and write what differs; returns how many rows were written."""
    written = done = 0
    for piece in _pieces(Service.objects.order_by("pk").values_list("pk", flat=True).iterator(CHUNK)):
        with transaction.atomic():
            written += _refresh(piece)
        done += len(piece)
        tell(done)
    return written


@chore(every=timedelta(days=1))
def mend() -> str | None:
    """Every night: what went past the signals."""
    written = rebuild()
    return f"{written} rows of the index of the search were out of date" if written else None


def _pending() -> set[int]:
    if not hasattr(_noted, "services"):
        _noted.services = set()
    pending: set[int] = _noted.services
    return pending


def flush() -> None:
    """Bring in what was noted in this thread."""
    if pending := _pending():
        keys = set(pending)
        pending.clear()
        refresh(keys)


def _note(keys: Iterable[int]) -> None:
    if keys := set(keys):
        _pending().update(keys)
        transaction.on_commit(flush)


def _of(field: str) -> Callable[[Any], Iterable[int]]:
    return lambda record: Service.objects.filter(**{field: record}).order_by().values_list("pk", flat=True)


WATCHED: dict[type[models.Model], Callable[[Any], Iterable[int]]] = {
    Service: lambda service: (service.pk,),
    ServiceText: lambda part: (part.service_id,),
    ServiceAtLocation: lambda part: (part.service_id,),
    ServiceArea: lambda part: (part.service_id,),
    ServiceContact: lambda part: (part.service_id,),
    Organisation: _of("organisation"),
    Location: _of("locations"),
    ContactPoint: _of("contacts"),
}
"""What is indexed, and which services a record of it belongs to."""


def _saved(sender: type[models.Model], instance: Any, created: bool = False, raw: bool = False, **kwargs: Any) -> None:
    shared = sender in (Organisation, Location, ContactPoint)
    if not (created and shared):  # nothing belongs to it yet
        _note(WATCHED[sender](instance))


def _deleted(sender: type[models.Model], instance: Any, **kwargs: Any) -> None:
    if sender not in (Service, Organisation, Location, ContactPoint):  # those go only when no service uses them
        _note(WATCHED[sender](instance))


def watch() -> None:
    """Connect the signals; once, when Django is ready."""
    for model in WATCHED:
        post_save.connect(_saved, sender=model, dispatch_uid=f"search-{model.__name__}")
        post_delete.connect(_deleted, sender=model, dispatch_uid=f"search-{model.__name__}")
