"""The history of one record, and bringing back a whole publication."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from directory.access import Role, may_edit, may_see, roles
from directory.admin.common import person
from directory.bundles import BUNDLED, Gone
from directory.changes.history import changed_since, events, restore, restore_publication
from directory.changes.proposals import request_publication
from directory.changes.words import label, shown, subject
from directory.models import ChangeRequest, Publication
from directory.pages import render_page, staff_page

__all__ = ["publication", "record_history"]

MODELS: dict[str, Any] = {str(model._meta.model_name): model for model in BUNDLED}
LATEST = 30
MANY = 500
"""Changed records up to which a page brings a publication back; more are for `manage.py restorepublication`."""


def _who(request: HttpRequest, author: Any) -> str:
    """Partners do not read the names of staff."""
    if author is None:
        return _("unknown")
    if author.pk == request.user.pk:
        return _("you")
    if roles(person(request)) <= {Role.PARTNER, Role.TRANSLATOR}:
        return _("a colleague")
    return str(author.get_full_name() or author)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page()
def record_history(request: HttpRequest, model: str, pk: int) -> HttpResponse:
    """Who changed what. POST `at` (and `path`s): make it as it was before that change."""
    user = person(request)
    if model not in MODELS:
        raise Http404
    record = get_object_or_404(MODELS[model], pk=pk)
    if not user.has_perm(f"directory.view_{model}"):
        raise PermissionDenied
    if not may_see(user, record):
        raise Http404
    may_change = user.has_perm(f"directory.change_{model}") and may_edit(user, record)
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        return _restored(request, record)
    found = []
    for event in islice(events(record, limit=LATEST), LATEST):
        rows = []
        for change in event.changes:
            names = {change.path: change.after if change.has else change.before}
            rows.append(
                {
                    "path": change.path,
                    "label": label(MODELS[model], change.path, names),
                    "before": shown(MODELS[model], change.path, change.before) if change.had else [],
                    "after": shown(MODELS[model], change.path, change.after) if change.has else [],
                }
            )
        found.append({"event": event, "who": _who(request, event.user), "rows": rows})
    context = {
        "record": record,
        "subject": subject(record),
        "record_url": reverse(f"admin:directory_{model}_change", args=(record.pk,)),
        "events": found,
        "may_change": may_change,
        "latest": LATEST,
    }
    return render_page(
        request, "changes/history.html", _("History: %(subject)s") % {"subject": subject(record)}, context
    )


def _restored(request: HttpRequest, record: Any) -> HttpResponse:
    user = person(request)
    try:
        at = datetime.fromisoformat(request.POST.get("at", ""))
        if at.tzinfo is None:
            raise ValueError
        done = restore(record, at, user, paths=request.POST.getlist("path") or None)
    except ValueError:
        raise Http404 from None
    except Gone as error:
        messages.error(request, str(error))
    except ValidationError as error:
        messages.error(request, _("It cannot be as it was: %(why)s") % {"why": "; ".join(error.messages)})
    else:
        if isinstance(done, ChangeRequest):
            messages.info(request, _("That it be as it was waits for somebody else's decision."))
            return HttpResponseRedirect(reverse("changes:change", args=(done.pk,)))
        if done:
            line = ngettext("%(count)d field is as it was.", "%(count)d fields are as they were.", len(done))
            messages.success(request, line % {"count": len(done)})
        else:
            messages.info(request, _("It is like that already."))
    return HttpResponseRedirect(request.path)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("directory.view_publication", "directory.publish")
def publication(request: HttpRequest, pk: int) -> HttpResponse:
    """What has changed since a publication. POST: bring it back."""
    user = person(request)
    if Role.ADMINISTRATOR not in roles(user):
        raise PermissionDenied
    wanted = get_object_or_404(Publication, pk=pk, state=Publication.State.PUBLISHED)
    records = changed_since(wanted)
    if request.method == "POST":
        if len(records) > MANY:
            messages.error(request, _("Too much has changed for this page: use the command restorepublication."))
            return HttpResponseRedirect(request.path)
        result = restore_publication(wanted, user)
        counts = {
            name: sum(row.outcome == name for row in result) for name in ("changed", "archived", "proposed", "failed")
        }
        request_publication(user)
        text = _(
            "%(changed)d records are as they were, %(archived)d newer ones are archived, %(proposed)d wait for a second person, "
            "%(failed)d could not be brought back. It is being published."
        )
        messages.success(request, text % counts)
        for row in result:
            if row.outcome == "failed":
                messages.warning(request, f"{row.record}: {row.detail}")
        return HttpResponseRedirect(reverse("admin:directory_publication_change", args=(pk,)))
    rows = [{"kind": record._meta.verbose_name, "subject": subject(record)} for record in records[:MANY]]
    context = {"publication": wanted, "rows": rows, "count": len(records), "many": len(records) > MANY}
    title = _("Back to publication %(number)d") % {"number": pk}
    return render_page(request, "changes/publication.html", title, context)
