"""The list of possible duplicates, and the page on which two services are compared, merged or told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from directory.access import approves, sees
from directory.admin.common import person
from directory.codes import country_name
from directory.duplicates.compare import compare, confidential, display_name
from directory.duplicates.find import refresh
from directory.duplicates.merge import MergeError, merge, not_a_duplicate, undo
from directory.models import ChoreRun, DuplicatePair, Service, User
from directory.pages import render_page, staff_page

__all__ = ["decide", "listing", "look_again", "pair_page"]

State = DuplicatePair.State
AT_ONCE = 3000
"""Up to so many services the list is renewed while the person waits (a second or two); above, in the background."""
CHORE = "duplicates.chores.find_duplicates"
_PAGE = 50
_FAILURES = {
    "decided": _("Somebody has decided about these two in the meantime. Nothing was changed."),
    "archived": _("One of the two is archived. Nothing was changed."),
    "changed": _(
        "One of the two was changed while you looked at them. Please look at the marked values again; nothing was merged yet."
    ),
    "chain": _("The entry that was kept has been merged into another one since. Undo that first."),
}


def _pairs(user: User) -> QuerySet[DuplicatePair]:
    """The pairs of which the person sees both services."""
    visible = sees(user, Service.objects.all()).order_by().values("pk")
    return DuplicatePair.objects.filter(a__in=visible, b__in=visible)


def _pair(user: User, pk: int) -> DuplicatePair:
    found = (
        _pairs(user)
        .filter(pk=pk)
        .select_related("a__organisation", "b__organisation", "survivor", "decided_by", "proposed_by")
    )
    pair = found.first()
    if pair is None:
        raise Http404
    return pair


def _may_decide(user: User, pair: DuplicatePair) -> bool:
    return user.has_perm("directory.change_duplicatepair") and approves(user, pair.a) and approves(user, pair.b)


def _reason_labels(pair: DuplicatePair) -> list[str]:
    labels = {reason.value: str(reason.label) for reason in DuplicatePair.Reason}
    shown = [labels.get(reason, reason) for reason in pair.reasons]
    if pair.distance_m is not None:
        shown = [
            translate("%(metres)d m apart") % {"metres": pair.distance_m},
            *(x for x in shown if x != labels["near"]),
        ]
    return shown


def _facts(service: Service) -> dict[str, Any]:
    """What the list and the head of the page say about a service; never an address."""
    cities = [f"{site.location.city}, {country_name(site.location.country)}" for site in service.sites.all()]
    areas = [area.name or country_name(area.country) for area in service.areas.all()]
    return {
        "record": service,
        "name": display_name(service),
        "organisation": service.organisation.name,
        "place": "; ".join(dict.fromkeys(cities or areas)),
    }


@staff_page("directory.view_service")
def listing(request: HttpRequest) -> HttpResponse:
    """Pairs by state, the likeliest first."""
    state = request.GET.get("state", State.OPEN)
    state = state if state in State.values else State.OPEN
    visible = _pairs(person(request))
    chosen = visible.filter(state=state).select_related("a__organisation", "b__organisation", "survivor")
    chosen = chosen.prefetch_related(
        *(f"{side}__{name}" for side in "ab" for name in ("texts", "sites__location", "areas"))
    )
    page = Paginator(chosen, _PAGE).get_page(request.GET.get("page"))
    rows = [{"pair": pair, "a": _facts(pair.a), "b": _facts(pair.b), "reasons": _reason_labels(pair)} for pair in page]
    counts = {value: visible.filter(state=value).count() for value in State.values}
    tabs = [(value, label, counts[value]) for value, label in State.choices]
    latest = ChoreRun.objects.filter(name=CHORE).first()
    context: dict[str, Any] = {
        "page": page,
        "rows": rows,
        "state": state,
        "tabs": tabs,
        "latest": latest and latest.ended_at,
    }
    context["may_look"] = request.user.has_perm("directory.change_duplicatepair")
    return render_page(request, "duplicates/list.html", _("Possible duplicates"), context)


@require_POST
@staff_page("directory.change_duplicatepair")
def look_again(request: HttpRequest) -> HttpResponse:
    """Renew the list: at once in a small directory, else with the next round of work in the background."""
    if Service.objects.count() <= AT_ONCE:
        _there, new = refresh()
        messages.success(
            request, translate("The whole directory was looked through. New suggestions: %(new)d.") % {"new": new}
        )
    else:
        ChoreRun.objects.filter(name=CHORE).delete()
        messages.success(
            request, translate("The directory is being looked through. Please come back in a few minutes.")
        )
    return redirect("duplicates:list")


@staff_page("directory.view_service")
def pair_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Both services side by side, and what may be done."""
    user = person(request)
    return _show(request, user, _pair(user, pk))


