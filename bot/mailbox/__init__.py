"""The durable mailbox between the programs: what came in, what goes out, and what a conversation remembers."""

from bot.mailbox.doorbell import Doorbell, ring
from bot.mailbox.outgoing import Outbox, Outgoing
from bot.mailbox.store import Answer, Claim, Mailbox, Stored
from bot.mailbox.tallies import Batch, Count

__all__ = ["Answer", "Batch", "Claim", "Count", "Doorbell", "Mailbox", "Outbox", "Outgoing", "Stored", "ring"]
