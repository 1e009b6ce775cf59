"""Targets: what people's phones and their providers send, from the bytes of a webhook to what a message means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import yaml
from hypothesis import strategies as st

from bot import inspection
from bot.channels.parsing import BadRequest
from bot.channels.sms.parse import read as read_sms
from bot.channels.splitting import split as split_for_provider
from bot.channels.telegram.parse import message_from as telegram_message
from bot.channels.web.parse import message_from as web_message
from bot.channels.whatsapp.parse import read as read_whatsapp
from bot.engine.positions import located, position
from bot.identity import seal, unseal
from bot.messages import Inbound
from bot.nlu.commands import commands
from bot.nlu.entities import entities, moment
from bot.nlu.normalise import key, normalise, tidy, trace
from bot.nlu.numerals import number_in_digits
from bot.nlu.place_entities import place_entities
from bot.nlu.places import places
from bot.nlu.understanding import Understanding
from bot.redact import redact, redact_line, redacted
from bot.settings import ROOT, Settings, load, settings
from tests.channels.sms.wire import SETTINGS as SMS
from tests.channels.sms.wire import USUAL as SMS_USUAL
from tests.channels.telegram.wire import SETTINGS as TELEGRAM
from tests.channels.telegram.wire import update_of
from tests.channels.whatsapp.wire import SETTINGS as WHATSAPP
from tests.channels.whatsapp.wire import USUAL as WHATSAPP_USUAL
from tests.fuzz.registry import from_bytes, invented, within
from tests.fuzz.strategies import JSON, LANGUAGES, TEXTS, damaged

__all__ = ["UPDATES"]

_TABLES = ROOT / "tests" / "channels"
_KEY = b"a key of thirty-two bytes, or so"


@lru_cache(maxsize=1)
def _config() -> Settings:
    return load({**SMS, **TELEGRAM, **WHATSAPP})


def _cases(channel: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((_TABLES / channel / "incoming.yml").read_text(encoding="utf-8")))


UPDATES: tuple[Any, ...] = tuple(update_of(case["send"]) for case in _cases("telegram") if "send" in case)
"""The updates of the channel's own table."""


def _storable(message: Inbound | None) -> None:
    """A message survives redacting, JSON and sealing, and is within its limits."""
    if message is None:
        return
    assert len(message.text) <= _config().max_message_chars, "longer than is read"
    kept = redacted(message)
    words = json.dumps(kept.to_dict(), ensure_ascii=False)
    assert unseal(seal(words, _KEY), _KEY) == words
    back = Inbound.from_dict(json.loads(words))
    assert back.to_dict() == json.loads(words)
    assert re.fullmatch(r"[0-9a-f]{32}", kept.conversation)
    located(kept, {})
    located(kept, {"question": "place"})


# --- channels -----------------------------------------------------------------------------------------------------------


def _telegram_seeds() -> Iterable[bytes]:
    return [json.dumps(update, ensure_ascii=True).encode() for update in UPDATES]


@from_bytes("telegram bytes", "a body is an update or ignored; what comes of it can be stored", _telegram_seeds)
def telegram_bytes(data: bytes) -> None:
    try:
        update = json.loads(data.decode())
    except (ValueError, RecursionError):
        return
    with within():
        _storable(telegram_message(update, _config()).message)


@invented(
    "telegram updates",
    "an update with any of its fields wrong is read or ignored",
    update=st.one_of(JSON, damaged(UPDATES)),
)
def telegram_updates(update: Any) -> None:
    with within():
        _storable(telegram_message(update, _config()).message)


def _form_seeds(channel: str, usual: dict[str, str]) -> Iterable[bytes]:
    for case in _cases(channel):
        if isinstance(case.get("send"), dict):
            form = {name: str(value) for name, value in {**usual, **case["send"]}.items() if value is not None}
            yield urlencode(form, errors="replace").encode()


def _form(data: bytes) -> dict[str, str]:
    fields = parse_qsl(data.decode("utf-8", errors="replace"), keep_blank_values=True, errors="replace")
    return {name: value.replace("\0", "") for name, value in fields}


@from_bytes(
    "sms form",
    "a form is read or refused with its reason",
    lambda: _form_seeds("sms", SMS_USUAL),
    words=tuple(SMS_USUAL),
)
def sms_form(data: bytes) -> None:
    with within():
        try:
            read = read_sms(_form(data), _config())
        except BadRequest:
            return
        _storable(read.message)


@from_bytes(
    "whatsapp form",
    "a form is read or refused with its reason",
    lambda: _form_seeds("whatsapp", WHATSAPP_USUAL),
    words=(*WHATSAPP_USUAL, "Latitude", "Longitude", "ButtonPayload", "ButtonText", "ListId", "OptOutType"),
)
def whatsapp_form(data: bytes) -> None:
    with within():
        try:
            read = read_whatsapp(_form(data), _config())
        except BadRequest:
            return
        _storable(read.message)


_PAGE = (
    {"id": "message-0001", "text": "i need a doctor", "location": {"lat": 37.9, "lon": 23.7}},
    {"id": "message-0001", "text": "مرحبا"},
)
_INSPECTED = (
    {"sender": "a", "message": "help", "metadata": {"channel": "sms", "location": {"lat": 1, "lon": 2}, "id": "1"}},
)


