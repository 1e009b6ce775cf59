"""The state of each text: who has read it, voided by any edit; what may be said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.messages import Choice, Reply, Text
from bot.replies import catalogue, reviews
from bot.replies.render import with_a_person
from bot.replies.reviews import Reviews, has_drafts, needs_two, sign, text_hash, unsaid
from bot.replies.samples import LANGUAGES
from bot.replies.texts import sources
from bot.settings import settings

SOURCE, WORDS = "Call {number} now.", "Appelez le {number} maintenant."


def known(key: str, words: str = WORDS, **people: list[str]) -> Reviews:
    return Reviews({key: {"hash": text_hash(SOURCE, words), **people}})


@pytest.mark.parametrize(
    ("key", "people", "state"),
    [
        ("menu", {}, "draft"),
        ("menu", {"reviewed": ["Ana"]}, "reviewed"),
        ("menu", {"approved": ["Ana"]}, "approved"),
        ("crisis:call", {"reviewed": ["Ana", "Ben"]}, "reviewed"),
        ("crisis:call", {"approved": ["Ana"]}, "reviewed"),
        ("crisis:call", {"approved": ["Ana", "Ana"]}, "reviewed"),
        ("crisis:call", {"approved": ["Ana", "Ben"]}, "approved"),
        ("neutral:migration", {"approved": ["Ana"]}, "reviewed"),
        ("protection:believe", {"approved": ["Ana"]}, "reviewed"),
        ("privacy:police", {"approved": ["Ana"]}, "reviewed"),
    ],
)
def test_states(key: str, people: dict[str, list[str]], state: str) -> None:
    assert known(key, **people).state(key, SOURCE, WORDS) == state


@pytest.mark.parametrize(
    ("source", "words", "kept"),
    [
        (SOURCE, WORDS, True),
        (SOURCE, "  Appelez le {number}  maintenant. ", True),
        (SOURCE, "Appelez le {number} maintenant !", False),
        (SOURCE, "appelez le {number} maintenant.", False),
        ("Call {number} at once.", WORDS, False),
    ],
)
def test_any_edit_voids_what_people_said(source: str, words: str, kept: bool) -> None:
    found = known("menu", approved=["Ana"])
    assert (found.state("menu", source, words) == "approved") is kept


def test_signing_and_reading_back(tmp_path: Path) -> None:
    keys = sign("fr", "Ana, teacher", ["crisis:"], True, tmp_path)
    assert keys and all(key.startswith("crisis:") for key in keys)
    sign("fr", "Ben", ["crisis:call"], True, tmp_path)
    found = Reviews.read(reviews.path_of("fr", tmp_path))
    texts, english = reviews.texts_of("fr"), sources()
    states = {key: found.state(key, english[key], texts[key]) for key in keys}
    assert states.pop("crisis:call") == "approved" and set(states.values()) == {"reviewed"}
    with pytest.raises(ValueError, match="name"):
        sign("fr", " ", [], False, tmp_path)
    with pytest.raises(ValueError, match="nothing_like_it"):
        sign("fr", "Ana", ["nothing_like_it"], False, tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "reviews.yml"
    path.write_text("menu: {approved: [Ana]}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="reviews"):
        Reviews.read(path)


@pytest.mark.parametrize("code", LANGUAGES)
def test_nobodys_review_is_invented(code: str) -> None:
    """Until people sign: every text is a draft, and the bot says so."""
    assert has_drafts(code) or reviews.path_of(code).exists()


@pytest.fixture()
def approval_required(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Reviews]]:
    """The setting `texts=approved`, with reviews that a test may fill by language."""
    signed: dict[str, Reviews] = {}
    strict = replace(settings(), texts="approved")
    monkeypatch.setattr(reviews, "settings", lambda: strict)
    monkeypatch.setattr(reviews, "reviews", lambda code: signed.get(code, Reviews({})))
    catalogue.reload()
    yield signed
    catalogue.reload()


def everything(code: str) -> Reviews:
    english = sources()
    texts = reviews.texts_of(code)
    return Reviews(
        {key: {"hash": text_hash(english[key], words), "approved": ["Ana", "Ben"]} for key, words in texts.items()}
    )


def test_what_is_not_approved_is_said_in_the_second_language_or_in_english(approval_required: dict) -> None:
    approval_required["en"] = everything("en")
    assert catalogue.translation("greeting", "fr", "es") == "Hello. What do you need?"
    approval_required["es"] = everything("es")
    catalogue.reload()
    assert catalogue.spoken("greeting", "fr", "es")[1] == "es"
    approval_required["fr"] = everything("fr")
    catalogue.reload()
    assert catalogue.spoken("greeting", "fr", "es")[1] == "fr"
    assert unsaid("fr") == [] and unsaid("ti")


def test_who_is_answered_in_another_language_is_offered_a_person(approval_required: dict) -> None:
    approval_required["en"] = everything("en")
    reply = Reply("text", (Text("thanks"),))
    assert [choice.intent for choice in with_a_person(reply, "ti").choices] == ["talk_to_human"]
    assert with_a_person(reply, "en") == reply
    asked = Reply("text", (Text("thanks"),), (), (Choice(Text("menu:person"), "talk_to_human"),))
    assert with_a_person(asked, "ti") == asked


def test_two_people_where_harm_is_worst() -> None:
    assert {key for key in sources() if key.startswith(("crisis:", "protection:", "neutral:"))} <= {
        key for key in sources() if needs_two(key)
    }
