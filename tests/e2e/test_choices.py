"""Choices as a person meets them: pages on SMS, "more", "Read on", and buttons of old messages."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.replies import sms
from tests.e2e.conftest import Person, Servers

pytestmark = pytest.mark.e2e


def numbers(text: str) -> list[int]:
    """Numbers of the choices of a message."""
    return [int(n) for n in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]


def goes_on(text: str) -> bool:
    """Whether a page offers another."""
    return re.search(r"^\d+\. More options$", text, re.MULTILINE) is not None


def pick(person: Person, text: str, label: str) -> dict[str, Any]:
    """Answer with the number that stands before a label."""
    found = re.search(rf"^(\d+)\. .*{label}", text, re.MULTILINE)
    assert found, text
    return person.one(found[1])


@pytest.mark.parametrize("word", ["number", "more", "label"])
def test_the_second_page_by_number_by_word_and_by_its_words(servers: Servers, word: str) -> None:
    person = servers.person("sms")
    person.say("привет")
    first = person.say("мне уезжать или остаться?")[-1]["text"]
    last = numbers(first)[-1]
    assert last < 8, "the choices do not fit on one page"
    second = person.one({"number": str(last), "more": "ещё", "label": "Другие варианты"}[word])["text"]
    assert numbers(second)[0] == last + 1 and sms.segments(second) <= 3
    assert person.one("1")["custom"] == servers_article(servers, "info_rights"), "numbers of the first page still pick"


def servers_article(servers: Servers, topic: str) -> dict[str, Any]:
    """What the contract says of an article when it is asked for from the menu, on SMS in Russian."""
    person = servers.person("sms")
    person.say("привет")
    person.say("мне уезжать или остаться?")
    answer = person.one("1")
    assert answer["custom"]["topic"] == topic
    custom: dict[str, Any] = answer["custom"]
    return custom


def test_an_article_is_read_on_to_its_end(servers: Servers) -> None:
    web = servers.person("web")
    web.say("hello")
    whole = web.one("how does asylum work in greece")["text"]
    person = servers.person("sms")
    person.say("hello")
    answer = person.one("how does asylum work in greece")
    read = [answer["text"]]
    while re.search(r"^\d+\. Read on$", answer["text"], re.MULTILINE):
        answer = pick(person, answer["text"], "Read on")
        assert sms.segments(answer["text"]) <= 3
        read.append(answer["text"])
        assert len(read) < 9, "it never ends"
    body = re.sub(r"\W+", " ", " ".join(read))
    said = [part for part in re.split(r"(?<=[.!?])\s+|\n+", whole) if len(part) > 25 and "SAMPLE" not in part]
    assert said and all(re.sub(r"\W+", " ", sms.plain(part)).strip() in body for part in said[1:])


def test_all_languages_can_be_picked_on_sms(servers: Servers) -> None:
    person = servers.person("sms")
    person.say("hello")
    text = person.one("language")["text"]
    seen = numbers(text)
    while goes_on(text):
        text = pick(person, text, "More options")["text"]
        assert sms.segments(text) <= 3
        seen += numbers(text)
    assert seen == list(range(1, len(seen) + 1)) and len(seen) >= 20
    assert pick(person, text, "ትግርኛ")["language"] == "ti"


def test_memory_of_the_list_does_not_grow(servers: Servers) -> None:
    person = servers.person("sms")
    person.say("hello")
    for _ in range(3):
        text = person.one("language")["text"]
        while goes_on(text):
            text = pick(person, text, "More options")["text"]
        assert numbers(text)[-1] < 30


def test_what_a_message_told_outlives_being_asked_back(servers: Servers) -> None:
    person = servers.person("web")
    person.say("سلام")
    asked = person.one("برای دخترم ۹ ساله دکتر میخوام فردا صبح، آتن هستم")
    assert asked["custom"]["kind"] == "choices", "the message is one that is asked back"
    button = next(b for b in asked["buttons"] if "دکتر" in b["title"] or "پزشک" in b["title"])
    found = person.say(button["payload"])[-1]
    assert found["custom"]["kind"] == "services", "the town is not asked for again"
    assert found["custom"]["services"], found
