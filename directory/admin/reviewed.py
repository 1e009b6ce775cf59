"""Pages of records whose edits wait for a second person: what was typed is checked and shown as always, then kept as a proposal.

An edit runs through Django's page as it is, inside a transaction. If it must wait (`changes.rules`), what it did is taken as
a bundle, the transaction is rolled back, and the differences become a proposed change.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from directory.access import approves
from directory.admin.common import RecordAdmin, person
from directory.bundles import Bundle, Change, apply_changes, changes, put, take
from directory.changes import proposals
from directory.changes.rules import is_live, must_wait, needs_two, splits
from directory.models import ChangeRequest, Location, Service

__all__ = ["ReviewedAdmin", "propose_status"]

_SAVED = "_waypost_saved"


def _forget_messages(request: HttpRequest) -> None:
    """What Django said about the save that is rolled back."""
    list(messages.get_messages(request))


class ReviewedAdmin(RecordAdmin):
    """A record of `bundles.BUNDLED`."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whether it is sample data is no part of a proposal: whoever does not decide on the record does not say so."""
        fixed = super().get_readonly_fields(request, obj)
        asked = obj if obj is not None else self.model()
        return fixed if approves(person(request), asked) else (*fixed, "sample")

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """An earlier version is looked at here; the page of its history brings it back, by the rules of changes."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        found: HttpResponse = super().history_form_view(request, object_id, version_id, extra_context)
        return found

    def revert_disabled(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        setattr(request, _SAVED, form.instance.pk)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        record = self.get_object(request, unquote(object_id)) if object_id else None
        if request.method != "POST":
            waiting = list(proposals.open_changes(record).select_related("author")) if record else []
            own = [change for change in waiting if change.author_id == request.user.pk]
            context = {"own_changes": own, "other_changes": [change for change in waiting if change not in own]}
            return super().changeform_view(request, object_id, form_url, {**context, **(extra_context or {})})
        if object_id is None:
            return self._added(request, form_url, extra_context)
        if record is None:  # there is none, or not for this person: as Django answers
            return super().changeform_view(request, object_id, form_url, extra_context)
        return self._changed(request, record, object_id, form_url, extra_context)

    def _changed(self, request: HttpRequest, record: Any, object_id: str | None, form_url: str, extra: Any) -> Any:
        user = person(request)
        with transaction.atomic():
            before, was_live, approver = take(record, confidential=True), is_live(record), approves(user, record)
            response = super().changeform_view(request, object_id, form_url, extra)
            if not hasattr(request, _SAVED):
                return response
            fresh = self.model._default_manager.get(pk=record.pk)
            after = take(fresh, confidential=True)
            wanted, live = changes(before, after), was_live or is_live(fresh)
            if not must_wait(fresh, before, wanted, live=live, approver=approver):
                return response
            transaction.set_rollback(True)
        record = self.model._default_manager.get(pk=record.pk)
        minor = bool(request.POST.get("minor_edit"))
        return self._keep(request, record, before, after, wanted, was_live=was_live, minor=minor)

    def _keep(
        self,
        request: HttpRequest,
        record: Any,
        before: Bundle,
        after: Bundle,
        wanted: list[Change],
        *,
        was_live: bool,
        minor: bool,
    ) -> HttpResponse:
        """What may count at once counts; the rest is proposed."""
        user = person(request)
        now, later = splits(user, record, before, after, wanted)
        _forget_messages(request)
        with transaction.atomic():
            if now:
                put(record, apply_changes(before, now), by=user, minor=minor, reason="published by the partner")
                proposals.request_publication(user)
            change = None
            if later:
                live = apply_changes(before, now)
                two = needs_two(record, live, later)
                reason = request.POST.get("change_reason", "")[:300]
                change = proposals.propose(
                    record, user, later, before=live, was_live=was_live, minor=minor, confidential=two, reason=reason
                )
        if now:
            text = _("Hours, closures and phones count from now on; people hear of them within minutes.")
            if isinstance(record, Location):
                text = _("The place is kept back from now on; people are no longer told of it within minutes.")
            messages.success(request, text)
        if change is None:
            return HttpResponseRedirect(request.path)
        here = reverse("changes:change", args=(change.pk,))
        text = (
            _("This place is confidential: your change waits for a second person. Until then nothing changes.")
            if change.confidential
            else _("Your change waits for a reviewer. Until then people read the text as it was.")
        )
        messages.info(request, text)
        return HttpResponseRedirect(here)

    def _added(self, request: HttpRequest, form_url: str, extra: Any) -> Any:
        """A new record by somebody who does not approve it stays a draft; that it be published is proposed."""
        user = person(request)
        with transaction.atomic():
            response = super().changeform_view(request, None, form_url, extra)
            pk = getattr(request, _SAVED, None)
            if pk is None:
                return response
            record = self.model._default_manager.get(pk=pk)
            if not hasattr(record, "status") or not is_live(record) or approves(user, record):
                return response
            wished, record.status = record.status, "draft"
            record.save()
            before = take(record)
            wish = Change("status", "draft", wished)
            change = proposals.propose(record, user, [wish], before=before, was_live=False)
        if change is not None:
            here = reverse("changes:change", args=(change.pk,))
            link = format_html('<a href="{}">{}</a>', here, _("See what you proposed"))
            messages.info(
                request, format_html("{} {}", _("It is kept as a draft until a reviewer has looked at it."), link)
            )
        return response


def propose_status(request: HttpRequest, service: Service, status: str) -> ChangeRequest | None:
    """Give a service another status: at once (returns None), or as a proposal if the person does not approve it."""
    user = person(request)
    before = take(service)
    wish = Change("status", before["status"], status)
    if not must_wait(service, before, [wish], live=is_live(service), approver=approves(user, service)):
        put(service, apply_changes(before, [wish]), by=user)
        return None
    return proposals.propose(service, user, [wish], before=before)
