"""Staff at work in a browser: an opening hour is changed and published, and the next answer says it, without a restart."""

from __future__ import annotations

import time

import pytest

from tests.e2e.chat_page import chromium
from tests.e2e.conftest import Servers

pytestmark = pytest.mark.e2e


def test_an_opening_hour_changed_in_the_admin_is_said(servers: Servers) -> None:
    person = servers.person()
    service = person.one("legal help in athens")["custom"]["services"][0]["id"]
    before = person.one("1")["text"]
    assert "06:15" not in before
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(servers.directory_url)
        page.fill("#id_username", "staff")
        page.fill("#id_password", "waypost-demo")
        page.click("input[type=submit]")
        page.goto(f"{servers.directory_url}/admin/directory/service/?q={service}")
        page.click("#result_list tbody th a")
        for day in range(5):
            page.fill(f"#id_hours-{day}-opens", "6h15")
        page.locator("input[name=_save]").first.click()
        page.wait_for_selector(".messagelist .success")
        page.click("text=Publish now")
        page.wait_for_selector(".messagelist .success, .messagelist .warning")
    published = time.monotonic()
    after = person.one("1")["text"]
    assert "06:15" in after, after
    assert time.monotonic() - published < 60


def test_a_wrong_hour_is_refused_with_a_reason(servers: Servers) -> None:
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(servers.directory_url)
        page.fill("#id_username", "staff")
        page.fill("#id_password", "waypost-demo")
        page.click("input[type=submit]")
        page.goto(f"{servers.directory_url}/admin/directory/service/?q=gr-athens-legal-1")
        page.click("#result_list tbody th a")
        page.fill("#id_hours-0-opens", "quarter past")
        page.locator("input[name=_save]").first.click()
        page.wait_for_selector(".errornote")
        assert "quarter past" in page.inner_text(".errorlist:has-text('quarter past')")