def _show(
    request: HttpRequest, user: User, pair: DuplicatePair, typed: Mapping[str, str] | None = None, **kwargs: Any
) -> HttpResponse:
    choices = dict(typed if typed is not None else pair.choices)
    survivor = choices.get("survivor", "")
    compared = compare(pair.a, pair.b, survivor=survivor if survivor in ("a", "b") else "", choices=choices)
    undecided = pair.state in (State.OPEN, State.PROPOSED)
    two = confidential(pair.a) or confidential(pair.b)
    context = {
        "pair": pair,
        "a": _facts(pair.a),
        "b": _facts(pair.b),
        "compared": compared,
        "survivor": compared.survivor,
        "work": choices.get("work", "move"),
        "reasons": _reason_labels(pair),
        "undecided": undecided,
        "may_decide": _may_decide(user, pair),
        "two_people": two,
        "waits_for_another": pair.state == State.PROPOSED and pair.proposed_by_id == user.pk,
        "pending": [display_name(service) for service in compared.pending],
    }
    return render_page(request, "duplicates/pair.html", _("Are these two the same?"), context, **kwargs)


@require_POST
@staff_page("directory.change_duplicatepair")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """POST action=merge, not_duplicate, reopen, withdraw or undo."""
    user = person(request)
    pair = _pair(user, pk)
    if not _may_decide(user, pair):
        raise PermissionDenied
    typed = {name: str(value) for name, value in request.POST.items() if name.startswith(("field:", "part:", "text:"))}
    typed |= {name: request.POST.get(name, "") for name in ("survivor", "work")}
    action = request.POST.get("action", "")
    try:
        if action == "merge":
            return _merge(request, user, pair, typed)
        _other_action(request, user, pair, action)
    except MergeError as error:
        messages.error(request, str(_FAILURES[str(error)]))
        pair.refresh_from_db()
        return _show(request, user, pair, typed if action == "merge" else None, status=409)
    return redirect("duplicates:pair", pk=pair.pk)


def _merge(request: HttpRequest, user: User, pair: DuplicatePair, typed: dict[str, str]) -> HttpResponse:
    """Merge at once; if a place of either is not public, a first person proposes it and a second one does it."""
    if typed["survivor"] not in ("a", "b"):
        messages.error(request, translate("Please say which of the two entries is kept."))
        return _show(request, user, pair, typed, status=400)
    survivor = pair.a if typed["survivor"] == "a" else pair.b
    fingerprint = request.POST.get("fingerprint", "")
    if not fingerprint or fingerprint != compare(pair.a, pair.b).fingerprint:
        raise MergeError("changed")
    two = confidential(pair.a) or confidential(pair.b)
    if two and (pair.state != State.PROPOSED or pair.proposed_by_id in (None, user.pk)):
        if pair.state not in (State.OPEN, State.PROPOSED):
            raise MergeError("decided")
        pair.state, pair.proposed_by, pair.choices = State.PROPOSED, user, typed
        pair.save()
        messages.success(
            request, translate("Your proposal is kept. A place is confidential, so a second person has to merge them.")
        )
        return redirect("duplicates:pair", pk=pair.pk)
    merge(pair, survivor, typed, user, fingerprint=fingerprint)
    messages.success(
        request,
        translate(
            "Merged: %(kept)s is kept, %(gone)s is archived and its old id leads to the first. This can be undone here."
        )
        % {"kept": survivor.public_id, "gone": pair.other(survivor).public_id},
    )
    return redirect("duplicates:pair", pk=pair.pk)


def _other_action(request: HttpRequest, user: User, pair: DuplicatePair, action: str) -> None:
    if action == "undo":
        kept = undo(pair, user)
        messages.success(request, translate("The two are apart again, as they were before."))
        if kept:
            line = translate("Edited since the merge, and therefore left as it is: %(what)s.")
            messages.warning(request, line % {"what": ", ".join(kept)})
    elif action == "not_duplicate" and pair.state in (State.OPEN, State.PROPOSED):
        not_a_duplicate(pair, user)
        messages.success(request, translate("Remembered: these two are different. They are not suggested again."))
    elif action == "reopen" and pair.state == State.NOT_DUPLICATE:
        pair.state, pair.decided_by, pair.decided_at = State.OPEN, None, None
        pair.save()
        messages.success(request, translate("The two are on the list again."))
    elif action == "withdraw" and pair.state == State.PROPOSED:
        pair.state, pair.proposed_by, pair.choices = State.OPEN, None, {}
        pair.save()
        messages.success(request, translate("The proposal is withdrawn."))
    else:
        raise MergeError("decided")
