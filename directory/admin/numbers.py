"""Emergency numbers: staff verify them one by one, with the operator and an expiry date."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.admin.common import person
from directory.admin.filters import CountryFilter, VerifiedFilter
from directory.admin.reviewed import ReviewedAdmin
from directory.codes import country_name
from directory.models import EmergencyNumber, Verification


@admin.register(EmergencyNumber)
class EmergencyNumberAdmin(ReviewedAdmin):
    list_display = ("number", "where", "kind", "operator", "verified", "expires_on", "source_date")
    list_display_links = ("number", "where")
    list_filter = (VerifiedFilter, "kind", CountryFilter)
    search_fields = ("number", "country", "operator")
    search_help_text = _("Number, country code, or operator")
    actions = ("verified_today",)
    fieldsets = (
        (None, {"fields": ("country", "kind", "number", "position", "dialable_from")}),
        (_("Who answers"), {"fields": ("operator", "operator_type", "must_report", "hours", "languages")}),
        (_("Cost"), {"fields": ("free", "without_sim")}),
        (_("Source"), {"fields": ("source", "source_date")}),
        (
            _("Verification"),
            {
                "fields": ("verified_by", "verified_on", "expires_on"),
                "description": _("Until somebody has verified it, people are told that it is not yet verified."),
            },
        ),
        (_("Origin"), {"classes": ("collapse",), "fields": ("public_id", "sample")}),
    )

    @admin.display(description=_("country"), ordering="country")
    def where(self, number: EmergencyNumber) -> str:
        return country_name(number.country) if number.country else str(_("any GSM network"))

    @admin.display(description=_("verified"), boolean=True)
    def verified(self, number: EmergencyNumber) -> bool:
        return number.is_verified()

    @admin.action(description=_("Verified by a call today"), permissions=["change"])
    def verified_today(self, request: HttpRequest, queryset: QuerySet[EmergencyNumber]) -> None:
        """Marks numbers whose operator is known as verified; says which of the others lack what."""
        count = 0
        for number in queryset:
            if not (number.operator and number.operator_type):
                self.message_user(request, _("%s: first say who answers it.") % number, messages.ERROR)
                continue
            method, outcome = Verification.Method.CALL, Verification.Outcome.CONFIRMED
            Verification.objects.create(emergency_number=number, by=person(request), method=method, outcome=outcome)
            count += 1
        line = ngettext("%(count)d number was verified.", "%(count)d numbers were verified.", count)
        self.message_user(request, line % {"count": count}, messages.SUCCESS if count else messages.WARNING)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "verified_by":
            kwargs.setdefault("empty_label", _("nobody yet"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
