"""Who may do what: roles, and which rows of the directory a member of staff sees, edits, and approves.

What a role may do with a kind of record are Django's permissions (`directory/roles.py`); with which rows of it is in
`directory/rows.py`. A page asks both. A superuser may do everything with every row, as in all of Django. Somebody with
permissions of their own but none of our roles is bound by these permissions alone; with a membership they count as a partner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from directory.rows import ANY_MODEL, CONFIDENTIAL, EDITS, SEES, Rule, nothing

if TYPE_CHECKING:
    from directory.models import User

__all__ = [
    "VIEW_CONFIDENTIAL",
    "Role",
    "approves",
    "edits",
    "is_confidential",
    "may_edit",
    "may_see",
    "offers",
    "roles",
    "sees",
    "self_publishes",
]

VIEW_CONFIDENTIAL = "directory.view_confidential"
DECIDES = "directory.change_changerequest"


class Role(models.TextChoices):
    """A group of Django with this name; what each may do is in `directory/roles.py`."""

    PARTNER = "partner", _("partner")
    REVIEWER = "reviewer", _("reviewer")
    TRANSLATOR = "translator", _("translator")
    PROTECTION = "protection", _("protection officer")
    COORDINATOR = "coordinator", _("coordinator of a region")
    ADMINISTRATOR = "administrator", _("administrator")


REVIEWING = frozenset({Role.REVIEWER, Role.COORDINATOR, Role.ADMINISTRATOR})
"""Roles that decide on changes of what is not confidential."""


def roles(user: User) -> frozenset[str]:
    """The roles of a person; a superuser has that of an administrator. Kept on the object: load the person anew after a change."""
    if not user.is_active or user.pk is None:
        return frozenset()
    found: frozenset[str] | None = getattr(user, "_waypost_roles", None)
    if found is None:
        named = frozenset(user.groups.filter(name__in=Role.values).values_list("name", flat=True))
        found = named | {Role.ADMINISTRATOR.value} if user.is_superuser else named
        user._waypost_roles = found  # type: ignore[attr-defined]
    return found


def _scopes(user: User) -> frozenset[str]:
    """The roles whose tables count; empty if Django's permissions alone bind the person."""
    named = roles(user)
    if not named and user.membership_set.exists():
        return frozenset({Role.PARTNER.value})
    return named


def _allowed(
    user: User, model: type[models.Model], table: dict[str, dict[str, Rule]], only: frozenset[str] | None
) -> models.Q:
    """The rows of the model for any of the person's roles, or for those among `only`. An empty Q: all rows."""
    name, none = model._meta.model_name or "", models.Q(pk__in=[])
    if not user.is_active or user.pk is None:
        return none
    if user.is_superuser:
        return models.Q()
    if name in CONFIDENTIAL and not user.has_perm(VIEW_CONFIDENTIAL):
        return none
    scopes = _scopes(user)
    if not scopes:
        return models.Q()
    found = none
    for scope in scopes if only is None else scopes & only:
        rules = table.get(scope, {})
        condition = rules.get(name, rules.get(ANY_MODEL, nothing))(user)
        if not condition:
            return condition
        found |= condition
    return found


def _filter(user: User, queryset: Any, table: dict[str, dict[str, Rule]], only: frozenset[str] | None = None) -> Any:
    model = queryset.model
    recorded = getattr(model, "instance_type", None)  # a history: its rows follow those of the record
    condition = _allowed(user, recorded or model, table, only)
    if not condition:
        return queryset
    if recorded is not None:
        key = recorded._meta.pk.attname
        return queryset.filter(**{f"{key}__in": recorded._base_manager.filter(condition).values("pk")})
    return queryset.filter(condition)


def sees(user: User, rows: Any) -> Any:
    """The rows (a QuerySet of any model of the directory, or of its history) that the person may see."""
    return _filter(user, rows, SEES)


def edits(user: User, rows: Any) -> Any:
    """The rows that the person may also change: never more than the rows of the roles that allow changes."""
    return _filter(user, rows, EDITS)


def offers(user: User, rows: Any) -> Any:
    """The rows that a form offers to be linked to: those that the person sees; to partners only organisations that they edit for."""
    partner = Role.PARTNER in _scopes(user) and not roles(user) & REVIEWING
    return edits(user, rows) if partner and rows.model._meta.model_name == "organisation" else sees(user, rows)


def _one(user: User, record: Any, table: dict[str, dict[str, Rule]], only: frozenset[str] | None = None) -> bool:
    """Whether the stored record is among the rows. One that was deleted, or is not saved yet, is if all rows are."""
    condition = _allowed(user, type(record), table, only)
    if not condition:
        return True
    if record.pk is None:
        return _new(user, record, only)
    return bool(type(record)._base_manager.filter(condition, pk=record.pk).exists())


def _new(user: User, record: Any, only: frozenset[str] | None) -> bool:
    """Whether a record that is not saved yet lies in the person's regions, or says nothing about where it lies."""
    if not (_scopes(user) if only is None else _scopes(user) & only):
        return False
    known = dict(user.regions.values_list("pk", "country"))
    region, country = getattr(record, "region_id", None), getattr(record, "country", "")
    return bool(known) and (region is None or region in known) and (not country or country in known.values())


def may_see(user: User, record: Any) -> bool:
    """Whether the record is among the rows that the person sees."""
    return _one(user, record, SEES)


def may_edit(user: User, record: Any) -> bool:
    """Whether the record is among the rows that the person may change."""
    return _one(user, record, EDITS)


def is_confidential(record: Any) -> bool:
    """Whether a change of the record touches a confidential place, so that a protection officer decides on it."""
    name = record._meta.model_name
    if name == "confidentialplace":
        return True
    if name != "location":
        return False
    if record.visibility != "public":
        return True
    stored = type(record)._base_manager.filter(pk=record.pk).exclude(visibility="public")
    return record.pk is not None and bool(stored.exists())


def approves(user: User, record: Any) -> bool:
    """Whether the person's own edit of this published record counts at once, and whether they decide on the edits of others.

    Confidential places are the protection officers' (that a second one decides is up to the caller: `record` does not say
    who proposed the change); everything else is for reviewers, coordinators and administrators, each for the rows they edit.
    """
    if not user.is_active or not user.has_perm(DECIDES):
        return False
    if user.is_superuser:
        return True
    if is_confidential(record):
        return Role.PROTECTION in roles(user) and user.has_perm(VIEW_CONFIDENTIAL)
    return _one(user, record, EDITS, REVIEWING) if _scopes(user) else True


def self_publishes(user: User, record: Any) -> bool:
    """Whether the person edits for a trusted organisation: its hours, closures and own phone numbers count at once."""
    if not user.is_active or user.pk is None:
        return False
    owner = record if record._meta.model_name == "organisation" else getattr(record, "organisation", None)
    service = getattr(record, "service", None)
    owner = owner or (service.organisation if service is not None else None)
    if owner is None or owner.trusted_level != "trusted":
        return False
    return bool(user.membership_set.filter(organisation=owner, role__in=("owner", "editor")).exists())
