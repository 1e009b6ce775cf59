"""The bot's wording: from the key of a text and its values to a sentence in one language, over gettext.

`Text.values` may hold plain str and int, or one of the nested forms that are formatted for the reader:
{"date": "2026-11-24"}, {"datetime": "2026-11-24T18:00"}, {"when": "2026-11-24T18:00"} (see `when`), {"time": "18:00"},
{"km": 1.2}, {"language": "ar"}, {"country": "GR"}, {"category": "legal_aid"}, {"phone": "+3021..."},
{"text": key, "values": {...}} and {"list": [any of these]}.
"""

from __future__ import annotations

import gettext
import logging
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any

from bot.languages import language as language_of
from bot.messages import Text
from bot.replies import formats, po
from bot.replies.bidi import foreign, isolate
from bot.replies.formats import Reader
from bot.replies.reviews import may_be_said
from bot.replies.sms import encoding
from bot.replies.texts import TEXTS, sources

__all__ = ["VERBATIM", "Ready", "label", "placeholders", "reload", "say", "source", "translation", "when", "wording"]

logger = logging.getLogger(__name__)

VERBATIM = "verbatim"
"""Key of a text that is no wording of ours: Text(VERBATIM, {"text": "..."}), e.g. the body of an article."""

PLACEHOLDER = re.compile(r"\{(\w+)\}")
SMS_VARIANT = "@sms"
"""A key with this ending is said on SMS in place of the key without it."""


class Ready(str):
    """A value that is formatted and isolated already: it goes into the text as it is."""


class _Missing(gettext.NullTranslations):
    """The end of gettext's chain: says that there is no translation, in place of handing the source back."""

    def pgettext(self, context: str, message: str) -> str:
        raise LookupError(context)


def placeholders(template: str) -> list[str]:
    """The names in braces of a template, sorted, with repetitions."""
    return sorted(PLACEHOLDER.findall(template))


def source(key: str) -> str:
    """The English source of a text or of a category's label (`category:<code>`). Raises KeyError for an unknown key."""
    try:
        return sources()[key]
    except KeyError:
        raise KeyError(f"no text with the key {key!r}") from None


@lru_cache(maxsize=64)
def _translations(language: str) -> gettext.NullTranslations:
    """The compiled catalogue of a language: the .mo file if it is as new as the .po file, else compiled here."""
    po_file, mo_file = po.po_path(language), po.mo_path(language)
    translations: gettext.NullTranslations
    try:
        if mo_file.exists() and (not po_file.exists() or mo_file.stat().st_mtime >= po_file.stat().st_mtime):
            translations = gettext.GNUTranslations(BytesIO(mo_file.read_bytes()))
        elif po_file.exists():
            catalog = po.read(po_file, language_of(language))
            translations = gettext.GNUTranslations(BytesIO(po.mo_bytes(catalog)))
        else:
            return _Missing()
    except Exception as error:  # a damaged file must not keep a number to call from being said, if only in English
        logger.error("the catalogue of %s cannot be read: %s", language, type(error).__name__)
        return _Missing()
    translations.add_fallback(_Missing())
    return translations


def translation(key: str, language: str, second_language: str | None = None) -> str:
    """The template of a text in the language, else in the second one, else in English with one line in the log.

    A text of which less is known than the setting `texts` asks for is passed over, too (`bot.replies.reviews`). Raises KeyError
    for an unknown key."""
    return spoken(key, language, second_language)[0]


@lru_cache(maxsize=4096)
def spoken(key: str, language: str, second_language: str | None = None) -> tuple[str, str]:
    """`translation`, and the code of the language that it is in."""
    english = source(key)
    for code in (language, second_language):
        if code is None:
            continue
        try:
            text = english if code == "en" else _translations(code).pgettext(key, english)
        except LookupError:
            logger.warning("text %s is not translated into %s", key, code)
            continue
        if may_be_said(code, key, english, text):
            return text, code
    return english, "en"


def reload() -> None:
    """Forget what was read, after the catalogues changed."""
    spoken.cache_clear()
    _translations.cache_clear()


def wording(
    text: Text,
    language: str,
    *,
    channel: str = "",
    country: str | None = None,
    now: datetime | None = None,
    second_language: str | None = None,
) -> str:
    """A text in words of the language. Raises KeyError for an unknown key or a value that is missing."""
    return say(text, Reader(language, channel, country, second_language, now))


