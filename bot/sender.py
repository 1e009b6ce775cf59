"""The sender: takes what the outbox holds for the channels that are set up, and gives it to their providers.

Each channel has a lane of its own, so one whose provider is slow or down keeps nobody else waiting. In a lane the messages
of one person go out one after the other, those of different people at the same time, as fast as the provider allows.

What becomes of a message that fails depends on one question: may the provider have taken it? (docs/decisions/0010)
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timezone
from functools import lru_cache

from aiolimiter import AsyncLimiter
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Client, NotTaken, OptedOut, Part, Refused, SendError, Throttled, Unknown
from bot.channels.registry import ready
from bot.languages import served
from bot.logs import configure
from bot.mailbox import Doorbell, Outbox, Outgoing
from bot.mailbox.outgoing import REPLY
from bot.messages import Outbound, Reply, Text
from bot.production import before_start
from bot.replies.render import word
from bot.settings import Settings, settings

__all__ = ["Lane", "late", "main"]

log = logging.getLogger(__name__)

NAME = "sender"
LOOK_EVERY = 2.0
"""Seconds after which a lane looks by itself whether something is due."""
TIDY_EVERY = 5.0
"""Seconds between two looks for what was left lying or is too old."""
LONGEST_PAUSE = 30.0
"""Seconds between two questions to a provider that is down."""
REMEMBERED = 10_000
"""People whose pace a lane remembers."""
URGENT = frozenset({"crisis", "protection"})
"""Kinds, with all their messages, that are sent once more where nobody can know whether they were taken: twice costs less than never."""
ASK_AFTER = 12.0
"""Seconds after which a provider lists what it has taken."""


@lru_cache(maxsize=8)
def late(channel: str) -> dict[str, Outbound]:
    """What is said, by language, where an answer could not be sent in time."""
    now = datetime.now(timezone.utc)
    reply = Reply("text", (Text("late"),), data={"late": True})
    return {known.code: word(reply, known.code, channel=channel, now=now, country=None) for known in served()}


class Lane:
    """One channel's messages on their way out."""

    def __init__(self, channel: str, client: Client, outbox: Outbox, config: Settings) -> None:
        self.channel = channel
        self.client = client
        self.outbox = outbox
        self.config = config
        self.event = asyncio.Event()
        self._pace = AsyncLimiter(max(1.0, client.per_second), max(1.0, 1 / client.per_second))
        self._people: OrderedDict[str, AsyncLimiter] = OrderedDict()
        self._underway: dict[int, asyncio.Task[None]] = {}
        """Tasks by the row that they send."""
        self._down = False
        self._stopping = asyncio.Event()
        self._next_look = 0.0

    async def run(self) -> None:
        """Send until `stop`."""
        while not self._stopping.is_set():
            if self._down:
                await self._until_reachable()
                continue
            self.event.clear()
            try:
                seconds = await self._step()
            except Exception as error:  # the database is locked or away: nothing is lost, look again
                log.error("%s: the outbox cannot be read: %s", self.channel, type(error).__name__)
                seconds = LOOK_EVERY
            if seconds:
                await _pause(self.event, seconds)

    async def stop(self) -> None:
        """Let what is under way end, up to twenty seconds, and close the connections."""
        self._stopping.set()
        self.event.set()
        if self._underway:
            await asyncio.wait(self._underway.values(), timeout=20)
        await self.client.close()

    async def _step(self) -> float:
        """Start what is due; returns the seconds until something may be due again, 0 if there may be more now."""
        await self._tidy()
        room = self.client.at_once - len(self._underway)
        found = await asyncio.to_thread(self.outbox.claim, NAME, self.channel, room) if room > 0 else []
        for outgoing in found:
            self._start(outgoing)
        if found:
            return 0.0
        due = await asyncio.to_thread(self.outbox.next_due, self.channel)
        return LOOK_EVERY if due is None else min(LOOK_EVERY, max(0.05, due - time.time()))

    def _start(self, outgoing: Outgoing) -> None:
        task = asyncio.create_task(self._deliver(outgoing))
        self._underway[outgoing.id] = task
        task.add_done_callback(lambda _: self._ended(outgoing.id))

    def _ended(self, row: int) -> None:
        self._underway.pop(row, None)
        self.event.set()

    async def _tidy(self) -> None:
        """Now and then: take up what was left lying, give up what is too old."""
        longest = self.config.answer_minutes * 60
        if time.monotonic() < self._next_look:
            return
        for outgoing in await asyncio.to_thread(self.outbox.take_up, NAME, self.channel, list(self._underway)):
            log.warning("%s: message %d was being sent when the sender or its database died", self.channel, outgoing.id)
            self._start(outgoing)
        gone = await asyncio.to_thread(self.outbox.give_up, self.channel, time.time() - longest, late(self.channel))
        if gone:
            log.warning("%s: %d messages were too old to be sent", self.channel, gone)
        self._next_look = time.monotonic() + min(TIDY_EVERY, longest / 10)

    # --- one message ------------------------------------------------------------------------------------------------------

    async def _deliver(self, outgoing: Outgoing) -> None:
        try:
            await self._send(outgoing)
        except SQLAlchemyError as error:  # what is left lying is taken up when the database is there again
            log.error("%s: message %d waits for the database: %s", self.channel, outgoing.id, type(error).__name__)
        except Exception as error:  # a fault of ours: never silence, never a loop
            log.error("%s: message %d broke: %s", self.channel, outgoing.id, type(error).__name__)
            await asyncio.to_thread(self.outbox.failed, outgoing.id, f"broke: {type(error).__name__}")

    async def _send(self, outgoing: Outgoing) -> None:
        if not outgoing.address:
            await asyncio.to_thread(self.outbox.failed, outgoing.id, "no address, or sealed with another key")
            return
        if await asyncio.to_thread(self.outbox.stopped, outgoing.conversation, outgoing.priority):
            if outgoing.priority == REPLY:
                await asyncio.to_thread(self.outbox.stop, self.channel, outgoing.conversation)
            else:
                await asyncio.to_thread(self.outbox.failed, outgoing.id, "opted out")
            return
        parts = self.client.parts(outgoing.outbound)
        at = outgoing.parts
        if at >= len(parts):  # it was laid out in more parts when it was begun
            await asyncio.to_thread(self.outbox.failed, outgoing.id, "its parts have changed; the last may be missing")
            return
        if outgoing.uncertain:
            settled = await self._settle(outgoing, parts[at], at, len(parts), outgoing.created_at)
            if not settled:
                return
            at = settled - 1
        for number in range(at, len(parts)):
            if not await self._send_part(outgoing, parts[number], number + 1, len(parts)):
                return

    async def _send_part(self, outgoing: Outgoing, part: Part, number: int, of: int) -> bool:
        """Send one part; False if the message is not to go on now."""
        async with self._person(outgoing.conversation), self._pace:
            pass
        if self._down:
            await self._again(outgoing, 0.0, "the provider takes nothing")
            return False
        if not await asyncio.to_thread(self.outbox.sending, outgoing.id):
            return False
        started = time.time()
        try:
            identifier = await self.client.send(outgoing.address, part, outgoing.id)
        except Throttled as error:
            log.info("%s: told to wait %.1f s", self.channel, error.wait)
            await self._again(outgoing, error.wait, error.reason)
            return False
        except NotTaken as error:
            await self._again(outgoing, 0.0, error.reason)
            self._pause(error)
            return False
        except OptedOut as error:
            await asyncio.to_thread(self.outbox.failed, outgoing.id, error.reason)
            await asyncio.to_thread(self.outbox.stop, self.channel, outgoing.conversation)
            return False
        except Refused as error:
            log.error("%s: message %d was refused: %s", self.channel, outgoing.id, error.reason)
            await asyncio.to_thread(self.outbox.failed, outgoing.id, error.reason)
            return False
        except Unknown as error:
            self._pause(error)
            settled = await self._settle(outgoing, part, number - 1, of, started)
            return bool(settled)
        await self._taken(outgoing, part, identifier, number, of)
        return True

    async def _taken(self, outgoing: Outgoing, part: Part, identifier: str, number: int, of: int) -> None:
        counts: Mapping[str, int] = {
            f'outbox_parts_total{{channel="{self.channel}"}}': 1,
            **self.client.counts(part, outgoing.outbound),
        }
        await asyncio.to_thread(self.outbox.taken, outgoing.id, identifier, number, counts, last=number >= of)

    async def _again(self, outgoing: Outgoing, seconds: float, reason: str) -> None:
        await asyncio.to_thread(self.outbox.again, outgoing.id, time.time() + seconds, reason)

    async def _settle(self, outgoing: Outgoing, part: Part, sent: int, of: int, since: float) -> int:
        """What becomes of part number `sent` + 1, of which nobody knows whether it was taken.

        Returns the number of the next part, or 0 if the message has ended or waits."""
        identifier = await self._ask(outgoing, part, since)
        if identifier:
            await self._taken(outgoing, part, identifier, sent + 1, of)
            return sent + 2
        kind = outgoing.outbound.custom.get("part_of", outgoing.outbound.kind)
        if identifier == "" or (kind in URGENT and outgoing.attempts < 2):
            await self._again(outgoing, 0.0, "not taken" if identifier == "" else "sent again: nobody knows")
            return 0
        log.error("%s: nobody knows whether message %d was taken; it is not sent again", self.channel, outgoing.id)
        await asyncio.to_thread(self.outbox.failed, outgoing.id, f"unknown whether taken (part {sent + 1} of {of})")
        return 0

    async def _ask(self, outgoing: Outgoing, part: Part, since: float) -> str | None:
        """Ask the provider, once it is there again; None if it cannot tell."""
        while not self._stopping.is_set():
            with contextlib.suppress(SendError):
                await asyncio.sleep(max(0.0, since + ASK_AFTER - time.time()) if self.client.can_tell else 0.0)
                return await self.client.was_taken(outgoing.address, part, since)
            if time.time() - outgoing.created_at > self.config.answer_minutes * 60:
                return None
            await _pause(self._stopping, 5.0)
        return None

    # --- the provider ----------------------------------------------------------------------------------------------------------

    def _person(self, conversation: str) -> AsyncLimiter:
        limiter = self._people.pop(conversation, None) or AsyncLimiter(*self.client.per_person)
        self._people[conversation] = limiter
        while len(self._people) > REMEMBERED:
            self._people.popitem(last=False)
        return limiter

    def _pause(self, error: SendError) -> None:
        if not self._down:
            log.error("%s: the provider takes nothing now: %s; messages wait", self.channel, error.reason)
            self._down = True

    async def _until_reachable(self) -> None:
        pause = 1.0
        while not self._stopping.is_set():
            try:
                await self.client.reachable()
                log.info("%s: the provider is there again", self.channel)
                self._down = False
                return
            except SendError as error:
                log.warning("%s: still not: %s; asking again in %.0f s", self.channel, error.reason, pause)
            except Exception as error:
                log.error("%s: asking the provider broke: %s", self.channel, type(error).__name__)
            with contextlib.suppress(SQLAlchemyError):
                await self._tidy()
            await _pause(self._stopping, pause)
            pause = min(LONGEST_PAUSE, pause * 2)


