"""What a turn costs: p50 and p95, and whether turn 200 of one conversation costs what turn 5 costs.

Runs the engine in this process over the trained model, the published snapshot and the gazetteer (`make prepare`).
The promise is a ratio within this run: median of turns 196-205 at most 1.3 times that of turns 3-12.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import sys
import time

from bot.engine.engine import Engine, newest_model
from bot.messages import Inbound, Location
from bot.settings import settings

CONVERSATIONS, TURNS = 5, 205
SCRIPT = (
    "i need food in athens",
    "2",
    "more",
    "how does asylum work here",
    "محتاج محامي ببلاش، أنا بأثينا",
    "1",
    "je cherche un médecin à Tunis",
    "merci",
    "should i go to germany",
    "menu",
)
LIMIT = 1.3


async def main() -> int:
    config = settings()
    started = time.perf_counter()
    engine = Engine(newest_model(config.path("models")))
    print(f"engine loaded in {time.perf_counter() - started:.1f} s")
    times: list[list[float]] = [[] for _ in range(TURNS)]
    await engine.turn(Inbound("rest", "warm", "0", text=SCRIPT[0]), {})
    for conversation in range(CONVERSATIONS):
        memory: dict = {}
        for turn in range(TURNS):
            message = Inbound("rest", f"c{conversation}", str(turn), text=SCRIPT[turn % len(SCRIPT)], render_as="web")
            if turn == 0:
                message = Inbound("rest", f"c{conversation}", "0", location=Location(37.98, 23.73), render_as="web")
            started = time.perf_counter()
            result = await engine.turn(message, memory)
            times[turn].append((time.perf_counter() - started) * 1000)
            assert not result.failed, message.text
            memory = dict(result.memory or {})
    print(f"memory of a conversation after {TURNS} turns: {len(json.dumps(memory))} bytes of JSON")
    flat = sorted(t for row in times for t in row)
    early = statistics.median(t for row in times[2:12] for t in row)
    late = statistics.median(t for row in times[195:205] for t in row)
    print(f"turn: p50 {flat[len(flat) // 2]:.1f} ms, p95 {flat[int(len(flat) * 0.95)]:.1f} ms, worst {flat[-1]:.1f} ms")
    print(
        f"median of turns 3-12: {early:.1f} ms; of turns 196-205: {late:.1f} ms; ratio {late / early:.2f} (at most {LIMIT})"
    )
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    return 0 if late / early <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
