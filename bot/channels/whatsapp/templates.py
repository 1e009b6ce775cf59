"""`python -m bot.channels.whatsapp.templates`: make the Content templates for buttons and lists, once (`make whatsapp-templates`)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bot.channels.whatsapp.content import NAMES, TemplateError, connection, existing, friendly_name, make
from bot.settings import Settings, settings

__all__ = ["create", "main"]


def create(config: Settings, dry_run: bool = False, say: Callable[[str], object] = print) -> dict[str, str]:
    """Make the templates that are missing and remember all; returns their SIDs by name. Raises TemplateError."""
    if not config.twilio_account_sid or not config.twilio_auth_token:
        raise TemplateError("set twilio_account_sid and twilio_auth_token first (docs/channels/whatsapp.md)")
    found: dict[str, str] = {}
    with connection(config) as client:
        known = dict(existing(client))
        for n, name in enumerate(NAMES, 1):
            sid = known.get(friendly_name(name))
            state = "is there"
            if not sid and dry_run:
                say(f"{n:2}/{len(NAMES)} {friendly_name(name)}: would be made")
                continue
            if not sid:
                sid, state = make(client, name), "made"
            found[name] = sid
            if not dry_run:
                _write(config.path("whatsapp_templates"), {"account": config.twilio_account_sid, "templates": found})
            say(f"{n:2}/{len(NAMES)} {friendly_name(name)}: {state}")
    return found


def _write(file: Path, data: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    new.replace(file)


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m bot.channels.whatsapp.templates [--dry-run]`; returns the exit status."""
    parser = argparse.ArgumentParser(description="Make the Content templates for buttons on WhatsApp.")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be made")
    options = parser.parse_args(arguments)
    config = settings()
    try:
        create(config, options.dry_run)
    except TemplateError as error:
        print(f"Not made: {error}", file=sys.stderr)
        return 1
    if not options.dry_run:
        print(f"Remembered in {config.path('whatsapp_templates')}. Start the sender again to use them.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
