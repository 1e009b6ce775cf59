"""The web chat as a person uses it: a page object over a real Chromium, for tests of the running service."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Playwright, sync_playwright

__all__ = ["CHROMIUM", "PHONE", "Answer", "ChatPage", "Service", "chromium"]

CHROMIUM = Path("/usr/bin/chromium")
PHONE = {"width": 390, "height": 844}
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Service:
    """One service as its block shows it."""

    title: str
    lines: tuple[str, ...]
    calls: tuple[str, ...]
    """Targets of its call buttons: "tel:+302101234567"."""
    map: str | None


@dataclass(frozen=True)
class Answer:
    """One message of the bot as it stands on the page."""

    kind: str
    language: str
    direction: str
    text: str
    """All words that can be seen, without those of the buttons for choices."""
    services: tuple[Service, ...]
    choices: tuple[str, ...]
    """Labels of the buttons that can still be tapped."""
    calls: tuple[str, ...]
    """All `tel:` links of the message."""
    asks_location: bool


@contextlib.contextmanager
def chromium(playwright: Playwright | None = None) -> Iterator[Browser]:
    """A headless Chromium; skips the test where none is installed."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with contextlib.ExitStack() as stack:
        playwright = playwright or stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(_QUIET))
        stack.callback(browser.close)
        yield browser


class ChatPage:
    """The chat of one visitor: a browser context with its own cookies. Times in seconds."""

    def __init__(
        self, browser: Browser, url: str, *, locale: str = "en-GB", patience: float = 30.0, **context: Any
    ) -> None:
        self.url = url
        self.patience = patience
        options = {"viewport": PHONE, "has_touch": True, "locale": locale, **context}
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(patience * 1000)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        """What the browser complained of: script errors, refused content (CSP), requests to other hosts."""
        self._before = 0
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("console", lambda m: self.problems.append(m.text) if "Content Security Policy" in m.text else None)
        self.page.on("request", lambda request: self._watch(request.url))

    def _watch(self, address: str) -> None:
        if not address.startswith((self.url.rstrip("/") + "/", "about:", "data:")):
            self.problems.append(f"outside request: {address}")

    def __enter__(self) -> ChatPage:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def open(self) -> ChatPage:
        """Open the page, as at a first visit, and wait until one can write."""
        self.page.goto(self.url)
        self.page.locator("#composer").wait_for()
        self._before = self._answers.count()
        return self

    def reload(self) -> None:
        """Open it again in the same tab: what was said stays."""
        self.page.reload()
        self.page.locator("#composer").wait_for()

    # --- what a person does -------------------------------------------------------------------------------------------

    def send(self, text: str) -> None:
        """Write a text and send it with the button."""
        self._before = self._answers.count()
        self.page.fill("#text", text)
        self.page.click("#send")

    def tap(self, choice: str) -> None:
        """Tap the button of that label."""
        self._before = self._answers.count()
        self.page.get_by_role("button", name=choice, exact=True).click()

    def share_location(self, lat: float, lon: float) -> None:
        """Allow the position and share it, with the button under the last message if there is one."""
        self._before = self._answers.count()
        self.context.grant_permissions(["geolocation"], origin=self.url.rstrip("/"))
        self.context.set_geolocation({"latitude": lat, "longitude": lon})
        offered = self.page.locator("#log .locate")
        (offered if offered.count() else self.page.locator("#locate")).click()

    def pick_language(self, code: str) -> None:
        """Choose a language in the picker and wait until the page speaks it."""
        self._before = self._answers.count()
        self.page.select_option("#language", code)
        self.page.wait_for_function("code => document.documentElement.lang === code", arg=code)

    def clear(self) -> None:
        """Clear the page and leave it."""
        self.page.click("#menu summary")
        self.page.click("#clear")
        self.page.wait_for_url("about:blank")

    # --- what a person sees ---------------------------------------------------------------------------------------------

    @property
    def _answers(self) -> Locator:
        return self.page.locator("#log .message.bot[data-kind]")

    def wait_for_answer(self) -> list[Answer]:
        """The answers to what was done last, once all are there. Raises AssertionError if none comes in time."""
        try:
            self.page.wait_for_function(
                "before => document.querySelectorAll('#log .message.bot[data-kind]').length > before"
                " && !document.querySelector('#log span.state') && document.getElementById('typing').hidden",
                arg=self._before,
            )
        except Error as error:
            raise AssertionError(f"no answer in {self.patience:g} s; the page shows: {self.text()[-500:]}") from error
        return self.answers()[self._before :]

    def ask(self, text: str) -> list[Answer]:
        """Send a text and wait for its answers."""
        self.send(text)
        return self.wait_for_answer()

    def answers(self) -> list[Answer]:
        """All messages of the bot on the page, oldest first."""
        return [_answer(self._answers.nth(index)) for index in range(self._answers.count())]

    def own(self) -> list[str]:
        """What the person said, as the page shows it, oldest first."""
        return self.page.locator("#log .message.you .bubble").all_inner_texts()

    def text(self) -> str:
        """All words on the page."""
        return self.page.inner_text("body")

    def direction(self) -> str:
        """Direction of the page: ltr or rtl."""
        return self.page.get_attribute("html", "dir") or ""

    def is_too_wide(self) -> bool:
        """Whether something sticks out of the screen at the side."""
        return bool(
            self.page.evaluate(
                "() => [document.documentElement, document.getElementById('scroll')]"
                ".some(node => node.scrollWidth > node.clientWidth)"
            )
        )

    def screenshot(self, path: str | Path) -> None:
        """Save what the screen shows as PNG."""
        self.page.screenshot(path=str(path))


def _targets(place: Locator) -> tuple[str, ...]:
    return tuple(link.get_attribute("href") or "" for link in place.all())


def _service(card: Locator) -> Service:
    maps = _targets(card.locator("a.map"))
    return Service(
        title=card.locator("h2").inner_text(),
        lines=tuple(card.locator(".lines li").all_inner_texts()),
        calls=_targets(card.locator("a.call")),
        map=maps[0] if maps else None,
    )


def _answer(message: Locator) -> Answer:
    said = message.locator(".said")
    parts = said.locator(":scope > .bubble, :scope > .card").all_inner_texts()
    return Answer(
        kind=message.get_attribute("data-kind") or "",
        language=said.get_attribute("lang") or "",
        direction=said.get_attribute("dir") or "",
        text="\n\n".join(parts),
        services=tuple(_service(card) for card in said.locator(".card").all()),
        choices=tuple(said.locator("button.choice").all_inner_texts()),
        calls=_targets(said.locator("a[href^='tel:']")),
        asks_location=said.locator("button.locate").count() > 0,
    )
