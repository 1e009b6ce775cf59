"""Saving texts: who wrote them, and which translations a change of the source text puts out of date."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from directory.admin.bases import ModelForm

__all__ = ["MinorEditForm", "save_texts"]


class MinorEditForm(ModelForm):
    """A record with texts, and the question whether their meaning has changed."""

    minor_edit = forms.BooleanField(
        label=_("Small correction only"),
        required=False,
        help_text=_("The meaning of the source text is the same: translations stay up to date."),
    )


def save_texts(formset: Any, user: Any, *, minor: bool, is_new: bool) -> None:
    """Save a formset of texts. A change of the source's wording raises the record's version, unless it is minor.

    Every text whose words were touched in the same step follows the new version; a small correction of a translation that is
    out of date leaves it so, unless it is approved in this step.
    """
    record, texts = formset.instance, formset.save(commit=False)
    touched = {form.instance: set(form.changed_data) for form in formset.forms if form.has_changed()}
    wording = set(formset.model.WORDING)
    changed = any(text.lang == record.source_language and touched.get(text, set()) & wording for text in texts)
    if changed and not minor and not is_new:
        record.source_changed()
    for text in texts:
        words, state = touched.get(text, set()) & wording, "state" in touched.get(text, set())
        if words or state:
            approved = state and text.state == text.State.APPROVED
            small = minor and text.pk and not approved and text.lang != record.source_language
            text.written_by(user, text.source_version if small else record.version, words=bool(words))
        text.save()
    for text in formset.deleted_objects:
        text.delete()
    formset.save_m2m()
