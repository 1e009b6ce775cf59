"""Forgotten passwords: Django's pages in the admin's frame. A new password does not replace the second factor."""

from __future__ import annotations

from typing import Any

from axes.utils import reset
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse_lazy
from django.utils.translation import gettext_lazy as _

__all__ = ["urlpatterns"]


class InFrame:
    """The admin's header and language around a page of Django."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        request: HttpRequest = self.request  # type: ignore[attr-defined]
        return {**admin.site.each_context(request), **super().get_context_data(**kwargs)}  # type: ignore[misc]


class Forgotten(InFrame, views.PasswordResetView):
    """Asks for the address. The answer is the same whether or not there is such an account."""

    email_template_name = "accounts/password_mail.txt"
    subject_template_name = "accounts/password_subject.txt"
    extra_email_context = {"site_url": settings.SITE_URL}
    success_url = reverse_lazy("password_reset_done")
    title = _("Forgotten password")

    def form_valid(self, form: Any) -> HttpResponse:
        self.extra_email_context = {"site_url": settings.SITE_URL}
        return super().form_valid(form)


class Sent(InFrame, views.PasswordResetDoneView):
    pass


class Choose(InFrame, views.PasswordResetConfirmView):
    """The page behind the link; every session of the person ends, and so does a lockout."""

    success_url = reverse_lazy("password_reset_complete")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        reset(username=form.user.get_username().lower())
        return answer


class Chosen(InFrame, views.PasswordResetCompleteView):
    pass


urlpatterns = [
    path("password/", Forgotten.as_view(), name="admin_password_reset"),
    path("password/sent/", Sent.as_view(), name="password_reset_done"),
    path("password/<uidb64>/<token>/", Choose.as_view(), name="password_reset_confirm"),
    path("password/chosen/", Chosen.as_view(), name="password_reset_complete"),
]
