"""What looks like a message in a language that was learnt, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from bot.nlu.familiar import Familiar

LEARNT = Familiar.train(["i need a doctor for my son", "where can we sleep tonight", "محتاج دكتور لابني"])


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("doctor", True),
        ("i need docter", True),
        ("DOCTOR!!", True),
        ("دكتور", True),
        ("", True),
        ("...", True),
        ("xkcjv wqpfz", False),
        ("zzqx bbrt kkp", False),
        ("ሓኪም የድልየኒ ኣሎ", False),
    ],
)
def test_known(text: str, known: bool) -> None:
    assert LEARNT.knows(text) is known


def test_survives_as_an_array() -> None:
    assert Familiar(np.asarray(LEARNT.runs.tolist(), dtype=np.uint32)).share("doctor") == 1.0
