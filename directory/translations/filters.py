"""Which records a page of translations is about: filters that travel in the address from page to page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.access import sees
from directory.models import Region, User
from directory.translations.coverage import LABELS, STATES
from directory.translations.kinds import KINDS, Kind
from directory.translations.who import records

__all__ = ["SELECTIONS", "Filter", "read_filter", "selected"]

SELECTIONS: dict[str, tuple[str, ...]] = {
    "todo": ("missing", "outdated", "machine", "draft"),
    **{state: (state,) for state in STATES},
    "all": STATES,
}
"""Values of `state` in an address, and the states that they stand for; `todo` is what waits for a translator."""


class Filter(forms.Form):
    """Region, organisation, and whether records count that are not published yet."""

    region = forms.ModelChoiceField(
        Region.objects.none(), required=False, label=_("Region"), empty_label=_("all regions")
    )
    organisation = forms.CharField(required=False, max_length=100, label=_("Organisation"))
    drafts = forms.BooleanField(required=False, label=_("also what is not published yet"))

    def __init__(self, user: User, data: Any) -> None:
        super().__init__(data)
        field = self.fields["region"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = sees(user, Region.objects.all())


class StateFilter(Filter):
    """The same for a list in one language: also the kind and the state."""

    kind = forms.ChoiceField(
        choices=[("service", _("services")), ("article", _("articles"))], required=False, label=_("Kind")
    )
    state = forms.ChoiceField(
        choices=[("todo", _("to do")), *LABELS.items(), ("all", _("all"))], required=False, label=_("State")
    )

    field_order = ("kind", "state", "region", "organisation", "drafts")


def read_filter(request: HttpRequest, user: User, *, states: bool = False) -> Filter:
    """The filter of an address; what makes no sense in it is left out."""
    form = (StateFilter if states else Filter)(user, request.GET)
    form.is_valid()
    return form


def selected(user: User, kind: Kind, form: Filter) -> QuerySet[Any]:
    """The records that the person sees and that the filter names."""
    chosen = form.cleaned_data
    found: QuerySet[Any] = records(user, kind, drafts=bool(chosen.get("drafts")))
    region, organisation = chosen.get("region"), chosen.get("organisation")
    if region is not None:
        here = Q(region=region) if kind.name == "service" else Q(country=region.country)
        found = found.filter(here)
    if organisation:
        found = found.filter(organisation__name__icontains=organisation) if kind.name == "service" else found.none()
    return found


def chosen_kind(form: Filter) -> Kind:
    return KINDS[form.cleaned_data.get("kind") or "service"]


def chosen_states(form: Filter) -> tuple[str, ...]:
    return SELECTIONS[form.cleaned_data.get("state") or "todo"]
