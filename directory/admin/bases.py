"""Django's classes with their type parameters, which exist for the type checker only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from simple_history.admin import SimpleHistoryAdmin

__all__ = [
    "BaseInlineFormSet",
    "HistoryAdmin",
    "ModelAdmin",
    "ModelForm",
    "StackedInline",
    "TabularInline",
    "UserAdmin",
]

if TYPE_CHECKING:
    BaseInlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
    ModelAdmin = admin.ModelAdmin[Any]
    HistoryAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
    StackedInline = admin.StackedInline[Any, Any]
    TabularInline = admin.TabularInline[Any, Any]
    UserAdmin = DjangoUserAdmin[Any]
else:
    BaseInlineFormSet = forms.BaseInlineFormSet
    ModelAdmin = admin.ModelAdmin
    HistoryAdmin = SimpleHistoryAdmin
    ModelForm = forms.ModelForm
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline
    UserAdmin = DjangoUserAdmin
