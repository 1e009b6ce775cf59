"""`make channel-check`: what works and what is missing, for each channel that is set up. Asks the providers, changes nothing."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from bot.channels.base import Channel, Finding
from bot.channels.registry import channels
from bot.logs import configure
from bot.settings import Settings, SettingsError, settings

__all__ = ["findings", "main"]

MOST_SECONDS = 60.0


async def findings(channel: Channel, config: Settings) -> list[Finding]:
    """What there is to say about a channel that is set up."""
    problems = [Finding(False, problem) for problem in channel.problems(config)]
    if problems:
        return problems
    try:
        return await asyncio.wait_for(channel.check(config), MOST_SECONDS)
    except asyncio.TimeoutError:
        return [
            Finding(False, f"no answer within {MOST_SECONDS:.0f} s", "see whether this machine reaches the internet")
        ]
    except Exception as error:
        return [Finding(False, f"the check broke: {type(error).__name__}", "please report it")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; exit status 0 if every channel that is set up works, 1 if one does not, 2 for a bad setting."""
    parser = argparse.ArgumentParser(prog="python -m bot.channel_check", description=__doc__)
    parser.add_argument("channel", nargs="*", help="only these channels")
    wanted = parser.parse_args(arguments).channel
    unknown = [name for name in wanted if name not in channels()]
    if unknown:
        print(f"no channel {', '.join(unknown)}; there are {', '.join(channels())}", file=sys.stderr)
        return 2
    try:
        config = settings()
    except SettingsError as error:
        print(f"A setting cannot be used: {error}", file=sys.stderr)
        return 2
    configure("WARNING")
    bad = False
    for name, channel in channels().items():
        if wanted and name not in wanted:
            continue
        if not channel.configured(config):
            print(f"{name}: not set up (docs/channels/{name}.md)")
            continue
        print(f"{name}:")
        for finding in asyncio.run(findings(channel, config)):
            bad = bad or not finding.ok
            print(f"  {'ok ' if finding.ok else 'NOT'} {finding.what}")
            if finding.cure:
                print(f"      -> {finding.cure}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
