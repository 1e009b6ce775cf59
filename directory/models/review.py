"""The work of reviewers: proposed changes, imports, publications, and what people report about entries."""

from __future__ import annotations

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from directory.fields import LanguageField
from directory.models.base import Handled
from directory.models.services import Service

__all__ = ["ChangeRequest", "ConfidentialProposal", "ImportRun", "Publication", "UserReport"]


class ChangeRequest(models.Model):
    """A proposed change of a record that stays live as it is until somebody else has approved the change."""

    class Kind(models.TextChoices):
        NEW = "new", _("new")
        EDIT = "edit", _("edit")
        CLOSE = "close", _("close")

    class State(models.TextChoices):
        PENDING = "pending", _("waits for a decision")
        SENT_BACK = "sent_back", _("sent back to the author")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    OPEN = (State.PENDING, State.SENT_BACK)

    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices, default=Kind.EDIT)
    target_type = models.ForeignKey(ContentType, models.PROTECT, verbose_name=_("kind of record"))
    target_id = models.PositiveBigIntegerField(_("record"))
    target = GenericForeignKey("target_type", "target_id")
    diff = models.JSONField(
        _("difference"), default=list, help_text="Rows {path, before, after} of directory.bundles; nothing confidential."
    )
    decided = models.JSONField(_("what was applied"), default=list, blank=True)
    minor = models.BooleanField(_("small correction only"), default=False)
    confidential = models.BooleanField(
        _("confidential"), default=False, help_text=_("About a place that is not public: two people decide.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.PENDING, db_index=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="proposed_changes", verbose_name=_("author")
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reviewed_changes",
        verbose_name=_("reviewer"),
    )
    note_to_author = models.TextField(_("note to the author"), max_length=1000, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("proposed change")
        verbose_name_plural = _("proposed changes")
        indexes = [models.Index(fields=["target_type", "target_id", "state"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.target or self.target_type}"


class ConfidentialProposal(models.Model):
    """The confidential part of a proposed change, in a table of its own; emptied when the change has been decided."""

    change = models.OneToOneField(ChangeRequest, models.CASCADE, related_name="hidden")
    diff = models.JSONField(default=list)

    class Meta:
        verbose_name = _("confidential part of a change")
        verbose_name_plural = _("confidential parts of changes")

    def __str__(self) -> str:
        return f"{self.change_id}"


class ImportRun(models.Model):
    """One file that was read in: what it held, who applied it, whether it was undone."""

    class State(models.TextChoices):
        MAPPING = "mapping", _("columns to be named")
        QUEUED = "queued", _("waits for the check")
        CHECKING = "checking", _("is being checked")
        CHECKED = "checked", _("checked")
        TO_APPLY = "to_apply", _("waits to be applied")
        APPLYING = "applying", _("is being applied")
        APPLIED = "applied", _("applied")
        TO_UNDO = "to_undo", _("waits to be undone")
        UNDOING = "undoing", _("is being undone")
        UNDONE = "undone", _("undone")
        FAILED = "failed", _("failed")

    file_name = models.CharField(_("file"), max_length=200)
    source = models.ForeignKey(
        "ImportSource", models.PROTECT, null=True, blank=True, related_name="runs", verbose_name=_("source")
    )
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.MAPPING, db_index=True)
    stored_as = models.CharField(max_length=100, blank=True, editable=False)
    """Name of the kept file in <var>/imports; empty once it has been removed."""
    digest = models.CharField(max_length=64, blank=True, editable=False)
    step = models.CharField(max_length=100, blank=True, editable=False)
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When the work was last seen to go on: a run that stood still is taken up again."""
    options = models.JSONField(_("options"), default=dict, blank=True)
    """`all_or_nothing`, `publish`, `complete`, `personal_phones`: booleans."""
    error = models.TextField(_("error"), blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("uploaded by")
    )
    mapping = models.JSONField(_("columns"), default=dict, blank=True)
    report = models.JSONField(_("report of the dry run"), default=dict, blank=True)
    rows_new = models.PositiveIntegerField(_("new"), default=0)
    rows_changed = models.PositiveIntegerField(_("changed"), default=0)
    rows_unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rows_duplicate = models.PositiveIntegerField(_("possible duplicates"), default=0)
    rows_bad = models.PositiveIntegerField(_("refused"), default=0)
    created_at = models.DateTimeField(_("read"), auto_now_add=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("applied by")
    )
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("undone by")
    )
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at",)
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name


class Publication(models.Model):
    """One attempt to publish: its number names the snapshot. The records as of `at` are in their history."""

    class State(models.TextChoices):
        QUEUED = "queued", _("asked for")
        BUILDING = "building", _("being built")
        PUBLISHED = "published", _("published")
        FAILED = "failed", _("failed")

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.BUILDING)
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("by"))
    digest = models.CharField(_("SHA-256 of the rows"), max_length=64, blank=True)
    counts = models.JSONField(_("counts"), default=dict, blank=True)
    warnings = models.JSONField(_("warnings"), default=list, blank=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        permissions = [("publish", _("Can publish the directory"))]

    def __str__(self) -> str:
        return f"{self.pk}: {self.get_state_display()} {self.at:%Y-%m-%d %H:%M} UTC"


class UserReport(Handled):
    """What somebody told the bot about a service. It holds nothing about the person, and no free text."""

    class Kind(models.TextChoices):
        CLOSED = "closed", _("closed")
        WRONG_NUMBER = "wrong_number", _("wrong number")
        MOVED = "moved", _("moved")
        CHARGED_MONEY = "charged_money", _("asked for money")
        UNSAFE = "unsafe", _("not safe")
        OTHER = "other", _("something else")
        FEEDBACK = "feedback", _("praise or complaint")

    CHANGES = (Kind.CLOSED, Kind.WRONG_NUMBER, Kind.MOVED, Kind.OTHER)
    """Kinds upon which an entry is not to be trusted as it stands."""
    COMPLAINTS = (Kind.CHARGED_MONEY, Kind.UNSAFE)
    """Kinds that the organisation concerned does not see (design: safety, A2)."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="reports", verbose_name=_("service"))
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices)
    lang = LanguageField(_("language"), blank=True)
    reported_on = models.DateField(_("reported on"), default=timezone.localdate)

    class Meta:
        ordering = ("-reported_on", "-pk")
        verbose_name = _("report")
        verbose_name_plural = _("reports from people")

    def __str__(self) -> str:
        return f"{self.service.public_id}: {self.get_kind_display()}"
