"""Model and form fields of the directory: times of day, lists of codes, countries and languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from directory import codes

__all__ = ["ClockField", "CodeListField", "CountryField", "LanguageField", "format_clock", "parse_clock"]

if TYPE_CHECKING:
    CharField = models.CharField[Any, Any]
    SmallIntegerField = models.SmallIntegerField[Any, Any]
else:
    CharField, SmallIntegerField = models.CharField, models.SmallIntegerField

_CLOCK = re.compile(r"(\d{1,2})(?:\s*[:.٫]\s*(\d{2})|\s*h\s*(\d{2})?)?\s*(am|pm)?", re.IGNORECASE)
_CLOCK_DIGITS = re.compile(r"(\d{1,2})(\d{2})")


def parse_clock(text: str) -> int:
    """Minutes after midnight (0 to 1440) of a time as staff type it: 9:00, 0900, 9h30, 9.30, 9, 9 pm, ٩:٠٠, 24:00.

    Raises ValidationError, which quotes what was typed.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdigit() else sign for sign in typed)
    match = _CLOCK_DIGITS.fullmatch(plain) or _CLOCK.fullmatch(plain)
    if match:
        groups = (*match.groups(), None, None)[:4]
        hours, minutes = int(match[1]), int(groups[1] or groups[2] or 0)
        half = (groups[3] or "").lower()
        if half and not 1 <= hours <= 12:
            hours = 99
        elif half:
            hours = hours % 12 + (12 if half == "pm" else 0)
        total = hours * 60 + minutes
        if minutes < 60 and total <= 24 * 60:
            return total
    raise ValidationError(
        _("“%(typed)s” is not a time of day. Write it like 9:00 or 17:30 (24:00 is the end of the day)."),
        code="clock",
        params={"typed": text},
    )


def format_clock(minutes: int) -> str:
    """Minutes after midnight as HH:MM: 540 -> 09:00, 1440 -> 24:00."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


class ClockInput(forms.TextInput):
    """A short text input; a native time picker refuses 24:00 and differs by browser."""

    input_type = "text"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs={"size": 6, "placeholder": "9:00", "autocomplete": "off", "class": "clock", **(attrs or {})}
        )


class ClockFormField(forms.Field):
    """Form side of `ClockField`: text in, minutes out."""

    widget = ClockInput

    def prepare_value(self, value: Any) -> Any:
        return format_clock(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        return None if value in self.empty_values else parse_clock(str(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class ClockField(SmallIntegerField):
    """A time of day as minutes after local midnight, 0 to 1440; also takes text such as "9:00"."""

    def to_python(self, value: Any) -> int | None:
        minutes: int | None = parse_clock(value) if isinstance(value, str) and value else super().to_python(value)
        if minutes is not None and not 0 <= minutes <= 24 * 60:
            raise ValidationError(_("A time of day lies between 00:00 and 24:00."), code="clock")
        return minutes

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        return super().formfield(**{**kwargs, "form_class": ClockFormField, "widget": ClockInput})


class CodeListFormField(forms.CharField):
    """Codes in one text input, divided by commas or blanks: "en, ar"."""

    def __init__(self, *, upper: bool = False, **kwargs: Any) -> None:
        self.upper = upper
        super().__init__(**{name: value for name, value in kwargs.items() if name not in ("encoder", "decoder")})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        found = value if isinstance(value, list) else re.split(r"[\s,;،]+", str(value or "").strip())
        return [code.upper() if self.upper else code.lower() for code in found if code]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class CodeListField(models.JSONField):
    """A list of short codes, kept as a JSON array. `check` raises ValidationError for a code that does not exist.

    With `options` staff tick boxes; without, they write the codes divided by commas.
    """

    def __init__(
        self,
        *args: Any,
        check: Callable[[str], None] | None = None,
        options: Iterable[tuple[str, Any]] = (),
        upper: bool = False,
        **kwargs: Any,
    ) -> None:
        self.check_code, self.options, self.upper = check, list(options), upper
        super().__init__(*args, **{"default": list, "blank": True, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs  # options and check are no part of the table

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            raise ValidationError(_("This must be a list of codes."), code="list")
        for code in value:
            if self.options and code not in dict(self.options):
                raise ValidationError(_("“%(code)s” is not one of the choices."), code="code", params={"code": code})
            if self.check_code:
                self.check_code(code)

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        kwargs.pop("widget", None)
        common = {
            "label": kwargs.get("label", capfirst(self.verbose_name)),
            "help_text": self.help_text,
            "required": not self.blank,
        }
        if self.options:
            return forms.MultipleChoiceField(choices=self.options, widget=forms.CheckboxSelectMultiple, **common)
        return CodeListFormField(upper=self.upper, widget=forms.TextInput(attrs={"class": "vTextField"}), **common)


class _CodeField(CharField):
    """A code that is picked from a list which depends on the reader's language, so it is built at each request."""

    def names(self) -> list[tuple[str, str]]:
        raise NotImplementedError

    def formfield(self, **kwargs: Any) -> Any:  # type: ignore[override]
        def choices() -> list[tuple[str, str]]:
            return [("", "---------"), *self.names()]

        kwargs.pop("widget", None)
        return forms.ChoiceField(
            choices=choices,
            required=not self.blank,
            label=kwargs.get("label", capfirst(self.verbose_name)),
            help_text=self.help_text,
            initial=kwargs.get("initial", self.get_default()),
        )


class CountryField(_CodeField):
    """An ISO 3166-1 alpha-2 code; staff pick a name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": 2, "validators": [codes.validate_country], **kwargs})

    def names(self) -> list[tuple[str, str]]:
        return codes.country_names()


class LanguageField(_CodeField):
    """A language code; staff pick a name. `ours` limits the list to the languages that Waypost writes in."""

    def __init__(self, *args: Any, ours: bool = False, **kwargs: Any) -> None:
        self.ours = ours
        validator = codes.validate_waypost_language if ours else codes.validate_language
        super().__init__(*args, **{"max_length": 8, "validators": [validator], **kwargs})

    def names(self) -> list[tuple[str, str]]:
        return codes.waypost_languages() if self.ours else codes.language_names()
