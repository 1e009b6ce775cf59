"""Command words of whole messages."""

from __future__ import annotations

import pytest

from bot.languages import served
from bot.nlu.commands import Command, Commands, commands


@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("MENU", "ask_menu"),
        ("help!", "ask_menu"),
        ("القائمة", "ask_menu"),
        ("aide", "ask_menu"),
        ("ayudaaa", "ask_menu"),
        ("Stoooop", "unsubscribe"),
        ("توقف", "unsubscribe"),
        ("arrêtez", "unsubscribe"),
        ("baja", "unsubscribe"),
        ("more", "more_results"),
        ("كمان", "more_results"),
        ("المَزيد", "more_results"),
        ("encore", "more_results"),
        ("mas", "more_results"),
        ("details", "ask_service_details"),
        ("العنوان", "ask_service_details"),
        ("détails", "ask_service_details"),
        ("dirección", "ask_service_details"),
        ("yes", "affirm"),
        ("ايوه", "affirm"),
        ("oui", "affirm"),
        ("Sí", "affirm"),
        ("no", "deny"),
        ("لا", "deny"),
        ("non", "deny"),
        ("hola", "greet"),
        ("سلام", "greet"),
        ("thanks", "thanks"),
        ("sos", "emergency_danger"),
        ("النجدة", "emergency_danger"),
        ("au secours !", "emergency_danger"),
        ("socorro", "emergency_danger"),
        ("🆘", "emergency_danger"),
        ("🙏🆘", "emergency_danger"),
        ("👋🏽", "greet"),
        ("👍🏿👍🏿", "affirm"),
        ("🙏", "thanks"),
        ("❤️", "thanks"),
    ],
)
def test_words(typed: str, intent: str) -> None:
    command = commands().command(typed)
    assert command is not None
    assert (command.intent, command.language) == (intent, None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("english", "en"),
        ("English please", "en"),
        ("in english please", "en"),
        ("انكليزي", "en"),
        ("anglais svp", "en"),
        ("en inglés por favor", "en"),
        ("عربي", "ar"),
        ("بالعربي", "ar"),
        ("باللغة العربية لو سمحت", "ar"),
        ("arabic", "ar"),
        ("bel 3arabi", "ar"),
        ("en arabe", "ar"),
        ("hablo árabe", "ar"),
        ("Français", "fr"),
        ("francais svp", "fr"),
        ("parlez-vous français ?", "fr"),
        ("فرنسي", "fr"),
        ("french", "fr"),
        ("ESPAÑOL", "es"),
        ("espanol por favor", "es"),
        ("switch to spanish", "es"),
        ("اسباني", "es"),
    ],
)
def test_language_names(typed: str, code: str) -> None:
    command = commands().command(typed)
    assert command is not None
    assert (command.intent, command.language) == ("change_language", code)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "???",
        "😂",
        "france",
        "en france",
        "stop beating me",
        "i need more food",
        "no money",
        "je suis français et vous",
        "an arabic interpreter for the hospital",
        "menu del restaurante",
        "معلم عربي للاولاد",
    ],
)
def test_not_commands(typed: str) -> None:
    assert commands().command(typed) is None


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("can you write to me in arabic please", ["ar"]),
        ("pas anglais, arabe", ["en", "ar"]),
        ("ممكن نحكي بالعربي", ["ar"]),
        ("i live in france", []),
    ],
)
def test_languages_in(typed: str, codes: list[str]) -> None:
    assert commands().languages_in(typed) == codes


@pytest.mark.parametrize("language", served(), ids=lambda language: language.code)
def test_every_served_language_is_called_by_its_own_name(language) -> None:
    command = commands().command(language.name)
    assert command is not None and command.language == language.code


@pytest.mark.parametrize(
    ("commands", "message"),
    [
        ({"no_such_intent": ["a"]}, "no_such_intent"),
        ({"greet": ["hey"], "goodbye": ["Hey!"]}, "Hey!"),
    ],
)
def test_damaged_data_is_refused(commands: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Commands({"en": {"commands": commands}}, served())


def test_the_language_of_the_conversation_decides_between_two_meanings() -> None:
    known = Commands({"en": {"commands": {"greet": ["ave"]}}, "fr": {"commands": {"goodbye": ["avé"]}}}, served())
    assert [known.command("ave", code) for code in ("en", "fr", "es", None)] == [
        Command("greet"),
        Command("goodbye"),
        None,
        None,
    ]
