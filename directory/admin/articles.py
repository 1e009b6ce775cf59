"""Articles with their texts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from directory.admin.common import TextInline, person
from directory.admin.filters import CountryFilter
from directory.admin.reviewed import ReviewedAdmin
from directory.admin.texts import MinorEditForm, save_texts
from directory.models import Article, ArticleText, Verification


class ArticleTextInline(TextInline):
    model = ArticleText
    fields = (("lang", "state", "follows"), *ArticleText.WORDING)


@admin.register(Article)
class ArticleAdmin(ReviewedAdmin):
    form = MinorEditForm
    list_display = ("title", "topic", "country", "status", "checked_on", "review_due", "sample")
    list_display_links = ("title",)
    list_filter = ("topic", CountryFilter, "status", "sample")
    search_fields = ("texts__title", "source_name", "public_id")
    search_help_text = _("Title in any language, or source")
    inlines = (ArticleTextInline,)
    actions = ("still_correct",)
    fieldsets = (
        (None, {"fields": ("topic", "country", "status", "adviser_category")}),
        (_("Source"), {"fields": ("source_name", "source_url", ("checked_on", "review_due"))}),
        (_("Origin"), {"classes": ("collapse",), "fields": ("public_id", "sample")}),
        (_("Texts"), {"fields": ("source_language", "minor_edit")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        rows: QuerySet[Article] = super().get_queryset(request).prefetch_related("texts")
        return rows

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        due = timezone.localdate() + timedelta(days=Article.REVIEW_DAYS)
        return {"review_due": due, **super().get_changeform_initial_data(request)}

    @admin.display(description=_("article"))
    def title(self, article: Article) -> str:
        texts = {text.lang: text.title for text in article.texts.all()}
        return texts.get(article.source_language) or next(iter(texts.values()), article.public_id)

    @admin.action(description=_("Still correct (checked today)"), permissions=["change"])
    def still_correct(self, request: HttpRequest, queryset: QuerySet[Article]) -> None:
        """Records a check of today, which moves the date of the next one."""
        count = 0
        for article in queryset:
            method, outcome = Verification.Method.WEB, Verification.Outcome.CONFIRMED
            Verification.objects.create(article=article, by=person(request), method=method, outcome=outcome)
            count += 1
        line = ngettext("%(count)d article was checked today.", "%(count)d articles were checked today.", count)
        self.message_user(request, line % {"count": count}, messages.SUCCESS)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        save_texts(formset, request.user, minor=form.cleaned_data.get("minor_edit", False), is_new=not change)
