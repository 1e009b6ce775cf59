"""Staff accounts and groups."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from directory.admin.bases import UserAdmin
from directory.models import User


@admin.register(User)
class StaffAdmin(UserAdmin):
    """Django's page for users, with the languages of translators and reviewers."""

    fieldsets = (*(UserAdmin.fieldsets or ()), (_("Translation"), {"fields": ("languages",)}))
