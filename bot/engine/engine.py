"""One turn of a conversation: a message and a memory go in, worded answers and the new memory come out."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

logging.captureWarnings(True)  # dozens at Rasa's import, of old libraries
logging.getLogger("py.warnings").setLevel(logging.ERROR)

import rasa.utils.log_utils  # noqa: E402

rasa.utils.log_utils.configure_structlog(logging.WARNING)  # else Rasa prints every message to stdout (rasa.md, B.1)

from rasa.core.agent import Agent  # noqa: E402
from rasa.core.channels.channel import OutputChannel, UserMessage  # noqa: E402

from bot.engine.action_call import InProcessActions, compile_result_check  # noqa: E402
from bot.engine.memory import MemoryTrackerStore  # noqa: E402
from bot.engine.nlg import CHANNEL, WaypostNlg  # noqa: E402
from bot.engine.positions import located  # noqa: E402
from bot.intents import INTENTS  # noqa: E402
from bot.languages import served  # noqa: E402
from bot.lookup.emergency import GSM  # noqa: E402
from bot.messages import Inbound, Outbound, Reply, Text, choices_token, pressed  # noqa: E402
from bot.replies.labels import intent_of_label  # noqa: E402
from bot.replies.render import word  # noqa: E402

__all__ = ["Engine", "NoModel", "Spare", "Turn", "apology", "load", "newest_model", "where"]

log = logging.getLogger(__name__)


class NoModel(RuntimeError):
    """There is no trained model in the folder; `make train` makes one."""


@dataclass(frozen=True)
class Turn:
    """What came of one message."""

    answers: tuple[Outbound, ...]
    memory: Mapping[str, Any] | None
    """None: the person asked to be forgotten."""
    reports: tuple[Mapping[str, str], ...] = ()
    """What the person told about an entry, for the staff."""
    failed: bool = False
    """Something broke; the answers say so."""


@dataclass
class _Collector(OutputChannel):
    """Collects what Rasa wants to send."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        self.messages.append(message)


def newest_model(folder: Path) -> Path:
    """The newest trained model in that folder. Raises NoModel."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise NoModel(f"no trained model in {folder}: run `make train`")
    return models[-1]


class Engine:
    """The trained agent in this process. One turn at a time."""

    def __init__(self, model: Path) -> None:
        compile_result_check()
        self._store = MemoryTrackerStore()
        self._agent = Agent.load(
            model, generator=WaypostNlg(), tracker_store=self._store, action_endpoint=InProcessActions()
        )
        self._store.domain = self._agent.domain

    async def warm(self) -> None:
        """Load what the first message would wait for: the sentence encoder, the gazetteer, the rules of words."""
        await self.parse("I need a doctor in Athens")

    async def turn(self, message: Inbound, memory: Mapping[str, Any]) -> Turn:
        """Answer one message. Never raises and never stays silent: what breaks becomes an apology in words."""
        collector = _Collector()
        message = located(resolved(message, memory), memory)
        self._store.seed(message.conversation, memory)
        user_message = UserMessage(
            text=defuse(message.text),
            output_channel=collector,
            sender_id=message.conversation,
            input_channel=collector.name(),
            metadata=_metadata(message),
        )
        failed = False
        try:
            await self._agent.handle_message(user_message)
        except Exception as error:  # whatever breaks, the person must not be left in silence
            log.error("a turn broke: %s at %s", type(error).__name__, where(error))
            failed = True
        new_memory = self._store.take(message.conversation)
        answers = [Outbound.from_dict(row) for m in collector.messages for row in m.get("outbounds", ())]
        if not answers and not new_memory.pop("silent", False):
            answers, failed = [apology(message, memory)], True
        if failed:
            new_memory = dict(memory)
        reports = tuple(new_memory.pop("reports", None) or ())
        forget = bool(new_memory.pop("forget", False))
        return Turn(tuple(answers), None if forget else new_memory, reports, failed)

    async def parse(self, text: str) -> dict[str, Any]:
        """What the NLU makes of a text outside of any conversation: the inspection contract's /model/parse."""
        parsed = await self._agent.parse_message(defuse(text))
        ranking = parsed.get("intent_ranking") or []
        intent = parsed.get("intent") or {}
        asks_back = intent.get("name") == "nlu_fallback"
        if asks_back:
            ranking = [row for row in ranking if row["name"] != "nlu_fallback"]
            intent = ranking[0] if ranking else {"name": None, "confidence": 0.0}
        return {
            "text": text,
            "intent": {"name": intent.get("name"), "confidence": intent.get("confidence", 0.0)},
            "intent_ranking": [{"name": row["name"], "confidence": row["confidence"]} for row in ranking],
            "entities": parsed.get("entities") or [],
            "language": parsed.get("language") or {"code": None, "confidence": 0.0},
            "route": parsed.get("route"),
            "asks_back": asks_back,
        }


