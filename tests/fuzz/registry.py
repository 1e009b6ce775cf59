"""What a target of the fuzzer is: a function of bytes that raises when a promise is broken, and where to begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings

__all__ = ["LONGEST_SECONDS", "TARGETS", "Target", "TooSlow", "from_bytes", "invented", "within"]

LONGEST_SECONDS = 2.0
"""Processor time that one input may take, on a machine that does other things, too, and with the fuzzer's counters in the code."""
QUIET = hypothesis_settings(
    database=None, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.generate)
)


class TooSlow(AssertionError):
    """An input took more processor time than any input may."""


@dataclass(frozen=True)
class Target:
    """One thing that is fuzzed."""

    name: str
    promise: str
    """What must hold for every input, for the table of docs/fuzzing.md."""
    check: Callable[[bytes], None]
    """Raises anything when the promise is broken."""
    seeds: Callable[[], Iterable[bytes]]
    longest: int
    """Bytes of an input at most."""
    share: float
    """Of the time, beside the others'."""
    examples: Callable[[int], None]
    """Tries so many inputs, the same in each run."""
    needs: Callable[[], str]
    """What is missing to run it, in words; empty if nothing is."""
    words: tuple[str, ...] = ()
    """What the fuzzer may put into an input as a whole."""


TARGETS: dict[str, Target] = {}


@contextmanager
def within(seconds: float = LONGEST_SECONDS) -> Iterator[None]:
    """Raises TooSlow if the block takes more processor time."""
    begun = time.process_time()
    yield
    took = time.process_time() - begun
    if took > seconds:
        raise TooSlow(f"{took:.1f} s of processor time")


def _nothing() -> Iterable[bytes]:
    return ()


def _ready() -> str:
    return ""


def from_bytes(
    name: str,
    promise: str,
    seeds: Callable[[], Iterable[bytes]] = _nothing,
    *,
    longest: int = 4096,
    share: float = 1.0,
    needs: Callable[[], str] = _ready,
    words: tuple[str, ...] = (),
) -> Callable[[Callable[[bytes], None]], Callable[[bytes], None]]:
    """A target that takes bytes as they come over the wire or lie in a file."""

    def known(check: Callable[[bytes], None]) -> Callable[[bytes], None]:
        def examples(count: int) -> None:
            from tests.fuzz.mutate import mutants

            for data in mutants(list(seeds()), count, longest):
                check(data)

        TARGETS[name] = Target(name, promise, check, seeds, longest, share, examples, needs, words)
        return check

    return known


def invented(
    name: str,
    promise: str,
    *,
    longest: int = 8192,
    share: float = 1.0,
    needs: Callable[[], str] = _ready,
    **values: Any,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A target that takes values of hypothesis' strategies: the fuzzer's bytes decide which."""

    def known(check: Callable[..., None]) -> Callable[..., None]:
        test = QUIET(given(**values)(check))

        def examples(count: int) -> None:
            hypothesis_settings(QUIET, max_examples=count, derandomize=True)(given(**values)(check))()

        TARGETS[name] = Target(name, promise, test.hypothesis.fuzz_one_input, _nothing, longest, share, examples, needs)
        return check

    return known
