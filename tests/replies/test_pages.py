"""Long lists of choices on SMS: pages whose numbers go on, nothing dropped, and "Read on" for what did not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.neutral import _OPTIONS
from bot.languages import language, served
from bot.messages import Choice, Outbound, Reply, Text, choices_token, payload
from bot.replies import sms
from bot.replies.catalogue import VERBATIM
from bot.replies.numbered import as_text, choice_lines
from bot.replies.pages import MORE, NEXT_PAGE, paged, shown
from bot.replies.render import offered
from bot.replies.samples import CARD, DETAILS, LANGUAGES, NOW

CHOICES = tuple(Choice(Text(label), intent) for label, intent in _OPTIONS["migration"])
NEUTRAL = Reply("neutral", (Text("neutral:migration"), Text("neutral:migration_options")), (), CHOICES)
ALL_LANGUAGES = Reply(
    "choices",
    (Text("language_pick"),),
    (),
    tuple(Choice(known.name, "change_language", {"language": known.code}) for known in served()),
)
SIDES = ({"info_rights", "info_asylum"}, {"info_family_reunification"}, {"info_return", "find_return_support"})
"""To stay, to move on in a legal way, to return (safety.md, N18)."""


def on_sms(reply: Reply, code: str) -> tuple[Outbound, tuple[Choice, ...]]:
    return offered(reply, code, channel="sms", now=NOW, country="GR")


def pages(reply: Reply, code: str) -> tuple[list[str], tuple[Choice, ...]]:
    """Every page as a person gets it, each asked for by its "More options"."""
    outbound, choices = on_sms(reply, code)
    texts = [as_text(outbound, "sms")]
    as_kept = tuple(replace(c, label=label) for c, label in zip(choices, outbound.choices))
    for start in (int(c.entities[NEXT_PAGE]) for c in choices if NEXT_PAGE in c.entities):
        page = shown(choices, start)
        later, meanings = on_sms(Reply("choices", (Text("choice:more_options"),), (), as_kept, page=page), code)
        assert [c.entities for c in meanings] == [c.entities for c in choices], "a later page leaves the list as it is"
        texts.append(as_text(later, "sms"))
    return texts, choices


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("reply", [NEUTRAL, ALL_LANGUAGES], ids=["decision", "languages"])
def test_every_page_costs_three_segments_and_nothing_is_dropped(reply: Reply, code: str) -> None:
    texts, choices = pages(reply, code)
    assert [sms.segments(text) for text in texts] == [n for n in (sms.segments(text) for text in texts) if n <= 3]
    assert [c for c in choices if c.intent != MORE] == list(reply.choices)
    numbers = [line.partition(". ")[0] for text in texts for line in text.splitlines() if line[:1].isdigit()]
    assert numbers == [str(n) for n in range(1, len(choices) + 1)], "one list, each number once"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_first_page_of_a_decision_has_every_side(code: str) -> None:
    outbound, choices = on_sms(NEUTRAL, code)
    first, end = outbound.page or (0, len(choices))
    intents = {choice.intent for choice in choices[first:end]}
    assert all(side & intents for side in SIDES), intents


def test_all_choices_on_one_page_where_they_fit() -> None:
    outbound, choices = on_sms(Reply("text", (Text("thanks"),), (), CHOICES[:3]), "en")
    assert outbound.page is None and choices == CHOICES[:3]


def test_a_page_holds_at_least_one_choice_even_if_it_does_not_fit() -> None:
    outbound = Outbound("menu", "en", "text", tuple("abc"))
    meanings = tuple(Choice(label, "ask_menu") for label in "abc")
    whole, choices = paged(outbound, meanings, "more", "rest", lambda _: False)
    assert whole.choices == ("a", "more", "b", "more", "c") and whole.page == (0, 2)
    assert [c.entities.get(NEXT_PAGE) for c in choices] == [None, 2, None, 4, None]
    assert choice_lines(whole) == ["1. a", "2. more"]
    assert choice_lines(replace(whole, page=(2, 4))) == ["3. b", "4. more"]


def read(reply: Reply, code: str, most: int = 12) -> list[str]:
    """An article or a place, read on to its end."""
    texts = []
    data = dict(reply.data)
    for _ in range(most):
        outbound, choices = on_sms(replace(reply, data=data), code)
        texts.append(as_text(outbound, "sms"))
        on = [c.entities["skip"] for c in choices if "skip" in c.entities]
        if not on:
            return texts
        data = {**data, "skip": on[0]}
    raise AssertionError("it never ends")


@pytest.mark.parametrize("code", ["en", "ar", "am", "ru"])
def test_an_article_is_read_to_its_end(code: str) -> None:
    words = {"en": "right", "ar": "حقوق", "am": "መብት", "ru": "право"}[code]
    body = " ".join(f"{words} {n} {words}…" for n in range(60))
    reply = Reply("info", (Text(VERBATIM, {"text": body}),), (), CHOICES[:2], data={"topic": "info_rights"})
    texts = read(reply, code)
    assert len(texts) > 2 and all(sms.segments(text) <= 3 for text in texts)
    whole = " ".join(texts)
    assert all(f"{words} {n} {words}" in whole for n in range(60)), "not a word is lost at a cut"


@pytest.mark.parametrize("code", LANGUAGES)
def test_all_facts_of_a_place_come_with_read_on(code: str) -> None:
    card = replace(CARD, eligibility="E " * 30 + "end.", what_to_bring="B " * 30 + "end.", transport="T " * 30 + "end.")
    texts = read(replace(DETAILS, cards=(card,)), code)
    assert all(sms.segments(text) <= 3 for text in texts)
    whole = "\n".join(texts)
    assert "21 0000 0001" in texts[0]
    for fact in ("E E", "B B", "T T", "Ring the bell", "example.org/a"):
        assert fact in whole, fact


def test_the_token_tells_lists_apart_and_not_languages() -> None:
    tokens = {code: offered(NEUTRAL, code, channel="telegram", now=NOW, country="GR")[0].token for code in LANGUAGES}
    assert len(set(tokens.values())) == 1 and len(tokens["en"]) == 6
    assert choices_token([{"intent": "a", "entities": {"service": "x"}}]) != choices_token([{"intent": "a"}])
    assert len(payload(99, tokens["en"]).encode()) <= 20
    assert language("en").code == "en"