class Spare:
    """Stands in for an engine that cannot be loaded: whoever writes gets the number to call, and the word to write again."""

    async def warm(self) -> None:
        """Nothing to load."""

    async def turn(self, message: Inbound, memory: Mapping[str, Any]) -> Turn:
        """The apology; the memory stays."""
        return Turn((apology(message, memory),), dict(memory), failed=True)

    async def parse(self, text: str) -> dict[str, Any]:
        """Nothing is understood."""
        nothing = {"name": None, "confidence": 0.0}
        return {"text": text, "intent": nothing, "intent_ranking": [], "entities": [], "route": None, "asks_back": True}


def load(models: Path) -> Engine | Spare:
    """The engine over the newest model of a folder; where that cannot be loaded, one that still gives a number to call."""
    try:
        return Engine(newest_model(models))
    except Exception as error:
        told = error if isinstance(error, NoModel) else f"{type(error).__name__} at {where(error)}; run `make train`"
        log.critical("NO MESSAGE IS UNDERSTOOD, everybody gets a number to call: %s; then start again", told)
        return Spare()


def apology(message: Inbound, memory: Mapping[str, Any]) -> Outbound:
    """What is said when no answer could be made, in the conversation's language if it is known.

    Nobody has understood the message: it may be a cry for help, so a number stands first (safety.md, S17)."""
    codes = {language.code for language in served()}
    language = next((code for code in (memory.get("language"), message.language_hint) if code in codes), "en")
    texts = (Text("protection:call", {"number": {"phone": GSM.number}}), Text("crisis:unverified"), Text("error"))
    reply = Reply("text", texts, data={"error": True, "numbers": [GSM.as_data()]})
    return word(
        reply, language, channel=message.render_as or message.channel, now=datetime.now(timezone.utc), country=None
    )


def defuse(text: str) -> str:
    """The text without leading slashes: what a person types is never a command of the engine (channels.md, decision 4)."""
    return text.strip().lstrip("/").strip()


def resolved(message: Inbound, memory: Mapping[str, Any]) -> Inbound:
    """The message with its meaning, if it is a button of an older message: the words on it count, not its place in a list.

    A button that carries the token of the choices that are open is left as it is."""
    _, token = pressed(message.text) or (0, "")
    if not token or token == choices_token(memory.get("open_choices") or ()):
        return message
    known = [code for code in (memory.get("language"), memory.get("second_language"), "en") if code]
    return replace(
        message,
        text=message.label if message.label.strip() else message.text,
        intent=intent_of_label(message.label, known) or "",
        metadata={**message.metadata, "old_button": True},
    )


def _metadata(message: Inbound) -> dict[str, Any]:
    return {
        "intent": message.intent if message.intent in INTENTS else "",
        "old_button": bool(message.metadata.get("old_button")),
        "channel": message.render_as or message.channel,
        "location": {"lat": message.location.lat, "lon": message.location.lon} if message.location else None,
        "position": message.metadata.get("position"),
        "language_hint": message.language_hint,
        "media": message.media,
        "told_too_much": sorted(
            {"name", "phone", "email", "document", "birth"} & {*message.metadata.get("redacted", ())}
        ),
    }


def where(error: BaseException) -> str:
    """The innermost lines of an exception, without its message, which may quote the person."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
