"""First conversations through the real gateway, mailbox, engine and directory (the list of the first milestone)."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.conftest import Servers

pytestmark = pytest.mark.e2e

ATHENS, BELGRADE, TAPACHULA = (37.98, 23.73), (44.81, 20.46), (14.91, -92.26)
LANGUAGES = ("en", "ar", "fr", "es")


def kinds(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["custom"]["kind"] for answer in answers]


def test_arabic_legal_aid_in_athens(servers: Servers) -> None:
    answer = servers.person().one("محتاج محامي ببلاش، أنا بأثينا")
    services = answer["custom"]["services"]
    assert answer["custom"]["kind"] == "services" and answer["language"] == "ar"
    assert len(services) == 3 and all(s["id"].startswith("gr-athens-legal") for s in services)
    distances = [s["distance_km"] for s in services]
    assert distances == sorted(distances), "nearest first"
    text = answer["text"]
    assert "أثينا" in text
    for service in services:
        for phone in service["phones"]:
            digits = re.sub(r"\D", "", phone)
            assert digits in re.sub(r"[^\d\n]", "", text), "the phone of the record is in the text"
        assert service["verified_on"]


def test_spanish_shelter_asks_once_then_a_pin_answers(servers: Servers) -> None:
    person = servers.person()
    question = person.say("necesito donde dormir hoy con mis 2 hijos")
    assert [a["custom"] for a in question if a["custom"]["kind"] == "question"] == [
        {"kind": "question", "slot": "place"}
    ]
    found = person.one(location=TAPACHULA)
    assert found["custom"]["kind"] == "services" and found["language"] == "es"
    first = [s["id"] for s in found["custom"]["services"]]
    assert 2 <= len(first) <= 3
    details = person.one("2")
    assert details["custom"]["details"] is True
    assert [s["id"] for s in details["custom"]["services"]] == [first[1]]
    more = person.one("más")
    assert more["custom"]["kind"] in ("services", "text")
    if more["custom"]["kind"] == "services":
        assert not set(first) & {s["id"] for s in more["custom"]["services"]}


def test_french_lost_brother_reaches_family_links_in_two_steps(servers: Servers) -> None:
    person = servers.person()
    steps = person.say("je cherche mon frère, on s'est perdu à la frontière")
    if "services" not in kinds(steps):
        assert kinds(steps)[0] == "question"
        steps = person.say("Tunis")
    services = [s for a in steps if a["custom"]["kind"] == "services" for s in a["custom"]["services"]]
    assert services and "family" in services[0]["id"]


def test_which_tripoli(servers: Servers) -> None:
    person = servers.person()
    answer = person.one("i am in Tripoli need doctor")
    assert answer["custom"]["kind"] == "question" and answer["custom"]["slot"] == "place"
    titles = [b["title"] for b in answer["buttons"]]
    assert any("Libya" in t for t in titles) and any("Lebanon" in t for t in titles)
    libya = next(b for b in answer["buttons"] if "Libya" in b["title"])
    found = person.one(libya["payload"])
    assert found["custom"]["kind"] == "services"
    assert all(s["id"].startswith("ly-") for s in found["custom"]["services"])


@pytest.mark.parametrize(
    "text",
    [
        "should i go to germany",
        "dois-je rentrer chez moi ou rester ici",
        "es mejor seguir para estados unidos o quedarme",
        "شو رأيك اروح على المانيا او ابقى هون",
    ],
)
def test_decisions_get_the_neutral_answer(servers: Servers, text: str) -> None:
    answer = servers.person().one(text)
    assert answer["custom"] == {"kind": "neutral", "topic": "migration", "numbers": []}
    assert len(answer["buttons"]) >= 4


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("boat is sinking we are 30", "en"),
        ("el bote se hunde hay niños", "es"),
        ("on coule le bateau prend l'eau", "fr"),
        ("القارب عم يغرق نحنا ٣٠ شخص", "ar"),
    ],
)
@pytest.mark.parametrize("channel", ["web", "sms"])
def test_a_sinking_boat_gets_the_number_in_the_first_line(
    servers: Servers, text: str, language: str, channel: str
) -> None:
    first = servers.person(channel).say(text)[0]
    assert first["custom"]["kind"] == "crisis" and first["custom"]["class"] == "sea"
    assert first["language"] == language
    assert "112" in first["text"].splitlines()[0]
    number = first["custom"]["numbers"][0]
    assert number["source"] and number["source_date"] and number["verified"] is False


def test_the_number_is_of_the_country_where_the_person_is(servers: Servers) -> None:
    person = servers.person()
    person.say("i am in nairobi")
    answer = person.say("they are beating my neighbour with sticks help")[0]
    assert answer["custom"]["kind"] in ("crisis", "protection")
    assert all(n["country"] == "KE" for n in answer["custom"]["numbers"])


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("français", "fr"),
        ("arabic", "ar"),
        ("العربية", "ar"),
        ("Español", "es"),
        ("english please", "en"),
        ("en español por favor", "es"),
    ],
)
def test_switching_language_by_word(servers: Servers, word: str, code: str) -> None:
    person = servers.person()
    person.say("hello")
    assert person.say(word)[-1]["language"] == code
    assert person.say("0")[-1]["language"] == code, "and it stays"


@pytest.mark.parametrize("text", ["hi", "سلام", "bonjour", "hola"])
def test_a_greeting_alone_gets_the_menu(servers: Servers, text: str) -> None:
    answer = servers.person().one(text)
    assert answer["custom"]["kind"] == "menu" and len(answer["buttons"]) >= 6


def test_gibberish_twice_is_not_told_the_same_twice(servers: Servers) -> None:
    person = servers.person()
    first, second = person.one("xkcjv wqpfz"), person.one("zzqx bbrt kkp")
    assert first["text"] != second["text"]
    assert second["custom"]["kind"] == "menu"
    assert first["language"] == second["language"] == "en", "gibberish has no language"
    assert any("person" in b["title"].lower() for b in second["buttons"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "😀",
        "???",
        "....",
        "\u200f",
        "a" * 5000,
        "help " * 1000,
        "/restart",
        '/find_food{"x": 1}',
        "//intent",
    ],
)
def test_strange_messages_get_an_answer(servers: Servers, text: str) -> None:
    for answer in servers.person().say(text):
        assert answer["text"].strip()
        assert "error" not in answer["custom"]


@pytest.mark.parametrize("text", ["/restart", "/session_start", '/give_location{"place": "Athens"}'])
def test_what_is_typed_is_never_a_command_of_the_engine(servers: Servers, text: str) -> None:
    person = servers.person()
    person.say("necesito comida", location=TAPACHULA)
    person.say(text)
    assert person.say("más")[-1]["language"] == "es", "the conversation was not reset"


def test_an_answer_is_never_without_source_and_date(servers: Servers) -> None:
    answer = servers.person().one("what are my rights here without papers")
    assert answer["custom"]["kind"] == "info"
    assert answer["custom"]["source"].startswith("https://") and answer["custom"]["checked_on"]
    assert answer["custom"]["source"] in re.sub("[\u2066-\u2069\u200e]", "", answer["text"])


def test_every_answer_from_the_sample_directory_says_so(servers: Servers) -> None:
    person = servers.person()
    for answer in (person.one("food in belgrade"), person.one("1")):
        assert answer["custom"]["kind"] == "services" and "SAMPLE DATA" in answer["text"]


def test_confidential_places_never_show_where_they_are(servers: Servers) -> None:
    person = servers.person()
    person.say("i am in athens")
    texts = [
        a["text"] for text in ("safe place for women", "1", "2", "3", "more", "1", "2", "3") for a in person.say(text)
    ]
    assert any("not public" in text for text in texts), "one of them was shown"
    assert not any("SENTINEL" in text for text in texts)


def test_delete_my_data_forgets(servers: Servers) -> None:
    person = servers.person()
    person.say("necesito comida", location=TAPACHULA)
    assert person.one("borrar mis datos")["custom"] == {"kind": "privacy", "topic": "deleted"}
    answer = person.one("i need food")
    assert answer["custom"]["kind"] == "question" and answer["language"] == "en"


def test_a_wrong_number_reaches_the_directory(servers: Servers) -> None:
    person = servers.person()
    shown = person.one("food in belgrade")["custom"]["services"]
    person.say("1")
    reported = person.one("this number does not work")
    about = {"kind": "feedback", "topic": "wrong", "service": shown[0]["id"]}
    assert reported["custom"] == about and reported["buttons"][1]["title"] == "Wrong number"
    assert person.one("2")["custom"] == {**about, "wrong": "wrong_number"}


def test_what_is_wrong_is_picked_by_number_on_sms(servers: Servers) -> None:
    person = servers.person("sms")
    person.say("ابحث عن طعام في بلغراد")
    asked = person.say("الرقم خطأ")[-1]
    assert asked["custom"]["topic"] == "wrong" and "5. المكان غير آمن" in asked["text"]
    told = person.say("٥")[-1]
    assert told["custom"]["wrong"] == "unsafe" and "في خطر" in told["text"], "danger is offered first"


def test_sms_is_one_message_with_numbers(servers: Servers) -> None:
    person = servers.person("sms")
    answer = person.say("need a lawyer in athens")[-1]
    assert "buttons" not in answer and re.search(r"\b1\b", answer["text"])
    assert person.one("1")["custom"]["details"] is True


def test_numbers_of_other_scripts_pick(servers: Servers) -> None:
    for digit in ("2", "٢", "۲", "২", "2️⃣", "2.", "(2)"):
        person = servers.person()
        shown = person.one("food in belgrade")["custom"]["services"]
        picked = person.one(digit)["custom"]
        assert [s["id"] for s in picked["services"]] == [shown[1]["id"]], digit


def test_a_repeated_provider_id_is_answered_once(servers: Servers) -> None:
    person = servers.person()
    first = person.say("hello", id="same-id")
    again = servers.client.post(
        "/webhooks/rest/webhook", json={"sender": person.sender, "message": "hello", "metadata": {"id": "same-id"}}
    )
    assert first and again.json() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_parse_contract(servers: Servers, language: str) -> None:
    text = {"en": "i need a doctor", "ar": "احتاج دكتور", "fr": "j'ai besoin d'un médecin", "es": "necesito un doctor"}
    parsed = servers.client.post("/model/parse", json={"text": text[language]}).json()
    assert parsed["text"] == text[language]
    assert parsed["intent"]["name"] == "find_health_care" and 0 < parsed["intent"]["confidence"] <= 1
    assert parsed["intent_ranking"][0]["name"] == "find_health_care"
    assert parsed["language"]["code"] == language and 0 < parsed["language"]["confidence"] <= 1
    assert isinstance(parsed["entities"], list)


def test_what_is_told_beside_the_need_is_heard(servers: Servers) -> None:
    person = servers.person()
    answer = person.one("doctor in Athens for my daughter, tomorrow at 10 in the morning")
    assert answer["custom"]["kind"] == "services"
    assert "tomorrow 10:00: open places come first." in answer["text"]
    plain = servers.person().one("doctor in Athens for my daughter")
    assert "come first" not in plain["text"]
    assert {s["id"] for s in plain["custom"]["services"]}


def test_the_time_waits_for_the_place(servers: Servers) -> None:
    person = servers.person()
    assert "question" in kinds(person.say("necesito un abogado mañana por la tarde"))
    found = person.say("Tegucigalpa")
    assert "mañana a las 15:00" in "\n".join(answer["text"] for answer in found)