@invented(
    "web and inspection",
    "a body is read or refused with its reason",
    body=st.one_of(JSON, damaged(_PAGE), damaged(_INSPECTED)),
)
def web_and_inspection(body: Any) -> None:
    for read in (lambda: web_message(body, "visitor", "en", 1000), lambda: inspection.message_from(body, 1000)):
        with within():
            try:
                message = read()
            except BadRequest:
                continue
            _storable(message)


# --- redacting ----------------------------------------------------------------------------------------------------------

_PLANTED = ("+306941234567", "0044 7700 900123", "(030) 123-45-67 89", "omar.haddad@mail.example", "+30 694 123 45 67")


@invented(
    "redact",
    "what is planted between lines is gone; a message of the longest length takes no time",
    before=TEXTS,
    after=TEXTS,
    planted=st.sampled_from(_PLANTED),
)
def redact_planted(before: str, after: str, planted: str) -> None:
    with within():
        shown = redact(f"{before} ;\n{planted}\n; {after}").text
        redact_line(f"{before} {planted} {after}")
    digits = "".join(c for c in planted if c.isdigit())
    given = "".join(c for c in before + after if c.isdigit())
    if "@" in planted:
        assert planted not in shown or planted in before + after
    else:
        assert digits not in "".join(c for c in shown if c.isdigit()) or digits in given
    with within():
        redact((before + after) * (1 + 1000 // (len(before + after) or 1)))


@from_bytes("redact bytes", "never an error, in little time", longest=4000)
def redact_bytes(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")[:1000]
    with within():
        again = redact(text).text
        redact(again)
        redact_line(text)


@from_bytes(
    "positions",
    "two figures on the globe or none",
    lambda: [
        b"34.1234, 25.5678",
        "34°12'30\"N 12°27'E".encode(),
        b"https://maps.example.org/@34.1,25.1",
        b"GPS: 6G7XH600+",
    ],
    longest=1200,
)
def positions(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    with within():
        for rounded in (False, True):
            found = position(text, rounded=rounded)
            assert found is None or (-90 <= found[0] <= 90 and -180 <= found[1] <= 180)


# --- understanding ------------------------------------------------------------------------------------------------------


@invented("normalise", "each letter of the matching form knows where it came from", text=TEXTS)
def normalised(text: str) -> None:
    with within():
        traced = trace(text)
        assert traced.text == normalise(text)
        assert len(traced.text) == len(traced.starts) == len(traced.ends)
        assert all(0 <= a < b <= len(text) for a, b in zip(traced.starts, traced.ends))
        assert tidy(tidy(text)) == tidy(text)
        key(text)


@invented(
    "entities",
    "entities stand where they say, for every language",
    text=TEXTS,
    language=st.sampled_from((*LANGUAGES, "xx", None)),
)
def entities_found(text: str, language: str | None) -> None:
    with within():
        for found in entities(text, language):
            assert 0 <= found["start"] <= found["end"] <= len(text), found
            json.dumps(found)
            if isinstance(found.get("value"), dict):
                moment(found["value"], datetime(2026, 11, 24, 10, 0))
        number_in_digits(text)
        commands()


def _without_places() -> str:
    return "" if settings().path("places").exists() else "the gazetteer is not built (make prepare)"


@invented(
    "places",
    "places stand where they say; the message of the longest length takes no time",
    needs=_without_places,
    text=TEXTS,
    language=st.sampled_from(LANGUAGES),
    share=1.5,
)
def places_found(text: str, language: str) -> None:
    text = text[:1000]
    with within(4.0):
        for found in place_entities(text, language)[0]:
            assert 0 <= found["start"] < found["end"] <= len(text), found
            json.dumps(found)
        for place in places().resolve(text[:100]).places:
            places().label(place, language, text[:100])


def _model() -> Path | None:
    found = sorted(settings().path("models").glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def _without_model() -> str:
    return _without_places() or ("" if _model() else "the model is not trained (make train)")


@lru_cache(maxsize=1)
def _understanding() -> Any:
    path = _model()
    assert path
    return Understanding.load(path)


@invented(
    "understanding",
    "every text is routed, whatever was asked before",
    needs=_without_model,
    text=TEXTS,
    conversation=st.sampled_from((*LANGUAGES, None)),
    question=st.sampled_from((None, "place", "need", "language")),
    share=2.0,
)
def understood(text: str, conversation: str | None, question: str | None) -> None:
    with within(4.0):
        found = _understanding().understand(text[:1000], conversation, {"question": question})
    assert found.routed.intent


# --- long messages out --------------------------------------------------------------------------------------------------


@invented(
    "parts for providers",
    "parts are within the limit and nothing but white space is lost",
    text=TEXTS,
    most=st.integers(min_value=2, max_value=200),
)
def parts(text: str, most: int) -> None:
    with within():
        found = split_for_provider(text, most)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(len(part) + sum(ord(c) > 0xFFFF for c in part) <= most for part in found)
