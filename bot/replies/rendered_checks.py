"""Checks of what is really said: every text of every language with sample values on every channel, as people would read it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.languages import languages
from bot.messages import Reply
from bot.replies import sms
from bot.replies.bidi import unprotected
from bot.replies.catalogue import say, spoken
from bot.replies.checks import Problem
from bot.replies.formats import Reader
from bot.replies.neutrality import findings
from bot.replies.numbered import as_text
from bot.replies.render import offered, word
from bot.replies.samples import CHANNELS, DETAILS, NOW, SERVICES, crisis, text
from bot.replies.texts import sources

__all__ = ["BUTTON_CHARS", "DANGER", "check_rendered"]

BUTTON_CHARS = 24
"""Longest label of a button that all channels show whole: a list row of WhatsApp."""
DANGER = ("crisis:", "protection:")
"""Beginnings of texts for people in danger, where "stay in the boat" protects and is no advice on moving."""
_BUTTONS = ("menu:", "choice:", "topic:")
_PROTECTS = ("N01", "N01b")
_FIRST_LINE = re.compile(r"[^\n]*")
_LEFT_OVER = re.compile(r"[{}\ue000]")


def check_rendered(code: str) -> Iterator[Problem]:
    """Everything that is wrong with what is said in a language."""
    for key in sources():
        yield from _text(code, key)
    for name, reply in {"services": SERVICES, "details": DETAILS, "crisis": crisis("+302104112500")}.items():
        yield from _message(code, name, reply)


def _text(code: str, key: str) -> Iterator[Problem]:
    for channel in CHANNELS:
        try:
            words = say(text(key), Reader(code, channel, "GR", None, NOW))
        except (KeyError, ValueError) as error:
            yield Problem(code, key, "renders", f"{channel}: {error}")
            continue
        if not words.strip() or _LEFT_OVER.search(words):
            yield Problem(code, key, "renders", f"{channel}: {words!r}")
        for run in unprotected(words, code):
            yield Problem(code, key, "direction", f"{channel}: {run!r} is not isolated")
    if key.startswith(_BUTTONS) and len(words := say(text(key), Reader(code, "web", "GR", None, NOW))) > BUTTON_CHARS:
        yield Problem(code, key, "button", f"{len(words)} characters, at most {BUTTON_CHARS}")
    off = _PROTECTS if key.startswith(DANGER) else ()
    for finding in findings(spoken(key, code)[0], code, off):
        yield Problem(code, key, "neutral", str(finding))


def _message(code: str, name: str, reply: Reply) -> Iterator[Problem]:
    """Whole messages: as many choices as there are, on SMS at most three segments, danger with its number in the first of one."""
    for channel in CHANNELS:
        outbound, choices = offered(reply, code, channel=channel, now=NOW, country="GR")
        kept = [choice for choice in choices if choice in reply.choices]
        if len(outbound.choices) != len(choices) or kept != list(reply.choices) or not all(outbound.choices):
            yield Problem(code, name, "choices", f"{channel}: {len(outbound.choices)}, of {len(reply.choices)}")
    whole = as_text(word(reply, code, channel="sms", now=NOW, country="GR"), "sms")
    if sms.segments(whole) > 3:
        yield Problem(code, name, "segments", f"{sms.segments(whole)} SMS segments, at most 3")
    if name == "crisis":
        found = _FIRST_LINE.match(whole)
        first = found.group() if found else ""
        if sms.segments(first) != 1 or "2104112500" not in re.sub(r"\D", "", first):
            yield Problem(code, name, "first line", f"{sms.segments(first)} segments: {first!r}")
    if languages()[code].script == "Latn" and sms.encoding(whole) != "gsm7":
        yield Problem(code, name, "ucs2", "letters that make an SMS three times dearer")
