"""What the pages of all records share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import DateInput, Textarea, TextInput
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from directory.admin.bases import HistoryAdmin, ModelAdmin, StackedInline, TabularInline
from directory.models import User

__all__ = ["Inline", "ReadOnlyAdmin", "RecordAdmin", "TextInline", "person"]

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


class RecordAdmin(HistoryAdmin):
    """A record with a public id, which is fixed once it has been saved, and a history."""

    list_per_page = 50
    save_on_top = True
    show_facets = admin.ShowFacets.ALLOW
    formfield_overrides = _SMALL_TEXT

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = ("public_id",) if obj is not None and hasattr(obj, "public_id") else ()
        return (*super().get_readonly_fields(request, obj), *fixed)


class ReadOnlyAdmin(ModelAdmin):
    """A log that staff read and nobody edits."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Inline(TabularInline):
    """Parts of a record as rows of a table; dates by the browser's own picker, which is small and works on phones."""

    extra = 0
    formfield_overrides = {
        **_SMALL_TEXT,
        models.DateField: {"widget": DateInput(format="%Y-%m-%d", attrs={"type": "date"})},
    }


class TextInline(StackedInline):
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
