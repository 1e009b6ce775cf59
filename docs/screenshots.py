"""Makes the screenshots of the documents: the chat's from the running bot (`make run` first), the staff's from a directory of its own.

`python docs/screenshots.py chat` or `python docs/screenshots.py staff`; without a word both.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Locator, Page

from tests.e2e.chat_page import ChatPage, chromium
from tests.e2e.office import Desk, Office, office
from tests.e2e.office_data import SERVICE

SHOTS = {
    "chat-ar": ("ar-SY", ["محتاج محامي ببلاش، أنا بأثينا"], None),
    "chat-es": ("es-MX", ["necesito donde dormir hoy con mis 2 hijos"], (14.91, -92.26)),
    "chat-en-crisis": ("en-GB", ["boat is sinking we are 30"], None),
}
"""Name: the browser's language, what the person writes, and where they share to be."""
FILE = """id,name,organisation,description,phone,city,country,latitude,longitude,hours,category
1,Tea House,Open Door,Tea and warm meals.,+30 21 0321 0001,Athens,GR,37.98001,23.73001,Mon-Fri 09:00-17:00,food
2,Garden Kitchen,Open Door,Warm meals.,+30 21 0321 7345,Athens,GR,23.73501,37.98501,Mon-Fri 12:00-14:00,food
3,Night Kitchen,Open Door,Warm meals.,+30 999,Athens,GR,37.99001,23.74001,Mon-Sun 18:00-22:00,food
"""
"""A list with two traps: swapped coordinates, and a phone number that does not exist."""
COLOURS = 128
HEIGHT = 844
"""Of a phone, in pixels."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("which", nargs="?", choices=("chat", "staff"), help="default: both")
    parser.add_argument("--url", default="http://127.0.0.1:5005", help="where the bot runs")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs/images", help="where the pictures go")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    if arguments.which != "staff":
        chat(arguments.url, arguments.folder)
    if arguments.which != "chat":
        with tempfile.TemporaryDirectory() as var, office(Path(var)) as running:
            staff(running, arguments.folder)
    return 0


def chat(url: str, folder: Path) -> None:
    """What people see."""
    with chromium() as browser:
        for name, (locale, texts, location) in SHOTS.items():
            options = {"permissions": ["geolocation"]} if location else {}
            with ChatPage(browser, url, locale=locale, viewport={"width": 390, "height": 1150}, **options) as talk:
                for text in texts:
                    talk.ask(text)
                if location:
                    talk.share_location(*location)
                    talk.wait_for_answer()
                talk.page.evaluate("() => document.querySelector('.message.you')?.scrollIntoView()")
                talk.page.wait_for_timeout(300)
                talk.screenshot(folder / f"{name}.png")
                print(folder / f"{name}.png")


def staff(running: Office, folder: Path) -> None:
    """What staff see, in the order of docs/staff-guide.md."""

    def shoot(name: str, page: Page, top: Locator | None = None, height: int = HEIGHT) -> None:
        """A picture of the page with `top` at its upper edge, in few colours, so that it stays small."""
        size = page.viewport_size or {"width": 390, "height": HEIGHT}
        page.set_viewport_size({"width": size["width"], "height": height})
        if top is not None:
            top.evaluate("element => scrollTo(0, element.getBoundingClientRect().top + scrollY - 12)")
        page.wait_for_timeout(200)
        path = folder / f"staff-{name}.png"
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        page.set_viewport_size(size)
        print(path, path.stat().st_size)

    running.look = lambda name, page: shoot("second-factor", page, height=880) if name.startswith("partner") else None
    partner, reviewer = running.desk("partner"), running.desk("reviewer")
    shoot("start", partner.go("/admin/"))
    _edit(partner, shoot)
    _decide(running, reviewer, shoot)
    shoot("still-correct", reviewer.go("/staff/freshness/"), reviewer.page.locator("form.checks"), 900)
    translator = running.desk("translator")
    shoot("translate", translator.go(f"/staff/translations/fr/service/{SERVICE}/"), height=980)
    administrator = running.desk("administrator")
    _import(administrator, shoot)
    shoot("publish", reviewer.go("/admin/"), reviewer.page.locator(".start"), 640)
    reviewer.speak("ar")
    shoot("arabic", reviewer.go("/admin/"))


Shoot = Callable[..., None]


def _edit(partner: Desk, shoot: Shoot) -> None:
    """A partner corrects an hour and a phone; the change waits."""
    page = partner.go(f"/admin/directory/service/?q={SERVICE}")
    with page.expect_navigation():
        page.locator("#result_list tbody th a").first.click()
    for day in range(5):
        page.fill(f"#id_hours-{day}-opens", "08:30")
    page.fill("#id_service_contacts-0-value", "+44 1632 960109")
    shoot("hours", page, page.locator("#hours-group"), 620)
    shoot("phone", page, page.locator("#service_contacts-group"), 480)
    partner.press("Save")
    shoot("waits", page, height=560)


def _decide(running: Office, reviewer: Desk, shoot: Shoot) -> None:
    """The reviewer's page of that change, on a phone and on a desktop."""
    page = reviewer.go("/staff/changes/")
    with page.expect_navigation():
        page.locator("ul.cards h2 a").first.click()
    shoot("change", page, height=980)
    shoot("preview", page, page.get_by_role("heading", name="What the bot will say"), 980)
    wide = Desk(
        running, "desktop", storage_state=reviewer.context.storage_state(), viewport={"width": 1280, "height": 860}
    )
    shoot("desktop", wide.go(page.url), height=860)
    reviewer.press("Approve what is ticked")


def _import(desk: Desk, shoot: Shoot) -> None:
    """A list of another organisation, checked but not applied."""
    page = desk.go("/staff/exchange/")
    page.set_input_files("#id_file", {"name": "kitchens.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    page.fill("#id_new_source", "Open Door, list of kitchens")
    desk.press("Upload and look at the columns")
    desk.press("Check the file")
    page.wait_for_selector("ul.counts", timeout=60_000)
    shoot("import", page, height=1150)


if __name__ == "__main__":
    sys.exit(main())
