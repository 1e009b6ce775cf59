"""Content templates: what they are, the command that makes them, the file, and what is sent without them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.channels.registry import channels
from bot.channels.whatsapp import client as client_module
from bot.channels.whatsapp import content, templates
from bot.channels.whatsapp.content import NAMES, TemplateError, definition, friendly_name, load, variables
from bot.channels.whatsapp.templates import create
from bot.messages import Outbound
from bot.settings import Settings
from bot.settings import load as load_settings
from tests.channels.provider import Provider, closed_url
from tests.channels.whatsapp import wire

MENU = Outbound("menu", "en", "What do you need?", ("Shelter", "Doctor"), token="ab12cd")


def sid(n: int) -> str:
    return f"HX{n:032x}"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider(wire.OK) as provider:
        yield provider


def config_of(tmp_path: Path, api: str, **more: str) -> Settings:
    own = {"WAYPOST_TWILIO_API": api, "WAYPOST_WHATSAPP_TEMPLATES": str(tmp_path / "new" / "templates.json")}
    return load_settings({**wire.SETTINGS, **own, **more})


# --- what they are ------------------------------------------------------------------------------------------------------------


def test_one_for_each_number_of_choices() -> None:
    assert len(NAMES) == 13 and len({friendly_name(name) for name in NAMES}) == 13


@pytest.mark.parametrize("name", NAMES)
def test_a_definition_is_as_twilio_describes_it(name: str) -> None:
    made = definition(name)
    kind, count = name.split("-")
    ((content_type, content),) = made["types"].items()
    assert content_type == {"quick": "twilio/quick-reply", "list": "twilio/list-picker"}[kind]
    rows = content["actions" if kind == "quick" else "items"]
    assert len(rows) == int(count) and content["body"] == "{{1}}"
    assert all(set(row) == ({"title", "id"} if kind == "quick" else {"item", "id"}) for row in rows)
    used = re.findall(r"\{\{(\w+)\}\}", json.dumps(content))
    assert sorted(used) == sorted(made["variables"]) and len(set(used)) == len(used), "a variable lacks or comes twice"
    assert all(value and "\n" not in value for value in made["variables"].values())
    assert made["language"] == "en" and made["friendly_name"] == friendly_name(name)


@pytest.mark.parametrize("name", NAMES)
def test_the_values_fill_every_variable_of_the_definition(name: str) -> None:
    count = int(name.split("-")[1])
    labels, ids = [f"Label {n}" for n in range(count)], [f"choice:{n}:ab12cd" for n in range(count)]
    values = variables(name, "Choose", labels, ids, "Menu")
    made = definition(name)
    assert sorted(values) == sorted(made["variables"])
    text = re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], json.dumps(made["types"]))
    content = next(iter(json.loads(text).values()))
    rows = content.get("actions") or content["items"]
    assert [(row.get("title") or row["item"], row["id"]) for row in rows] == list(zip(labels, ids))
    assert content["body"] == "Choose" and content.get("button", "Menu") == "Menu"


# --- the command --------------------------------------------------------------------------------------------------------------


def test_all_are_made_and_remembered(provider: Provider, tmp_path: Path) -> None:
    none = {"json": {"contents": [], "meta": {"next_page_url": None}}}
    made = [{"status": 201, "json": {"sid": sid(n), "friendly_name": "x"}} for n in range(1, 14)]
    provider.tell({"status": 500}, [none, *made])
    config = config_of(tmp_path, provider.url)
    said: list[str] = []
    found = create(config, say=said.append)
    assert found == {name: sid(n) for n, name in enumerate(NAMES, 1)} == load(config)
    assert [(r.method, r.path) for r in provider.requests] == [("GET", "/v1/Content")] + [("POST", "/v1/Content")] * 13
    assert [request.body for request in provider.requests[1:]] == [definition(name) for name in NAMES]
    assert all(request.headers["authorization"].startswith("Basic ") for request in provider.requests)
    assert len(said) == 13 and said[0] == " 1/13 waypost-quick-1-v1: made"


def test_what_is_there_is_not_made_again(provider: Provider, tmp_path: Path) -> None:
    rows = [{"sid": sid(n), "friendly_name": friendly_name(name)} for n, name in enumerate(NAMES, 1)]
    first = {"json": {"contents": rows[:7], "meta": {"next_page_url": "https://content.twilio.com/v1/Content?Page=1&PageToken=x"}}}  # fmt: skip
    second = {"json": {"contents": [*rows[7:12], {"sid": "broken"}, None], "meta": {}}}
    provider.tell({"status": 500}, [first, second, {"status": 201, "json": {"sid": sid(13)}}])
    assert create(config_of(tmp_path, provider.url), say=lambda line: None)["list-10"] == sid(13)
    assert [request.method for request in provider.requests] == ["GET", "GET", "POST"]
    assert provider.requests[1].query == {"Page": "1", "PageToken": "x"}, "it left the address of the settings"


def test_a_dry_run_makes_nothing(provider: Provider, tmp_path: Path) -> None:
    provider.tell({"json": {"contents": [{"sid": sid(1), "friendly_name": friendly_name("quick-1")}]}})
    config = config_of(tmp_path, provider.url)
    said: list[str] = []
    create(config, dry_run=True, say=said.append)
    assert {request.method for request in provider.requests} == {"GET"} and load(config) == {}
    assert "is there" in said[0] and all("would be made" in line for line in said[1:])


def test_a_break_in_the_middle_keeps_what_was_made(provider: Provider, tmp_path: Path) -> None:
    answers = [{"json": {"contents": []}}, {"status": 201, "json": {"sid": sid(1)}}, {"status": 503, "text": ""}]
    provider.tell({"status": 500}, answers)
    config = config_of(tmp_path, provider.url)
    with pytest.raises(TemplateError, match="503"):
        create(config, say=lambda line: None)
    assert load(config) == {"quick-1": sid(1)}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"status": 401, "json": {"code": 20003, "message": "Authenticate"}}, "twilio_auth_token"),
        ({"status": 429, "json": {"code": 20429}}, "wait a minute"),
        ({"status": 400, "json": {"code": 21656, "message": "bad"}}, "21656: the template's variables"),
        ({"status": 500, "text": "<html>"}, "Twilio answers 500"),
        ({"status": 200, "text": "<html>"}, "Twilio answers 200"),
        ({"status": 200, "json": []}, "Twilio answers 200"),
        ({"drop": True}, "cannot be reached"),
    ],
)
def test_errors_say_what_to_do(
    answer: dict[str, Any], says: str, provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    provider.tell(answer)
    monkeypatch.setattr(templates, "settings", lambda: config_of(tmp_path, provider.url))
    assert templates.main([]) == 1
    out = capsys.readouterr()
    assert says in out.err and wire.TOKEN not in out.err + out.out and "Traceback" not in out.err


def test_no_answer_at_all_and_no_credentials(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="cannot be reached"):
        create(config_of(tmp_path, closed_url()))
    with pytest.raises(TemplateError, match="twilio_account_sid"):
        create(config_of(tmp_path, closed_url(), WAYPOST_TWILIO_ACCOUNT_SID=""))


def test_the_command_ends_well(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"sid": sid(n), "friendly_name": friendly_name(name)} for n, name in enumerate(NAMES, 1)]
    provider.tell({"json": {"contents": rows}})
    monkeypatch.setattr(templates, "settings", lambda: config_of(tmp_path, provider.url))
    assert templates.main([]) == 0 and "templates.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        ("https://api.twilio.com", "https://content.twilio.com"),
        ("https://api.dublin.ie1.twilio.com", "https://content.twilio.com"),
        ("http://127.0.0.1:4010/", "http://127.0.0.1:4010"),
    ],
)
def test_where_templates_are_made(api: str, expected: str, tmp_path: Path) -> None:
    assert content.content_api(config_of(tmp_path, api)) == expected


# --- the file -----------------------------------------------------------------------------------------------------------------

GOOD = {"account": wire.ACCOUNT, "templates": {"quick-1": sid(1), "unknown-7": sid(7)}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (json.dumps(GOOD), {"quick-1": sid(1)}),
        (json.dumps({**GOOD, "account": "AC" + "0" * 32}), {}),
        (json.dumps({**GOOD, "templates": {"quick-1": "SM1"}}), {}),
        (json.dumps({**GOOD, "templates": {"quick-1": None}}), {}),
        (json.dumps({"account": wire.ACCOUNT}), {}),
        ("[]", {}),
        ("null", {}),
        ("{", {}),
        ("\xff", {}),
        (None, {}),
    ],
)
def test_a_file_that_is_not_right_means_numbers(text: str | None, found: dict[str, str], tmp_path: Path) -> None:
    config = config_of(tmp_path, closed_url())
    file = config.path("whatsapp_templates")
    if text is not None:
        file.parent.mkdir(parents=True)
        file.write_bytes(text.encode("latin-1"))
    assert load(config) == found


# --- what is sent -------------------------------------------------------------------------------------------------------------


async def test_without_templates_choices_are_numbers(provider: Provider, tmp_path: Path) -> None:
    client = channels()["whatsapp"].client(config_of(tmp_path, provider.url))
    for part in client.parts(MENU):
        await client.send(wire.ADDRESS, part, 7)
    await client.close()
    assert [request.body["Body"] for request in provider.requests] == ["What do you need?\n\n1. Shelter\n2. Doctor"]


async def _sent(client: Any, provider: Provider) -> list[str]:
    """Send the menu once; what was tried: `template` or `text`."""
    before = len(provider.requests)
    for part in client.parts(MENU):
        await client.send(wire.ADDRESS, part, 7)
    return ["template" if "ContentSid" in request.body else "text" for request in provider.requests[before:]]


@pytest.mark.parametrize(
    ("code", "next_time"),
    [(20404, ["text"]), (21655, ["text"]), (92006, ["text"]), (21656, ["template"]), (63005, ["template"])],
)
async def test_a_template_that_is_gone_is_left_alone_for_ten_minutes(
    code: int, next_time: list[str], provider: Provider
) -> None:
    """A fault of the template is one of every message, a fault of its words only of this."""
    client = channels()["whatsapp"].client(load_settings({**wire.SETTINGS, "WAYPOST_TWILIO_API": provider.url}))
    provider.tell(wire.OK, [{"status": 400, "json": {"code": code, "message": ""}}])
    assert await _sent(client, provider) == ["template", "text"]
    assert await _sent(client, provider) == next_time
    client._aside_until = {name: until - client_module.ASIDE for name, until in client._aside_until.items()}
    assert await _sent(client, provider) == ["template"]
    await client.close()


async def test_the_parts_do_not_change_while_a_template_is_left_alone(provider: Provider) -> None:
    """A message that was interrupted goes on with its second part, whatever happened to the template meanwhile."""
    client = channels()["whatsapp"].client(load_settings({**wire.SETTINGS, "WAYPOST_TWILIO_API": provider.url}))
    long = Outbound("menu", "en", "Hello.\n\nWhat do you need?", ("Shelter", "Doctor"), token="ab12cd")
    before = client.parts(long)
    provider.tell(wire.OK, [{"status": 404, "json": {"code": 20404}}])
    await client.send(wire.ADDRESS, before[1], 7)
    assert client.parts(long) == before and len(before) == 2
    await client.close()


async def test_a_template_is_found_in_twilios_list_by_its_body(provider: Provider) -> None:
    client = channels()["whatsapp"].client(load_settings({**wire.SETTINGS, "WAYPOST_TWILIO_API": provider.url}))
    (part,) = client.parts(MENU)
    row = {"sid": "MM1", "direction": "outbound-api", "date_created": None}
    for body in ("What do you need?", "What do you need?\n\n1. Shelter\n2. Doctor"):
        provider.tell({"json": {"messages": [{**row, "body": body}]}})
        assert await client.was_taken(wire.ADDRESS, part, 0) == "MM1"
    await client.close()
