"""The guard: what is smuggled in goes, what the records vouch for stays, and a crisis always goes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.messages import Outbound, Reply, Text
from bot.replies import guard as guarding
from bot.replies.bidi import unprotected
from bot.replies.catalogue import VERBATIM
from bot.replies.guard import LINE_RULES, guard
from bot.replies.render import word
from bot.replies.samples import CARD, CHANNELS, DETAILS, HOSTS, LANGUAGES, NOW, PHONE, SERVICES, crisis, text
from bot.replies.texts import TEXTS


def say(reply: Reply, language: str = "en", channel: str = "web", country: str | None = "GR") -> Outbound:
    return word(reply, language, channel=channel, now=NOW, country=country)


def details(**changes: Any) -> Reply:
    return replace(DETAILS, cards=(replace(CARD, **changes),))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("country", ["GR", "US", None])
def test_true_messages_pass_unchanged(language: str, channel: str, country: str | None) -> None:
    august = details(
        verified_on="2026-08-24", hours=tuple({"weekday": d, "opens": 540, "closes": 1440} for d in range(7))
    )
    for reply in (SERVICES, DETAILS, august, crisis("112"), crisis("+302104112500")):
        outbound = say(reply, language, channel, country)
        assert guard(outbound, reply, HOSTS) == outbound


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_texts_pass_unchanged(language: str) -> None:
    for key in TEXTS:
        reply = Reply("text", (text(key),))
        outbound = say(reply, language)
        assert guard(outbound, reply, HOSTS) == outbound, key


@pytest.mark.parametrize(
    ("note", "rule"),
    [
        ("Call Ali +30 697 000 0000 first", "N16"),
        ("Call 697 000 0000", "N16"),
        ("Call 697-000-0000", "N16"),
        ("Call 697.000.0000", "N16"),
        ("Call (0697) 0000 000", "N16"),
        ("Call 6970000000", "N16"),
        ("Call 697,000,0000", "N16"),
        ("Call 697_000_0000", "N16"),
        ("Call 697 – 000 – 0000", "N16"),
        ("Call 69:70:00:00:00", "N16"),
        ("Call 69.70 00.00 00", "N16"),
        ("Call +30.697", "N16"),
        ("Call ٦٩٧ ٠٠٠ ٠٠٠٠", "N16"),
        ("Call ６９７００００００００", "N16"),
        ("Call 697\u200b000\u200b0000", "N16"),
        ("Call 0030 697 000 0000", "N16"),
        ("Call 6\u20609\u20607\u20600\u20600\u20600\u20600\u20600\u20600", "N16"),  # found by fuzzing, as the next five
        ("Call 6\ufeff9\ufeff7\ufeff0\ufeff0\ufeff0\ufeff0", "N16"),
        ("Call 6\u200d9\u200d7\u200d0\u200d0\u200d0\u200d0", "N16"),
        ("Call 6\ufe0f\u20e39\ufe0f\u20e37\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e30", "N16"),
        ("Call 6\u03369\u03367\u03360\u03360\u03360\u03360", "N16"),
        ("Call 697\t000\t0000", "N16"),
        ("Call 100 for the police", "N16-short"),
        ("Call 112", "N16-short"),
        ("See https://evil.example/visa", "N17"),
        ("See http://user@evil.example", "N17"),
        ("See https://example.org@evil.example/a", "N17"),
        ("See https://example.org:x@evil.example/a", "N17"),
        ("See https://[example.org/a", "N17"),
        ("See tg://resolve?domain=evil", "N17"),
        ("See https://example.org.evil.example/a", "N17"),
        ("See evil.example/visa", "N17"),
        ("Write to t.me/smuggler", "N17"),
        ("See www.evil-visa.com today", "N17"),
    ],
)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_is_smuggled_into_free_text_goes(
    note: str, rule: str, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    reply = details(how_to_get_help=note)
    outbound = say(reply, language)
    safe = guard(outbound, reply, HOSTS)
    assert len(safe.text.splitlines()) == len(outbound.text.splitlines()) - 1
    assert len(safe.cards[0]["lines"]) == len(outbound.cards[0]["lines"]) - 1
    assert note not in safe.text and "21 0000 0001" in safe.text
    (record,) = caplog.records
    assert record.getMessage() == f"guard {rule}: a line of {CARD.id} was left out"


def test_every_line_rule_is_broken_above() -> None:
    marks = test_what_is_smuggled_into_free_text_goes.pytestmark
    broken = {row[1] for mark in marks if mark.args[0] == ("note", "rule") for row in mark.args[1]}
    assert broken == {rule for rule, _ in LINE_RULES}


@pytest.mark.parametrize(
    "note",
    [
        f"Call {PHONE} first",
        "Call +30 21 0000 0001 or 0030 21 0000 0001",
        "Call 21 0000 0001",
        "Open 09:00-12:00, 13:00-17:00",
        "Open 09.00-17.00 since 24.11.2026, 24/11/2026 or 2026-11-24",
        "For the school year 2026-2027",
        "Floor 3, room 12",
        "Room 12 09:00-17:00 and 18:00-20:00",
        "It takes 90 days",
        "See https://example.org/b and https://www.example.org",
        "Write to help@example.org.",
        "Ask for Sra.Ana: she is there at 9.30 Uhr",
        "Bring e.g. a letter, from 9 a.m.: to 5 p.m.",
    ],
)
def test_what_the_records_vouch_for_stays(note: str) -> None:
    reply = details(how_to_get_help=note)
    for language in LANGUAGES:
        outbound = say(reply, language)
        assert guard(outbound, reply, HOSTS).text == outbound.text


def test_typed_fields_may_hold_short_numbers() -> None:
    reply = details(address="Acharnon 112-114 10434", transport="Bus 115, stop 911")
    outbound = say(reply)
    assert guard(outbound, reply, HOSTS) == outbound


def test_a_name_or_choice_loses_the_number_but_stays() -> None:
    card = replace(CARD, name="Legal Clinic +30 697 000 0000")
    reply = replace(SERVICES, cards=(card,))
    safe = guard(say(reply), reply, HOSTS)
    assert safe.cards[0]["title"] == "Legal Clinic"
    assert "\n1. Legal Clinic\n" in safe.text and "697" not in safe.text


def test_an_article_loses_only_the_line() -> None:
    body = "You can ask for asylum.\nOr call 0697 000 0000.\nThe office decides."
    reply = Reply("info", (Text(VERBATIM, {"text": body}), Text("info:general")))
    assert guard(say(reply), reply, HOSTS).text.splitlines() == [
        "You can ask for asylum.",
        "The office decides.",
        "This is general information. Your case can be different.",
    ]


def test_a_number_that_a_translation_brings_in_goes() -> None:
    reply = Reply("text", (Text("thanks"),))
    outbound = replace(say(reply), text="Thank you.\nCall 0800 000 0000.")
    assert guard(outbound, reply, HOSTS).text == "Thank you."


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["I am an automatic service.", "Call 112 now."], ["Call 112 now.", "I am an automatic service."]),
        (
            ["I am an automatic service."],
            ["Call 112 now. Not yet verified by our staff.", "I am an automatic service."],
        ),
        (["Call 0697 000 0000 now."], ["Call 112 now. Not yet verified by our staff."]),
    ],
)
def test_the_first_line_of_a_crisis_gets_its_number(lines: list[str], expected: list[str]) -> None:
    reply = crisis("112")
    outbound = replace(say(reply), text="\n".join(lines))
    assert guard(outbound, reply, HOSTS).text.splitlines() == expected


def test_a_crisis_without_records_stays_as_it_is() -> None:
    reply = Reply("crisis", (Text("crisis:no_number"), Text("crisis:not_rescue")), data={"class": "sea", "numbers": []})
    assert guard(say(reply), reply, HOSTS) == say(reply)


@pytest.mark.parametrize("channel", ["web", "sms"])
def test_missing_isolation_is_mended(channel: str) -> None:
    outbound = say(DETAILS, "ar", channel)
    bare = replace(outbound, text=outbound.text.replace("\u2066+30", "+30").replace("\u200e+30", "+30"))
    bare = replace(bare, text=bare.text.replace("0001\u2069", "0001").replace("0001\u200e", "0001"))
    country = say(DETAILS, "ar", channel, "TR")
    bare = replace(bare, text=bare.text + "\nالهاتف: +30 21 0000 0001")
    assert unprotected(bare.text, "ar")
    safe = guard(bare, DETAILS, HOSTS)
    assert unprotected(safe.text, "ar") == []
    assert guard(country, DETAILS, HOSTS) == country


def test_a_broken_guard_lets_a_crisis_out_and_cuts_the_rest(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(guarding, "_allowed", broken)
    crisis_reply = crisis("112")
    assert guard(say(crisis_reply), crisis_reply, HOSTS) == say(crisis_reply)
    smuggled = details(how_to_get_help="Call 0697 000 0000")
    safe = guard(say(smuggled), smuggled, HOSTS)
    assert safe.text == "Sample Legal Clinic\n+30 21 0000 0001" and safe.choices == say(smuggled).choices
    texts = (Text("protection:call", {"number": {"phone": "112"}}), Text("protection:believe"))
    told = replace(smuggled, kind="protection", texts=texts)
    first, *rest = guard(say(told), told, HOSTS).text.splitlines()
    assert "112" in first and "Sample Legal Clinic" in rest, "who tells of violence keeps the number"
    thanks = Reply("text", (Text("thanks"),))
    assert guard(say(thanks), thanks, HOSTS).text == "Something went wrong on our side. Please write it again."
    assert len(caplog.records) == 4
    assert "697" not in caplog.text


def test_nothing_left_is_never_silence() -> None:
    reply = Reply("info", (Text(VERBATIM, {"text": "Call 0697 000 0000"}),))
    assert guard(say(reply), reply, HOSTS).text == "Something went wrong on our side. Please write it again."


@pytest.mark.parametrize("number", ["+306941234567", "+31016169084"])
def test_the_number_of_the_record_stays_whatever_the_notes_say(number: str) -> None:
    """Found by fuzzing: a note of a digit made "123" in 694 123 4567 a short code; a zero behind +31 is not shown."""
    reply = details(what_to_bring="1", phones=(number,))
    safe = guard(say(reply, "en"), reply, HOSTS)
    assert number[-6:] in "".join(c for c in safe.text if c.isdigit())
