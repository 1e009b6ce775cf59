"""The life of an import: checked, applied, undone. Each step is work in the background that can be taken up where it stood still."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from directory.exchange import files
from directory.exchange.change import change, remove_made, revert
from directory.exchange.checks import CHECKS
from directory.exchange.checks import run as run_checks
from directory.exchange.checks.base import Finding
from directory.exchange.columns import MappingError
from directory.exchange.create import Creator
from directory.exchange.current import read
from directory.exchange.marked import write_marked
from directory.exchange.plan import Planned, plan
from directory.exchange.reading import Reading, read_file
from directory.exchange.report import Report, column_letter
from directory.exchange.table import TableError
from directory.models import ImportRow, ImportSource, Service, Task, User
from directory.models.review import ImportRun
from directory.search import refresh

__all__ = ["WORK", "ImportFailed", "apply", "check", "claim", "missing", "undecided", "undo"]

log = logging.getLogger(__name__)
CHUNK = 200
STANDS_STILL = timedelta(minutes=5)
State, Outcome, Decision = ImportRun.State, ImportRow.Outcome, ImportRow.Decision
T = TypeVar("T")


class ImportFailed(Exception):
    """The run cannot go on; the message is for staff."""


class _Nothing(Exception):
    """A row failed in a run that is to be all or nothing."""


def claim(waiting: str, working: str) -> ImportRun | None:
    """The next run that waits, or that stood still while being worked on; None if there is none. One process gets it."""
    stopped = timezone.now() - STANDS_STILL
    ready = ImportRun.objects.filter(state=waiting) | ImportRun.objects.filter(state=working, seen_at__lt=stopped)
    for run in ready.order_by("created_at")[:5]:
        mine = ImportRun.objects.filter(pk=run.pk, state=run.state, seen_at=run.seen_at)
        if mine.update(state=working, seen_at=timezone.now(), error=""):
            run.refresh_from_db()
            return run
    return None


def work(waiting: str, working: str, do: Callable[[ImportRun], None], back: str) -> str | None:
    """Do the next run of that state; what goes wrong is written on it, and its state is `back`. Returns a line for the log."""
    run = claim(waiting, working)
    if run is None:
        return None
    with translation.override(run.options.get("language") or "en"):
        try:
            do(run)
        except (ImportFailed, TableError, MappingError) as error:
            ImportRun.objects.filter(pk=run.pk).update(state=back, error=str(error), step="")
            return f"import {run.pk}: {working} ended: {error}"
        except Exception as error:
            log.exception("import %s failed", run.pk)
            words = _("Something unforeseen went wrong (%(kind)s). Please tell whoever looks after the server.")
            ImportRun.objects.filter(pk=run.pk).update(
                state=back, error=words % {"kind": type(error).__name__}, step=""
            )
            return f"import {run.pk}: {working} failed: {type(error).__name__}"
    run.refresh_from_db()
    return f"import {run.pk}: {run.state}"


def _tell(run: ImportRun, step: object, done: int, total: int) -> None:
    ImportRun.objects.filter(pk=run.pk).update(step=str(step)[:100], done=done, total=total, seen_at=timezone.now())


def _chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[list[T]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


# --- checking ------------------------------------------------------------------------------------------------------------------


def _read(run: ImportRun) -> Reading:
    path = files.path_of(run)
    if path is None or run.source is None:
        raise ImportFailed(_("The file is no longer kept. Please upload it again."))
    _tell(run, _("reading the file"), 0, 0)
    return read_file(path, run.file_name, run.source)


READ_BY = ("names in texts", "personal numbers", "e-mail", "dates", "duplicates")
"""Checks whose findings decide what a row says. The others have refused their rows when the file was checked."""


def _plan(
    run: ImportRun, user: User | None, reading: Reading, same: dict[int, int], checks: Sequence[str] = tuple(CHECKS)
) -> tuple[list[Finding], list[Planned]]:
    if user is None or run.source is None:
        raise ImportFailed(_("The account that asked for this is gone."))
    steps = iter(range(len(checks)))
    found = run_checks(
        reading.incoming,
        lambda name: _tell(run, _("checking the file: %(what)s") % {"what": name}, next(steps), len(checks)),
        checks,
    )
    entries = reading.entries(found)
    total = len(entries)
    step = _("comparing with the directory")
    planned = plan(
        reading.incoming,
        entries,
        found,
        run.source,
        user,
        run.options,
        lambda done: _tell(run, step, done, total),
        same,
    )
    return found, planned


def check(run: ImportRun) -> None:
    """The dry run: results by row, a report and a marked workbook. Decisions of an earlier check stay."""
    reading = _read(run)
    decided = {row.number: row for row in run.rows.exclude(decision="")}
    same = {n: row.service_id for n, row in decided.items() if row.decision == Decision.SAME and row.service_id}
    found, planned = _plan(run, run.uploaded_by, reading, same)
    inside = {one.entry.number for one in planned}
    by_row = [f for one in planned for f in one.findings]
    report = Report(reading.incoming, sorted([*(f for f in found if f.row not in inside), *by_row]))
    headers = reading.incoming.table.headers
    rows = []
    for one in planned:
        row = ImportRow(
            run=run, number=one.entry.number, name=one.entry.name, key=one.entry.key, outcome=one.outcome,
            service_id=one.service, diff=one.diff, findings=[_finding(f, headers) for f in one.findings],
        )  # fmt: skip
        before = decided.get(row.number)
        if before is not None and before.key == row.key and one.outcome != Outcome.REFUSED:
            row.decision = before.decision
        rows.append(row)
    with transaction.atomic():
        run.rows.all().delete()
        for chunk in _chunks(rows, 1000):
            ImportRow.objects.bulk_create(chunk)
    _tell(run, _("writing the marked workbook"), len(rows), len(rows))
    told = {one.entry.number: str(Outcome(one.outcome).label) for one in planned}
    hidden = [one.entry.number for one in planned if one.keeps_place]
    write_marked(report, files.marked_path(run), told, hidden)
    files.marked_path(run).chmod(0o600)
    counts = Counter(one.outcome for one in planned)
    summary = {name: value for name, value in report.data().items() if name != "findings"}
    summary["examples"] = {
        rule: [{"where": report.where(f), "words": f.words, "value": f.value} for f in of_rule[:3]]
        for rule, of_rule in report.by_rule.items()
    }
    keys = {one.entry.key for one in planned}
    gone = missing(run.source, keys) if run.source and run.options.get("complete") else []
    summary["missing"] = {"count": len(gone), "first": [str(name) for _pk, name, _key, _org in gone[:20]]}
    _finish(run, State.CHECKED, report=summary, **_counted(counts))


def _counted(counts: Counter[str]) -> dict[str, int]:
    names = {Outcome.NEW: "rows_new", Outcome.CHANGED: "rows_changed", Outcome.UNCHANGED: "rows_unchanged"}
    names |= {Outcome.DUPLICATE: "rows_duplicate", Outcome.REFUSED: "rows_bad"}
    return {field: counts[outcome] for outcome, field in names.items()}


def _finish(run: ImportRun, state: str, **facts: Any) -> None:
    ImportRun.objects.filter(pk=run.pk).update(state=state, step="", done=F("total"), seen_at=timezone.now(), **facts)


def _finding(one: Finding, headers: Sequence[str]) -> dict[str, Any]:
    header = headers[one.column] if 0 <= one.column < len(headers) else ""
    return {
        "rule": one.rule, "severity": one.severity, "column": column_letter(one.column),
        "header": header, "words": one.words, "value": one.value,
    }  # fmt: skip


# --- applying ------------------------------------------------------------------------------------------------------------------


def undecided(run: ImportRun) -> int:
    """Rows that stand against all or nothing: refused ones, and possible duplicates about which nobody has decided."""
    return (
        run.rows.filter(outcome=Outcome.REFUSED).count()
        + run.rows.filter(outcome=Outcome.DUPLICATE, decision="").count()
    )


def apply(run: ImportRun) -> None:
    """Write what the dry run showed. A row whose entry has changed since is left out, or ends a run of all or nothing."""
    if run.options.get("all_or_nothing") and undecided(run):
        raise ImportFailed(_("All or nothing: some rows are refused or not decided. Nothing was written."))
    reading = _read(run)
    stored = {row.number: row for row in run.rows.all()}
    same = {n: row.service_id for n, row in stored.items() if row.decision == Decision.SAME and row.service_id}
    _found, planned = _plan(run, run.applied_by, reading, same, READ_BY)
    assert run.source is not None
    creator = Creator(run, run.source, run.applied_by)
    wanted = [one for one in planned if (row := stored.get(one.entry.number)) and not row.applied and _is_wanted(row)]
    done = 0
    try:
        for chunk in _chunks(wanted):
            with transaction.atomic():
                made = _apply_chunk(chunk, stored, creator)
            refresh(made)
            done += len(chunk)
            _tell(run, _("writing"), done, len(wanted))
            if run.options.get("all_or_nothing") and any(stored[one.entry.number].problem for one in chunk):
                raise _Nothing
    except _Nothing as error:
        bad = next(row for row in stored.values() if row.problem)
        problem = f"{_('row %(row)d') % {'row': bad.number}}: {bad.problem}"
        _take_back(run)
        raise ImportFailed(
            _("All or nothing: one row could not be written, so nothing stays (%(why)s).") % {"why": problem}
        ) from error
    tasks = _absent(run, {one.entry.key for one in planned}) if run.options.get("complete") else []
    ImportSource.objects.filter(pk=run.source.pk).update(last_run_at=timezone.now())
    report = {**run.report, "tasks": tasks, "problems": run.rows.exclude(problem="").count()}
    _finish(run, State.APPLIED, applied_at=timezone.now(), report=report)


def _is_wanted(row: ImportRow) -> bool:
    if row.decision == Decision.SKIP:
        return False
    if row.outcome == Outcome.DUPLICATE:
        return row.decision in (Decision.NEW, Decision.SAME)
    return row.outcome in (Outcome.NEW, Outcome.CHANGED)


def _apply_chunk(chunk: list[Planned], stored: dict[int, ImportRow], creator: Creator) -> list[int]:
    """Writes some rows and notes on each what became of it; returns the services that were touched."""
    new, existing = [], []
    for one in chunk:
        row = stored[one.entry.number]
        if one.outcome == Outcome.REFUSED:
            row.problem = next((f.words for f in one.findings if f.severity == "error"), "")[:500]
        elif one.service is not None and one.outcome in (Outcome.CHANGED, Outcome.UNCHANGED):
            if row.decision != Decision.SAME and (row.outcome != Outcome.CHANGED or _json(one.diff) != _json(row.diff)):
                row.problem = _("The entry has changed since the check. Check the file again.")
            else:
                existing.append(one)
        elif row.outcome == Outcome.CHANGED or row.decision == Decision.SAME:
            row.problem = _("The entry is gone. Check the file again.")
        elif one.outcome == Outcome.DUPLICATE and row.decision != Decision.NEW:
            row.problem = _("Now it may be a duplicate. Check the file again.")
        else:
            new.append(one)
    touched: list[int] = []
    for number, (service, made, problem) in creator.create(new).items() if new else ():
        row = stored[number]
        row.problem, row.applied = problem, service is not None
        if service is not None:
            row.service_id, row.undo = service, {"new": True, "made": made}
            touched.append(service)
    digests = _digests(touched)
    for one in new:
        row = stored[one.entry.number]
        if row.service_id in digests and row.undo.get("new"):
            row.undo["digest"] = digests[row.service_id]
    services = Service.objects.in_bulk([one.service for one in existing if one.service])
    for one in existing:
        row = stored[one.entry.number]
        undo, row.problem = change(one, services[one.service or 0], creator)
        if not row.problem:
            row.applied, row.service_id = True, one.service
            row.undo = undo
            touched.append(one.service or 0)
    rows = [stored[one.entry.number] for one in chunk]
    _note(rows)
    return touched


def _note(rows: list[ImportRow]) -> None:
    """Write what became of these rows: one statement, and much faster than an update of each."""
    fields = ["applied", "service", "undo", "problem"]
    ImportRow.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=fields)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _digests(services: Iterable[int]) -> dict[int, str]:
    """By service: a digest of all that it says, to see later whether somebody has edited it."""
    return {pk: hashlib.sha256(_json(values).encode()).hexdigest() for pk, values in read(services).items()}


# --- rows that a later file no longer holds ------------------------------------------------------------------------------------


def missing(source: ImportSource, keys: set[str]) -> list[tuple[int, str, str, int]]:
    """(service, public id, key, organisation) of entries of this source that the file does not hold and that are not closed."""
    gone = []
    listed = Service.objects.filter(external_ids__has_key=source.code)
    for pk, name, ids, owner in listed.exclude(status__in=("closed", "archived")).values_list(
        "pk", "public_id", "external_ids", "organisation_id"
    ):
        if str(ids[source.code]) not in keys:
            gone.append((pk, name, str(ids[source.code]), owner))
    return gone


def _absent(run: ImportRun, keys: set[str]) -> list[int]:
    """Tasks for entries that are missing from the file; those of entries that are back are closed. Returns the new tasks."""
    source = run.source
    assert source is not None
    kind = Task.Kind.MISSING_FROM_SOURCE
    before = set(Task.objects.filter(kind=kind, state=Task.State.OPEN).values_list("key", flat=True))
    made = []
    for pk, _name, name, owner in missing(source, keys):
        key = f"{source.code}:{name}"[:120]
        details = _("Not in “%(file)s” of %(source)s any more. Ask whether it still exists; nothing was deleted.")
        words = details % {"file": run.file_name[:80], "source": source.name}
        task = Task.found(kind, key, service_id=pk, organisation_id=owner, details=words[:300])
        if key not in before:
            made.append(task.pk)
    back = {f"{source.code}:{name}"[:120] for name in keys} & before
    for some in _chunks(sorted(back), 500):
        note = _("in the file again: import %(run)d") % {"run": run.pk}
        Task.objects.filter(kind=kind, state=Task.State.OPEN, key__in=some).update(
            state=Task.State.DONE, handled_at=timezone.now(), handled_by=run.applied_by, note=note
        )
    return made


# --- undoing -------------------------------------------------------------------------------------------------------------------


def undo(run: ImportRun) -> None:
    """Put everything back as it was before; what somebody has edited since stays and is listed."""
    _take_back(run)
    Task.objects.filter(pk__in=run.report.get("tasks", []), state=Task.State.OPEN).update(
        state=Task.State.DISMISSED, handled_at=timezone.now(), handled_by=run.undone_by, note=_("the import was undone")
    )
    problems = run.rows.filter(applied=True).count()
    _finish(run, State.UNDONE, undone_at=timezone.now(), report={**run.report, "kept": problems})


def _take_back(run: ImportRun) -> None:
    rows = list(run.rows.filter(applied=True).order_by("-number"))
    done = 0
    for chunk in _chunks(rows):
        with transaction.atomic():
            _take_back_chunk(chunk, run)
        done += len(chunk)
        _tell(run, _("putting back"), done, len(rows))


def _take_back_chunk(chunk: list[ImportRow], run: ImportRun) -> None:
    reason = f"undo of import {run.pk}"
    user = run.undone_by or run.applied_by
    services = Service.objects.in_bulk([row.service_id for row in chunk if row.service_id])
    digests = _digests([row.service_id for row in chunk if row.undo.get("new") and row.service_id])
    past: Any = Service.history.model
    public = set(
        past.objects.filter(id__in=list(digests), status__in=Service.PUBLIC_STATUSES).values_list("id", flat=True)
    )
    unwanted: list[ImportRow] = []
    for row in chunk:
        service = services.get(row.service_id or 0)
        row.problem = ""
        if service is None:
            row.applied = False
        elif not row.undo.get("new"):
            row.problem = revert(row.undo, service, user, reason)
            row.applied = bool(row.problem)
        elif digests.get(service.pk) != row.undo.get("digest"):
            row.problem = _("edited since, so it was left as it is")
        elif service.pk in public:
            service.status = Service.Status.ARCHIVED
            service._change_reason = reason  # type: ignore[attr-defined]
            service.save()
            row.applied = False
        else:
            unwanted.append(row)
            row.applied = False
    Service.objects.filter(pk__in=[row.service_id for row in unwanted]).delete()
    together: dict[str, list[int]] = {}
    for row in unwanted:
        row.service_id = None
        for model, keys in row.undo.get("made", {}).items():
            if model != "Verification":  # gone with the service
                together.setdefault(model, []).extend(keys)
    remove_made(together)
    _note(chunk)


WORK: tuple[tuple[str, str, Callable[[ImportRun], None], str], ...] = (
    (State.QUEUED, State.CHECKING, check, State.FAILED),
    (State.TO_APPLY, State.APPLYING, apply, State.FAILED),
    (State.TO_UNDO, State.UNDOING, undo, State.APPLIED),
)
"""What waits, what is being done, how, and the state after a failure."""
