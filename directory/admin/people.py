"""Staff accounts and groups. Who is no superuser cannot raise themselves or others above their own rights."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static import admin as otp_static_admin
from django_otp.plugins.otp_totp import admin as otp_totp_admin

from directory.accounts.second import has_device
from directory.admin.bases import UserAdmin
from directory.admin.common import ReadOnly, Scoped, person
from directory.models import User

for made_by_django_otp in (otp_static_admin.StaticDevice, otp_totp_admin.TOTPDevice):
    if admin.site.is_registered(made_by_django_otp):  # its pages would show secrets; people reset a device instead
        admin.site.unregister(made_by_django_otp)


@admin.register(User)
class StaffAdmin(Scoped, UserAdmin):
    """Django's page for users, with the languages of translators and reviewers, and the state of the second factor."""

    fieldsets = (
        *(UserAdmin.fieldsets or ()),
        (_("Translation"), {"fields": ("languages",)}),
        (_("Second factor"), {"fields": ("second_factor",)}),
    )
    list_display = ("username", "email", "first_name", "last_name", "named_roles", "is_active")
    ABOVE = ("is_superuser", "user_permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        asks, fixed = (
            person(request),
            [*super().get_readonly_fields(request, obj), "second_factor", "last_login", "date_joined"],
        )
        if not asks.is_superuser:
            fixed += self.ABOVE
            if obj is not None and obj.pk == asks.pk:
                fixed += ["groups", "is_staff", "is_active"]
        return tuple(fixed)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above = obj is not None and obj.is_superuser and not person(request).is_superuser
        return super().has_change_permission(request, obj) and not above

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are put out of use (“active”), so that history keeps its names."""
        return person(request).is_superuser and super().has_delete_permission(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Only superusers write somebody's password; everybody else has it mailed."""
        if not person(request).is_superuser:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and "is_active" in form.changed_data and not form.instance.is_active:
            form.instance.end_sessions()

    @admin.display(description=_("roles"))
    def named_roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("second factor"))
    def second_factor(self, user: User) -> str:
        if user.pk is None or not has_device(user):
            return str(_("not set up"))
        return format_html(
            '{} <a href="{}">{}</a>',
            _("set up."),
            reverse("accounts:reset_second_factor", args=[user.pk]),
            _("Phone and codes lost? Reset it"),
        )


if admin.site.is_registered(Group):
    admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]
    """The roles, to be looked at: each migration brings their permissions in line with `directory.roles`."""

    list_display = ("name",)
