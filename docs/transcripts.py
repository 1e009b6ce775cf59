"""Writes docs/transcripts/<channel>.md: one conversation as a person sees it on each channel (`make prepare` first): `python docs/transcripts.py`.

The real servers answer; Telegram and Twilio are stood in for by the peers of the tests (Node is needed).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.replies import sms
from bot.settings import settings
from tests.e2e.phones import Phone, Seen, phones

CONVERSATION = (
    "i need a lawyer",
    "Athens",
    "1",
    "should i go to germany",
    "boat is sinking we are 30",
    "محتاج دكتور، أنا بأثينا",
)
TITLES = {
    "web": "The web page",
    "telegram": "Telegram",
    "whatsapp": "WhatsApp (without Content templates: choices are numbers)",
    "sms": "SMS",
}


def shown(seen: Seen, channel: str) -> str:
    """One message in Markdown: what the person wrote to the right, what came back as a block."""
    if seen.mine:
        return f"**You:** {seen.text}\n"
    parts = [f"```\n{seen.text}\n```"]
    if seen.buttons:
        parts.append("Buttons: " + " ".join(f"`{label}`" for label in seen.buttons))
    if channel == "sms":
        cost = sms.segments(seen.text)
        parts.append(f"*{len(seen.text)} characters, {sms.encoding(seen.text)}, {cost} segment{'s' * (cost > 1)}*")
    return "\n\n".join(parts) + "\n"


def page(phone: Phone) -> str:
    """The transcript of one phone."""
    head = f"# {TITLES[phone.name]}\n\nMade by `python docs/transcripts.py` from the sample directory: these places are not real.\n"
    return "\n".join((head, *(shown(seen, phone.name) for seen in phone.screen)))


def main() -> int:
    """Command line; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs/transcripts", help="where the pages go")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    config = settings()
    environment = {
        "WAYPOST_PLACES": str(config.path("places")),
        "WAYPOST_MODELS": str(config.path("models")),
        "WAYPOST_DEMO": "1",
        "PYTHONPATH": str(ROOT),
    }
    with (
        tempfile.TemporaryDirectory() as var,
        phones(Path(var), config.path("var"), config.path("snapshot"), environment) as everyone,
    ):
        for phone in (everyone.web(), everyone.telegram(), everyone.whatsapp(), everyone.sms()):
            for text in CONVERSATION:
                phone.say(text)
            out = folder / f"{phone.name}.md"
            out.write_text(page(phone), encoding="utf-8")
            print(f"wrote {out.relative_to(ROOT) if out.is_relative_to(ROOT) else out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
