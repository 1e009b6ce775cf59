"""The web page in a real browser on a phone-sized screen, over real servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e.chat_page import Answer, ChatPage, chromium
from tests.e2e.conftest import Servers

pytestmark = pytest.mark.e2e

Opened = Callable[..., ChatPage]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, servers: Servers) -> Iterator[Opened]:
    """Opens pages of new visitors; at the end none of them may have complained."""
    pages: list[ChatPage] = []

    def opened(locale: str = "en-GB", **options: object) -> ChatPage:
        pages.append(ChatPage(browser, servers.bot_url, locale=locale, **options).open())
        return pages[-1]

    yield opened
    for one in pages:
        assert one.problems == []
        assert not one.is_too_wide()
        one.__exit__(None, None, None)


def showing_services(answers: list[Answer]) -> Answer:
    """The message of an answer that shows places."""
    return next(answer for answer in answers if answer.services)


def test_arabic_from_right_to_left(page: Opened) -> None:
    chat = page("ar-SY")
    assert chat.direction() == "rtl"
    answer = showing_services(chat.ask("محتاج محامي ببلاش، أنا بأثينا"))
    assert (answer.kind, answer.language, answer.direction) == ("services", "ar", "rtl")
    assert len(answer.services) == 3
    for service in answer.services:
        assert service.title and any("آخر تحقق" in line for line in service.lines)
    assert any(call.startswith("tel:+") for service in answer.services for call in service.calls)


def test_spanish_with_a_shared_location(page: Opened) -> None:
    chat = page("es-MX", permissions=["geolocation"], geolocation={"latitude": 14.91, "longitude": -92.26})
    asked = chat.ask("necesito donde dormir hoy con mis 2 hijos")
    assert asked[0].kind == "question" and asked[-1].asks_location
    chat.share_location(14.91, -92.26)
    found = showing_services(chat.wait_for_answer())
    assert found.kind == "services" and len(found.services) >= 2
    details = showing_services(chat.ask("2"))
    assert details.services[0].title in found.services[1].title or found.services[1].title.endswith(
        details.services[0].title
    )
    more = [service.title for answer in chat.ask("más") for service in answer.services]
    assert not {*more} & {s.title for s in found.services}


def test_a_tap_is_as_good_as_a_number(page: Opened) -> None:
    chat = page()
    answers = chat.ask("food in belgrade")
    found, label = showing_services(answers), answers[-1].choices[0]
    chat.tap(label)
    details = showing_services(chat.wait_for_answer())
    assert details.services[0].title in found.services[0].title
    assert chat.own()[-1] == label, "the label is shown, not the payload"


def test_danger_stands_out_and_can_be_called(page: Opened) -> None:
    first, *rest = page().ask("boat is sinking we are 30")
    assert first.kind == "crisis" and "tel:112" in first.calls
    assert rest and all(answer.kind == "text" for answer in rest), "what to do comes after the number"


def test_languages_by_picker_and_by_word(page: Opened) -> None:
    chat = page()
    chat.pick_language("ar")
    assert chat.wait_for_answer()[-1].language == "ar"
    assert chat.direction() == "rtl"
    assert chat.ask("français")[-1].language == "fr"


@pytest.mark.parametrize("text", ["hello", "xkcjv wqpfz", "😀", "x" * 5000])
def test_anything_gets_an_answer(page: Opened, text: str) -> None:
    assert page().ask(text)[-1].text.strip()


def test_an_empty_message_is_not_sent(page: Opened) -> None:
    chat = page()
    chat.send("   ")
    assert chat.own() == []


def test_a_reload_keeps_the_conversation_and_clearing_removes_it(page: Opened) -> None:
    chat = page()
    chat.ask("food in belgrade")
    before = [answer.text for answer in chat.answers()]
    chat.reload()
    assert [answer.text for answer in chat.answers()] == before
    chat.clear()
    chat.open()
    assert chat.answers() == [] and chat.own() == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_sticks_out(page: Opened, width: int) -> None:
    chat = page(viewport={"width": width, "height": 800})
    chat.ask("محتاج محامي ببلاش، أنا بأثينا")
    assert not chat.is_too_wide()
