"""Information: a short text of the directory with its source and the day it was checked, and who can advise."""

from __future__ import annotations

from actions.turn import Turn, WaypostAction
from actions.where import sample_note
from bot.messages import Choice, Text
from bot.replies.cards import TEXT_STATES
from bot.replies.catalogue import VERBATIM

__all__ = ["Article"]


class Article(WaypostAction):
    """info_*: the article of the person's country, else the general one."""

    action = "action_article"

    def answer(self, turn: Turn) -> None:
        topic = turn.intent
        country = turn.candidates[0].country if turn.candidates else turn.country
        article = turn.directory.article(topic, country, turn.language, turn.get("second_language"), turn.now.date())
        adviser = article.adviser_category if article and article.adviser_category else "legal_aid"
        choices = (
            Choice(Text(f"category:{adviser}"), f"find_{adviser}"),
            Choice(Text("menu:person"), "talk_to_human"),
            Choice(Text("choice:menu"), "ask_menu"),
        )
        turn.set(question=None)
        if article is None:
            turn.say("info", "info:missing", choices=choices, data={"topic": topic, "found": False})
            return
        skip = turn.entities.get("skip")  # "Read on" on SMS: the title and our remark were read before
        reading_on = isinstance(skip, int)
        turn.say(
            "info",
            *(() if reading_on else (Text(VERBATIM, {"text": article.title}),)),
            Text(VERBATIM, {"text": article.body}),
            *(() if reading_on else (Text(key) for key in TEXT_STATES.get(article.state, ()))),
            *(() if reading_on else (Text("info:general"),)),
            Text(
                "info:source",
                {"source": article.source_name, "link": article.source_url, "date": {"date": article.checked_on}},
            ),
            choices=choices,
            footer=sample_note(turn) if article.sample else (),
            data={
                "topic": topic,
                "found": True,
                "country": article.country,
                "source": article.source_url,
                "checked_on": article.checked_on,
                **({"skip": skip} if reading_on else {}),
            },
        )
