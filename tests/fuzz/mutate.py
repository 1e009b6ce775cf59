"""Inputs for a smoke test without a fuzzer: the seeds, and each of them damaged in some ways, the same in every run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

__all__ = ["mutants"]

_PIECES = (
    b"\0", b"\xff", b"\xed\xa0\xbd", "\u202e".encode(), "\u0301".encode() * 50, b"9" * 400, b"-1", b"1e999", b"nan",
    b"[" * 300, b'{"a":' * 200, b"<!DOCTYPE x>", b"../../", b"=cmd()", b"\\ud800", b"%00", b"' OR 1=1 --",
)  # fmt: skip


def mutants(seeds: Sequence[bytes], count: int, longest: int) -> Iterator[bytes]:
    """At most `count` inputs of at most `longest` bytes; seeds first."""
    dice = random.Random(20261125)
    yield from (seed[:longest] for seed in seeds[:count])
    for _ in range(max(0, count - len(seeds))):
        data = bytearray(dice.choice(seeds) if seeds and dice.random() < 0.9 else dice.randbytes(dice.randrange(200)))
        for _step in range(dice.randrange(1, 6)):
            at = dice.randrange(len(data) + 1)
            kind = dice.randrange(4)
            if kind == 0:
                data[at:at] = dice.choice(_PIECES)
            elif kind == 1:
                del data[at : at + dice.randrange(1, 40)]
            elif kind == 2 and at < len(data):
                data[at] = dice.randrange(256)
            else:
                data[at:at] = data[at : at + dice.randrange(1, 40)]
        yield bytes(data[:longest])
