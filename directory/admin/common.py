"""What the pages of all records share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import DateInput, Textarea, TextInput
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from directory.access import edits, may_edit, may_see, offers, sees
from directory.admin.bases import HistoryAdmin, ModelAdmin, StackedInline, TabularInline
from directory.models import User

__all__ = ["Inline", "ReadOnly", "ReadOnlyAdmin", "RecordAdmin", "Scoped", "TextInline", "person"]

_Widgets = Mapping[type["models.Field[Any, Any]"], Mapping[str, Any]]
_SMALL_TEXT: _Widgets = {
    models.TextField: {"widget": Textarea(attrs={"rows": 3, "class": "vLargeTextField", "dir": "auto"})}
}
_ANY_DIRECTION: _Widgets = {
    models.CharField: {"widget": TextInput(attrs={"class": "vTextField wide", "dir": "auto"})},
    models.TextField: {"widget": Textarea(attrs={"rows": 2, "class": "vLargeTextField", "dir": "auto"})},
}
"""An Arabic text runs from the right also on a page in English."""


def person(request: HttpRequest) -> User:
    """The member of staff who asks; nobody else reaches these pages."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _offered(request: HttpRequest, admin_page: Any, field: Any, queryset: Any) -> Any:
    """What a choice of a related record offers: the rows that the person sees, and what the stored record already names."""
    offered = offers(person(request), queryset)
    match = request.resolver_match
    page = match.kwargs.get("object_id") if match else None
    if not page or field.many_to_many:
        return offered
    if isinstance(admin_page, admin.options.InlineModelAdmin):
        parent = next((f.name for f in field.model._meta.fields if f.related_model is admin_page.parent_model), None)
        stored = field.model._base_manager.filter(**{f"{parent}_id": page}) if parent else None
    else:
        stored = field.model._base_manager.filter(pk=page)
    if stored is None:
        return offered
    kept = stored.exclude(**{field.name: None}).values(field.name)
    return queryset.filter(models.Q(pk__in=offered.values("pk")) | models.Q(pk__in=kept))


class Scoped:
    """A page of records, bound to the rows that the person sees and edits (`directory.access`) beside Django's permissions."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return sees(person(request), super().get_queryset(request))  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_view_permission(request, obj)  # type: ignore[misc]
        return bool(allowed and (obj is None or may_see(person(request), obj)))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)  # type: ignore[misc]
        return bool(allowed and (obj is None or may_edit(person(request), obj)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)  # type: ignore[misc]
        return bool(allowed and (obj is None or may_edit(person(request), obj)))

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """An action that needs more than looking works on the rows that the person edits, not on all that they see."""
        chosen = self.get_actions(request).get(request.POST.get("action", ""))  # type: ignore[attr-defined]
        needs = set(getattr(chosen[0], "allowed_permissions", ())) if chosen else set()
        if needs - {"view"} or not needs:
            queryset = edits(person(request), queryset)
        return super().response_action(request, queryset)  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs:
            queryset = db_field.related_model._default_manager.all()
            kwargs["queryset"] = _offered(request, self, db_field, queryset)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class RecordAdmin(Scoped, HistoryAdmin):
    """A record with a public id, which is fixed once it has been saved, and a history."""

    list_per_page = 50
    save_on_top = True
    show_facets = admin.ShowFacets.ALLOW
    formfield_overrides = _SMALL_TEXT

    def history_form_view(
        self, request: HttpRequest, object_id: str, version_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """An earlier version. Who only looks cannot bring it back: simple_history itself does not ask that."""
        if request.method == "POST":
            record = get_object_or_404(self.get_queryset(request), pk=unquote(object_id))
            if not self.has_change_permission(request, record):
                raise PermissionDenied
        return super().history_form_view(request, object_id, version_id, extra_context)  # type: ignore[misc]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("public_id",) if obj is not None and hasattr(obj, "public_id") else ()
        return (*super().get_readonly_fields(request, obj), *fixed)


class ReadOnly:
    """A page of records that nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, Scoped, ModelAdmin):
    """A log that staff read and nobody edits."""

    list_per_page = 50


class _ScopedRows:
    """Rows of a record inside its page: those that the person sees; their choices offer only what the person sees."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return sees(person(request), super().get_queryset(request))  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if "queryset" not in kwargs:
            queryset = db_field.related_model._default_manager.all()
            kwargs["queryset"] = _offered(request, self, db_field, queryset)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class Inline(_ScopedRows, TabularInline):
    """Parts of a record as rows of a table; dates by the browser's own picker, which is small and works on phones."""

    extra = 0
    formfield_overrides = {
        **_SMALL_TEXT,
        models.DateField: {"widget": DateInput(format="%Y-%m-%d", attrs={"type": "date"})},
    }


class TextInline(_ScopedRows, StackedInline):
    """Texts, one block a language."""

    extra = 0
    formfield_overrides = _ANY_DIRECTION
    readonly_fields = ("follows",)

    @admin.display(description=_("translation"))
    def follows(self, text: Any) -> str:
        """Whether this wording follows the latest version of the source."""
        record = getattr(text, "service", None) or getattr(text, "article", None)
        if record is None or text.pk is None:
            return "–"
        if text.lang == record.source_language:
            return str(_("source text"))
        return str(_("out of date") if text.source_version < record.version else _("up to date"))
