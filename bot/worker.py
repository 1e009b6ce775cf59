"""The worker: claims a message, asks the engine, writes the answer. One process, one turn at a time.

Several workers may run; the mailbox gives each a message of another sender. Being killed at any moment loses
nothing: the claim is given back when the worker comes up again, or taken over after `turn_timeout_seconds`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import time
from collections.abc import Mapping
from typing import Any

from bot.counting import counts, day
from bot.engine.engine import Engine, Spare, Turn, apology, load
from bot.logs import configure
from bot.mailbox import Claim, Count, Doorbell, Mailbox, ring
from bot.messages import Inbound, Outbound
from bot.production import before_start
from bot.replies.reviews import unsaid
from bot.settings import Settings, settings

__all__ = ["PARSE", "Worker", "main"]

log = logging.getLogger(__name__)

PARSE = "parse"
"""Pseudo-channel of the inspection contract: the text is only parsed, nothing is remembered."""
MAX_ATTEMPTS = 3
"""A message with which a worker died so often gets an apology instead of another try."""


WATCHED = ("web", "rest", PARSE)
"""Channels where somebody looks at the screen until the answer is there. Every second message is one of theirs if one waits, so that a
thousand SMS do not keep a page waiting, nor a thousand pages an SMS."""
STOPPED = "unsubscribed"
"""Topic of the answer to "stop" (`actions.conversation.Unsubscribe`), after which nothing is sent but answers."""
URGENT = frozenset({"crisis", "protection", STOPPED})
"""Kinds and topics of answers that are given whatever a sender has written before."""
LASTING = frozenset({"language", "second_language", "chosen_language", "place", "said"})
"""What of a conversation's memory outlasts a long silence: how to speak with the person, and where they are."""


def lasting(memory: Mapping[str, Any]) -> dict[str, Any]:
    """The memory without what was asked, found and offered: after `memory_minutes` a bare "2" must not open an old list."""
    return {name: value for name, value in memory.items() if name in LASTING}


class Worker:
    """Takes messages from the mailbox until it is stopped."""

    def __init__(self, engine: Engine | Spare, mailbox: Mailbox, config: Settings, name: str) -> None:
        self.engine = engine
        self.mailbox = mailbox
        self.config = config
        self.name = name
        self.bells = config.path("var") / "run"
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Finish the turn at hand and end."""
        self._stop.set()

    async def run(self) -> None:
        """Work until `stop`."""
        released = self.mailbox.release(self.name)
        if released:
            log.info("%s: %d messages of a worker that died are taken up again", self.name, released)
        bell = Doorbell(self.bells, self.name)
        log.info("%s: ready", self.name)
        watched = False
        try:
            while not self._stop.is_set():
                watched = not watched
                first = WATCHED if watched else ()
                claim = self.mailbox.claim(self.name, self.config.turn_timeout_seconds, first)
                if claim is None:
                    await bell.wait(0.5)
                    continue
                await self.answer(claim)
        finally:
            bell.close()

    async def answer(self, claim: Claim) -> None:
        """Answer one claimed message."""
        message = claim.inbound
        memory = lasting(claim.memory) if claim.silence > self.config.memory_minutes * 60 else claim.memory
        started = time.monotonic()
        if message.channel == PARSE:
            turn = Turn((Outbound(PARSE, "", "", custom=await self.engine.parse(message.text)),), {})
        elif claim.attempts > MAX_ATTEMPTS:
            log.error("message %d is given up after %d attempts", claim.id, claim.attempts - 1)
            turn = Turn((apology(message, memory),), memory, failed=True)
        elif message.crowd:
            turn = await self._in_a_crowd(message, memory)
        else:
            turn = await self.engine.turn(message, memory)
        counted = self._counted(claim, memory, turn) if message.channel != PARSE else []
        stop = any(answer.custom.get("topic") == STOPPED for answer in turn.answers)
        if not self.mailbox.finish(
            claim, turn.answers, turn.memory, turn.reports, counted, day(time.time()), stop=stop
        ):
            log.warning("message %d was answered by another worker in the meantime", claim.id)
            return
        ring(self.bells, "gateway", message.conversation)
        ring(self.bells, "sender", message.conversation)
        log.debug("message %d answered in %.0f ms", claim.id, (time.monotonic() - started) * 1000)

    async def _in_a_crowd(self, message: Inbound, memory: Mapping[str, Any]) -> Turn:
        """The turn of somebody with many unanswered messages (`bot.messages.Crowd`): a call for help is answered as ever,
        "stop" and "delete my data" are obeyed, and nothing else changes what is remembered."""
        if message.crowd == "flood":
            return Turn((apology(message, memory),), memory, failed=True)
        turn = await self.engine.turn(message, memory)
        heard = {answer.custom.get(name) for answer in turn.answers for name in ("kind", "topic")}
        if turn.failed or turn.memory is None or heard & URGENT:
            return turn
        return Turn((apology(message, memory),) if message.crowd == "first" else (), memory)

    def _counted(self, claim: Claim, memory: Mapping[str, Any], turn: Turn) -> list[Count]:
        """What is counted of the turn. That counting breaks must keep nobody from an answer."""
        begun = not claim.memory or claim.silence > self.config.memory_minutes * 60
        try:
            return counts(claim, memory, turn, time.time() - claim.received_at, begun=begun)
        except Exception as error:
            log.error("a turn was not counted: %s", type(error).__name__)
            return []


async def _run(worker: Worker) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, worker.stop)
    await worker.engine.warm()
    await worker.run()


def main() -> None:
    """`python -m bot.worker --name worker-1`"""
    parser = argparse.ArgumentParser(description="Waypost's worker: answers what the mailbox holds.")
    parser.add_argument("--name", default="worker-1", help="name of this worker, unique among those that run")
    arguments = parser.parse_args()
    config = settings()
    configure(config.log_level)
    before_start(config)
    missing = unsaid("en")
    if missing:
        log.error(
            "texts=%s: %d English texts have not been read by people yet, and English is what is said where a translation may"
            " not be: sign them with `python -m bot.replies.reviews sign en`, or set texts=draft", config.texts, len(missing)
        )  # fmt: skip
        raise SystemExit(2)
    engine = load(config.path("models"))
    asyncio.run(_run(Worker(engine, Mailbox(config.mailbox_url), config, arguments.name)))


if __name__ == "__main__":
    main()
