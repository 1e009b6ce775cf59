"""What decides first: one table for each rule of bot/nlu/router.py, in four languages."""

from __future__ import annotations

from typing import Any

import pytest

from bot.nlu.classifier import Classified
from bot.nlu.router import FALLBACK, Heard, Router

ROUTER = Router()
CHOICES = [
    {"label": "Athens, Greece", "intent": "give_location", "entities": {"place": {"id": "geonames:264371"}}},
    {"label": "Athènes, Géorgie", "intent": "give_location", "entities": {"place": {"id": "geonames:4180386"}}},
    {"label": "طعام", "intent": "find_food", "entities": {}},
]
PLACE = {"entity": "place", "value": "Tripoli", "start": 0, "end": 7, "candidates": []}


def classified(intent: str = "find_food", confidence: float = 0.9, sure: bool = True) -> Classified:
    others = tuple(
        (name, 0.02) for name in ("find_water_hygiene", "greet", "info_rights", "find_work") if name != intent
    )
    return Classified(intent, confidence, ((intent, confidence), *others), sure)


def heard(text: str, **known: Any) -> Heard:
    return Heard(text, **{"classified": classified(), **known})


@pytest.mark.parametrize("text", ["", "2", "menu", "i am hungry"])
def test_location_goes_first(text: str) -> None:
    routed = ROUTER.route(heard(text, location={"lat": 37.98, "lon": 23.73}, choices=CHOICES))
    assert (routed.intent, routed.confidence, routed.route) == ("give_location", 1.0, "location")
    assert routed.entities == [{"entity": "location", "value": {"lat": 37.98, "lon": 23.73}}]


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("1", 0),
        ("2.", 1),
        ("(3)", 2),
        ("2️⃣", 1),
        ("٢", 1),
        ("۳", 2),
        ("২", 1),
        ("२", 1),
        ("፪", 1),
        ("nr 2", 1),
        ("two", 1),
        ("the second one", 1),
        ("اتنين", 1),
        ("رقم ٣", 2),
        ("deux", 1),
        ("n° 3", 2),
        ("dos", 1),
        ("la tercera", 2),
        ("choice:2", 1),
        ("ATHENS GREECE", 0),
        ("athenes georgie", 1),
        ("الطعام"[2:], 2),
    ],
)
def test_open_choices(text: str, picked: int) -> None:
    routed = ROUTER.route(heard(text, choices=CHOICES))
    choice = CHOICES[picked]
    assert (routed.intent, routed.confidence, routed.route) == (choice["intent"], 1.0, "choice")
    assert routed.entities == [{"entity": name, "value": value} for name, value in choice["entities"].items()]


@pytest.mark.parametrize("text", ["4", "٩", "choice:7", "99"])
def test_a_number_that_picks_nothing(text: str) -> None:
    routed = ROUTER.route(heard(text, choices=CHOICES))
    assert (routed.intent, routed.route) == (FALLBACK, "empty")


@pytest.mark.parametrize("text", ["one", "deux", "dos", "the first"])
def test_number_words_mean_nothing_without_choices(text: str) -> None:
    assert ROUTER.route(heard(text)).route == "classifier"


@pytest.mark.parametrize("text", ["0", "٠", "۰", "0️⃣", "(0)"])
@pytest.mark.parametrize("choices", [[], CHOICES])
def test_zero_is_the_menu(text: str, choices: list[dict[str, Any]]) -> None:
    routed = ROUTER.route(heard(text, choices=choices))
    assert (routed.intent, routed.route) == ("ask_menu", "command")


@pytest.mark.parametrize(
    ("text", "intent", "entities"),
    [
        ("menu", "ask_menu", []),
        ("STOP", "unsubscribe", []),
        ("المزيد", "more_results", []),
        ("oui", "affirm", []),
        ("más", "more_results", []),
        ("🆘", "emergency_danger", []),
        ("عربي", "change_language", [{"entity": "language", "value": "ar"}]),
        ("en español por favor", "change_language", [{"entity": "language", "value": "es"}]),
    ],
)
@pytest.mark.parametrize("choices", [[], CHOICES])
def test_commands(text: str, intent: str, entities: list[dict[str, Any]], choices: list[dict[str, Any]]) -> None:
    routed = ROUTER.route(heard(text, choices=choices, entities=[PLACE], whole_place=True))
    assert (routed.intent, routed.confidence, routed.route) == (intent, 1.0, "command")
    assert routed.entities == entities
    assert routed.ranking[0] == (intent, 1.0) and len(routed.ranking) == len(dict(routed.ranking)) <= 5


