"""Pages for XLIFF files: one out for a list of work, and one in with its dry run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from directory.admin.common import person
from directory.models import TranslationFile, User
from directory.pages import render_page, staff_page
from directory.translations import interchange, xliff
from directory.translations.coverage import worklist
from directory.translations.differences import word_diff
from directory.translations.filters import chosen_kind, chosen_states, read_filter, selected
from directory.translations.views import known_language
from directory.translations.who import languages_of

__all__ = ["export_file", "import_page"]

SHOWN = 300
"""Rows of a dry run on the page; the refused ones come first."""
KEPT = timedelta(days=1)
ORDER = ("refused", "new", "changed", "empty", "unchanged")


@require_safe
@staff_page("directory.view_service")
def export_file(request: HttpRequest, lang: str) -> HttpResponse:
    """The texts of a list of work as XLIFF; `version` 1.2 or 2.0, `source` the language that they are translated from."""
    user, language = person(request), known_language(lang)
    form = read_filter(request, user, states=True)
    kind = chosen_kind(form)
    rows = worklist(kind, selected(user, kind, form), lang, chosen_states(form))
    version = "2.0" if request.GET.get("version") == "2.0" else "1.2"
    content = xliff.write(interchange.outgoing(kind, rows, language, request.GET.get("source") or "en"), version)
    response = HttpResponse(content, content_type="application/x-xliff+xml")
    name = f"waypost-{kind.name}-{language.code}-{timezone.localdate().isoformat()}.xlf"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class UploadForm(forms.Form):
    """One file, of a size that is read."""

    file = forms.FileField(
        label=gettext_lazy("XLIFF file"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlf,.xliff,application/x-xliff+xml"}),
    )

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > xliff.MOST_BYTES:
            raise ValidationError(interchange.REASONS["large"])
        return self.cleaned_data["file"]


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page("directory.view_service")
def import_page(request: HttpRequest) -> HttpResponse:
    """GET: choose a file. POST with a file: its dry run. POST with `apply`: take it over."""
    user = person(request)
    TranslationFile.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    if request.method == "POST" and "apply" in request.POST:
        return _apply(request, user)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        try:
            report = interchange.dry_run(user, content)
        except xliff.BadFile as error:
            form.add_error("file", str(interchange.REASONS[error.reason]))
        else:
            return _preview(request, user, form.cleaned_data["file"].name, content, report)
    if not languages_of(user):
        messages.warning(request, _("No language is noted in your account, so nothing of a file can be taken over."))
    status = 422 if form.is_bound and form.errors else 200
    return render_page(request, "translations/import.html", _("Read in translations"), {"form": form}, status=status)


def _preview(request: HttpRequest, user: User, name: str, content: bytes, report: interchange.Report) -> HttpResponse:
    """The dry run; the file waits in the database for the click."""
    TranslationFile.objects.filter(user=user).delete()
    file = TranslationFile.objects.create(name=name[:200], content=content, user=user)
    outcomes = sorted(report.outcomes, key=lambda outcome: ORDER.index(outcome.status))
    rows = [
        {
            "status": outcome.status,
            "label": interchange.STATUSES[outcome.status],
            "title": outcome.title or outcome.unit,
            "field": outcome.field,
            "reason": outcome.reason,
            "words": word_diff(outcome.before, outcome.after) if outcome.after != outcome.before else None,
        }
        for outcome in outcomes[:SHOWN]
    ]
    sums = [{"status": s, "label": interchange.STATUSES[s], "count": report.count(s)} for s in ORDER]
    context = {
        "report": report,
        "file": file,
        "rows": rows,
        "sums": sums,
        "ready": report.ready,
        "more": max(0, len(outcomes) - SHOWN),
    }
    return render_page(request, "translations/import.html", _("What this file would do"), context)


def _apply(request: HttpRequest, user: User) -> HttpResponse:
    key = request.POST.get("file", "")
    file = get_object_or_404(TranslationFile, pk=int(key) if key.isascii() and key.isdigit() else 0, user=user)
    try:
        report, sent, kept = interchange.apply(user, bytes(file.content))
    except xliff.BadFile as error:
        messages.error(request, str(interchange.REASONS[error.reason]))
        return redirect("translations:import")
    file.delete()
    said = _(
        "%(sent)d entries were sent to review, %(kept)d were kept as incomplete drafts, %(refused)d texts were refused."
    )
    messages.success(request, said % {"sent": sent, "kept": kept, "refused": report.count("refused")})
    return redirect("translations:work", lang=report.language.code)
