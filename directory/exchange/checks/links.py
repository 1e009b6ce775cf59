"""Checks of e-mail addresses and links: their form, and whether an address is a person's own. Nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from directory.exchange.checks.base import Finding, Incoming, finding
from directory.exchange.columns import key
from directory.validators import validate_link

__all__ = ["email_checks", "link_checks"]

_LONGEST = 1000
_PERSONAL_PROVIDERS = re.compile(
    r"(gmail|googlemail|yahoo|ymail|hotmail|outlook|live|msn|icloud|me|aol|gmx|web|proton|protonmail|mail|yandex|libero|wanadoo|orange|laposte)"
    r"\.(com?\.)?[a-z]{2,3}"
)


def email_checks(incoming: Incoming) -> Iterator[Finding]:
    """Form by Django's validator; an address at a provider for persons, or one made of the named person's name.

    The text of personal addresses is not repeated.
    """
    persons = {row.number: key(text).split() for row, _at, text in incoming.cells("contact_person")}
    for row, at, text in incoming.cells("email"):
        if len(text) > _LONGEST:
            yield finding("email-invalid", row.number, at, _("is too long for an e-mail address"), text)
            continue
        for address in re.split(r"[;,/|\s]+", text.removeprefix("mailto:").strip(" ;,")):
            try:
                validate_email(address)
            except ValidationError:
                yield finding("email-invalid", row.number, at, _("is no e-mail address"), address)
                continue
            local, host = address.lower().rsplit("@", 1)
            names = [name for name in persons.get(row.number, ()) if len(name) > 2]
            if any(name in key(local).split() for name in names):
                yield finding("email-personal", row.number, at, _("the address holds the name of a person"))
            elif names and _PERSONAL_PROVIDERS.fullmatch(host):
                yield finding("email-personal", row.number, at, _("a personal mail provider beside a person's name"))


def link_checks(incoming: Incoming) -> Iterator[Finding]:
    """Form as in the directory; a missing scheme and http are notes."""
    for row, at, text in incoming.cells("website"):
        link = text
        if not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", link):
            if re.match(r"[\w-]+(\.[\w-]+)+([/?#]|$)", link):
                yield finding("link-scheme", row.number, at, _("has no https:// in front"), text)
            link = f"https://{link}"
        elif link.lower().startswith("http://"):
            yield finding("link-http", row.number, at, _("http, not https"), text)
        scheme, _colon, rest = link.partition("://")
        host, slash, path = rest.partition("/")
        try:
            validate_link(f"{scheme.lower()}://{host.lower()}{slash}{path}")
        except (ValidationError, ValueError):
            yield finding("link-invalid", row.number, at, _("is no link that can be told to people"), text)
