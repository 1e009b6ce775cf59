"""Where files come from, and what became of each row: what an import remembers beside `ImportRun`."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from directory.fields import CountryField, LanguageField
from directory.models.organisations import Organisation
from directory.models.review import ImportRun
from directory.models.services import Category, MustReport, OperatorType, Service

__all__ = ["ImportRow", "ImportSource"]


class ImportSource(models.Model):
    """Somebody who sends the same file again and again: how its columns are read, and what holds for every row."""

    class DateOrder(models.TextChoices):
        UNKNOWN = "", _("not known")
        DAY_FIRST = "day_first", _("day first: 31/3/2026")
        MONTH_FIRST = "month_first", _("month first: 3/31/2026")

    name = models.CharField(_("name"), max_length=120, unique=True, help_text=_("Like: Example Aid, list of offices."))
    code = models.SlugField(_("code"), max_length=40, unique=True, editable=False)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="import_sources",
        verbose_name=_("organisation"),
        help_text=_("Of rows that name none."),
    )
    country = CountryField(_("country"), blank=True, help_text=_("Of rows that name none."))
    licence = models.CharField(_("licence of the data"), max_length=100, blank=True)
    language = LanguageField(_("language of the texts"), ours=True, default="en")
    date_order = models.CharField(_("order in dates"), max_length=11, choices=DateOrder.choices, blank=True)
    category = models.ForeignKey(
        Category,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("category"),
        help_text=_("Of rows that name none."),
    )
    operator_type = models.CharField(
        _("who answers"), max_length=24, choices=OperatorType.choices, default=OperatorType.NGO
    )
    must_report = models.CharField(
        _("must tell authorities"), max_length=8, choices=MustReport.choices, default=MustReport.UNKNOWN
    )
    mapping = models.JSONField(_("columns"), default=dict, blank=True)
    """`columns` {field: [headers]}, `ignore` [headers] as `exchange.columns.with_mapping` reads them, and `categories` {their word: our code}."""
    key_fields = models.JSONField(_("key"), default=list, blank=True)
    """Fields that together name a row when there is no id of its own."""
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_run_at = models.DateTimeField(_("last file"), null=True, blank=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("source of files")
        verbose_name_plural = _("sources of files")

    def __str__(self) -> str:
        return self.name


class ImportRow(models.Model):
    """One row of a file: what the dry run found, and what was done with it. It never holds a confidential place."""

    class Outcome(models.TextChoices):
        NEW = "new", _("new")
        CHANGED = "changed", _("changed")
        UNCHANGED = "unchanged", _("unchanged")
        DUPLICATE = "duplicate", _("possible duplicate")
        REFUSED = "refused", _("refused")

    class Decision(models.TextChoices):
        NONE = "", _("not decided")
        NEW = "new", _("take it in as new")
        SAME = "same", _("it is the same: change that entry")
        SKIP = "skip", _("leave it out")

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    """As the spreadsheet program counts; in a JSON file the services are counted from 1."""
    name = models.CharField(_("name"), max_length=200, blank=True)
    key = models.CharField(max_length=200, blank=True)
    """What names this row in its source."""
    outcome = models.CharField(_("result"), max_length=10, choices=Outcome.choices)
    decision = models.CharField(_("decision"), max_length=4, choices=Decision.choices, blank=True)
    service = models.ForeignKey(
        Service, models.SET_NULL, null=True, blank=True, related_name="import_rows", verbose_name=_("service")
    )
    """The service that the row is about; for a possible duplicate the one that it resembles."""
    diff = models.JSONField(default=dict, blank=True)
    """{field: [before, after]}; only what would change."""
    findings = models.JSONField(default=list, blank=True)
    """[{"rule", "severity", "column": letter or name, "header", "words", "value"}], errors first."""
    applied = models.BooleanField(_("applied"), default=False)
    undo = models.JSONField(default=dict, blank=True)
    """{"made": {model: [pk]}, "changes": {"service": [change], location's public id: [change]}, "key": [before, after]}."""
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    """Why it could not be applied or undone."""

    class Meta:
        ordering = ("number",)
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_result_per_row_of_a_run")]
        indexes = [models.Index(fields=["run", "outcome"], name="rows_of_a_run_by_outcome")]

    def __str__(self) -> str:
        return f"{self.run}: {self.number}"
