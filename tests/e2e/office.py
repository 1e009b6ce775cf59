"""An office: a directory server with its own database, and members of staff in a real Chromium, each with a phone and an app for codes."""

from __future__ import annotations

import base64
import contextlib
import email.message
import email.policy
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from django_otp.oath import hotp
from playwright.sync_api import Browser, Locator, Page

from bot.settings import ROOT
from tests.e2e.chat_page import PHONE, chromium
from tests.e2e.conftest import free_port, wait_until
from tests.e2e.office_data import ADMINISTRATOR, PASSWORD

__all__ = ["INVITED", "Desk", "Office", "office"]

INVITED: dict[str, tuple[str, dict[str, str]]] = {
    "partner": ("Petra", {"organisation": "Sample Legal Network Athens", "membership": "owner"}),
    "reviewer": ("Rami", {"languages": "en, fr"}),
    "translator": ("Tarek", {"languages": "ar, fr"}),
    "protection": ("Paula", {}),
    "coordinator": ("Kofi", {"regions": "Attica"}),
}
"""By role: the first name of who is invited, and the rest of the form (options by their labels)."""
STEP = 30
"""Seconds for which the app shows one code."""


class Desk:
    """One member of staff: a browser of their own at the width of a phone, and their app for codes."""

    def __init__(self, office: Office, name: str, **context: Any) -> None:
        self.office, self.name = office, name
        options = {"viewport": PHONE, "locale": "en-GB", "accept_downloads": True, **context}
        self.context = office.browser.new_context(base_url=office.url, **options)
        self.context.set_default_timeout(40_000)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("response", lambda got: got.status >= 500 and self.problems.append(f"{got.status} {got.url}"))
        self._secret, self._step = b"", 0

    def go(self, path: str) -> Page:
        """Open a page, which must exist and fit."""
        answer = self.page.goto(path)
        assert answer is not None and answer.ok, f"{self.name}: {answer and answer.status} {path}"
        self.fits()
        return self.page

    def fits(self) -> None:
        """Nothing is wider than the screen, and no script has failed."""
        wide, screen = self.page.evaluate("() => [document.scrollingElement.scrollWidth, innerWidth]")
        width = (self.page.viewport_size or {"width": screen})["width"]
        assert wide <= width, f"{self.name}: {self.page.url} is {wide} pixels wide"
        assert not self.problems, self.problems

    def press(self, name: str, within: Page | Locator | None = None) -> None:
        """Press the first button with the name and wait for the page that comes."""
        with self.page.expect_navigation():
            (within or self.page).get_by_role("button", name=name, exact=True).first.click()
        self.fits()

    def told(self) -> str:
        """What the page says happened."""
        return " ".join(self.page.locator(".messagelist li").all_inner_texts())

    def text(self) -> str:
        return self.page.inner_text("main")

    def speak(self, language: str) -> None:
        """Change the language of the pages."""
        if self.page.get_attribute("html", "lang") != language:
            with self.page.expect_navigation():
                self.page.locator("form.language select").first.select_option(language)

    def code(self) -> str:
        """The app's next code: of now, or of a later half minute if this one was used (the directory allows for such clocks)."""
        self._step = max(int(time.time()) // STEP, self._step + 1)
        return f"{hotp(self._secret, self._step):06d}"

    def set_up_app(self) -> None:
        """Take the secret into the app from the page that shows it, confirm it, and note the recovery codes."""
        shown = self.page.inner_text("code.secret").replace(" ", "")
        self._secret = base64.b32decode(shown + "=" * (-len(shown) % 8))
        self.page.fill("#id_code", self.code())
        self.press("Confirm")
        assert self.page.locator("ul.codes li").count() == 10
        self.press("I have written them down")

    def log_in(self, username: str, password: str = PASSWORD) -> None:
        """From the password to the start page; sets up the app if the page asks for that."""
        self.page.goto("/admin/login/")
        self.page.fill("#id_username", username)
        self.page.fill("#id_password", password)
        with self.page.expect_navigation():
            self.page.click("input[type=submit]")
        if self._secret:
            assert self.page.url.endswith("/code/"), self.page.url
            self.page.fill("#id_code", self.code())
            self.press("Log in")
        else:
            self.set_up_app()
        assert self.page.locator(".start").is_visible(), self.page.url

    def log_out(self) -> None:
        with self.page.expect_navigation():
            self.page.locator("#logout-form button").click()


@dataclass
class Office:
    """The running server and the people who work there."""

    var: Path
    url: str
    environment: dict[str, str]
    browser: Browser
    desks: dict[str, Desk] = field(default_factory=dict)
    look: Callable[[str, Page], None] = lambda name, page: None
    """Told of pages that are seen only once, on the way."""

    def desk(self, role: str) -> Desk:
        """The person with that role: invited by the administrator, and logged in with a second factor."""
        if role not in self.desks:
            self.desks[role] = self._first() if role == "administrator" else self._invite(role)
        return self.desks[role]

    def _first(self) -> Desk:
        desk = Desk(self, "administrator")
        desk.log_in(ADMINISTRATOR)
        return desk

    def address(self, role: str) -> str:
        return f"{role}@office.example.org"

    def _invite(self, role: str) -> Desk:
        name, rest = INVITED[role]
        inviter = self.desk("administrator")
        page = inviter.go("/staff/accounts/invitations/")
        page.fill("#id_email", self.address(role))
        page.select_option("#id_role", role)
        for key, value in rest.items():
            if key == "languages":
                page.fill("#id_languages", value)
            elif key == "regions":
                page.get_by_label(value).first.check()
            elif key == "organisation":
                page.select_option("#id_organisation", label=value)
            else:
                page.select_option(f"#id_{key}", value)
        inviter.press("Send the invitation")
        assert self.address(role) in inviter.told(), inviter.text()
        link = self.link(self.address(role), "/staff/accounts/invitation/")
        desk = Desk(self, role)
        desk.go(link)
        desk.page.fill("#id_first_name", name)
        desk.page.fill("#id_password", PASSWORD)
        desk.page.fill("#id_again", PASSWORD)
        desk.press("Make my account")
        self.look(f"{role}-second-factor", desk.page)
        desk.set_up_app()
        desk.log_out()
        desk.log_in(self.address(role))
        return desk

    def letters(self, address: str) -> list[email.message.EmailMessage]:
        """What was mailed to an address, oldest first: without a mail server, letters lie in a folder."""
        found = []
        for path in sorted((self.var / "mail").glob("*.log"), key=lambda path: path.stat().st_mtime):
            for part in re.split(rb"^-{79}\n", path.read_bytes(), flags=re.MULTILINE):
                if part.strip():
                    letter = email.message_from_bytes(part.lstrip(), policy=email.policy.default)
                    assert isinstance(letter, email.message.EmailMessage)
                    if address in str(letter["To"]):
                        found.append(letter)
        return found

    def link(self, address: str, path: str) -> str:
        """The link with that path in the last letter to the address."""
        wait_until(lambda: self.letters(address), 120, f"a letter to {address}")
        body = self.letters(address)[-1].get_body(("plain",))
        assert body is not None
        found = re.search(rf"{re.escape(self.url + path)}\S+", body.get_content())
        assert found, body.get_content()
        return found[0]

    def snapshot(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """Rows of what the bot reads."""
        with contextlib.closing(
            sqlite3.connect(f"{(self.var / 'snapshot' / 'snapshot.sqlite').as_uri()}?mode=ro", uri=True)
        ) as bot:
            return bot.execute(question, values).fetchall()

    def manage(self, *words: str) -> str:
        """Run a management command."""
        return _run(["manage.py", *words], self.environment)


def _run(words: list[str], environment: dict[str, str]) -> str:
    result = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@contextlib.contextmanager
def office(var: Path) -> Iterator[Office]:
    """Server, background work and browser over a directory that is filled anew in the folder `var`."""
    port = free_port()
    environment = {
        **os.environ,
        "WAYPOST_VAR": str(var),
        "WAYPOST_DEMO": "0",
        "WAYPOST_DIRECTORY_TWO_FACTOR": "required",
        "WAYPOST_DIRECTORY_URL": f"http://127.0.0.1:{port}",
        "DIRECTORY_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    for name in (
        "WAYPOST_DIRECTORY_DATABASE_URL",
        "WAYPOST_DIRECTORY_MAIL_URL",
        "WAYPOST_SNAPSHOT",
        "DJANGO_SETTINGS_MODULE",
    ):
        environment.pop(name, None)
    with chromium() as browser, contextlib.ExitStack() as stack:
        _run(["-m", "tests.e2e.office_data"], environment)
        for words in (["serve"], ["chores", "--every", "0.5"]):
            stack.enter_context(_running([sys.executable, "manage.py", *words], environment, var / f"{words[0]}.log"))
        url = environment["WAYPOST_DIRECTORY_URL"]
        wait_until(lambda: _answers(url), 180, "the directory answers")
        yield Office(var, url, environment, browser)


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    with (
        log.open("w") as lines,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=lines, stderr=lines) as process,
    ):
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
