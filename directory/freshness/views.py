"""The staff's pages: what is due for a check, with one click "still correct", and the links that do not open."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from directory.access import edits, sees
from directory.admin.common import person
from directory.codes import country_name
from directory.freshness import states
from directory.freshness.checking import record, tell_staff
from directory.freshness.linkchecks import advice, uses
from directory.freshness.summary import prepared, summary
from directory.models import Category, LinkCheck, Location, Region, Service, ServiceArea, Verification
from directory.pages import render_page, staff_page

__all__ = ["due", "links"]

PER_PAGE = 50
FILTERS = ("state", "country", "region", "organisation", "category", "q")
METHODS = (
    Verification.Method.CALL,
    Verification.Method.VISIT,
    Verification.Method.WEB,
    Verification.Method.PARTNER_CONFIRMED,
)
Outcome = Verification.Outcome
BY = {"organisation": ("organisation", "organisation__name"), "region": ("region", "region__name", "region__country")}
MAY_CHECK = "directory.add_verification"


@staff_page("directory.view_service")
@require_http_methods(["GET", "HEAD", "POST"])
def due(request: HttpRequest) -> HttpResponse:
    """What is due within a week, overdue, long overdue, hidden or was never checked: as a list, by organisation, by region."""
    if request.method == "POST":
        return _checked(request)
    today, user = timezone.localdate(), person(request)
    mine = states.with_state(sees(user, Service.objects.all()), today)
    asked = {name: request.GET.get(name, "").strip() for name in FILTERS}
    by = request.GET.get("by", "")
    filters = {"words" if name == "q" else name: value for name, value in asked.items()}
    found = states.chosen(mine, **filters)
    whole = {**filters, "state": ""}
    context: dict[str, Any] = {
        "asked": asked,
        "by": by if by in BY else "",
        "chips": _chips(request, states.chosen(mine, **whole), asked["state"]),
        "tabs": [
            ("", _("Services"), _link(request.GET, by="", page="")),
            ("organisation", _("By organisation"), _link(request.GET, by="organisation", page="")),
            ("region", _("By region"), _link(request.GET, by="region", page="")),
        ],
        "labels": states.LABELS,
        **_choices(mine),
    }
    if by in BY:
        context["page"] = page = Paginator(states.counts(found, *BY[by]), PER_PAGE).get_page(request.GET.get("page"))
        context["groups"] = [_group(request, by, row) for row in page]
    else:
        context["page"] = page = Paginator(_ordered(found), PER_PAGE).get_page(request.GET.get("page"))
        context["rows"] = _rows(page, user)
        context["methods"] = [(method.value, method.label) for method in METHODS]
        context["method"] = request.GET.get("method", "")
        context["may_check"] = user.has_perm(MAY_CHECK)
        context["may_change"] = user.has_perm("directory.change_service")
    return render_page(request, "freshness/due.html", _("To check"), context)


def _link(query: QueryDict, **changes: str) -> str:
    """This page with other parameters; an empty value takes one away."""
    kept = {name: query.get(name, "") for name in (*FILTERS, "by", "method", "page")} | changes
    return "?" + urlencode({name: value for name, value in kept.items() if value})


def _chips(request: HttpRequest, found: QuerySet[Service, Any], state: str) -> list[dict[str, Any]]:
    numbers: dict[str, int] = {}
    for row in states.counts(found, "freshness"):
        numbers[row["freshness"]] = row["total"]
    every = sum(numbers.values())
    past = sum(numbers.get(name, 0) for name in states.PAST)
    chips = [
        {"state": "", "label": _("all"), "count": every},
        {"state": states.LATE, "label": _("past the date"), "count": past},
    ]
    chips += [{"state": name, "label": label, "count": numbers.get(name, 0)} for name, label in states.LABELS.items()]
    for chip in chips:
        chip["url"] = _link(request.GET, state=str(chip["state"]), page="")
        chip["chosen"] = chip["state"] == state
    return chips


def _choices(mine: QuerySet[Service, Any]) -> dict[str, Any]:
    """What the filters offer: only what occurs among the services of the page."""
    pks = mine.order_by().values("pk")
    places = Location.objects.filter(sites__service__in=pks).order_by().values_list("country", flat=True).distinct()
    areas = ServiceArea.objects.filter(service__in=pks).order_by().values_list("country", flat=True).distinct()
    return {
        "countries": sorted(((code, country_name(code)) for code in {*places, *areas}), key=lambda row: row[1]),
        "regions": Region.objects.filter(services__in=pks).distinct(),
        "categories": Category.objects.filter(services__in=pks).distinct(),
    }


def _ordered(found: QuerySet[Service, Any]) -> QuerySet[Service, Any]:
    """By organisation, so that one call settles several; in each the oldest first."""
    return found.order_by("organisation__name", "organisation", "verified_on", "pk")


def _rows(page: Page[Any], user: Any) -> list[dict[str, Any]]:
    """The services of a page: what the bot says, and how often nobody was reached since the last success."""
    pks = [service.pk for service in page]
    ready = {service.pk: service for service in prepared(Service.objects.filter(pk__in=pks)).select_related("region")}
    mine = set(edits(user, Service.objects.filter(pk__in=pks)).values_list("pk", flat=True))
    language, today = get_language() or "en", timezone.localdate()
    missed: dict[int, int] = {}
    latest: dict[int, Verification] = {}
    for check in Verification.objects.filter(service__in=pks).order_by("at", "pk"):
        assert check.service_id is not None  # by the query
        if check.outcome in Verification.SUCCESSES:
            missed.pop(check.service_id, None)
        elif check.outcome == Outcome.NOT_REACHED:
            missed[check.service_id] = missed.get(check.service_id, 0) + 1
        latest[check.service_id] = check
    rows, above = [], None
    for service in page:
        whole = ready[service.pk]
        rows.append(
            {
                "service": whole,
                "says": summary(whole, language, today),
                "state": service.freshness,
                "label": states.LABELS.get(service.freshness, ""),
                "missed": missed.get(service.pk, 0),
                "latest": latest.get(service.pk),
                "mine": service.pk in mine,
                "first": whole.organisation_id != above,
                "edit": reverse("admin:directory_service_change", args=[service.pk]),
            }
        )
        above = whole.organisation_id
    return rows


def _group(request: HttpRequest, by: str, row: dict[str, Any]) -> dict[str, Any]:
    if by == "organisation":
        name, value = row["organisation__name"], str(row["organisation"])
    elif row["region"] is None:
        name, value = _("without a region"), "none"
    else:
        name, value = f"{row['region__name']} ({row['region__country']})", str(row["region"])
    cells = [
        (state, row[state], _link(request.GET, by="", page="", **{by: value, "state": state}))
        for state in states.STATES
    ]
    url = _link(request.GET, by="", page="", **{by: value})
    return {"name": name, "url": url, "total": row["total"], "cells": cells}


def _checked(request: HttpRequest) -> HttpResponse:
    """POST: `one` is `outcome:service`; `many` an outcome for the ticked ones. Back to the same list."""
    user = person(request)
    if not user.has_perm(MAY_CHECK):
        raise PermissionDenied
    method = request.POST.get("method", "")
    back = HttpResponseRedirect(reverse("freshness:due") + _link(request.GET, method=method))
    if method not in {known.value for known in METHODS}:
        messages.error(request, _("First say how it was checked: by a call, a visit, …"))
        return back
    outcome, _colon, one = request.POST.get("one", "").partition(":")
    outcome = outcome or request.POST.get("many", "")
    chosen = [one] if one else request.POST.getlist("service")
    pks = [int(pk) for pk in chosen if pk.isdecimal()]
    services = list(edits(user, Service.objects.filter(status__in=Service.PUBLIC_STATUSES, pk__in=pks)))
    if not services:
        messages.error(request, _("No service was chosen: tick some, or use the buttons of one."))
        return back
    if outcome == Outcome.WRONG and one:
        return _wrong(request, services[0], method) or back
    if outcome not in (Outcome.CONFIRMED, Outcome.NOT_REACHED):
        messages.error(request, _("Nothing was stored: the result is not known."))
        return back
    count = record(services, by=user, method=method, outcome=outcome)
    if outcome == Outcome.CONFIRMED:
        line = ngettext(
            "%(count)d service was checked today. People are told so with the next publication.",
            "%(count)d services were checked today. People are told so with the next publication.",
            count,
        )
        messages.success(request, line % {"count": count})
    else:
        line = ngettext(
            "It is noted that nobody was reached for %(count)d service. It stays due: please try again another day.",
            "It is noted that nobody was reached for %(count)d services. They stay due: please try again another day.",
            count,
        )
        messages.info(request, line % {"count": count})
    return back


def _wrong(request: HttpRequest, service: Service, method: str) -> HttpResponse | None:
    """Note that an entry is not correct, and open the page on which it is corrected; who may not edit leaves a task."""
    user = person(request)
    record([service], by=user, method=method, outcome=Outcome.WRONG)
    if user.has_perm("directory.change_service"):
        words = _("It is noted that this is not correct. Please correct it here; then save it as checked today.")
        messages.warning(request, words)
        return HttpResponseRedirect(reverse("admin:directory_service_change", args=[service.pk]))
    tell_staff(service, f"wrong:{service.pk}", _("A check found that this is not correct."))
    messages.info(request, _("It is noted that this is not correct, and a colleague who may edit it has a task."))
    return None


@staff_page("directory.view_linkcheck")
@require_http_methods(["GET", "HEAD", "POST"])
def links(request: HttpRequest) -> HttpResponse:
    """The links of the directory with what became of the last try, the broken ones first."""
    mine = sees(person(request), LinkCheck.objects.all())
    if request.method == "POST":
        return _try_again(request, mine)
    lists = {
        "broken": (_("broken"), Q(failures__gte=LinkCheck.BROKEN_AFTER)),
        "failing": (_("failed once or twice"), Q(failures__gt=0, failures__lt=LinkCheck.BROKEN_AFTER)),
        "moved": (_("moved"), Q(result=LinkCheck.Result.MOVED)),
        "unclear": (_("to be opened by hand"), Q(result=LinkCheck.Result.UNCLEAR)),
        "new": (_("not tried yet"), Q(checked_at=None)),
        "all": (_("all"), Q()),
    }
    chosen = request.GET.get("list", "")
    if chosen not in lists:
        chosen = "broken"
    page = Paginator(mine.filter(lists[chosen][1]), PER_PAGE).get_page(request.GET.get("page"))
    used = uses([link.url for link in page])
    context = {
        "chips": [
            {"label": label, "count": mine.filter(rule).count(), "url": f"?list={name}", "chosen": name == chosen}
            for name, (label, rule) in lists.items()
        ],
        "rows": [{"link": link, "uses": used.get(link.url, []), "advice": advice(link)} for link in page],
        "page": page,
        "may_try": request.user.has_perm("directory.change_linkcheck"),
    }
    return render_page(request, "freshness/links.html", _("Links"), context)


def _try_again(request: HttpRequest, mine: QuerySet[LinkCheck]) -> HttpResponse:
    """POST: let the work in the background try a link again soon."""
    if not request.user.has_perm("directory.change_linkcheck"):
        raise PermissionDenied
    pk = request.POST.get("link", "")
    link = get_object_or_404(mine, pk=int(pk) if pk.isdecimal() else 0)
    LinkCheck.objects.filter(pk=link.pk).update(checked_at=None)
    messages.success(request, _("The link is tried again within a few minutes."))
    chosen = request.GET.get("list", "")
    return HttpResponseRedirect(reverse("freshness:links") + (f"?{urlencode({'list': chosen})}" if chosen else ""))
