"""Which explanation answers a topic, and in which language."""

from __future__ import annotations

import sqlite3
from datetime import date, timedelta

from bot.lookup.records import Article

__all__ = ["article", "language_order"]

PERIODS = 3
"""An article is not shown any more after so many review periods, like a service."""


def language_order(language: str, second_language: str | None) -> list[str]:
    """Languages in which a text is looked for before any other: the reader's, their second, English."""
    return list(dict.fromkeys(code for code in (language, second_language, "en") if code))


def article(
    db: sqlite3.Connection, topic: str, country: str | None, language: str, second_language: str | None, today: date
) -> Article | None:
    """The article of the country, else the general one, in the best language that it has; None if there is none.

    An article of the country wins even if it is in a language further down the order.
    """
    rows = db.execute(
        "SELECT id, topic, country, adviser_category, source_name, source_url, checked_on, review_due, sample FROM article"
        " WHERE topic = ? AND country IN (?, '') ORDER BY country DESC, checked_on DESC, id",
        (topic, country or ""),
    )
    for identifier, _, land, adviser, source, url, checked_on, review_due, sample in rows.fetchall():
        checked, due = date.fromisoformat(checked_on), date.fromisoformat(review_due)
        if today > checked + PERIODS * max(due - checked, timedelta(days=1)):
            continue
        texts = {
            lang: (title, body, state)
            for lang, title, body, state in db.execute(
                "SELECT lang, title, body, state FROM article_text WHERE article_id = ? AND state <> 'draft' ORDER BY lang",
                (identifier,),
            )
        }
        if not texts:
            continue
        lang = next((code for code in language_order(language, second_language) if code in texts), next(iter(texts)))
        title, body, state = texts[lang]
        return Article(
            id=identifier,
            topic=topic,
            country=land,
            adviser_category=adviser,
            source_name=source,
            source_url=url,
            checked_on=checked_on,
            review_due=review_due,
            sample=bool(sample),
            title=title,
            body=body,
            text_language=lang,
            state=state,
            overdue=today > due,
        )
    return None
