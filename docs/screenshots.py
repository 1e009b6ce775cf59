"""Makes the screenshots of the README from the running bot (`make run` first): `python docs/screenshots.py`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.e2e.chat_page import ChatPage, chromium

SHOTS = {
    "chat-ar": ("ar-SY", ["محتاج محامي ببلاش، أنا بأثينا"], None),
    "chat-es": ("es-MX", ["necesito donde dormir hoy con mis 2 hijos"], (14.91, -92.26)),
    "chat-en-crisis": ("en-GB", ["boat is sinking we are 30"], None),
}
"""Name: the browser's language, what the person writes, and where they share to be."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:5005", help="where the bot runs")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs/images", help="where the pictures go")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for name, (locale, texts, location) in SHOTS.items():
            options = {"permissions": ["geolocation"]} if location else {}
            with ChatPage(
                browser, arguments.url, locale=locale, viewport={"width": 390, "height": 1150}, **options
            ) as chat:
                for text in texts:
                    chat.ask(text)
                if location:
                    chat.share_location(*location)
                    chat.wait_for_answer()
                chat.page.evaluate("() => document.querySelector('.message.you')?.scrollIntoView()")
                chat.page.wait_for_timeout(300)
                chat.screenshot(arguments.folder / f"{name}.png")
                print(arguments.folder / f"{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
