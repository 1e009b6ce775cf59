"""Merging two services by hand: one is kept and takes over what was chosen, the other is archived whole, and all can be undone.

Of the archived one nothing is taken away: what is taken over is copied. So an undo removes the copies, restores what they
replaced, and leaves alone what somebody has edited since. Only checks, reports and tasks move, if that is chosen.
"""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.core import serializers
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from simple_history.utils import update_change_reason

from directory.duplicates.compare import FIELDS, PARTS, Comparison, compare, part_rows
from directory.models import DuplicatePair, FormerId, Service, ServiceText, Task, UserReport, Verification

__all__ = ["MergeError", "merge", "not_a_duplicate", "undo"]

_WORK: dict[str, Any] = {"verification": Verification, "userreport": UserReport, "task": Task}
"""Records of work about a service, which may follow it."""
_STAMPS = ("created_at", "updated_at")


class MergeError(Exception):
    """The two cannot be merged (or parted) as things are; the message is for staff."""


def _dump(row: models.Model) -> dict[str, Any]:
    """A record as JSON: model, pk, fields."""
    found: dict[str, Any] = json.loads(serializers.serialize("json", [row]))[0]
    return found


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    kept = [{name: value for name, value in dump["fields"].items() if name not in _STAMPS} for dump in (one, other)]
    return kept[0] == kept[1]


class _Log:
    """What a merge changed, row by row, so that it can be undone: before is None of a new row, after of a deleted one."""

    def __init__(self, reason: str) -> None:
        self.rows: list[dict[str, Any]] = []
        self.reason = reason

    def save(self, row: Any) -> None:
        before = type(row)._default_manager.filter(pk=row.pk).first() if row.pk else None
        old = _dump(before) if before is not None else None
        row._change_reason = self.reason
        row.save()
        self.rows.append({"before": old, "after": _dump(row)})

    def delete(self, row: Any) -> None:
        self.rows.append({"before": _dump(row), "after": None})
        row._change_reason = self.reason
        row.delete()


def merge(
    pair: DuplicatePair, survivor: Service, choices: dict[str, str], by: Any, *, fingerprint: str = ""
) -> list[str]:
    """Merge the pair into `survivor`. `choices`: a, b or both by key of a row (see `compare`), and work: move or stay.

    Returns the keys of what the survivor took over. Raises MergeError if the pair is decided already, or if either
    service was changed since the page with this `fingerprint` was read. All or nothing.
    """
    with transaction.atomic():
        pair = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
        if pair.state not in (DuplicatePair.State.OPEN, DuplicatePair.State.PROPOSED):
            raise MergeError("decided")
        both = Service.objects.select_for_update().in_bulk([pair.a_id, pair.b_id])
        a, b = both[pair.a_id], both[pair.b_id]
        if Service.Status.ARCHIVED in (a.status, b.status):
            raise MergeError("archived")
        side = "a" if survivor.pk == a.pk else "b"
        compared = compare(a, b, survivor=side, choices=choices)
        if fingerprint and fingerprint != compared.fingerprint:
            raise MergeError("changed")
        survivor, loser = (a, b) if side == "a" else (b, a)
        log = _Log(f"merged with {loser.public_id}")
        taken = _take_facts(compared, survivor, loser, side, log)
        taken["moved"] = _move_work(loser, survivor) if choices.get("work") == "move" else {}
        FormerId.objects.create(
            service=survivor, public_id=loser.public_id, uuid=loser.uuid, external_ids=loser.external_ids
        )
        taken["status_of_loser"] = str(loser.status)
        loser.status = Service.Status.ARCHIVED
        loser._change_reason = f"merged into {survivor.public_id}"  # type: ignore[attr-defined]
        loser.save()
        for service in (survivor, loser):
            service.refresh_review()
        DuplicatePair.objects.filter(
            models.Q(a=loser) | models.Q(b=loser), state__in=(DuplicatePair.State.OPEN, DuplicatePair.State.PROPOSED)
        ).exclude(pk=pair.pk).delete()
        pair.state, pair.survivor, pair.decided_by, pair.decided_at = "merged", survivor, by, timezone.now()
        pair.choices, pair.undo = choices, {**taken, "rows": log.rows}
        pair.save()
    return [row.key for row in compared.rows if row.chosen != side]


def _take_facts(compared: Comparison, survivor: Service, loser: Service, side: str, log: _Log) -> dict[str, Any]:
    """Bring over what was chosen. Returns what undoing needs beside the log of rows."""
    other = "b" if side == "a" else "a"
    chosen = {row.key: row.chosen for row in compared.rows}
    before = _dump(survivor)["fields"]
    for name in FIELDS:
        if chosen.get(f"field:{name}") == other:
            setattr(survivor, name, getattr(loser, name))
    survivor.external_ids = {**loser.external_ids, **survivor.external_ids}
    survivor._change_reason = log.reason  # type: ignore[attr-defined]
    survivor.save()
    kinds = chosen.get("part:categories")
    if kinds == "both":
        survivor.categories.add(*loser.categories.all())
    elif kinds == other:
        survivor.categories.set(loser.categories.all())
    if kinds in ("both", other):
        # the history row of the many-to-many change carries the reason as well
        update_change_reason(survivor, log.reason)
    for key, part in PARTS.items():
        if (choice := chosen.get(f"part:{key}")) in ("both", other):
            _take_part(survivor, loser, part, replace=choice == other, log=log)
    _take_texts(chosen, survivor, loser, other, log)
    after = _dump(Service.objects.get(pk=survivor.pk))["fields"]
    changed = {
        name: [before[name], after[name]] for name in before if name not in _STAMPS and before[name] != after[name]
    }
    return {"fields": changed}


