"""Which language to answer in: what the person chose, what they write, and when to change it without being asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Decision", "decide"]

SURE = 0.9
"""Confidence of the language model from which a whole sentence changes the conversation's language."""
LIKELY = 0.5
"""Confidence from which the first message sets the conversation's language, against what the browser asks for."""
ENOUGH_WORDS = 3
"""Shorter messages ("ok", "merci", a name) never change it (architecture.md, decision 5)."""


@dataclass(frozen=True)
class Decision:
    """The language of the answer."""

    language: str
    switched: bool = False
    """It changed without being asked: the answer says so and offers the way back."""


def decide(
    current: str | None,
    detected: str | None,
    confidence: float,
    words: int,
    hint: str,
    served: Collection[str],
    *,
    understood: bool = True,
) -> Decision:
    """The language of the next answer.

    `current` is the conversation's language so far (None at the first message), `detected` what the language model
    makes of this one (None if it abstains), `hint` what the browser or app asks for. A message that was not `understood`
    may be no language at all (gibberish, a name): only a sure language counts then.
    """
    known = detected if detected in served else None
    if current is None:
        if known and confidence >= (LIKELY if understood else SURE):
            return Decision(known)
        return Decision(hint if hint in served else (known if understood and known else "en"))
    if known and known != current and confidence >= SURE and words >= ENOUGH_WORDS:
        return Decision(known, switched=True)
    return Decision(current)
