"""Settings: where they come from, what is refused, and that each is documented."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from bot.settings import ROOT, Settings, SettingsError, load


@pytest.mark.parametrize(
    ("environ", "name", "value"),
    [
        ({}, "bot_port", 5005),
        ({"BOT_PORT": "6001"}, "bot_port", 6001),
        ({"WAYPOST_BOT_PORT": "6002", "BOT_PORT": "6001"}, "bot_port", 6002),
        ({"DIRECTORY_PORT": "9000"}, "directory_port", 9000),
        ({"WAYPOST_PRODUCTION": "yes"}, "production", True),
        ({"WAYPOST_INSPECTION": "0"}, "inspection", False),
        ({"WAYPOST_VAR": "/srv/waypost"}, "snapshot", Path("/srv/waypost/snapshot/snapshot.sqlite")),
        ({"WAYPOST_VAR": "/srv/waypost", "WAYPOST_SNAPSHOT": "/x.sqlite"}, "snapshot", Path("/x.sqlite")),
        ({"WAYPOST_VAR": "/srv/waypost"}, "mailbox_url", "sqlite:////srv/waypost/mailbox.sqlite3"),
    ],
)
def test_environment_over_default(environ: dict[str, str], name: str, value: object) -> None:
    assert getattr(load(environ), name) == value


def test_file_over_default_and_under_environment(tmp_path: Path) -> None:
    file = tmp_path / "waypost.toml"
    file.write_text('operator = "Test Society"\nbot_port = 7000\n')
    assert load({}, file).operator == "Test Society"
    assert load({"BOT_PORT": "7001"}, file).bot_port == 7001


@pytest.mark.parametrize(
    ("environ", "toml", "says"),
    [
        ({"BOT_PORT": "many"}, "", "BOT_PORT"),
        ({"BOT_PORT": "70000"}, "", "not a port"),
        ({"WAYPOST_PRODUCTION": "perhaps"}, "", "neither yes nor no"),
        ({}, "colour = 1\n", "no such setting"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(tmp_path: Path, environ: dict[str, str], toml: str, says: str) -> None:
    file = tmp_path / "waypost.toml"
    file.write_text(toml)
    with pytest.raises(SettingsError, match=says):
        load(environ, file)


@pytest.mark.parametrize("name", [field.name for field in fields(Settings)])
def test_every_setting_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (ROOT / "docs/settings.md").read_text(encoding="utf-8")
