"""From Reply to Outbound: the text, the shapes of `custom`, the SMS form, the numbers before choices."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from anyascii import anyascii

from bot.messages import KINDS, Choice, Outbound, Reply, Text
from bot.replies import sms
from bot.replies.catalogue import VERBATIM, wording
from bot.replies.numbered import as_text, choice_lines
from bot.replies.render import around_cards, offered, word
from bot.replies.samples import (
    CARD,
    CHANNELS,
    CLOSED,
    DETAILS,
    HIDDEN,
    LANGUAGES,
    NOW,
    PHONE,
    SERVICES,
    choices,
    crisis,
)


def say(reply: Reply, language: str = "en", channel: str = "web", country: str | None = "TR") -> Outbound:
    return word(reply, language, channel=channel, now=NOW, country=country)


SAMPLE = replace(SERVICES, cards=(replace(CARD, sample=True), CLOSED), choices=choices("choice:more", details=2))


def test_a_list_as_text() -> None:
    outbound = say(
        replace(SERVICES, cards=(CLOSED, replace(CARD, sample=True)), choices=choices("choice:more", details=2))
    )
    assert as_text(outbound, "whatsapp") == (
        "Legal help, near Athens, Greece:\n\n"
        "1. Sample Advice Office\n"
        "400 m away · Closed now, opens tomorrow 09:00\n"
        "Free · You can just come · No papers needed\n"
        "Languages: English, Arabic, French, Greek\n"
        "With interpreter: Persian\n"
        "Phone: +30 21 0000 0001\n"
        "Last checked: 1 Nov 2026\n\n"
        "2. Sample Legal Clinic\n"
        "400 m away · Open now, until 17:00\n"
        "Free · You can just come · No papers needed\n"
        "Languages: English, Arabic, French, Greek\n"
        "With interpreter: Persian\n"
        "Phone: +30 21 0000 0001\n"
        "Last checked: 1 Nov 2026\n\n"
        "SAMPLE DATA, for trying out: these places are not real.\n\n"
        "1-2: Details\n"
        "3. More places"
    )


def test_the_sample_notice_is_said_once_and_only_for_samples() -> None:
    notice = "these places are not real"
    assert say(SAMPLE).text.count(notice) == 1
    assert say(replace(SAMPLE, footer=(Text("sample"),))).text.count(notice) == 1
    assert say(SERVICES).text.count(notice) == 0


def test_around_cards() -> None:
    assert around_cards(say(SAMPLE)) == (
        "Legal help, near Athens, Greece:",
        "SAMPLE DATA, for trying out: these places are not real.",
    )
    assert around_cards(say(DETAILS)) == around_cards(say(DETAILS, "ar")) == ("", "")
    assert around_cards(say(Reply("text", (Text("thanks"),)))) == ("You are welcome. Write again any time.", "")


SERVICE = {
    "id": "legal-1",
    "name": "Sample Legal Clinic",
    "distance_km": 0.42,
    "open": True,
    "phones": [PHONE],
    "verified_on": "2026-11-01",
}
NUMBERS = [{"number": "112", "country": "GR", "verified": False, "source": "sample"}]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply("services", cards=(CARD,)), {"kind": "services", "services": [SERVICE]}),
        (Reply("services"), {"kind": "services", "services": []}),
        (Reply("services", cards=(HIDDEN,), data={"category": "x"}), {"kind": "services", "category": "x"}),
        (DETAILS, {"kind": "services", "details": True, "services": [SERVICE]}),
        (crisis("112"), {"kind": "crisis", "class": "sea", "numbers": NUMBERS}),
        (Reply("neutral", data={"topic": "ask_irregular_route"}), {"kind": "neutral", "topic": "ask_irregular_route"}),
        (
            Reply("info", data={"topic": "info_asylum", "article": "a"}),
            {"kind": "info", "topic": "info_asylum", "article": "a"},
        ),
        (Reply("question", data={"slot": "place"}), {"kind": "question", "slot": "place"}),
        (Reply("protection", cards=(CARD,), data={"numbers": []}), {"kind": "protection", "services": [SERVICE]}),
        *((Reply(kind, data={"a": 1}), {"kind": kind, "a": 1}) for kind in sorted(KINDS - {"services", "details"})),
        (Reply("text", data={"kind": "crisis"}), {"kind": "text"}),
    ],
)
def test_custom(reply: Reply, expected: dict[str, Any]) -> None:
    custom = say(reply).custom
    assert {key: custom[key] for key in expected} == expected


@pytest.mark.parametrize(("card", "expected"), [(CARD, True), (CLOSED, False), (replace(CARD, open="unknown"), None)])
def test_open_in_custom(card: Any, expected: bool | None) -> None:
    assert say(Reply("services", cards=(card,))).custom["services"][0]["open"] is expected


def test_the_facts_are_the_same_in_every_language_and_on_every_channel() -> None:
    assert len({str(say(SAMPLE, language, channel).custom) for language in LANGUAGES for channel in CHANNELS}) == 1


def test_outbound_survives_json() -> None:
    outbound = say(SERVICES, "ar")
    assert Outbound.from_dict(outbound.to_dict()) == outbound


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    "reply", [SERVICES, SAMPLE, DETAILS, crisis("+302104112500")], ids=["list", "sample", "details", "crisis"]
)
def test_every_kind_everywhere(reply: Reply, channel: str, language: str) -> None:
    outbound, choices = offered(reply, language, channel=channel, now=NOW, country="GR")
    whole = as_text(outbound, channel)
    assert [choice for choice in choices if choice in reply.choices] == list(reply.choices), "none is dropped"
    assert len(outbound.choices) == len(choices) and all(outbound.choices)
    assert not any(sign in whole for sign in "{}\ue000") and "\n\n\n" not in whole
    first, end = outbound.page or (0, len(choices))
    for choice in outbound.choices[first:end]:
        assert choice in whole or choice_lines(outbound)[0].startswith("1-")
    if channel == "sms":
        assert sms.segments(whole) <= 3
        assert "\n\n" not in whole
        assert not set(whole) & set("…“”–’·\u2066\u2069\u00a0")
        assert "21 0000 0001" in whole or reply.kind == "crisis"


def test_the_crisis_has_its_number_in_the_first_line() -> None:
    assert (
        say(crisis("+302104112500")).text.splitlines()[0] == "Call +30 21 0411 2500 now. Not yet verified by our staff."
    )
    assert say(crisis("112", verified=True)).text.splitlines()[0] == "Call 112 now."
    assert say(crisis("112"), "ar").text.splitlines()[0] == "اتصلوا الآن بالرقم 112. لم يتحقق منه موظفونا بعد."


def test_what_sms_leaves_out_first() -> None:
    whole = as_text(say(SERVICES, "en", "sms"), "sms")
    assert whole == (
        "Near Athens, Greece:\n"
        "1. Sample Legal Clinic\n"
        "400 m away. Open now, until 17:00\n"
        "Free. You can just come. No papers needed\n"
        "Languages: English, Arabic, French, Greek\n"
        "With interpreter: Persian\n"
        "+30 21 0000 0001\n"
        "Last checked: 1 Nov 2026\n"
        "2. Sample Advice Office\n"
        "3. Sample Women's House\n"
        "1-3: Details\n"
        "4. More places\n"
        "5. Menu"
    )
    arabic = as_text(say(SERVICES, "ar", "sms"), "sms").splitlines()
    assert "\u200e+30 21 0000 0001\u200e" in arabic
    assert not [line for line in arabic if line.startswith(("اللغات", "مع مترجم"))]
    assert arabic[-3:] == ["1-3: تفاصيل", "4. أماكن أخرى", "5. القائمة"]


def test_long_names_of_other_places_are_cut_before_their_choices() -> None:
    long = replace(CLOSED, name="مركز " + "استقبال العائلات والأطفال " * 6)
    outbound = say(replace(SERVICES, cards=(CARD, long, long)), "ar", "sms")
    assert sms.segments(as_text(outbound, "sms")) <= 3
    assert len(outbound.choices) == len(SERVICES.choices)
    assert "21 0000 0001" in outbound.text


WORST = replace(
    CARD,
    name="National Society Legal and Social Support Centre for Families",
    address="12 Agiou Konstantinou Street, second floor",
    how_to_get_help="Ring the bell twice. " * 9 + "Then wait.",
    opens_at="2026-11-28T09:00",
    sample=True,
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["services", "details"])
@pytest.mark.parametrize("old", [{"overdue": 2}, {"reported": True}], ids=["old check", "reported"])
def test_no_place_costs_more_than_three_segments(language: str, kind: str, old: dict[str, Any]) -> None:
    """Long names, an old check, sample data, and what must be told of who runs it: the number and the warnings stay."""

    def said(key: str) -> str:
        return sms.plain(wording(Text(key), language))

    def plain(text: str) -> str:
        return anyascii(sms.plain(text))  # accents may go on an SMS

    greek = (
        "Εθνική Υπηρεσία Νομικής Υποστήριξης Οικογενειών και Προσφύγων"  # not in GSM-7: 70 letters to an SMS, not 160
    )
    for report, operator, state, name in product(
        ("all", "unknown"), ("ngo", "immigration_authority"), ("open", "closed"), (WORST.name, greek)
    ):
        card = replace(WORST, must_report=report, operator_type=operator, open=state, name=name, **old)
        labels = choices("choice:more", "choice:wrong", "choice:menu", details=3)
        reply = Reply(kind, (), (card,) if kind == "details" else (card, CLOSED, HIDDEN), labels)
        whole = as_text(say(reply, language, "sms", "GR"), "sms")
        assert sms.segments(whole) <= 3
        first = plain(whole)
        assert "21 0000 0001" in first
        warned = "reported" if "reported" in old else "call_first"
        date = {"date": {"date": card.verified_on}}
        dated = sms.plain(say(Reply("text", (Text("card:checked_very_old", date),)), language, "sms").text)
        assert any(plain(words) in first for words in (said(f"card:{warned}"), said("card:call_first"), dated))
        if kind == "details" or report == "all":
            worded = sms.plain(say(Reply("text", (Text(f"report:{report}"),)), language, "sms").text)
            assert plain(worded) in first
        if operator == "immigration_authority":
            assert plain(said("operator:immigration_authority")) in first


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_of_help_keep_their_numbers_whatever_they_cost(language: str) -> None:
    named = "National Centre for Women and Girls in Danger number"
    cards = tuple(replace(CARD, id=f"h{n}", name=f"{named} {n}", phones=(f"+30210000000{n}",)) for n in range(1, 5))
    texts = (Text("protection:call", {"number": {"phone": "112"}}), Text("protection:believe"), Text("protection:help"))
    whole = as_text(say(Reply("protection", texts, cards, choices("choice:menu")), language, "sms", "GR"), "sms")
    assert [f"21 0000 000{n}" in whole for n in range(1, 5)] == [True] * 4
    assert "112" in whole.splitlines()[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_reading_on_brings_all_of_a_place_and_comes_to_an_end(language: str) -> None:
    labels = choices("choice:more", "choice:wrong", "choice:menu", details=3)
    reply = Reply("details", (), (replace(WORST, overdue=2, must_report="all"),), labels)
    parts: list[str] = []
    skips: list[Any] = [None]
    for skip in skips:
        data = {"skip": skip} if skip else {}
        outbound, offers = offered(replace(reply, data=data), language, channel="sms", now=NOW, country="GR")
        assert sms.segments(as_text(outbound, "sms")) <= 3
        parts.append(outbound.text)
        skips += [choice.entities["skip"] for choice in offers if "skip" in choice.entities]
        assert len(skips) < 20
    whole = "".join(parts)
    assert "12 Agiou Konstantinou Street" in whole and "Then wait." in whole and "https://example.org/a" in whole
    assert whole.count("Ring the bell twice") == 9, "a long text is read on where it was cut"


def test_an_article_is_cut_after_a_sentence_on_sms() -> None:
    body = "This is a sentence of the law. " * 30
    reply = Reply("info", (Text(VERBATIM, {"text": body}), Text("info:general")), choices=choices("choice:menu"))
    whole = as_text(say(reply, channel="sms"), "sms")
    assert sms.segments(whole) == 3
    assert whole.endswith("law.\nThis is general information. Your case can be different.\n1. Menu")
    assert as_text(say(reply), "web").count("sentence of the law") == 30


def test_lines_of_help_on_sms_are_a_name_and_a_number() -> None:
    outbound = say(Reply("protection", (Text("protection:help"),), (CARD, HIDDEN)), channel="sms")
    assert outbound.text.splitlines() == [
        "These people can listen and help, if you want:",
        "1. Sample Legal Clinic: +30 21 0000 0001",
        "2. Sample Women's House: +30 21 0000 0001",
    ]


@pytest.mark.parametrize(
    ("details", "labels", "cards", "expected"),
    [
        (3, ("choice:more",), 3, ["1-3: Details", "4. More places"]),
        (1, (), 1, ["1: Details"]),
        (2, (), 1, ["1: Details", "2. Details 2"]),  # more choices than numbered cards: none is dropped
        (0, ("choice:more", "choice:menu"), 0, ["1. More places", "2. Menu"]),
        (2, ("choice:more",), 0, ["1. Details 1", "2. Details 2", "3. More places"]),
        (0, (), 3, []),
    ],
)
def test_numbers_before_choices(details: int, labels: tuple[str, ...], cards: int, expected: list[str]) -> None:
    reply = Reply("services", (), (CARD,) * cards, choices(*labels, details=details))
    assert choice_lines(say(reply)) == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_details_are_one_line_in_every_language(language: str) -> None:
    lines = choice_lines(say(SERVICES, language))
    assert len(lines) == 3 and lines[0].startswith("1-3") and [line[:3] for line in lines[1:]] == ["4. ", "5. "]


def test_what_cannot_be_worded_is_left_out_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    bad = replace(CARD, id="bad-1", verified_on="yesterday")
    reply = Reply("services", (Text("no_such_key"), Text("thanks")), (bad, CARD), (Choice(Text("nope"), "ask_menu"),))
    outbound = say(reply)
    assert outbound.text.startswith(
        "You are welcome. Write again any time.\n\n1. Sample Legal Clinic\n+30 21 0000 0001\n\n2. "
    )
    assert outbound.choices == ("ask_menu",)
    assert len(caplog.records) == 3
