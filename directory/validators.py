"""Checks of what staff enter, each with a message that says what to write instead: phones, links, hosts, coordinates."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from directory import geography

__all__ = [
    "clean_contact",
    "clean_phone",
    "validate_coordinates",
    "validate_dialable",
    "validate_host",
    "validate_link",
    "validate_timezone",
]

_SHORT_CODE = re.compile(r"[0-9*#]{2,8}")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")
_TELEGRAM = re.compile(r"@?([A-Za-z][A-Za-z0-9_]{3,31})")


def validate_dialable(number: str) -> None:
    """Raises ValidationError unless it is a short code (2 to 8 digits, * and #) or an E.164 number, without blanks."""
    if not _SHORT_CODE.fullmatch(number) and not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise ValidationError(
            _("“%(number)s” is not a number: write a short code like 112, or + and the country code like +30210…"),
            code="phone",
            params={"number": number},
        )


def clean_phone(value: str, *, sample: bool = False, short: bool = True) -> str:
    """A phone number as E.164 or, if `short` codes are allowed, as a short code.

    Letters of vanity numbers (+1 800 RED CROSS) become digits, and digits beyond the number's length are an error. Numbers
    of sample records may be ones that regulators reserve for fiction, which no numbering plan calls valid.
    Raises ValidationError.
    """
    typed = value.strip()
    if short and _SHORT_CODE.fullmatch(re.sub(r"[\s-]", "", typed)):
        return re.sub(r"[\s-]", "", typed)
    params = {"number": value}
    if not typed.startswith("+"):
        message = _(
            "“%(number)s” must begin with + and the country code, like +30 210 …, so that it works from everywhere."
        )
        raise ValidationError(message, code="phone", params=params)
    try:
        number = phonenumbers.parse("+" + phonenumbers.convert_alpha_characters_in_number(typed[1:]), None)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(_("“%(number)s” is not a phone number."), code="phone", params=params) from error
    if not phonenumbers.is_possible_number(number):
        message = _("“%(number)s” has too few or too many digits for its country.")
        raise ValidationError(message, code="phone", params=params)
    if not sample and not phonenumbers.is_valid_number(number):
        message = _("“%(number)s” does not exist in its country's numbering plan. Please check each digit.")
        raise ValidationError(message, code="phone", params=params)
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def validate_host(host: str) -> None:
    """Raises ValidationError unless it is a bare host name in lower case, without scheme, path, port or IP address."""
    if not _HOST.fullmatch(host):
        message = _("“%(host)s” is not a host name: write only the name, in lower case, like help.example.org.")
        raise ValidationError(message, code="host", params={"host": host})


def validate_link(link: str) -> None:
    """Raises ValidationError unless it is an https or http address of a named host, without user name or port."""
    try:
        parts = urlsplit(link)
    except ValueError:  # "https://[": no host can be read
        parts = urlsplit("")
    if (
        parts.scheme not in ("https", "http")
        or parts.netloc != (parts.hostname or "")
        or any(c.isspace() for c in link)
    ):
        raise ValidationError(
            _("“%(link)s” is not a link: it begins with https:// and a host name."), code="link", params={"link": link}
        )
    validate_host(parts.hostname or "")


@lru_cache(maxsize=1000)
def _is_timezone(name: str) -> bool:
    try:
        return "/" in name and ZoneInfo(name).key == name
    except (KeyError, ValueError, OSError):
        return False


def validate_timezone(name: str) -> None:
    """Raises ValidationError unless it is the name of an IANA time zone of a place."""
    if not _is_timezone(name):
        message = _("“%(name)s” is not a time zone (like Europe/Athens).")
        raise ValidationError(message, code="timezone", params={"name": name})


def clean_contact(kind: str, value: str, *, sample: bool = False) -> str:
    """The value of a contact point in its one stored form. Raises ValidationError.

    phone and sms: E.164 or short code; whatsapp and signal: E.164; telegram: @name or E.164; email; web: a link.
    """
    typed = value.strip()
    if kind in ("phone", "sms"):
        return clean_phone(typed, sample=sample)
    if kind in ("whatsapp", "signal"):
        return clean_phone(typed, sample=sample, short=False)
    if kind == "telegram":
        if typed.startswith("+"):
            return clean_phone(typed, sample=sample, short=False)
        name = _TELEGRAM.fullmatch(re.sub(r"^https://t\.me/", "", typed))
        if not name:
            message = _("“%(value)s” is not a Telegram name: write it like @name.")
            raise ValidationError(message, code="telegram", params={"value": value})
        return "@" + name[1]
    if kind == "email":
        validate_email(typed)
        return typed
    if kind != "web":
        raise ValidationError(_("“%(kind)s” is no kind of contact."), code="kind", params={"kind": kind})
    validate_link(typed)
    return typed


def validate_coordinates(lat: float, lon: float, country: str = "") -> None:
    """Raises ValidationError for figures out of range, for 0, 0, and for a point far outside the named country."""
    if not -90 <= lat <= 90:
        raise ValidationError({"lat": _("Latitude lies between -90 and 90.")})
    if not -180 <= lon <= 180:
        raise ValidationError({"lon": _("Longitude lies between -180 and 180.")})
    if lat == 0 and lon == 0:
        raise ValidationError({"lat": _("0, 0 lies in the sea: leave the coordinates empty if they are not known.")})
    if country and geography.lies_in(lat, lon, country) is False:
        if -90 <= lon <= 90 and geography.lies_in(lon, lat, country):
            raise ValidationError({"lat": _("Latitude and longitude look swapped.")})
        raise ValidationError(
            {"lat": _("This point seems to lie more than 50 km outside the country that is named here.")}
        )
