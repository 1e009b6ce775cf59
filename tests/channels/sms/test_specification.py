"""Everything that we ask of Twilio, for SMS and WhatsApp, against Twilio's own OpenAPI description (tests/peers)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels.base import NotTaken, Part, Refused
from bot.channels.registry import channels
from bot.languages import served
from bot.messages import Outbound
from bot.replies.render import word
from bot.replies.samples import DETAILS, NOW, SERVICES, crisis
from bot.settings import Settings, load
from tests.channels.sms import wire
from tests.channels.whatsapp import wire as whatsapp_wire
from tests.peers import TWILIO_SPEC, prism

WIRES: dict[str, Any] = {"sms": wire, "whatsapp": whatsapp_wire}
SERVICE = "MG" + "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def twilio() -> Iterator[str]:
    with prism(TWILIO_SPEC) as url:
        yield url


def config_of(name: str, api: str, **more: str) -> Settings:
    return load({**WIRES[name].SETTINGS, "WAYPOST_TWILIO_API": api, **more})


def _choices(n: int) -> Outbound:
    return Outbound("menu", "en", "What do you need?", tuple(f"Choice {k}" for k in range(1, n + 1)), token="ab12cd")


MESSAGES: dict[str, Outbound] = {
    "text": Outbound("text", "en", "The clinic is open today."),
    "Arabic": Outbound("text", "ar", "العيادة مفتوحة اليوم."),
    "emoji": Outbound("text", "en", "👩‍👩‍👧‍👦 🆘"),
    "long": Outbound("text", "en", "A sentence that somebody reads. " * 200),
    "lines and choices": Outbound("menu", "en", "One.\n\nTwo?", ("Yes", "No"), token="ab12cd"),
    "percent and quotes": Outbound("menu", "en", """50% of "it" isn't {{1}}""", ("People's", '"No"'), token="ab12cd"),
    "page": Outbound("menu", "en", "More options", ("A", "B", "C", "D"), page=(2, 4), token="ab12cd"),
    **{f"{n} choices": _choices(n) for n in range(1, 13)},
}
ADDRESSES = {"number": wire.ADDRESS, "another of ours": f"{wire.ADDRESS}|+447700900999"}


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("name", WIRES)
async def test_every_message_is_as_twilio_specifies(name: str, message: str, twilio: str) -> None:
    await _send(name, MESSAGES[message], config_of(name, twilio), wire.ADDRESS)


@pytest.mark.parametrize("name", WIRES)
async def test_every_sender_and_every_person(name: str, twilio: str) -> None:
    people = [*ADDRESSES.values(), *(["US.13491208655302741918"] if name == "whatsapp" else [])]
    for address in people:
        for more in ({}, {f"WAYPOST_{name.upper()}_FROM": SERVICE}, {"WAYPOST_ANSWER_MINUTES": "1"}):
            await _send(name, _choices(2), config_of(name, twilio, **more), address)


@pytest.mark.parametrize("name", WIRES)
async def test_real_replies_in_every_language(name: str, twilio: str) -> None:
    for language in served():
        for reply in (SERVICES, DETAILS, crisis("112")):
            outbound = word(reply, language.code, channel=name, now=NOW, country="GR")
            await _send(name, outbound, config_of(name, twilio), wire.ADDRESS)


async def _send(name: str, outbound: Outbound, config: Settings, address: str) -> None:
    client = channels()[name].client(config)
    try:
        for part in client.parts(outbound):
            assert (await client.send(address, part, 7)).startswith(("SM", "MM"))
    finally:
        await client.close()


async def test_the_specification_is_watched(twilio: str) -> None:
    """What is wrong is refused: the peer looks at what it gets."""
    client = channels()["whatsapp"].client(config_of("whatsapp", twilio))
    client._templates = dict.fromkeys(client._templates, "HX1")  # type: ignore[attr-defined]
    (part,) = client.parts(_choices(2))
    with pytest.raises(Refused, match="422"):
        await client.send(wire.ADDRESS, part, 7)
    await client.close()
    client = channels()["sms"].client(config_of("sms", twilio, WAYPOST_PUBLIC_URL="not an address"))
    with pytest.raises(Refused, match="422"):
        await client.send(wire.ADDRESS, Part("hi"), 7)
    await client.close()
    config = config_of("sms", twilio, WAYPOST_TWILIO_ACCOUNT_SID="AC1")
    client = channels()["sms"].client(config)
    with pytest.raises((Refused, NotTaken)):
        await client.send(wire.ADDRESS, Part("hi"), 7)
    await client.close()
