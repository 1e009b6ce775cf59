"""Names of fields and values as staff read them on the import pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from directory.codes import language_name
from directory.exchange.hours_text import format_hours

__all__ = ["FIELD_NAMES", "field_label", "shown"]

FIELD_NAMES: dict[str, Any] = {
    "name": _("name"), "organisation": _("organisation"), "description": _("in one sentence"), "phone": _("phone"), "email": _("e-mail"),
    "website": _("website"), "address": _("address"), "postcode": _("postcode"), "city": _("city"), "country": _("country"),
    "latitude": _("latitude"), "longitude": _("longitude"), "coordinates": _("coordinates (both in one cell)"), "hours": _("opening hours"),
    "languages": _("languages spoken"), "category": _("category"), "eligibility": _("who can come"), "cost": _("cost"),
    "date_checked": _("checked on"), "visibility": _("public or confidential"), "contact_person": _("names of persons (never taken over)"),
    "external_id": _("id of the row"), "how_to_get_help": _("how to get help"), "what_to_bring": _("what to bring"), "cost_note": _("note on cost"),
    "status": _("status"), "delivery": _("delivery"), "urgency": _("urgency"), "papers": _("papers"), "shares_data": _("shares data with authorities"),
    "genders": _("for"), "min_age": _("from age"), "max_age": _("to age"), "audiences": _("especially for"), "nationalities": _("only for nationals of"),
    "booking": _("how to come"), "serves_countries": _("answers people in"), "operator_type": _("who answers"), "must_report": _("must tell authorities"),
    "other_contacts": _("other contacts"), "place_name": _("name of the place"), "admin1": _("province"), "transport": _("how to get there"),
    "wheelchair": _("wheelchair access"), "areas": _("areas"), "text_language": _("language of the texts"),
}  # fmt: skip
_MORE: dict[str, Any] = {
    "short_text": _("in one sentence"), "eligibility_text": _("who can come"), "lat": _("latitude"), "lon": _("longitude"), "spoken": _("languages spoken"),
    "exceptions": _("other hours on a day"), "verified_on": _("checked on"), "categories": _("categories"), "sms": "SMS", "whatsapp": "WhatsApp",
    "telegram": "Telegram", "signal": "Signal", "web": _("website"),
}  # fmt: skip


def field_label(name: str) -> str:
    """The name of a field of a difference, like `texts/ar/name`: name (Arabic)."""
    parts = name.split("/")
    label = str(_MORE.get(parts[-1]) or FIELD_NAMES.get(parts[-1]) or parts[-1])
    if parts[0] == "texts":
        return f"{label} ({language_name(parts[1])})"
    if parts[0] == "place":
        return translate("place: %(field)s") % {"field": label}
    return label


def shown(value: Any) -> str:
    """A value of a difference on one line."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, list):
        if value and isinstance(value[0], list):
            rows = value
            if len(rows[0]) == 6 and isinstance(rows[0][0], int):
                return format_hours(rows) or "; ".join(" ".join(map(str, row)) for row in rows)
            return "; ".join(" ".join(str(part) for part in row if part not in (None, "", False)) for row in rows)
        return ", ".join(map(str, value))
    return str(value)
