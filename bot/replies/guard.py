"""The last look at a message before it goes out: numbers, links, the first line of a crisis, direction.

It works on the rendered text, after names and free text of the records were filled in. A line that breaks a rule of
LINE_RULES is left out; REPAIRS mend the rest. It never raises: if the guard itself breaks, a crisis goes out as it is,
and everything else as the structured minimum. The log names the rule and the service, never the text.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import shortnumberinfo

from bot.messages import Card, Outbound, Reply, Text
from bot.replies.bidi import LRM, RLM, directed, isolate, isolate_runs, strip_marks
from bot.replies.catalogue import VERBATIM, wording
from bot.replies.formats import phone as displayed

__all__ = ["LINE_RULES", "REPAIRS", "guard"]

logger = logging.getLogger(__name__)

OWN_HOSTS = frozenset({"www.openstreetmap.org"})
"""Hosts that the program links to by itself: the map."""

_FREE_FIELDS = ("short_text", "cost_note", "how_to_get_help", "what_to_bring", "eligibility")
"""Free text by staff. `transport` is left to the general rule: bus lines look like short codes."""

_GAP = r"(?:[ .()/_*:\u00a0\u2010-\u2015-]*|,)"
_NUMBER = re.compile(rf"\+{_GAP}[0-9](?:{_GAP}[0-9])+|[0-9](?:{_GAP}[0-9]){{6,}}")
_SPARE_DIGITS = 4
"""So many digits may stand beside dates and times without being a number to call: "room 12 09:00-17:00"."""
_STREET = re.compile(r"[0-9]{1,4}(?:[-/][0-9]{1,4})?[ ,]+[0-9]{4,6}|[0-9]{5}-[0-9]{4}")
_SHORT = re.compile(r"(?<![0-9.,:/-])[0-9]{3,4}(?![0-9:/-])")
_LINK = re.compile(
    r"(?P<full>[a-z][a-z0-9+.-]*://[^\s/?#]*)"
    r"|(?<![@\w.-])(?P<bare>(?:[\w-]+\.)+[a-z]{2,})(?=[/?#])"
    r"|(?<![@\w.-])(?P<known>(?:[\w-]+\.)+(?:com|org|net|int|info|me|io|app|eu|ly|gov|online|xyz|site))(?![\w.])",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://\S+")
_DATE_OR_TIME = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-[0-3][0-9](?![0-9])"  # 2026-11-24
    r"|(?<![0-9])(?:0?[1-9]|[12][0-9]|3[01])[/.](?:0?[1-9]|1[0-2])[/.](?:19|20)[0-9]{2}(?![0-9])"  # 24.11.2026
    r"|(?<![0-9])(?:19|20)[0-9]{2} ?[-/] ?(?:19|20)[0-9]{2}(?![0-9])"  # school years
    r"|(?<![0-9.:])(?:[01]?[0-9]|2[0-4])[:.][0-5][0-9](?![0-9.:])"  # 09:00
)


@dataclass(frozen=True)
class _Allowed:
    """What the records of one reply vouch for."""

    numbers: frozenset[str]
    """Digits of its phone numbers, in each form in which they may be written."""
    hosts: frozenset[str]
    free: tuple[str, ...]
    """Lines of free text that may stand in the message."""


def guard(outbound: Outbound, reply: Reply, allowed_hosts: Collection[str]) -> Outbound:
    """The message without lines that its records do not vouch for. `allowed_hosts` are those of the snapshot."""
    try:
        allowed = _allowed(reply, allowed_hosts)
        return _repaired(_checked(outbound, allowed), reply, allowed)
    except Exception:
        logger.exception("the guard broke on a reply of kind %s", outbound.kind)
        return outbound if outbound.kind == "crisis" else _minimum(outbound, reply)


# --- What the records vouch for ---------------------------------------------------------------------------------------


def _allowed(reply: Reply, hosts: Collection[str]) -> _Allowed:
    free = [str(text.values.get("text", "")) for text in (*reply.texts, *reply.footer) if text.key == VERBATIM]
    for card in reply.cards:
        free += [getattr(card, field) for field in _FREE_FIELDS]
    fragments = (" ".join(strip_marks(line).split()) for text in free for line in text.splitlines())
    return _Allowed(
        numbers=frozenset(form for number in _numbers(reply) for form in _forms(number)) | _address_numbers(reply),
        hosts=frozenset(_host(host) for host in (*hosts, *OWN_HOSTS)),
        free=tuple(fragment for fragment in fragments if fragment),
    )


def _address_numbers(reply: Reply) -> frozenset[str]:
    """Digits of house numbers and postcodes that look like a phone number: "112-114 10434", "20001-1234"."""
    runs = (run for card in reply.cards for run in _NUMBER.findall(_readable(card.address or "")))
    return frozenset(_digits(run) for run in runs if _STREET.fullmatch(run))


def _numbers(reply: Reply) -> Iterable[str]:
    """Every phone number of the reply's records: of cards, of `data["numbers"]`, of phone values of its texts."""
    for card in reply.cards:
        yield from card.phones
        yield from (row["value"] for row in card.contacts if row["kind"] not in {"web", "email", "telegram"})
    yield from (str(row["number"]) for row in reply.data.get("numbers", ()))
    labels = [choice.label for choice in reply.choices if isinstance(choice.label, Text)]
    for text in (*reply.texts, *reply.footer, *labels):
        yield from _phone_values(text.values)


