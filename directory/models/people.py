"""Staff accounts: Django's user with the languages in which a person can translate or review."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import get_random_string, salted_hmac
from django.utils.translation import gettext_lazy as _

from directory import codes
from directory.fields import CodeListField

__all__ = ["User"]


class User(AbstractUser):
    """A member of staff or of a partner organisation."""

    languages = CodeListField(
        _("languages"),
        check=codes.validate_waypost_language,
        help_text=_("Languages that this person translates or reviews, like: ar, fa."),
    )
    session_epoch = models.CharField(max_length=16, blank=True, editable=False)
    """Part of what every session of the person is signed with: another value ends them all."""

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        salt = "directory.models.people.User"
        return salted_hmac(salt, f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256").hexdigest()

    def end_sessions(self) -> None:
        """Log the person out everywhere; the session of the request that asks for it needs `update_session_auth_hash`."""
        self.session_epoch = get_random_string(16)
        self.save(update_fields=["session_epoch"])
