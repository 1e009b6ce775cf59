"""At most three sentences in a message on web, Telegram and WhatsApp: longer answers go out as several, no word changed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from bot.messages import Card, Choice, Outbound, Reply, Text
from bot.replies import bubbles as module
from bot.replies.bubbles import MOST_SENTENCES, bubbles, sentences
from bot.replies.catalogue import VERBATIM
from bot.replies.numbered import as_text
from bot.replies.render import block, word
from bot.replies.samples import CARD, CLOSED, DETAILS, HIDDEN, LANGUAGES, NOW, SERVICES, crisis, text
from bot.replies.texts import sources
from tests.replies.plain import counted

BUBBLES = ("web", "telegram", "whatsapp")
NOTICE = (Text("notice"), Text("sample"))
LONG = "You can ask for asylum. You get a card. The card is free. Keep it with you. It is good for a year. Nobody may take it."


def texts(kind: str, *keys: str, **more: Any) -> Reply:
    return Reply(kind, tuple(text(key) for key in keys), **more)


def article(body: str, **more: Any) -> Reply:
    title, general = Text(VERBATIM, {"text": "How asylum works"}), Text("info:general")
    return Reply(
        "info",
        (title, Text(VERBATIM, {"text": body}), general, text("info:source")),
        data={"topic": "info_asylum"},
        **more,
    )


def overdue(card: Card) -> Card:
    return replace(card, overdue=1, must_report="all", sample=True)


ANSWERS: dict[str, Reply] = {
    "sea": crisis("112"),
    "self harm": texts("crisis", "crisis:call", "crisis:unverified", "crisis:self_harm", "crisis:self_harm_next", "crisis:not_rescue"),
    "violence": texts("protection", "protection:call", "crisis:unverified", "protection:believe", "protection:help",
                      cards=(HIDDEN,), footer=(Text("protection:erase"),)),
    "privacy": texts("privacy", "privacy:not_keep", "privacy:keep", "privacy:police", "privacy:phone", footer=NOTICE),
    "route": texts("neutral", "neutral:route", "neutral:route_safety", "crisis:unverified", "neutral:route_options", footer=NOTICE),
    "first greeting": texts("menu", "greeting", footer=NOTICE, choices=(Choice(Text("menu:danger"), "emergency_danger"),)),
    "language": texts("menu", "greeting", footer=(*NOTICE, text("language_switched"))),
    "where": texts("question", "ask_place", "ask_place_share", footer=NOTICE, ask_location=True),
    "list": SERVICES,
    "first list": replace(SERVICES, texts=(text("family_links"), text("family_links_safety"), *SERVICES.texts, text("results_wider"), text("results_when")), footer=NOTICE),
    "list of old records": replace(SERVICES, cards=tuple(map(overdue, (CARD, CLOSED, HIDDEN))), footer=NOTICE),
    "details": DETAILS,
    "details in many words": replace(DETAILS, cards=(overdue(replace(CARD, short_text=LONG, how_to_get_help=LONG)),), footer=NOTICE),
    "article": article("You can ask for asylum. It is free."),
    "long article": article(f"{LONG}\n\n{LONG}\nBring:\n- a photo\n- a paper\n{LONG}", footer=NOTICE),
    "article in one breath": article(" ".join([LONG] * 5)),
}  # fmt: skip


def said(reply: Reply, channel: str = "web", language: str = "en") -> list[Outbound]:
    return bubbles(word(reply, language, channel=channel, now=NOW, country="TR"), channel)


def faults(messages: list[Outbound]) -> list[str]:
    """The messages with too many sentences."""
    return [message.text for message in messages if counted(message.text) > 3]


@pytest.mark.parametrize("channel", BUBBLES)
@pytest.mark.parametrize("name", ANSWERS)
def test_no_message_holds_more_than_three_sentences(name: str, channel: str) -> None:
    assert faults(said(ANSWERS[name], channel)) == []


@pytest.mark.parametrize("channel", BUBBLES)
def test_every_text_alone_is_one_message(channel: str) -> None:
    assert {key: len(parts) for key in sources() if len(parts := said(texts("text", key), channel)) > 1} == {}


@pytest.mark.parametrize("name", ["sea", "privacy", "first list", "long article", "details in many words"])
def test_the_rule_can_fail(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SENTENCES", 100)
    assert faults(said(ANSWERS[name])) != []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_is_lost_and_the_choices_come_last(name: str, language: str) -> None:
    whole = word(ANSWERS[name], language, channel="web", now=NOW, country="TR")
    parts = bubbles(whole, "web")
    marks = re.compile(r"[\s\u200e\u200f\u2066-\u2069]+")
    assert marks.sub(" ", " ".join(part.text for part in parts)).split() == marks.sub(" ", whole.text).split()
    assert all(part.text.strip() for part in parts)
    last = parts[-1]
    assert (last.choices, last.token, last.ask_location) == (whole.choices, whole.token, whole.ask_location)
    assert not any(part.choices or part.token or part.ask_location for part in parts[:-1])
    assert [part.custom for part in parts if "part_of" not in part.custom] == [whole.custom]
    assert [card["id"] for part in parts for card in part.cards] == [card["id"] for card in whole.cards]
    for part in parts:
        assert all(block(card) in part.text for card in part.cards)
        assert not part.text.rstrip().endswith(":") or part is last, "a heading stands with what is below it"
        assert len(part.text.split()) >= 3


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["sea", "self harm", "violence"])
def test_in_danger_the_first_message_says_what_it_is_and_has_the_number_in_its_first_line(
    name: str, language: str
) -> None:
    first = said(ANSWERS[name], language=language)[0]
    assert "112" in first.text.splitlines()[0] and first.custom["kind"] == first.kind == ANSWERS[name].kind


@pytest.mark.parametrize("name", ANSWERS)
def test_an_sms_is_one_message(name: str) -> None:
    whole = word(ANSWERS[name], "en", channel="sms", now=NOW, country="TR")
    assert bubbles(whole, "sms") == [whole]


def test_shares() -> None:
    def lines(name: str) -> list[list[str]]:
        return [part.text.splitlines() for part in said(ANSWERS[name])]

    assert lines("sea") == [
        ["Call 112 now. Not yet verified by our staff.", "I am a machine and cannot send help."],
        ["Tell them: GPS position, how many people, children, sick people, state of the boat.", "Stay in the boat. Save your phone's battery."],
    ]  # fmt: skip
    assert lines("first greeting") == [
        ["Hello. What do you need?"],
        ["I am an automatic, free service. I do not need your name or your papers.", "SAMPLE DATA, for trying out: these places are not real."],
    ]  # fmt: skip
    assert len(lines("list")) == 1


def test_the_details_of_a_list_keep_their_line_in_a_message_behind_it() -> None:
    first, last = said(replace(SERVICES, texts=(*SERVICES.texts, text("results_wider")), footer=NOTICE), "whatsapp")
    assert len(first.cards) == 3 and not last.cards and last.numbered == 3
    assert "\n\n1-3: Details\n4. More places" in as_text(last, "whatsapp")
    assert Outbound.from_dict(last.to_dict()) == last


def test_words_are_shared_out_so_that_none_stands_alone() -> None:
    parts = said(
        Reply(
            "info",
            tuple(
                Text(VERBATIM, {"text": line}) for line in ("One is here.", "Two is here.", "Three is here.", "Free.")
            ),
        )
    )
    assert [len(part.text.splitlines()) for part in parts] == [2, 2]


def test_what_breaks_goes_out_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr(module, "_shared_out", broken)
    assert said(crisis("112")) == [word(crisis("112"), "en", channel="web", now=NOW, country="TR")]


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("Call 112 now. Not yet verified by our staff.", 2),
        ("Hello. What do you need?", 2),
        ("You can ask about these:", 1),
        ("I answer in français now. To go back, choose:", 2),
        ("How asylum works", 0),
        ("1. Sample Legal Desk", 0),
        ("1.1 km away · Closed now, opens tomorrow 09:00", 0),
        ("Last checked: 12 Nov 2026", 0),
        ("Last checked: 12 Nov 2026. It may have changed.", 1),
        ("Source: Sample Ministry, https://example.org/a?b=1. Checked: 24 Aug 2026.", 1),
        ("We open at 9 a.m. on Monday. Ask for J. Smith.", 2),
        ("Come early. Bring a paper", 2),
        ("He said “Come in.” We came.", 2),
        ("ابقوا في القارب. هل أنتم بخير؟", 2),
        ("کشتی میں رہیں۔ فون بچائیں۔", 2),
        ("নৌকায় থাকুন। ফোনের চার্জ বাঁচান।", 2),
        ("ጀልባው ውስጥ ቆዩ። ስልኩን ቆጥቡ።", 2),
    ],
)  # fmt: skip
def test_what_a_sentence_is(line: str, count: int) -> None:
    assert sentences(line) == count <= MOST_SENTENCES


@pytest.mark.parametrize(
    ("line", "count"),
    [("Opening hours:", 0), ("Legal help, near Athens, Greece:", 0), ("Nothing near you. These are:", 2)],
)
def test_titles_and_facts_of_places(line: str, count: int) -> None:
    assert sentences(line, fact=True) == count
