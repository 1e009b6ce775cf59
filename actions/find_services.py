"""Needs: the nearest usable services, more of them, and the details of one."""

from __future__ import annotations

from datetime import date, timezone

from actions.told import heard, told_with, wishes
from actions.turn import Turn, WaypostAction
from actions.where import Where, ask_place, sample_note, settle_place
from bot.intents import category_of
from bot.lookup.cards import card
from bot.lookup.search import PAGE, Query, Result, search
from bot.messages import Choice, Text
from bot.replies.pages import MORE, NEXT_PAGE, next_page, shown

__all__ = ["FindServices", "MoreResults", "ServiceDetails", "SetPlace", "menu_choice", "show_services"]


def menu_choice() -> Choice:
    """The way back to the menu that ends most answers."""
    return Choice(Text("choice:menu"), "ask_menu")


class FindServices(WaypostAction):
    """find_*: asks once for the place, remembers the need, and answers with the nearest services."""

    action = "action_find_services"

    def answer(self, turn: Turn) -> None:
        category = category_of(turn.intent)
        assert category is not None, f"{turn.intent} is not a need"
        turn.set(need=category, shown=0, question=None, service=None, told=told_with(turn))
        where = settle_place(turn)
        if where is Where.UNKNOWN:
            ask_place(turn, *_introduction(category))
        elif where is Where.KNOWN:
            show_services(turn)


class SetPlace(WaypostAction):
    """give_location: takes the place, and answers the need that waits for it."""

    action = "action_set_place"

    def answer(self, turn: Turn) -> None:
        set_place(turn)


def set_place(turn: Turn) -> None:
    """Take a place from the message; answer the need that waited for it, or say the place back."""
    asked = turn.get("question") == "place"
    where = settle_place(turn, whole_text=asked or turn.route == "place", remembered=False)
    if where is Where.UNKNOWN:
        ask_place(turn, again=True)
    elif where is Where.KNOWN:
        turn.set(question=None)
        if turn.get("need"):
            turn.set(shown=0, told={**turn.get("told", {}), **heard(turn.told, turn.now)})
            show_services(turn)
        else:
            from actions.conversation import menu_choices

            turn.say("menu", Text("place_set", {"place": turn.place_label}), choices=menu_choices(turn))


def show_services(turn: Turn) -> None:
    """The next page of services for the remembered need near the remembered place."""
    category, place, offset = turn.get("need"), turn.place, int(turn.get("shown", 0))
    assert place is not None
    if not turn.directory.available:
        turn.say("text", "directory_unavailable", choices=(menu_choice(),), data={"error": "directory"})
        return
    query = Query(
        category=category,
        lat=place.lat,
        lon=place.lon,
        country=place.country,
        language=turn.language,
        now=turn.now,
        offset=offset,
        limit=1 if turn.channel == "sms" and offset == 0 else PAGE,
        **wishes(turn, place.tz),
    )
    result = search(turn.directory, query)
    if not result.hits:
        _nothing(turn, result, offset)
        return
    cards = tuple(card(hit, turn.language, turn.get("second_language"), now=turn.now) for hit in result.hits)
    turn.set(results=[found.id for found in cards], shown=offset + len(cards), service=None)
    if len(cards) == 1:
        turn.set(service=cards[0].id)
    choices = _details_choices([found.id for found in cards])
    if result.total > offset + len(cards):
        choices.append(Choice(Text("choice:more"), "more_results"))
    choices.append(menu_choice())
    turn.say(
        "services",
        *_introduction(category),
        *_heading(turn, result, offset),
        *_when(query, offset),
        cards=cards,
        choices=tuple(choices),
        data={"scope": result.scope} if result.scope == "national" else {},
    )


def _details_choices(results: list[str]) -> list[Choice]:
    # By the id: a button of an older list must not open a place of a newer one.
    return [
        Choice(Text("choice:details", {"n": number}), "ask_service_details", {"service": identifier})
        for number, identifier in enumerate(results, 1)
    ]


def _introduction(category: str) -> tuple[Text, ...]:
    # Lost family: the service is free, and no name or photo of the missing person belongs into a chat (safety.md).
    return (Text("family_links"), Text("family_links_safety")) if category == "family_links" else ()


def _heading(turn: Turn, result: Result, offset: int) -> tuple[Text, ...]:
    if offset:
        return (Text("results_more"),)
    heading = Text("results", {"category": {"category": turn.get("need")}, "place": turn.place_label})
    if result.scope == "country":
        return (heading, Text("results_country"))
    if result.scope == "national":
        return (Text("nothing_found", {"place": turn.place_label}), Text("results_national"))
    if result.wider_than_km:
        return (heading, Text("results_wider", {"distance": {"km": result.wider_than_km}}))
    return (heading,)


