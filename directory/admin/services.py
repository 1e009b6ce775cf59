"""Services: the list that staff work through, and the page on which one service is edited with all its parts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.admin.bases import ModelAdmin
from directory.admin.common import Inline, Scoped, TextInline, person
from directory.admin.contacts import ContactInline
from directory.admin.filters import ReportedFilter, ReviewFilter, ServiceCountryFilter, VisibilityFilter
from directory.admin.reviewed import ReviewedAdmin, propose_status
from directory.admin.texts import MinorEditForm, save_texts
from directory.admin_site import PUBLISH, publish_and_tell
from directory.codes import country_name
from directory.models import (
    Category,
    OpeningException,
    OpeningInterval,
    Service,
    ServiceArea,
    ServiceAtLocation,
    ServiceText,
    SpokenLanguage,
    Task,
    Verification,
)
from directory.search import found

REVIEW_LABELS = {
    "never": _("never checked"),
    "current": _("checked"),
    "due": _("overdue"),
    "call_first": _("long overdue"),
    "hidden": _("hidden"),
}


class ServiceTextInline(TextInline):
    model = ServiceText
    fields = (("lang", "state", "follows"), *ServiceText.WORDING)


class HoursInline(Inline):
    model = OpeningInterval
    fields = ("weekday", "opens", "closes", "appointment_only", "valid_from", "valid_to")


class ExceptionInline(Inline):
    model = OpeningException
    fields = ("date", "opens", "closes", "note")


class SpokenInline(Inline):
    model = SpokenLanguage
    fields = ("lang", "via_interpreter")


class SiteInline(Inline):
    model = ServiceAtLocation
    fields = ("location", "note")
    autocomplete_fields = ("location",)


class AreaInline(Inline):
    model = ServiceArea
    fields = ("kind", "country", "name", "lat", "lon", "radius_km", "tz")


class VerificationInline(Inline):
    """What was checked when; rows are added, never changed."""

    model = Verification
    fk_name = "service"
    fields = ("at", "method", "outcome", "note", "by")
    readonly_fields = ("by",)
    classes = ("collapse",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Service)
class ServiceAdmin(ReviewedAdmin):
    """Services are archived, not deleted."""

    form = MinorEditForm
    list_display = ("title", "review", "status", "kinds", "place")
    list_display_links = ("title",)
    list_filter = (
        ReviewFilter,
        ReportedFilter,
        "status",
        "categories",
        ServiceCountryFilter,
        VisibilityFilter,
        "delivery",
        "sample",
    )
    list_select_related = ("organisation",)
    search_fields = ("texts__name", "organisation__name", "locations__city", "public_id")
    search_help_text = _("Name in any language, organisation, city, or phone")
    show_full_result_count = False
    autocomplete_fields = ("organisation", "region")
    actions = ("still_correct", "publish_now", "archive")
    inlines = (
        HoursInline,
        ExceptionInline,
        ContactInline,
        SpokenInline,
        SiteInline,
        AreaInline,
        ServiceTextInline,
        VerificationInline,
    )
    readonly_fields = ("review_line",)
    fieldsets = (
        (None, {"fields": ("organisation", "status", "review_line", "categories", "delivery", "urgency", "region")}),
        (
            _("Who can come"),
            {"fields": (("genders", "min_age", "max_age"), "audiences", "nationalities", "papers", "serves_countries")},
        ),
        (_("How"), {"fields": ("booking", "cost", "capacity_note")}),
        (_("Told before somebody calls"), {"fields": ("operator_type", "must_report", "shares_data")}),
        (
            _("Origin"),
            {
                "classes": ("collapse",),
                "fields": ("public_id", "source", "source_licence", "external_ids", "sample"),
            },
        ),
        (
            _("Texts"),
            {"fields": ("source_language", "minor_edit"), "description": _("The texts follow below the places.")},
        ),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "categories":
            kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        if (service := kwargs.get("obj")) is not None:
            context["subtitle"] = self._name(service)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Service]:
        reported = Prefetch("tasks", Task.objects.filter(pk__in=Task.reported("changed")), to_attr="reported_tasks")
        rows: QuerySet[Service] = (
            super().get_queryset(request).prefetch_related("texts", "categories", "locations", "areas", reported)
        )
        return rows

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> tuple[Any, bool]:
        """Through the index of the search: with 100,000 services, joins and LIKE take seconds."""
        return found(queryset, search_term), False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("service"), ordering="public_id")
    def title(self, service: Service) -> str:
        """Name in the source language, or in any; below it the organisation, and whether it is sample data."""
        name = self._name(service)
        mark = format_html(' <span class="mark">{}</span>', _("sample")) if service.sample else ""
        if getattr(service, "reported_tasks", ()):
            mark = format_html('{} <span class="review review-call_first">{}</span>', mark, _("reported as changed"))
        return format_html('{}{}<br><span class="quiet">{}</span>', name, mark, service.organisation.name)

    @staticmethod
    def _name(service: Service) -> str:
        texts = {text.lang: text.name for text in service.texts.all()}
        return texts.get(service.source_language) or next(iter(texts.values()), service.public_id)

    @admin.display(description=_("categories"))
    def kinds(self, service: Service) -> str:
        return ", ".join(category.label for category in service.categories.all())

    @admin.display(description=_("place"))
    def place(self, service: Service) -> str:
        """City and country only: never an address."""
        cities = [f"{location.city}, {country_name(location.country)}" for location in service.locations.all()]
        areas = [area.name or country_name(area.country) for area in service.areas.all()]
        return "; ".join(cities or areas) or "–"

    @admin.display(description=_("review"), ordering="review_due")
    def review(self, service: Service) -> str:
        state = service.review_state()
        return format_html(
            '<span class="review review-{}">{}</span> <span class="review-date">{}</span>',
            state,
            REVIEW_LABELS[state],
            service.verified_on.isoformat() if service.verified_on else "",
        )

    @admin.display(description=_("review"))
    def review_line(self, service: Service) -> str:
        if not service.verified_on:
            return translate("Never checked: the bot does not show it.")
        dates = {"checked": service.verified_on, "due": service.review_due, "hidden": service.hidden_after}
        line = translate("Last checked on %(checked)s, check again by %(due)s, hidden after %(hidden)s.") % dates
        return format_html(
            '<span class="review review-{}">{}</span> {}',
            service.review_state(),
            REVIEW_LABELS[service.review_state()],
            line,
        )

    @admin.action(description=_("Still correct (checked today)"), permissions=["change"])
    def still_correct(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        """Records a check of today for each service, without editing it."""
        count = 0
        for service in queryset:
            self._confirm(request, service)
            count += 1
        line = ngettext("%(count)d service was checked today.", "%(count)d services were checked today.", count)
        self.message_user(request, line % {"count": count}, messages.SUCCESS)

    @admin.action(description=_("Publish now (the whole directory)"), permissions=["publish"])
    def publish_now(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        publish_and_tell(request)

    @admin.action(description=_("Archive"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Service]) -> None:
        """Takes services out of the next publication; nothing is lost."""
        count = waiting = 0
        for service in queryset.exclude(status=Service.Status.ARCHIVED):
            if propose_status(request, service, Service.Status.ARCHIVED) is None:
                count += 1
            else:
                waiting += 1
        if count:
            line = ngettext("%(count)d service was archived.", "%(count)d services were archived.", count)
            self.message_user(request, line % {"count": count}, messages.SUCCESS)
        if waiting:
            line = ngettext(
                "%(count)d closure waits for a reviewer.", "%(count)d closures wait for a reviewer.", waiting
            )
            self.message_user(request, line % {"count": waiting}, messages.INFO)

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PUBLISH)

    @staticmethod
    def _confirm(request: HttpRequest, service: Service) -> None:
        method, outcome = Verification.Method.PARTNER_CONFIRMED, Verification.Outcome.CONFIRMED
        Verification.objects.create(
            service=service, by=person(request), at=timezone.localdate(), method=method, outcome=outcome
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.model is ServiceText:
            minor = form.cleaned_data.get("minor_edit", False)
            save_texts(formset, request.user, minor=minor, is_new=not change)
            return
        if formset.model is Verification:
            for check in formset.save(commit=False):
                check.by = person(request)
                check.save()
            return
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.refresh_review()  # other categories, another period

    def response_change(self, request: HttpRequest, obj: Service) -> HttpResponse:
        if "_still_correct" in request.POST:
            self._confirm(request, obj)
            self.message_user(request, translate("Saved, and marked as checked today."), messages.SUCCESS)
            return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)


@admin.register(Category)
class CategoryAdmin(Scoped, ModelAdmin):
    """The kinds of help are given by the bot's intents; only their review period can be tuned."""

    list_display = ("label", "code", "urgent", "review_days")
    readonly_fields = ("code", "label", "urgent")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for service in obj.services.all():
            service.refresh_review()
