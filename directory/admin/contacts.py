"""Contacts on the page of a service: staff write a number; behind it one shared contact point of the organisation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from directory import codes
from directory.admin.bases import BaseInlineFormSet, ModelForm
from directory.admin.common import Inline
from directory.fields import CodeListFormField
from directory.models import ContactPoint, ServiceContact
from directory.validators import clean_contact

__all__ = ["ContactInline"]

YES_NO = ((None, _("not known")), (True, _("yes")), (False, _("no")))


def _yes_no(value: Any) -> bool | None:
    return {"True": True, "False": False, True: True, False: False}.get(value)


class ContactForm(ModelForm):
    """One contact. Correcting a value corrects it for every service of the organisation that uses it."""

    kind = forms.ChoiceField(label=_("kind"), choices=ContactPoint.Kind.choices)
    value = forms.CharField(label=_("number, address or link"), max_length=300)
    languages = CodeListFormField(label=_("languages"), required=False, widget=forms.TextInput(attrs={"size": 10}))
    toll_free = forms.TypedChoiceField(
        label=_("free"), choices=YES_NO, coerce=_yes_no, empty_value=None, required=False
    )
    reachable_from_abroad = forms.TypedChoiceField(
        label=_("from abroad"), choices=YES_NO, coerce=_yes_no, empty_value=None, required=False
    )

    SHARED = ("languages", "toll_free", "reachable_from_abroad")

    class Meta:
        model = ServiceContact
        fields = ("position",)

    def __init__(self, *args: Any, parent: Any = None, **kwargs: Any) -> None:
        self.parent = parent
        contact = (
            getattr(kwargs.get("instance"), "contact", None) if getattr(kwargs.get("instance"), "pk", None) else None
        )
        if contact is not None:
            known = {name: getattr(contact, name) for name in ("kind", "value", *self.SHARED)}
            kwargs["initial"] = {**known, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["position"].widget = forms.NumberInput(attrs={"class": "short", "min": 0})
        self.fields["value"].widget.attrs["dir"] = "ltr"  # from right to left, "+" would stand behind the number

    def clean_languages(self) -> list[str]:
        for code in self.cleaned_data["languages"]:
            codes.validate_language(code)
        return list(self.cleaned_data["languages"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("kind") and data.get("value"):
            try:
                data["value"] = clean_contact(data["kind"], data["value"], sample=self.parent.sample)
            except ValidationError as error:
                self.add_error("value", error)
        return data

    def save(self, commit: bool = True) -> ServiceContact:
        data, organisation = self.cleaned_data, self.parent.organisation
        facts = {name: data[name] for name in self.SHARED}
        same = ContactPoint.objects.filter(organisation=organisation, kind=data["kind"], value=data["value"]).first()
        contact = same or (self.instance.contact if self.instance.pk else ContactPoint(organisation=organisation))
        before = {name: getattr(contact, name) for name in ("kind", "value", *facts)}
        if contact.pk is None or before != {"kind": data["kind"], "value": data["value"], **facts}:
            contact.kind, contact.value = data["kind"], data["value"]
            for name, value in facts.items():
                setattr(contact, name, value)
            if contact.pk is None:
                contact.sample = self.parent.sample
            contact.save()
        self.instance.contact = contact
        saved: ServiceContact = super().save(commit)
        return saved


class ContactFormSet(BaseInlineFormSet):
    """The contacts of one service; none of them twice."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "parent": self.instance}

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            if not data.get("value") or data.get("DELETE"):
                continue
            if (key := (data["kind"], data["value"])) in seen:
                form.add_error("value", _("This contact is listed twice."))
            seen.add(key)


class ContactInline(Inline):
    """Phones, messengers, addresses and links."""

    model = ServiceContact
    form = ContactForm
    formset = ContactFormSet
    fields = ("kind", "value", "languages", "toll_free", "reachable_from_abroad", "position", "shared")
    readonly_fields = ("shared",)

    def get_queryset(self, request: Any) -> Any:
        return super().get_queryset(request).select_related("contact")

    @admin.display(description=_("shared"))
    def shared(self, use: ServiceContact) -> str:
        """Tells that a correction here is one for other services too."""
        others = use.contact.service_contacts.count() - 1 if use.pk else 0
        return str(_("also for %(count)d other services") % {"count": others}) if others else "–"
