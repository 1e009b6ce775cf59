"""Articles that explain rights and procedures: sourced, dated, in many languages; the bot passes them on word for word."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from directory.codes import validate_topic
from directory.fields import CountryField
from directory.models.base import Record, TranslatedText, Versioned
from directory.models.services import Category
from directory.validators import validate_link

__all__ = ["Article", "ArticleText"]


class Article(Record, Versioned):
    """What is known about one topic, everywhere or in one country, and who says so."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        ARCHIVED = "archived", _("archived")

    class Topic(models.TextChoices):
        ASYLUM = "info_asylum", _("asylum")
        DETENTION = "info_detention", _("detention")
        DISASTER_DISPLACEMENT = "info_disaster_displacement", _("displacement by disasters")
        DOCUMENTS = "info_documents", _("documents")
        FAMILY_REUNIFICATION = "info_family_reunification", _("family reunification")
        JOURNEY_RISKS = "info_journey_risks", _("dangers on the way")
        RETURN = "info_return", _("return")
        RIGHTS = "info_rights", _("rights")
        SCAMS = "info_scams", _("scams")
        WORK_RIGHTS = "info_work_rights", _("rights at work")

    REVIEW_DAYS = 180
    """Staff check an article against its source again after so many days."""

    topic = models.CharField(_("topic"), max_length=40, choices=Topic.choices, validators=[validate_topic], db_index=True)
    country = CountryField(_("country"), blank=True, help_text=_("Empty: true everywhere."))
    adviser_category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("who can advise"),
        help_text=_("Services of this kind are offered below the text."),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DRAFT, db_index=True)
    source_name = models.CharField(_("source"), max_length=200)
    source_url = models.CharField(_("link to the source"), max_length=400, validators=[validate_link])
    checked_on = models.DateField(_("checked on"), default=timezone.localdate, db_index=True)
    review_due = models.DateField(_("check again by"), db_index=True)
    history = HistoricalRecords()

    class Meta:
        ordering = ("topic", "country")
        verbose_name = _("article")
        verbose_name_plural = _("articles")

    def __str__(self) -> str:
        return self.public_id or f"{self.topic} {self.country}"

    def readable(self) -> str:
        return f"{self.topic} {self.country}"

    def clean(self) -> None:
        if self.checked_on and self.checked_on > timezone.localdate():
            raise ValidationError({"checked_on": _("This day has not come yet.")})
        if self.checked_on and self.review_due and self.review_due <= self.checked_on:
            raise ValidationError({"review_due": _("The next check comes after the last one.")})


class ArticleText(TranslatedText):
    """The words of an article in one language."""

    article = models.ForeignKey(Article, models.CASCADE, related_name="texts")
    title = models.CharField(_("title"), max_length=150)
    body = models.TextField(_("text"), max_length=3000)
    history = HistoricalRecords()

    WORDING = ("title", "body")

    class Meta:
        ordering = ("pk",)
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        constraints = [models.UniqueConstraint(fields=["article", "lang"], name="one_article_text_per_language")]

    def __str__(self) -> str:
        return f"{self.lang}: {self.title}"
