"""`make chat`: talk to the running bot in a terminal, through the inspection contract."""

from __future__ import annotations

import argparse
import secrets
import sys
from typing import Any

import httpx

from bot.settings import settings

__all__ = ["main"]

HELP = """Write as a person would. Numbers pick a choice. Commands of this terminal:
  :at 37.98 23.73   share a location      :as sms|whatsapp|telegram|web   how answers are rendered
  :new              another person        :raw   also show what kind of message it is      :q   quit"""


def show(message: dict[str, Any], raw: bool) -> None:
    """Print one answer."""
    print("\n" + message["text"])
    for number, button in enumerate(message.get("buttons", ()), 1):
        print(f"  [{number}] {button['title']}")
    if raw:
        print(f"  {message.get('custom')}")


def main() -> int:
    """Read lines until end of input. Returns the exit code."""
    config = settings()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=f"http://{config.bot_host}:{config.bot_port}", help="where the bot runs")
    parser.add_argument("--channel", default="web", help="how answers are rendered: web, sms, whatsapp, telegram")
    arguments = parser.parse_args()
    sender, channel, raw = secrets.token_hex(8), arguments.channel, False
    print(HELP)
    with httpx.Client(base_url=arguments.url, timeout=40) as client:
        while True:
            try:
                line = input("\n> ").strip()
            except (EOFError, KeyboardInterrupt):
                return 0
            metadata: dict[str, Any] = {"channel": channel}
            word, _, rest = line.partition(" ")
            if word == ":q":
                return 0
            if word == ":new":
                sender = secrets.token_hex(8)
                continue
            if word == ":raw":
                raw = not raw
                continue
            if word == ":as":
                channel = rest.strip() or "web"
                continue
            if word == ":at":
                try:
                    lat, lon = (float(part) for part in rest.replace(",", " ").split())
                except ValueError:
                    print("write two numbers: latitude and longitude")
                    continue
                metadata["location"], line = {"lat": lat, "lon": lon}, ""
            try:
                response = client.post(
                    "/webhooks/rest/webhook", json={"sender": sender, "message": line, "metadata": metadata}
                )
            except httpx.ConnectError:
                print(f"Nothing answers at {arguments.url}: start it with `make run`.", file=sys.stderr)
                return 1
            if response.status_code != 200:
                print(f"The bot refused this: {response.json().get('error', response.text)}", file=sys.stderr)
                continue
            for message in response.json():
                show(message, raw)


if __name__ == "__main__":
    sys.exit(main())