def _when(query: Query, offset: int) -> tuple[Text, ...]:
    return (Text("results_when", {"when": {"when": query.at.isoformat()}}),) if query.at and not offset else ()


def _nothing(turn: Turn, result: Result, offset: int) -> None:
    choices = (Choice(Text("choice:other_place"), "give_location"), menu_choice())
    if offset:
        turn.say("text", "no_more", choices=choices, data={"results": 0})
        return
    turn.set(results=[], service=None)
    turn.say(
        "text",
        Text("nothing_found", {"place": turn.place_label}),
        "nothing_found_next",
        choices=(*choices, Choice(Text("menu:person"), "talk_to_human")),
        footer=sample_note(turn),
        data={"results": 0, "category": turn.get("need")},
    )


class MoreResults(WaypostAction):
    """more_results: the next services of the last search; where a list of choices goes on, its next page."""

    action = "action_more_results"

    def answer(self, turn: Turn) -> None:
        start = _next_page(turn)
        if start is not None:
            _show_choices(turn, start)
        elif turn.get("need") and turn.place:
            show_services(turn)
        elif turn.get("need"):
            ask_place(turn)
        else:
            from actions.conversation import menu_choices

            turn.say("menu", "no_service_yet", choices=menu_choices(turn))


def _open_choices(turn: Turn) -> list[Choice]:
    return [
        Choice(row["label"], row["intent"], row.get("entities") or {}) for row in turn.memory.get("open_choices") or ()
    ]


def _next_page(turn: Turn) -> int | None:
    """Index of the choice with which the next page begins: the one picked, else, for the word "more", the first one offered
    in a list that offers no more places."""
    picked = turn.entities.get(NEXT_PAGE)
    if isinstance(picked, int):
        return picked
    starts = [next_page(choice) for choice in _open_choices(turn) if choice.intent == MORE]
    return None if None in starts else next(iter(starts), None)


def _show_choices(turn: Turn, start: int) -> None:
    choices = _open_choices(turn)
    page = shown(choices, start)
    turn.say("choices", "choice:more_options", choices=tuple(choices), data={"slot": "choices"}, page=page)


class ServiceDetails(WaypostAction):
    """ask_service_details: everything about one of the services just shown."""

    action = "action_service_details"

    def answer(self, turn: Turn) -> None:
        results = list(turn.get("results", ()))
        identifier = chosen_service(turn)
        if identifier is None and results:
            turn.say("choices", "which_service", choices=service_choices(turn, results, "ask_service_details"))
            return
        record = turn.directory.service(identifier, _today(turn)) if identifier else None
        if record is None:
            from actions.conversation import menu_choices

            turn.say("menu", "no_service_yet", choices=menu_choices(turn))
            return
        turn.set(service=identifier)
        here = turn.place
        details = card(
            record,
            turn.language,
            turn.get("second_language"),
            now=turn.now,
            here=(here.lat, here.lon) if here else None,
        )
        choices = (
            *_details_choices(results),  # a number goes on to mean the same place of the list
            *((Choice(Text("choice:more"), "more_results"),) if turn.get("need") and here else ()),
            Choice(Text("choice:wrong"), "report_wrong_information", {"service": identifier}),
            menu_choice(),
        )
        skip = turn.entities.get("skip")
        turn.say("details", cards=(details,), choices=choices, data={"skip": skip} if isinstance(skip, list) else {})


def _today(turn: Turn) -> date:
    """The day by which records are judged, as in a search."""
    return turn.now.astimezone(timezone.utc).date()


def chosen_service(turn: Turn) -> str | None:
    """The id of the service that the message is about: by number, by id, or the one shown alone."""
    results = list(turn.get("results", ()))
    wanted = turn.entities.get("service")
    if isinstance(wanted, int) and 1 <= wanted <= len(results):
        return str(results[wanted - 1])
    if isinstance(wanted, str):
        return wanted
    if turn.get("service"):
        return str(turn.get("service"))
    return str(results[0]) if len(results) == 1 else None


def service_choices(turn: Turn, results: list[str], intent: str) -> tuple[Choice, ...]:
    """The services just shown, by name."""
    choices = []
    for number, identifier in enumerate(results, 1):
        record = turn.directory.service(identifier, _today(turn))
        if record is not None:
            name = card(record, turn.language, turn.get("second_language"), now=turn.now).name
            choices.append(Choice(name, intent, {"service": number}))
    return tuple(choices)
