"""Every message in one language as a page to look at: `make translate-preview LANG=ti` writes var/preview/ti.html.

For translators: each text with sample values as the bot says it, beside the English, with its key, note and state; then whole messages
as each channel shows them, with what an SMS costs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from bot.languages import LOCALES, Language, languages
from bot.lookup.categories import CATEGORIES
from bot.messages import Choice, Reply, Text
from bot.replies import po, reviews, sms
from bot.replies.catalogue import say, spoken
from bot.replies.formats import Reader
from bot.replies.locales import template
from bot.replies.numbered import as_text
from bot.replies.render import word
from bot.replies.samples import DETAILS, NOW, SERVICES, choices, crisis, text
from bot.replies.texts import sources
from bot.settings import settings

__all__ = ["main", "page"]

SHOWN = ("web", "telegram", "whatsapp", "sms")
"""Channels that are shown."""

_STYLE = """
body { font: 16px/1.5 system-ui, 'Noto Sans', sans-serif; margin: 0; padding: 1rem; max-width: 75rem; margin-inline: auto; color: #1c2733;
  background: #f4f5f7; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.text, .message { background: #fff; border: 1px solid #d5dae0; border-radius: .5rem; padding: .6rem .8rem; margin: .5rem 0; }
.text { display: grid; grid-template-columns: 1fr 1fr; gap: .2rem 1rem; }
.text .about { grid-column: 1 / -1; font-size: .8rem; color: #5b6875; }
.about b { color: #1c2733; font-weight: 600; } .draft { color: #a15c00; } .approved, .reviewed { color: #1d6b3a; }
.english { color: #5b6875; }
.channels { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem; }
.message { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
.cost { font-size: .8rem; color: #5b6875; margin: .2rem 0 0; }
.over { color: #b3261e; font-weight: 600; }
@media (max-width: 40rem) { .text { grid-template-columns: 1fr; } }
"""


def replies() -> dict[str, Reply]:
    """Whole messages by a name for translators."""
    needs = tuple(Choice(text(f"category:{code}"), f"find_{code}") for code in list(CATEGORIES)[:6])
    return {
        "First answer": Reply("menu", (Text("greeting"),), (), needs, (Text("notice"),)),
        "A list of services": SERVICES,
        "Details of one": DETAILS,
        "Danger at sea": crisis("+302104112500"),
        "Violence": Reply("protection", (text("protection:believe"), text("protection:help")), SERVICES.cards[:2]),
        "A decision": Reply("neutral", (text("neutral:migration"), text("neutral:migration_options")), (), choices("menu:person")),
        "Who reads this": Reply("privacy", (text("privacy:keep"), text("privacy:not_keep")), (), choices("choice:delete")),
        "Where are you": Reply("question", (text("ask_place"), text("ask_place_share"))),
    }  # fmt: skip


def _notes() -> dict[str, str]:
    """What translators are told about each text, by key."""
    return {str(message.context): " ".join(message.auto_comments) for message in template() if message.id}


def _texts(language: Language) -> Iterator[str]:
    reader = Reader(language.code, "web", "GR", None, NOW)
    english = Reader("en", "web", "GR", None, NOW)
    known, notes = sources(), _notes()
    for key, source in known.items():
        words, code = spoken(key, language.code)
        if code != language.code:
            state, shown = "missing", ""
        else:
            state, shown = reviews.state(language.code, key, source, words), say(text(key), reader)
        short = f" · {sms.segments(shown)} SMS" if key.endswith("@sms") else ""
        yield (
            f'<div class="text"><div class="about"><b>{escape(key)}</b> · <span class="{state}">{state}</span>{short} '
            f'<span dir="ltr">{escape(notes.get(key, ""))}</span></div>'
            f'<div class="english" lang="en" dir="ltr">{_lines(say(text(key), english))}</div>'
            f'<div lang="{language.code}" dir="{language.direction}">{_lines(shown)}</div></div>'
        )


def _lines(words: str) -> str:
    return escape(words).replace("\n", "<br>")


def _messages(language: Language) -> Iterator[str]:
    for name, reply in replies().items():
        yield f'<h2 dir="ltr">{escape(name)}</h2><div class="channels">'
        for channel in SHOWN:
            outbound = word(reply, language.code, channel=channel, now=NOW, country="GR")
            whole = as_text(outbound, channel)
            cost = ""
            if channel == "sms":
                parts = sms.segments(whole)
                over = ' class="over"' if parts > 3 else ""
                cost = f" · {len(whole)} characters, {sms.encoding(whole)}, <span{over}>{parts} segments</span>"
            yield (
                f'<div><p class="cost" dir="ltr">{channel}{cost}</p>'
                f'<p class="message" lang="{language.code}" dir="{language.direction}">{escape(whole)}</p></div>'
            )
        yield "</div>"


def page(code: str) -> str:
    """The page of a language, HTML. Raises KeyError for one that Waypost does not know."""
    language = languages()[code]
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(language.english)}: what the bot says</title><style>{_STYLE}</style>",
        f"<h1>{escape(language.english)} · <bdi>{escape(language.name)}</bdi></h1>",
        f"<p>Correct a text in <code>{po.po_path(code).relative_to(LOCALES.parent)}</code> and make this page again.</p>",
        *_messages(language),
        "<h2>Every text</h2>",
        *_texts(language),
    ]
    return "\n".join(parts) + "\n</html>\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.replies.preview", description="What the bot says, to look at.")
    parser.add_argument("language", help="code of a language: ti")
    parser.add_argument("--out", type=Path, help="file to write (default: var/preview/<lang>.html)")
    options = parser.parse_args(arguments)
    if options.language not in languages():
        print(f"no language {options.language!r}; there are {', '.join(languages())}", file=sys.stderr)
        return 2
    out: Path = options.out or settings().path("var") / "preview" / f"{options.language}.html"
    out.parent.mkdir(parents=True, exist_ok=True)
    text_of_page = page(options.language)
    out.write_text(text_of_page, encoding="utf-8")
    print(f"wrote {out} ({len(re.findall('class=.text', text_of_page))} texts)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
