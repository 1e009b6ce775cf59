"""The dashboard, its figures as CSV, and the list of what people told about entries."""

from __future__ import annotations

import csv
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from directory.access import edits, sees
from directory.codes import language_name
from directory.insight import coverage
from directory.insight.figures import PERIODS, Figure, Filters, areas, channels, demand
from directory.insight.flags import settle
from directory.models import UserReport
from directory.pages import render_page, staff_page

__all__ = ["as_csv", "dashboard", "described", "may_settle", "report_list", "safe_cell", "settle_reports"]

PAGE = 50


def _filters(request: HttpRequest) -> Filters:
    """What the address asks for; what is not offered counts as not chosen."""
    period = request.GET.get("period", "30")
    country, _slash, admin1 = request.GET.get("area", "").partition("/")
    until = timezone.now().date() - timedelta(days=1)
    everything = Filters(period if period in PERIODS else "30", until)
    channel = request.GET.get("channel", "")
    area = "/".join(filter(None, (country, admin1)))
    if area not in dict(areas(everything)):
        country = admin1 = ""
    return Filters(everything.period, until, country, admin1, channel if channel in channels() else "")


def _figures(request: HttpRequest, filters: Filters) -> list[Figure]:
    found = demand(filters, danger=request.user.has_perm("directory.change_userreport"))
    found.append(coverage.coverage(filters, request.user))  # type: ignore[arg-type]
    if request.user.has_perm("directory.view_userreport"):
        found.append(coverage.reports(filters, request.user))  # type: ignore[arg-type]
    return found


@staff_page("directory.view_service")
def dashboard(request: HttpRequest) -> HttpResponse:
    """Pictures and tables of how the service is used and how good the directory is."""
    filters = _filters(request)
    query = {"period": filters.period, "area": filters.area, "channel": filters.channel}
    context = {
        "figures": _figures(request, filters),
        "filters": filters,
        "periods": PERIODS.items(),
        "areas": areas(Filters(filters.period, filters.until)),
        "channels": channels(),
        "query": urlencode({name: value for name, value in query.items() if value}),
        "may_see_reports": request.user.has_perm("directory.view_userreport"),
    }
    return render_page(request, "insight/dashboard.html", _("How people use the service"), context)


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet program takes for a formula: numbers stay, words that begin like one get an apostrophe."""
    if isinstance(value, (int, float)):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) or text.startswith(("\t", "\r", "\n")) else text


@staff_page("directory.view_service")
def as_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """One figure's table under the same filters, with the same counts left out, in UTF-8 for spreadsheets."""
    filters = _filters(request)
    figure = next((figure for figure in _figures(request, filters) if figure.slug == slug), None)
    if figure is None:
        raise Http404
    name = f"waypost-{slug}-{filters.since}-{filters.until}.csv"
    response = HttpResponse(
        "\ufeff",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    writer = csv.writer(response)
    writer.writerow([safe_cell(column) for column in figure.columns])
    writer.writerows([safe_cell(cell) for cell in row] for row in figure.rows)
    return response


@staff_page("directory.view_userreport")
def report_list(request: HttpRequest) -> HttpResponse:
    """What people told, newest first, complaints on top; of one service or of all that the person sees."""
    state = request.GET.get("state", UserReport.State.OPEN)
    kind, service = request.GET.get("kind", ""), request.GET.get("service", "")
    user: Any = request.user
    found = sees(user, UserReport.objects.select_related("service__organisation", "handled_by"))
    found = found.prefetch_related("service__texts")
    if state in UserReport.State.values:
        found = found.filter(state=state)
    if kind in UserReport.Kind.values:
        found = found.filter(kind=kind)
    if service.isdecimal():
        found = found.filter(service=int(service[:18]))
    urgent = (
        found.filter(kind__in=UserReport.COMPLAINTS) if state == UserReport.State.OPEN and not kind else found.none()
    )
    page = Paginator(found.exclude(pk__in=urgent.values("pk")), PAGE).get_page(request.GET.get("page"))
    mine = may_settle(user, [*urgent, *page.object_list])
    context = {
        "urgent": described(urgent, mine),
        "rows": described(page.object_list, mine),
        "page": page,
        "may_settle_any": bool(mine),
        "state": state,
        "states": [("", _("all")), *UserReport.State.choices],
        "kind": kind,
        "kinds": UserReport.Kind.choices,
        "service": service,
    }
    return render_page(request, "insight/reports.html", _("What people told about entries"), context)


def may_settle(user: Any, reports: list[UserReport]) -> set[int]:
    """Keys of those of the reports that the person may close."""
    if not user.has_perm("directory.change_userreport"):
        return set()
    rows = UserReport.objects.filter(pk__in=[report.pk for report in reports], state=UserReport.State.OPEN)
    return set(edits(user, rows).values_list("pk", flat=True))


def described(reports: Any, settled_by_person: set[int]) -> list[dict[str, Any]]:
    """Reports as the pages show them: kind, day and language, and nothing of who told it."""
    return [
        {
            "report": report,
            "name": _name(report.service),
            "language": language_name(report.lang) if report.lang else "",
            "complaint": report.kind in UserReport.COMPLAINTS,
            "may_settle": report.pk in settled_by_person,
        }
        for report in reports
    ]


def _name(service: Any) -> str:
    texts = {text.lang: text.name for text in service.texts.all()}
    return str(texts.get(service.source_language) or next(iter(texts.values()), service.public_id))


@require_POST
@staff_page("directory.change_userreport")
def settle_reports(request: HttpRequest) -> HttpResponse:
    """POST: close the chosen reports (`report`) as `done` or `dismissed`, with a note; then back to where the button was."""
    user: Any = request.user
    state = request.POST.get("state", "")
    if state not in (UserReport.State.DONE, UserReport.State.DISMISSED):
        raise PermissionDenied
    keys = [int(key[:18]) for key in request.POST.getlist("report") if key.isdecimal()]
    chosen = edits(user, sees(user, UserReport.objects.filter(pk__in=keys)))
    count = settle(chosen, user, state, request.POST.get("note", "").strip())
    if count:
        line = ngettext("%(count)d report is settled.", "%(count)d reports are settled.", count) % {"count": count}
        messages.success(request, line)
        messages.info(request, _("What the bot says about the entry changes with the next publication."))
    else:
        messages.warning(request, _("Nothing was settled: choose a report that is still open and that you may settle."))
    back = request.POST.get("next", "")
    here = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(back if here else reverse("insight:reports"))