def _copy(row: Any, survivor: Service) -> Any:
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if not f.primary_key}
    return type(row)(**{**values, "service_id": survivor.pk})


def _take_part(survivor: Service, loser: Service, part: Any, *, replace: bool, log: _Log) -> None:
    ours, theirs = part_rows(survivor, part), part_rows(loser, part)
    wanted, known = {part.key(row) for row in theirs}, {part.key(row) for row in ours}
    if replace:
        for row in ours:
            if not part.both or part.key(row) not in wanted:
                log.delete(row)
        known = known & wanted if part.both else set()
    for row in theirs:
        if part.key(row) not in known:
            log.save(_copy(row, survivor))


def _take_texts(chosen: dict[str, str], survivor: Service, loser: Service, other: str, log: _Log) -> None:
    """Copy wordings. Translations follow the source text they were made from: with another source they are out of date."""
    ours, theirs = ({text.lang: text for text in service.texts.all()} for service in (survivor, loser))
    langs = [key.split(":", 1)[1] for key, choice in chosen.items() if key.startswith("text:") and choice == other]
    source_taken = survivor.source_language in langs and survivor.source_language in theirs
    if source_taken and survivor.source_language in ours:
        survivor.source_changed()
    for lang in langs:
        if lang not in theirs:
            log.delete(ours[lang])
            continue
        theirs_now = theirs[lang]
        text = ours.get(lang) or ServiceText(service=survivor, lang=lang)
        for name in (*ServiceText.WORDING, "state", "translator", "reviewed_by", "reviewed_at"):
            setattr(text, name, getattr(theirs_now, name))
        follows = source_taken and theirs_now.source_version >= loser.version
        is_source = lang == survivor.source_language
        text.source_version = survivor.version if follows or is_source else max(0, survivor.version - 1)
        if not follows and not is_source and text.state == ServiceText.State.APPROVED:
            text.state = ServiceText.State.NEEDS_REVIEW
        log.save(text)


def _move_work(loser: Service, survivor: Service) -> dict[str, list[int]]:
    moved: dict[str, list[int]] = {}
    for name, model in _WORK.items():
        rows = model.objects.filter(service=loser)
        moved[name] = list(rows.order_by("pk").values_list("pk", flat=True))
        rows.update(service=survivor)
    return moved


def undo(pair: DuplicatePair, by: Any) -> list[str]:
    """Part two merged services again. Returns the names of what was edited since and stays as it is. All or nothing.

    Raises MergeError if the pair is not merged, or if the one that was kept has been merged into a third since.
    """
    with transaction.atomic():
        pair = DuplicatePair.objects.select_for_update().get(pk=pair.pk)
        survivor = pair.survivor
        if pair.state != DuplicatePair.State.MERGED or survivor is None:
            raise MergeError("decided")
        if FormerId.objects.filter(uuid=survivor.uuid).exists():
            raise MergeError("chain")
        loser, log = pair.other(survivor), pair.undo
        reason = f"parted from {loser.public_id}"
        kept = _restore_rows(log["rows"], reason) + _restore_fields(survivor, log["fields"], reason)
        for name, keys in log["moved"].items():
            _WORK[name].objects.filter(pk__in=keys, service=survivor).update(service=loser)
        FormerId.objects.filter(service=survivor, uuid=loser.uuid).delete()
        if loser.status == Service.Status.ARCHIVED:
            loser.status = log["status_of_loser"]
        loser._change_reason = f"parted from {survivor.public_id}"  # type: ignore[attr-defined]
        loser.save()
        for service in (survivor, loser):
            service.refresh_review()
        pair.state, pair.survivor, pair.undo, pair.choices = DuplicatePair.State.OPEN, None, {}, {}
        pair.proposed_by, pair.decided_by, pair.decided_at = None, by, timezone.now()
        pair.save()
    return sorted(set(kept))


def _restore_fields(survivor: Service, changed: dict[str, list[Any]], reason: str) -> list[str]:
    survivor.refresh_from_db()
    now, kept = _dump(survivor)["fields"], []
    for name, (old, new) in changed.items():
        field: Any = Service._meta.get_field(name)
        if now[name] != new:
            kept.append(str(field.verbose_name))
        elif field.many_to_many:
            getattr(survivor, name).set(old)
        else:
            setattr(survivor, field.attname, field.to_python(old) if not field.is_relation else old)
    survivor._change_reason = reason  # type: ignore[attr-defined]
    survivor.save()
    return kept


def _restore_rows(rows: list[dict[str, Any]], reason: str) -> list[str]:
    """Undo the log from its end. Returns the kinds of rows that somebody has edited since."""
    kept = []
    for entry in reversed(rows):
        dump = entry["after"] or entry["before"]
        row_before = _load(entry["before"]) if entry["before"] else None
        model: Any = apps.get_model(dump["model"])
        current = model.objects.filter(pk=dump["pk"]).first()
        edited = entry["after"] is not None and (current is None or not _same(_dump(current), entry["after"]))
        if edited or (entry["after"] is None and current is not None):
            kept.append(str(model._meta.verbose_name))
            continue
        try:
            with transaction.atomic():
                target = row_before if row_before is not None else current
                target._change_reason = reason  # type: ignore[union-attr]
                if row_before is None:
                    current.delete()
                else:
                    row_before.save(force_insert=current is None)
        except IntegrityError:
            kept.append(str(model._meta.verbose_name))
    return kept


def _load(dump: dict[str, Any]) -> Any:
    return next(iter(serializers.deserialize("json", json.dumps([dump])))).object


def not_a_duplicate(pair: DuplicatePair, by: Any) -> None:
    """Remember that the two are different; they are not suggested again."""
    pair.state, pair.decided_by, pair.decided_at = DuplicatePair.State.NOT_DUPLICATE, by, timezone.now()
    pair.save()
