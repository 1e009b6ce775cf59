"""Pages of translators: coverage by language, and the list of work in one language."""

from __future__ import annotations

import csv
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bot.languages import Language, languages, served
from directory.admin.common import person
from directory.models import User
from directory.pages import render_page, staff_page
from directory.translations.coverage import LABELS, STATES, Row, coverage, worklist
from directory.translations.filters import Filter, chosen_kind, chosen_states, read_filter, selected
from directory.translations.kinds import KINDS, Kind
from directory.translations.who import languages_of

__all__ = ["coverage_csv", "coverage_page", "known_language", "query", "work_page"]

PER_PAGE = 50


def known_language(lang: str) -> Language:
    """The language of an address. Raises Http404."""
    if lang not in languages():
        raise Http404
    return languages()[lang]


def query(request: HttpRequest, **changes: str) -> str:
    """The filters of this address with some changed, as `?a=b`; empty values and the page's number are left out."""
    kept = {name: str(value) for name, value in request.GET.items() if name != "page"} | changes
    kept = {name: value for name, value in kept.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _tables(user: User, form: Filter) -> list[tuple[Kind, list[Row]]]:
    return [(kind, coverage(kind, selected(user, kind, form), served())) for kind in KINDS.values()]


@require_safe
@staff_page("directory.view_service")
def coverage_page(request: HttpRequest) -> HttpResponse:
    """How much of the directory can be read in which language; every number leads to the list behind it."""
    user = person(request)
    form, own = read_filter(request, user), set(languages_of(user))
    tables: list[dict[str, Any]] = []
    for kind, rows in _tables(user, form):
        lines = []
        for row in (row for row in rows if row.total):
            address = reverse("translations:work", args=[row.language.code])
            cells = [
                {
                    "count": n,
                    "state": state,
                    "label": LABELS[state],
                    "url": address + query(request, kind=kind.name, state=state),
                }
                for state, n in row.counts.items()
            ]
            lines.append(
                {
                    "row": row,
                    "cells": cells,
                    "own": row.language.code in own,
                    "url": address + query(request, kind=kind.name),
                }
            )
        lines.sort(key=lambda line: not line["own"])
        tables.append(
            {
                "title": kind.record._meta.verbose_name_plural,
                "lines": lines,
                "count": max((row.total for row in rows), default=0),
            }
        )
    context = {
        "form": form,
        "tables": tables,
        "labels": LABELS,
        "csv": reverse("translations:csv") + query(request),
        "languages": [languages()[code] for code in languages_of(user)],
    }
    return render_page(request, "translations/coverage.html", _("Translations"), context)


@require_safe
@staff_page("directory.view_service")
def coverage_csv(request: HttpRequest) -> HttpResponse:
    """The same figures as a table: one row for each kind and language."""
    user = person(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="translations.csv"'
    writer = csv.writer(response)
    writer.writerow(["kind", "language", "name", *STATES, "total", "percent_approved"])
    for kind, rows in _tables(user, read_filter(request, user)):
        for row in rows:
            counts = [row.counts[state] for state in STATES]
            writer.writerow([kind.name, row.language.code, row.language.english, *counts, row.total, row.share])
    return response


@require_safe
@staff_page("directory.view_service")
def work_page(request: HttpRequest, lang: str) -> HttpResponse:
    """What is to be done in one language, the most urgent first."""
    user, language = person(request), known_language(lang)
    form = read_filter(request, user, states=True)
    kind = chosen_kind(form)
    rows = worklist(kind, selected(user, kind, form), lang, chosen_states(form)).prefetch_related("texts")
    if kind.name == "service":
        rows = rows.select_related("organisation")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines = [
        {
            "title": kind.title(record),
            "organisation": record.organisation.name if kind.name == "service" else record.source_name,
            "source": languages().get(record.source_language),
            "state": record.work,
            "label": LABELS[record.work],
            "urgent": kind.name == "service" and record.urgent_first == 0,
            "begun": record.draft_state == "draft" and record.work != "draft",
            "live": record.status in kind.live,
            "status": record.get_status_display(),
            "url": reverse("translations:edit", args=[lang, kind.name, record.public_id]) + query(request),
        }
        for record in page
    ]
    context = {
        "language": language,
        "form": form,
        "lines": lines,
        "page": page,
        "query": query(request),
        "export": reverse("translations:export", args=[lang]) + query(request),
        "own": lang in languages_of(user),
    }
    title = _("Translations into %(language)s") % {"language": language.english}
    return render_page(request, "translations/work.html", title, context)
