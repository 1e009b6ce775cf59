"""Logs say what happened, never to whom or in which words: also at DEBUG, in errors, and from libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.settings import ROOT

MARK = "ZZSENTINEL"
BEGIN = "import logging\nfrom bot.logs import configure\nconfigure('DEBUG')\nlog = logging.getLogger('bot.test')\n"

CASES = [
    # (name, program, what must stand there)
    ("an error's words", f"try:\n    raise ValueError('{MARK}')\nexcept ValueError:\n    log.exception('broke')", "ValueError"),
    (
        "an error behind an error",
        f"try:\n    try:\n        raise KeyError('{MARK}')\n    except KeyError as e:\n        raise RuntimeError('{MARK}') from e\n"
        "except RuntimeError:\n    log.exception('broke')",
        "KeyError",
    ),
    ("an error that ends the program", f"raise ValueError('{MARK}')", "ended by an error"),
    ("a library at DEBUG", f"logging.getLogger('httpx').debug('{MARK}')\nlog.debug('here')", "here"),
    ("Rasa at DEBUG", f"logging.getLogger('rasa.core.processor').debug('{MARK}')\nlog.debug('here')", "here"),
    (
        "Rasa's structured log",
        "import bot.engine.engine, structlog\n"
        f"structlog.get_logger().debug('processor', text='{MARK}')\n"
        f"structlog.get_logger().info('processor', text='{MARK}')\nlog.debug('here')",
        "here",
    ),
    ("a number", "log.warning('to %s', '+447700900123')", "to …"),
    ("an e-mail address", "log.warning('to omar@example.org')", "to …"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "there"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_nothing_of_a_person_is_logged(program: str, there: str) -> None:
    result = subprocess.run(
        [sys.executable, "-c", BEGIN + program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    whole = result.stdout + result.stderr
    assert there in whole, whole
    assert MARK not in whole and "447700900123" not in whole and "omar@" not in whole
