"""What the web page gets: worded messages as JSON, and the page itself in the visitor's language."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.languages import language, served, served_by_tag
from bot.messages import Outbound
from bot.replies.render import around_cards
from bot.replies.web import web_strings

__all__ = ["PAGE", "page", "pick_language", "rendered", "strings"]

PAGE = Path(__file__).parent / "page"
"""The page's files: index.html, chat.css, chat.js. No build step, nothing from elsewhere."""


def rendered(outbound: Outbound, identifier: int, answers: str) -> dict[str, Any]:
    """One answer for the page. Its id grows with time; `to` is the id that the page gave to the message it answers.

    `text` is the whole message in words; a page that shows `cards` as blocks shows `heading` and `footer` around them.
    """
    before, behind = around_cards(outbound)
    return {
        "id": identifier,
        "to": answers,
        "kind": outbound.kind,
        "language": outbound.language,
        "text": outbound.text,
        "heading": before,
        "cards": [dict(card) for card in outbound.cards],
        "footer": behind,
        "choices": list(outbound.choices),
        "ask_location": outbound.ask_location,
    }


def strings(code: str) -> dict[str, Any]:
    """The page's own words in one language, and the languages of its picker by their own names."""
    return {
        "language": code,
        "direction": language(code).direction,
        "texts": web_strings(code),
        "languages": [{"code": known.code, "name": known.name, "direction": known.direction} for known in served()],
    }


@lru_cache(maxsize=64)
def page(code: str) -> str:
    """The HTML page in that language."""
    html = (PAGE / "index.html").read_text(encoding="utf-8")
    known = strings(code)
    embedded = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    return (
        html.replace("{{language}}", code)
        .replace("{{direction}}", known["direction"])
        .replace("{{title}}", known["texts"]["title"])
        .replace("{{no_script}}", known["texts"]["no_script"])
        .replace("{{strings}}", embedded)
    )


def pick_language(cookie: str, accept: str) -> str:
    """The language of a visitor: what was chosen before, else the browser's first that is served, else English."""
    codes = {known.code for known in served()}
    if cookie in codes:
        return cookie
    wishes = []
    for position, part in enumerate(accept.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality or 1)
        except ValueError:
            continue
        wishes.append((-weight, position, tag.strip().lower()))
    for _, _, tag in sorted(wishes):
        if code := served_by_tag(tag):
            return code
    return "en"
