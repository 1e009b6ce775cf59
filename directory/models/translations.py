"""Translations on their way: wordings that nobody has approved yet, beside the live ones, and files that wait to be read in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory.fields import LanguageField
from directory.models.articles import Article
from directory.models.services import Service

__all__ = ["TextDraft", "TranslationFile"]


class TextDraft(models.Model):
    """The next wording of a service or an article in one language. The live text stays as it is until this one is approved."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        NEEDS_REVIEW = "needs_review", _("needs review")

    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="text_drafts")
    article = models.ForeignKey(Article, models.CASCADE, null=True, blank=True, related_name="text_drafts")
    lang = LanguageField(_("language"), ours=True)
    wording = models.JSONField(_("wording"), default=dict, help_text="Text by field of `ServiceText` or `ArticleText`.")
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.DRAFT)
    source_version = models.PositiveIntegerField(_("follows version"), default=1, editable=False)
    base = models.CharField(
        max_length=12,
        blank=True,
        editable=False,
        help_text="Fingerprint of the live wording when this one was written.",
    )
    revision = models.PositiveIntegerField(default=0, editable=False, help_text="Counts the times that it was saved.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("translator")
    )
    note = models.CharField(_("note of the reviewer"), max_length=300, blank=True)
    updated_at = models.DateTimeField(_("last change"), auto_now=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("draft of a translation")
        verbose_name_plural = _("drafts of translations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(service__isnull=True) ^ models.Q(article__isnull=True), name="draft_of_one_record"
            ),
            models.UniqueConstraint(fields=["service", "lang"], name="one_service_draft_per_language"),
            models.UniqueConstraint(fields=["article", "lang"], name="one_article_draft_per_language"),
        ]

    def __str__(self) -> str:
        return f"{self.lang}: {self.record}"

    @property
    def record(self) -> Any:
        """The service or article."""
        return self.service or self.article


class TranslationFile(models.Model):
    """An XLIFF file between its dry run and the click that takes it over; it is deleted then, or after a day."""

    name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("file of translations")
        verbose_name_plural = _("files of translations")

    def __str__(self) -> str:
        return self.name
