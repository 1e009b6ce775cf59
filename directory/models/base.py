"""What all records share: ids that stay, the mark of sample data, and texts in many languages with their state."""

from __future__ import annotations

import uuid
from typing import Any

from anyascii import anyascii
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from directory.fields import LanguageField

__all__ = ["Handled", "Record", "TranslatedText", "Versioned"]


class Record(models.Model):
    """A record with two ids that never change: a UUID for machines and a readable `public_id`, used in the snapshot."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    public_id = models.SlugField(
        _("public id"),
        max_length=80,
        unique=True,
        blank=True,
        help_text=_("Short name in links and exports. Left empty, it is made from the name. It cannot be changed later."),
    )
    sample = models.BooleanField(_("sample"), default=False, help_text=_("Invented data for trying Waypost out."))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)

    class Meta:
        abstract = True

    def readable(self) -> str:
        """The words from which the public id is made."""
        return str(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.public_id:
            words = slugify(anyascii(self.readable()))[:60].strip("-") or self._meta.model_name
            self.public_id = f"{words}-{self.uuid.hex[:6]}"
        super().save(*args, **kwargs)


class Versioned(models.Model):
    """A record with texts: `version` counts the changes of meaning of its source text, so translations can lag behind."""

    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    source_language = LanguageField(
        _("source language"), ours=True, default="en", help_text=_("The language that translations are made from.")
    )

    class Meta:
        abstract = True

    def source_changed(self) -> None:
        """Raise the version after a change of meaning: every other language is out of date from now on."""
        type(self)._default_manager.filter(pk=self.pk).update(version=models.F("version") + 1)
        self.refresh_from_db(fields=["version"])


class Handled(models.Model):
    """Something that a member of staff settles or dismisses; it is never deleted with what it found."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DONE = "done", _("done")
        DISMISSED = "dismissed", _("dismissed")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN, db_index=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("handled by")
    )
    handled_at = models.DateTimeField(_("handled"), null=True, blank=True)
    note = models.CharField(_("note of staff"), max_length=300, blank=True)

    class Meta:
        abstract = True


class TranslatedText(models.Model):
    """The words of a record in one language, with their state and the version of the source that they follow."""

    class State(models.TextChoices):
        MISSING = "missing", _("missing")
        DRAFT = "draft", _("draft: not published")
        MACHINE = "machine", _("machine translation")
        NEEDS_REVIEW = "needs_review", _("needs review")
        APPROVED = "approved", _("approved")

    PUBLISHED_STATES = (State.MACHINE, State.NEEDS_REVIEW, State.APPROVED)

    lang = LanguageField(_("language"), ours=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    source_version = models.PositiveIntegerField(_("follows version"), default=1, editable=False)
    translator = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def public_state(self, version: int) -> str:
        """State as people are told: `outdated` if the source has changed since (of a machine's text `machine_outdated`, so that
        it stays labelled), else the state itself."""
        if self.source_version >= version:
            return self.state
        return "machine_outdated" if self.state == self.State.MACHINE else "outdated"

    def written_by(self, user: Any, version: int, *, words: bool = True) -> None:
        """Note who wrote or approved this wording, and that it follows the given version of the source.

        `words` False: only the state was changed, which makes nobody the translator; approving alone says that the wording
        follows the source.
        """
        approved = self.state == self.State.APPROVED
        if words:
            self.translator = user
        if words or approved:
            self.source_version = version
        if approved:
            self.reviewed_by, self.reviewed_at = user, timezone.now()
