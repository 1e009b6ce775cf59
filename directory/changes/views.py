"""The pages on which changes are decided: the list, and one change field by field with what the bot will say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bot.languages import served
from directory.access import sees
from directory.admin.common import person
from directory.bundles import Bundle, Change, apply_changes, conflicts
from directory.changes import proposals
from directory.changes.preview import previews, services_of
from directory.changes.words import editable, label, moved_km, shown, subject
from directory.models import ChangeRequest, Service
from directory.pages import render_page, staff_page

__all__ = ["change", "listed"]

PER_PAGE = 30
MAY_SEE = "directory.view_changerequest"


@dataclass(frozen=True)
class Row:
    """One path of a change, in words."""

    path: str
    label: str
    before: list[str]
    after: list[str]
    live: list[str] | None
    """What is live now, if it is neither what was there nor what is wished: a conflict."""
    text: str | None
    """The proposed value as text that can be corrected in place, None if it cannot."""
    chosen: bool = True
    error: str = ""
    direction: str = "auto"


@require_safe
@staff_page(MAY_SEE)
def listed(request: HttpRequest) -> HttpResponse:
    """What waits, oldest first; `?state=` for the others, `?mine=1` for one's own."""
    user = person(request)
    states = dict(ChangeRequest.State.choices)
    state = request.GET.get("state", "pending")
    found: QuerySet[ChangeRequest] = sees(user, ChangeRequest.objects.all())
    if mine := request.GET.get("mine") == "1":
        found = found.filter(author=user)
    if state in states:
        found = found.filter(state=state)
    found = found.select_related("author", "reviewer", "target_type").prefetch_related("target")
    found = found.order_by("created_at" if state == "pending" else "-created_at")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            "change": row,
            "subject": subject(row.target) if row.target else _("a record that is gone"),
            "decides": proposals.decides(user, row),
        }
        for row in page
    ]
    context = {"page": page, "rows": rows, "state": state, "states": states.items(), "mine": mine}
    return render_page(request, "changes/list.html", _("Proposed changes"), context)


def _rows(
    change: ChangeRequest, asked: list[Change], live: Bundle, errors: Mapping[str, list[str]], post: Any
) -> list[Row]:
    model: Any = type(change.target)
    clashing = {row.path for row in conflicts(live, asked)} if change.state in ChangeRequest.OPEN else set()
    names = {**{row.path: row.before for row in asked}, **live, **{row.path: row.after for row in asked if row.has}}
    rows = []
    for row in asked:
        own = post is not None
        rows.append(
            Row(
                path=row.path,
                label=label(model, row.path, names),
                before=shown(model, row.path, row.before) if row.had else [],
                after=shown(model, row.path, row.after) if row.has else [],
                live=shown(model, row.path, live.get(row.path)) if row.path in clashing else None,
                text=(post.get(f"value:{row.path}") if own else None) or str(row.after)
                if editable(model, row)
                else None,
                chosen=row.path in post.getlist("take") if own else row.path not in clashing,
                error="; ".join(errors.get(row.path, ())),
            )
        )
    return rows


