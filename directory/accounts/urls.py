"""Addresses under staff/accounts/. Those of forgotten passwords have the names that Django's templates expect."""

from __future__ import annotations

from django.urls import include, path

from directory.accounts import login, me, passwords, people

own = [
    path("", me.me, name="me"),
    path("code/", login.code, name="code"),
    path("second-factor/", login.set_up, name="set_up"),
    path("recovery-codes/", login.codes, name="codes"),
    path("log-out-everywhere/", me.log_out_everywhere, name="log_out_everywhere"),
    path("people/<int:pk>/second-factor/", me.reset_second_factor, name="reset_second_factor"),
    path("invitations/", people.invitations, name="invitations"),
    path("invitations/<int:pk>/send/", people.resend, name="resend"),
    path("invitations/<int:pk>/withdraw/", people.withdraw, name="withdraw"),
    path("invitation/<str:token>/", people.accept, name="accept"),
]
urlpatterns = [path("", include((own, "accounts"))), *passwords.urlpatterns]