def say(text: Text, reader: Reader) -> str:
    """`wording` for a reader. Raises KeyError for an unknown key or a missing value, ValueError for a bad one."""
    if text.key == VERBATIM:
        lines = str(text.values["text"]).strip().splitlines()
        return "\n".join(foreign(line, reader.language, reader.channel) for line in lines)
    key = text.key
    if reader.channel == "sms" and key + SMS_VARIANT in TEXTS:
        key += SMS_VARIANT
    template = translation(key, reader.language, reader.second_language)
    if not set(PLACEHOLDER.findall(template)) <= set(text.values):  # a damaged translation: say it in English
        logger.error("text %s in %s asks for other values than it is given", key, reader.language)
        template = source(key)

    def filled(match: re.Match[str]) -> str:
        return _value(text.values[match.group(1)], reader)

    return PLACEHOLDER.sub(filled, template)


def label(category: str, reader: Reader) -> str:
    """The label of a category for a reader. Raises KeyError for one that does not exist."""
    return say(Text(f"category:{category}"), reader)


def when(moment: str, reader: Reader) -> str:
    """A local date and time against the reader's now: "today 18:00", "tomorrow 09:00", "Monday 09:00", else the date.

    An aware `moment` is compared in its own zone; a naive one with the wall clock of `reader.now`."""
    at = datetime.fromisoformat(moment)
    time = Ready(formats.clock(f"{at:%H:%M}", reader.language, reader.country, both=reader.channel != "sms"))
    days = None
    if reader.now is not None:
        now = reader.now.astimezone(at.tzinfo) if at.tzinfo and reader.now.tzinfo else reader.now
        days = (at.date() - now.date()).days
    if days == 0:
        return say(Text("day:today", {"time": time}), reader)
    if days == 1:
        return say(Text("day:tomorrow", {"time": time}), reader)
    if days is not None and 1 < days < 7:
        day = formats.weekday(at.weekday(), reader.language)
    else:
        day = formats.date(moment, reader.language, numeric=_numeric_dates(reader, moment))
    return say(Text("day:weekday", {"day": day, "time": time}), reader)


def _numeric_dates(reader: Reader, moment: str) -> bool:
    """On SMS a month's name must not make a cheap message dear ("août" is not in GSM-7)."""
    return (
        reader.channel == "sms"
        and language_of(reader.language).script == "Latn"
        and encoding(formats.date(moment, reader.language)) != "gsm7"
    )


def _value(value: Any, reader: Reader) -> str:
    """A value of a text in words. Raises ValueError for a form that does not exist."""
    if isinstance(value, Ready):
        return value
    if isinstance(value, str):
        return isolate(value, reader.language, reader.channel)
    if isinstance(value, (int, float)):
        return formats.number(value, reader.language)
    if isinstance(value, Mapping):
        kind = next(iter(value), "")
        form = _FORMS.get(kind)
        if form is not None:
            return form(value, reader)
    raise ValueError(f"no form for the value {value!r}")


def _name(name: str, reader: Reader) -> str:
    return isolate(name, reader.language, reader.channel)


def _datetime(value: Mapping[str, Any], reader: Reader) -> str:
    moment = str(value["datetime"])
    values = {"day": {"date": moment}, "time": {"time": datetime.fromisoformat(moment).strftime("%H:%M")}}
    return say(Text("day:weekday", values), reader)


def _list(value: Mapping[str, Any], reader: Reader) -> str:
    return formats.joined([_value(item, reader) for item in value["list"]], reader.language)


_FORMS = {
    "date": lambda value, reader: formats.date(
        value["date"], reader.language, numeric=_numeric_dates(reader, value["date"]), both=reader.channel != "sms"
    ),
    "datetime": _datetime,
    "when": lambda value, reader: when(value["when"], reader),
    "time": lambda value, reader: formats.clock(
        value["time"], reader.language, reader.country, both=reader.channel != "sms"
    ),
    "km": lambda value, reader: formats.distance(float(value["km"]), reader.language, reader.country),
    "language": lambda value, reader: _name(formats.language_name(value["language"], reader.language), reader),
    "country": lambda value, reader: _name(formats.country_name(value["country"], reader.language), reader),
    "category": lambda value, reader: label(value["category"], reader),
    "phone": lambda value, reader: formats.phone_in_text(value["phone"], reader),
    "text": lambda value, reader: say(Text(value["text"], value.get("values") or {}), reader),
    "list": _list,
}