async def _pause(event: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until something happens."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


async def serve(config: Settings, stopping: asyncio.Event) -> None:
    """Send for all channels that are set up, until `stopping`."""
    outbox = Outbox(config.mailbox_url)
    lanes = [Lane(name, channel.client(config), outbox, config) for name, channel in ready(config).items()]
    log.info("sending for %s", ", ".join(lane.channel for lane in lanes) or "no channel")
    running = [asyncio.create_task(work) for lane in lanes for work in (lane.run(), _greet(lane))]
    bell = Doorbell(config.path("var") / "run", NAME)
    try:
        while not stopping.is_set():
            rung = asyncio.create_task(bell.wait(60))
            ended = asyncio.create_task(stopping.wait())
            await asyncio.wait({rung, ended}, return_when=asyncio.FIRST_COMPLETED)
            for task in (rung, ended):
                task.cancel()
            for lane in lanes:
                lane.event.set()
    finally:
        bell.close()
        await asyncio.gather(*(lane.stop() for lane in lanes))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        outbox.close()


async def _greet(lane: Lane) -> None:
    """Say at the start whether the provider knows us."""
    try:
        await lane.client.reachable()
        log.info("%s: the provider accepts our credentials", lane.channel)
    except SendError as error:
        log.error("%s: %s (`make channel-check` tells more)", lane.channel, error.reason)
    except Exception as error:
        log.error("%s: asking the provider broke: %s", lane.channel, type(error).__name__)


async def _run(config: Settings) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await serve(config, stopping)


def main() -> None:
    """`python -m bot.sender`"""
    config = settings()
    configure(config.log_level)
    before_start(config)
    asyncio.run(_run(config))


if __name__ == "__main__":
    main()
