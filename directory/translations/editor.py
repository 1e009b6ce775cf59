"""The side-by-side editor: source and translation field by field, what has changed, what is wrong, and the way to approval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bot.languages import languages
from bot.replies import sms
from directory.admin.common import person
from directory.models import TextDraft, User
from directory.pages import render_page, staff_page
from directory.translations import editing
from directory.translations.checks import Note, check_words, clean
from directory.translations.coverage import LABELS, worklist
from directory.translations.differences import changed_fields, word_diff
from directory.translations.filters import chosen_kind, chosen_states, read_filter, selected
from directory.translations.glossary import terms_in
from directory.translations.kinds import KINDS, Pair, pair
from directory.translations.views import known_language, query
from directory.translations.who import may_approve, may_translate, records

__all__ = ["edit_page"]


class WordsForm(forms.Form):
    """The fields of a text in one language. Nothing is required and nothing is cut: `check_words` judges."""

    def __init__(self, pair: Pair, words: Mapping[str, str], *, disabled: bool = False) -> None:
        super().__init__(auto_id="words_%s", initial=dict(words))
        for field in pair.kind.fields:
            attrs: dict[str, Any] = {
                "lang": pair.language.locale.replace("_", "-"),
                "dir": pair.language.direction,
                "data-limit": field.limit,
                "aria-describedby": f"{field.name}_count {field.name}_notes",
            }
            source = pair.source_words[field.name]
            rows = max(2, len(source) // 45 + source.count("\n") + 1)
            widget = forms.Textarea({**attrs, "rows": min(rows, 24)}) if field.limit > 150 else forms.TextInput(attrs)
            self.fields[field.name] = forms.CharField(
                label=field.label, required=False, strip=False, widget=widget, disabled=disabled
            )


def _typed(found: Pair, request: HttpRequest) -> dict[str, str]:
    """What was typed; a field that the form did not send stays as it is."""
    return {name: request.POST.get(name, word) for name, word in found.words.items()}


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _around(request: HttpRequest, user: User, found: Pair) -> tuple[str, str]:
    """Addresses of the texts before and after this one in the list that the person came from; empty at its ends."""
    form = read_filter(request, user, states=True)
    if chosen_kind(form) is not found.kind:
        return "", ""
    rows = worklist(found.kind, selected(user, found.kind, form), found.language.code, chosen_states(form))
    ids = list(rows.values_list("public_id", flat=True))
    at = ids.index(found.record.public_id) if found.record.public_id in ids else None
    before = ids[at - 1] if at else ""
    after = ids[at + 1] if at is not None and at + 1 < len(ids) else ids[0] if at is None and ids else ""

    def address(name: str) -> str:
        return (
            reverse("translations:edit", args=[found.language.code, found.kind.name, name]) + query(request)
            if name
            else ""
        )

    return address(before), address(after)


def _lines(
    found: Pair, form: WordsForm, words: Mapping[str, str], notes: list[Note], theirs: Pair | None
) -> list[dict[str, Any]]:
    """What the template shows for each field."""
    changed = changed_fields(found)
    lines = []
    for field in found.kind.fields:
        source, text = found.source_words[field.name], words[field.name]
        if not source and not text:
            continue
        other = theirs.words[field.name] if theirs is not None else text
        lines.append(
            {
                "field": field,
                "bound": form[field.name],
                "source": source,
                "changes": (changed or {}).get(field.name),
                "count": len(text),
                "segments": sms.segments(text),
                "errors": [note.text for note in notes if note.field == field.name and note.error],
                "warnings": [note.text for note in notes if note.field == field.name and not note.error],
                "theirs": word_diff(text, other) if other != text else None,
                "live": found.kind.wording(found.live)[field.name]
                if found.draft is not None and found.live is not None
                else "",
            }
        )
    return lines


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("directory.view_service")
def edit_page(request: HttpRequest, lang: str, kind: str, public_id: str) -> HttpResponse:
    """GET: the two texts. POST: `action` is save, send, approve, back or discard; what was typed is never lost."""
    user, language = person(request), known_language(lang)
    if kind not in KINDS:
        raise Http404
    record = records(user, KINDS[kind], drafts=True).filter(public_id=public_id).first()
    if record is None or record.source_language == lang:
        raise Http404
    prefetch_related_objects([record], "texts")
    found = pair(KINDS[kind], record, language.code)
    if request.method == "POST":
        return _act(request, user, found)
    words = found.words
    strict = found.draft is not None and found.draft.state == TextDraft.State.NEEDS_REVIEW
    notes = check_words(found.kind, found.source_words, words, language, strict=strict) if any(words.values()) else []
    return _show(request, user, found, words, notes)


def _act(request: HttpRequest, user: User, found: Pair) -> HttpResponse:
    """One click of the editor."""
    if not may_translate(user, found.kind, found.record, found.language.code):
        raise PermissionDenied
    action, token = request.POST.get("action", ""), request.POST.get("token", "")
    typed = _typed(found, request)
    seen = _number(request.POST.get("seen", ""), found.record.version)
    _before, after = _around(request, user, found)
    address = request.get_full_path()
    try:
        if action in ("save", "send"):
            editing.save_draft(found, user, typed, token=token, seen=seen, send=action == "send")
        elif action == "approve":
            if not may_approve(user, found):
                raise PermissionDenied
            editing.approve(found, user, typed, token=token, seen=seen)
        elif action == "back":
            if not may_approve(user, found):
                raise PermissionDenied
            editing.send_back(found, request.POST.get("note", ""), token=token)
        elif action == "discard" and found.draft is not None:
            editing.discard(found, token=token)
        else:
            return redirect(address)
    except editing.Conflict as conflict:
        messages.error(
            request, _("Somebody else has saved this text meanwhile. Nothing was overwritten; compare and save again.")
        )
        return _show(request, user, conflict.now, typed, [], theirs=conflict.now, status=409)
    except editing.Refused as refused:
        if action == "send":  # nothing that was typed is lost
            editing.save_draft(found, user, typed, token=token, seen=seen)
            found, token = pair(found.kind, found.record, found.language.code), ""
            messages.error(request, _("Saved as a draft, but not sent yet: please look at the fields that are marked."))
        else:
            messages.error(request, _("Not approved yet: please look at the fields that are marked."))
        for note in refused.notes:
            if not note.field:
                messages.error(request, note.text)
        words = {name: clean(word) for name, word in typed.items()}
        notes = check_words(found.kind, found.source_words, words, found.language)
        return _show(request, user, found, typed, notes, token=token or None, seen=seen, status=422)
    return _told(request, found, action, typed, address, after)


def _told(
    request: HttpRequest, found: Pair, action: str, typed: Mapping[str, str], address: str, after: str
) -> HttpResponse:
    """Say what happened and go on: after a save here, else to the next text of the list."""
    said = {
        "save": _("The draft was saved. People see it when it has been sent to review and approved."),
        "send": _("Sent to review. Somebody else approves it; until then people see the text as it was."),
        "approve": _("Approved. It reaches people with the next publication."),
        "back": _("Sent back to the translator."),
        "discard": _("The draft was thrown away. People go on seeing the live text."),
    }
    messages.success(request, said[action])
    words = {name: clean(word) for name, word in typed.items()}
    if action != "discard":
        for note in check_words(found.kind, found.source_words, words, found.language, strict=False):
            if not note.error and action == "send":
                messages.warning(request, note.text)
    if action in ("save", "discard"):
        return redirect(address)
    work = reverse("translations:work", args=[found.language.code]) + query(request)
    return redirect(after or work)


def _show(
    request: HttpRequest,
    user: User,
    found: Pair,
    words: Mapping[str, str],
    notes: list[Note],
    *,
    theirs: Pair | None = None,
    token: str | None = None,
    seen: int | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with these words in its fields."""
    may_write = may_translate(user, found.kind, found.record, found.language.code)
    form = WordsForm(found, words, disabled=not may_write)
    before, after = _around(request, user, found)
    source_language = languages().get(found.record.source_language)
    all_source = "\n".join(found.source_words.values())
    state = found.state
    waiting = (
        found.draft.state == TextDraft.State.NEEDS_REVIEW
        if found.draft is not None
        else state not in ("missing", "approved")
    )
    context = {
        "found": found,
        "language": found.language,
        "source_language": source_language,
        "source_lang": (source_language.locale if source_language else found.record.source_language).replace("_", "-"),
        "lines": _lines(found, form, words, notes, theirs),
        "form": form,
        "state": state,
        "label": LABELS[state],
        "token": found.token if token is None else token,
        "seen": found.record.version if seen is None else seen,
        "behind": found.follows is not None and found.follows < found.record.version,
        "unknown_changes": changed_fields(found) is None,
        "may_write": may_write,
        "may_approve": waiting and may_approve(user, found),
        "own": waiting and found.author is not None and found.author.pk == user.pk,
        "theirs": theirs,
        "terms": terms_in(all_source, found.language.code) if found.record.source_language == "en" else [],
        "before": before,
        "after": after,
        "work": reverse("translations:work", args=[found.language.code]) + query(request),
        "record_url": reverse(f"admin:directory_{found.kind.name}_change", args=[found.record.pk]),
        "may_open": user.has_perm(f"directory.view_{found.kind.name}"),
    }
    title = _("%(name)s in %(language)s") % {"name": found.kind.title(found.record), "language": found.language.english}
    return render_page(request, "translations/edit.html", title, context, status=status)