def _phone_values(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        if "phone" in value and isinstance(value["phone"], str):
            yield value["phone"]
        for name in ("number", "phone"):
            if isinstance(value.get(name), (str, int)):
                yield str(value[name])
        for item in value.values():
            yield from _phone_values(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _phone_values(item)


def _forms(number: str) -> set[str]:
    """The digits of a number as it may be written: with country code, with 00, national."""
    digits = _digits(number)
    forms = {digits, "00" + digits}
    if number.startswith("+"):
        try:
            region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
        except phonenumbers.NumberParseException:
            region = None
        forms |= {
            _digits(displayed(number, region)),
            _digits(displayed(number)),
        }  # a zero behind the country code is not shown
    return {form for form in forms if form}


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _host(host: str) -> str:
    return host.casefold().removeprefix("www.")


# --- Rules on a line: what in it must not go out ----------------------------------------------------------------------


def _readable(line: str) -> str:
    """The line as the rules read it: compatibility forms folded, nothing that nobody sees, ASCII digits, plain blanks."""
    if line.isascii() and line.isprintable():
        return line
    seen: list[str] = []
    for c in unicodedata.normalize("NFKC", line):
        if c.isdigit():
            seen.append(str(unicodedata.digit(c)))
        elif c.isspace():
            seen.append(" ")
        elif not (_unseen(c) or (seen and "0" <= seen[-1] <= "9" and unicodedata.category(c) == "Mn")):
            seen.append(c)
    return "".join(seen)


def _unseen(c: str) -> bool:
    """Whether nobody sees it between two digits: joiners, marks of direction, control characters, the frame of a keycap."""
    return unicodedata.category(c) in {"Cf", "Cc", "Me"} or c == "\u034f" or "\ufe00" <= c <= "\ufe0f"


def _foreign_numbers(line: str, allowed: _Allowed) -> list[str]:
    """Phone-like sequences that are not from the records, as they stand in the readable line."""
    found = []
    for match in _NUMBER.finditer(_URL.sub(" x ", line)):
        digits = _digits(match.group())
        spare = _digits(_DATE_OR_TIME.sub(" ", match.group()))
        is_time = len(spare) <= _SPARE_DIGITS and len(spare) < len(digits) and "+" not in match.group()
        if len(digits) >= 3 and digits not in allowed.numbers and not is_time:
            found.append(match.group())
    return found


def _foreign_short_codes(line: str, allowed: _Allowed) -> list[str]:
    """Emergency numbers of any country within free text, where the records do not hold them."""
    text = " ".join(line.split())
    if not any(fragment in text or text in fragment for fragment in map(_readable, allowed.free)):
        return []

    def known(run: re.Match[str]) -> str:
        """Parts of a number of the records ("694 123 4567") are no short codes."""
        return " " if _digits(run.group()) in allowed.numbers else run.group()

    codes = _SHORT.findall(_DATE_OR_TIME.sub(" ", _NUMBER.sub(known, _URL.sub(" ", line))))
    return [code for code in codes if code not in allowed.numbers and _is_emergency(code)]


@lru_cache(maxsize=2048)
def _is_emergency(code: str) -> bool:
    return any(shortnumberinfo.is_emergency_number(code, region) for region in shortnumberinfo.SUPPORTED_SHORT_REGIONS)


def _foreign_links(line: str, allowed: _Allowed) -> list[str]:
    """Links to hosts that are not on the list of the snapshot."""
    found = []
    for match in _LINK.finditer(line):
        try:
            host = urlsplit(match.group()).hostname if match["full"] else match.group()
        except ValueError:  # no address at all, so none that is allowed
            host = None
        if host is None or _host(host) not in allowed.hosts:
            found.append(match.group())
    return found


LINE_RULES: tuple[tuple[str, Callable[[str, _Allowed], list[str]]], ...] = (
    ("N16", _foreign_numbers),
    ("N16-short", _foreign_short_codes),
    ("N17", _foreign_links),
)
"""Id of the rule and a function that gives what breaks it in a readable line."""


def _broken(line: str, allowed: _Allowed, owner: str) -> list[str]:
    """What breaks the first rule that the line breaks; nothing, if it may go out."""
    readable = _readable(line)
    if "." not in readable and ":" not in readable and not any("0" <= c <= "9" for c in readable):
        return []  # no number and no link
    for rule, find in LINE_RULES:
        found = find(readable, allowed)
        if found:
            logger.error("guard %s: a line of %s was left out", rule, owner)
            return found
    return []


def _checked(outbound: Outbound, allowed: _Allowed) -> Outbound:
    verdicts = {
        line: not _broken(line, allowed, card["id"]) for card in outbound.cards for line in dict.fromkeys(card["lines"])
    }
    titles = {card["title"]: card["id"] for card in outbound.cards}
    clean = {title: _without(title, allowed, owner) for title, owner in titles.items()}
    lines = []
    for line in outbound.text.split("\n"):
        number, _, name = line.partition(" ")
        if line.lstrip(RLM) in clean:  # a title stays, without what it must not hold
            lines.append(clean[line.lstrip(RLM)])
        elif name in clean:
            lines.append(f"{number} {clean[name]}")
        elif verdicts[line] if line in verdicts else not _broken(line, allowed, "the text"):
            lines.append(line)
    return replace(
        outbound,
        text=re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(),
        cards=tuple(
            {
                **card,
                "title": clean[card["title"]],
                "lines": [line for line in card["lines"] if verdicts[line]],
            }
            for card in outbound.cards
        ),
        choices=tuple(_without(choice, allowed, "a choice") for choice in outbound.choices),
    )


def _without(name: str, allowed: _Allowed, owner: str) -> str:
    """A name or label with what breaks a rule cut out: names and choices are never left out whole."""
    found = _broken(name, allowed, owner)
    if not found:
        return name
    kept = _readable(name)
    for piece in found:
        kept = kept.replace(piece, " ")
    return " ".join(kept.split()) or "-"


# --- Repairs --------------------------------------------------------------------------------------------------------


def _number_first(outbound: Outbound, reply: Reply, allowed: _Allowed) -> Outbound:
    """N23: the first line of a crisis holds a number, if the records have one."""
    numbers = [str(row["number"]) for row in reply.data.get("numbers", ())]
    if outbound.kind != "crisis" or not numbers:
        return outbound
    lines = outbound.text.split("\n")
    known = frozenset(form for number in numbers for form in _forms(number))

    def holds(line: str) -> bool:
        return any(_digits(run) in known for run in re.findall(r"\+?[0-9](?:[ ()-]*[0-9])+", _readable(line)))

    if holds(lines[0]):
        return outbound
    logger.error("guard N23: the first line of a crisis held no number")
    at = next((index for index, line in enumerate(lines) if holds(line)), None)
    if at is not None:
        first = lines.pop(at)
    else:
        first = wording(Text("crisis:call", {"number": {"phone": numbers[0]}}), outbound.language)
        if not reply.data["numbers"][0].get("verified"):
            first += " " + wording(Text("crisis:unverified"), outbound.language)
    return replace(outbound, text="\n".join([first, *lines]).strip())


def _isolated(outbound: Outbound, reply: Reply, allowed: _Allowed) -> Outbound:
    """N21: phone numbers and links in right-to-left text are isolated."""

    channel = "sms" if LRM in outbound.text else ""  # only its form uses this mark

    def mended(text: str) -> str:
        return isolate_runs(text, outbound.language, channel)

    return replace(
        outbound,
        text=directed(mended(outbound.text), outbound.language),
        cards=tuple({**card, "lines": [mended(line) for line in card["lines"]]} for card in outbound.cards),
        choices=tuple(mended(choice) for choice in outbound.choices),
    )


REPAIRS: tuple[Callable[[Outbound, Reply, _Allowed], Outbound], ...] = (_number_first, _isolated)
"""What is mended in a message instead of being left out, in this order."""


def _repaired(outbound: Outbound, reply: Reply, allowed: _Allowed) -> Outbound:
    for repair in REPAIRS:
        outbound = repair(outbound, reply, allowed)
    return outbound if outbound.text or outbound.choices else _minimum(outbound, reply)


# --- When the guard itself breaks -------------------------------------------------------------------------------------


def _minimum(outbound: Outbound, reply: Reply) -> Outbound:
    """Names and phone numbers of the records and nothing else; without records the words for an error of ours."""

    def line(card: Card) -> str:
        phones = [isolate(displayed(phone), outbound.language) for phone in card.phones]
        return "\n".join([isolate(card.name, outbound.language), *phones])

    # Danger of a person who told of violence: our own approved texts with the number stay, free text of the records goes.
    ours = reply.texts[:2] if reply.kind == "protection" else ()
    pieces = ["\n".join(wording(text, outbound.language) for text in ours)] if ours else []
    text = "\n\n".join([*pieces, *map(line, reply.cards)]) or wording(Text("error"), outbound.language)
    return replace(outbound, text=text, cards=())
