"""A message that is nothing but a position: somebody who has no time to write more, so it counts as a cry for help (S1).

"34.123, 12.456", "34°12'30"N 12°27'E", a link of a map, a plus code, alone or behind "GPS:". As an answer to "where are you?" it is
the place that was asked for. It is read as the gateway stores it, rounded (`bot.redact`), and as it was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.messages import Inbound, Location, pressed

__all__ = ["HELP", "located", "position"]

HELP = "emergency_danger"
"""What a bare position means."""

_LABEL = r"(?:gps|geo|lat|latitude|lon|lng|long|longitude|pos|position|coords?|coordinates|location|loc)\b[\s:=.,]*"
_HOST = r"(?:https?://|www\.)[^\s/?#]+[/?#](?:[^\s\d…+-]*)"
_COORDINATE = r"""
    (?P<before{0}>[nsew])?\s?
    (?P<degrees{0}>[-+]?\d{{1,3}}(?:\.\d+)?)\s?(?P<sign{0}>°|º|deg)?\s?
    (?:(?P<minutes{0}>\d{{1,2}}(?:\.\d+)?)\s?['’′]\s?(?:(?P<seconds{0}>\d{{1,2}}(?:\.\d+)?)\s?(?:"|”|″|'')\s?)?)?
    (?P<after{0}>[nsew])?
"""
_PAIR = re.compile(
    rf"\W*?(?:{_HOST}|{_LABEL})*?{_COORDINATE.format(1)}[\s,;/،|]+(?:{_LABEL})*{_COORDINATE.format(2)}\W*", re.X
)
_CODE = re.compile(rf"\W*(?:{_HOST}|{_LABEL})*(?:[23456789cfghjmpqrvwx]{{6}}00\+|\.\.\.)\W*")
"""A plus code, or a code of words, as the gateway leaves it: 6G7XH600+, or "…", which Unicode folds to three dots."""
_COMMA = re.compile(r"(?<=\d),(?=\d)")
_DECIMALS = 3
"""Fewer may be times of the day, "10.30 11.45", unless the gateway says that it has rounded a position."""


def _plain(text: str) -> str:
    shown = unicodedata.normalize("NFKC", text.replace("″", '"').replace("”", '"')).casefold()
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in shown)
    digits = digits.replace("−", "-").replace("٫", ".")
    if "." not in digits and digits.count(",") == len(_COMMA.findall(digits)) == 2:  # 34,1234 12,4567
        digits = _COMMA.sub(".", digits)
    return digits


def position(text: str, *, rounded: bool = False) -> tuple[float, float] | None:
    """Latitude and longitude in degrees of a text that says nothing else. `rounded`: the gateway took decimals away."""
    if len(text) > 300 or not (found := _PAIR.fullmatch(_plain(text))):
        return None
    values: dict[str, float] = {}
    for number, axis in (("1", "lat"), ("2", "lon")):
        degrees, minutes, sign = found["degrees" + number], found["minutes" + number], found["sign" + number]
        decimals = len(degrees.partition(".")[2])
        if not (minutes or (sign and decimals) or decimals >= (2 if rounded else _DECIMALS)):
            return None
        value = abs(float(degrees)) + float(minutes or 0) / 60 + float(found["seconds" + number] or 0) / 3600
        letter = found["before" + number] or found["after" + number] or ""
        axis = {"n": "lat", "s": "lat", "e": "lon", "w": "lon"}.get(letter, axis)
        values[axis] = -value if degrees.startswith("-") or letter in ("s", "w") else value
    if len(values) != 2 or abs(values["lat"]) > 90 or abs(values["lon"]) > 180:
        return None
    return round(values["lat"], 2), round(values["lon"], 2)


def located(message: Inbound, memory: Mapping[str, Any]) -> Inbound:
    """The message with its meaning, if it is a bare position."""
    if message.location or message.intent or pressed(message.text) or not message.text:
        return message
    rounded = "position" in message.metadata.get("redacted", ())
    found = position(message.text, rounded=rounded)
    if found and memory.get("question") == "place":
        return replace(message, location=Location(*found))
    if found or (rounded and _CODE.fullmatch(_plain(message.text))):
        told = {"position": {"lat": found[0], "lon": found[1]}} if found else {}
        return replace(message, intent=HELP, metadata={**message.metadata, **told})
    return message
