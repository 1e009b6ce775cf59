"""A message with its choices as numbers, for channels without buttons: number n picks choice n, none is dropped (pages.py)."""

from __future__ import annotations

from bot.messages import Outbound, Text
from bot.replies.catalogue import Ready, wording
from bot.replies.sms import plain

__all__ = ["as_text", "choice_lines", "details_choices"]


def details_choices(outbound: Outbound) -> int:
    """How many choices, from the first, are the details of the numbered cards, here or in a message before of the same answer."""
    own = (card["number"] for card in outbound.cards if card.get("number") is not None)
    numbers = [*range(1, outbound.numbered + 1), *own]
    count = 0
    for n, label in zip(numbers, outbound.choices):
        if n != count + 1 or label != wording(Text("choice:details", {"n": n}), outbound.language):
            break
        count += 1
    return count


def choice_lines(outbound: Outbound) -> list[str]:
    """The choices of the page, each with its number; those for details in one line: the cards bear their numbers already."""
    first, end = outbound.page or (0, len(outbound.choices))
    details = details_choices(outbound)
    lines = []
    if details and not first:
        numbers = "1" if details == 1 else f"1-{details}"
        lines.append(wording(Text("choice:details_range", {"range": Ready(numbers)}), outbound.language))
    start = max(first, details)
    lines += [f"{n}. {label}" for n, label in enumerate(outbound.choices[start:end], start + 1)]
    return lines


def as_text(outbound: Outbound, channel: str) -> str:
    """The whole message as one text. On SMS without empty lines: each costs."""
    lines = choice_lines(outbound)
    if not lines:
        return outbound.text
    if channel == "sms":
        lines = [plain(line) for line in lines]
    between = "\n" if channel == "sms" else "\n\n"
    return between.join(part for part in (outbound.text, "\n".join(lines)) if part)
