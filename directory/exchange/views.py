"""The import pages: upload, columns, the dry run with its rows, and the buttons that apply and undo. Work runs in the background."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.timezone import localdate
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from bot.lookup.categories import CATEGORIES
from directory.access import sees
from directory.exchange import files
from directory.exchange.checks.base import Incoming
from directory.exchange.checks.persons import restricted_rows
from directory.exchange.columns import FIELDS, OURS, MappingError, key, with_mapping
from directory.exchange.entries import category_words
from directory.exchange.export import hsds_json, hsds_zip, services_csv, services_xlsx
from directory.exchange.forms import SourceForm, UploadForm, source_code
from directory.exchange.labels import FIELD_NAMES, field_label, shown
from directory.exchange.reading import SPREADSHEETS, fitting
from directory.exchange.runs import undecided
from directory.exchange.table import Table, TableError, read_table
from directory.hsds.published import NothingPublished
from directory.models import ImportRow, ImportSource, Service, User
from directory.models.review import ImportRun
from directory.pages import render_page, staff_page

__all__ = ["again", "apply", "columns", "decide", "export", "marked", "run", "runs", "undo"]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SAMPLE_ROWS = 200
PER_PAGE = 50
TELLING = (
    "name",
    "organisation",
    "phone",
    "email",
    "website",
    "city",
    "country",
    "hours",
    "languages",
    "category",
    "visibility",
)
"""Fields of which the page shows values of every row; of others only from rows whose place is not kept back."""
MOST_WORDS = 60
"""Words of a column of categories that the page asks about."""
State, Outcome, Decision = ImportRun.State, ImportRow.Outcome, ImportRow.Decision
BUSY = (State.QUEUED, State.CHECKING, State.TO_APPLY, State.APPLYING, State.TO_UNDO, State.UNDOING)
CHECKABLE = (State.MAPPING, State.CHECKED, State.FAILED)


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _find(request: HttpRequest, pk: int) -> ImportRun:
    rows = sees(_user(request), ImportRun.objects.select_related("source", "uploaded_by", "applied_by"))
    return cast(ImportRun, get_object_or_404(rows, pk=pk))


@staff_page("directory.view_importrun")
def runs(request: HttpRequest) -> HttpResponse:
    """The imports so far, and the form for another file."""
    form = UploadForm(_user(request), request.POST or None, request.FILES or None)
    may_add = request.user.has_perm("directory.add_importrun")
    if request.method == "POST":
        if not may_add:
            raise PermissionDenied
        if form.is_valid():
            return redirect("exchange:columns", _store(request, form).pk)
    seen = sees(_user(request), ImportRun.objects.select_related("source", "uploaded_by"))
    page = Paginator(seen.order_by("-created_at", "-pk"), 20).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "may_add": may_add,
        "may_export": request.user.has_perm("directory.view_service"),
    }
    return render_page(request, "exchange/list.html", _("Import and export"), context)


@transaction.atomic
def _store(request: HttpRequest, form: UploadForm) -> ImportRun:
    data = form.cleaned_data
    source = data["source"]
    if source is None:
        name = data["new_source"].strip()
        source = ImportSource.objects.create(name=name, code=source_code(name))
    file = data["file"]
    stored, digest = files.keep(file.chunks(), "." + file.name.rsplit(".", 1)[-1].lower())
    before = source.runs.filter(state=State.APPLIED, digest=digest).first()
    if before is not None:
        messages.info(request, _("The same file was already applied as import %(number)d.") % {"number": before.pk})
    return ImportRun.objects.create(
        file_name=file.name[:200], stored_as=stored, digest=digest, source=source, uploaded_by=_user(request),
        options={"complete": data["complete"], "language": get_language() or "en"},
    )  # fmt: skip


def _head(found: ImportRun) -> Table | None:
    """The first rows of a spreadsheet; None for HSDS. Raises TableError."""
    path = files.path_of(found)
    if path is None:
        raise TableError(_("The file is no longer kept. Please upload it again."))
    if path.suffix not in SPREADSHEETS:
        return None
    return read_table(path, SAMPLE_ROWS)


@staff_page("directory.add_importrun")
def columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Which column is what, and what holds for every row; both are remembered for the source."""
    found = _find(request, pk)
    source = found.source
    if source is None or found.state not in CHECKABLE:
        return redirect("exchange:run", pk)
    try:
        table = _head(found)
    except TableError as error:
        messages.error(request, str(error))
        ImportRun.objects.filter(pk=pk).update(state=State.FAILED, error=str(error))
        return redirect("exchange:run", pk)
    form = SourceForm(_user(request), request.POST or None, instance=source)
    rows = _columns(table, source, request.POST if request.method == "POST" else None) if table else []
    words = _words(table, source, rows) if table else []
    problem = ""
    if request.method == "POST" and form.is_valid():
        problem = _remember(request, source, table, rows)
        if not problem:
            form.save()
            ImportRun.objects.filter(pk=pk, state__in=CHECKABLE).update(
                state=State.QUEUED, error="", mapping=source.mapping
            )
            return redirect("exchange:run", pk)
    context = {
        "run": found, "form": form, "rows": rows, "table": table, "words": words, "problem": problem,
        "fields": [("", _("do not use")), *((name, str(FIELD_NAMES[name])) for name in (*FIELDS, *OURS))],
        "categories": [(known.code, known.label) for known in CATEGORIES.values()],
        "keys": [(name, str(FIELD_NAMES[name]), name in source.key_fields) for name in ("name", "organisation", "city", "address", "postcode", "phone")],
    }  # fmt: skip
    return render_page(request, "exchange/columns.html", _("What the columns hold"), context)