@pytest.mark.parametrize(
    ("known", "route"),
    [
        ({"whole_place": True, "classified": classified("find_community", 0.4)}, "place"),
        ({"whole_place": True, "classified": classified("greet", 0.9)}, "place"),
        ({"whole_place": True, "classified": classified("find_health_care", 0.7)}, "classifier"),
        ({"whole_place": True, "classified": classified("find_health_care", 0.7), "question": "place"}, "place"),
        ({"whole_place": True, "classified": classified("disclose_gbv", 0.5)}, "place"),
        ({"whole_place": True, "classified": classified("disclose_gbv", 0.85)}, "classifier"),
        ({"whole_place": True, "classified": classified("disclose_gbv", 0.85), "question": "place"}, "classifier"),
        ({"whole_place": False, "classified": classified("disclose_gbv", 0.5), "question": "place"}, "classifier"),
        ({"whole_place": False, "classified": classified("give_feedback", 0.4)}, "classifier"),
        ({"whole_place": False, "classified": classified("give_feedback", 0.4), "question": "place"}, "place"),
        ({"whole_place": False, "classified": classified("ask_privacy", 0.8), "question": "place"}, "classifier"),
    ],
)
@pytest.mark.parametrize("text", ["Tripoli", "i am in Tripoli", "à Tripoli", "أنا بطرابلس", "estoy en Trípoli"])
def test_places(text: str, known: dict[str, Any], route: str) -> None:
    routed = ROUTER.route(heard(text, entities=[PLACE], **known))
    assert routed.route == route
    assert routed.intent == ("give_location" if route == "place" else known["classified"].intent)
    assert routed.entities == [PLACE]


@pytest.mark.parametrize("text", ["", "???", "....", "😂", "12345", "+33 6 12 34 56 78", "\u200f", "choice:1"])
@pytest.mark.parametrize("found", [None, classified()])
def test_nothing_to_read(text: str, found: Classified | None) -> None:
    routed = ROUTER.route(Heard(text, found))
    assert (routed.intent, routed.route, routed.entities) == (FALLBACK, "empty", [])


@pytest.mark.parametrize("text", ["i have not eaten", "ما أكلت من مبارح", "jai rien mangé", "no he comido nada"])
def test_the_classifier_goes_last(text: str) -> None:
    routed = ROUTER.route(heard(text, choices=CHOICES, entities=[PLACE]))
    assert (routed.intent, routed.confidence, routed.route) == ("find_food", 0.9, "classifier")
    assert routed.entities == [PLACE]


def test_the_bot_asks_back() -> None:
    routed = ROUTER.route(heard("help with the thing", classified=classified("find_work", 0.2, sure=False)))
    assert (routed.intent, routed.route) == (FALLBACK, "classifier")
    assert [name for name, _ in routed.ranking[:2]] == [FALLBACK, "find_work"]
    assert routed.ranking[0][1] > routed.ranking[1][1]


@pytest.mark.parametrize(
    ("text", "named"),
    [("can you write to me in arabic", ["ar"]), ("pas anglais, arabe svp merci", []), ("another language please", [])],
)
def test_language_that_a_sentence_names(text: str, named: list[str]) -> None:
    routed = ROUTER.route(heard(text, classified=classified("change_language")))
    assert [entity["value"] for entity in routed.entities] == named


@pytest.mark.parametrize(
    ("confidence", "need", "known", "intent"),
    [
        (0.46, 0.2, {"entities": [PLACE]}, "find_health_care"),
        (0.46, 0.1, {"entities": [PLACE]}, "give_location"),
        (0.75, 0.2, {"entities": [PLACE]}, "give_location"),
        (0.46, 0.2, {"entities": []}, "give_location"),
        (0.46, 0.2, {"entities": [PLACE], "whole_place": True}, "give_location"),
    ],
)
def test_a_need_beside_a_place(confidence: float, need: float, known: dict[str, Any], intent: str) -> None:
    ranking = (("give_location", confidence), ("find_health_care", need))
    guess = Classified("give_location", confidence, ranking, True)
    routed = ROUTER.route(heard("mtoto wangu ana homa niko Tripoli", classified=guess, **known))
    assert routed.intent == intent
