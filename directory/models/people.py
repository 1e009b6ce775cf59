"""Staff accounts: Django's user with the languages in which a person can translate or review."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
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