def _columns(table: Table, source: ImportSource, posted: Any) -> list[dict[str, Any]]:
    """Each column with its field, some of its values, and how sure the guess is. Persons' names are not shown, nor what may
    tell a place that the file keeps back."""
    mapping = {k: source.mapping[k] for k in ("columns", "ignore") if source.mapping.get(k)}
    known = with_mapping(table.headers, fitting(mapping, table.headers))
    restricted = restricted_rows(Incoming(table, known, source.country, localdate()))
    rows = []
    for at, header in enumerate(table.headers):
        field = posted.get(f"column-{at}", "") if posted is not None else known.fields[at] or ""
        open_rows = [row for row in table.rows if known.fields[at] in TELLING or row.number not in restricted]
        values = list(dict.fromkeys(row.cells[at].strip() for row in open_rows if row.cells[at].strip()))
        rows.append(
            {
                "at": at,
                "header": header or "–",
                "field": field,
                "score": known.scores[at],
                "values": [v[:60] for v in values[:3]],
                "all": values,
            }
        )
    return rows


def _words(table: Table, source: ImportSource, rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Words in columns of categories that are none of ours, with the category that the source gives them."""
    counts: Counter[str] = Counter()
    for row in rows:
        if row["field"] == "category":
            counts.update(cells.cells[row["at"]].strip() for cells in table.rows)
    remembered = source.mapping.get("categories") or {}
    unknown = [word for word, _count in counts.most_common() if word and key(word) not in category_words()]
    return [(word, remembered.get(word, "")) for word in unknown[:MOST_WORDS]]


def _remember(request: HttpRequest, source: ImportSource, table: Table | None, rows: list[dict[str, Any]]) -> str:
    """Put the choices on the source (not saved yet). Returns what is wrong with them, or ''."""
    if table is None:
        return ""
    chosen: dict[str, list[str]] = {}
    ignored = []
    for row in rows:
        header = table.headers[row["at"]]
        if table.headers.count(header) != 1:
            continue  # two columns of one name: the guess holds
        if row["field"] in (*FIELDS, *OURS):
            chosen.setdefault(row["field"], []).append(header)
        else:
            ignored.append(header)
    if "name" not in {row["field"] for row in rows}:
        return _("Say which column holds the name.")
    mapping: dict[str, Any] = {"columns": chosen, "ignore": ignored}
    try:
        with_mapping(table.headers, mapping)
    except MappingError as error:
        return str(error)
    words = dict(source.mapping.get("categories") or {})
    for number, word in enumerate(request.POST.getlist("word")):
        code = request.POST.get(f"category-{number}", "")
        if code in CATEGORIES or code == "-":
            words[word] = code
        else:
            words.pop(word, None)
    source.mapping = {**mapping, "categories": words}
    source.key_fields = [name for name in request.POST.getlist("key") if name in FIELDS]
    return ""


@staff_page("directory.view_importrun")
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """One import: how far it is, what each row would do, and what can be done next."""
    found = _find(request, pk)
    if found.state == State.MAPPING:
        return redirect("exchange:columns", pk)
    rows = found.rows.select_related("service")
    chosen = request.GET.get("outcome", "")
    rule = request.GET.get("rule", "")
    if chosen in Outcome.values:
        rows = rows.filter(outcome=chosen)
    elif chosen == "problem":
        rows = rows.exclude(problem="")
    if rule:
        rows = rows.filter(Q(findings__icontains=json.dumps({"rule": rule})[1:-1]))
    if query := request.GET.get("q", "").strip()[:80]:
        rows = rows.filter(name__icontains=query)
    page = Paginator(rows.order_by("number"), PER_PAGE).get_page(request.GET.get("page"))
    seen = set(
        sees(
            _user(request), Service.objects.filter(pk__in=[row.service_id for row in page if row.service_id])
        ).values_list("pk", flat=True)
    )
    listed = [
        {
            "row": row,
            "diff": [(field_label(name), *map(shown, pair)) for name, pair in row.diff.items()],
            "seen": row.service_id in seen,
        }
        for row in page
    ]
    counts = [
        (Outcome.NEW, found.rows_new), (Outcome.CHANGED, found.rows_changed), (Outcome.UNCHANGED, found.rows_unchanged),
        (Outcome.DUPLICATE, found.rows_duplicate), (Outcome.REFUSED, found.rows_bad),
    ]  # fmt: skip
    decides = request.user.has_perm("directory.change_importrun")
    applied = (
        found.rows.filter(applied=True).count() if found.state in (State.APPLIED, State.FAILED, State.UNDONE) else 0
    )
    context = {
        "run": found, "page": page, "rows": listed, "counts": counts, "chosen": chosen, "rule": rule, "query": query,
        "busy": found.state in BUSY, "decides": decides, "decisions": [d for d in Decision if d],
        "percent": 100 * found.done // found.total if found.total else None,
        "undecided": found.rows.filter(outcome=Outcome.DUPLICATE, decision="").count() if found.state == State.CHECKED else 0,
        "problems": found.rows.exclude(problem="").count(), "applied": applied,
        "file_kept": files.path_of(found) is not None, "has_marked": files.marked_path(found).is_file(),
        "may_check": request.user.has_perm("directory.add_importrun") and found.state in CHECKABLE,
        "may_apply": decides and found.state in (State.CHECKED, State.FAILED) and found.rows.exists(),
        "may_undo": decides and applied and found.state in (State.APPLIED, State.FAILED),
        "publishes": request.user.has_perm("directory.publish"),
        "rules": list((found.report.get("rules") or {}).items()),
    }  # fmt: skip
    return render_page(request, "exchange/run.html", _("Import %(number)d") % {"number": found.pk}, context)


@require_POST
@staff_page("directory.change_importrun")
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """What the possible duplicates on the page are; decisions count when the import is applied."""
    found = _find(request, pk)
    if found.state not in (State.CHECKED, State.FAILED):
        messages.error(request, _("Decisions are made after the check and before the import is applied."))
        return redirect("exchange:run", pk)
    count = 0
    for row in found.rows.filter(
        outcome=Outcome.DUPLICATE, pk__in=[n[4:] for n in request.POST if n.startswith("row-") and n[4:].isdigit()]
    ):
        decision = request.POST.get(f"row-{row.pk}", "")
        if (
            decision in Decision.values
            and not (decision == Decision.SAME and row.service_id is None)
            and row.decision != decision
        ):
            ImportRow.objects.filter(pk=row.pk).update(decision=decision)
            count += 1
    messages.success(request, _("%(count)d decisions were kept.") % {"count": count})
    return redirect(reverse("exchange:run", args=[pk]) + "?outcome=duplicate")


def _send(request: HttpRequest, pk: int, states: tuple[str, ...], state: str, **facts: Any) -> HttpResponse:
    """Hand a run to the work in the background, if nobody else has done so meanwhile."""
    if not ImportRun.objects.filter(pk=pk, state__in=states).update(
        state=state, error="", done=0, total=0, step="", seen_at=None, **facts
    ):
        messages.error(request, _("This import has moved on meanwhile. Look at its state below."))
    return redirect("exchange:run", pk)


@require_POST
@staff_page("directory.add_importrun")
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Check the same file once more: the directory or the columns may have changed."""
    found = _find(request, pk)
    if found.rows.filter(applied=True).exists():
        messages.error(request, _("Some rows were written already. Go on, or undo them first."))
        return redirect("exchange:run", pk)
    return _send(request, pk, CHECKABLE, State.QUEUED)


@require_POST
@staff_page("directory.change_importrun")
def apply(request: HttpRequest, pk: int) -> HttpResponse:
    """Write what the dry run showed."""
    found = _find(request, pk)
    options = dict(found.options)
    for name in ("all_or_nothing", "publish", "personal_phones"):
        options[name] = bool(request.POST.get(name))
    options["publish"] = options["publish"] and request.user.has_perm("directory.publish")
    if options["all_or_nothing"] and undecided(found):
        messages.error(
            request,
            _("All or nothing: first mend the refused rows in the file, and decide on the possible duplicates."),
        )
        return redirect("exchange:run", pk)
    if options["personal_phones"] != bool(found.options.get("personal_phones")):
        messages.info(
            request,
            _(
                "Personal numbers count otherwise now, so the file is checked again first. Look at the rows, then apply."
            ),
        )
        return _send(request, pk, (State.CHECKED,), State.QUEUED, options=options)
    return _send(request, pk, (State.CHECKED, State.FAILED), State.TO_APPLY, options=options, applied_by=request.user)


@require_POST
@staff_page("directory.change_importrun")
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put everything back as it was before this import."""
    _find(request, pk)
    return _send(request, pk, (State.APPLIED, State.FAILED), State.TO_UNDO, undone_by=request.user)


@staff_page("directory.view_importrun")
def marked(request: HttpRequest, pk: int) -> HttpResponse:
    """The marked workbook."""
    found = _find(request, pk)
    path = files.marked_path(found)
    if not path.is_file():
        raise Http404
    name = found.file_name.rsplit(".", 1)[0]
    return _download(path.read_bytes(), f"{name}-marked.xlsx")


def _download(data: bytes, name: str) -> HttpResponse:
    """A file to be saved, whole: ASGI cannot stream a file object."""
    kinds = {"xlsx": XLSX, "json": "application/json", "zip": "application/zip", "csv": "text/csv; charset=utf-8"}
    response = HttpResponse(data, content_type=kinds[name.rsplit(".", 1)[1]])
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@staff_page("directory.view_service")
def export(request: HttpRequest, name: str) -> HttpResponse:
    """What is public as HSDS, or the services that the person sees as a spreadsheet."""
    day = localdate().isoformat()
    try:
        if name == "hsds.json":
            return _download(hsds_json(), f"waypost-hsds-{day}.json")
        if name == "hsds.zip":
            return _download(hsds_zip(), f"waypost-hsds-{day}.zip")
    except NothingPublished:
        messages.error(request, _("Nothing has been published yet, so there is nothing to take out."))
        return redirect("exchange:list")
    services = sees(_user(request), Service.objects.exclude(status=Service.Status.ARCHIVED))
    if name == "services.xlsx":
        return _download(services_xlsx(services), f"waypost-services-{day}.xlsx")
    if name == "services.csv":
        return _download(services_csv(services), f"waypost-services-{day}.csv")
    raise Http404
