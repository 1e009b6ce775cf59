"""Keeping entries true: what is due, one click "still correct", links in letters that work once, reminders and escalation."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from io import StringIO
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import translation

from directory.freshness import answers, reminders, states, tokens
from directory.freshness.chores import forget, remind
from directory.freshness.reminders import open_tasks, plan, send_all
from directory.freshness.summary import prepared, summary
from directory.models import (
    CheckRequest,
    ConfidentialPlace,
    Letter,
    Location,
    Membership,
    NoLetters,
    OrganisationContact,
    Reminder,
    Service,
    Task,
    Verification,
)

pytestmark = pytest.mark.django_db
Stage = Reminder.Stage
DUE = "freshness:due"


@pytest.fixture(autouse=True)
def no_limit_yet() -> None:
    cache.clear()


def late(service: Service, days: int, today: date) -> Service:
    """The service, last checked so long ago that its date passed `days` ago (negative: is still to come)."""
    service.verifications.all().delete()
    at = today - timedelta(days=service.review_days + days)
    Verification.objects.create(service=service, at=at, method="call", outcome="confirmed")
    service.refresh_from_db()
    return service


@pytest.fixture
def alone(service: Service) -> Service:
    """The one service that is live."""
    Service.objects.exclude(pk=service.pk).update(status="archived")
    return service


@pytest.fixture
def person_as() -> Callable[..., Any]:
    def make(role: str, name: str, service: Service | None = None, **fields: Any) -> Any:
        user = get_user_model().objects.create_user(
            name, f"{name}@example.org", "a long pass phrase", is_staff=True, **fields
        )
        user.groups.add(Group.objects.get(name=role))
        if service is not None and role == "partner":
            Membership.objects.create(user=user, organisation=service.organisation, role="editor")
        elif service is not None and service.region is not None:
            service.region.validators.add(user)
        return user

    return make


# What is due


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-8, "current"), (-7, "soon"), (0, "soon"), (1, "due"), (90, "due"), (91, "call_first"), (180, "call_first"), (181, "hidden")],
)  # fmt: skip
def test_the_database_and_the_model_agree_on_the_state(service: Service, today: date, days: int, expected: str) -> None:
    assert service.review_days == 90
    late(service, days, today)
    found = states.with_state(Service.objects.filter(pk=service.pk), today).values_list("freshness", flat=True)
    assert list(found) == ([] if expected == "current" and days < -7 else [expected])
    assert service.review_state(today) == ("current" if expected == "soon" else expected)


def test_never_checked_and_not_public(service: Service, today: date) -> None:
    service.verifications.all().delete()
    Service.objects.filter(pk=service.pk).update(verified_on=None, review_due=None, hidden_after=None)
    rows = Service.objects.filter(pk=service.pk)
    assert states.with_state(rows, today).get().freshness == "never"
    rows.update(status="draft")
    assert not states.with_state(rows, today).exists()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", True),
        ("?state=due", True),
        ("?state=late", True),
        ("?state=hidden", False),
        ("?state=never", False),
        ("?country=GR", True),
        ("?country=RS", False),
        ("?category=legal_aid", True),
        ("?category=shelter", False),
        ("?q=legal+desk+athens", True),
        ("?q=nothing+like+it", False),
        ("?region=none", False),
        ("?region=REGION&organisation=ORGANISATION&country=GR&category=legal_aid&state=due&q=athens", True),
        ("?region=x&organisation=y&state=z&page=99&by=w", True),
    ],
)
def test_the_list_and_its_filters(staff: Client, alone: Service, today: date, query: str, shown: bool) -> None:
    late(alone, 3, today)
    query = query.replace("REGION", str(alone.region_id)).replace("ORGANISATION", str(alone.organisation_id))
    page = staff.get(reverse(DUE) + query)
    assert page.status_code == 200
    assert [row["service"].pk for row in page.context["rows"]] == ([alone.pk] if shown else [])
    text = page.content.decode()
    assert ("Sample Legal Desk Athens" in text) is shown


@pytest.mark.parametrize("by", ["organisation", "region"])
def test_groups_with_counts(staff: Client, alone: Service, today: date, by: str) -> None:
    other = Service.objects.exclude(organisation=alone.organisation).exclude(region=alone.region)[0]
    second = Service.objects.filter(organisation=alone.organisation, region=alone.region).exclude(pk=alone.pk)[0]
    Service.objects.filter(pk__in=[other.pk, second.pk]).update(status="published")
    late(alone, 3, today), late(second, 400, today), late(other, 3, today)
    page = staff.get(reverse(DUE), {"by": by})
    groups = page.context["groups"]
    assert [(row["total"], {state: count for state, count, _url in row["cells"] if count}) for row in groups] == [
        (2, {"hidden": 1, "due": 1}),
        (1, {"due": 1}),
    ]
    link = next(url for state, _count, url in groups[0]["cells"] if state == "hidden")
    shown = staff.get(reverse(DUE) + link)
    assert [row["service"].pk for row in shown.context["rows"]] == [second.pk]
    chips = {chip["state"]: chip["count"] for chip in page.context["chips"]}
    assert chips == {"": 3, "late": 3, "never": 0, "hidden": 1, "call_first": 0, "due": 2, "soon": 0}


def test_long_lists_come_in_pages(staff: Client, today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    from directory.freshness import views

    monkeypatch.setattr(views, "PER_PAGE", 2)
    for service in Service.objects.filter(status="published")[:3]:
        late(service, 3, today)
    first = staff.get(reverse(DUE), {"state": "due"})
    older = re.search(r'href="([?][^"]*page=2[^"]*)"', first.content.decode())
    assert len(first.context["rows"]) == 2 and older is not None
    second = staff.get(reverse(DUE) + unescape(older[1]))
    assert "state=due" in unescape(older[1])
    assert not {r["service"].pk for r in first.context["rows"]} & {r["service"].pk for r in second.context["rows"]}


def press(client: Client, query: str = "", **data: Any) -> Any:
    return client.post(reverse(DUE) + query, {"method": "call", **data}, follow=True)


def test_one_click_and_the_way_back(staff: Client, alone: Service, today: date) -> None:
    late(alone, 3, today)
    answer = press(staff, "?state=due&q=athens", one=f"confirmed:{alone.pk}", method="visit")
    assert answer.redirect_chain == [(reverse(DUE) + "?state=due&q=athens&method=visit", 302)]
    assert "1 service was checked today" in answer.content.decode()
    check = alone.verifications.latest("pk")
    assert (check.method, check.outcome, check.at, check.by.username) == ("visit", "confirmed", today, "administrator")
    alone.refresh_from_db()
    assert alone.review_state() == "current" and answer.context["rows"] == []


def test_in_bulk_and_nobody_reached(staff: Client, today: date) -> None:
    chosen = list(Service.objects.filter(status="published")[:3])
    for service in chosen:
        late(service, 3, today)
    answer = press(staff, many="not_reached", service=[chosen[0].pk, chosen[1].pk])
    assert "nobody was reached for 2 services" in answer.content.decode()
    shown = {row["service"].pk: row for row in staff.get(reverse(DUE) + "?state=due").context["rows"]}
    assert (shown[chosen[0].pk]["missed"], shown[chosen[2].pk]["missed"]) == (1, 0)
    answer = press(staff, many="confirmed", service=[s.pk for s in chosen])
    assert "3 services were checked today" in answer.content.decode()
    assert {s.review_state() for s in Service.objects.filter(pk__in=[c.pk for c in chosen])} == {"current"}


def test_not_correct_opens_the_page_of_the_entry(staff: Client, alone: Service, today: date) -> None:
    late(alone, 3, today)
    answer = staff.post(reverse(DUE), {"method": "call", "one": f"wrong:{alone.pk}"})
    assert answer.headers["Location"] == reverse("admin:directory_service_change", args=[alone.pk])
    alone.refresh_from_db()
    assert alone.verifications.latest("pk").outcome == "wrong" and alone.review_state() == "due"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"many": "confirmed"}, "No service was chosen"),
        ({"one": "confirmed:999999"}, "No service was chosen"),
        ({"one": "confirmed:x"}, "No service was chosen"),
        ({"one": "confirmed:PK", "method": ""}, "how it was checked"),
        ({"one": "confirmed:PK", "method": "user_report"}, "how it was checked"),
        ({"one": "changed:PK"}, "result is not known"),
        ({"many": "wrong", "service": "PK"}, "result is not known"),
    ],
)
def test_what_the_buttons_do_not_do(
    staff: Client, alone: Service, today: date, data: dict[str, str], message: str
) -> None:
    late(alone, 3, today)
    answer = press(staff, **{name: value.replace("PK", str(alone.pk)) for name, value in data.items()})
    assert message in answer.content.decode()
    assert alone.verifications.count() == 1


@pytest.mark.parametrize(
    ("role", "own", "shown", "stored"),
    [
        ("partner", True, True, 1),
        ("partner", False, False, 0),
        ("reviewer", True, True, 1),
        ("reviewer", False, False, 0),
        ("coordinator", True, True, 1),
        ("coordinator", False, False, 0),
        ("administrator", False, True, 1),
    ],
)
def test_each_person_checks_only_their_own(
    client: Client,
    person_as: Callable[..., Any],
    alone: Service,
    today: date,
    role: str,
    own: bool,
    shown: bool,
    stored: int,
) -> None:
    """A partner sees their organisation, reviewers and coordinators their region."""
    elsewhere = Service.objects.exclude(organisation=alone.organisation).exclude(region__country=alone.region.country)[
        0
    ]  # type: ignore[union-attr]
    late(alone, 3, today)
    client.force_login(person_as(role, "somebody", alone if own else elsewhere))
    page = client.get(reverse(DUE))
    assert (page.status_code, len(page.context["rows"])) == (200, int(shown))
    press(client, one=f"confirmed:{alone.pk}")
    assert alone.verifications.filter(by__username="somebody").count() == stored


def test_who_may_not_check_has_no_buttons(
    client: Client, person_as: Callable[..., Any], alone: Service, today: date
) -> None:
    late(alone, 3, today)
    client.force_login(person_as("translator", "translator"))
    page = client.get(reverse(DUE))
    assert page.status_code == 200 and "confirmed:" not in page.content.decode()
    assert client.post(reverse(DUE), {"method": "call", "one": f"confirmed:{alone.pk}"}).status_code == 403
    assert alone.verifications.count() == 1


def test_strangers_log_in_first(client: Client) -> None:
    for name in (DUE, "freshness:links"):
        assert client.get(reverse(name)).headers["Location"].startswith(reverse("admin:login"))


# Confidential places


@pytest.mark.parametrize("visibility", ["area_only", "contact_only"])
def test_exact_places_stay_where_they_are(
    staff: Client, alone: Service, today: date, visibility: str, contact: OrganisationContact
) -> None:
    place = alone.locations.get()
    place.address, place.visibility = "ZZSENTINEL Street 99", Location.Visibility(visibility)
    place.save()
    ConfidentialPlace.objects.filter(location=place).update(lat=37.98765431, note="ZZNOTE")
    late(alone, 3, today)
    send_all(plan(today), today)
    link = urlsplit(tokens.check_link(CheckRequest.objects.get())).path
    told = [mail.outbox[0].body, Client().get(link).content.decode(), staff.get(reverse(DUE)).content.decode()]
    for text in told:
        assert "Sample Legal Desk Athens" in text
        assert not {word for word in ("ZZSENTINEL", "ZZNOTE", "37.98765431") if word in text}
        assert ("Athens, Greece" in text) is (visibility == "area_only")


# Links in letters


@pytest.fixture
def contact(service: Service) -> OrganisationContact:
    return OrganisationContact.objects.create(
        organisation=service.organisation, role="front desk", email="Desk@Example.org", language="en"
    )


@pytest.fixture
def asked(alone: Service, contact: OrganisationContact, today: date) -> CheckRequest:
    """A question about two services of the organisation."""
    second = Service.objects.filter(organisation=alone.organisation).exclude(pk=alone.pk)[0]
    Service.objects.filter(pk=second.pk).update(status="published")
    late(alone, 3, today), late(second, 3, today)
    request = CheckRequest.objects.create(organisation=alone.organisation, email=contact.email)
    request.services.set([alone, second])
    return request


def path_of(request: CheckRequest) -> str:
    return urlsplit(tokens.check_link(request)).path


def filled(page: Any, **answers_by_pk: str) -> dict[str, str]:
    """What a browser posts: the hidden fields of the page, and the answers."""
    return {**dict(re.findall(r'name="(seen-\d+)" value="([^"]+)"', page.content.decode())), **answers_by_pk}


def test_opening_a_link_confirms_nothing(asked: CheckRequest, alone: Service) -> None:
    browser = Client(enforce_csrf_checks=True)
    before = Verification.objects.count()
    for page in (browser.get(path_of(asked)), browser.head(path_of(asked)), browser.get(path_of(asked) + "?all=1")):
        assert page.status_code == 200
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow" and page.headers["Referrer-Policy"] == "no-referrer"
        assert "no-store" in page.headers["Cache-Control"] and not page.cookies
    text = browser.get(path_of(asked)).content.decode()
    assert "Sample Legal Desk Athens" in text and "+441632960101" in text and "Monday–Friday 09:00–17:00" in text
    asked.refresh_from_db()
    assert (Verification.objects.count(), asked.used_at) == (before, None)


def test_everything_still_correct_with_one_button_and_once(asked: CheckRequest, alone: Service, today: date) -> None:
    browser = Client(enforce_csrf_checks=True)
    link = path_of(asked)
    page = browser.get(link)
    answer = browser.post(link, filled(page, all="1"))
    assert answer.status_code == 200 and "2 services are marked as checked today" in answer.content.decode()
    for service in asked.services.all():
        check = service.verifications.latest("pk")
        assert (check.method, check.outcome, check.by, check.at) == ("partner_confirmed", "confirmed", None, today)
        assert str(asked.pk) in check.note and service.review_state() == "current"
    again = browser.post(link, filled(page, all="1"))
    assert again.status_code == 410 and "You have answered already" in again.content.decode()
    assert browser.get(path_of(asked)).status_code == 410
    asked.refresh_from_db()
    assert (asked.confirmed, asked.changed, alone.verifications.count()) == (2, 0, 2)


def test_a_note_becomes_a_task_and_the_rest_stays_due(asked: CheckRequest, alone: Service) -> None:
    browser = Client()
    note = "New phone\n<b>210 1234567</b>"
    page = browser.post(path_of(asked), filled(browser.get(path_of(asked)), **{f"note-{alone.pk}": note}))
    assert "a change in 1 service" in page.content.decode()
    task = Task.objects.get(service=alone)
    assert task.state == "open" and task.details == "The organisation writes: New phone <b>210 1234567</b>"
    alone.refresh_from_db()
    assert alone.verifications.latest("pk").outcome == "wrong" and alone.review_state() == "due"
    other = asked.services.exclude(pk=alone.pk).get()
    assert other.verifications.count() == 1  # nothing was said about it


def test_all_correct_but_one(asked: CheckRequest, alone: Service) -> None:
    browser = Client()
    browser.post(
        path_of(asked), filled(browser.get(path_of(asked)), all="1", **{f"note-{alone.pk}": "closed on Mondays"})
    )
    asked.refresh_from_db()
    assert (asked.confirmed, asked.changed) == (1, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "choose an answer"),
        ({"answer-PK": "changed"}, "in a few words"),
        ({"answer-PK": "correct", "note-PK": "other hours"}, "You wrote a note"),
        ({"note-PK": "x" * 251}, "no more than 250"),
        ({"answer-PK": "correct", "seen-PK": "0" * 16}, "has changed since you opened the page"),
        ({"answer-PK": "hidden"}, "choose an answer"),
    ],
)
def test_answers_that_are_not_clear(asked: CheckRequest, alone: Service, changes: dict[str, str], message: str) -> None:
    """The page comes back with what was typed, and the link still works."""
    browser = Client()
    before = Verification.objects.count()
    data = filled(
        browser.get(path_of(asked)), **{key.replace("PK", str(alone.pk)): text for key, text in changes.items()}
    )
    page = browser.post(path_of(asked), data)
    text = page.content.decode()
    assert page.status_code == 400 and message in text and data.get(f"note-{alone.pk}", "") in text
    asked.refresh_from_db()
    assert (Verification.objects.count(), Task.objects.count(), asked.used_at) == (before, 0, None)


def test_an_entry_that_staff_change_meanwhile_is_shown_again(asked: CheckRequest, alone: Service) -> None:
    browser = Client()
    data = filled(browser.get(path_of(asked)), all="1")
    alone.hours.filter(weekday=0).update(opens=480)
    page = browser.post(path_of(asked), data)
    assert page.status_code == 400 and "Monday 08:00–17:00" in page.content.decode()
    assert browser.post(path_of(asked), filled(page, all="1")).status_code == 200


def test_two_answers_at_the_same_moment(asked: CheckRequest, today: date) -> None:
    rows = answers.questions(asked, "en", today)
    assert answers.read(rows, {"all": "1", **{f"seen-{row.service.pk}": row.says.digest for row in rows}})
    answers.store(asked, rows)
    with pytest.raises(tokens.Used):
        answers.store(CheckRequest.objects.get(pk=asked.pk), rows)
    assert Verification.objects.filter(method="partner_confirmed").count() >= 2
    assert {row.service.verifications.count() for row in rows} == {2}


def after(days: float, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    now = time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + days * 86400)


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        ("nothing", 200),
        ("almost 14 days", 200),
        ("14 days", 410),
        ("one letter", 404),
        ("cut", 404),
        ("other purpose", 404),
        ("row is gone", 410),
        ("address switched off", 410),
        ("address removed", 410),
        ("archived", 200),
    ],
)
def test_links_that_are_old_or_not_ours(
    asked: CheckRequest,
    contact: OrganisationContact,
    alone: Service,
    monkeypatch: pytest.MonkeyPatch,
    spoil: str,
    status: int,
) -> None:
    link = path_of(asked)
    data = filled(Client().get(link), all="1")
    before = Verification.objects.count()
    if spoil.endswith("14 days"):
        after(13.99 if spoil.startswith("almost") else 14.01, monkeypatch)
    elif spoil == "one letter":
        link = link[:-4] + ("A" if link[-4] != "A" else "B") + link[-3:]
    elif spoil == "cut":
        link = link.rpartition(".")[0] + "/"
    elif spoil == "other purpose":
        link = reverse("check:answer", args=[tokens.stop_link(asked.email).rstrip("/").rpartition("/")[2]])
    elif spoil == "row is gone":
        asked.delete()
    elif spoil == "address switched off":
        OrganisationContact.objects.update(active=False)
    elif spoil == "address removed":
        contact.delete()
    elif spoil == "archived":
        Service.objects.update(status="archived")
    page = Client().get(link)
    assert page.status_code == status and page.headers["X-Robots-Tag"] == "noindex, nofollow"
    if status != 200:
        assert Client().post(link, data).status_code == status
        assert Verification.objects.count() == before
    if spoil == "archived":
        assert "nothing to check any more" in page.content.decode()


def test_a_service_of_somebody_else_is_not_confirmed(asked: CheckRequest, alone: Service) -> None:
    stranger = Service.objects.exclude(organisation=alone.organisation)[0]
    Service.objects.filter(pk=stranger.pk).update(status="published")
    count = stranger.verifications.count()
    asked.services.add(stranger)
    browser = Client()
    page = browser.get(path_of(asked))
    assert f"seen-{stranger.pk}" not in page.content.decode()
    browser.post(path_of(asked), filled(page, all="1", **{f"answer-{stranger.pk}": "correct"}))
    assert stranger.verifications.count() == count


def test_too_many_requests_wait(asked: CheckRequest) -> None:
    browser = Client()
    answers_ = [browser.get("/check/guess/").status_code for _ in range(31)]
    assert answers_ == [404] * 30 + [429]
    page = browser.get(path_of(asked))
    assert page.status_code == 429 and int(page.headers["Retry-After"]) >= 1
    assert Client(REMOTE_ADDR="198.51.100.7").get(path_of(asked)).status_code == 200


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("es", "ltr"), ("ar", "rtl")])
def test_pages_speak_the_language_of_the_letter(asked: CheckRequest, language: str, direction: str) -> None:
    CheckRequest.objects.update(language=language)
    assert re.search(rf'<html lang="{language}" dir="{direction}"', Client().get(path_of(asked)).content.decode())
    assert '<html lang="en"' in Client().get(path_of(asked) + "?lang=en").content.decode()
    assert f'<html lang="{language}"' in Client().get(path_of(asked) + "?lang=xx").content.decode()
    assert translation.get_language() == "en"


def test_the_digest_is_of_the_facts_and_not_of_the_language(service: Service, today: date) -> None:
    digests = set()
    for language in ("en", "ar"):
        with translation.override(language):
            digests.add(summary(prepared(Service.objects.all()).get(pk=service.pk), language, today).digest)
    assert len(digests) == 1


# Reminders


@pytest.fixture
def everybody(alone: Service, contact: OrganisationContact, person_as: Callable[..., Any]) -> Service:
    """One service with everybody who could be told about it."""
    person_as("partner", "member", alone)
    person_as("reviewer", "reviewer", alone)
    person_as("coordinator", "coordinator", alone)
    person_as("administrator", "administrator")
    for role in ("reviewer", "coordinator"):
        other = person_as(role, f"far-{role}")
        region = Service.objects.exclude(region__country=alone.region.country)[0].region  # type: ignore[union-attr]
        region.validators.add(other)  # type: ignore[union-attr]
    return alone


PARTNERS = {"desk@example.org", "member@example.org"}
STAFF = {"reviewer@example.org", "coordinator@example.org"}


def told(today: date) -> dict[str, int]:
    """E-mail to the stage that the letter of today tells."""
    return {letter.email: max(stage for _service, stage in letter.stages()) for letter in plan(today)}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-8, {}),
        (-7, dict.fromkeys(PARTNERS, Stage.SOON)),
        (-1, dict.fromkeys(PARTNERS, Stage.SOON)),
        (0, dict.fromkeys(PARTNERS, Stage.DUE)),
        (6, dict.fromkeys(PARTNERS, Stage.DUE)),
        (7, {**dict.fromkeys(PARTNERS, Stage.DUE), **dict.fromkeys(STAFF, Stage.LATE)}),
        (13, {**dict.fromkeys(PARTNERS, Stage.DUE), **dict.fromkeys(STAFF, Stage.LATE)}),
        (
            14,
            {
                **dict.fromkeys(PARTNERS, Stage.DUE),
                "reviewer@example.org": Stage.LATE,
                "coordinator@example.org": Stage.ESCALATED,
                "administrator@example.org": Stage.ESCALATED,
            },
        ),
    ],
)
def test_who_is_told_and_when(everybody: Service, today: date, days: int, expected: dict[str, int]) -> None:
    late(everybody, days, today)
    assert told(today) == expected


def test_a_whole_period_day_by_day(everybody: Service, today: date) -> None:
    """Each stage once, and nothing twice although the work runs four times a day."""
    late(everybody, -10, today)
    diary: dict[str, list[int]] = {}
    for day in range(40):
        for _run in range(4):
            at = today + timedelta(days=day)
            open_tasks(at)
            send_all(plan(at), at)
        for message in mail.outbox:
            diary.setdefault(message.to[0], []).append(day)
        mail.outbox.clear()
    assert diary == {
        "desk@example.org": [3, 10],
        "member@example.org": [3, 10],
        "reviewer@example.org": [17],
        "coordinator@example.org": [17, 24],
        "administrator@example.org": [24],
    }
    assert Task.objects.filter(kind="overdue").count() == 1


def test_after_a_check_a_new_period_begins(everybody: Service, today: date) -> None:
    late(everybody, 1, today)
    send_all(plan(today), today)
    assert told(today + timedelta(days=1)) == {}
    Verification.objects.create(service=everybody, at=today, method="call", outcome="confirmed")
    assert told(today + timedelta(days=82)) == {}
    assert told(today + timedelta(days=83)) == dict.fromkeys(PARTNERS, Stage.SOON)


@pytest.mark.parametrize("role", ["reviewer", "coordinator"])
def test_where_nobody_looks_after_a_region_administrators_are_told(
    alone: Service, person_as: Callable[..., Any], today: date, role: str
) -> None:
    person_as("administrator", "administrator")
    person_as(role, "inactive", alone, is_active=False)
    late(alone, 7, today)
    assert told(today) == {"administrator@example.org": Stage.LATE}
    Service.objects.update(region=None)
    assert told(today) == {"administrator@example.org": Stage.LATE}


def test_one_letter_for_all_services_and_organisations(
    alone: Service, contact: OrganisationContact, today: date
) -> None:
    other = Service.objects.exclude(organisation=alone.organisation)[0]
    second = Service.objects.filter(organisation=alone.organisation).exclude(pk=alone.pk)[0]
    Service.objects.filter(pk__in=[other.pk, second.pk]).update(status="published")
    OrganisationContact.objects.create(organisation=other.organisation, email="desk@example.org")
    for service in (alone, second, other):
        late(service, 0, today)
    assert send_all(plan(today), today) == (1, 0)
    message = mail.outbox[0]
    assert message.subject == "Is this still correct? 3 services in the directory"
    links = re.findall(r"http\S+/check/[^\s/]+/(?=\s)", message.body)
    assert len(links) == 2 == CheckRequest.objects.count()
    browser = Client()
    shown = [set(re.findall(r"seen-(\d+)", browser.get(urlsplit(link).path).content.decode())) for link in links]
    assert sorted(shown, key=len) == [{str(other.pk)}, {str(alone.pk), str(second.pk)}]
    late(alone, 2, today)  # another period; but today is over for this address
    assert plan(today) == [] and Letter.objects.count() == 1


@pytest.mark.parametrize(
    ("language", "says"),
    [("en", "Monday–Friday 09:00–17:00"), ("fr", "lundi–vendredi"), ("es", "lunes–viernes"), ("ar", "الاثنين–الجمعة")],
)
def test_letters_in_the_language_of_their_reader(
    alone: Service, contact: OrganisationContact, today: date, language: str, says: str
) -> None:
    OrganisationContact.objects.update(language=language)
    late(alone, 0, today)
    send_all(plan(today), today)
    message = mail.outbox[0]
    names = {text.lang: text.name for text in alone.texts.all()}
    assert says.lower() in message.body.lower() and names[language] in message.body and "+441632960101" in message.body
    assert ("\u2066+441632960101\u2069" in message.body) is (language == "ar")
    assert re.search(r"http://\S+/check/stop/\S+/", message.body)
    assert CheckRequest.objects.get().language == language


def test_the_letter_of_staff_names_what_is_late(everybody: Service, today: date) -> None:
    late(everybody, 14, today)
    assert send_all(plan(today), today) == (5, 0)
    letters = {message.to[0]: message for message in mail.outbox}
    told_staff = letters["administrator@example.org"]
    assert told_staff.subject == "1 service is late for its check"
    assert "Sample Legal Desk Athens" in told_staff.body and reverse(DUE) in told_staff.body
    assert "/check/" not in told_staff.body.replace("/check/stop/", "")


def test_ending_letters(everybody: Service, today: date) -> None:
    late(everybody, 0, today)
    send_all(plan(today), today)
    message = next(m for m in mail.outbox if m.to == ["desk@example.org"])
    link = urlsplit(message.extra_headers["List-Unsubscribe"].strip("<>")).path
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click" and link in message.body
    browser = Client(enforce_csrf_checks=True)
    assert browser.get(link).status_code == 200 and not NoLetters.objects.exists()
    late(everybody, 1, today)
    tomorrow = today + timedelta(days=1)
    assert "desk@example.org" in told(tomorrow)
    assert browser.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert NoLetters.objects.get().email == "desk@example.org" and "desk@example.org" not in told(tomorrow)
    browser.post(link, {"again": "1"})
    assert "desk@example.org" in told(tomorrow)
    assert browser.post(link.rstrip("/") + "x/").status_code == 404


class Broken:
    """A mail server that fails for some addresses."""

    def __init__(self, error: Exception, *addresses: str) -> None:
        self.error, self.addresses, self.sent = error, addresses, list[str]()

    def open(self) -> bool:
        return True

    def close(self) -> None:
        pass

    def send_messages(self, messages: list[Any]) -> int:
        if not self.addresses or messages[0].to[0] in self.addresses:
            raise self.error
        self.sent += messages[0].to
        return 1


@pytest.mark.parametrize(
    ("server", "outcome"),
    [
        (Broken(SMTPRecipientsRefused({}), "desk@example.org"), (1, 1)),
        (Broken(SMTPServerDisconnected("gone")), (0, 1)),
        (Broken(ConnectionRefusedError()), (0, 1)),
    ],
    ids=["one address", "server", "network"],
)
def test_mail_that_fails_is_tried_again(
    everybody: Service, today: date, monkeypatch: pytest.MonkeyPatch, server: Broken, outcome: tuple[int, int]
) -> None:
    late(everybody, 0, today)
    with monkeypatch.context() as patch:
        patch.setattr(reminders.mail, "get_connection", lambda: server)
        assert send_all(plan(today), today) == outcome
    assert Letter.objects.count() == CheckRequest.objects.count() == len(server.sent)
    assert send_all(plan(today), today) == (2 - outcome[0], 0)
    assert Reminder.objects.count() == 2 == CheckRequest.objects.count()


def test_interrupted_while_sending_nobody_gets_two_letters_on_one_day(everybody: Service, today: date) -> None:
    late(everybody, 0, today)
    Letter.objects.create(email="desk@example.org", day=today)  # noted, then killed
    assert set(told(today)) == {"member@example.org"}
    assert set(told(today + timedelta(days=1))) == PARTNERS


def test_dry_run_sends_and_stores_nothing(everybody: Service, today: date) -> None:
    late(everybody, 14, today)
    out = StringIO()
    call_command("remind", "--dry-run", stdout=out)
    text = out.getvalue()
    assert "desk@example.org (en)" in text and f"{everybody}: due" in text and "5 letters would be sent" in text
    assert "told as staff" in text and "two weeks late" in text
    stored = (Letter, Reminder, CheckRequest, Task)
    assert not mail.outbox and not any(model.objects.exists() for model in stored)
    call_command("remind", stdout=out)
    assert len(mail.outbox) == 5 and Task.objects.get().kind == "overdue"


def test_sample_entries_wake_nobody_in_production(everybody: Service, today: date, settings: Any) -> None:
    late(everybody, 14, today)
    settings.PRODUCTION = True
    assert plan(today) == [] and open_tasks(today) == 0


def test_the_task_of_an_overdue_service(alone: Service, today: date, staff: Client) -> None:
    assert open_tasks(today) == 0
    late(alone, 13, today)
    assert open_tasks(today) == 0
    late(alone, 14, today)
    assert (open_tasks(today), open_tasks(today)) == (1, 0)
    Task.objects.update(state="dismissed")
    assert open_tasks(today) == 0  # somebody has decided; once a period
    Task.objects.update(state="open")
    press(staff, one=f"confirmed:{alone.pk}")
    task = Task.objects.get()
    assert (task.state, task.handled_by and task.handled_by.username) == ("done", "administrator")
    late(alone, 20, today)
    assert open_tasks(today) == 1


def test_the_chores(everybody: Service, today: date) -> None:
    assert remind() is None and forget() is None
    late(everybody, 14, today)
    assert remind() == "5 letters, 0 failed, 1 new tasks" and remind() is None
    Letter.objects.update(day=today - timedelta(days=401))
    CheckRequest.objects.update(sent_at=CheckRequest.objects.first().sent_at - timedelta(days=401))  # type: ignore[union-attr]
    assert forget() and not (Letter.objects.exists() or Reminder.objects.exists() or CheckRequest.objects.exists())


# Addresses for checks


def test_addresses_on_the_page_of_an_organisation(staff: Client, service: Service) -> None:
    from tests.directory.test_admin import errors, form_of

    url = reverse("admin:directory_organisation_change", args=[service.organisation_id])
    data = form_of(staff, url) | {
        "check_contacts-TOTAL_FORMS": "1",
        "check_contacts-0-role": "front desk",
        "check_contacts-0-email": "Front@Example.org",
        "check_contacts-0-language": "ar",
        "check_contacts-0-active": "on",
    }
    assert errors(staff.post(url, data)) == []
    contact = OrganisationContact.objects.get()
    assert (contact.email, contact.language, contact.organisation) == ("front@example.org", "ar", service.organisation)


@pytest.mark.parametrize("own", [True, False])
def test_partners_keep_the_addresses_of_their_own_organisation(
    client: Client, person_as: Callable[..., Any], service: Service, contact: OrganisationContact, own: bool
) -> None:
    """Their edits of the organisation wait for a reviewer, so the addresses have a page of their own."""
    other = Service.objects.exclude(organisation=service.organisation)[0]
    client.force_login(person_as("partner", "partner", service if own else other))
    url = reverse("admin:directory_organisationcontact_change", args=[contact.pk])
    data = {"organisation": service.organisation_id, "email": "new@example.org", "language": "fr", "role": ""}
    client.post(url, data)
    contact.refresh_from_db()
    assert (contact.email, contact.active) == (("new@example.org", False) if own else ("desk@example.org", True))
    if own:
        client.post(url, {**data, "organisation": other.organisation_id})
        contact.refresh_from_db()
        assert contact.organisation == service.organisation
        page = client.get(reverse("admin:directory_organisation_change", args=[service.organisation_id]))
        inlines = page.context["inline_admin_formsets"]
        assert [formset.has_change_permission for formset in inlines if formset.opts.model is OrganisationContact] == [
            False
        ]