def _edits(request: HttpRequest, asked: list[Change], model: Any) -> dict[str, Any]:
    """The values that were corrected in place, of the type that they had."""
    found: dict[str, Any] = {}
    for row in asked:
        typed = request.POST.get(f"value:{row.path}")
        if typed is None or not editable(model, row):
            continue
        if isinstance(row.after, str):
            found[row.path] = typed.replace("\r\n", "\n")
        else:
            try:
                found[row.path] = type(row.after)(typed)
            except ValueError as error:
                raise ValidationError({row.path: [_("“%(typed)s” is not a number.") % {"typed": typed}]}) from error
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(MAY_SEE)
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change. POST `action`: approve, send_back, reject, withdraw or resubmit."""
    user = person(request)
    asked_for = get_object_or_404(sees(user, ChangeRequest.objects.all()), pk=pk)
    if asked_for.target is None:
        raise Http404
    errors: dict[str, list[str]] = {}
    clash = False
    post: Any = None
    if request.method == "POST":
        try:
            return _act(request, asked_for)
        except proposals.Conflict as conflict:
            clash, post = True, request.POST
            if "state" in conflict.paths:
                messages.error(request, _("Somebody else has decided this in the meantime."))
                return HttpResponseRedirect(request.path)
            messages.error(request, _("The record has changed meanwhile. Look at the marked lines and decide again."))
        except ValidationError as error:
            errors, post = dict(error.message_dict), request.POST
            messages.error(request, _("This cannot be applied as it is. Correct the marked lines, or leave them out."))
    asked_for.refresh_from_db()
    return _page(request, asked_for, errors, post, 409 if clash else 400 if errors else 200)


def _act(request: HttpRequest, change: ChangeRequest) -> HttpResponse:
    user, action, note = person(request), request.POST.get("action", ""), request.POST.get("note", "").strip()[:1000]
    back = reverse("changes:list")
    asked, model = proposals.wanted(change), type(change.target)
    if action == "approve":
        done = proposals.approve(
            change,
            user,
            seen=request.POST.get("seen", ""),
            paths=request.POST.getlist("take"),
            edits=_edits(request, asked, model),
            over=request.POST.getlist("over"),
            note=note,
        )
        text = _("Approved: %(count)d fields were changed. It reaches people with the next publication.")
        if request.POST.get("publish") and user.has_perm("directory.publish"):
            proposals.request_publication(user)
            text = _("Approved: %(count)d fields were changed. People hear of it within minutes.")
        messages.success(request, text % {"count": len(done)})
        return HttpResponseRedirect(back)
    if action in ("send_back", "reject"):
        if not note:
            raise ValidationError({"note": [_("Say why: the author reads it.")]})
        (proposals.send_back if action == "send_back" else proposals.reject)(change, user, note)
        messages.success(request, _("Sent back to the author.") if action == "send_back" else _("Rejected."))
        return HttpResponseRedirect(back)
    if action == "withdraw":
        proposals.withdraw(change, user)
        messages.success(request, _("You have taken your proposal back. Nothing was changed."))
        return HttpResponseRedirect(back)
    if action == "resubmit":
        taken = request.POST.getlist("take")
        proposals.resubmit(change, user, paths=taken, edits=_edits(request, asked, model), reason=note[:300])
        messages.success(request, _("Your proposal waits for a reviewer again."))
        return HttpResponseRedirect(request.path)
    raise PermissionDenied


def _page(
    request: HttpRequest, change: ChangeRequest, errors: dict[str, list[str]], post: Any, status: int
) -> HttpResponse:
    user = person(request)
    record: Any = change.target
    everything = proposals.wanted(change)
    may_see_all = not change.confidential or user.has_perm(proposals.VIEW_CONFIDENTIAL)
    visible = everything if may_see_all else [Change.from_json(row) for row in change.diff]
    live = proposals.live_bundle(change)
    decides = change.state == ChangeRequest.State.PENDING and proposals.decides(user, change)
    own = change.author_id == user.pk and change.state in ChangeRequest.OPEN
    after = apply_changes(live, visible)
    languages = [code for code in request.GET.getlist("lang") if code]
    said = []
    if change.state in ChangeRequest.OPEN and may_see_all:
        for service in services_of(record):
            texts, hidden = previews(record, after, service, languages)
            said.append({"service": subject(service), "texts": texts, "hidden": hidden})
    moved = moved_km(live, after) or moved_km(live, after, prefix="confidential/")
    context = {
        "change": change,
        "subject": subject(record),
        "record_url": reverse(f"admin:directory_{record._meta.model_name}_change", args=(record.pk,)),
        "rows": _rows(change, visible, live, errors, post),
        "known_errors": [(path, lines) for path, lines in errors.items() if path not in {row.path for row in visible}],
        "hidden_count": len(everything) - len(visible),
        "moved_m": None if moved is None else round(moved * 1000),
        "seen": proposals.fingerprint(live, everything) if decides else "",
        "decides": decides,
        "own": own,
        "said": said,
        "languages": served(),
        "asked_languages": languages,
        "note": post.get("note", "") if post is not None else "",
        "may_publish": user.has_perm("directory.publish"),
        "is_service": isinstance(record, Service),
    }
    title = _("Proposed change: %(subject)s") % {"subject": subject(record)}
    return render_page(request, "changes/change.html", title, context, status=status)
