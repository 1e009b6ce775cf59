"""Forms of the import pages: the upload, and what is remembered of a source."""

from __future__ import annotations

import zipfile
from typing import Any

from anyascii import anyascii
from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from directory.access import offers
from directory.exchange.reading import HSDS_ENDINGS, SPREADSHEETS
from directory.exchange.table import MAX_BYTES
from directory.models import ImportSource, Organisation, User

__all__ = ["SourceForm", "UploadForm", "source_code"]


def source_code(name: str) -> str:
    """A code for a new source that no other has: it names the source in the ids of entries."""
    words = slugify(anyascii(name))[:34].strip("-") or "source"
    code, number = words, 1
    while ImportSource.objects.filter(code=code).exists():
        number += 1
        code = f"{words}-{number}"
    return code


class UploadForm(forms.Form):
    """A file and where it comes from."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or XLSX; or HSDS 3 as .json, or its CSV tables in a .zip. At most 20 MB. Numbers stay text."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.json,.zip"}),
    )
    source = forms.ModelChoiceField(
        label=_("Source"),
        queryset=ImportSource.objects.none(),
        required=False,
        empty_label=_("a new source"),
        help_text=_("Choose the source that sent such a file before: its columns are remembered."),
    )
    new_source = forms.CharField(
        label=_("Name of a new source"),
        max_length=120,
        required=False,
        help_text=_("Like: Example Aid, list of offices."),
    )
    complete = forms.BooleanField(
        label=_("The file holds everything of this source"),
        required=False,
        initial=True,
        help_text=_("Entries that are missing from it become tasks. Nothing is ever deleted."),
    )

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mine = ImportSource.objects.all()
        if not user.is_superuser and not user.has_perm("directory.change_importrun"):
            mine = mine.filter(organisation__in=offers(user, Organisation.objects.all()))
        self.fields["source"].queryset = mine  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        """Type by its name and its first bytes, and its size. A zip is looked at more closely when it is read."""
        file = self.cleaned_data["file"]
        ending = "." + file.name.rsplit(".", 1)[-1].lower() if "." in file.name else ""
        if ending not in (*SPREADSHEETS, *HSDS_ENDINGS):
            raise ValidationError(
                _("This is neither .csv, .xlsx, .json nor .zip. Save the file in one of these forms.")
            )
        if file.size > MAX_BYTES:
            raise ValidationError(_("The file is larger than 20 MB. Please split it."))
        head = file.read(4)
        file.seek(0)
        if not head:
            raise ValidationError(_("The file is empty."))
        packed = head[:4] == b"PK\x03\x04"
        if packed != (ending in (".xlsx", ".zip")) or (packed and not zipfile.is_zipfile(file)):
            raise ValidationError(_("What the file holds does not fit its name. Open it and save it anew."))
        file.seek(0)
        return file

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        name = (data.get("new_source") or "").strip()
        if not data.get("source") and not name and "source" not in self.errors:
            self.add_error("new_source", _("Choose a source, or give a new one a name."))
        elif not data.get("source") and ImportSource.objects.filter(name=name).exists():
            self.add_error("new_source", _("There is a source with this name: choose it above, or take another name."))
        return data


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """What holds for every row of a source."""

    class Meta:
        model = ImportSource
        fields = (
            "organisation", "country", "language", "category", "operator_type", "must_report", "date_order", "licence",
        )  # fmt: skip

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["organisation"]
        field.queryset = offers(user, field.queryset)
        field.empty_label = _("as the rows say")
        if not user.has_perm("directory.change_importrun"):
            field.required = True
